"""Several processes behind nginx on one PostgreSQL: polls, takeover after a kill, clicks, memory.

    python -m benchmarks.replicas [--jobs 5000] [--rate 50] [--processes 1 2 4]

The jobs are open from the start, as after a stop of all processes. One process is killed in the
middle, if there are others. A click is a call of `/submit`, with its picture, through nginx. The
last row is the embedded default: one process, SQLite and no nginx. Needs Debian's `postgresql` and
`nginx`.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from gradio_client import Client, handle_file
from PIL import Image

from benchmarks.waiting import clip
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.simulator import Simulator

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path())
TASK_SECONDS = 36_000.0
"""So long that no task ends."""
CLICKS = 8
POLLING_SECONDS = 20.0
PATIENCE = 600.0
JOBS_PER_VISITOR = 25
NGINX = """
pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $uid_got $visitor {{ "" $remote_addr; default $uid_got; }}
  upstream videos {{ hash $visitor consistent; {servers} }}
  server {{
    listen 127.0.0.1:{port};
    userid on; userid_name process; userid_path /;
    location / {{
      proxy_pass http://videos; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""


@dataclass
class Row:
    """The figures of one setting; seconds of clicks are medians."""

    name: str
    followed: int
    polls: float
    takeover: float | None
    idle: float
    busy: float
    memory: float
    at_once: int


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server that only this machine can reach; gives its URL."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = {"user": "nobody", "group": "nogroup", "extra_groups": ()}
        shutil.chown(folder, "nobody", "nogroup")

    def run(program: str, *arguments: str) -> None:
        command = [PROGRAMS / program, "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)

    run("initdb", "--username=vidu", "--auth=trust", "--locale=C.UTF-8")
    options = f"-k {folder} -c listen_addresses="
    run("pg_ctl", "start", "--wait", f"--log={folder / 'log'}", "-o", options)
    try:
        yield f"postgresql+psycopg://vidu@/postgres?host={folder}"
    finally:
        run("pg_ctl", "stop", "--wait", "--mode=immediate")
        shutil.rmtree(folder)


@contextmanager
def processes(count: int, simulator: Simulator, folder: Path, url: str, rate: float) -> Any:
    """Run the app several times; gives the processes and their ports."""
    environment = {
        **os.environ,
        "NOVITA_API_KEY": simulator.key,
        "NOVITA_BASE_URL": simulator.url,
        "VIDU_DATA_DIR": str(folder),
        "VIDU_DATABASE_URL": url,
        "VIDU_REQUESTS_PER_SECOND": str(rate),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
    }
    started = {}
    for _ in range(count):
        port = free_port()
        command = [sys.executable, "app.py", "--port", str(port)]
        started[port] = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        for port in started:
            until(lambda at=port: answers(at), "the app answers")
        yield started
    finally:
        for process in started.values():
            process.kill()
            process.wait()


@contextmanager
def nginx(folder: Path, ports: Any) -> Iterator[str]:
    """Run nginx in front of the processes; gives its address."""
    port = free_port()
    servers = " ".join(f"server 127.0.0.1:{each};" for each in ports)
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, servers=servers, port=port))
    process = subprocess.Popen(["nginx", "-c", str(file), "-e", str(folder / "nginx.log")])
    try:
        until(lambda: answers(port), "nginx answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    """Tell whether the page comes."""
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/config", timeout=30).is_success
    return False


def until(true: Any, what: str) -> float:
    """Wait until something is true; gives the seconds."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > PATIENCE:
            sys.exit(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def clicks(url: str, picture: Path) -> float:
    """Submit videos as a program does; the median seconds until each is in the ledger."""
    client = Client(url, analytics_enabled=False, verbose=False)
    seconds = []
    for number in range(CLICKS):
        began = time.perf_counter()
        client.predict(
            images=[handle_file(picture)],
            prompt=f"click {began} {number}",
            duration=1,
            resolution="540p",
            api_name="/submit",
        )
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def open_jobs(ledger: Ledger, simulator: Simulator, tasks: list[str]) -> None:
    """Write the jobs of many visitors, as a stop of all processes leaves them."""
    now = time.time()
    for first in range(0, len(tasks), JOBS_PER_VISITOR):
        ledger.add(
            [
                Job(
                    id=f"{first + place:032x}",
                    idempotency_key=f"{first}:{place}",
                    fingerprint=f"{first + place:064x}",
                    owner=f"{first:064x}",
                    backend=simulator.url,
                    request={"prompt": "x", "duration": 5, "resolution": "720p"},
                    state=JobState.RUNNING,
                    created=now,
                    submitted=now,
                    task_id=task_id,
                )
                for place, task_id in enumerate(tasks[first : first + JOBS_PER_VISITOR])
            ]
        )


def megabytes(process: Any) -> float:
    """Return the memory that a process uses, without its workers."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def polls(simulator: Simulator) -> float:
    """Return polls a second."""
    began, before = time.monotonic(), simulator.poll_count
    time.sleep(POLLING_SECONDS)
    return (simulator.poll_count - before) / (time.monotonic() - began)


def shared(count: int, simulator: Simulator, tasks: list[str], rate: float) -> Row:
    """Measure processes on one PostgreSQL."""
    with tempfile.TemporaryDirectory() as name, postgresql() as url:
        folder = Path(name)
        Image.new("RGB", (640, 480)).save(picture := folder / "picture.png")
        ledger = Ledger(url)

        def followed() -> int:
            query = (
                "SELECT count(*) FROM procrastinate_jobs q JOIN procrastinate_workers w "
                "ON w.id = worker_id WHERE task_name = 'follow' AND last_heartbeat > now() - "
                "interval '10 s'"
            )
            with ledger.engine.connect() as connection:
                return int(connection.scalar(sa.text(query)) or 0)

        with (
            processes(count, simulator, folder, url, rate) as running,
            nginx(folder, running) as front,
        ):
            idle = clicks(front, picture)
            open_jobs(ledger, simulator, tasks)
            until(lambda: followed() >= len(tasks), "every job is followed")
            a_second = polls(simulator)
            busy = clicks(front, picture)
            memory = statistics.mean(map(megabytes, running.values()))
            takeover = None
            if count > 1:
                # What is killed while it is being sent would be unknown, and followed by nobody.
                until(
                    lambda: all(job.task_id for job in ledger.followed(simulator.url)), "all sent"
                )
                next(iter(running.values())).send_signal(signal.SIGKILL)
                began = time.monotonic()
                until(lambda: followed() < len(tasks), "its jobs are missed")
                until(lambda: followed() >= len(tasks), "its jobs are followed again")
                takeover = time.monotonic() - began
            at_once = max(map(simulator.max_concurrent_polls_of, tasks))
            at = followed()
        ledger.close()
    return Row(f"{count} on PostgreSQL", at, a_second, takeover, idle, busy, memory, at_once)


def embedded(simulator: Simulator, tasks: list[str], rate: float) -> Row:
    """Measure the embedded default."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Image.new("RGB", (640, 480)).save(picture := folder / "picture.png")
        with processes(1, simulator, folder, "", rate) as running:
            (port,) = running
            idle = clicks(f"http://127.0.0.1:{port}", picture)
        ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
        open_jobs(ledger, simulator, tasks)
        ledger.close()
        with processes(1, simulator, folder, "", rate) as running:
            ((port, process),) = running.items()
            a_second = polls(simulator)
            busy = clicks(f"http://127.0.0.1:{port}", picture)
            memory = megabytes(process)
        at_once = max(map(simulator.max_concurrent_polls_of, tasks))
    return Row("embedded", len(tasks), a_second, None, idle, busy, memory, at_once)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    arguments = parser.parse_args()
    print(
        "| processes | jobs followed | polls/s | taken over within | click, idle | click, loaded | "
        "memory each | polls of a task at once |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    for count in [*arguments.processes, 0]:
        with (
            tempfile.TemporaryDirectory() as folder,
            Simulator(clip=clip(Path(folder)), seconds=TASK_SECONDS) as simulator,
        ):
            tasks = make_tasks(simulator, arguments.jobs)
            rate = arguments.rate
            row = (
                shared(count, simulator, tasks, rate) if count else embedded(simulator, tasks, rate)
            )
        print(
            f"| {row.name} | {row.followed} | {row.polls:.1f} | "
            f"{f'{row.takeover:.0f} s' if row.takeover else '–'} | {1000 * row.idle:.0f} ms | "
            f"{1000 * row.busy:.0f} ms | {row.memory:.0f} MB | {row.at_once} |",
            flush=True,
        )


def make_tasks(simulator: Simulator, count: int) -> list[str]:
    """Buy tasks that do not end."""
    body = {"images": ["https://example.com/a.jpg"], "prompt": "x", "duration": 5}
    with httpx.Client(headers={"Authorization": f"Bearer {simulator.key}"}) as client:
        url = f"{simulator.url}/v3/async/vidu-q2-pro-img2video"
        return [str(client.post(url, json=body).json()["task_id"]) for _ in range(count)]


if __name__ == "__main__":
    main()
