"""Who comes next: pure decisions on a clock of numbers, then the threads that carry them out."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_fixtures import until

from vidu_demo.jobs.scheduler import WORKERS, FairQueue, HeapScheduler, Step, StepKind

RATE = 4.0
"""Polls a second. Its spacing is an exact number."""

NOBODY: Any = None
"""Who is told of nothing by a scheduler that has no others beside it."""

names = map(str, count())


def step(
    *visitor: str,
    kind: StepKind = StepKind.POLL,
    lock: str = "",
    run: Callable[[], None] = lambda: None,
) -> Step:
    return Step(run, "job", kind, visitor, lock or next(names))


def served(queue: FairQueue, polls: int, now: float = 0.0) -> list[tuple[str, ...]]:
    """Take polls one after the other at the full rate: whose they are."""
    found = []
    for number in range(polls):
        taken = queue.take(now + number / RATE)
        assert taken
        queue.done(taken)
        found.append(taken.visitor)
    return found


def begun(queue: FairQueue, now: float = 0.0) -> list[Step]:
    """Take everything that can start at a time."""
    return list(iter(lambda: queue.take(now), None))


# What is cancelled


def test_a_cancelled_step_is_never_taken() -> None:
    queue, kept = FairQueue(RATE), step("a")
    due, later = step("b"), step("b", "c")
    for waiting in (kept, due):
        queue.put(waiting, 0.0)
    queue.put(later, 9.0)
    queue.cancel(later)
    assert queue.take(0.0) is kept
    queue.cancel(due)
    assert queue.take(100.0) is None
    queue.done(kept)
    assert queue.wait(0.0) == 1 / RATE
    assert queue.wait(1.0) is None


def test_a_started_step_can_no_longer_be_cancelled() -> None:
    queue, started = FairQueue(RATE), step("a")
    queue.put(started, 0.0)
    assert queue.take(0.0) is started
    queue.cancel(started)
    queue.done(started)
    queue.put(started, 1.0)
    assert queue.take(1.0) is started


# The rate


def test_polls_are_begun_at_the_rate_exactly() -> None:
    queue = FairQueue(polls_per_second=40.0)
    for _ in range(6):
        queue.put(step("a"), 100.0)
    now, times = 100.0, []
    for _ in range(4):
        assert queue.take(now)
        assert queue.take(now) is None
        times.append(now)
        wait = queue.wait(now)
        assert wait
        now += wait
    assert times == pytest.approx([100.0, 100.025, 100.05, 100.075])
    now += 60.0  # a pause earns nothing
    assert queue.take(now)
    assert queue.take(now) is None
    assert queue.wait(now) == pytest.approx(0.025)


def test_submits_and_downloads_know_no_rate() -> None:
    queue = FairQueue(polls_per_second=0.01)
    kinds = [StepKind.POLL, StepKind.POLL, *[StepKind.SUBMIT] * 3, *[StepKind.DOWNLOAD] * 3]
    for kind in kinds:
        queue.put(step("a", kind=kind), 0.0)
    assert Counter(taken.kind for taken in begun(queue)) == Counter(kinds[1:])


def test_nothing_is_begun_before_it_is_due() -> None:
    queue = FairQueue(RATE)
    assert queue.wait(0.0) is None
    queue.put(step("a"), 7.0)
    assert queue.take(6.9) is None
    assert queue.wait(5.0) == 2.0
    assert queue.take(7.0)


# Turns


def test_one_poll_comes_next_whatever_another_visitor_has_waiting() -> None:
    queue = FairQueue(RATE)
    for _ in range(600):
        queue.put(step("stranger"), 0.0)
    assert served(queue, 3) == [("stranger",)] * 3
    queue.put(step("honest"), 1.0)
    assert ("honest",) in served(queue, 2, now=1.0)


def test_visitors_take_turns() -> None:
    queue = FairQueue(RATE)
    for visitor in "aaaaabbbbc":
        queue.put(step(visitor), 0.0)
    assert "".join(name for (name,) in served(queue, 10)) == "abcabababa"


def test_groups_take_turns_and_so_do_their_visitors() -> None:
    """Six hundred visitors of one address, or of one kind, cost another one every other turn."""
    queue = FairQueue(RATE)
    for number in range(600):
        queue.put(step("there", f"stranger {number}"), 0.0)
    for _ in range(3):
        queue.put(step("here", "honest"), 0.0)
    whose = served(queue, 603)
    assert whose[1:6:2] == [("here", "honest")] * 3
    assert len(set(whose)) == 601


def test_a_turn_is_kept_while_a_visitor_has_anything_to_come() -> None:
    """Who was asked about just now and is due again comes after those who wait."""
    queue = FairQueue(RATE)
    for visitor in "abc":
        queue.put(step(visitor), 0.0)
    order = ""
    for number in range(9):
        taken = queue.take(number / RATE)
        assert taken
        queue.put(step(*taken.visitor), 0.0)
        queue.done(taken)
        order += taken.visitor[0]
    assert order == "abcabcabc"


def test_a_visitors_own_polls_come_as_they_are_due() -> None:
    queue = FairQueue(RATE)
    late, early = step("a", lock="late"), step("a", lock="early")
    queue.put(late, 2.0)
    queue.put(early, 1.0)
    assert queue.take(3.0) is early


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 20)), max_size=60))
def test_nobody_is_served_twice_before_another_once(asked: list[tuple[str, int]]) -> None:
    queue, waiting = FairQueue(1.0), dict[str, list[int]]()
    for visitor, due in asked:
        queue.put(step(visitor), due)
        waiting.setdefault(visitor, []).append(due)
    passed = Counter[tuple[str, str]]()
    for now in range(21 + len(asked)):
        taken = queue.take(now)
        due_now = {who for who, dues in waiting.items() if dues and min(dues) <= now}
        assert bool(taken) is bool(due_now)
        if not taken:
            continue
        queue.done(taken)
        (served_one,) = taken.visitor
        waiting[served_one].remove(min(waiting[served_one]))
        for other in due_now - {served_one}:
            passed[served_one, other] += 1
            assert passed[served_one, other] <= 1
        for name in "abcd":
            passed[name, served_one] = 0
    assert queue.wait(1e9) is None
    assert not any(everybody.parts for everybody in queue._all.values())  # nothing is left behind


# Workers


@pytest.mark.parametrize("kind", [StepKind.SUBMIT, StepKind.DOWNLOAD])
def test_no_visitor_gets_all_workers_of_a_kind(kind: StepKind) -> None:
    queue = FairQueue(RATE)
    for _ in range(100):
        queue.put(step("there", "stranger", kind=kind), 0.0)
    assert len(begun(queue)) == WORKERS[kind] // 4
    for number in range(100):
        queue.put(step("there", f"stranger {number}", kind=kind), 0.0)
    assert len(begun(queue)) == WORKERS[kind] // 4
    queue.put(step("here", "honest", kind=kind), 0.0)
    (mine,) = begun(queue)
    assert mine.visitor == ("here", "honest")


def test_no_kind_waits_for_another() -> None:
    queue = FairQueue(RATE)
    for number in range(100):
        queue.put(step(f"{number}", kind=StepKind.DOWNLOAD), 0.0)
    assert len(begun(queue)) == WORKERS[StepKind.DOWNLOAD]
    for kind in (StepKind.SUBMIT, StepKind.POLL):
        queue.put(step("a", kind=kind), 0.0)
        (taken,) = begun(queue)
        assert taken.kind is kind


def test_a_lock_is_held_by_one_and_costs_the_others_no_turn() -> None:
    queue = FairQueue(RATE)
    same = [step(visitor, lock="task") for visitor in "ab"]
    for each in same:
        queue.put(each, 0.0)
    queue.put(step("b", lock="another"), 0.0)
    first, second = queue.take(0.0), queue.take(1.0)
    assert first is same[0]
    assert second
    assert second.lock == "another"
    assert queue.take(2.0) is None
    queue.done(first)
    assert queue.take(2.0) is same[1]


# Threads


def test_a_thousand_waiting_polls_hold_no_thread() -> None:
    scheduler = HeapScheduler(time.monotonic, polls_per_second=0.001)
    before, ran = threading.active_count(), deque[Any]()
    for number in range(1000):
        scheduler.put(step(f"{number}", run=lambda: ran.append(1)), 0.0)
    scheduler.open(NOBODY)
    scheduler.put(step("a", kind=StepKind.SUBMIT, run=lambda: ran.append("submit")), 0.0)
    until(lambda: len(ran) == 2)
    assert threading.active_count() - before <= 3
    scheduler.close()
    assert sorted(map(str, ran)) == ["1", "submit"]


def test_a_step_that_breaks_ends_too() -> None:
    scheduler, ran = HeapScheduler(time.monotonic, 1000.0), threading.Event()

    def breaks() -> None:
        raise RuntimeError("a mistake")

    scheduler.put(step("a", lock="same", run=breaks), 0.0)
    scheduler.put(step("a", lock="same", run=ran.set), 0.0)
    scheduler.open(NOBODY)
    assert ran.wait(10)
    scheduler.close()
