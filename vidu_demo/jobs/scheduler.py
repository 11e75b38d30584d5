"""Runs each job's next step when it is due: many jobs, few threads, one rate limit, and fairly.

`FairQueue` decides what comes next and `HeapScheduler` runs it. Submits, polls and downloads have
their own workers, and no worker ever waits, neither for the rate limit nor for another's lock.
Within each kind, visitors are served round-robin (like fair queueing in networks) and none of them
gets all the workers, so one visitor's thousand steps delay another visitor by only one.
"""

import heapq
import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Protocol

from vidu_demo.jobs.job import Job

log = logging.getLogger(__name__)


class StepKind(StrEnum):
    """What a step does. Only polls are rate limited."""

    SUBMIT = "submit"
    POLL = "poll"
    DOWNLOAD = "download"


WORKERS = {StepKind.SUBMIT: 16, StepKind.POLL: 32, StepKind.DOWNLOAD: 16}
"""Threads for each kind. A group of visitors gets at most half of them, a part of it a quarter."""


@dataclass(frozen=True, eq=False)
class Step:
    """The next thing to do for a job.

    Attributes:
        run: Does it, and handles its own errors.
        job: The job's id.
        kind: What it does.
        visitor: Whom it is for, from the largest group to the smallest. Groups take turns, and so
            do the parts within each group.
        lock: Two steps with the same lock never run at the same time.
        weight: How many polls a poll counts as in the rate limit.
    """

    run: Callable[[], None]
    job: str
    kind: StepKind
    visitor: tuple[str, ...]
    lock: str
    weight: float = 1.0


class Listener(Protocol):
    """What a scheduler tells whoever follows the jobs."""

    def begin(self, job: Job) -> bool:
        """Follow a job in this process; False if there is nothing to do."""

    def take_over(self, job: Job) -> bool:
        """Go on with a job whose process is gone; False if there is nothing to do."""

    def lose(self, job_id: str) -> None:
        """Run no more steps of a job, because another process follows it or it has ended."""

    def hear_forgotten(self, owner: str, age: float) -> None:
        """Forget a visitor's key, as another process did `age` seconds ago."""


class Scheduler(Protocol):
    """Has each open job followed by one process, and runs its steps there when they are due."""

    def open(self, listener: Listener) -> None:
        """Start. Steps that were put earlier wait for this."""

    def close(self) -> None:
        """Finish the running steps and start no more."""

    def assign(self, job_id: str) -> bool:
        """Have a job followed: by this process at once if True, and otherwise soon."""

    def ended(self, job_id: str) -> None:
        """Note that this process no longer follows a job."""

    def tell_forgotten(self, owner: str) -> None:
        """Have all other processes forget a visitor's key.

        Raises:
            KeyStays: They could not be told.
        """

    def put(self, step: Step, wait: float) -> None:
        """Run a step in `wait` seconds, or as soon after that as it is its visitor's turn."""

    def cancel(self, step: Step) -> None:
        """Remove a step that was put, unless it has started."""


class FairQueue:
    """Decides which step is next.

    Args:
        polls_per_second: The maximum, for all visitors together; None if other processes count, so
            that `polls_from` says after each poll when the next can start.
    """

    def __init__(self, polls_per_second: float | None) -> None:
        self._spacing = 1.0 / polls_per_second if polls_per_second else math.inf
        self._next_poll = 0.0
        self._later: list[tuple[float, int, Step]] = []
        self._order = count()
        self._locked: set[str] = set()
        self._all = {kind: _Group(workers) for kind, workers in WORKERS.items()}

    def put(self, step: Step, due: float) -> None:
        """Add a step that is due at a time."""
        for group in self._groups(step):
            group.held += 1
        heapq.heappush(self._later, (due, next(self._order), step))

    def take(self, now: float) -> Step | None:
        """Start the next step, if one can start now; `done` ends it."""
        while self._later and self._later[0][0] <= now:
            *_, due = heapq.heappop(self._later)
            self._groups(due)[-1].due.append(due)
        for kind, everybody in self._all.items():
            if kind is StepKind.POLL and now < self._next_poll:
                continue
            if step := everybody.take(self._locked):
                self._locked.add(step.lock)
                if kind is StepKind.POLL:
                    self._next_poll = now + self._spacing * step.weight
                return step
        return None

    def polls_from(self, time: float) -> None:
        """Let the next poll start from a time on."""
        self._next_poll = time

    def done(self, step: Step) -> None:
        """End a started step. Put the job's next step before this, so that it keeps its turn."""
        self._locked.discard(step.lock)
        for group in self._groups(step):
            group.running -= 1
        self._let_go(step)

    def cancel(self, step: Step) -> None:
        """Remove a step, unless it has started."""
        later = [entry for entry in self._later if entry[-1] is not step]
        if len(later) < len(self._later):
            heapq.heapify(later)
            self._later = later
        elif step in (due := self._groups(step)[-1].due):
            due.remove(step)
        else:
            return
        self._let_go(step)

    def wait(self, now: float) -> float | None:
        """Seconds to wait after `now` until `take` may find a step; None if it won't."""
        times = [self._next_poll, *(due for due, *_ in self._later[:1])]
        return min((time - now for time in times if now < time < math.inf), default=None)

    def _let_go(self, step: Step) -> None:
        """Release a step, and remove groups that hold no other."""
        groups = self._groups(step)
        for group in groups:
            group.held -= 1
        for group, part, name in zip(groups, groups[1:], step.visitor, strict=False):
            if not part.held:
                del group.parts[name]
                return

    def _groups(self, step: Step) -> "list[_Group]":
        """List the groups that a visitor belongs to, from everyone down to the visitor alone."""
        groups = [self._all[step.kind]]
        for name in step.visitor:
            groups.append(groups[-1].part(name))
        return groups


class _Group:
    """Visitors that share a turn, or one visitor."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.held = self.running = 0
        self.parts: dict[str, _Group] = {}  # the least recently served first
        self.due: deque[Step] = deque()

    def part(self, name: str) -> "_Group":
        return self.parts.setdefault(name, _Group(max(1, self.workers // 2)))

    def take(self, locked: set[str]) -> Step | None:
        if self.running >= self.workers:
            return None
        if step := self._of_parts(locked) or self._own(locked):
            self.running += 1
        return step

    def _of_parts(self, locked: set[str]) -> Step | None:
        for name, part in self.parts.items():
            if step := part.take(locked):
                self.parts[name] = self.parts.pop(name)
                return step
        return None

    def _own(self, locked: set[str]) -> Step | None:
        for step in self.due:
            if step.lock not in locked:
                self.due.remove(step)
                return step
        return None


class HeapScheduler:
    """A scheduler for the only process that follows jobs.

    Args:
        clock: Returns seconds, monotonic.
        polls_per_second: As for `FairQueue`.
    """

    def __init__(self, clock: Callable[[], float], polls_per_second: float | None) -> None:
        self._clock = clock
        self._queue = FairQueue(polls_per_second)
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._workers = ThreadPoolExecutor(sum(WORKERS.values()), "vidu-worker")
        self._thread = threading.Thread(target=self._schedule, name="vidu-jobs", daemon=True)

    def open(self, listener: Listener) -> None:  # noqa: ARG002 - nobody else follows anything
        """Start. Steps that were put earlier wait for this."""
        self._thread.start()

    def close(self) -> None:
        """Finish the running steps and start no more."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
        self._thread.join()
        self._workers.shutdown(cancel_futures=True)

    def assign(self, job_id: str) -> bool:  # noqa: ARG002 - every job is followed here
        """Have a job followed by this process at once."""
        return True

    def ended(self, job_id: str) -> None:
        """Nothing to note: nobody else asks."""

    def tell_forgotten(self, owner: str) -> None:
        """Nobody to tell: keys are in this process only."""

    def put(self, step: Step, wait: float) -> None:
        """Run a step in `wait` seconds, or as soon after that as it is its visitor's turn."""
        with self._changed:
            self._queue.put(step, self._clock() + wait)
            self._changed.notify()

    def cancel(self, step: Step) -> None:
        """Remove a step that was put, unless it has started."""
        with self._changed:
            self._queue.cancel(step)

    def _schedule(self) -> None:
        while step := self._next():
            try:
                self._workers.submit(self._start, step)
            except RuntimeError as error:
                # No thread could be added: an existing one takes it, or Python is exiting.
                log.error("a step has to wait for a thread: %s", error)

    def _next(self) -> Step | None:
        """Wait for the next step; None once closed."""
        with self._changed:
            while not self._closing.is_set():
                now = self._clock()
                if step := self._queue.take(now):
                    return step
                self._changed.wait(self._queue.wait(now))
        return None

    def _start(self, step: Step) -> None:
        try:
            self._run(step)
        finally:
            with self._changed:
                self._queue.done(step)
                self._changed.notify()

    def _run(self, step: Step) -> None:
        step.run()
