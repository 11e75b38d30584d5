"""A semaphore that serves visitors round-robin, not first come, first served."""

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


class FairSemaphore:
    """Limits how many calls run at once, and how many calls of a visitor wait.

    Args:
        slots: How many calls can run at once.
        most_waiting: How many calls of one visitor can wait.
    """

    def __init__(self, slots: int, most_waiting: int) -> None:
        self._free, self._most_waiting = slots, most_waiting
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()

    @contextmanager
    def slot(self, visitor: str) -> Iterator[None]:
        """Wait for a slot and hold it.

        Raises:
            TooManyWaiting: This visitor already has too many calls waiting.
        """
        self._acquire(visitor)
        try:
            yield
        finally:
            self._release()

    def _acquire(self, visitor: str) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            waiting = self._waiting.get(visitor, deque())
            if len(waiting) >= self._most_waiting:
                raise TooManyWaiting
            acquired = threading.Event()
            waiting.append(acquired)
            self._waiting[visitor] = waiting
        acquired.wait()

    def _release(self) -> None:
        """Pass the slot to the visitor who has waited longest."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            visitor, waiting = self._waiting.popitem(last=False)
            waiting.popleft().set()
            if waiting:
                self._waiting[visitor] = waiting
