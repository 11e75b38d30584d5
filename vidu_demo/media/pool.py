"""Worker processes that decode untrusted files, with limits on time and memory per call."""

import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.media import process
from vidu_demo.media.codec import Unreadable, unpack
from vidu_demo.media.fair_semaphore import FairSemaphore
from vidu_demo.media.worker import READY

T = TypeVar("T")

SECONDS = 20.0
"""For each call. A file that passes the checks takes up to 5 s on two idle cores."""
MEGABYTES = 680
"""Memory per worker, on Linux; 700 including shared libraries."""
MAX_WAITING = 32
"""Waiting calls per visitor."""
START_SECONDS = 60.0


class OpeningFailed(PictureInvalid):
    """A file took too much time or memory to open, or crashed its worker."""

    what = "This file took too long or too much memory to open. Try again."
    next_step = "If that doesn't help, save it again as an ordinary JPEG or MP4."

    def __init__(self, message: str = what) -> None:
        super().__init__(message)


class WorkerPool:
    """Runs functions of this package in separate processes. Thread-safe.

    Workers start when first needed and keep running. One that takes too long, or dies, is replaced.

    Args:
        workers: How many calls can run at the same time.
        seconds: Time for a call before its worker is killed.
        megabytes: Memory per worker; only enforced on Linux.
        most_waiting: How many calls of one visitor can wait.
    """

    def __init__(
        self,
        workers: int = 2,
        seconds: float = SECONDS,
        megabytes: int = MEGABYTES,
        most_waiting: int = MAX_WAITING,
    ) -> None:
        self._seconds, self._megabytes = seconds, megabytes
        self._turns = FairSemaphore(workers, most_waiting)
        self._lock = threading.Lock()
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._closed = False

    def run(self, function: Callable[..., T], /, *args: Any, visitor: str = "") -> T:
        """Call a module-level function of this package in a worker.

        Args:
            function: A function whose result `media.codec` supports.
            *args: Anything that can be pickled.
            visitor: Who asks. Visitors are served in turn.

        Raises:
            OpeningFailed: It took too long or too much memory, or the pool is closed.
            TooManyWaiting: This visitor has too many calls waiting.
            ViduError, ValueError: The function raised it.
        """
        call = pickle.dumps((function, args))
        with self._turns.slot(visitor):
            try:
                worker = self._take()
            except OSError:
                raise OpeningFailed from None
            try:
                result = worker.call(call, self._seconds)
            except (OSError, ValueError, Unreadable):  # a pipe that broke or was closed
                worker.end()
                raise OpeningFailed from None
            except BaseException:
                worker.end()
                raise
            finally:
                self._put_back(worker)
        if isinstance(result, Exception):
            raise result
        return cast("T", result)

    @property
    def processes(self) -> list[int]:
        """The process ids of the workers."""
        with self._lock:
            return [worker.id for worker in self._workers]

    def close(self) -> None:
        """Kill the workers; their running calls fail."""
        with self._lock:
            self._closed = True
            workers = list(self._workers)
            self._workers.clear()
            self._idle.clear()
        for worker in workers:
            worker.end()

    def _take(self) -> "_Worker":
        with self._lock:
            if self._closed:
                raise OpeningFailed("This app is shutting down. Try again when it is running.")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                self._workers.discard(worker)
                worker.end()
            worker = _Worker(self._megabytes)
            self._workers.add(worker)
            return worker

    def _put_back(self, worker: "_Worker") -> None:
        with self._lock:
            if worker.alive and not self._closed:
                self._idle.append(worker)
                return
            self._workers.discard(worker)
        worker.end()


class _Worker:
    """One process, running one call at a time."""

    def __init__(self, megabytes: int) -> None:
        self._process = process.start("vidu_demo.media.worker", str(megabytes))
        self._ready = False

    @property
    def id(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def call(self, call: bytes, seconds: float) -> Any:
        """Send a pickled call and wait for its result, or the exception that it raised.

        Raises:
            OSError: The process has died.
            Unreadable: It has died, or sends nonsense.
        """
        calls, results = self._process.stdin, self._process.stdout
        if not calls or not results:
            raise Unreadable
        if not self._ready:
            self._ready = self._within(START_SECONDS, lambda: results.read(1)) == READY

        def exchange() -> Any:
            calls.write(len(call).to_bytes(8))
            calls.write(call)
            calls.flush()
            return unpack(results.read)

        return self._within(seconds, exchange)

    def end(self) -> None:
        """Kill the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError, ValueError):
                if pipe:
                    pipe.close()

    def _within(self, seconds: float, work: Callable[[], T]) -> T:
        limit = threading.Timer(seconds, self._process.kill)
        limit.daemon = True
        limit.start()
        try:
            return work()
        finally:
            limit.cancel()
