"""How long a download may take, and HTTP over a connection within it.

Requests are written here byte for byte: a signature covers a link as it was written, and a client
that re-quotes it gets a 403. `requests` turns `%7E` into `~`, and urllib3 writes `%3b` as `%3B`.
"""

import http.client
import io
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from urllib3.util.ssltransport import SSLTransport

Connection = socket.socket | SSLTransport
"""The second is TLS within TLS."""

CHUNK = 64 * 1024
"""Small, since a packed body grows up to a thousandfold by the chunk."""


@dataclass
class Deadline:
    """How long a download may still take, with all its redirects, handshakes and bytes.

    Args:
        clock: Gives seconds that never go back.
        allowance: Gives the seconds that it may take in all once so many bytes have come.
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
            TimeoutError: No time is left.
        """
        left = self._left()
        if left <= 0:
            raise TimeoutError
        return min(left, most)

    @property
    def is_over(self) -> bool:
        """Whether time is up: then that is why it broke off, whatever the error says."""
        return self._left() <= 0

    def _left(self) -> float:
        return self._start + self.allowance(self.received) - self.clock()


def send(
    connection: Connection, deadline: Deadline, method: str, target: str, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """Send a request without a body, and read the answer up to its body."""
    lines = [f"{method} {target} HTTP/1.1", *map(": ".join, headers.items()), "", ""]
    connection.settimeout(deadline.left(deadline.silence))
    connection.sendall("\r\n".join(lines).encode("ascii"))
    answer = http.client.HTTPResponse(_Readable(connection, deadline), method=method)  # type: ignore[arg-type]
    answer.begin()
    return answer


class _Readable:
    """A connection as `http.client` reads one: all it needs of a socket is a file."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Bytes(self._connection, self._deadline), CHUNK)


class _Bytes(io.RawIOBase):
    """The bytes of a connection. Each read has its own timeout: a host may send single bytes."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.left(self._deadline.silence))
        count = cast("int", self._connection.recv_into(buffer))
        self._deadline.received += count
        return count
