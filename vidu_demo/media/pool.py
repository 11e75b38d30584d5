"""Worker processes that decode what strangers send, each call within bounds of time and memory."""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import vidu_demo
from vidu_demo.api.errors import PictureInvalid
from vidu_demo.media.codec import Unreadable, unpack
from vidu_demo.media.waiting import Line
from vidu_demo.media.worker import READY

T = TypeVar("T")

SECONDS = 20.0
"""For one call. What is judged to be fine takes up to 5 s on two idle cores."""
MEGABYTES = 680
"""Of memory for a worker, on Linux; with the libraries it shares this makes 700."""
MOST_WAITING = 32
"""Calls of one visitor."""
START_SECONDS = 60.0
ENVIRONMENT = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG",
)  # fmt: skip
"""What a worker may know of the environment: no key, no token, no proxy."""


class Overtaxed(PictureInvalid):
    """A file took more time or memory than a worker has, or ended it."""

    what = "This file took too long to open, or too much memory. Try again."
    next_step = "If that doesn't help, save it again as an ordinary JPEG or MP4."

    def __init__(self, message: str = what) -> None:
        super().__init__(message)


class WorkerPool:
    """Runs functions of this package in processes of their own.

    Workers start when they are first needed and stay. One that takes too long, or ends, is
    replaced. It may be used from many threads.

    Args:
        workers: How many calls run at the same time.
        seconds: For one call, before its worker is ended.
        megabytes: Of memory for each worker; only Linux holds it to that.
        most_waiting: Calls of one visitor that may wait.
    """

    def __init__(
        self,
        workers: int = 2,
        seconds: float = SECONDS,
        megabytes: int = MEGABYTES,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._seconds, self._megabytes = seconds, megabytes
        self._line = Line(workers, most_waiting)
        self._lock = threading.Lock()
        self._all: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._closed = False

    def run(self, function: Callable[..., T], /, *args: Any, visitor: str = "") -> T:
        """Call a module-level function of this package in a worker.

        Args:
            function: What it returns must be known to `media.wire`.
            *args: Anything that can be pickled.
            visitor: For whom. Turns go round the visitors.

        Raises:
            Overtaxed: It took too long or too much memory, or the pool is closed.
            TooManyWaiting: This visitor has too many calls waiting.
            Exception: A `ViduError` or `ValueError` of the function.
        """
        call = pickle.dumps((function, args))
        with self._line.place(visitor):
            try:
                worker = self._take()
            except OSError:
                raise Overtaxed from None
            try:
                answer = worker.answer(call, self._seconds)
            except (OSError, ValueError, Unreadable):  # a pipe that broke, or was closed
                worker.end()
                raise Overtaxed from None
            except BaseException:
                worker.end()
                raise
            finally:
                self._put_back(worker)
        if isinstance(answer, Exception):
            raise answer
        result: T = answer
        return result

    @property
    def processes(self) -> list[int]:
        """The ids of the workers' processes."""
        with self._lock:
            return [worker.id for worker in self._all]

    def close(self) -> None:
        """End the workers; what they are at fails."""
        with self._lock:
            self._closed = True
            workers = list(self._all)
            self._all.clear()
            self._idle.clear()
        for worker in workers:
            worker.end()

    def _take(self) -> "_Worker":
        with self._lock:
            if self._closed:
                raise Overtaxed("This app is being stopped. Try again when it runs.")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                self._all.discard(worker)
                worker.end()
            worker = _Worker(self._megabytes)
            self._all.add(worker)
            return worker

    def _put_back(self, worker: "_Worker") -> None:
        with self._lock:
            if worker.alive and not self._closed:
                self._idle.append(worker)
                return
            self._all.discard(worker)
        worker.end()


class _Worker:
    """One process. Nobody else uses it while it has a call."""

    def __init__(self, megabytes: int) -> None:
        home = Path(vidu_demo.__file__).parent.parent
        known = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - this program, and a number
            [sys.executable, "-P", "-m", "vidu_demo.media.worker", str(megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                **known,
                "PYTHONPATH": os.pathsep.join([str(home), *filter(None, sys.path)]),
                "OPENBLAS_NUM_THREADS": "1",
            },
        )
        self._ready = False

    @property
    def id(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def answer(self, call: bytes, seconds: float) -> Any:
        """Hand a call over and wait for what comes of it.

        Raises:
            OSError: The process has ended.
            Unreadable: It has ended, or answers nonsense.
        """
        calls, answers = self._process.stdin, self._process.stdout
        if not calls or not answers:
            raise Unreadable
        if not self._ready:
            self._ready = self._within(START_SECONDS, lambda: answers.read(1)) == READY

        def ask() -> Any:
            calls.write(len(call).to_bytes(8))
            calls.write(call)
            calls.flush()
            return unpack(answers.read)

        return self._within(seconds, ask)

    def end(self) -> None:
        """End it at once, and wait until it has."""
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
