"""Fetching a video, over real HTTP."""

import gzip
import io
import logging
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Clock
from PIL import Image
from test_client import PAYLOAD, closed_port, everything_about

from vidu_demo import Task, TaskFailed, TaskStatus, ViduClient, download
from vidu_demo.clip import write_settings
from vidu_demo.download import fetch
from vidu_demo.errors import (
    Charged,
    DownloadFailed,
    LinkExpired,
    StillRunning,
    VideoMissing,
    ViduError,
)
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.simulator.faults import Answer
from vidu_demo.simulator.wire import Record, Server

SECRET = "q-signature=5ecre7"  # noqa: S105


@pytest.fixture
def done(client: ViduClient, simulator: Simulator) -> Task:
    simulator.statuses = ["TASK_STATUS_SUCCEED"]
    return client.get(client.post(PAYLOAD))


class Host:
    """A host of files that answers what a test says, by target or always."""

    def __init__(self, clip: bytes) -> None:
        self.seen: list[Record] = []
        self.answers: dict[str, Answer] = {}
        self.always = Answer(200, clip, {"Content-Type": "video/mp4"})
        self.server = Server(0, self.respond, lambda: 0.0, 1000)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def respond(self, record: Record, _: bytes | None) -> Answer:
        self.seen.append(record)
        return self.answers.get(record.target, self.always)

    @property
    def targets(self) -> list[str]:
        return [record.target for record in self.seen]


@pytest.fixture
def host(clip: bytes) -> Iterator[Host]:
    made = Host(clip)
    yield made
    made.server.stop()


def finished(link: str, task_id: str = "t-1") -> Task:
    return Task(task_id, TaskStatus.SUCCEEDED, video_url=link)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def failing(act: Callable[[], object], words: str = "video") -> DownloadFailed:
    with pytest.raises(DownloadFailed, match=words) as caught:
        act()
    error = caught.value
    assert error.charged is Charged.YES
    assert error.task_id
    assert "5ecre7" not in everything_about(error)
    assert "q-sign" not in everything_about(error)
    assert error.__context__ is None or isinstance(error.__context__, ViduError)
    return error


# The way it should go


def test_the_video_is_fetched_checked_and_named(
    client: ViduClient, simulator: Simulator, done: Task, videos: Path, clip: bytes
) -> None:
    path = client.download(done, videos)
    assert path == videos / f"vidu-{done.task_id}.mp4"
    assert path.read_bytes() == clip
    assert left(videos) == [path.name]
    (record,) = [r for r in simulator.requests if r.target.startswith("/files/")]
    assert record.target == str(done.video_url).removeprefix(simulator.url)
    assert "Authorization" not in record.headers
    assert record.headers["Accept-Encoding"] == "identity"
    assert (simulator.submit_count, simulator.poll_count) == (1, 1)


def test_an_id_is_enough(
    client: ViduClient, simulator: Simulator, done: Task, videos: Path
) -> None:
    assert client.download(done.task_id, videos).exists()
    assert client.download(Task(done.task_id), videos).exists()
    assert (simulator.submit_count, simulator.poll_count) == (1, 3)


def test_a_netrc_is_not_sent_to_the_host(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4")
    assert "Authorization" not in host.seen[0].headers


@pytest.mark.parametrize(
    "target",
    [
        "/v.mp4?a=%7E&b=%2F&c=%3B&d=%3b&e=;&f=~&g=+&h=%20&i=%C3%A9&j=%zz",
        "/v.mp4?a=|&b=[]{}&c=\\^`&d='()*!$,&e=<>&f=@:/?",
        "/a/./b/../c//d%2e%2E/v.mp4?",
        "/%7Ev;p=1/~v.mp4",
        "//v.mp4?x=http://other/?y",
        "?a=1&b=%3b",
        "",
    ],
)
def test_a_link_goes_out_byte_for_byte(host: Host, tmp_path: Path, target: str) -> None:
    fetch(finished(host.url + target + "#fragment"), tmp_path / "v.mp4")
    assert host.targets == [target if target.startswith("/") else "/" + target]


def test_only_what_no_request_line_can_hold_is_quoted(host: Host, tmp_path: Path) -> None:
    fetch(finished(f"{host.url}/é v.mp4?q=图%7E~"), tmp_path / "v.mp4")
    assert host.targets == ["/%C3%A9%20v.mp4?q=%E5%9B%BE%7E~"]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("{url}/to.mp4?a=%7E%3b;~&b=", "/to.mp4?a=%7E%3b;~&b="),
        ("{url}/x/../to.mp4?", "/x/../to.mp4?"),
        ("/to.mp4?a=%7E%3b;~", "/to.mp4?a=%7E%3b;~"),
        ("to.mp4?u=http://h/", "/from/to.mp4?u=http://h/"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"moved"])
def test_a_redirect_is_followed_as_given(
    host: Host, tmp_path: Path, clip: bytes, location: str, target: str, body: bytes
) -> None:
    moved = Answer(302, body, {"Location": location.format(url=host.url), "Set-Cookie": "a=b"})
    host.answers["/from/v.mp4?a=%7E"] = moved
    path = fetch(finished(f"{host.url}/from/v.mp4?a=%7E"), tmp_path / "v.mp4")
    assert path.read_bytes() == clip
    assert host.targets == ["/from/v.mp4?a=%7E", target]
    assert host.seen[1].headers["Cookie"] is None


@pytest.mark.parametrize("location", ["http://[broken", "//[broken", "ftp://h/v.mp4", "/v.mp4"])
def test_a_redirect_to_nowhere(host: Host, tmp_path: Path, location: str) -> None:
    host.always = Answer(302, b"", {"Location": location})
    failing(lambda: fetch(finished(f"{host.url}/v.mp4?{SECRET}"), tmp_path / "v.mp4"))
    assert left(tmp_path) == []


def test_a_proxy_gets_the_whole_link_as_given(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url)
    fetch(finished("http://cdn.invalid/v.mp4?a=%7E%3b;"), tmp_path / "v.mp4")
    assert host.seen[0].target == "http://cdn.invalid/v.mp4?a=%7E%3b;"


# Where it goes


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("videos/", "videos/vidu-t-1.mp4"),
        ("videos", "videos/vidu-t-1.mp4"),
        ("a.b/", "a.b/vidu-t-1.mp4"),
        ("", "vidu-t-1.mp4"),
        ("deep/er/film.mp4", "deep/er/film.mp4"),
        ("film.final.mp4", "film.final.mp4"),
    ],
)
def test_a_folder_or_a_file_name(
    client: ViduClient, host: Host, tmp_path: Path, target: str, path: str
) -> None:
    link = finished(f"{host.url}/v.mp4")
    assert client.download(link, f"{tmp_path}/{target}") == tmp_path / path
    assert left(tmp_path) == [path]


def test_a_folder_with_a_dot_in_its_name(client: ViduClient, host: Host, tmp_path: Path) -> None:
    (tmp_path / "my.videos").mkdir()
    path = client.download(finished(f"{host.url}/v.mp4"), tmp_path / "my.videos")
    assert path == tmp_path / "my.videos" / "vidu-t-1.mp4"


@pytest.mark.parametrize(
    "task_id", ["../../etc/x", "/etc/x", "..", "a\\b", "C:\\x", "a\0b", "é\n", "x" * 4000]
)
def test_an_id_cannot_leave_the_folder(
    client: ViduClient, host: Host, videos: Path, task_id: str
) -> None:
    path = client.download(finished(f"{host.url}/v.mp4", task_id), videos)
    assert path.parent == videos
    assert left(videos.parent) == [f"videos/{path.name}"]
    assert path.name.startswith("vidu-")


# What can go wrong


JUNK = {
    "a page": (Answer(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}), "text/html"),
    "an error in XML": (Answer(200, b"<E/>", {"Content-Type": "application/xml"}), "xml"),
    "no video": (Answer(200, b"junk" * 999, {"Content-Type": "video/mp4"}), "no playable video"),
    "nothing": (Answer(200, b"", {"Content-Type": "video/mp4"}), "no playable video"),
    "a playlist": (Answer(200, b"#EXTM3U\n#EXTINF:1,\nhttp://h/v.ts\n"), "no playable video"),
    "a server error": (Answer(500), "HTTP 500"),
    "a part": (Answer(206, b"x"), "HTTP 206"),
    "a reset": (Answer(0, reset=True), "broke off"),
}


@pytest.mark.parametrize(("answer", "words"), JUNK.values(), ids=JUNK)
def test_what_is_no_video_is_not_kept(
    host: Host, tmp_path: Path, answer: Answer, words: str
) -> None:
    host.always = answer
    path = tmp_path / "v.mp4"
    path.write_text("the old one")
    failing(lambda: fetch(finished(f"{host.url}/v.mp4?{SECRET}"), path), words)
    assert left(tmp_path) == ["v.mp4"]
    assert path.read_text() == "the old one"


def test_a_picture_is_no_video(host: Host, tmp_path: Path, picture: Image.Image) -> None:
    file = io.BytesIO()
    picture.save(file, "PNG")
    host.always = Answer(200, file.getvalue(), {"Content-Type": "application/octet-stream"})
    failing(lambda: fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4"), "no playable video")


@pytest.mark.parametrize("kind", ["binary/octet-stream", "", "VIDEO/MP4; x=y"])
def test_the_name_of_the_type_matters_little(host: Host, tmp_path: Path, kind: str) -> None:
    host.always = Answer(200, host.always.body, {"Content-Type": kind})
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").exists()


def test_a_video_with_a_broken_comment_is_kept(host: Host, tmp_path: Path, clip: bytes) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(clip)
    write_settings(path, {"x": "spoil me"})
    spoiled = path.read_bytes().replace(b"spoil me", b"\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc")
    host.always = Answer(200, spoiled, {"Content-Type": "video/mp4"})
    assert fetch(finished(f"{host.url}/v.mp4"), path).read_bytes() == spoiled


def test_a_body_that_is_packed_all_the_same(host: Host, tmp_path: Path, clip: bytes) -> None:
    host.always = Answer(200, gzip.compress(clip), {"Content-Encoding": "gzip"})
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


def test_a_body_without_end(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 1000)
    failing(lambda: fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4"), "larger than")
    assert left(tmp_path) == []


@pytest.mark.parametrize("fault", [Fault(truncate=True), Fault(reset=True), Fault(status=500)])
def test_a_download_that_fails_leaves_nothing_and_buys_nothing(
    client: ViduClient, simulator: Simulator, done: Task, videos: Path, fault: Fault
) -> None:
    simulator.faults["download"] = [fault]
    failing(lambda: client.download(done, videos))
    assert left(videos) == []
    assert (simulator.submit_count, simulator.download_count) == (1, 1)
    assert client.download(done, videos).exists()
    assert simulator.submit_count == 1


def test_a_host_that_falls_silent(
    client: ViduClient,
    simulator: Simulator,
    done: Task,
    videos: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", (0.1, 0.1))
    simulator.faults["download"] = [Fault(delay=0.3)]
    failing(lambda: client.download(done, videos), "broke off")
    assert left(videos) == []


@pytest.mark.parametrize(
    "link",
    ["http://[broken/v.mp4", "http://nowhere.invalid/v", "http://", "http://h:99999/", "closed"],
)
def test_a_link_that_leads_nowhere(tmp_path: Path, link: str) -> None:
    link = closed_port() + "/v.mp4" if link == "closed" else link
    failing(lambda: fetch(finished(f"{link}?{SECRET}"), tmp_path / "v.mp4"), "broke off")


def test_an_expired_link_is_asked_for_anew_once(
    client: ViduClient, simulator: Simulator, clock: Clock, done: Task, videos: Path
) -> None:
    clock.now += simulator.link_seconds
    assert client.download(done, videos).exists()
    assert (simulator.poll_count, simulator.download_count, simulator.submit_count) == (2, 2, 1)


def test_a_link_that_stays_expired(
    client: ViduClient, simulator: Simulator, clock: Clock, done: Task, videos: Path
) -> None:
    simulator.fresh_links = False
    clock.now += simulator.link_seconds
    error = failing(lambda: client.download(done, videos), "no longer works")
    assert type(error) is LinkExpired
    assert error.task_id == done.task_id
    assert (simulator.poll_count, simulator.download_count, simulator.submit_count) == (2, 2, 1)
    assert left(videos) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_counts_as_expired(host: Host, tmp_path: Path, status: int) -> None:
    host.always = Answer(status, b"<Error/>")
    error = failing(lambda: fetch(finished(f"{host.url}/v.mp4?{SECRET}"), tmp_path / "v.mp4"))
    assert type(error) is LinkExpired


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("TASK_STATUS_PROCESSING", StillRunning),
        ("TASK_STATUS_FAILED", TaskFailed),
        ("PAUSED", StillRunning),
    ],
)
def test_a_task_without_a_video(
    client: ViduClient, simulator: Simulator, videos: Path, status: str, error: type[ViduError]
) -> None:
    simulator.statuses = [status]
    with pytest.raises(error):
        client.download(client.post(PAYLOAD), videos)
    assert (simulator.poll_count, simulator.download_count) == (1, 0)


def test_success_without_a_link(
    client: ViduClient, simulator: Simulator, done: Task, videos: Path
) -> None:
    simulator.transform = lambda body: {**body, "videos": []}
    with pytest.raises(VideoMissing):
        client.download(done.task_id, videos)


def test_a_folder_that_is_a_file(client: ViduClient, host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for target in ("file/film.mp4", "file/deeper/"):
        error = failing(
            lambda target=target: client.download(
                finished(f"{host.url}/v"), f"{tmp_path}/{target}"
            ),
            "the file can't be written: (File exists|Not a directory)",
        )
        assert "choose another folder" in error.next_step


@pytest.mark.parametrize("name", ["x" * 300 + ".mp4", "a\0b.mp4"])
def test_a_name_that_no_disk_takes(host: Host, tmp_path: Path, name: str) -> None:
    failing(lambda: fetch(finished(f"{host.url}/v"), tmp_path / name), "can't be written")


def test_something_in_the_way(host: Host, tmp_path: Path) -> None:
    (tmp_path / "v.mp4.part").mkdir()
    failing(lambda: fetch(finished(f"{host.url}/v"), tmp_path / "v.mp4"), "Is a directory")


def test_a_full_disk(host: Host, tmp_path: Path) -> None:
    (tmp_path / "v.mp4.part").symlink_to("/dev/full")
    failing(lambda: fetch(finished(f"{host.url}/v"), tmp_path / "v.mp4"), "No space left")
    assert left(tmp_path) == []


def test_a_large_video_is_never_in_memory_whole(tmp_path: Path, clip: bytes) -> None:
    size = 64 * 2**20

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
            connection.sendall(clip)
            rest = size - len(clip)
            block = bytes(2**18)
            while rest:
                rest -= connection.send(block[:rest])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        link = f"http://127.0.0.1:{listener.getsockname()[1]}/v.mp4"
        tracemalloc.start()
        path = fetch(finished(link), tmp_path / "v.mp4")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        server.join()
    assert path.stat().st_size == size
    assert peak < 16 * 2**20


def test_the_link_is_in_no_log(
    host: Host, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        fetch(finished(f"{host.url}/v.mp4?{SECRET}"), tmp_path / "v.mp4")
    assert host.targets == [f"/v.mp4?{SECRET}"]
    assert "/v.mp4" in caplog.text
    assert "5ecre7" not in caplog.text
