"""Where video links may lead: to public addresses over https, and to hosts named in the settings.

Links come from outside. One that leads to this machine or its network could fetch something private
and show it to a visitor. So the address to connect to is checked, not the name, which can resolve
to anything.
"""

import ipaddress
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private")
"""Top-level names that are local to each network (by RFC 6761, RFC 6762 or convention)."""
_LOCAL_ENDS = tuple(f".{name}" for name in (*_LOCAL_NAMES, "home.arpa"))
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Reach:
    """What a download may connect to.

    Attributes:
        hosts: Names or addresses that are always allowed, even over http.
        loopback: Whether this machine is allowed, even over http, as the simulator needs.
    """

    hosts: frozenset[str] = frozenset()
    loopback: bool = False

    @classmethod
    def of(cls, base_url: str, media_hosts: str) -> "Reach":
        """Derive it from the API's address and `VIDU_MEDIA_HOSTS`.

        Args:
            base_url: The API's address; an API on loopback may link to loopback.
            media_hosts: Comma-separated host names.
        """
        hosts = frozenset(_plain(_host(name)) for name in media_hosts.split(",") if name.strip())
        return cls(hosts - {""}, is_loopback(_host(base_url)))

    @classmethod
    def of_environment(cls) -> "Reach":
        """Derive it from `NOVITA_BASE_URL` and `VIDU_MEDIA_HOSTS` in the environment."""
        return cls.of(os.environ.get("NOVITA_BASE_URL", ""), os.environ.get("VIDU_MEDIA_HOSTS", ""))

    def admits(self, scheme: str, host: str, address: str) -> bool:
        """Tell whether connecting to a host at a resolved address is allowed."""
        if _plain(host) in self.hosts:
            return True
        ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
        return self.loopback if ip.is_loopback else scheme == "https" and _is_public(ip)

    def admits_name(self, scheme: str, host: str) -> bool:
        """Tell whether a host is allowed through a proxy, which resolves the name itself."""
        name = _plain(host)
        if name in self.hosts:
            return True
        if address := _literal(name):
            return self.admits(scheme, name, address)
        return scheme == "https" and "." in name and not f".{name}".endswith(_LOCAL_ENDS)


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address is this machine."""
    name = _plain(host)
    try:
        return _inner(ipaddress.ip_address(name)).is_loopback
    except ValueError:
        return f".{name}".endswith(".localhost")


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _host(address: str) -> str:
    """Extract the host from a URL, or from anything given as a host name."""
    text = address.strip()
    with suppress(ValueError):
        return str(ipaddress.ip_address(text))
    with suppress(ValueError):
        return urlsplit(text if "://" in text else f"//{text}").hostname or ""
    return ""


def _inner(ip: Address) -> Address:
    """Return the IPv4 address embedded in some IPv6 addresses, where packets end up."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or nat64 or ip


def _is_public(ip: Address) -> bool:
    unicast = not ip.is_multicast if ip.version == 4 else ip in _UNICAST
    return unicast and ip.is_global


def _literal(name: str) -> str | None:
    """Read a host that is an IP address, in any of the forms that C libraries accept."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(name))
    with suppress(OSError, ValueError):
        return socket.inet_ntoa(socket.inet_aton(name))  # such as 2130706433, 0x7f.1 and 0177.1
    return None
