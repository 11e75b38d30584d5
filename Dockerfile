# Written by the documentation, and never built by us: see docs/hosting.md.
FROM python:3.11-slim

RUN useradd --system vidu && install -d -o vidu /data
WORKDIR /srv/vidu-demo
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
COPY vidu_demo vidu_demo

ENV VIDU_DATA_DIR=/data GRADIO_TEMP_DIR=/tmp/gradio HOME=/tmp PYTHONUNBUFFERED=1
VOLUME /data
USER vidu
EXPOSE 7860
# With http.client, which ignores the container's proxies.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-c", "from http.client import HTTPConnection; c = HTTPConnection('127.0.0.1', 7860, timeout=9); c.request('GET', '/'); assert c.getresponse().status == 200"]
CMD ["python", "app.py", "--host", "0.0.0.0", "--port", "7860"]
