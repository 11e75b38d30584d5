"""Polls keep the rate limit and outlast trouble; their durations are learned from."""

import math
import time
from itertools import product
from typing import Any

import pytest
from runner_fixtures import (
    OWNER,
    PROCESSING,
    SUCCEED,
    Always,
    Bench,
    Wall,
    locked,
    task_in,
    until,
)

from vidu_demo import VideoRequest
from vidu_demo.api.task import Task
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Fault

# The rate limit


def poll_times(bench: Bench) -> list[float]:
    return sorted(r.time for r in bench.simulator.requests if "task-result" in r.target)


def keeps_the_rate(times: list[float], rate: float, *, within: int = 30) -> None:
    """Check every run of polls; on a busy machine the first may be a bit late."""
    for first, last in zip(times, times[within:], strict=False):
        assert last - first >= within / rate - 0.25


@pytest.mark.database("sqlite")  # where a job is followed as soon as it is clicked
def test_two_hundred_jobs_share_the_rate_fairly(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    tasks = [task_in(bench) for _ in range(200)]
    waiting = bench.make()
    for task_id in tasks:
        waiting.adopt(task_id, owner=OWNER)
    rate = 250.0
    start = time.time()
    bench.open(requests_per_second=rate)
    until(lambda: bench.simulator.poll_count >= 500)
    took = time.time() - start
    polls = [bench.simulator.polls_of[task_id] for task_id in tasks]
    assert sum(polls) <= rate * took + 20
    assert max(polls) - min(polls) <= 2
    keeps_the_rate(poll_times(bench), rate)


def test_the_rate_is_kept_after_a_stall(bench: Bench) -> None:
    """When an API that hung answers again, what has piled up must not pour over it."""
    bench.simulator.statuses = [PROCESSING]
    tasks = [task_in(bench) for _ in range(60)]
    bench.simulator.faults["poll"] = [Fault(delay=0.5) for _ in range(16)]
    bench.reopen(requests_per_second=100.0)
    for task_id in tasks:
        bench.runner.adopt(task_id, owner=OWNER)
    until(lambda: bench.simulator.poll_count >= 100)
    keeps_the_rate(poll_times(bench), 100.0)


def test_asking_for_links_keeps_the_rate_too(bench: Bench) -> None:
    """After a restart every video that was to be fetched needs a fresh link."""
    tasks = [task_in(bench) for _ in range(25)]
    bench.simulator.faults["download"] = Always([Fault(status=500)])
    made = [bench.runner.adopt(task_id, owner=OWNER) for task_id in tasks]
    for job in made:
        bench.says(job, "HTTP 500")
    bench.runner.close()
    bench.simulator.faults["download"] = []
    bench.simulator.requests.clear()
    bench.open(requests_per_second=40.0)
    for job in made:
        bench.done(job)
    times = poll_times(bench)
    assert len(times) == 25
    keeps_the_rate(times, 40.0, within=20)


def test_a_download_does_not_wait_behind_polls(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    for _ in range(30):
        bench.runner.adopt(task_in(bench), owner=OWNER)
    bench.simulator.statuses = [SUCCEED]
    bench.reopen(requests_per_second=5.0)
    asked = bench.simulator.poll_count
    until(lambda: any(job.state is JobState.DONE for job in bench.runner.jobs(OWNER)))
    assert bench.simulator.poll_count - asked < 15


# Trouble while asking


@pytest.mark.parametrize(
    ("fault", "says", "charged"),
    [
        (Fault(status=401, body={"reason": "INVALID_API_KEY"}), "accept the key", "unknown"),
        (Fault(status=403, body={"reason": "NOT_ENOUGH_BALANCE"}), "too little", "unknown"),
        (Fault(status=500), "no usable answer 12 times in a row", "unknown"),
        (Fault(reset=True), "no usable answer 12 times in a row", "unknown"),
        (Fault(status=400, body={"reason": "INVALID_REQUEST_BODY"}), "something wrong", "unknown"),
    ],
    ids=["key", "balance", "500", "reset", "400"],
)
def test_a_job_in_trouble_stays_open_and_ends_well(
    bench: Bench, fault: Fault, says: str, charged: str
) -> None:
    bench.simulator.faults["poll"] = Always([fault])
    told = bench.says(bench.start(), says)
    assert told.state is JobState.RUNNING
    assert told.charged == charged
    assert told.task_id
    bench.simulator.faults["poll"] = []
    done = bench.done(told)
    assert (done.message, done.charged) == ("", None)
    assert bench.simulator.submit_count == 1


def test_a_success_without_a_link_stays_open(bench: Bench) -> None:
    bench.simulator.transform = lambda body: {**body, "videos": []}
    told = bench.says(bench.start(), "without a link")
    assert told.state is JobState.RUNNING
    bench.simulator.transform = None
    bench.done(told)


def test_an_unknown_status_stays_open(bench: Bench) -> None:
    bench.simulator.statuses = ["TASK_STATUS_DREAMING"]
    told = bench.says(bench.start(), "TASK_STATUS_DREAMING")
    assert told.state is JobState.RUNNING
    bench.simulator.statuses = [SUCCEED]
    bench.done(told)


def test_a_fault_of_this_app_ends_no_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    get = bench.clients[-1].get
    faults = iter([RuntimeError("a mistake"), RuntimeError("a mistake")])

    def mistaken(task_id: str) -> Task:
        for fault in faults:
            raise fault
        return get(task_id)

    monkeypatch.setattr(bench.clients[-1], "get", mistaken)
    bench.done(bench.start())
    assert "a fault of this app" in caplog.text


# Time


def test_a_clock_that_jumps_back(bench: Bench) -> None:
    wall = Wall()
    bench.reopen(wall=wall)
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    wall.ahead = -7 * 86400.0
    bench.reopen(wall=wall)
    until(lambda: bench.simulator.poll_count > 2)
    bench.simulator.statuses = [SUCCEED]
    done = bench.done(job)
    assert done.finished
    assert done.submitted
    assert done.finished < done.submitted
    assert bench.ledger.durations("there", 1, "540p") == []
    bench.done(bench.start("another", prompt="the runner goes on"))


# The usual wait


def waited(bench: Bench, *seconds: float, **changes: Any) -> None:
    """Write down earlier waits, as of another process."""
    asked = bench.request(**changes).model_dump(exclude={"images"})
    for wait in seconds:
        name = f"{len(bench.ledger.for_owner('past', 'there', most=999))}"
        job = Job(name, name, "f", "past", "there", asked, JobState.DONE, 1.0, 1.0, 1.0 + wait)
        bench.ledger.add([job])


def test_the_usual_wait_is_the_median_of_three_or_more(bench: Bench) -> None:
    waited(bench, 30, 40, duration=5)
    waited(bench, 500, 500, 500, duration=5, resolution="720p")
    waited(bench, 500, 500, 500, duration=5, off_peak=True)
    asked = bench.request(duration=5)
    assert bench.runner.usual_wait(asked) is None
    waited(bench, 90, duration=5)
    bench.reopen()
    assert bench.runner.usual_wait(asked) == 40
    assert bench.runner.usual_wait(bench.request(duration=5, off_peak=True)) is None
    assert bench.runner.usual_wait(bench.request(duration=6)) is None


def test_the_usual_wait_learns_from_each_job_that_ends(bench: Bench) -> None:
    waited(bench, 30, 30)
    assert bench.runner.usual_wait(bench.request()) is None
    bench.done(bench.start())
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.usual_wait(bench.request()) == 30


def test_an_unfinished_form_has_no_usual_wait(bench: Bench) -> None:
    waited(bench, 30, 30, 30)
    durations: list[object] = [1, None, 0, 11, 2.5, "5", [5], math.nan]
    resolutions: list[object] = ["540p", None, "", "4k", ["540p"]]
    for duration, resolution in product(durations, resolutions):
        form = VideoRequest.unchecked(duration=duration, resolution=resolution)
        known = 30 if (duration, resolution) == (1, "540p") else None
        assert bench.runner.usual_wait(form) == known


def test_a_ledger_that_fails_has_no_usual_wait(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited(bench, 30, 30, 30)
    with monkeypatch.context() as broken:
        broken.setattr(bench.ledger, "durations", locked)
        assert bench.runner.usual_wait(bench.request()) is None
    assert bench.runner.usual_wait(bench.request()) == 30
    monkeypatch.setattr(bench.ledger, "durations", locked)
    assert bench.runner.usual_wait(bench.request()) == 30  # not asked at each look of a form
