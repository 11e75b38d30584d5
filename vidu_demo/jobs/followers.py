"""The followers of all open jobs, one per job; the scheduler runs their steps."""

import threading
from contextlib import suppress
from functools import partial

from vidu_demo.jobs import files
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.follower import Follower, Services
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.scheduler import Scheduler, Step


class Followers:
    """Follows jobs in the background. Thread-safe.

    Args:
        services: What the followers share.
        polls_per_second: The maximum, for all jobs together.
    """

    def __init__(self, services: Services, polls_per_second: float) -> None:
        self._services = services
        self._scheduler = Scheduler(services.clock, polls_per_second)
        self._followers: dict[str, Follower] = {}
        self._next: dict[Follower, Step] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._followers)

    def open(self) -> None:
        """Start. Jobs that are already followed wait for this."""
        self._scheduler.open()

    def close(self) -> None:
        """Finish the running steps and start no more."""
        self._scheduler.close()
        for follower in list(self._followers.values()):
            follower.keep_answers()

    def get(self, job_id: str) -> Follower | None:
        """Return a job's follower, if it has one."""
        return self._followers.get(job_id)

    @property
    def unfinished(self) -> list[Job]:
        """The followed jobs that have not ended."""
        with self._lock:
            jobs = [follower.job for follower in self._followers.values()]
        return [job for job in jobs if job.open]

    def follow(self, job: Job) -> Follower:
        """Start following a job, replacing any earlier follower."""
        follower = Follower(job, self._services)
        with self._lock:
            self._drop(job.id)
            self._followers[job.id] = follower
        self._services.changes.mark(job.owner)
        self._schedule(follower, 0.0)
        return follower

    def resume(self, job_id: str) -> None:
        """Follow a job that has not ended, unless it has a follower that is not in trouble.

        Raises:
            LedgerFailed: It can't be read.
        """
        with self._lock:
            earlier = self._followers.get(job_id)
            # Whatever a follower writes is in the ledger before the follower is gone.
            job = earlier.job if earlier else self._services.ledger.get(job_id)
            if not job or not job.awaits_task or (earlier and not earlier.in_trouble):
                return
            if earlier:
                earlier.hand_over()
                self._drop(job_id)
            follower = self._followers[job.id] = Follower(job, self._services)
        self._services.changes.mark(job.owner)
        self._schedule(follower, 0.0)

    def drop(self, job_id: str) -> None:
        """Remove a job's stopped follower, if it has one."""
        with self._lock:
            self._drop(job_id)

    def _drop(self, job_id: str) -> None:
        """Remove a follower and its next step, or these could add up faster than they are due."""
        follower = self._followers.pop(job_id, None)
        if follower and (step := self._next.pop(follower, None)):
            self._scheduler.cancel(step)

    def _schedule(self, follower: Follower, wait: float) -> None:
        run, weight = partial(self._step, follower), follower.weight
        step = Step(run, follower.kind, follower.visitor, follower.lock, weight)
        self._next[follower] = step
        self._scheduler.put(step, wait)

    def _step(self, follower: Follower) -> None:
        wait = follower.step()
        if wait is not None:
            self._schedule(follower, wait)
            return
        self._next.pop(follower, None)
        job = follower.job
        folder = self._services.videos / job.id
        if job.state is JobState.NOT_SENT:
            files.delete_pictures(folder)
        with self._lock:
            if self._followers.get(job.id) is follower:
                del self._followers[job.id]
        if job.awaits_task and not follower.stopped and not self._services.accounts.waits(job):
            with suppress(LedgerFailed):  # the key was entered after this step had found none
                self.resume(job.id)
        with suppress(LedgerFailed):  # the next start of the app will retry
            if follower.stopped and not self._services.ledger.get(job.id):
                files.delete(folder)  # the job was deleted while this step wrote there
