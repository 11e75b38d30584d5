"""How long a download may take."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Clock
from download_fixtures import SECRET, Host, failing, fetch, finished, left
from http_fixtures import raw_server

from vidu_demo import ViduClient
from vidu_demo.api import download, limits
from vidu_demo.api.network.deadline import Deadline
from vidu_demo.simulator.responses import Response as Answer


class Rushing:
    """A clock by which much passes between any two looks at it."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"]
)
def test_a_byte_a_second_is_not_enough(tmp_path: Path, start: bytes) -> None:
    sent: list[int] = []

    def dripping(connection: socket.socket) -> None:
        connection.recv(65536)
        with suppress(OSError):
            connection.sendall(start)
            while len(sent) < 10_000:
                threading.Event().wait(0.002)
                sent.append(connection.send(b"x"))

    with raw_server(dripping) as url:
        link = finished(f"{url}/v.mp4?{SECRET}")
        failing(lambda: fetch(link, tmp_path / "v.mp4", clock=Rushing(1.0)), "too slow")
    assert len(sent) < 10_000
    assert left(tmp_path) == []


def test_redirects_count_towards_the_same_time(host: Host, tmp_path: Path) -> None:
    host.always = Answer(302, b"", {"Location": "/again.mp4"})
    link = finished(f"{host.url}/v.mp4")
    failing(lambda: fetch(link, tmp_path / "v.mp4", clock=Rushing(4.0)), "too slow")
    assert 0 < len(host.seen) < 5


def test_what_comes_steadily_may_take_its_time() -> None:
    clock = Clock()
    pace = Deadline(clock, limits.download_seconds, 10.0, 60.0)
    assert (pace.left(10.0), pace.left(60.0)) == (10.0, 30.0)
    pace.received = 20_000_000
    clock.now += 600
    assert 0 < pace.left(60.0) <= 60.0
    pace.received = limits.MAX_VIDEO_BYTES
    clock.now += 1200
    with pytest.raises(TimeoutError):
        pace.left(60.0)


@pytest.mark.parametrize("promised", [b"", b"Content-Length: 999999999999\r\n"])
def test_a_video_without_end_stops_at_the_bound(
    tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch, promised: bytes
) -> None:
    sent: list[int] = []
    asked = []

    def endless(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + promised + b"\r\n" + clip)
            while len(sent) < 10_000:
                sent.append(connection.send(bytes(65536)))

    monkeypatch.setattr(download, "MAX_BYTES", 5_000_000)
    with raw_server(endless) as url:
        client = ViduClient("k", url, sleep=lambda _: None)
        link = finished(f"{url}/v.mp4?{SECRET}")
        error = failing(lambda: client.download(link, tmp_path / "v.mp4"), "larger than 5 MB")
    assert not error.may_pass
    assert len(asked) == 1
    assert sum(sent) < 50_000_000
    assert left(tmp_path) == []
