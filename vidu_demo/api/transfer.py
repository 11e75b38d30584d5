"""One GET of a file by a link from outside: byte for byte as given, and only where it may lead.

A signature covers the link as it was written, and a client that re-quotes it gets a 403: requests
turns `%7E` into `~` and urllib3 writes `%3b` as `%3B`. And no client lets an address be judged
before it is connected to. So sockets are opened and requests written here; the standard library
reads the answers, and urllib3 unpacks them.
"""

import http.client
import io
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote

import requests
import urllib3
from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    default_user_agent,
    prepend_scheme_if_needed,
    select_proxy,
)
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssltransport import SSLTransport

from vidu_demo.api.errors import LinkRefused
from vidu_demo.api.exchange import surroundings
from vidu_demo.api.reach import Reach
from vidu_demo.api.urls import PORTS, host_name, read_location, resolve, split

log = logging.getLogger(__name__)

MAX_REDIRECTS = 5
CHUNK = 64 * 1024
"""Small, since a packed body grows up to a thousandfold by the chunk."""

_REDIRECTS = (301, 302, 303, 307, 308)
_FAILURES = (
    *(OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError),
    *(LookupError, ImportError),  # a proxy of a kind that is not known, or needs PySocks
)

Line = socket.socket | SSLTransport
"""A connection; the second is TLS within TLS."""
T = TypeVar("T")


class BrokenOff(Exception):
    """The exchange failed; the text is the name of what went wrong, and never the link."""


@dataclass
class Pace:
    """How long a download may still take: one for all its redirects, handshakes and bytes.

    Args:
        clock: Gives seconds that never go back.
        allowance: Gives the seconds that it may have taken once so many bytes have come.
        connect: Seconds to wait for a connection or a handshake.
        silence: Seconds to wait for a byte.
    """

    clock: Callable[[], float]
    allowance: Callable[[int], float]
    connect: float
    silence: float

    def __post_init__(self) -> None:
        self._start, self.received = self.clock(), 0

    def left(self, most: float) -> float:
        """Say how many seconds the next step may take.

        Raises:
            TimeoutError: None.
        """
        left = self._left()
        if left <= 0:
            raise TimeoutError
        return min(left, most)

    @property
    def is_over(self) -> bool:
        """Whether the time is over: then that is why it broke off, whatever that looks like."""
        return self._left() <= 0

    def _left(self) -> float:
        return self._start + self.allowance(self.received) - self.clock()


@contextmanager
def opened(link: str, reach: Reach, pace: Pace) -> Iterator[urllib3.HTTPResponse]:
    """Ask for a link and follow its redirects to an answer, whose body is not read yet.

    Raises:
        LinkRefused: It leads where it may not.
        BrokenOff: No answer came.
    """
    with ExitStack() as lines:
        answer = _guarded(lambda: _followed(link, reach, pace, lines))
        yield answer


def body(answer: urllib3.HTTPResponse) -> Iterator[bytes]:
    """Read a body to its end, in pieces, unpacked if it is packed.

    Raises:
        BrokenOff: It did not come to its end.
    """
    pieces = answer.stream(CHUNK, decode_content=True)
    while piece := _guarded(lambda: next(pieces, b"")):
        yield piece


def _guarded(step: Callable[[], T]) -> T:
    """Take a step over the network; what it raises may name the link, and is left behind."""
    try:
        return step()
    except _FAILURES as error:
        failed = type(error).__name__
    raise BrokenOff(failed)


def _followed(link: str, reach: Reach, pace: Pace, lines: ExitStack) -> urllib3.HTTPResponse:
    for _ in range(MAX_REDIRECTS + 1):
        answer = _asked(link, reach, pace, lines)
        location = read_location(answer.headers.getlist("Location"))
        if answer.status not in _REDIRECTS or not location:
            break
        link = resolve(link, location)
    return answer


def _asked(link: str, reach: Reach, pace: Pace, lines: ExitStack) -> urllib3.HTTPResponse:
    if not link.lower().startswith(("http:", "https:")):
        raise LinkRefused(
            "The video is made, but its link leads to no web address.",
            next_step="Show the task's id to Novita's support.",
        )
    url, target = split(link)
    name = host_name(url)
    log.debug("GET %s://%s%s", url.scheme, name, target.partition("?")[0])
    line, before, headers = _line(url, reach, pace, lines)
    headers |= {"Host": name, "User-Agent": default_user_agent(), "Accept": "*/*"}
    headers |= {"Accept-Encoding": "identity", "Connection": "close"}
    if url.auth:
        headers |= make_headers(basic_auth=unquote(url.auth))
    _write(line, pace, f"GET {before}{target}", headers)
    answer = http.client.HTTPResponse(_Readable(line, pace), method="GET")  # type: ignore[arg-type]
    answer.begin()
    return urllib3.HTTPResponse(
        answer,
        urllib3.HTTPHeaderDict(answer.getheaders()),
        answer.status,
        preload_content=False,
        original_response=answer,
        request_method="GET",
    )


def _line(url: Url, reach: Reach, pace: Pace, lines: ExitStack) -> tuple[Line, str, dict[str, str]]:
    """Connect to a host: the connection, what stands before the target on it, and headers."""
    scheme, host = url.scheme or "", url.host or ""
    port, address = url.port or PORTS[scheme], f"{scheme}://{host_name(url)}"
    with requests.Session() as session:
        around = surroundings(session, address)
    proxy = select_proxy(address, around["proxies"])
    if proxy and not reach.admits_name(scheme, host):
        raise _refused(host)
    if not proxy:
        line: Line = _connect(host, port, pace, lines, lambda ip: reach.admits(scheme, host, ip))
    elif proxy.lower().startswith("socks"):
        line = _through_socks(parse_url(proxy), host, port, pace, lines)
    else:
        via = parse_url(prepend_scheme_if_needed(proxy, "http"))
        auth = make_headers(proxy_basic_auth=unquote(via.auth)) if via.auth else {}
        line = _to_proxy(via, around["verify"], pace, lines)
        if scheme == "http":
            return line, address, {**auth}
        _tunnel(line, f"{host}:{port}", auth, pace)
    if scheme == "https":
        line = _tls(line, host, around["verify"], pace, lines)
    return line, "", {}


def _to_proxy(via: Url, verify: bool | str, pace: Pace, lines: ExitStack) -> Line:
    host, scheme = via.host or "", via.scheme or ""
    line = _connect(host, via.port or PORTS[scheme], pace, lines, lambda _: True)
    return _tls(line, host, verify, pace, lines) if scheme == "https" else line


def _refused(host: str) -> LinkRefused:
    return LinkRefused(
        f"The video is made, but its link leads to {host[:100]}, which is no public https address."
    )


def _connect(
    host: str, port: int, pace: Pace, lines: ExitStack, admits: Callable[[str], bool]
) -> socket.socket:
    """Connect to the first address of a host that is admitted and answers."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    # The address that was judged is the one that is used: a second look-up could give another.
    admitted = [entry for entry in found if admits(str(entry[4][0]))]
    if not admitted:
        raise _refused(host)
    for family, kind, protocol, _, address in admitted:
        line = lines.enter_context(closing(socket.socket(family, kind, protocol)))
        line.settimeout(pace.left(pace.connect))
        try:
            line.connect(address)
        except OSError as error:
            failed = error
        else:
            return line
    raise failed


def _through_socks(via: Url, host: str, port: int, pace: Pace, lines: ExitStack) -> socket.socket:
    import socks  # noqa: PLC0415 - PySocks, which requests needs for such a proxy, too

    user, _, password = unquote(via.auth or "").partition(":")
    line: socket.socket = socks.create_connection(
        (host.strip("[]"), port),
        timeout=pace.left(pace.connect),
        proxy_type=socks.SOCKS4 if "4" in (via.scheme or "") else socks.SOCKS5,
        proxy_addr=via.host,
        proxy_port=via.port or 1080,
        proxy_rdns=True,
        proxy_username=user or None,
        proxy_password=password or None,
    )
    return lines.enter_context(closing(line))


def _tunnel(line: Line, host: str, auth: dict[str, str], pace: Pace) -> None:
    _write(line, pace, f"CONNECT {host}", {"Host": host, **auth})
    answer = http.client.HTTPResponse(_Readable(line, pace), method="CONNECT")  # type: ignore[arg-type]
    answer.begin()
    if answer.status != 200:
        raise ConnectionRefusedError("the proxy refuses")


def _tls(line: Line, host: str, verify: bool | str, pace: Pace, lines: ExitStack) -> Line:
    bundle = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
    folder = Path(bundle).is_dir()
    context = ssl.create_default_context(
        cafile=None if folder else bundle, capath=bundle if folder else None
    )
    context.set_alpn_protocols(["http/1.1"])
    line.settimeout(pace.left(pace.connect))
    name = host.strip("[]").rstrip(".")
    if isinstance(line, socket.socket) and not isinstance(line, ssl.SSLSocket):
        return lines.enter_context(closing(context.wrap_socket(line, server_hostname=name)))
    # The type is too narrow: what it needs is `send`, `recv` and timeouts.
    return SSLTransport(
        cast("socket.socket", line), context, name
    )  # through a proxy that speaks TLS itself


def _write(line: Line, pace: Pace, start: str, headers: dict[str, str]) -> None:
    head = [f"{start} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    line.settimeout(pace.left(pace.silence))
    line.sendall("\r\n".join(head).encode("ascii"))


class _Readable:
    """A connection as `http.client` reads one: what it asks a socket for is a file."""

    def __init__(self, line: Line, pace: Pace) -> None:
        self._line, self._pace = line, pace

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Bytes(self._line, self._pace), CHUNK)


class _Bytes(io.RawIOBase):
    """The bytes of a connection. Each read ends in time: a host may send them one by one."""

    def __init__(self, line: Line, pace: Pace) -> None:
        self._line, self._pace = line, pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(self._pace.left(self._pace.silence))
        count = cast("int", self._line.recv_into(buffer))
        self._pace.received += count
        return count
