"""What tests over HTTP share: hosts that answer raw bytes, and clients without waits."""

import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conftest import Clock

from vidu_demo import ViduClient

SUBMIT = "/v3/async/vidu-q2-pro-img2video"
HTML = "<html><h1>502 Bad Gateway</h1></html>"


def reason(code: str, status: int = 400) -> dict[str, object]:
    return {"code": status, "reason": code, "message": "words", "metadata": {}}


def everything_about(error: BaseException) -> str:
    """All that a traceback, a log or a tool that walks the chain could show of an error."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found:
        chain.append(found)
        found = found.__cause__ or found.__context__
    shown = "".join(traceback.format_exception(error))
    return shown + "".join(f"{link} {link!r} {vars(link)}" for link in chain)


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection at a time by hand, for what a proper server would not do."""
    listener = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                serve(connection)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def answering(raw: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(raw)

    return serve


def at(url: str, clock: Clock, key: str = "simulated") -> ViduClient:
    return ViduClient(key, url, clock=clock, sleep=clock.sleep, random=lambda: 0.5)


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


PAYLOAD = {"images": ["https://example.com/a.png"], "prompt": "x", "duration": 1}
