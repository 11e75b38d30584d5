"""Where a decoder runs: in this process, or wherever a pool's `run` takes it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


class Run(Protocol):
    """Calls a module-level function of this package somewhere, and gives what it gives."""

    def __call__(self, function: Callable[..., T], /, *args: Any, visitor: str = "") -> T:
        """Call `function` with `args`, in the turn of `visitor`."""


def in_process(function: Callable[..., T], /, *args: Any, visitor: str = "") -> T:  # noqa: ARG001
    """Call a function here and now."""
    return function(*args)


class Cache(Generic[Key, T]):
    """The latest results, so that each file is decoded once.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._results: OrderedDict[Key, T] = OrderedDict()

    def resize(self, most: int) -> None:
        """Change how many are kept."""
        self._most = most

    def get(self, key: Key, make: Callable[[], T]) -> T:
        """Give what is kept, or make it and keep it; what fails is not kept."""
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
