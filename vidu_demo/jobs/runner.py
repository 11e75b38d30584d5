"""The job runner: one click becomes its jobs, and every open job is followed to its end.

No browser needs to be open for that, and no visitor waits.
"""

import secrets
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from vidu_demo.api.client import ViduClient, system_random
from vidu_demo.api.errors import ViduError
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run, in_process
from vidu_demo.api.task import Task
from vidu_demo.jobs import files
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.duplicates import double_click
from vidu_demo.jobs.durations import Durations
from vidu_demo.jobs.errors import TooManyOpen
from vidu_demo.jobs.follower import NOTHING_WRONG, Services, summary
from vidu_demo.jobs.followers import Followers
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.new_jobs import adopted_job, new_jobs

DOUBLE_CLICK_SECONDS = 3.0
"""The same request within this time is the same click, made twice."""
MAX_OPEN = 200
"""Unfinished jobs of one visitor: far more than the clicks of a day, and cheap to follow."""
MAX_OPEN_AT_ADDRESS = 2 * MAX_OPEN
"""Unfinished jobs of all visitors from one address: tokens cost nothing, addresses do."""


class JobView(NamedTuple):
    """What a page sees of a job: its row, and the API's last answer if there is one."""

    job: Job
    task: Task | None


class JobRunner:
    """Follows jobs in the background.

    Args:
        ledger: Where jobs are kept.
        client_for: Gives the client that a job is submitted, polled and fetched with.
        backend: The name of that API in the ledger; jobs of other backends are left alone.
        videos: Where each job gets a folder for its pictures, its request and its video.
        requests_per_second: Maximum polls per second, for all jobs together.
        clock: Gives seconds that never go back.
        wall: Gives Unix seconds.
        random: Gives a number in [0, 1).
        run: Where pictures and videos are opened: in this process, or a pool's `run`.
    """

    def __init__(
        self,
        ledger: Ledger,
        client_for: Callable[[Job], ViduClient],
        *,
        backend: str,
        videos: Path,
        requests_per_second: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = system_random,
        run: Run = in_process,
    ) -> None:
        self.backend, self.videos = backend, videos
        self._ledger, self._wall, self._random, self._run = ledger, wall, random, run
        self._durations = Durations(ledger, backend)
        self._changes = Changes()
        services = Services(
            ledger, client_for, self._durations, videos, clock, wall, random, self._changes, run
        )
        self._followers = Followers(services, requests_per_second)
        self._click_locks = [threading.Lock() for _ in range(64)]

    def open(self) -> "JobRunner":
        """Take up every job that an earlier run of the app left open."""
        for job in self._ledger.followed(self.backend):
            if job.state is JobState.PREPARED:
                # Claimed, so that nobody who shares the ledger can still send it.
                stopped = summary(ViduError(_STOPPED_BEFORE, next_step=""))
                self._ledger.claim(job, state=JobState.NOT_SENT, finished=self._wall(), **stopped)
                continue
            follower = self._followers.follow(job)
            if job.state is JobState.SUBMITTING:
                follower.end_interrupted()
        files.tidy(self.videos, self._ledger.states())
        self._followers.open()
        return self

    def close(self) -> None:
        """Stop working. Open jobs go on at the vendor and are taken up at the next `open`."""
        self._followers.close()

    def start(self, request: VideoRequest, **options: Any) -> Job:
        """Make a job of one deliberate click, as `start_all` makes several."""
        return self.start_all([request], **options)[0]

    def start_all(
        self,
        requests: Sequence[VideoRequest],
        *,
        owner: str,
        idempotency_key: str,
        acknowledged: Collection[str] = (),
        address: str = "",
        budget: Decimal | None = None,
    ) -> list[Job]:
        """Make the jobs of one deliberate click, all or none, and submit them in the background.

        Args:
            requests: What to make. An empty seed is picked here.
            owner: The visitor, as a digest of their token.
            idempotency_key: Unique to the click: the same click again finds the same jobs and buys
                nothing, whatever it asks for by then. Deleted jobs come back as they are.
            acknowledged: Ids of jobs of the same requests: the visitor knows of them and wants
                more.
            address: A digest of the address that the visitor came from.
            budget: What all visitors may spend a day, in US dollars by estimate; None for no
                limit. The simulator spends nothing.

        Raises:
            PictureInvalid: A picture can't be sent; nothing was.
            BudgetUsedUp: It would cost more than is left of the day's budget; nothing was sent.
            DuplicateRequest: The same request is running, or may be; nothing was sent.
            TooManyOpen: The visitor has too many unfinished jobs; nothing was sent.
            LedgerFailed: The jobs can't be written down; nothing was sent.
        """
        if found := self._ledger.by_key(idempotency_key):
            return found
        jobs = new_jobs(
            requests,
            idempotency_key=idempotency_key,
            owner=owner,
            address=address,
            backend=self.backend,
            videos=self.videos,
            random=self._random,
            run=self._run,
        )
        written: list[Job] = []
        try:
            with self._click_lock(owner):
                now = self._wall()
                # A millisecond apart, so that they keep their order.
                jobs = [replace(job, created=now + n / 1000) for n, job in enumerate(jobs)]
                written = self._ledger.by_key(idempotency_key) or double_click(
                    self._ledger, idempotency_key, jobs, acknowledged, DOUBLE_CLICK_SECONDS
                )
                if not written:
                    self._check_open(owner, address, len(jobs))
                    written = self._ledger.add(jobs, budget)
        finally:
            for job_id in {job.id for job in jobs} - {job.id for job in written}:
                files.delete(self.videos / job_id)
        if written[0].id == jobs[0].id:
            for job in written:
                self._followers.follow(job)
        return written

    def adopt(
        self,
        task_id: str,
        *,
        owner: str,
        address: str = "",
        request: dict[str, Any] | None = None,
        created: float | None = None,
    ) -> Job:
        """Follow a task that was bought elsewhere, or before this disk forgot it.

        Args:
            task_id: The task.
            owner: The visitor who wants to see it.
            address: A digest of the address that they come from.
            request: What was asked, as far as it is known.
            created: When, in Unix seconds, if it is known.

        Raises:
            TooManyOpen: The visitor has too many unfinished jobs.
            LedgerFailed: The job can't be written down.
        """
        with self._click_lock(owner):
            if found := self._ledger.by_task(owner, self.backend, task_id):
                return found
            self._check_open(owner, address)
            now = self._wall()
            job = adopted_job(
                task_id,
                owner=owner,
                address=address,
                backend=self.backend,
                request=request or {},
                created=created if created is not None and 0 < created <= now else now,
            )
            (written,) = self._ledger.add([job])
        if written is job:
            self._followers.follow(job)
        return written

    def is_deleted(self, task_id: str, owner: str) -> bool:
        """Tell whether a visitor has deleted their job of this task."""
        return self._ledger.is_deleted(owner, self.backend, task_id)

    def stop(self, job_id: str, owner: str) -> Job | None:
        """Stop watching a job. Its task goes on at the vendor."""
        follower = self._followers.get(job_id)
        if not follower or not self.look(job_id, owner):
            return None
        return follower.job if follower.stop() else None

    def watch_again(self, job_id: str, owner: str) -> Job | None:
        """Go on watching a job that was stopped, or whose task was not found or not finished.

        One that is done is taken up again if its video is gone: the vendor may still have it.

        Raises:
            TooManyOpen: The visitor has too many unfinished jobs.
            LedgerFailed: It can't be written down.
        """
        with self._click_lock(owner):
            look = self.look(job_id, owner)
            job = look.job if look else None
            if not job or job.open or not job.task_id or job.backend != self.backend:
                return None
            done = job.state is JobState.DONE
            if done and self.file(job, job.video or "").is_file():
                return None
            self._check_open(owner, job.address)
            if earlier := self._followers.get(job_id):
                earlier.hand_over()  # what it has not written down yet must not come after this
            job = self._ledger.change(
                job,
                # When it ended unwatched can't be known, so neither can how long it took.
                **{"state": JobState.SAVING} if done else _UNWATCHED,
                **NOTHING_WRONG,
            )
            self._followers.follow(job)
        return job

    def delete(self, job_id: str, owner: str) -> bool:
        """Delete a visitor's job for good, with its pictures and its video.

        Its task, which may go on at the vendor, can be adopted again.

        Returns:
            False if there is no such job of theirs, or it is open.

        Raises:
            LedgerFailed: It can't be written down; nothing was deleted.
        """
        with self._click_lock(owner):
            look = self.look(job_id, owner)
            if not look or look.job.open or not self._ledger.delete(look.job):
                return False
            self._followers.drop(job_id)
        self._changes.mark(owner)
        files.delete(self.videos / job_id)
        return True

    def look(self, job_id: str, owner: str) -> JobView | None:
        """See how a visitor's job stands; None if it is not theirs."""
        follower = self._followers.get(job_id)
        job = follower.job if follower else self._ledger.get(job_id)
        if not job or not secrets.compare_digest(job.owner, owner):
            return None
        return JobView(job, follower.task if follower else None)

    def version(self, owner: str) -> str:
        """Name the version of a visitor's jobs. While it stays, a page has nothing new to show."""
        return self._changes.version(owner)

    def jobs(self, owner: str, *, most: int = 50, search: str = "") -> list[Job]:
        """List a visitor's latest jobs, newest first.

        Args:
            owner: The visitor.
            most: How many to list.
            search: Only jobs with all these words in their prompt or task id, in any case.
        """
        found = self._ledger.for_owner(owner, self.backend, most=most, search=search)
        return [held.job if (held := self._followers.get(job.id)) else job for job in found]

    def usual_wait(self, request: VideoRequest) -> float | None:
        """Tell how long videos of this length and resolution usually took here.

        Args:
            request: May be unchecked.

        Returns:
            The median in seconds; None off-peak, or if too few are known.
        """
        return self._durations.usual(request)

    @property
    def open_jobs(self) -> int:
        """How many jobs are being followed now."""
        return len(self._followers)

    def file(self, job: Job, name: str) -> Path:
        """Name a file in a job's folder."""
        return self.videos / job.id / name

    def thumbnail(self, job: Job) -> Path | None:
        """Find the small picture that stands for a job, if there is one yet."""
        path = self.file(job, files.THUMBNAIL)
        return path if path.is_file() else None

    def _click_lock(self, owner: str) -> threading.Lock:
        """Give the lock that takes a visitor's clicks one by one; few others share it."""
        return self._click_locks[crc32(owner.encode()) % len(self._click_locks)]

    def _check_open(self, owner: str, address: str, more: int = 1) -> None:
        """Check that a visitor may have more unfinished jobs.

        Raises:
            TooManyOpen: They, or all visitors from their address, would have too many.
        """
        jobs = self._followers.unfinished
        if sum(job.owner == owner for job in jobs) + more > MAX_OPEN:
            raise TooManyOpen(MAX_OPEN)
        if address and sum(job.address == address for job in jobs) + more > MAX_OPEN_AT_ADDRESS:
            raise TooManyOpen(MAX_OPEN_AT_ADDRESS)


_UNWATCHED: dict[str, Any] = {"state": JobState.RUNNING, "submitted": None, "finished": None}
_STOPPED_BEFORE = "The app was stopped before this was sent."
