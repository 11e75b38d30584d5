"""A visitor stops watching a job, goes on watching it, or deletes it."""

import gc
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from runner_fixtures import (
    OWNER,
    PROCESSING,
    SUCCEED,
    Bench,
    locked,
    together,
    until,
)

from vidu_demo.api.task import Task
from vidu_demo.jobs import follower
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.scheduler import StepKind
from vidu_demo.simulator import Fault

# Stopping and going on


def test_stop_and_watch_again(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    stopped = bench.runner.stop(job.id, OWNER)
    assert stopped
    assert stopped.state is JobState.STOPPED
    assert "may be billed" in stopped.message
    assert bench.row(job) == stopped
    assert bench.runner.stop(job.id, OWNER) is None
    until(lambda: bench.runner.open_jobs == 0)
    asked = bench.simulator.poll_count
    time.sleep(0.1)
    assert bench.simulator.poll_count == asked
    bench.simulator.statuses = [SUCCEED]
    again = bench.runner.watch_again(job.id, OWNER)
    assert again
    assert (again.state, again.message) == (JobState.RUNNING, "")
    bench.done(job)
    assert bench.runner.watch_again(job.id, OWNER) is None
    assert bench.simulator.submit_count == 1


@pytest.mark.database("sqlite")  # where a job is followed as soon as it is clicked
def test_steps_do_not_add_up_however_often_a_job_is_stopped(bench: Bench) -> None:
    def followers() -> int:
        return sum(isinstance(each, follower.Follower) for each in gc.get_objects())

    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.reopen(requests_per_second=0.01)
    before = followers()
    for _ in range(20):
        assert bench.runner.stop(job.id, OWNER)
        assert bench.runner.watch_again(job.id, OWNER)
    until(lambda: followers() <= before + 1)


def test_stop_holds_over_a_restart(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.runner.stop(job.id, OWNER)
    bench.reopen()
    assert bench.runner.open_jobs == 0
    bench.simulator.statuses = [SUCCEED]
    bench.runner.watch_again(job.id, OWNER)
    bench.done(job)


def test_stop_and_go_while_a_poll_is_under_way(bench: Bench) -> None:
    bench.simulator.faults["poll"] = [Fault(delay=0.3)]
    job = bench.start()
    until(lambda: bench.simulator.poll_count == 1)
    assert bench.runner.stop(job.id, OWNER)
    assert bench.runner.watch_again(job.id, OWNER)
    done = bench.done(job)
    assert bench.simulator.max_concurrent_polls_of(done.task_id or "") == 1


def test_an_answer_after_the_stop_changes_nothing(bench: Bench) -> None:
    bench.simulator.faults["poll"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: bench.simulator.poll_count == 1)
    bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.row(job).state is JobState.STOPPED
    assert bench.simulator.download_count == 0


class Fetches:
    """Counts the downloads that run at once into one file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = self.most = self.all = 0
        self._lock = threading.Lock()
        self._fetch = follower.fetch
        monkeypatch.setattr(follower, "fetch", self)

    def __call__(self, task: Task, path: Path, **how: Any) -> Path:
        with self._lock:
            self.open += 1
            self.all += 1
            self.most = max(self.most, self.open)
        try:
            return self._fetch(task, path, **how)
        finally:
            with self._lock:
                self.open -= 1


def test_a_video_that_comes_after_the_stop_is_kept_and_shown(bench: Bench) -> None:
    bench.simulator.faults["download"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: bench.simulator.download_count == 1)
    stopped = bench.runner.stop(job.id, OWNER)
    assert stopped
    assert stopped.state is JobState.STOPPED
    done = bench.done(job)
    assert (done.message, done.charged) == ("", None)


def test_stop_and_go_while_the_video_is_fetched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetches = Fetches(monkeypatch)
    bench.simulator.faults["download"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: fetches.all == 1)
    bench.runner.stop(job.id, OWNER)
    bench.runner.watch_again(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    bench.done(job)
    assert fetches.most == 1


def done_after_the_find(bench: Bench, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the job end after the runner has found it, and before what it then does."""
    find = bench.runner.find

    def slow(job_id: str, owner: str) -> Any:
        seen = find(job_id, owner)
        bench.done(job)
        return seen

    monkeypatch.setattr(bench.runner, "find", slow)


def test_a_stop_that_comes_too_late_changes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.simulator.faults["download"] = [Fault(delay=0.1)]
    job = bench.start()
    until(lambda: bench.simulator.download_count == 1)
    done_after_the_find(bench, job, monkeypatch)
    assert bench.runner.stop(job.id, OWNER) is None
    assert bench.row(job).state is JobState.DONE


def test_many_clicks_on_watch_again_are_one_follower(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    answers = together(8, lambda _: bench.runner.watch_again(job.id, OWNER))
    assert sum(answer is not None for answer in answers) == 1
    assert bench.runner._followers._scheduler._queue._all[StepKind.POLL].held <= 2
    bench.simulator.statuses = [SUCCEED]
    done = bench.done(job)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.simulator.download_count == 1
    assert bench.simulator.max_concurrent_polls_of(done.task_id or "") == 1


def test_only_what_can_be_followed_is_watched_again(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True)]
    lost = bench.reaches(bench.start("1"), JobState.UNKNOWN)
    assert bench.runner.watch_again(lost.id, OWNER) is None
    failed = bench.reaches(bench.start("2", prompt="[fail]"), JobState.FAILED)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.watch_again(failed.id, OWNER)
    bench.says(failed, "refused the prompt")


# Deleting


def gone(bench: Bench, job: Job) -> None:
    """See that nothing is left of a job but its click."""
    (left,) = bench.ledger.by_key(job.idempotency_key)
    assert (left.id, left.state) == (job.id, JobState.DELETED)
    assert (left.request, left.task_id, left.video, left.facts) == ({}, None, None, None)
    assert bench.runner.find(job.id, OWNER) is None
    assert bench.runner.watch_again(job.id, OWNER) is None
    assert not bench.runner.delete(job.id, OWNER)
    assert bench.runner.jobs(OWNER) == []
    assert list(bench.videos.iterdir()) == []


def test_a_deleted_job_leaves_nothing_and_its_click_buys_nothing(bench: Bench) -> None:
    job = bench.start("1")
    bench.start("2")  # the other half of a double click
    done = bench.done(job)
    assert bench.runner.delete(job.id, OWNER)
    gone(bench, done)
    for click in ("1", "2"):
        late = bench.start(click)
        assert (late.id, late.state) == (job.id, JobState.DELETED)
        assert bench.start(click, prompt="something else", again=True) == late
    bench.reopen()
    assert bench.start("1").state is JobState.DELETED
    gone(bench, done)
    assert bench.simulator.submit_count == bench.simulator.task_count == 1
    assert bench.done(bench.start("3")).id != job.id  # a new wish
    assert bench.simulator.submit_count == 2


def test_an_open_job_is_not_deleted(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    assert not bench.runner.delete(job.id, OWNER)
    bench.simulator.statuses = [SUCCEED]
    bench.done(job)
    assert not bench.runner.delete("no such job", OWNER)


def test_what_came_to_nothing_can_be_deleted(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True), Fault(status=401)]
    lost = bench.reaches(bench.start("lost", prompt="1"), JobState.UNKNOWN)
    refused = bench.reaches(bench.start("refused", prompt="2"), JobState.NOT_SENT)
    failed = bench.reaches(bench.start("failed", prompt="[fail]"), JobState.FAILED)
    for job in (lost, refused, failed):
        assert bench.runner.delete(job.id, OWNER)
        assert bench.start(job.idempotency_key).state is JobState.DELETED
    gone(bench, lost)
    assert bench.simulator.submit_count == 3


def test_a_stopped_job_is_deleted_while_a_poll_is_under_way(bench: Bench) -> None:
    bench.simulator.faults["poll"] = [Fault(delay=0.3)]
    job = bench.start()
    until(lambda: bench.simulator.poll_count == 1)
    bench.runner.stop(job.id, OWNER)
    assert bench.runner.delete(job.id, OWNER)
    assert bench.runner.open_jobs == 0
    bench.runner.close()
    bench.make()
    gone(bench, job)


@pytest.mark.parametrize("watched_twice", [False, True])
def test_a_stopped_job_is_deleted_while_its_video_is_fetched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, watched_twice: bool
) -> None:
    fetch, arrived, deleted = follower.fetch, threading.Event(), threading.Event()

    def slow(task: Task, path: Path, **how: Any) -> Path:
        arrived.set()
        assert deleted.wait(10)
        return fetch(task, path, **how)  # into a folder that it makes again

    monkeypatch.setattr(follower, "fetch", slow)
    job = bench.start()
    assert arrived.wait(10)
    bench.runner.stop(job.id, OWNER)
    if watched_twice:
        bench.runner.watch_again(job.id, OWNER)
        until(lambda: bench.runner._followers.get(job.id))  # with PostgreSQL, a moment later
        bench.runner.stop(job.id, OWNER)
    assert bench.runner.delete(job.id, OWNER)
    assert list(bench.videos.iterdir()) == []
    deleted.set()
    bench.runner.close()  # when it is through
    assert bench.simulator.download_count == 1
    bench.make()
    gone(bench, job)


def test_a_video_that_came_before_the_delete_is_not_deleted_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visitors who delete a job they see as stopped have not seen its video."""
    bench.simulator.faults["download"] = [Fault(delay=0.1)]
    job = bench.start()
    until(lambda: bench.simulator.download_count == 1)
    bench.runner.stop(job.id, OWNER)
    done_after_the_find(bench, job, monkeypatch)
    assert not bench.runner.delete(job.id, OWNER)
    bench.done(job)


def test_delete_and_watch_again_at_once(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    made = [bench.start(f"{number}", prompt=f"{number}") for number in range(6)]
    for job in made:
        bench.reaches(job, JobState.RUNNING)
        bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    bench.simulator.statuses = [SUCCEED]

    def click(number: int) -> Any:
        job = made[number % 6]
        do = bench.runner.delete if number < 6 else bench.runner.watch_again
        return do(job.id, OWNER)

    deleted = together(12, click)[:6]
    for job, was_deleted in zip(made, deleted, strict=True):
        if was_deleted:
            assert bench.runner.find(job.id, OWNER) is None
            assert not (bench.videos / job.id).exists()
        else:
            bench.done(job)
    assert bench.simulator.submit_count == 6


def test_a_delete_that_is_cut_off_is_finished_at_the_next_start(bench: Bench) -> None:
    done = bench.done(bench.start())
    bench.runner.close()
    assert bench.ledger.delete(done)  # and then the power fails
    assert bench.file(done)
    bench.open()
    gone(bench, done)


def test_a_delete_that_cannot_be_written_down_deletes_nothing(bench: Bench) -> None:
    done = bench.done(bench.start())
    until(lambda: bench.runner.open_jobs == 0)
    bench.ledger.before_write = locked
    with pytest.raises(LedgerFailed):
        bench.runner.delete(done.id, OWNER)
    bench.ledger.before_write = lambda _: None
    assert bench.runner.jobs(OWNER) == [bench.done(done)]


def test_a_deleted_task_can_be_taken_up_again_on_purpose(bench: Bench) -> None:
    task_id = bench.done(bench.start()).task_id or ""
    until(lambda: bench.runner.open_jobs == 0)
    ids = set()
    for _ in range(3):
        (job,) = bench.runner.jobs(OWNER)
        ids.add(job.id)
        assert bench.runner.delete(job.id, OWNER)
        assert bench.runner.jobs(OWNER) == []
        bench.done(bench.runner.adopt(task_id, owner=OWNER))
        until(lambda: bench.runner.open_jobs == 0)
    assert len(ids) == 3
    assert bench.simulator.submit_count == 1
