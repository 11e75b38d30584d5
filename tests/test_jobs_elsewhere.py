"""Tasks that were bought elsewhere are followed too."""

import math
import time

import pytest
from runner_fixtures import (
    OWNER,
    PROCESSING,
    SUCCEED,
    Always,
    Bench,
    task_in,
    together,
)

from vidu_demo.api.errors import Charged
from vidu_demo.api.refusals import NotFound
from vidu_demo.jobs import follower
from vidu_demo.jobs.job import JobState
from vidu_demo.simulator import Fault


def test_a_task_from_elsewhere_is_followed(bench: Bench) -> None:
    task_id = task_in(bench)
    adopted = bench.runner.adopt(task_id, owner=OWNER, request={"duration": 4, "seed": 9})
    done = bench.done(adopted)
    assert done.video
    assert done.video.endswith("-seed9-4s.mp4")
    assert bench.runner.adopt(task_id, owner=OWNER) == done
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("created", [None, 0.0, -1e300, 1e300, math.nan, math.inf])
def test_a_browsers_list_may_name_any_time(bench: Bench, created: float | None) -> None:
    adopted = bench.runner.adopt(task_in(bench), owner=OWNER, created=created)
    done = bench.done(adopted)
    assert abs(done.created - time.time()) < 60


def test_a_task_from_elsewhere_keeps_its_time(bench: Bench) -> None:
    created = time.time() - 3600
    adopted = bench.runner.adopt(task_in(bench), owner=OWNER, created=created)
    assert bench.done(adopted).submitted == created


def test_a_job_is_not_adopted_by_its_own_owner(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    assert bench.runner.adopt(job.task_id or "", owner=OWNER).id == job.id
    assert bench.runner.open_jobs == 1


def test_a_task_known_at_another_backend_is_another_one(bench: Bench) -> None:
    task_id = task_in(bench)
    bench.simulator.statuses = [PROCESSING]
    there = bench.reopen(backend="elsewhere").adopt(task_id, owner=OWNER)
    bench.simulator.statuses = None
    here = bench.reopen().adopt(task_id, owner=OWNER)
    assert here.id != there.id
    bench.done(here)


def test_two_owners_of_one_task_never_ask_at_once(bench: Bench) -> None:
    bench.simulator.statuses = [*[PROCESSING] * 10, SUCCEED]
    bench.simulator.faults["poll"] = [Fault(delay=0.02) for _ in range(10)]
    task_id = task_in(bench)
    owners = [f"{number:x}" * 64 for number in range(6)]
    adopted = together(6, lambda number: bench.runner.adopt(task_id, owner=owners[number]))
    for job in adopted:
        bench.done(job)
    assert bench.simulator.max_concurrent_polls_of(task_id) == 1


def test_a_bought_task_that_the_api_forgets_is_looked_for_as_long_as_any_may_take(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.simulator.faults["poll"] = Always([Fault(status=404)])
    job = bench.says(bench.start(), NotFound.what)
    assert job.state is JobState.RUNNING
    monkeypatch.setattr(follower, "LONGEST_TASK", 0.0)
    assert bench.reaches(job, JobState.FAILED).charged is Charged.UNKNOWN


def test_a_task_that_nobody_knows(bench: Bench) -> None:
    adopted = bench.runner.adopt("no-such-task", owner=OWNER)
    failed = bench.reaches(adopted, JobState.NOT_FOUND)
    assert NotFound.what in failed.message
    assert bench.runner.jobs(OWNER) == []
    assert failed.charged is Charged.UNKNOWN
    assert bench.simulator.polls_of["no-such-task"] == 6


def test_a_task_that_was_bought_here_stays_listed_when_nobody_knows_it(bench: Bench) -> None:
    """A receipt, after the disk was lost, is all that is left of it."""
    adopted = bench.runner.adopt("forgotten-task", owner=OWNER, request={"prompt": "Slow orbit."})
    failed = bench.reaches(adopted, JobState.FAILED)
    assert bench.runner.jobs(OWNER) == [failed]
