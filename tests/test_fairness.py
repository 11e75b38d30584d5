"""What one visitor has going on never stands in another's way, and leaves nothing behind."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from runner_fixtures import (
    OTHER,
    OWNER,
    PATIENCE,
    Always,
    Bench,
    bench_over,
    shorten_waits,
    until,
)

from vidu_demo.api import pacing
from vidu_demo.api.errors import Charged
from vidu_demo.api.task import Task
from vidu_demo.jobs import files, follower
from vidu_demo.jobs.buying import purchases
from vidu_demo.jobs.buying.purchases import MAX_OPEN, MAX_OPEN_AT_ADDRESS
from vidu_demo.jobs.errors import TooManyOpen
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.scheduler import WORKERS, StepKind
from vidu_demo.simulator import Fault
from vidu_demo.ui.browser import receipts

PROCESSING, SUCCEED = "TASK_STATUS_PROCESSING", "TASK_STATUS_SUCCEED"


@pytest.fixture
def bench(tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    with bench_over(tmp_path / "data", clip) as made:
        yield made


# Polls


@pytest.mark.parametrize("visitors", [1, 150])
def test_an_honest_visitor_does_not_wait_for_invented_ids(bench: Bench, visitors: int) -> None:
    bench.reopen(requests_per_second=20.0)
    for number in range(150):
        bench.runner.adopt(f"invented-{number}", owner=f"stranger {number % visitors}")
    until(lambda: bench.simulator.poll_count >= 5)
    for click in ("one", "two"):
        before = bench.simulator.poll_count
        done = bench.done(bench.start(click, prompt=click))
        assert bench.simulator.polls_of[done.task_id or ""] == 1
        targets = [r.target for r in bench.simulator.requests if "task-result" in r.target]
        place = next(at for at, target in enumerate(targets) if str(done.task_id) in target)
        # Exactly in turn, as `test_turns` shows; here others go on while this one is submitted.
        assert place - before < 50


def test_an_invented_id_ends_after_a_few_polls(bench: Bench) -> None:
    invented = bench.runner.adopt("invented-1", owner=OWNER)
    failed = bench.reaches(invented, JobState.NOT_FOUND)
    assert failed.charged is Charged.UNKNOWN
    assert bench.simulator.polls_of["invented-1"] == pacing.MAX_MISSING


@pytest.mark.parametrize("bought", [False, True])
def test_an_id_that_the_api_calls_malformed_ends_at_once_unless_it_was_bought(
    bench: Bench, bought: bool
) -> None:
    bench.simulator.faults["poll"] = Always([Fault(400, {"reason": "INVALID_REQUEST_BODY"})])
    job = bench.start() if bought else bench.runner.adopt("no id:", owner=OWNER)
    told = bench.says(job, "something wrong in the request")
    assert told.state is (JobState.RUNNING if bought else JobState.NOT_FOUND)
    if not bought:
        assert bench.simulator.poll_count == 1


# How many


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(purchases, "MAX_OPEN", 3)
    return 3


def test_one_visitor_has_so_many_unfinished_jobs_and_no_more(bench: Bench, few: int) -> None:
    bench.simulator.statuses = [PROCESSING]
    made = [bench.start(f"{number}", prompt=f"{number}") for number in range(few)]
    with pytest.raises(TooManyOpen) as refused:
        bench.start("more", prompt="more")
    assert refused.value.charged is Charged.NO
    assert "already watching 3 tasks" in refused.value.what
    with pytest.raises(TooManyOpen):
        bench.runner.adopt("from-elsewhere", owner=OWNER)
    assert bench.start("0").id == bench.runner.jobs(OWNER)[-1].id  # the same click finds its job
    assert bench.runner.adopt(bench.reaches(made[0], JobState.RUNNING).task_id or "", owner=OWNER)
    bench.start("theirs", owner=OTHER, prompt="theirs")
    until(lambda: bench.simulator.submit_count == few + 1)
    assert len(list(bench.videos.iterdir())) == few + 1

    bench.runner.stop(made[0].id, OWNER)  # which makes room, for one
    with pytest.raises(TooManyOpen):
        bench.purchases.start_all(
            [bench.request(prompt="a"), bench.request(prompt="b")],
            owner=OWNER,
            idempotency_key="two",
        )
    last = bench.start("more", prompt="more")
    with pytest.raises(TooManyOpen):
        bench.runner.watch_again(made[0].id, OWNER)
    bench.simulator.statuses = [SUCCEED]
    for job in (*made[1:], last):
        bench.done(job)
    until(lambda: bench.runner.open_jobs == 0)
    bench.runner.watch_again(made[0].id, OWNER)
    bench.done(made[0])


def test_the_bound_is_far_above_what_a_maker_needs() -> None:
    assert MAX_OPEN >= 5 * 12


def test_receipts_of_more_tasks_than_one_may_watch_are_taken_up_as_far_as_there_is_room(
    bench: Bench, few: int
) -> None:
    bench.simulator.faults["poll"] = Always([Fault(429)])  # or the API would say there are none
    bought = {"backend": "there", "request": {"prompt": "x"}}
    kept = [{"task": f"task-no-{number}", **bought} for number in range(5)]
    receipts.restore(kept, bench.runner, owner=OWNER, address="", adopt=bench.runner.adopt)
    assert len(bench.runner.jobs(OWNER)) == few
    receipts.restore(kept, bench.runner, owner=OWNER, address="", adopt=bench.runner.adopt)
    assert len(bench.runner.jobs(OWNER)) == few


# Downloads


class Slow:
    """Downloads that last until they are told to end, but for those of one owner."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bench: Bench, quick: str) -> None:
        self.held: list[str] = []
        self.end = threading.Event()
        self._fetch, self._bench, self._quick = follower.fetch, bench, quick
        monkeypatch.setattr(follower, "fetch", self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end.set()  # or a failed test would also hold up the end of its threads

    def __call__(self, task: Task, path: Path, **how: Any) -> Path:
        job = self._bench.ledger.get(path.parent.name)
        assert job
        if job.owner != self._quick:
            self.held.append(job.id)
            assert self.end.wait(PATIENCE)
        return self._fetch(task, path, **how)


def test_slow_downloads_hold_up_no_submit_and_no_other_visitors_download(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = WORKERS[StepKind.DOWNLOAD] // 4  # of one visitor
    with Slow(monkeypatch, bench, quick=OTHER) as slow:
        held = [bench.start(f"{n}", prompt=f"{n}") for n in range(WORKERS[StepKind.DOWNLOAD])]
        for job in held:
            bench.reaches(job, JobState.SAVING)
        until(lambda: len(slow.held) == most)
        bench.done(bench.start("theirs", owner=OTHER, prompt="theirs"))
        bench.reaches(bench.start("more", prompt="more"), JobState.SAVING)
        assert len(slow.held) == most
    for job in held:
        bench.done(job)


# Clicks


def test_no_click_waits_for_what_another_visitor_has_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_task, arrived, go_on = bench.ledger.by_task, threading.Event(), threading.Event()

    def slow(*asked: Any) -> Job | None:
        arrived.set()
        assert go_on.wait(PATIENCE)
        return by_task(*asked)

    monkeypatch.setattr(bench.ledger, "by_task", slow)
    adopting = threading.Thread(target=bench.runner.adopt, args=("task",), kwargs={"owner": OTHER})
    adopting.start()
    assert arrived.wait(PATIENCE)
    bench.done(bench.start())
    assert adopting.is_alive()
    go_on.set()
    adopting.join()


# What is left


def names(bench: Bench, job: Job) -> set[str]:
    place = bench.videos / job.id
    return {file.name for file in place.iterdir()} if place.exists() else set()


UNSENT = {"request.json", files.UPLOADS, files.NAMES, "picture-1.jpg", files.THUMBNAIL}


def test_pictures_of_what_was_not_bought_go_at_once(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(403, {"reason": "NOT_ENOUGH_BALANCE"})]
    ended = bench.reaches(bench.start(), JobState.NOT_SENT)
    until(lambda: bench.runner.open_jobs == 0)
    assert names(bench, ended) == {files.THUMBNAIL}
    assert bench.row(ended).request["prompt"] == "slow push-in"


def test_pictures_of_what_may_have_been_bought_stay(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True)]
    lost = bench.reaches(bench.start("lost"), JobState.UNKNOWN)
    failed = bench.reaches(bench.start("failed", prompt="[fail]"), JobState.FAILED)
    until(lambda: bench.runner.open_jobs == 0)
    bench.reopen()
    for job in (lost, failed):
        assert names(bench, job) == UNSENT


def test_what_a_kill_left_of_unsent_jobs_goes_at_the_next_start(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True)]
    unknown = bench.reaches(bench.start("unknown", prompt="unknown"), JobState.UNKNOWN)
    done = bench.done(bench.start("done", prompt="done"))
    until(lambda: bench.runner.open_jobs == 0)
    bench.runner.close()
    prepared, refused = (bench.start(text, prompt=text) for text in ("prepared", "refused"))
    bench.ledger.change(refused, state=JobState.NOT_SENT)
    left = {
        "a" * 32: {"picture-1.png", "picture-2.jpg"},  # its row was not written yet
        "b" * 32: {*UNSENT, "vidu.mp4"},  # its row is in another ledger
        "mine": {"picture-1.png"},  # no job's folder
    }
    for name, held in left.items():
        for file in held:
            (bench.videos / name).mkdir(exist_ok=True)
            (bench.videos / name / file).write_bytes(b"x")
        os.utime(bench.videos / name, (1.0, 1.0))  # no other process is working on it
    (bench.videos / "a file").write_bytes(b"x")
    kept = names(bench, done)
    assert done.video in kept
    bench.open()
    assert bench.reaches(prepared, JobState.NOT_SENT).charged is Charged.NO
    for job in (prepared, refused):
        until(lambda job=job: names(bench, job) == {files.THUMBNAIL})  # type: ignore[misc]
    assert names(bench, unknown) == UNSENT
    assert names(bench, done) == kept
    assert not (bench.videos / ("a" * 32)).exists()
    assert (bench.videos / ("b" * 32) / "vidu.mp4").exists()
    assert (bench.videos / "mine" / "picture-1.png").exists()
    assert (bench.videos / "a file").exists()


def test_many_tokens_from_one_address_have_a_bound_together(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purchases, "MAX_OPEN_AT_ADDRESS", 3)
    bench.simulator.faults["poll"] = Always([Fault(429)])
    for number in range(3):
        bench.runner.adopt(f"task-{number}", owner=f"{number:064}", address="one")
    with pytest.raises(TooManyOpen, match="already watching 3 tasks"):
        bench.runner.adopt("task-more", owner=OWNER, address="one")
    bench.runner.adopt("task-more", owner=OWNER, address="another")
    for number in range(4):  # an unknown address counts against nobody
        bench.runner.adopt(f"task-{number}", owner=f"{number + 9:064}")


def test_there_is_room_for_several_at_one_address() -> None:
    assert MAX_OPEN_AT_ADDRESS >= 2 * MAX_OPEN
