"""Who counts as being on this machine: only those who can't be elsewhere."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from vidu_demo.server.hosts import Host
from vidu_demo.ui.local import forwarded, is_local


def demo(**changes: Any) -> Any:
    """A launched page, as far as it is looked at."""
    launched = {
        "server_name": "127.0.0.1",
        "share": False,
        "share_url": None,
        "custom_mount_path": None,
    }
    return SimpleNamespace(**{**launched, **changes})


def asks(host: str | None = "127.0.0.1:7860", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(headers=Headers({**({"host": host} if host else {}), **named}))


@pytest.fixture(autouse=True)
def _no_notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("KAGGLE_KERNEL_RUN_TYPE", raising=False)
    return


@pytest.mark.parametrize("bound", ["127.0.0.1", "localhost", "127.8.9.10", "::1", "[::1]"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost", "LOCALHOST:1", "localhost.", "[::1]:7860", "127.3.2.1"]
)
def test_loopback_is_local(bound: str, host: str) -> None:
    assert is_local(demo(server_name=bound), asks(host))


@pytest.mark.parametrize(
    "changes",
    [
        {"server_name": "0.0.0.0"},  # noqa: S104
        {"server_name": "192.168.1.5"},
        {"server_name": "videos.example.com"},
        {"share": True},
        {"share_url": "https://abc.gradio.live"},
        {"custom_mount_path": "/videos"},
    ],
)
def test_an_app_that_others_may_reach_is_not_local(changes: dict[str, Any]) -> None:
    assert not is_local(demo(**changes), asks())


def test_a_page_that_is_not_launched_is_not_local() -> None:
    nothing = demo()
    del nothing.server_name
    assert not is_local(nothing, asks())


def test_a_hosted_notebook_is_not_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    assert not is_local(demo(), asks())


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "Via",
        "CF-Connecting-IP",
        "CF-Ray",
        "True-Client-IP",
        "X-Amzn-Trace-Id",
    ],
)
def test_what_a_proxy_passes_on_is_not_local(name: str) -> None:
    assert not is_local(demo(), asks(**{name: ""}))


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:7860",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.localhost",
        "localhost..",
        "localhost@evil.example",
        "127.0.0.1/",
        "127.0.0.1 evil.example",
        "128.0.0.1",
        "0.0.0.0",  # noqa: S104
        "[::2]",
        "localhost:port",
    ],
)
def test_another_name_is_not_local(host: str | None) -> None:
    assert not is_local(demo(), asks(host))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for host in (Host.read(text), Host.of_origin(text), Host.of_origin(f"https://{text}")):
        assert host is None or (host.name and not host.name.startswith("["))


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:7860", "localhost:7860"),
        ("https://localhost:7860", "LOCALHOST:7860"),
        ("https://videos.example.com", "videos.example.com"),
        ("http://videos.example.com", "videos.example.com:80"),
        ("https://videos.example.com.", "videos.example.com:443"),
        ("http://[::1]:7860", "[::1]:7860"),
    ],
)
def test_an_origin_is_its_host(origin: str, host: str) -> None:
    sent, said = Host.read(host), Host.of_origin(origin)
    assert sent
    assert said
    assert sent.matches(said)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:7860"),
        ("http://localhost", "localhost:7860"),
        ("http://127.0.0.1:7860", "localhost:7860"),
        ("https://evil.example", "videos.example.com"),
        ("https://videos.example.com.evil.example", "videos.example.com"),
        ("https://a.videos.example.com", "videos.example.com"),
    ],
)
def test_another_origin_is_not(origin: str, host: str) -> None:
    sent, said = Host.read(host), Host.of_origin(origin)
    assert sent
    assert said
    assert not sent.matches(said)


@pytest.mark.parametrize("origin", ["null", "", "localhost:7860", "file://", "ftp://localhost"])
def test_no_origin_of_a_page_is_none(origin: str) -> None:
    assert Host.of_origin(origin) is None


def test_an_allowed_host_without_a_port_allows_every_port() -> None:
    asked = Host("videos.example.com", 8443)
    assert asked.is_one_of([Host("other.example"), Host("videos.example.com")])
    assert asked.is_one_of([Host("videos.example.com", 8443)])
    assert not asked.is_one_of([Host("videos.example.com", 443), Host("example.com")])


@pytest.mark.parametrize(
    "name",
    [
        *("X-Cluster-Client-IP", "Fly-Client-IP", "X-Azure-ClientIP", "X-Appengine-User-Ip"),
        *("X-ProxyUser-Ip", "Forwarded-For", "X_Forwarded_For", "X-Coming-From", "X-Scheme"),
        *(
            "X-Real-Port",
            "CDN-Loop",
            "Tailscale-User-Login",
            "VIA",
            "Forwarded",
            "CF-Ray",
            "Ngrok-Auth-User-Email",
        ),
    ],
)
def test_a_header_of_any_proxy_is_known(name: str) -> None:
    assert forwarded([name])


def test_a_browsers_own_headers_are_no_proxys() -> None:
    assert not forwarded(["Host", "Accept-Language", "User-Agent", "Sec-Fetch-Site", "Cookie"])
