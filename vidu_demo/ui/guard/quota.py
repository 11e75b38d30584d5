"""How much each address, and all addresses together, can still use. Does no I/O.

It counts uploads, and checks of visitors' keys as files without bytes.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

HOUR, DAY = 3600.0, 86_400.0
"""Seconds."""


@dataclass(frozen=True)
class Allowance:
    """What can be used in a period of time, which starts with the first use.

    Attributes:
        size: Bytes.
        files: Files.
        seconds: The length of the period.
    """

    size: int
    files: int
    seconds: float


@dataclass
class _Account:
    allowance: Allowance
    since: float
    size: int = 0
    files: int = 0

    def over(self, now: float) -> bool:
        return not 0 <= now - self.since < self.allowance.seconds

    def holds(self, size: int, files: int) -> bool:
        most = self.allowance
        return self.size + size <= most.size and self.files + files <= most.files


class Quota:
    """Keeps an account per address. Accounts are dropped when their period ends, so they stay few.

    Args:
        each: What one address can use.
        together: What all addresses together can use.
        clock: Returns seconds, monotonic.
    """

    def __init__(self, each: Allowance, together: Allowance, clock: Callable[[], float]) -> None:
        self._each, self._clock = each, clock
        self._together = _Account(together, clock())
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def __len__(self) -> int:
        return len(self._accounts)

    def spend(self, address: str, size: int = 0, files: int = 0) -> bool:
        """Book an upload.

        Args:
            address: Where the upload comes from.
            size: Bytes.
            files: Files.

        Returns:
            False, with nothing booked, if it exceeds what is left.
        """
        now = self._clock()
        if self._together.over(now):
            self._together = _Account(self._together.allowance, now)
        # Ordered by when they began, so only the oldest need to be looked at.
        while self._accounts and next(iter(self._accounts.values())).over(now):
            self._accounts.popitem(last=False)
        mine = self._accounts.get(household(address)) or _Account(self._each, now)
        if not (mine.holds(size, files) and self._together.holds(size, files)):
            return False
        self._accounts[household(address)] = mine
        for account in (mine, self._together):
            account.size += size
            account.files += files
        return True


def household(address: str) -> str:
    """Treat a /64 IPv6 network as one address, since one connection has all of it."""
    try:
        known = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or ip_network((known, 64), strict=False))
    return str(known)
