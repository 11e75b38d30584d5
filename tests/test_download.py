"""Fetching a video, over real HTTP."""

import logging
import socket
import threading
import tracemalloc
from pathlib import Path

import pytest
from conftest import Clock
from download_fixtures import SECRET, Host, failing, fetch, finished, left, refused
from http_fixtures import PAYLOAD, closed_port, raw_server

from vidu_demo import Task, TaskFailed, ViduClient
from vidu_demo.api import download
from vidu_demo.api.client import DOWNLOAD_PAUSES
from vidu_demo.api.errors import LinkExpired, StillRunning, VideoMissing, ViduError
from vidu_demo.api.network.reach import Reach
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.simulator.responses import Response as Answer

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


def test_a_proxy_gets_the_whole_link_as_given(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url.replace("//", "//me:my%20word@"))
    link = finished("http://cdn.invalid/v.mp4?a=%7E%3b;")
    download.fetch(link, tmp_path / "v.mp4", reach=Reach(frozenset({"cdn.invalid"})))
    assert host.seen[0].target == "http://cdn.invalid/v.mp4?a=%7E%3b;"
    assert host.seen[0].headers["Host"] == "cdn.invalid"
    assert host.seen[0].headers["Proxy-Authorization"] == "Basic bWU6bXkgd29yZA=="


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


# What passes


FAULTS = [
    Fault(truncate=True),
    Fault(reset=True),
    Fault(status=500),
    Fault(status=429),
    Fault(status=403),
    Fault(status=404),
    Fault(status=200, body="<html>"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_download_forgives_what_may_pass(
    client: ViduClient, simulator: Simulator, clock: Clock, done: Task, videos: Path, fault: Fault
) -> None:
    tries = len(DOWNLOAD_PAUSES) + 1
    simulator.faults["download"] = [fault] * (tries - 1)
    assert client.download(done, videos).exists()
    assert clock.slept == [*DOWNLOAD_PAUSES]
    assert (simulator.submit_count, simulator.download_count) == (1, tries)
    simulator.faults["download"] = [fault] * tries
    failing(lambda: client.download(done, videos / "again"))
    assert left(videos / "again") == []
    assert (simulator.submit_count, simulator.download_count) == (1, 2 * tries)


def test_half_a_video_is_fetched_again(clock: Clock, tmp_path: Path, clip: bytes) -> None:
    asked = []

    def serve(connection: socket.socket) -> None:
        asked.append(connection.recv(65536).split()[1])
        if asked[-1].startswith(b"/v3/"):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        else:
            share = 0.6 if asked.count(b"/v.mp4") < 3 else 1
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + clip[: int(len(clip) * share)])

    with raw_server(serve) as url:
        client = ViduClient("k", url, clock=clock, sleep=clock.sleep)
        # Its API no longer knows the task, but the link at hand still works.
        path = client.download(finished(f"{url}/v.mp4"), tmp_path / "v.mp4")
    assert path.read_bytes() == clip
    assert asked.count(b"/v.mp4") == 3
    assert clock.slept == [2, 4]


def test_polls_on_the_way_may_fail_too(
    client: ViduClient, simulator: Simulator, clock: Clock, done: Task, videos: Path
) -> None:
    simulator.faults["poll"] = [
        Fault(reset=True),
        Fault(status=500),
        Fault(status=429, headers={"Retry-After": "9"}),
    ]
    assert client.download(done.task_id, videos).exists()
    assert clock.slept == [2, 4, 9]


@pytest.mark.parametrize("what", ["a refused link", "a full disk"])
def test_what_does_not_pass_is_told_at_once(
    client: ViduClient, clock: Clock, done: Task, videos: Path, what: str
) -> None:
    if what == "a full disk":
        videos.mkdir()
        (videos / "v.mp4.part").symlink_to("/dev/full")
        failing(lambda: client.download(done, videos / "v.mp4"), "No space left")
    else:
        link = finished("https://10.0.0.1/v.mp4", done.task_id)
        refused(lambda: client.download(link, videos))
    assert clock.slept == []


def test_a_host_that_falls_silent(
    simulator: Simulator, done: Task, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", (0.1, 0.1))
    simulator.faults["download"] = [Fault(delay=0.3)]
    failing(lambda: fetch(done, videos / "v.mp4"), "was interrupted")
    assert left(videos) == []


@pytest.mark.parametrize(
    "link",
    ["http://[broken/v.mp4", "http://nowhere.invalid/v", "http://", "http://h:99999/", "closed"],
)
def test_a_link_that_leads_nowhere(tmp_path: Path, link: str) -> None:
    link = closed_port() + "/v.mp4" if link == "closed" else link
    failing(lambda: fetch(finished(f"{link}?{SECRET}"), tmp_path / "v.mp4"), "was interrupted")


def test_an_expired_link_is_requested_again_once(
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
    tries = len(DOWNLOAD_PAUSES) + 1
    assert (simulator.poll_count, simulator.download_count) == (tries, tries)
    assert simulator.submit_count == 1
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
