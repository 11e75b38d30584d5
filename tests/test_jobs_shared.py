"""Two runners on one database, as in two processes: what one does counts in the other."""

import pytest
from runner_fixtures import (
    OTHER,
    OWNER,
    PATIENCE,
    PROCESSING,
    SUCCEED,
    Bench,
    task_in,
    together,
    until,
)

from vidu_demo.jobs.buying.keys import KeyStays
from vidu_demo.jobs.errors import TooManyOpen
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.jobs.shared import forgotten
from vidu_demo.jobs.shared.forgotten import ForgottenKeys
from vidu_demo.simulator import Fault

pytestmark = pytest.mark.database("postgresql")


@pytest.fixture
def two(bench: Bench) -> tuple[JobRunner, JobRunner]:
    return bench.runner, bench.open()


def start(bench: Bench, runner: JobRunner, click: str, **asked: str) -> Job:
    return runner.purchases.start(bench.request(**asked), owner=OWNER, idempotency_key=click)


def test_a_page_hears_of_what_another_process_does(
    bench: Bench, two: tuple[JobRunner, JobRunner]
) -> None:
    here, there = two
    before = there.version(OWNER)
    bench.done(start(bench, here, "click"))
    until(lambda: there.version(OWNER) != before)
    until(lambda: here.open_jobs == there.open_jobs == 0)
    before, others = there.version(OWNER), there.version(OTHER)
    assert here.delete(bench.ledger.for_owner(OWNER, "there", most=1)[0].id, OWNER)
    until(lambda: there.version(OWNER) != before)
    assert there.version(OTHER) == others
    assert there.jobs(OWNER) == []


def test_a_double_click_on_two_processes_is_one_click(
    bench: Bench, two: tuple[JobRunner, JobRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.DOUBLE_CLICK_SECONDS", PATIENCE)
    made = together(8, lambda number: start(bench, two[number % 2], f"click {number}"))
    assert {job.id for job in made} == {made[0].id}
    bench.done(made[0])
    assert bench.simulator.submit_count == 1


def test_the_jobs_of_all_processes_count(
    bench: Bench, two: tuple[JobRunner, JobRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.MAX_OPEN", 1)
    bench.simulator.statuses = [PROCESSING]
    bench.reaches(start(bench, two[0], "one"), JobState.RUNNING)
    with pytest.raises(TooManyOpen):
        start(bench, two[1], "two", prompt="another")


def test_a_job_that_another_process_stops_is_not_polled(
    bench: Bench, two: tuple[JobRunner, JobRunner]
) -> None:
    here, there = two
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(start(bench, here, "click"), JobState.RUNNING)
    until(lambda: bench.simulator.poll_count > 1)
    assert there.stop(job.id, OWNER)
    until(lambda: not len(here._followers))
    polls = bench.simulator.poll_count
    bench.simulator.statuses = [SUCCEED]
    bench.done(start(bench, here, "another", prompt="another"))
    assert bench.simulator.poll_count == polls + 1
    assert bench.row(job).state is JobState.STOPPED
    bench.simulator.statuses = [SUCCEED]
    assert there.watch_again(job.id, OWNER)
    bench.done(job)
    assert bench.simulator.submit_count == 2


def test_a_task_is_never_polled_by_two_processes_at_once(
    bench: Bench, two: tuple[JobRunner, JobRunner]
) -> None:
    bench.simulator.statuses = [*[PROCESSING] * 10, SUCCEED]
    bench.simulator.faults["poll"] = [Fault(delay=0.05) for _ in range(10)]
    task_id = task_in(bench)
    owners = [f"{number:x}" * 64 for number in range(4)]
    adopted = together(4, lambda n: two[n % 2].adopt(task_id, owner=owners[n]))
    for job in adopted:
        bench.done(job)
    assert bench.simulator.max_concurrent_polls_of(task_id) == 1


@pytest.fixture
def with_keys(bench: Bench) -> tuple[JobRunner, JobRunner]:
    """Two runners that both have the keys of two visitors."""
    two = bench.reopen(visitors_pay=True), bench.open(visitors_pay=True)
    for runner in two:
        for owner in (OWNER, OTHER):
            runner.take_key(bench.simulator.key, owner)
    return two


def hearing(runner: JobRunner) -> list[str]:
    """Keep whose keys a runner is told to forget, by itself or by another."""
    told, hear = [], runner._followers.hear_forgotten

    def hear_forgotten(owner: str, age: float) -> None:
        told.append(owner)
        hear(owner, age)

    runner._followers.hear_forgotten = hear_forgotten  # type: ignore[method-assign]
    return told


def test_a_key_that_is_forgotten_here_is_forgotten_there(
    bench: Bench, with_keys: tuple[JobRunner, JobRunner]
) -> None:
    here, there = with_keys
    before, told = there.version(OWNER), hearing(here)
    here.forget_key(OWNER)
    assert here.purchases.payer(OWNER) is Payer.HOST
    until(lambda: there.purchases.payer(OWNER) is Payer.HOST)
    until(lambda: there.version(OWNER) != before)
    assert here.purchases.payer(OTHER) is there.purchases.payer(OTHER) is Payer.VISITOR
    here.take_key(bench.simulator.key, OWNER)
    there.forget_key(OTHER)
    until(lambda: here.purchases.payer(OTHER) is Payer.HOST)
    assert here.purchases.payer(OWNER) is Payer.VISITOR
    assert told == [OWNER, OTHER]  # what it has told itself, it does not hear


def test_what_was_forgotten_while_a_process_was_cut_off_is_forgotten_later(
    bench: Bench, with_keys: tuple[JobRunner, JobRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = with_keys
    with monkeypatch.context() as deaf:
        deaf.setattr(ForgottenKeys, "heard", lambda *_: "")
        here.forget_key(OWNER)
        here.forget_key(OTHER)
        there.forget_key(OTHER)
        there.take_key(bench.simulator.key, OTHER)
        told = hearing(there)
        with bench.ledger.engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
            )
        until(lambda: {*told} == {OWNER, OTHER})
        until(lambda: there.purchases.payer(OWNER) is Payer.HOST)
        assert there.purchases.payer(OTHER) is Payer.VISITOR  # it was entered again since


def test_a_visitor_hears_that_other_processes_may_still_have_their_key(
    with_keys: tuple[JobRunner, JobRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _there = with_keys
    with monkeypatch.context() as broken:
        broken.setattr(forgotten, "FORGOTTEN", "x" * 100)  # PostgreSQL refuses such a name
        with pytest.raises(KeyStays):
            here.forget_key(OWNER)
    assert here.purchases.payer(OWNER) is Payer.HOST


def test_what_a_visitors_key_pays_for_waits_for_it_in_another_process(bench: Bench) -> None:
    here = bench.reopen(visitors_pay=True)
    there = bench.open(visitors_pay=True)
    bench.simulator.statuses = [PROCESSING]
    here.take_key(bench.simulator.key, OWNER)
    job = bench.reaches(start(bench, here, "click"), JobState.RUNNING)
    assert job.payer is Payer.VISITOR
    here.close()
    polls = bench.simulator.poll_count
    bench.simulator.statuses = [SUCCEED]
    mine = bench.request(prompt="mine")
    bench.done(there.purchases.start(mine, owner=OTHER, idempotency_key="other"))
    look = there.find(job.id, OWNER)
    assert look
    assert look.waits
    assert bench.simulator.poll_count == polls + 1
    there.take_key(bench.simulator.key, OWNER)
    bench.done(job)
    assert bench.simulator.submit_count == 2
