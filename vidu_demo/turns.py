"""Whose turn it is: the steps of many jobs on a few threads, each when it is due.

One thread decides, two small pools do the work: one asks, within one rate limit for the whole
process, and one submits and downloads, so that no download waits behind questions.
"""

import heapq
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

log = logging.getLogger(__name__)

POLL_THREADS = 8
TRANSFER_THREADS = 8

Step = Callable[[], None]


class Turns:
    """Takes steps when they are due.

    Args:
        clock: Gives seconds that never go back.
        requests_per_second: The most turns to ask.
    """

    def __init__(self, clock: Callable[[], float], requests_per_second: float) -> None:
        self._clock = clock
        self._spacing = 1.0 / requests_per_second
        self._next_question = 0.0
        self._due: list[tuple[float, int, bool, Step]] = []
        self._order = count()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._busy: set[str] = set()
        self._polls = ThreadPoolExecutor(POLL_THREADS, "vidu-poll")
        self._transfers = ThreadPoolExecutor(TRANSFER_THREADS, "vidu-transfer")
        self._scheduler = threading.Thread(target=self._schedule, name="vidu-jobs", daemon=True)

    def open(self) -> None:
        """Begin. Steps that were put before wait until then."""
        self._scheduler.start()

    def close(self) -> None:
        """Finish the steps that are under way, and begin no other."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        self._scheduler.join()
        self._polls.shutdown(cancel_futures=True)
        self._transfers.shutdown(cancel_futures=True)

    def put(self, step: Step, wait: float, *, asks: bool) -> None:
        """Have a step taken.

        Args:
            step: It handles its own errors.
            wait: Seconds until it is due.
            asks: True if it is going to ask the API, and calls `await_question` before.
        """
        with self._changed:
            heapq.heappush(self._due, (self._clock() + wait, next(self._order), asks, step))
            self._changed.notify()

    def await_question(self) -> bool:
        """Wait until the rate limit allows a question; False if all is closed before."""
        with self._changed:
            now = self._clock()
            turn = max(now, self._next_question)
            self._next_question = turn + self._spacing
        return not self._closing.wait(turn - now)

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Hold a name while working on what it stands for; False if another step holds it."""
        with self._changed:
            alone = name not in self._busy
            self._busy.add(name)
        try:
            yield alone
        finally:
            if alone:
                self._busy.discard(name)

    def _schedule(self) -> None:
        while True:
            with self._changed:
                while not self._closing.is_set() and (
                    not self._due or (wait := self._due[0][0] - self._clock()) > 0
                ):
                    self._changed.wait(wait if self._due else None)
                if self._closing.is_set():
                    return
                *_, asks, step = heapq.heappop(self._due)
            try:
                (self._polls if asks else self._transfers).submit(step)
            except RuntimeError as error:
                # No thread could be added: then one that is there takes it. Or Python is ending.
                log.error("a step has to wait for a thread: %s", error)
