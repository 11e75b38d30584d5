"""Host names in HTTP headers, and whether they mean this machine."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple, Self

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]@:/?#\\,]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Host(NamedTuple):
    """A host name or address in lower case, without brackets, and its port if given."""

    name: str
    port: int | None = None

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read a `Host` header or an entry of `VIDU_ALLOWED_HOSTS`; None if it is not a host."""
        parts = _AUTHORITY.fullmatch(text.strip())
        if not parts:
            return None
        name = parts[1].lower().removesuffix(".").strip("[]")
        return cls(name, int(parts[2]) if parts[2] else None) if name else None

    @classmethod
    def of_origin(cls, origin: str) -> Self | None:
        """Read an `Origin` header; its port is always known. None for `null` and the like."""
        scheme, _, rest = origin.partition("://")
        host = cls.read(rest)
        if not host or scheme.lower() not in _DEFAULT_PORTS:
            return None
        return host._replace(port=host.port or _DEFAULT_PORTS[scheme.lower()])

    @property
    def loopback(self) -> bool:
        """True for `localhost`, 127.0.0.0/8 and ::1."""
        try:
            return ip_address(self.name).is_loopback
        except ValueError:
            return self.name == "localhost"

    def matches(self, origin: "Host") -> bool:
        """Tell whether an origin is this host.

        Without a port, either default port matches: behind a TLS proxy, the scheme of the page is
        not the one that arrives here.
        """
        ports = _DEFAULT_PORTS.values() if self.port is None else (self.port,)
        return self.name == origin.name and origin.port in ports

    def is_one_of(self, allowed: Iterable["Host"]) -> bool:
        """Tell whether this is one of the allowed hosts.

        An entry without a port allows any port; one that starts with a dot allows all subdomains.
        """
        return any(
            (self.name == host.name or (host.name[0] == "." and self.name.endswith(host.name)))
            and host.port in (None, self.port)
            for host in allowed
        )
