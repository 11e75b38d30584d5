"""The app stops and starts, and every job goes on."""

import time
from typing import Any

import pytest
from runner_fixtures import (
    OWNER,
    PROCESSING,
    SUCCEED,
    Bench,
    task_in,
    until,
)

from vidu_demo.api.errors import Charged
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Fault


def test_close_leaves_running_jobs_to_the_next_start(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    made = [bench.start(f"{n}", prompt=f"number {n}") for n in range(12)]
    for job in made:
        bench.reaches(job, JobState.RUNNING)
    bench.simulator.faults["poll"] = [Fault(delay=0.2) for _ in range(4)]
    runner = bench.runner
    scheduler = runner._followers._scheduler
    threads = [scheduler._thread, *scheduler._workers._threads]
    assert len(threads) > 2
    start = time.monotonic()
    runner.close()
    assert time.monotonic() - start < 2
    assert [thread for thread in threads if thread.is_alive()] == []
    bench.simulator.statuses = [SUCCEED]
    bench.open()
    for job in made:
        bench.done(job)
    assert bench.simulator.submit_count == 12


def test_close_during_a_submit_keeps_its_id(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: bench.simulator.submit_count == 1)
    bench.reopen()
    bench.done(job)
    assert bench.simulator.submit_count == 1


def test_close_does_not_wait_for_the_rate_limit(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    tasks = [task_in(bench) for _ in range(5)]
    bench.reopen(requests_per_second=0.01)
    for task_id in tasks:
        bench.runner.adopt(task_id, owner=OWNER)
    until(lambda: bench.simulator.poll_count == 1)
    start = time.monotonic()
    bench.runner.close()
    assert time.monotonic() - start < 2
    assert bench.simulator.poll_count == 1


def test_what_is_clicked_after_the_close_is_not_sent(bench: Bench) -> None:
    bench.runner.close()
    job = bench.start()
    assert bench.row(job).state is JobState.PREPARED
    bench.open()
    ended = bench.reaches(job, JobState.NOT_SENT)
    assert ended.charged is Charged.NO
    assert "stopped before this was sent" in ended.message
    assert bench.simulator.submit_count == 0


def left_in(bench: Bench, state: JobState, **changes: Any) -> Job:
    """Leave a row as a process that died would have."""
    job = bench.start(f"click {state}", prompt=f"left {state}")
    done = bench.done(job)
    until(lambda: bench.runner.open_jobs == 0)
    (bench.videos / done.id / (done.video or "")).unlink()
    return bench.ledger.change(done, state=state, video=None, **changes)


@pytest.mark.parametrize(
    ("left", "ends", "charged"),
    [
        (JobState.PREPARED, JobState.NOT_SENT, Charged.NO),
        (JobState.SUBMITTING, JobState.UNKNOWN, Charged.UNKNOWN),
    ],
)
def test_a_job_that_died_before_its_id_is_never_sent_again(
    bench: Bench, left: JobState, ends: JobState, charged: Charged
) -> None:
    job = left_in(bench, left, task_id=None, submitted=None, finished=None)
    for _ in range(2):
        bench.reopen()
        ended = bench.reaches(job, ends)
        assert ended.charged is charged
        assert ended.message
        assert ended.finished
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("left", [JobState.RUNNING, JobState.SAVING])
def test_a_job_with_an_id_goes_on_after_a_restart(bench: Bench, left: JobState) -> None:
    job = left_in(bench, left)
    part = bench.videos / job.id / "vidu.mp4.part"
    part.write_bytes(b"half a video")
    bench.reopen()
    bench.done(job)
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("left", [state for state in JobState if state != JobState.DELETED])
def test_jobs_of_another_backend_are_left_alone(bench: Bench, left: JobState) -> None:
    job = left_in(bench, left)
    job = bench.ledger.change(job, backend="elsewhere")
    asked = bench.simulator.poll_count
    bench.reopen()
    assert bench.runner.open_jobs == 0
    assert bench.runner.watch_again(job.id, OWNER) is None
    bench.done(bench.start("mine", prompt="the runner is awake"))
    assert bench.row(job) == job
    assert bench.simulator.poll_count == asked + 1
