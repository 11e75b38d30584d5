"""When to ask again about a task: pure arithmetic, no clock, no HTTP.

A question costs a request, a late question costs the visitor seconds. If `h(t)` is the chance
per second that a task which still runs at `t` ends right then, a gap of `d` seconds costs `1/d`
questions and `h·d/2` seconds of lateness per second, so the best gap is `sqrt(2 / (rate · h))`:
seldom while success is unlikely, often when it is due. `h` comes from how long tasks took: the
published 30 s to 5 min when nothing else is known, this installation's own past waits once there
are some, and the API's own eta or percent where it says something.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vidu_demo.errors import (
    ApiRefused,
    ApiUnreachable,
    ContactLost,
    NotFound,
    ServiceFailed,
    StatusUnknown,
    TaskFailed,
    TooFast,
    VideoMissing,
    ViduError,
)
from vidu_demo.task import Task, TaskStatus

FIRST_WAIT = 2.0
"""Seconds from the submit to the first question, which tells whether the task is queued."""

SHORTEST_GAP, LONGEST_GAP = 1.0, 45.0
"""Seconds between two questions about a running task that is not off-peak."""

CALM_SHORTEST, CALM_LONGEST = 60.0, 900.0
"""Seconds between two questions about an off-peak task, which may take 48 hours."""

LONGEST_BACKOFF, LONGEST_RETRY_AFTER = 60.0, 300.0
"""Seconds to wait after failures, and the most that a `Retry-After` is followed."""

MAX_FAILURES = 12
"""Questions in a row without a usable answer before a watcher is told."""

MAX_ODD_ANSWERS = 30
"""Answers in a row with an unknown status before a watcher is told."""

MAX_MISSING = 6
"""Answers in a row with “not found”, or with success but no link, before they count as final."""

TRANSIENT = (ApiUnreachable, ServiceFailed, TooFast)
"""Failures of a question that pass by themselves."""

QUESTIONS_PER_SECOND_SAVED = 8.0
"""How many questions one second less of lateness is worth: the `rate` above."""


@dataclass(frozen=True)
class Expectation:
    """A guess about a task's whole time: log-normal, with a weight among other guesses.

    Attributes:
        seconds: The median.
        spread: The standard deviation of the time's logarithm.
        weight: Its share; the shares of a list of guesses need not add up to 1.
    """

    seconds: float
    spread: float
    weight: float = 1.0

    def _z(self, time: float) -> float:
        return math.log(time / self.seconds) / self.spread

    def density(self, time: float) -> float:
        """The chance per second of ending at `time`, times the weight."""
        bell = math.exp(-0.5 * self._z(time) ** 2) / math.sqrt(2 * math.pi)
        return self.weight * bell / (self.spread * time)

    def survival(self, time: float) -> float:
        """The chance of still running at `time`, times the weight."""
        return self.weight * 0.5 * math.erfc(self._z(time) / math.sqrt(2))


PUBLISHED = Expectation(95.0, 0.7, weight=2.0)
"""30 s to 5 min as the 5th and 95th percentile; it counts as much as two past waits."""


def expectations(past: Sequence[float], task: Task | None, waited: float) -> list[Expectation]:
    """Gather what is known about a task's whole time.

    Args:
        past: How long like tasks of this installation took, in seconds.
        task: The last answer, if there was one.
        waited: Seconds since the submit.
    """
    known = [PUBLISHED]
    if past:
        logs = [math.log(max(1.0, seconds)) for seconds in past]
        mean = math.fsum(logs) / len(logs)
        # Two imagined past waits of the published spread keep a few real ones from overclaiming.
        squares = math.fsum((log - mean) ** 2 for log in logs) + 2 * PUBLISHED.spread**2
        spread = max(0.1, math.sqrt(squares / (len(logs) + 2)))
        known.append(Expectation(math.exp(mean), spread, weight=len(past)))
    left, doubt = None, 0.0
    if task and task.eta:
        left, doubt = task.eta, 0.3
    elif task and task.progress and waited > 0:
        left, doubt = waited * (100 - task.progress) / task.progress, 0.6
    if left is not None:
        total = max(1.0, waited + left)
        spread = min(0.5, max(0.02, doubt * left / total))
        known.append(Expectation(total, spread, weight=3 * sum(part.weight for part in known)))
    return known


def gap(known: Sequence[Expectation], waited: float) -> float:
    """Seconds until the next question is worth asking.

    Questions are laid at a density of `sqrt(rate · h / 2)`; the next is due where that adds up
    to one.
    """
    step, due, time = 0.25, 0.0, max(waited, 0.25)
    while due < 1 and time - waited < LONGEST_GAP:
        time += step
        running = sum(part.survival(time) for part in known)
        # Far out on every tail the quotient has no digits left; one in 100 s is a calm guess.
        hazard = sum(part.density(time) for part in known) / running if running > 1e-9 else 0.01
        due += step * math.sqrt(QUESTIONS_PER_SECOND_SAVED * hazard / 2)
        step = max(0.25, (time - waited) / 32)
    return max(SHORTEST_GAP, time - waited)


@dataclass
class Pacer:
    """Decides, for one task, when to ask again and when to give up. Both waiting loops use it.

    Attributes:
        task_id: The task.
        random: Gives a number in [0, 1): spreads questions so that tasks do not march in step.
        past: How long like tasks took, in seconds.
        off_peak: True for a task that may take 48 hours.
    """

    task_id: str
    random: Callable[[], float]
    past: Sequence[float] = ()
    off_peak: bool = False
    _failures: int = field(default=0, init=False)
    _odd: int = field(default=0, init=False)
    _missing: int = field(default=0, init=False)

    def answered(self, task: Task, waited: float) -> float | None:
        """Take an answer in.

        Args:
            task: The answer.
            waited: Seconds since the submit.

        Returns:
            Seconds until the next question, or None if the task is done and its video named.

        Raises:
            TaskFailed: The task ended without a video.
            VideoMissing: Success was reported repeatedly, without a link.
            StatusUnknown: An undocumented status came too often in a row.
        """
        self._failures = 0
        if task.status is TaskStatus.FAILED:
            raise TaskFailed(task.task_id, task.reason)
        if task.status is TaskStatus.SUCCEEDED:
            if task.video_url:
                return None
            self._missing += 1
            if self._missing >= MAX_MISSING:
                raise VideoMissing(task_id=task.task_id)
            return self._backoff(self._missing)
        self._missing = 0
        self._odd = self._odd + 1 if task.status is TaskStatus.UNKNOWN else 0
        if self._odd >= MAX_ODD_ANSWERS:
            raise StatusUnknown(task.task_id, task.status_text, self._odd)
        return self._gap(task, waited)

    def failed(self, error: ViduError) -> float:
        """Take a failed question in.

        Returns:
            Seconds until the next question.

        Raises:
            ViduError: `error` itself if asking again can't help.
            ContactLost: Too many questions in a row failed.
        """
        if isinstance(error, NotFound):
            # A fresh task may not be visible at once: only a repeated “not found” is final.
            self._missing += 1
            if self._missing >= MAX_MISSING:
                raise error
            return self._backoff(self._missing)
        if not isinstance(error, TRANSIENT):
            raise error
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            raise ContactLost(self.task_id, self._failures, error.what) from error
        asked = error.retry_after if isinstance(error, ApiRefused) else None
        return max(self._backoff(self._failures), min(asked or 0.0, LONGEST_RETRY_AFTER))

    def _gap(self, task: Task, waited: float) -> float:
        jitter = 0.9 + 0.2 * self.random()
        if self.off_peak:
            return jitter * min(CALM_LONGEST, max(CALM_SHORTEST, waited / 20))
        wait = gap(expectations(self.past, task, waited), waited)
        if task.status is TaskStatus.QUEUED:
            # Doubling, so that the move out of the queue is seen early but a long queue is cheap.
            wait = min(wait, max(3.0, waited))
        return jitter * wait

    def _backoff(self, times: int) -> float:
        return min(LONGEST_BACKOFF, 2.0 ** (times - 1)) * (0.75 + 0.5 * self.random())
