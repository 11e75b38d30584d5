"""Where a link may lead, by the address that is connected to."""

import pytest

from vidu_demo.api.network.reach import Reach, is_loopback

PUBLIC, HERE = Reach(), Reach(loopback=True)

OUTSIDE = [
    *("8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"),
    *("2002:808:808::1",),
]
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
INSIDE = [
    *("0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),  # noqa: S104
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "fe80::1%eth0"),
    *("fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::127.0.0.1", "64:ff9b:1::7f00:1"),
    *("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::", "2001:db8::1"),
    *("::ffff:0:0", "::ffff:100.64.0.1", "4000::1"),
]


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_over_https_only(address: str) -> None:
    assert PUBLIC.admits("https", "cdn.example.com", address)
    assert not PUBLIC.admits("http", "cdn.example.com", address)
    assert not HERE.admits("http", "cdn.example.com", address)


@pytest.mark.parametrize("address", LOOPBACK)
def test_this_machine_only_where_the_api_is_here(address: str) -> None:
    for scheme in ("http", "https"):
        assert not PUBLIC.admits(scheme, "cdn.example.com", address)
        assert HERE.admits(scheme, "cdn.example.com", address)
    assert is_loopback(address)


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_of_the_network_around(address: str) -> None:
    for scheme in ("http", "https"):
        assert not PUBLIC.admits(scheme, "cdn.example.com", address)
        assert not HERE.admits(scheme, "cdn.example.com", address)


@pytest.mark.parametrize(
    "named",
    [
        "cache.lan",
        " Cache.LAN. ",
        "x.example, cache.lan",
        "https://cache.lan:8443/v",
        ",,cache.lan,",
    ],
)
def test_a_host_that_is_named_may_be_anywhere(named: str) -> None:
    reach = Reach.of("https://api.novita.ai", named)
    for host in ("cache.lan", "CACHE.lan."):
        assert reach.admits("http", host, "10.0.0.1")
        assert reach.admits_name("http", host)
    assert not reach.admits("https", "other.cache.lan", "10.0.0.1")
    assert not reach.admits("https", "lan", "10.0.0.1")


@pytest.mark.parametrize("named", ["", " ", ",", "http://[broken"])
def test_nothing_named_allows_nothing(named: str) -> None:
    assert Reach.of("https://api.novita.ai", named) == PUBLIC


@pytest.mark.parametrize("named", ["10.0.0.1", "::1", "[::1]", "https://[::1]:8000"])
def test_an_address_may_be_named(named: str) -> None:
    host = "10.0.0.1" if named[0] == "1" else "[::1]"
    assert Reach.of("", named).admits("http", host, host.strip("[]"))


@pytest.mark.parametrize(
    ("base", "here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000/api", True),
        ("http://LOCALHOST.", True),
        ("https://api.localhost", True),
        ("http://[::1]:8000", True),
        ("https://api.novita.ai", False),
        ("http://10.0.0.1", False),
        ("https://localhost.example.com", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_the_apis_own_address_decides_about_this_machine(base: str, here: bool) -> None:
    assert Reach.of(base, "").loopback is here


def test_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Reach.of_environment() == PUBLIC
    monkeypatch.setenv("NOVITA_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("VIDU_MEDIA_HOSTS", "a.lan, b.lan")
    assert Reach.of_environment() == Reach(frozenset({"a.lan", "b.lan"}), loopback=True)


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("cdn.example.com", True),
        ("cdn.example.com.", True),
        ("8.8.8.8", True),
        ("[2606:4700::1111]", True),
        *((host, False) for host in ("localhost", "localhost.", "a.localhost", "LOCALHOST")),
        *((host, False) for host in ("metadata", "metadata.google.internal", "nas.local", "a.lan")),
        *(
            (host, False)
            for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1")
        ),
        *(
            (host, False)
            for host in ("10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0", "router.home.arpa")
        ),
    ],
)
def test_behind_a_proxy_the_name_is_judged(host: str, admitted: bool) -> None:
    assert PUBLIC.admits_name("https", host) is admitted
    assert not PUBLIC.admits_name("http", host)
