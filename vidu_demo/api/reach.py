"""Where a link to a video may lead: over https to public addresses, and to hosts that are named.

A link comes from outside. One that leads to this machine, or into the network around it, would
fetch what only they may see, and what is fetched is shown to a visitor. So the address that is
connected to is judged, not the name: a name can resolve to anything.
"""

import ipaddress
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private")
"""Last labels of names that mean something else in every network (RFC 6761, 6762 and habit)."""
_LOCAL_ENDS = tuple(f".{name}" for name in (*_LOCAL_NAMES, "home.arpa"))
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Reach:
    """What a download may connect to.

    Attributes:
        hosts: Names or addresses that are allowed whatever they resolve to, over http too.
        loopback: Whether this machine may be reached, over http too, as the simulator needs.
    """

    hosts: frozenset[str] = frozenset()
    loopback: bool = False

    @classmethod
    def of(cls, base_url: str, media_hosts: str) -> "Reach":
        """Say what may be reached by an API's address and `VIDU_MEDIA_HOSTS`.

        Args:
            base_url: The API's address; one on loopback may give links that lead there.
            media_hosts: Names of hosts with commas between them.
        """
        hosts = frozenset(_plain(_host(name)) for name in media_hosts.split(",") if name.strip())
        return cls(hosts - {""}, is_loopback(_host(base_url)))

    @classmethod
    def of_environment(cls) -> "Reach":
        """Do the same from `NOVITA_BASE_URL` and `VIDU_MEDIA_HOSTS`."""
        return cls.of(os.environ.get("NOVITA_BASE_URL", ""), os.environ.get("VIDU_MEDIA_HOSTS", ""))

    def admits(self, scheme: str, host: str, address: str) -> bool:
        """Tell whether a host may be connected to at an address that its name resolved to."""
        if _plain(host) in self.hosts:
            return True
        ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
        return self.loopback if ip.is_loopback else scheme == "https" and _is_public(ip)

    def admits_name(self, scheme: str, host: str) -> bool:
        """Tell whether a proxy may be sent to a host: it resolves the name, not this machine."""
        name = _plain(host)
        if name in self.hosts:
            return True
        if address := _literal(name):
            return self.admits(scheme, name, address)
        return scheme == "https" and "." in name and not f".{name}".endswith(_LOCAL_ENDS)


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address means this machine."""
    name = _plain(host)
    try:
        return _inner(ipaddress.ip_address(name)).is_loopback
    except ValueError:
        return f".{name}".endswith(".localhost")


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _host(address: str) -> str:
    """Get the host out of an address, or out of what somebody took for a host's name."""
    text = address.strip()
    with suppress(ValueError):
        return str(ipaddress.ip_address(text))
    with suppress(ValueError):
        return urlsplit(text if "://" in text else f"//{text}").hostname or ""
    return ""


def _inner(ip: Address) -> Address:
    """Get the IPv4 address that some IPv6 addresses carry, and that packets to them end at."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or nat64 or ip


def _is_public(ip: Address) -> bool:
    unicast = not ip.is_multicast if ip.version == 4 else ip in _UNICAST
    return unicast and ip.is_global


def _literal(name: str) -> str | None:
    """Read a host that is an address, in any of the ways in which C libraries read one."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(name))
    with suppress(OSError, ValueError):
        return socket.inet_ntoa(socket.inet_aton(name))  # such as 2130706433, 0x7f.1 and 0177.1
    return None
