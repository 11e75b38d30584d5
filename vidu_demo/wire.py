"""One HTTP exchange: one request goes out as it is, one answer comes in, and nothing is kept.

Not `Session.send`: that reads a redirect even where none is followed, fails on a broken one with
an error of its own, keeps cookies, and reads a body of any size.
"""

import ipaddress
from urllib.parse import urlsplit

import requests

MAX_ANSWER_BYTES = 1_000_000
"""What is read of an answer; what is cut off by it can't be read as JSON, and counts as that."""
CHUNK = 16 * 1024
"""Small, since a packed body grows up to a thousandfold by the chunk."""


def send(
    session: requests.Session, request: requests.PreparedRequest, timeout: tuple[float, float]
) -> requests.Response:
    """Send a request through the environment's proxies; the answer's body is not read yet."""
    url = request.url or ""
    host = urlsplit(url).hostname or ""
    # A proxy can't reach the simulator on this machine, and many who have one name no exception.
    settings = session.merge_environment_settings(
        url, {"no_proxy": host} if _is_here(host) else {}, True, None, None
    )
    return session.get_adapter(url).send(request, timeout=timeout, **settings)


def read(answer: requests.Response) -> str:
    """Read an answer's text, up to a bound, and let its connection go.

    JSON is UTF-8, whatever the headers say: without a charset in them requests takes text for
    Latin-1, or guesses for seconds.
    """
    content = bytearray()
    with answer:
        for chunk in answer.iter_content(CHUNK):
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                break
    return content.decode("utf-8-sig", "replace")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
