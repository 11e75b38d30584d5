"""A link is fetched as it was written, and so is where it redirects to."""

import socket
from pathlib import Path

import pytest
from download_fixtures import SECRET, Host, failing, fetch, finished, left
from http_fixtures import raw_server

from vidu_demo.api.errors import LinkRefused
from vidu_demo.simulator.responses import Response as Answer


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


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/v.mp4"])
def test_a_redirect_to_no_web_address_is_refused_at_once(
    host: Host, tmp_path: Path, location: str
) -> None:
    host.always = Answer(302, b"", {"Location": location})
    with pytest.raises(LinkRefused, match="not a web address") as refused:
        fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4")
    assert not refused.value.may_pass
    assert host.targets == ["/v.mp4"]
