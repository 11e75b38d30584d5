"""When to poll again: pure, on numbers alone."""

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidu_demo.api.errors import ApiUnreachable, ContactLost, StatusUnknown, VideoMissing, ViduError
from vidu_demo.api.pacing import (
    CALM_LONGEST,
    CALM_SHORTEST,
    FIRST_WAIT,
    LONGEST_BACKOFF,
    LONGEST_GAP,
    LONGEST_RETRY_AFTER,
    MAX_FAILURES,
    MAX_MISSING,
    MAX_ODD_ANSWERS,
    PUBLISHED,
    SHORTEST_GAP,
    Decision,
    Pacer,
    gap,
    learned,
)
from vidu_demo.api.refusals import (
    BalanceTooLow,
    KeyRejected,
    NotFound,
    ServiceFailed,
    TaskFailed,
    TooFast,
)
from vidu_demo.api.task import Task, TaskStatus

Saying = Callable[[float], dict[str, Any]]
LINK = "https://videos.example/v.mp4?signed=1"


def middle() -> float:
    """No jitter."""
    return 0.5


def task(status: TaskStatus = TaskStatus.PROCESSING, **fields: Any) -> Task:
    return Task("t", status, f"TASK_STATUS_{status.upper()}", **fields)


def pacer(**fields: Any) -> Pacer:
    return Pacer("t", **{"random": middle, **fields})


def wait_of(decision: Decision) -> float:
    assert decision.error is None
    assert decision.wait is not None
    return decision.wait


def error_of(decision: Decision) -> ViduError:
    assert decision.wait is None
    assert decision.error is not None
    return decision.error


def nothing(_: float) -> dict[str, Any]:
    return {}


def follow(
    length: float,
    says: Saying = nothing,
    past: Sequence[float] = (),
    jitter: Callable[[], float] = middle,
    *,
    off_peak: bool = False,
) -> list[float]:
    """Follow a task of a length to its end: the times of all polls."""
    mind = Pacer("t", jitter, past, off_peak)
    times = [FIRST_WAIT]
    while times[-1] < length:
        wait = wait_of(mind.answered(task(**says(times[-1])), times[-1]))
        times.append(times[-1] + wait)
    return times


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


def gaps(times: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


# Bounds


running = st.sampled_from([TaskStatus.QUEUED, TaskStatus.PROCESSING, TaskStatus.UNKNOWN])
fractions = st.floats(0, 1, exclude_max=True)


@given(
    answers=st.lists(
        st.tuples(
            running,
            st.none() | st.integers(1, 99),
            st.none() | st.floats(min_value=0, max_value=1e12, exclude_min=True),
            st.floats(-1e3, 1e7),
        ),
        min_size=1,
        max_size=MAX_ODD_ANSWERS - 1,
    ),
    past=st.lists(st.floats(-1e3, 1e7), max_size=50),
    fraction=fractions,
    off_peak=st.booleans(),
)
def test_every_wait_is_bounded(
    answers: list[tuple[TaskStatus, int | None, float | None, float]],
    past: list[float],
    fraction: float,
    off_peak: bool,
) -> None:
    mind = Pacer("t", lambda: fraction, past, off_peak)
    longest = CALM_LONGEST if off_peak else LONGEST_GAP
    for status, progress, eta, waited in answers:  # in any order: clocks jump, also backwards
        wait = wait_of(mind.answered(task(status, progress=progress, eta=eta), waited))
        silent = off_peak and not progress and not eta
        assert 0.9 * (CALM_SHORTEST if silent else SHORTEST_GAP) <= wait <= 1.1 * longest


@given(st.floats(0, 1e7), st.lists(st.floats(0, 1e7), max_size=50), fractions)
def test_jitter_is_at_most_a_tenth(waited: float, past: list[float], fraction: float) -> None:
    plain = wait_of(pacer(past=past).answered(task(), waited))
    moved = wait_of(pacer(past=past, random=lambda: fraction).answered(task(), waited))
    assert 0.9 * plain <= moved * (1 + 1e-9)
    assert moved <= 1.1 * plain * (1 + 1e-9)


def test_jitter_spreads_polls() -> None:
    waits = [wait_of(pacer(random=lambda f=f: f).answered(task(), 60)) for f in (0.0, 0.5, 0.999)]
    assert waits == sorted(set(waits))


# What is known


def test_seldom_while_success_is_unlikely_and_often_when_it_is_due() -> None:
    known = learned([120.0] * 20)
    assert gap(known, 2) > 20
    assert gap(known, 110) < 4
    assert gap(known, 2) > gap(known, 70) > gap(known, 120)


def test_gap_is_worth_its_price() -> None:
    """In the middle of a broad guess the gap is `sqrt(2 / (rate · h))`."""
    running, ending = PUBLISHED.at(95)
    assert gap([PUBLISHED], 95) == pytest.approx(math.sqrt(2 / (8 * ending / running)), rel=0.05)


def test_published_range_is_5th_and_95th_percentile() -> None:
    for seconds, share in ((30, 0.95), (300, 0.05)):
        running, _ = PUBLISHED.at(seconds)
        assert running / PUBLISHED.weight == pytest.approx(share, abs=0.005)


def test_more_past_waits_mean_fewer_polls() -> None:
    rng = seeded(1)

    def draw() -> float:
        return 90 * math.exp(rng.gauss(0, 0.2))

    lengths = [draw() for _ in range(150)]
    past = [draw() for _ in range(50)]
    polls, lags = [], []
    for known in (0, 3, 10, 50):
        jitter = seeded(2).random
        followed = [follow(length, past=past[:known], jitter=jitter) for length in lengths]
        polls.append(fmean(map(len, followed)))
        lags.append(
            fmean(times[-1] - length for times, length in zip(followed, lengths, strict=True))
        )
    assert max(polls[1:]) < polls[0]
    assert polls[-1] < 0.9 * polls[0]
    assert lags[-1] < lags[0]
    fixed = [fmean(lengths) / (2 * lag) + 0.5 for lag in lags]  # polls for the same lag
    ratios = [ours / theirs for ours, theirs in zip(polls, fixed, strict=True)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] <= 0.5


def test_cold_is_no_worse_than_the_fixed_interval_that_is_as_late() -> None:
    rng = seeded(1)
    lengths = [math.exp(rng.uniform(math.log(30), math.log(300))) for _ in range(200)]
    followed = [follow(length, jitter=rng.random) for length in lengths]
    lag = fmean(times[-1] - length for times, length in zip(followed, lengths, strict=True))
    assert fmean(map(len, followed)) <= fmean(lengths) / (2 * lag) + 0.5


def test_one_night_with_the_app_off_does_not_spoil_what_is_learned() -> None:
    assert follow(60, past=[60.0] * 20 + [36000.0] * 3) == pytest.approx(
        follow(60, past=[60.0] * 23), rel=0.1
    )


@pytest.mark.parametrize("length", [20, 240])
def test_wrong_learning_stays_sane(length: float) -> None:
    times = follow(length, past=[60.0] * 50)
    assert times[-1] - length < LONGEST_GAP
    assert len(times) <= len(follow(length)) + 20


def test_endless_task_is_polled_calmly() -> None:
    for waited in (3600, 86400, 1e6):
        wait = wait_of(pacer().answered(task(), waited))
        assert wait > 8


# The queue


def test_first_poll_is_early_and_the_queue_is_polled_again_soon() -> None:
    assert FIRST_WAIT <= 3
    queued = wait_of(pacer(past=[250.0] * 50).answered(task(TaskStatus.QUEUED), FIRST_WAIT))
    processing = wait_of(pacer(past=[250.0] * 50).answered(task(), FIRST_WAIT))
    assert queued <= 5 < processing


def test_long_queue_is_cheap() -> None:
    past = [250.0] * 50
    times = follow(180, lambda _: {"status": TaskStatus.QUEUED}, past)
    assert len(times) <= len(follow(180, past=past)) + 4


# The API's own word


def ends_at(length: float, *, eta: bool) -> Saying:
    """The honest word about a task: rounded, as the API's numbers are."""

    def says(waited: float) -> dict[str, Any]:
        if eta:
            return {"eta": float(math.ceil(length - waited))}
        return {"progress": min(99, int(100 * waited / length)) or None}

    return says


@pytest.mark.parametrize("eta", [True, False])
@pytest.mark.parametrize("length", [6, 20, 60, 300])
def test_honest_eta_and_percent_are_used(length: float, eta: bool) -> None:
    rng = seeded(1)
    followed = [follow(length, ends_at(length, eta=eta), jitter=rng.random) for _ in range(20)]
    lags = [times[-1] - length for times in followed]
    assert fmean(lags) < 1.2
    assert max(lags) < 3
    if eta and length >= 60:
        assert fmean(map(len, followed)) < 0.9 * len(follow(length)) + 3


LIES: dict[str, dict[str, Any]] = {
    "eta 60": {"eta": 60.0},
    "eta 1": {"eta": 1.0},
    "eta forever": {"eta": 1e9},
    "percent 1": {"progress": 1},
    "percent 50": {"progress": 50},
    "percent 99": {"progress": 99},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.parametrize("length", [20, 100, 600])
def test_stuck_word_is_soon_not_believed(lie: dict[str, Any], length: float) -> None:
    rng = seeded(1)
    followed = [follow(length, lambda _: lie, jitter=rng.random) for _ in range(10)]
    silent = fmean(len(follow(length, jitter=rng.random)) for _ in range(10))
    assert fmean(map(len, followed)) < silent + 8
    assert all(times[-1] - length < 1.1 * LONGEST_GAP for times in followed)
    late = [wait for times in followed for wait in gaps([at for at in times if at > 60])]
    assert all(wait < 1.1 * LONGEST_GAP / 2 for wait in late)


def test_word_that_is_stuck_at_the_end_is_believed_less_and_less() -> None:
    def says(waited: float) -> dict[str, Any]:
        return {"eta": max(1.0, 60 - waited)}

    late = gaps(follow(240, says))[-5:]
    assert all(wait > 3 * SHORTEST_GAP for wait in late)


def test_status_that_flips_cannot_renew_a_lie() -> None:
    flips = iter([TaskStatus.QUEUED, TaskStatus.PROCESSING] * 500)
    times = follow(300, lambda _: {"eta": 1.0, "status": next(flips)})
    assert len(times) < len(follow(300)) + 15


# Off-peak


def test_off_peak_is_calm() -> None:
    def wait(waited: float) -> float:
        return wait_of(pacer(off_peak=True, past=[60.0] * 50).answered(task(), waited))

    assert wait(FIRST_WAIT) == CALM_SHORTEST
    assert wait(60) == CALM_SHORTEST
    assert wait(6000) == pytest.approx(300)
    assert wait(48 * 3600) == CALM_LONGEST


@pytest.mark.parametrize("eta", [True, False])
@pytest.mark.parametrize("length", [6, 60, 3600])
def test_off_peak_with_an_honest_word_is_seen_in_time(length: float, eta: bool) -> None:
    rng = seeded(1)
    says = ends_at(length, eta=eta)
    followed = [follow(length, says, jitter=rng.random, off_peak=True) for _ in range(20)]
    assert fmean(times[-1] - length for times in followed) < max(1.5, length / 200)
    usual = [follow(length, says, jitter=rng.random) for _ in range(20)]
    assert fmean(map(len, followed)) <= fmean(map(len, usual)) + 1


def test_off_peak_stays_calm_while_the_end_is_far() -> None:
    mind = pacer(off_peak=True)
    assert wait_of(mind.answered(task(eta=40_000.0), FIRST_WAIT)) == pytest.approx(CALM_SHORTEST)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_off_peak_with_a_stuck_word_is_soon_calm(lie: dict[str, Any]) -> None:
    times = follow(6000, lambda _: lie, off_peak=True)
    assert len(times) < len(follow(6000, off_peak=True)) + 10
    assert gaps(times)[-1] > 3 * CALM_SHORTEST


# The end


def test_success_with_a_link_is_the_end() -> None:
    done = task(TaskStatus.SUCCEEDED, video_url=LINK)
    assert pacer().answered(done, 60) == Decision()
    assert pacer(off_peak=True).answered(done, 60) == Decision()


def test_failure_says_why() -> None:
    error = error_of(pacer().answered(task(TaskStatus.FAILED, reason="AuditFailed"), 60))
    assert isinstance(error, TaskFailed)
    assert error.task_id == "t"
    assert error.reason == "AuditFailed"


def test_success_without_a_link_is_bounded() -> None:
    mind = pacer()
    waits = [wait_of(mind.answered(task(TaskStatus.SUCCEEDED), 60)) for _ in range(MAX_MISSING - 1)]
    assert waits == [1, 2, 4, 8, 16]
    error = error_of(mind.answered(task(TaskStatus.SUCCEEDED), 60))
    assert isinstance(error, VideoMissing)


def test_link_may_come_late() -> None:
    mind = pacer()
    for _ in range(MAX_MISSING - 1):
        wait_of(mind.answered(task(TaskStatus.SUCCEEDED), 60))
    assert mind.answered(task(TaskStatus.SUCCEEDED, video_url=LINK), 60) == Decision()


def test_unknown_status_is_bounded() -> None:
    mind = pacer()
    for _ in range(MAX_ODD_ANSWERS - 1):
        wait_of(mind.answered(task(TaskStatus.UNKNOWN), 60))
    error = error_of(mind.answered(task(TaskStatus.UNKNOWN), 60))
    assert isinstance(error, StatusUnknown)
    assert "TASK_STATUS_UNKNOWN" in str(error)


def test_known_status_resets_odd_answers() -> None:
    mind = pacer()
    for _ in range(5):
        for _ in range(MAX_ODD_ANSWERS - 1):
            wait_of(mind.answered(task(TaskStatus.UNKNOWN), 60))
        wait_of(mind.answered(task(), 60))


def test_taking_turns_in_oddness_is_bounded_too() -> None:
    mind = pacer()
    for _ in range(MAX_ODD_ANSWERS - 1):
        wait_of(mind.answered(task(TaskStatus.UNKNOWN), 60))
        wait_of(mind.answered(task(TaskStatus.SUCCEEDED), 60))
    error = error_of(mind.answered(task(TaskStatus.UNKNOWN), 60))
    assert isinstance(error, StatusUnknown)


# Failed polls


@pytest.mark.parametrize("error", [ApiUnreachable(), ServiceFailed(), TooFast()])
def test_failures_back_off_and_are_bounded(error: ViduError) -> None:
    mind = pacer()
    waits = [wait_of(mind.failed(error)) for _ in range(MAX_FAILURES - 1)]
    assert waits == sorted(waits)
    assert waits[:3] == [1, 2, 4]
    assert waits[-1] == LONGEST_BACKOFF
    lost = error_of(mind.failed(error))
    assert isinstance(lost, ContactLost)
    assert lost.task_id == "t"


def test_answer_resets_failures() -> None:
    mind = pacer()
    for _ in range(5):
        for _ in range(MAX_FAILURES - 1):
            wait_of(mind.failed(ApiUnreachable()))
        wait_of(mind.answered(task(), 60))
    assert wait_of(mind.failed(ApiUnreachable())) == 1


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (None, 1),
        (0.0, 1),
        (20.0, 20),
        (LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        (86400.0, LONGEST_RETRY_AFTER),
        (math.inf, LONGEST_RETRY_AFTER),
    ],
)
@pytest.mark.parametrize("kind", [TooFast, ServiceFailed])
def test_retry_after_is_honoured_and_capped(
    kind: type[TooFast | ServiceFailed], asked: float | None, wait: float
) -> None:
    error = kind()
    error.retry_after = asked
    assert wait_of(pacer().failed(error)) == wait


@given(fractions, st.lists(st.none() | st.floats(0, 1e9), max_size=MAX_FAILURES - 1))
def test_every_backoff_is_bounded(fraction: float, asked: list[float | None]) -> None:
    mind = pacer(random=lambda: fraction)
    for seconds in asked:
        error = TooFast()
        error.retry_after = seconds
        wait = wait_of(mind.failed(error))
        assert 0.75 <= wait <= LONGEST_RETRY_AFTER
        assert wait >= min(seconds or 0, LONGEST_RETRY_AFTER)


def test_not_found_is_final_only_when_repeated() -> None:
    mind, error = pacer(), NotFound()
    waits = [wait_of(mind.failed(error)) for _ in range(MAX_MISSING - 1)]
    assert waits == [1, 2, 4, 8, 16]
    assert error_of(mind.failed(error)) is error


def test_sight_of_the_task_resets_not_found() -> None:
    mind = pacer()
    for _ in range(5):
        for _ in range(MAX_MISSING - 1):
            wait_of(mind.failed(NotFound()))
        wait_of(mind.answered(task(), 60))


@pytest.mark.parametrize("error", [KeyRejected(), BalanceTooLow()])
def test_refusal_that_another_poll_cannot_help_ends_polling_at_once(error: ViduError) -> None:
    assert error_of(pacer().failed(error)) is error
