"""What links and redirects say."""

import pytest

from vidu_demo.api.network.urls import host_name, resolve, split

BASE = "https://h.example:8443/a/b/v.mp4?sig=%7E#x"


@pytest.mark.parametrize(
    ("location", "link"),
    [
        ("https://o.example/x/../v?a=%7E%3b;~&b=", "https://o.example/x/../v?a=%7E%3b;~&b="),
        ("HTTPS://o.example", "HTTPS://o.example"),
        ("//o.example/v?q", "https://o.example/v?q"),
        ("/v.mp4", "https://h.example:8443/v.mp4"),
        ("/v.mp4?", "https://h.example:8443/v.mp4?"),
        ("/x/../v//w.mp4?a=/../b", "https://h.example:8443/v//w.mp4?a=/../b"),
        ("w.mp4", "https://h.example:8443/a/b/w.mp4"),
        ("./w.mp4", "https://h.example:8443/a/b/w.mp4"),
        ("../w.mp4?u=http://x/", "https://h.example:8443/a/w.mp4?u=http://x/"),
        ("../../../../w.mp4", "https://h.example:8443/w.mp4"),
        ("%2e%2E/w.mp4", "https://h.example:8443/a/w.mp4"),
        ("..", "https://h.example:8443/a/"),
        (".", "https://h.example:8443/a/b/"),
        ("?other=1", "https://h.example:8443/a/b/v.mp4?other=1"),
        ("?", "https://h.example:8443/a/b/v.mp4?"),
        ("#part", "https://h.example:8443/a/b/v.mp4?sig=%7E"),
        ("w.mp4#part", "https://h.example:8443/a/b/w.mp4"),
        ("ftp://h/v", "ftp://h/v"),
        ("data:video/mp4;base64,AA", "data:video/mp4;base64,AA"),
    ],
)
def test_a_redirect_leads_where_browsers_go(location: str, link: str) -> None:
    assert resolve(BASE, location) == link


def test_a_link_without_a_path_has_a_root() -> None:
    assert resolve("http://h", "v.mp4") == "http://h/v.mp4"
    assert resolve("http://h?q", "?r") == "http://h?r"


@pytest.mark.parametrize(
    ("link", "name", "target"),
    [
        ("https://h.example", "h.example", "/"),
        ("https://H.example:443/v", "h.example", "/v"),
        ("http://h.example:80?a", "h.example", "/?a"),
        ("http://h.example:443/v", "h.example:443", "/v"),
        ("https://user:word@h.example/v@w", "h.example", "/v@w"),
        ("https://good.example\\@evil.example/v", "good.example", "/\\@evil.example/v"),
        ("https://[::1]:8/v", "[::1]:8", "/v"),
        ("https://例え.jp/é v?図#図", "xn--r8jz45g.jp", "/%C3%A9%20v?%E5%9B%B3"),
        ("https://h/a\r\nHost: x", "h", "/a%0D%0AHost:%20x"),
    ],
)
def test_host_and_target_are_read_once(link: str, name: str, target: str) -> None:
    url, asked = split(link)
    assert (host_name(url), asked) == (name, target)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "v.mp4",
        "ftp://h/v",
        "http://",
        "https:///v",
        "http://[x",
        "http://a b/",
        "http://h:99999/",
    ],
)
def test_what_is_no_link_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match=r"no|port|parse"):
        split(link)
