"""Fetching a video, over real HTTP."""

import gzip
import io
import logging
import socket
import ssl
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Clock
from PIL import Image
from test_client import PAYLOAD, answering, closed_port, everything_about, raw_server

from vidu_demo import Task, TaskFailed, TaskStatus, ViduClient
from vidu_demo.api import download, limits
from vidu_demo.api.client import DOWNLOAD_PAUSES
from vidu_demo.api.errors import (
    Charged,
    DownloadFailed,
    LinkExpired,
    LinkRefused,
    StillRunning,
    VideoMissing,
    ViduError,
)
from vidu_demo.api.reach import Reach
from vidu_demo.api.transfer import Pace
from vidu_demo.media.clip import write_settings
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.simulator.responses import Response as Answer
from vidu_demo.simulator.transport import Record, Server

fetch = partial(download.fetch, reach=Reach(loopback=True))
"""As for the simulator: the hosts here are on this machine."""
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
        ("../to.mp4#part", "/to.mp4"),
        ("?b=%7E", "/from/v.mp4?b=%7E"),
        ("//{host}/to.mp4", "/to.mp4"),
        (" /to.mp4 ", "/to.mp4"),
        ("/my video.mp4?a=b c", "/my%20video.mp4?a=b%20c"),
        ("/v/雨の船.mp4", "/v/%E9%9B%A8%E3%81%AE%E8%88%B9.mp4"),
        ("{url}/v/雨の船.mp4?名=雨", "/v/%E9%9B%A8%E3%81%AE%E8%88%B9.mp4?%E5%90%8D=%E9%9B%A8"),
        ("/Å…/v.mp4", "/%C3%85%E2%80%A6/v.mp4"),
        ("/v/%E9%9B%A8.mp4", "/v/%E9%9B%A8.mp4"),
        ("/latin-1-\udce9.mp4", "/latin-1-%E9.mp4"),
    ],
)
@pytest.mark.parametrize(
    ("status", "body"), [(302, b"moved"), (301, b""), (303, b""), (307, b""), (308, b"")]
)
def test_a_redirect_is_followed_as_given(
    host: Host, tmp_path: Path, clip: bytes, location: str, target: str, status: int, body: bytes
) -> None:
    location = location.format(url=host.url, host=host.url.partition("//")[2])
    # As bytes, which is what a host sends.
    location = location.encode("utf-8", "surrogateescape").decode("latin-1")
    moved = Answer(status, body, {"Location": location, "Set-Cookie": "a=b"})
    host.answers["/from/v.mp4?a=%7E"] = moved
    path = fetch(finished(f"{host.url}/from/v.mp4?a=%7E"), tmp_path / "v.mp4")
    assert path.read_bytes() == clip
    assert host.targets == ["/from/v.mp4?a=%7E", target]
    assert host.seen[1].headers["Cookie"] is None


@pytest.mark.parametrize(
    ("headers", "fetched"),
    [
        (b"Location: /to.mp4\r\nLocation: /to.mp4\r\n", True),
        (b"Location: /to.mp4\r\nLocation: /other.mp4\r\n", False),
        (b"Location:\r\n", False),
        (b"", False),
    ],
)
def test_a_redirect_says_where_once(
    tmp_path: Path, clip: bytes, headers: bytes, fetched: bool
) -> None:
    asked = []

    def serve(connection: socket.socket) -> None:
        asked.append(connection.recv(65536).split()[1])
        connection.sendall(
            b"HTTP/1.1 200 OK\r\n\r\n" + clip
            if len(asked) > 1
            else b"HTTP/1.1 302 Found\r\n" + headers + b"Content-Length: 0\r\n\r\n"
        )

    with raw_server(serve) as url:
        link = finished(f"{url}/v.mp4?{SECRET}")
        if fetched:
            fetch(link, tmp_path / "v.mp4")
        else:
            failing(lambda: fetch(link, tmp_path / "v.mp4"))
    assert len(asked) == 1 + fetched


@pytest.mark.parametrize("location", ["http://[broken", "//[broken", "ftp://h/v.mp4", "/v.mp4"])
def test_a_redirect_to_nowhere(host: Host, tmp_path: Path, location: str) -> None:
    host.always = Answer(302, b"", {"Location": location})
    failing(lambda: fetch(finished(f"{host.url}/v.mp4?{SECRET}"), tmp_path / "v.mp4"))
    assert left(tmp_path) == []


def test_a_proxy_gets_the_whole_link_as_given(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url.replace("//", "//me:my%20word@"))
    link = finished("http://cdn.invalid/v.mp4?a=%7E%3b;")
    download.fetch(link, tmp_path / "v.mp4", reach=Reach(frozenset({"cdn.invalid"})))
    assert host.seen[0].target == "http://cdn.invalid/v.mp4?a=%7E%3b;"
    assert host.seen[0].headers["Host"] == "cdn.invalid"
    assert host.seen[0].headers["Proxy-Authorization"] == "Basic bWU6bXkgd29yZA=="


# Where it may lead


def refused(act: Callable[[], object]) -> None:
    error = failing(act, "no public https address")
    assert type(error) is LinkRefused
    assert "VIDU_MEDIA_HOSTS" in str(error)


@pytest.mark.parametrize(
    "host_name",
    ["127.0.0.1", "localhost", "LOCALHOST", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"],
)
def test_this_machine_is_out_of_reach(host: Host, tmp_path: Path, host_name: str) -> None:
    link = finished(host.url.replace("127.0.0.1", host_name) + f"/v.mp4?{SECRET}")
    refused(lambda: download.fetch(link, tmp_path / "v.mp4"))
    assert host.seen == []
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "link",
    [
        "http://8.8.8.8/v.mp4",
        "https://10.0.0.1/v.mp4",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/v.mp4",
        "https://0.0.0.0/v.mp4",
        "https://[::1]/v.mp4",
        "https://[::ffff:127.0.0.1]/v.mp4",
        "https://[fe80::1]/v.mp4",
        "https://good@127.0.0.1/v.mp4",
        "https://127.0.0.1:443/v.mp4",
    ],
)
def test_neither_is_the_network_around(tmp_path: Path, link: str) -> None:
    refused(lambda: download.fetch(finished(link), tmp_path / "v.mp4"))


def test_each_redirect_is_judged(host: Host, tmp_path: Path) -> None:
    host.always = Answer(302, b"", {"Location": "https://10.0.0.1/v.mp4"})
    refused(lambda: fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4"))
    assert len(host.seen) == 1


def test_the_environment_says_what_else_may_be_reached(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = finished(f"{host.url}/v.mp4")
    monkeypatch.setenv("VIDU_MEDIA_HOSTS", "cdn.lan, 127.0.0.1")
    assert download.fetch(link, tmp_path / "v.mp4").exists()
    client = ViduClient("k", "https://api.invalid", sleep=lambda _: None)
    assert client.download(link, tmp_path / "w.mp4").exists()
    client = ViduClient("k", "https://api.invalid", media_hosts="", sleep=lambda _: None)
    refused(lambda: client.download(link, tmp_path / "x.mp4"))
    assert len(host.seen) == 2


class Names:
    """A name server that says what a test says, each time something else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: int, *how: Any, **more: Any) -> list[Any]:
        if host != "rebind.example":
            return self._real(host, port, *how, **more)
        self.asked += 1
        return [entry for a in self.answers.pop(0) for entry in self._real(a, port, *how, **more)]


def test_a_name_is_judged_by_what_it_resolves_to(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, ["127.0.0.1", "10.0.0.1"])
    link = host.url.replace("127.0.0.1", "rebind.example").replace("http:", "https:")
    refused(lambda: download.fetch(finished(f"{link}/v.mp4"), tmp_path / "v.mp4"))
    assert (names.asked, host.seen) == (1, [])


def test_the_address_that_was_judged_is_connected_to(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, ["10.0.0.1", "127.0.0.1"], ["10.0.0.1"])
    link = host.url.replace("127.0.0.1", "rebind.example")
    assert fetch(finished(f"{link}/v.mp4"), tmp_path / "v.mp4").exists()
    assert names.asked == 1
    assert host.seen[0].headers["Host"] == link.partition("//")[2]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "all.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *(
                "-subj",
                "/CN=cdn.example",
                "-addext",
                "subjectAltName=DNS:cdn.example,DNS:localhost",
            ),
            *("-keyout", path, "-out", path.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.fixture
def secure(host: Host, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """The host, over TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    host.server.socket = context.wrap_socket(
        host.server.socket, server_side=True, do_handshake_on_connect=False
    )
    host.url = host.url.replace("http://127.0.0.1", "https://localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.with_suffix(".crt")))
    return host


def test_https_is_spoken_and_the_certificate_looked_at(
    secure: Host, tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = finished(f"{secure.url}/v.mp4?a=%7E%3b;~")
    assert fetch(link, tmp_path / "v.mp4").read_bytes() == clip
    assert secure.targets == ["/v.mp4?a=%7E%3b;~"]
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    failing(lambda: fetch(link, tmp_path / "w.mp4"), "SSLCertVerificationError")


def proxying(
    to: int, seen: list[bytes], tls: Path | None = None
) -> Callable[[socket.socket], None]:
    """A proxy that makes one tunnel, to a port of this machine."""

    def serve(connection: socket.socket) -> None:
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(tls)
            connection = context.wrap_socket(connection, server_side=True)
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with connection, socket.create_connection(("127.0.0.1", to)) as host:
            back = threading.Thread(target=pump, args=(host, connection))
            back.start()
            pump(connection, host)
            back.join()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    return serve


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_https_goes_through_a_tunnel(
    secure: Host,
    tmp_path: Path,
    clip: bytes,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    seen: list[bytes] = []
    tls = certificate if scheme == "https" else None
    with raw_server(proxying(secure.server.server_port, seen, tls)) as proxy:
        address = proxy.replace("http://127.0.0.1", f"{scheme}://me:word@localhost")
        monkeypatch.setenv("https_proxy", address)
        link = finished("https://cdn.example/v.mp4?a=%7E%3b;~")
        assert download.fetch(link, tmp_path / "v.mp4").read_bytes() == clip
    assert secure.targets == ["/v.mp4?a=%7E%3b;~"]
    assert seen[0].startswith(b"CONNECT cdn.example:443 HTTP/1.1\r\nHost: cdn.example:443\r\n")
    assert b"Basic bWU6d29yZA==" in seen[0]
    assert "proxy-authorization" not in secure.seen[0].headers


@pytest.mark.parametrize("name", ["metadata", "nas.local", "127.1", "10.0.0.1", "2130706433"])
def test_a_proxy_is_not_asked_for_the_network_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    seen: list[bytes] = []
    with raw_server(lambda connection: seen.append(connection.recv(9))) as proxy:
        monkeypatch.setenv("https_proxy", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        for scheme in ("https", "http"):
            link = finished(f"{scheme}://{name}/v.mp4")
            refused(lambda link=link: download.fetch(link, tmp_path / "v.mp4"))
    assert seen == []


def test_a_tunnel_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) as proxy:
        monkeypatch.setenv("https_proxy", proxy)
        link = finished(f"https://cdn.example/v.mp4?{SECRET}")
        failing(lambda: fetch(link, tmp_path / "v.mp4"), "broke off")


def test_what_a_link_proves_goes_to_its_host_only(host: Host, tmp_path: Path) -> None:
    host.answers["/v.mp4"] = Answer(302, b"", {"Location": f"{host.url}/to.mp4"})
    link = host.url.replace("//", "//me:my%20word@")
    fetch(finished(f"{link}/v.mp4"), tmp_path / "v.mp4")
    assert [r.headers["Authorization"] for r in host.seen] == ["Basic bWU6bXkgd29yZA==", None]


@pytest.mark.parametrize("proxy", ["socks5h://127.0.0.1:1081", "gopher://127.0.0.1:70", "http://["])
def test_a_proxy_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setenv("all_proxy", proxy)
    link = finished(f"https://cdn.example/v.mp4?{SECRET}")
    failing(lambda: fetch(link, tmp_path / "v.mp4"), "broke off")


def test_socks_is_left_to_the_library_that_requests_uses(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def connect(address: tuple[str, int], **how: Any) -> socket.socket:
        asked.append((address, how["proxy_addr"], how["proxy_port"], how["proxy_rdns"]))
        return socket.create_connection(("127.0.0.1", host.server.server_port))

    socks = SimpleNamespace(SOCKS4=1, SOCKS5=2, create_connection=connect)
    monkeypatch.setitem(sys.modules, "socks", socks)
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1081")
    reach = Reach(frozenset({"cdn.invalid"}))
    download.fetch(finished("http://cdn.invalid/v.mp4"), tmp_path / "v.mp4", reach=reach)
    assert asked == [(("cdn.invalid", 80), "127.0.0.1", 1081, True)]
    assert host.targets == ["/v.mp4"]
    refused(lambda: download.fetch(finished("https://10.0.0.1/v"), tmp_path / "w.mp4"))
    assert len(asked) == 1


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
    "a part that does not say so": (Answer(206, b"x"), "no playable video"),
    "nothing to say": (Answer(204), "HTTP 204"),
    "half of it": (
        Answer(206, b"x" * 9, {"Content-Range": "bytes 0-8/99"}),
        "HTTP 206",
    ),
    "the rest of it": (Answer(206, b"x" * 9, {"Content-Range": "bytes 1-9/10"}), "HTTP 206"),
    "the rest of something": (Answer(206, b"x", {"Content-Range": "Bytes=1-9/*"}), "HTTP 206"),
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


@pytest.mark.parametrize(
    "kind",
    [
        *("binary/octet-stream", "application/octet-stream", "", "VIDEO/MP4; x=y", "text/plain"),
        *("text/html; charset=utf-8", "application/json", "application/xml"),
    ],
)
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


@pytest.mark.parametrize(
    "said",
    [
        *("bytes 0-{last}/{size}", "bytes 0-{last}/*", "Bytes 0-{last}/{size}", ""),
        *("bytes=0-{last}/{size}", " bytes  0 - {last} / {size} ", "bytes 0-{size}/{size}"),
        *("bytes 0-{last}", "bytes */{size}", "items 1-2/3", "bytes 0-" + "9" * 5000),
    ],
)
def test_all_of_it_as_a_part_is_all_of_it(
    host: Host, tmp_path: Path, clip: bytes, said: str
) -> None:
    content_range = said.format(last=len(clip) - 1, size=len(clip))
    host.always = Answer(206, clip, {"Content-Range": content_range} if said else {})
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


def test_half_of_it_as_a_part_without_a_range(host: Host, tmp_path: Path, clip: bytes) -> None:
    host.always = Answer(206, clip[: len(clip) // 2])
    link = finished(f"{host.url}/v.mp4?{SECRET}")
    failing(lambda: fetch(link, tmp_path / "v.mp4"), "did not come to its end")
    assert left(tmp_path) == []


def test_a_video_that_a_proxy_has_touched(host: Host, tmp_path: Path, clip: bytes) -> None:
    host.always = Answer(203, clip)
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


@pytest.mark.parametrize("share", [0.6, 0.999])
def test_half_a_video_is_not_kept(tmp_path: Path, clip: bytes, share: float) -> None:
    half = b"HTTP/1.1 200 OK\r\n\r\n" + clip[: int(len(clip) * share)]
    with raw_server(answering(half)) as url:
        link = finished(f"{url}/v.mp4?{SECRET}")
        failing(lambda: fetch(link, tmp_path / "v.mp4"), "did not come to its end")
    assert left(tmp_path) == []


def test_a_video_without_a_length_is_kept(tmp_path: Path, clip: bytes) -> None:
    with raw_server(answering(b"HTTP/1.1 200 OK\r\n\r\n" + clip)) as url:
        assert fetch(finished(f"{url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


@pytest.mark.parametrize("whole", [True, False])
def test_a_video_in_chunks(tmp_path: Path, clip: bytes, whole: bool) -> None:
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(chunk), chunk)
        for chunk in (clip[at : at + 10_000] for at in range(0, len(clip), 10_000))
    )
    sent = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    with raw_server(answering(sent + b"0\r\n\r\n" if whole else sent)) as url:
        link = finished(f"{url}/v.mp4?{SECRET}")
        if whole:
            assert fetch(link, tmp_path / "v.mp4").read_bytes() == clip
        else:
            failing(lambda: fetch(link, tmp_path / "v.mp4"), "broke off")


def test_the_check_can_be_another(host: Host, tmp_path: Path) -> None:
    seen = []

    def no(path: Path, task_id: str) -> None:
        seen.append((path.name, task_id))
        raise DownloadFailed("The video is made, but not to my liking.")

    link = finished(f"{host.url}/v.mp4")
    failing(lambda: fetch(link, tmp_path / "v.mp4", check=no), "liking")
    assert (seen, left(tmp_path)) == ([("v.mp4.part", "t-1")], [])
    assert fetch(link, tmp_path / "v.mp4", check=lambda *_: None).exists()


# How long it may take


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
    pace = Pace(clock, limits.download_seconds, 10.0, 60.0)
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


def test_questions_on_the_way_may_fail_too(
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
    failing(lambda: fetch(done, videos / "v.mp4"), "broke off")
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


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/v.mp4"])
def test_a_redirect_to_no_web_address_is_refused_at_once(
    host: Host, tmp_path: Path, location: str
) -> None:
    host.always = Answer(302, b"", {"Location": location})
    with pytest.raises(LinkRefused, match="no web address") as refused:
        fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4")
    assert not refused.value.may_pass
    assert host.targets == ["/v.mp4"]
