"""When to poll a task again: pure arithmetic, no clock, no HTTP.

A poll costs a request; a late poll costs the visitor seconds. If `h(t)` is the chance per second
that a task still running at `t` ends right then, a gap of `d` seconds costs `1/d` polls and `h·d/2`
seconds of lateness per second, so the best gap is `sqrt(2 / (rate · h))`: poll rarely while success
is unlikely, often when it is due. `h` comes from how long tasks take: the published 30 s to 5 min
if nothing else is known, this installation's own past waits once there are some, and the API's own
eta or percentage if it gives one, as far as it proves right.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from vidu_demo.api.errors import ApiUnreachable, ContactLost, StatusUnknown, VideoMissing, ViduError
from vidu_demo.api.refusals import ApiRefused, NotFound, ServiceFailed, TaskFailed, TooFast
from vidu_demo.api.task import Task, TaskStatus

FIRST_WAIT = 2.0
"""Seconds from the submit to the first poll, which shows whether the task is queued."""

SHORTEST_GAP, LONGEST_GAP = 1.0, 30.0
"""Seconds between two polls of a running task, give or take a tenth."""

CALM_SHORTEST, CALM_LONGEST = 60.0, 900.0
"""Seconds between two polls of an off-peak task, which may take 48 hours, unless the API predicts
its end credibly."""

LONGEST_BACKOFF, LONGEST_RETRY_AFTER = 60.0, 300.0
"""Maximum seconds to wait after failures, give or take a quarter, and for a `Retry-After`."""

MAX_FAILURES = 12
"""Polls in a row without a usable answer before giving up."""

MAX_ODD_ANSWERS = 30
"""Answers in a row with an unknown status before giving up."""

MAX_MISSING = 6
"""Answers in a row with “not found”, or with success but no link, before they count as final."""

TRANSIENT = (ApiUnreachable, ServiceFailed, TooFast)
"""Failures of a poll that pass on their own."""

POLLS_PER_SECOND_SAVED = 8.0
"""How many polls one second less lateness is worth: the `rate` above."""


@dataclass(frozen=True)
class Expectation:
    """A log-normal guess about a task's total time, with a weight among other guesses.

    Attributes:
        seconds: The median.
        spread: The standard deviation of the time's logarithm.
        weight: Its share; the shares of a list of guesses need not add up to 1.
    """

    seconds: float
    spread: float
    weight: float = 1.0

    def at(self, time: float) -> tuple[float, float]:
        """Return the weighted chances of still running at `time`, and of ending in that second."""
        z = math.log(time / self.seconds) / self.spread
        bell = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        running = 0.5 * math.erfc(z / math.sqrt(2))
        return self.weight * running, self.weight * bell / (self.spread * time)


PUBLISHED = Expectation(95.0, 0.7, weight=2.0)
"""30 s to 5 min as the 5th and 95th percentile; it counts as much as two past waits."""

FORECAST_SHARE = 0.75
"""The initial weight of an eta or percentage, against everything else that is known."""


def learned(past: Sequence[float]) -> list[Expectation]:
    """Guess from how long similar tasks took here, in seconds.

    It uses medians, since a wait may include a night during which the app was off.
    """
    if not past:
        return [PUBLISHED]
    logs = [math.log(max(1.0, seconds)) for seconds in past]
    middle = median(logs)
    deviation = 1.48 * median(abs(log - middle) for log in logs)
    # Weighting in the published spread as past waits keeps a few real ones from overfitting.
    imagined = PUBLISHED.weight
    variance = (len(logs) * deviation**2 + imagined * PUBLISHED.spread**2) / (len(logs) + imagined)
    spread = max(0.1, math.sqrt(variance))
    return [PUBLISHED, Expectation(math.exp(middle), spread, weight=len(logs))]


@dataclass
class Forecast:
    """The API's own forecast, trusted as far as it proves right.

    If an eta or percentage is stuck, its end recedes by one second per second. The more the end has
    receded, relative to the time watched, the less it is trusted.
    """

    _nearest: dict[TaskStatus, tuple[float, float]] = field(default_factory=dict)

    def heard(self, task: Task, waited: float) -> tuple[float, Expectation] | None:
        """Take in an answer; return how far to trust it, below 1, and its guess, if it has one."""
        if task.eta:
            left, doubt = task.eta, 0.3
        elif task.progress and waited > 0:
            left, doubt = waited * (100 - task.progress) / task.progress, 0.6
        else:
            return None
        now = (max(1.0, waited + left), waited)
        end, since = self._nearest[task.status] = min(now, self._nearest.get(task.status, now))
        moved = max(0.0, now[0] - end - 1)  # a second is rounding
        believed = 1 - min(1.0, moved / max(1.0, waited - since))
        spread = min(0.5, max(0.02, (doubt * left + moved) / now[0]))
        return FORECAST_SHARE * believed, Expectation(now[0], spread)


def gap(known: Sequence[Expectation], waited: float, longest: float = LONGEST_GAP) -> float:
    """Seconds until the next poll is worth making, `longest` at most.

    Polls are placed at a density of `sqrt(rate · h / 2)`; the next one is due when that adds up to
    one.
    """
    due, ahead = 0.0, 0.0
    while ahead < longest:
        step = max(0.25, ahead / 8)
        time = max(0.0, waited) + ahead + step / 2
        chances = [guess.at(time) for guess in known]
        running = math.fsum(chance for chance, _ in chances)
        ending = math.fsum(chance for _, chance in chances)
        # Far out on every tail no digits are left: as likely to end as not in as long again.
        hazard = ending / running if running > 1e-9 else 1 / time
        density = math.sqrt(POLLS_PER_SECOND_SAVED * hazard / 2)
        if due + step * density >= 1:
            ahead += (1 - due) / density
            break
        due, ahead = due + step * density, ahead + step
    return min(longest, max(SHORTEST_GAP, ahead))


@dataclass(frozen=True)
class Decision:
    """What comes next for a task: another poll, the end of polling for a reason, or its video.

    Attributes:
        wait: Seconds until the next poll; None if there is none to make.
        error: Why there is none to make, unless the task is done and its video named.
    """

    wait: float | None = None
    error: ViduError | None = None


@dataclass
class Pacer:
    """Decides when to poll a task again and when to give up. Both waiting loops use it.

    Attributes:
        task_id: The task.
        random: Returns a number in [0, 1), to keep tasks from being polled in lockstep.
        past: How long similar tasks took, in seconds.
        off_peak: True for a task that may take 48 hours.
    """

    task_id: str
    random: Callable[[], float]
    past: Sequence[float] = ()
    off_peak: bool = False
    _forecast: Forecast = field(default_factory=Forecast, init=False)
    _failures: int = field(default=0, init=False)
    _odd: int = field(default=0, init=False)
    _missing: int = field(default=0, init=False)

    def answered(self, task: Task, waited: float) -> Decision:
        """Decide after an answer.

        Polling ends with `TaskFailed`, with `VideoMissing` when success was reported repeatedly
        without a link, or with `StatusUnknown` when an undocumented status came too often in a
        row.

        Args:
            task: The answer.
            waited: Seconds since the submit.
        """
        self._failures = 0
        if task.status is TaskStatus.FAILED:
            return Decision(error=TaskFailed(task.task_id, task.reason))
        if task.status is TaskStatus.SUCCEEDED:
            if task.video_url:
                return Decision()
            return self._missed(VideoMissing(task_id=task.task_id))
        self._missing = 0
        self._odd = self._odd + 1 if task.status is TaskStatus.UNKNOWN else 0
        if self._odd >= MAX_ODD_ANSWERS:
            return Decision(error=StatusUnknown(task.task_id, task.status_text, self._odd))
        return Decision(self._gap(task, waited))

    def failed(self, error: ViduError) -> Decision:
        """Decide after a poll that failed.

        Polling ends with `error` itself if another poll can't help, or with `ContactLost` if too
        many failed in a row.
        """
        if isinstance(error, NotFound):
            # A new task may not be visible at once: only a repeated “not found” is final.
            return self._missed(error)
        if not isinstance(error, TRANSIENT):
            return Decision(error=error)
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            return Decision(error=ContactLost(self.task_id, self._failures, error.what))
        retry_after = error.retry_after if isinstance(error, ApiRefused) else None
        least = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
        return Decision(max(self._backoff(self._failures), least))

    def _missed(self, error: ViduError) -> Decision:
        self._missing += 1
        if self._missing >= MAX_MISSING:
            return Decision(error=error)
        return Decision(self._backoff(self._missing))

    def _gap(self, task: Task, waited: float) -> float:
        jitter = 0.9 + 0.2 * self.random()
        heard = self._forecast.heard(task, waited)
        if self.off_peak:
            calm = min(CALM_LONGEST, max(CALM_SHORTEST, waited / 20))
            if not heard:
                return jitter * calm
            # As often as the predicted end calls for, as far as it is trusted. After hours, a few
            # seconds of lateness no longer matter.
            share, guess = heard
            near = min(calm, max(waited / 200, gap([guess], waited, calm)))
            return jitter / (share / near + (1 - share) / calm)
        known = learned(self.past)
        if heard:
            share, guess = heard
            others = math.fsum(part.weight for part in known)
            known.append(replace(guess, weight=others * share / (1 - share)))
        wait = gap(known, waited)
        if task.status is TaskStatus.QUEUED:
            # Tripling, so that leaving the queue is noticed early, while a long queue stays cheap.
            wait = min(wait, max(4.0, 2 * waited))
        return jitter * wait

    def _backoff(self, times: int) -> float:
        return min(LONGEST_BACKOFF, 2.0 ** (times - 1)) * (0.75 + 0.5 * self.random())
