"""An hour's worth of jobs leaves memory, threads, open files and temporary files as they were."""

import gc
import os
import re
import tempfile
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import clear_cache

import pytest
from runner_fixtures import (
    FASTER,
    PROCESSING,
    Bench,
    bench_over,
    picture,
    shorten_waits,
    task_in,
    until,
)

from vidu_demo import Variations
from vidu_demo.api.errors import PictureInvalid
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import DuplicateRequest
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.scheduler import WORKERS
from vidu_demo.media.pool import WorkerPool
from vidu_demo.simulator import Fault

DAY = 86_400.0
ROUNDS, ROUND_SECONDS = 4, 900.0
"""An hour. Each round is another visitor, who has a job of every fate."""
TASK_SECONDS = 5.0
MOST_PER_JOB = 48.0
"""Bytes by which memory may grow for each job in at least one of the hours."""
HOURS = ("the second hour", "the third hour", "the fourth hour")
"""A cache may grow in one of them, but what leaks grows in each."""


class Clock:
    """Time that passes as much faster as polls follow each other faster.

    Attributes:
        ahead: Seconds that were skipped.
    """

    def __init__(self) -> None:
        self._start, self.ahead = time.time() - FASTER * time.monotonic(), 0.0

    def __call__(self) -> float:
        return self._start + FASTER * time.monotonic() + self.ahead


def start(bench: Bench, owner: str, prompt: str, **asked: Any) -> Job:
    return bench.start(f"{prompt} {owner}", owner=owner, prompt=prompt, **asked)


def ends(bench: Bench, job: Job, state: JobState = JobState.DONE) -> None:
    """Wait as a page does: the database would be asked too often."""

    def ended() -> bool:
        view = bench.runner.find(job.id, job.owner)
        return bool(view and view.job.state is state)

    until(ended, f"{job.id} is {state}")


def done(bench: Bench, owner: str) -> None:
    ends(bench, start(bench, owner, "done"))


def offered(bench: Bench, owner: str) -> None:
    order = Order(
        bench.request(images=["https://example.com/a.jpg"], prompt="offered"), Variations(2)
    )
    offer = bench.purchases.offer(order, owner=owner)
    jobs = bench.purchases.buy(offer.id, owner=owner)
    for job in jobs:
        ends(bench, job)
    assert [job.id for job in bench.purchases.buy(offer.id, owner=owner)] == [
        job.id for job in jobs
    ]


def fetched_late(bench: Bench, owner: str) -> None:
    broken = [Fault(truncate=True), Fault(reset=True), Fault(403), Fault(200, "<html>")]
    bench.simulator.faults["download"] = [*broken]
    ends(bench, start(bench, owner, "fetched late"))


def polled_in_vain(bench: Bench, owner: str) -> None:
    bench.simulator.faults["poll"] = [Fault(503), Fault(429), Fault(reset=True), Fault(200, "?")]
    ends(bench, start(bench, owner, "polled in vain"))


def failed(bench: Bench, owner: str) -> None:
    ends(bench, start(bench, owner, "[fail]"), JobState.FAILED)


def refused(bench: Bench, owner: str) -> None:
    ends(bench, start(bench, owner, "[no balance]"), JobState.NOT_SENT)


def unreadable(bench: Bench, owner: str) -> None:
    with pytest.raises(PictureInvalid):
        start(bench, owner, "unreadable", images=[picture()[:99]])


def lost(bench: Bench, owner: str) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True)]
    ends(bench, start(bench, owner, "lost"), JobState.UNKNOWN)
    with suppress(DuplicateRequest):  # or it counts as a double click
        bench.start(f"lost again {owner}", owner=owner, prompt="lost")


def stopped(bench: Bench, owner: str) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = start(bench, owner, "stopped")
    ends(bench, job, JobState.RUNNING)
    for _ in range(3):
        assert bench.runner.stop(job.id, owner)
        assert bench.runner.watch_again(job.id, owner)
    bench.simulator.statuses = None
    ends(bench, job)


def given_up(bench: Bench, owner: str) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = start(bench, owner, "given up")
    ends(bench, job, JobState.RUNNING)
    assert bench.runner.stop(job.id, owner)
    bench.simulator.statuses = None


def adopted(bench: Bench, owner: str) -> None:
    ends(bench, bench.runner.adopt(task_in(bench, prompt="adopted"), owner=owner))


def invented(bench: Bench, owner: str) -> None:
    ends(bench, bench.runner.adopt(f"invented-{owner}", owner=owner), JobState.NOT_FOUND)


FATES: tuple[Callable[[Bench, str], None], ...] = (
    *(done, offered, fetched_late, polled_in_vain, failed, refused, unreadable, lost),
    *(stopped, given_up, adopted, invented),
)


def hour(bench: Bench, clock: Clock, name: str, rounds: int = ROUNDS) -> int:
    """Have jobs of every fate for an hour, then delete them all; returns how many there were."""
    count = 0
    for number in range(rounds):
        owner, ends = f"{name} {number}", clock() + ROUND_SECONDS
        for fate in FATES:
            fate(bench, owner)
        clock.ahead += max(0.0, ends - clock())
        until(lambda: not bench.runner.open_jobs, "every job has ended")
        jobs = bench.runner.jobs(owner)
        assert {job.id for job in jobs} == {folder.name for folder in bench.videos.iterdir()} | {
            job.id for job in jobs if not job.fingerprint and not job.video
        }
        assert not list(bench.folder.rglob("*.part"))
        for job in jobs:
            assert bench.runner.delete(job.id, owner)
        count += len(jobs)
    return count


def open_files() -> Counter[str]:
    """Count the open files by name, and sockets and pipes by kind."""
    found = Counter[str]()
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them
            found[str(file.readlink()).partition(":[")[0]] += 1
    return found


def threads() -> Counter[str]:
    """Count the threads by name, but for the scheduler's, which are kept for the next steps."""
    names = Counter(re.sub(r"[-_\d]+", "", thread.name) for thread in threading.enumerate())
    assert names.pop("viduworker", 0) <= sum(WORKERS.values())
    return names


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def rest(bench: Bench, clock: Clock) -> None:
    """Let a day pass, after which the simulator forgets its tasks, and end what is only kept."""
    clock.ahead += DAY
    task_in(bench)  # the only one that it has now
    bench.clients[-1].close()
    bench.ledger.close()
    until(lambda: "Thread (processrequestthread)" not in threads(), "every connection is closed")


def memory() -> tracemalloc.Snapshot:
    clear_cache()  # of the latest addresses and expressions, which are of any length
    re.purge()
    gc.collect()
    outside = tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__)
    return tracemalloc.take_snapshot().filter_traces([outside])


def spend_hours(folder: Path, clip: bytes) -> None:
    """Have hours of jobs; raises `AssertionError` if they leave something behind."""
    temporary, data = folder / "temporary", folder / "data"
    temporary.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)

    def there() -> tuple[Any, ...]:
        return open_files(), threads(), files(data), len(files(temporary))

    at_first, clock = there(), Clock()
    options = {"seconds": TASK_SECONDS, "clock": clock, "remember": False}
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(WorkerPool(workers=1)) as pool,
        bench_over(data, clip, open_it=False, **options) as bench,
    ):
        shorten_waits(patch)
        tracemalloc.start()
        bench.open(clock=clock, wall=clock, run=pool.run)
        hour(bench, clock, "a quarter", rounds=1)
        rest(bench, clock)  # after which the first hour does what is only done after a rest
        hour(bench, clock, "the first hour")
        rest(bench, clock)
        running, before = there(), memory()
        for name in HOURS:
            jobs = hour(bench, clock, name)
            rest(bench, clock)
            assert there() == running, f"{there()} is not {running}"
            now = memory()
            before, grown = now, now.compare_to(before, "lineno")
            if sum(line.size_diff for line in grown) < MOST_PER_JOB * jobs:
                break
        else:
            raise AssertionError("\n".join(["memory grows:", *map(str, grown[:12])]))
    assert not files(data / "videos")
    until(lambda: there() == (*at_first[:2], files(data), 0), "everything is closed")


def test_an_hour_of_jobs_leaves_nothing_behind(tmp_path: Path, clip: bytes) -> None:
    # In a process of its own, so that nothing else opens or closes anything there.
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        alone.submit(spend_hours, tmp_path, clip).result()
