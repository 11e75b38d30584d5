"""Where decoders run: in this process, or in a pool."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


class Run(Protocol):
    """Calls a module-level function of this package somewhere, and returns its result."""

    def __call__(self, function: Callable[..., T], /, *args: Any, visitor: str = "") -> T:
        """Call `function` with `args` when it is `visitor`'s turn."""


def in_process(function: Callable[..., T], /, *args: Any, visitor: str = "") -> T:  # noqa: ARG001
    """Call a function right here."""
    return function(*args)


class Cache(Generic[Key, T]):
    """Keeps the latest results, so that each file is decoded only once.

    Args:
        most: How many to keep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._results: OrderedDict[Key, T] = OrderedDict()

    def resize(self, most: int) -> None:
        """Change how many to keep."""
        self._most = most

    def get(self, key: Key, make: Callable[[], T]) -> T:
        """Return the kept result, or make and keep it; failures are not kept."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        made = make()
        with self._lock:
            self._results[key] = made
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        return made
