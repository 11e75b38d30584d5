"""HTTP on loopback: bytes in, bytes out. The responses are decided elsewhere."""

import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from .responses import Response


@dataclass(frozen=True)
class Record:
    """One request as it arrived.

    Attributes:
        method: The method, such as `GET`.
        target: Path and query, byte for byte.
        headers: The headers, with case-insensitive names.
        time: When it arrived, by the simulator's clock.
    """

    method: str
    target: str
    headers: Message
    time: float


Respond = Callable[[Record, bytes | None], Response]
"""Responds to a request and its body, which is None if it exceeded the limit."""


class Server(ThreadingHTTPServer):
    """A server on 127.0.0.1 with one thread per connection.

    Args:
        port: The port; 0 for a free one.
        respond: Makes the responses.
        clock: Stamps the records.
        max_body: Bytes above which a body is discarded.
    """

    request_queue_size = 256

    def __init__(
        self, port: int, respond: Respond, clock: Callable[[], float], max_body: int
    ) -> None:
        self.respond = respond
        self.clock = clock
        self.max_body = max_body
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.02,), name="simulator", daemon=True
        )

    def server_bind(self) -> None:
        """Bind without looking up the machine's name, which takes seconds on some machines."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and drop every connection, as if the process had ended."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive for many requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_any(self) -> None:
        """Respond to a request of any method."""
        # `self.path` is not the target as received: leading slashes are collapsed.
        target = self.requestline.split()[1]
        record = Record(self.command, target, self.headers, self.server.clock())
        length = int(self.headers.get("Content-Length") or 0)
        if length > self.server.max_body:
            self._skip(length)
            return self._send(self.server.respond(record, None))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the client went away in the middle
            return None
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True  # the start of the next request is unknown
        return self._send(self.server.respond(record, body))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""

    def _skip(self, length: int) -> None:
        """Discard a body: a client that is still sending would never read the response."""
        while length > 0 and (chunk := self.rfile.read(min(length, 2**20))):
            length -= len(chunk)

    def _send(self, response: Response) -> None:
        if response.reset:
            return self._reset()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if response.truncate:
            self.close_connection = True
            self.wfile.write(response.body[: len(response.body) // 2])
        else:
            self.wfile.write(response.body)
        return None

    def _reset(self) -> None:
        self.close_connection = True
        linger_none = struct.pack("ii", 1, 0)  # makes the kernel send RST instead of FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
        self.rfile.close()  # it holds the socket open
        self.connection.close()
