"""A download's time limit, and HTTP within that limit.

Requests are written byte for byte, because a link's signature covers its exact spelling: a client
that re-quotes it gets a 403. `requests` turns `%7E` into `~`, and urllib3 turns `%3b` into `%3B`.
"""

import http.client
import io
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from urllib3.util.ssltransport import SSLTransport

Connection = socket.socket | SSLTransport
"""The latter is TLS within TLS."""

CHUNK = 64 * 1024
"""Small, since each chunk of a compressed body can grow a thousandfold."""


@dataclass
class Deadline:
    """The time limit of a download, including redirects and handshakes.

    Args:
        clock: Returns seconds, monotonic.
        allowance: Returns the total seconds allowed, given the number of bytes received.
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
        """Return how many seconds the next step may take, at most `most`.

        Raises:
            TimeoutError: Time is up.
        """
        left = self._left()
        if left <= 0:
            raise TimeoutError
        return min(left, most)

    @property
    def is_over(self) -> bool:
        """True if time is up: that is then why the download failed, whatever the error says."""
        return self._left() <= 0

    def _left(self) -> float:
        return self._start + self.allowance(self.received) - self.clock()


def send(
    connection: Connection, deadline: Deadline, method: str, target: str, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """Send a request without a body, and read the status and headers of the answer."""
    lines = [f"{method} {target} HTTP/1.1", *map(": ".join, headers.items()), "", ""]
    connection.settimeout(deadline.left(deadline.silence))
    connection.sendall("\r\n".join(lines).encode("ascii"))
    answer = http.client.HTTPResponse(_Readable(connection, deadline), method=method)  # type: ignore[arg-type]
    answer.begin()
    return answer


class _Readable:
    """A connection for `http.client`, which only needs a socket's `makefile`."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Bytes(self._connection, self._deadline), CHUNK)


class _Bytes(io.RawIOBase):
    """The bytes of a connection. Each read has its own timeout, as a host may send single bytes."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.left(self._deadline.silence))
        count = cast("int", self._connection.recv_into(buffer))
        self._deadline.received += count
        return count
