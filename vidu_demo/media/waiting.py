"""Who is next: places are given round the visitors, not in the order of asking."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from vidu_demo.api.errors import PictureInvalid


class TooManyWaiting(PictureInvalid):
    """A visitor has too many files waiting to be opened."""

    what = "Too many of your files are waiting to be opened."
    next_step = "Try again in a minute."

    def __init__(self, message: str = what) -> None:
        super().__init__(message)


class Line:
    """Gives places to those who wait.

    Args:
        places: How many there are.
        most: How many of one visitor may wait.
    """

    def __init__(self, places: int, most: int) -> None:
        self._free, self._most = places, most
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()

    @contextmanager
    def place(self, visitor: str) -> Iterator[None]:
        """Wait for a place and hold it.

        Raises:
            TooManyWaiting: This visitor has too many waiting already.
        """
        self._enter(visitor)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, visitor: str) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            waiting = self._waiting.get(visitor, deque())
            if len(waiting) >= self._most:
                raise TooManyWaiting
            called = threading.Event()
            waiting.append(called)
            self._waiting[visitor] = waiting
        called.wait()

    def _leave(self) -> None:
        """Hand the place on to the visitor who has waited longest for one."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            visitor, waiting = self._waiting.popitem(last=False)
            waiting.popleft().set()
            if waiting:
                self._waiting[visitor] = waiting
