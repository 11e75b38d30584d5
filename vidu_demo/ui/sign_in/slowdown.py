"""How long an address must wait after wrong passwords. Does no I/O."""

from collections import OrderedDict
from collections.abc import Callable

from vidu_demo.ui.guard.quota import household

FREE = 5
"""Wrong passwords before the first wait."""
LONGEST = 300.0
"""Seconds that an address waits at most."""
FORGOTTEN_AFTER = 3600.0
"""Seconds after which an address's last wrong password is forgotten."""


class Slowdown:
    """Counts wrong passwords by address. The wait starts at one second and doubles each time.

    Args:
        clock: Returns seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failed)

    def wait(self, address: str) -> float:
        """Return how many seconds an address must still wait; 0 if it may try."""
        times, last = self._failed.get(household(address), (0, 0.0))
        pause = min(LONGEST, 2.0 ** (times - FREE)) if times >= FREE else 0.0
        return max(0.0, last + pause - self._clock())

    def failed(self, address: str) -> None:
        """Note a wrong password."""
        now, name = self._clock(), household(address)
        # Ordered by last wrong password, so only the oldest need to be looked at.
        while self._failed and now - next(iter(self._failed.values()))[1] >= FORGOTTEN_AFTER:
            self._failed.popitem(last=False)
        times, _ = self._failed.pop(name, (0, 0.0))
        self._failed[name] = times + 1, now

    def succeeded(self, address: str) -> None:
        """Forget an address."""
        self._failed.pop(household(address), None)
