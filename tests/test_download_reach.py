"""Where a link may lead: public hosts, straight or through a proxy."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from download_fixtures import SECRET, Host, failing, fetch, finished, left, refused
from http_fixtures import answering, raw_server

from vidu_demo import ViduClient
from vidu_demo.api import download
from vidu_demo.api.network.reach import Reach
from vidu_demo.simulator.responses import Response as Answer


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
        failing(lambda: fetch(link, tmp_path / "v.mp4"), "was interrupted")


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
    failing(lambda: fetch(link, tmp_path / "v.mp4"), "was interrupted")


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
