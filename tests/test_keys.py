"""Visitors' own keys: each pays for its own jobs, and what they bought waits for them."""

import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import refusing
from runner_fixtures import (
    KEY,
    OTHER,
    OWNER,
    PROCESSING,
    SUCCEED,
    Always,
    Bench,
    Wall,
    bench_over,
    locked,
    shorten_waits,
    together,
    until,
)

from vidu_demo.api.errors import Charged
from vidu_demo.jobs.buying import keys as keys_module
from vidu_demo.jobs.buying.budget import Paused, SpendingLimits, Spent, TooExpensive
from vidu_demo.jobs.buying.keys import (
    KEEP_SECONDS,
    KeyForgotten,
    KeyNotAccepted,
    Keys,
    VisitorKeysNotAccepted,
)
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import LedgerFailed, OfferExpired
from vidu_demo.jobs.follower import LONGEST_TASK
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.simulator import Fault

OWN, OTHERS = "k-own-5d21e7", "k-other-90ab3f"


@pytest.fixture
def bench(tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    options: dict[str, Any] = {"more_keys": (OWN, OTHERS), "open_it": False}
    with bench_over(tmp_path / "data", clip, **options) as made:
        made.open(visitors_pay=True)
        yield made


def key_of(record: Any) -> str:
    return str(record.headers["Authorization"]).removeprefix("Bearer ")


def polls_of(bench: Bench, job: Job) -> Counter[str]:
    """How often each key has asked about a job's task."""
    asked = f"task_id={job.task_id}"
    return Counter(key_of(r) for r in bench.simulator.requests if r.target.endswith(asked))


def running(bench: Bench, click: str = "click") -> Job:
    """Start a job that goes on until the simulator says something else."""
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(click), JobState.RUNNING)
    until(lambda: bench.simulator.polls_of[job.task_id])
    return job


def waits(bench: Bench, job: Job) -> bool:
    view = bench.runner.find(job.id, OWNER)
    assert view
    return view.waits


def all_else_done(bench: Bench) -> None:
    """Have the runner do a whole job of the host's, in whose time it could have asked much."""
    bench.simulator.statuses = None
    bench.done(bench.start(f"{time.monotonic()}", owner=OTHER, seed=99))


# Who pays


def test_each_visitor_pays_with_their_own_key(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    bench.runner.take_key(OTHERS, OTHER)
    third = "c" * 64
    who = {OWNER: OWN, OTHER: OTHERS, third: KEY}
    jobs = together(
        6, lambda n: bench.start(f"{n}", owner=list(who)[n % 3], prompt=f"{n}", seed=n + 1)
    )
    for job in jobs:
        done = bench.done(job)
        assert set(polls_of(bench, done)) == {who[job.owner]}
        assert done.payer == (Payer.HOST if job.owner == third else Payer.VISITOR)
    assert bench.simulator.tasks_of_key == {OWN: 2, OTHERS: 2, KEY: 2}


def test_only_the_hosts_key_spends_the_hosts_budget(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    limits = SpendingLimits(Decimal(), Decimal(), Decimal(), 1)
    jobs = bench.purchases.start_all(
        [bench.request(seed=1), bench.request(seed=2)],
        owner=OWNER,
        idempotency_key="click",
        limits=limits,
    )
    assert [bench.done(job).price for job in jobs] == [0, 0]
    assert bench.ledger.spending() == []
    with pytest.raises(TooExpensive):
        bench.purchases.start(bench.request(), owner=OTHER, idempotency_key="other", limits=limits)
    bench.done(bench.start(owner=OTHER, click="other"))
    assert bench.purchases.spent(OTHER, "") == Spent(Decimal("0.04"), Decimal("0.04"))
    assert bench.purchases.spent(OWNER, "").visitor == 0


def test_a_paused_app_starts_nothing_with_anyones_key(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    with pytest.raises(Paused):
        bench.purchases.start(
            bench.request(),
            owner=OWNER,
            idempotency_key="click",
            limits=SpendingLimits(paused=True),
        )
    assert bench.simulator.submit_count == 0


def test_a_key_that_comes_or_goes_ends_the_offers_of_before(bench: Bench) -> None:
    order = Order(bench.request(images=["https://example.com/a.jpg"]))
    hosts = bench.purchases.offer(order, owner=OWNER)
    bench.runner.take_key(OWN, OWNER)
    with pytest.raises(OfferExpired):
        bench.purchases.buy(hosts.id, owner=OWNER)
    own = bench.purchases.offer(order, owner=OWNER)
    assert own.id != hosts.id
    bench.runner.forget_key(OWNER)
    with pytest.raises(OfferExpired):
        bench.purchases.buy(own.id, owner=OWNER)
    assert bench.simulator.submit_count == 0
    bench.runner.take_key(OWN, OWNER)
    bench.done(bench.purchases.buy(own.id, owner=OWNER)[0])
    assert bench.simulator.tasks_of_key == {OWN: 1}


def test_a_ledger_that_fails_keeps_no_key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.reopen(visitors_pay=True)
    bench.simulator.statuses = None
    with monkeypatch.context() as patch:
        patch.setattr(bench.ledger, "paid_by_visitor", locked)
        with pytest.raises(LedgerFailed):
            bench.runner.take_key(OWN, OWNER)
    assert bench.purchases.payer(OWNER) is Payer.HOST
    bench.runner.take_key(OWN, OWNER)
    bench.done(job)


def test_a_key_that_is_gone_before_the_submit_sends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.runner.take_key(OWN, OWNER)
    add = bench.ledger.add

    def forgetting(*jobs: Any, **options: Any) -> list[Job]:
        bench.runner.forget_key(OWNER)
        return add(*jobs, **options)

    monkeypatch.setattr(bench.ledger, "add", forgetting)
    job = bench.reaches(bench.start(), JobState.NOT_SENT)
    assert (job.message, job.charged) == (KeyForgotten.what, Charged.NO)
    assert bench.simulator.submit_count == 0


# What is said about a key


@pytest.mark.parametrize(
    ("fault", "said", "refused"),
    [
        (None, "The API did not accept the key.", True),
        (refusing(400, "FAILED_TO_AUTH"), "The API did not accept the key.", True),
        (refusing(403, "NOT_ENOUGH_BALANCE"), "has too little balance", True),
        (refusing(403, "NEED_REAL_NAME_VERIFY"), "may not use this model", True),
        (Fault(reset=True), "The API could not be reached, so the key was not accepted.", False),
        (refusing(503, "SERVICE_NOT_AVAILABLE"), "The API had an internal error.", False),
        (refusing(429, "RATE_LIMIT_EXCEEDED"), "no more requests for the moment", False),
        (Fault(403, "<html>"), "The API's answer about the key can't be read.", False),
    ],
)
def test_what_is_wrong_with_a_key_is_said_and_it_is_not_kept(
    bench: Bench, fault: Fault | None, said: str, refused: bool
) -> None:
    bench.simulator.faults["poll"] = [fault]
    with pytest.raises(KeyNotAccepted) as failed:
        bench.runner.take_key("wrong" if fault is None else OWN, OWNER)
    assert said in failed.value.what
    assert failed.value.refused is refused
    assert failed.value.charged is Charged.NO
    assert "NOVITA_" not in f"{failed.value}"  # a visitor has no settings
    assert (failed.value.next_step == "Try again in a minute.") is not refused
    assert bench.purchases.payer(OWNER) is Payer.HOST
    assert bench.simulator.submit_count == 0


@pytest.mark.parametrize("key", ["", " \n", "two\nlines", "schlüssel", "k" * 501])
def test_what_is_no_key_is_not_sent(bench: Bench, key: str) -> None:
    with pytest.raises(KeyNotAccepted) as failed:
        bench.runner.take_key(key, OWNER)
    assert failed.value.refused
    assert failed.value.next_step == "Enter the key as Novita shows it."
    assert bench.simulator.requests == []


def test_a_refused_key_leaves_the_earlier_one(bench: Bench) -> None:
    bench.runner.take_key(f" {OWN}\n", OWNER)
    with pytest.raises(KeyNotAccepted):
        bench.runner.take_key("wrong", OWNER)
    bench.done(bench.start())
    assert bench.simulator.tasks_of_key == {OWN: 1}


def test_a_host_who_wants_no_keys_is_asked_nothing(bench: Bench) -> None:
    bench.reopen()
    with pytest.raises(VisitorKeysNotAccepted):
        bench.runner.take_key(OWN, OWNER)
    assert bench.simulator.requests == []


def test_an_answer_that_repeats_the_key_does_not_show_it(bench: Bench) -> None:
    bench.simulator.faults["poll"] = [refusing(401, "INVALID_API_KEY", f"no such key: {OWN}")]
    with pytest.raises(KeyNotAccepted) as failed:
        bench.runner.take_key(OWN, OWNER)
    assert "no such key: [key]" in failed.value.what
    bench.runner.take_key(OWN, OWNER)
    bench.simulator.faults["submit"] = [refusing(400, "INVALID_REQUEST_BODY", f"by {OWN}")]
    job = bench.reaches(bench.start(), JobState.NOT_SENT)
    assert "by [key]" in job.message
    assert OWN not in f"{job}"


# Waiting for a key


def test_a_job_waits_for_its_visitor_after_a_restart(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.reopen(visitors_pay=True)
    polls = bench.simulator.polls_of[job.task_id]
    all_else_done(bench)
    assert waits(bench, job)
    assert bench.runner.open_jobs == 0
    bench.runner.take_key(OTHERS, OTHER)  # another visitor's key is nothing to it
    assert bench.simulator.polls_of[job.task_id] == polls
    assert bench.row(job).state is JobState.RUNNING

    version = bench.runner.version(OWNER)
    bench.runner.take_key(OWN, OWNER)
    assert bench.runner.version(OWNER) != version
    bench.done(job)
    assert not waits(bench, job)
    assert bench.simulator.tasks_of_key == {OWN: 1, KEY: 1}


def test_a_job_waits_when_its_key_is_forgotten(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.runner.forget_key(OWNER)
    assert waits(bench, job)
    until(lambda: bench.runner.open_jobs == 0)
    polls = bench.simulator.polls_of[job.task_id]
    all_else_done(bench)
    assert bench.simulator.polls_of[job.task_id] == polls
    bench.runner.take_key(OWN, OWNER)
    bench.done(job)


def test_a_key_that_keeps_coming_and_going_makes_one_video(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    for _ in range(20):
        bench.runner.forget_key(OWNER)
        together(4, lambda _: bench.runner.take_key(OWN, OWNER))
    until(lambda: bench.runner.open_jobs == 1)
    bench.simulator.statuses = [SUCCEED]
    bench.done(job)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.simulator.max_concurrent_polls_of(job.task_id or "") == 1
    assert (bench.simulator.submit_count, bench.simulator.download_count) == (1, 1)


def test_a_key_of_another_account_is_named_and_the_right_one_goes_on(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.reopen(visitors_pay=True)
    bench.simulator.statuses = None
    bench.runner.take_key(OTHERS, OWNER)
    told = bench.says(job, "The API knows no such task")
    assert (told.state, told.charged) == (JobState.RUNNING, Charged.UNKNOWN)
    assert told.next_step == "If it was bought with another key, enter that one to continue."
    bench.runner.take_key(OWN, OWNER)
    assert bench.done(job).message == ""
    assert bench.simulator.tasks_of_key == {OWN: 1}


def test_a_key_that_is_revoked_is_named_and_a_new_one_goes_on(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.simulator.faults["poll"] = Always([refusing(401, "INVALID_API_KEY")])
    told = bench.says(job, "The API did not accept the key.")
    assert told.next_step == "Check your key at Novita, and enter it again."
    bench.simulator.faults["poll"] = []
    bench.simulator.statuses = None
    bench.runner.take_key(OWN, OWNER)
    bench.done(job)


def test_after_the_longest_task_a_wrong_key_is_used_no_more(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    wall = Wall()
    wall.ahead = LONGEST_TASK
    bench.reopen(visitors_pay=True, wall=wall)
    bench.simulator.statuses = None
    bench.runner.take_key(OTHERS, OWNER)
    assert "no such task" in bench.reaches(job, JobState.STOPPED).message
    until(lambda: bench.runner.open_jobs == 0)
    bench.runner.take_key(OWN, OWNER)
    assert bench.runner.watch_again(job.id, OWNER)
    bench.done(job)


@pytest.mark.parametrize(
    ("left", "ends"),
    [(JobState.PREPARED, JobState.NOT_SENT), (JobState.SUBMITTING, JobState.UNKNOWN)],
)
def test_what_was_not_sent_for_sure_is_not_sent_when_the_key_comes_back(
    bench: Bench, left: JobState, ends: JobState
) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.runner.close()
    bench.ledger.change(job, state=left, task_id=None)
    bench.open(visitors_pay=True)
    bench.reaches(job, ends)
    bench.runner.take_key(OWN, OWNER)
    all_else_done(bench)
    assert bench.row(job).state is ends
    assert bench.simulator.tasks_of_key == {OWN: 1, KEY: 1}


def test_a_waiting_job_can_be_stopped_and_deleted(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.reopen(visitors_pay=True)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.stop(job.id, OTHER) is None
    stopped = bench.runner.stop(job.id, OWNER)
    assert stopped
    assert bench.row(job).state is JobState.STOPPED
    watched = bench.runner.watch_again(job.id, OWNER)
    assert watched
    assert waits(bench, job)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.stop(job.id, OWNER)
    assert bench.runner.delete(job.id, OWNER)
    assert bench.runner.find(job.id, OWNER) is None


def test_a_host_who_takes_no_keys_any_more_loses_nothing(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.reopen()
    polls = bench.simulator.polls_of[job.task_id]
    bench.says(job, "This app does not accept visitors' keys.")
    assert not waits(bench, job)
    assert bench.simulator.polls_of[job.task_id] == polls
    bench.reopen(visitors_pay=True)
    until(lambda: waits(bench, job))
    bench.simulator.statuses = None
    bench.runner.take_key(OWN, OWNER)
    bench.done(job)


def test_a_job_waits_no_longer_than_its_term(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.runner.delete_older(time.time() + 1)
    assert bench.row(job).open  # it does not wait
    bench.reopen(visitors_pay=True)
    until(lambda: bench.runner.open_jobs == 0)
    bench.runner.delete_older(job.created - 1)
    assert waits(bench, job)
    bench.runner.delete_older(time.time() + 1)
    assert bench.runner.find(job.id, OWNER) is None
    assert not (bench.videos / job.id).exists()


def test_a_task_is_found_again_whoever_pays_now(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    job = running(bench)
    bench.runner.forget_key(OWNER)
    assert bench.runner.adopt(job.task_id or "", owner=OWNER).id == job.id


def test_a_task_from_elsewhere_can_be_tried_with_ones_own_key(bench: Bench) -> None:
    asked = {"images": ["https://example.com/a.jpg"], "prompt": "x", "duration": 1}
    task = bench.clients[-1].with_key(OWN).post(asked)
    job = bench.runner.adopt(task, owner=OWNER)
    assert "no such task" in bench.reaches(job, JobState.NOT_FOUND).message
    bench.runner.take_key(OWN, OWNER)
    assert bench.runner.adopt(task, owner=OWNER).id == job.id
    bench.runner.watch_again(job.id, OWNER)
    bench.done(job)


# Where keys are kept


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_unused_key_is_forgotten() -> None:
    clock = Time()
    keys = Keys(clock)
    keys.keep(OWN, OWNER)
    keys.keep(OTHERS, OTHER)
    clock.now = 0.9 * KEEP_SECONDS
    assert keys.of(OWNER) == OWN
    clock.now = 1.8 * KEEP_SECONDS
    assert not keys.has(OTHER)
    assert keys.has(OWNER)
    clock.now = 2.9 * KEEP_SECONDS
    with pytest.raises(KeyForgotten):
        keys.of(OWNER)
    assert len(keys) == 0


def test_the_number_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "MAX_KEYS", 3)
    keys = Keys()
    for number in range(3):
        keys.keep(f"k-{number}", f"{number}")
    assert keys.has("0")
    keys.keep("k-3", "3")
    assert [keys.has(f"{number}") for number in range(4)] == [True, False, True, True]


@pytest.mark.parametrize("fault", [None, refusing(400, "INVALID_REQUEST_BODY")])
def test_a_key_for_one_click_goes_when_that_ends(bench: Bench, fault: Fault | None) -> None:
    keys = bench.runner._accounts._keys
    for owner, once in ((OWNER, True), (OTHER, False)):
        bench.runner.take_key(OWN, owner, one_call=once)
        bench.simulator.faults["submit"] = [fault]
        job = bench.start(owner, owner=owner)
        bench.reaches(job, JobState.NOT_SENT if fault else JobState.DONE)
        until(lambda: bench.runner.open_jobs == 0)
    until(lambda: not keys.has(OWNER))
    assert keys.has(OTHER)


def test_a_key_for_one_click_stays_while_that_is_made(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER, one_call=True)
    job = running(bench)
    assert bench.runner._accounts._keys.has(OWNER)
    assert not bench.runner._accounts.is_used_up(job)
    bench.simulator.statuses = None
    bench.done(job)


def test_nothing_that_is_printed_shows_a_key(bench: Bench) -> None:
    bench.runner.take_key(OWN, OWNER)
    accounts = bench.runner._accounts
    client = accounts.client_for(running(bench))
    for thing in (accounts, accounts._keys, accounts._keys._kept, client, bench.runner._services):
        assert OWN not in repr(thing)
        assert OWN not in f"{thing}"
