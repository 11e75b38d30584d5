"""The followers of the open jobs in this process, one per job; the scheduler runs their steps."""

import threading
from contextlib import suppress
from functools import partial

from vidu_demo.api.errors import ViduError
from vidu_demo.jobs import files
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.follower import WRITE_AGAIN_SECONDS, Follower, Services, summary
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.scheduler import Scheduler, Step, StepKind

_STOPPED_BEFORE = "The app was stopped before this was sent."


class Followers:
    """Follows jobs in the background. Thread-safe.

    Args:
        services: What the followers share.
        scheduler: Runs their steps.
    """

    def __init__(self, services: Services, scheduler: Scheduler) -> None:
        self._services, self._scheduler = services, scheduler
        self._followers: dict[str, Follower] = {}
        self._next: dict[Follower, Step] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._followers)

    def open(self) -> None:
        """Start. Jobs that are already followed wait for this."""
        self._scheduler.open(self)

    def close(self) -> None:
        """Finish the running steps and start no more."""
        self._scheduler.close()
        for follower in list(self._followers.values()):
            follower.keep_answers()

    def get(self, job_id: str) -> Follower | None:
        """Return a job's follower, if it has one in this process."""
        return self._followers.get(job_id)

    def follow(self, job: Job) -> None:
        """Have a job followed, in this process if nothing prevents it."""
        self._services.changes.mark(job.owner)
        if self._scheduler.assign(job.id):
            self._begin(job, instead_of=self.get(job.id))

    def begin(self, job: Job) -> bool:
        """Follow a job in this process; False if there is nothing to do."""
        if not job.open or self._services.accounts.waits(job):
            return False
        self._begin(job, instead_of=self.get(job.id))
        return True

    def take_over(self, job: Job) -> bool:
        """Go on with a job whose process is gone; False if there is nothing to do.

        Raises:
            LedgerFailed: It can't be written.
        """
        if job.state is JobState.PREPARED:
            # A claim, so that no process can send it after this.
            stopped = summary(ViduError(_STOPPED_BEFORE, next_step=""))
            wall, ledger = self._services.wall, self._services.ledger
            if ledger.claim(job, state=JobState.NOT_SENT, finished=wall(), **stopped):
                files.delete_pictures(self._services.videos / job.id)
            return False
        return self.begin(job)

    def resume(self, job_id: str) -> None:
        """Follow a job that has not ended, unless it has a follower that is not in trouble.

        Raises:
            LedgerFailed: It can't be read.
        """
        earlier = self._followers.get(job_id)
        # Whatever a follower writes is in the ledger before the follower is gone.
        job = earlier.job if earlier else self._services.ledger.get(job_id)
        if not job or not job.awaits_task or (earlier and not earlier.in_trouble):
            return
        if earlier or self._scheduler.assign(job_id):
            self._begin(job, instead_of=earlier)

    def lose(self, job_id: str) -> None:
        """Run no more steps of a job, because another process follows it or it has ended."""
        with self._lock:
            if not (follower := self._drop(job_id)):
                return
        self._services.changes.mark(follower.job.owner)
        self._scheduler.ended(job_id)
        self._flush(follower)
        if follower.job.payer is Payer.VISITOR:  # no other process has the key
            with suppress(LedgerFailed):
                self.resume(job_id)

    def forget_key(self, owner: str) -> None:
        """Forget a visitor's key, in all processes. Their unfinished jobs wait for it.

        Raises:
            KeyStays: Only this process has forgotten it.
        """
        self.hear_forgotten(owner, 0.0)
        self._scheduler.tell_forgotten(owner)

    def hear_forgotten(self, owner: str, age: float) -> None:
        """Forget a visitor's key, as another process did `age` seconds ago."""
        self._services.accounts.forget_key(owner, age)
        self._services.changes.mark(owner)

    def let_go(self, job_id: str) -> None:
        """Remove a job's follower, if it has one. Its pending changes are not written any more."""
        if follower := self.get(job_id):
            follower.hand_over()
        self.drop(job_id)

    def drop(self, job_id: str) -> None:
        """Remove a job's stopped follower, if it has one."""
        with self._lock:
            self._drop(job_id)
        self._scheduler.ended(job_id)

    def _begin(self, job: Job, *, instead_of: Follower | None) -> None:
        """Follow a job in this process, unless another thread has begun to since."""
        with self._lock:
            if self._followers.get(job.id) is not instead_of:
                return
            if instead_of:
                instead_of.hand_over()
                self._drop(job.id)
            follower = self._followers[job.id] = Follower(job, self._services)
        self._services.changes.mark(job.owner)
        self._schedule(follower, 0.0)

    def _drop(self, job_id: str) -> Follower | None:
        """Remove a follower and its next step, or these could add up faster than they are due."""
        follower = self._followers.pop(job_id, None)
        if follower and (step := self._next.pop(follower, None)):
            self._scheduler.cancel(step)
        return follower

    def _schedule(self, follower: Follower, wait: float) -> None:
        run, job = partial(self._step, follower), follower.job
        step = Step(run, job.id, follower.kind, follower.visitor, follower.lock, follower.weight)
        self._next[follower] = step
        self._scheduler.put(step, wait)

    def _step(self, follower: Follower) -> None:
        wait = follower.step()
        ours = self._followers.get(follower.job.id) is follower
        if wait is not None and ours:
            self._schedule(follower, wait)
            return
        self._next.pop(follower, None)
        job = follower.job
        folder = self._services.videos / job.id
        if job.state is JobState.NOT_SENT:
            files.delete_pictures(folder)
        if ours:
            with self._lock:
                if self._followers.get(job.id) is follower:
                    del self._followers[job.id]
            self._scheduler.ended(job.id)
        self._flush(follower)
        if self._services.accounts.is_used_up(job):
            with suppress(LedgerFailed):  # then it stays for a day at most
                if not self._services.ledger.count_open(owner=job.owner):
                    self.forget_key(job.owner)
        waits = self._services.accounts.waits(job)
        if ours and job.awaits_task and not follower.stopped and not waits:
            with suppress(LedgerFailed):  # the key was entered after this step had found none
                self.resume(job.id)
        with suppress(LedgerFailed):  # the next start of the app will retry
            if follower.stopped and not self._services.ledger.get(job.id):
                files.delete(folder)  # the job was deleted while this step wrote there

    def _flush(self, follower: Follower) -> None:
        """Write what a follower that is gone has left to write, such as a task's id."""
        follower.flush()
        if follower.pending:
            job = follower.job
            again = partial(self._flush, follower)
            step = Step(again, job.id, StepKind.SUBMIT, follower.visitor, f"flush {job.id}")
            self._scheduler.put(step, WRITE_AGAIN_SECONDS)
