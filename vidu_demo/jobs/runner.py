"""The job runner: one click becomes its jobs, and every open job has a follower until its end.

It needs no browser and no visitor waiting. A job moves on in steps, each of which says when the
next is due; a task is never asked about twice at once.
"""

import hashlib
import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from vidu_demo.api.client import ViduClient, chance
from vidu_demo.api.errors import ViduError
from vidu_demo.api.images import Picture, prepare_all
from vidu_demo.api.pricing import estimate
from vidu_demo.api.request import LARGEST_SEED, VideoRequest
from vidu_demo.api.run import Run, in_process
from vidu_demo.api.task import Task
from vidu_demo.jobs import files
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.durations import Durations
from vidu_demo.jobs.follower import NOTHING_WRONG, Follower, Services, words
from vidu_demo.jobs.ledger import SIMULATOR, Job, JobState, Ledger, LedgerFailed, digest
from vidu_demo.jobs.scheduler import Scheduler, Step

DOUBLE_CLICK_SECONDS = 3.0
"""The same request within this time is the same click, made twice."""
MOST_OPEN = 200
"""Unfinished jobs of one visitor: far more than the clicks of a day, and cheap to follow."""
MOST_OPEN_AT_ADDRESS = 2 * MOST_OPEN
"""Unfinished jobs of all visitors from one address: tokens cost nothing, addresses do."""


class DuplicateRequest(ViduError):
    """The same request of this visitor runs already, or may run.

    Attributes:
        jobs: The jobs that were made of it.

    Args:
        jobs: These jobs.
        of: How many videos were asked for.
    """

    what = "You have asked for this very video already, and it is not finished."
    next_step = "Wait for it, change something, or make a second one on purpose."

    def __init__(self, jobs: Sequence[Job], of: int) -> None:
        self.jobs = tuple(jobs)
        unknown = next((job for job in jobs if job.state is JobState.UNKNOWN), None)
        several = f"Already asked for and not finished: {len(jobs)} of these {of} videos."
        super().__init__(
            "You have sent this very request before, and its answer was lost: a task may be "
            "running and billed."
            if unknown
            else several
            if of > 1
            else None,
            next_step="Look in the Novita console first. Sending it again could buy it twice."
            if unknown
            else None,
            task_id=(unknown or jobs[0]).task_id,
        )


class TooManyOpen(ViduError):
    """This visitor has as many unfinished jobs as one may have."""

    next_step = "Wait until some of them are finished, or stop watching some."

    def __init__(self, most: int) -> None:
        super().__init__(f"You are already watching {most} tasks, the most for one visitor.")


class JobView(NamedTuple):
    """What there is to see of a job: its row, and the API's last answer if there is one."""

    job: Job
    task: Task | None


class JobRunner:
    """Follows jobs in the background.

    Args:
        ledger: Where jobs are kept.
        client: Talks to the API.
        backend: The name of that API in the ledger; jobs of other backends are left alone.
        videos: Where each job gets a folder for its pictures, its request and its video.
        requests_per_second: The most questions asked, over all jobs together.
        clock: Gives seconds that never go back.
        wall: Gives Unix seconds.
        random: Gives a number in [0, 1).
        run: Where pictures and videos are opened: in this process, or a pool's `run`.
    """

    def __init__(
        self,
        ledger: Ledger,
        client: ViduClient,
        *,
        backend: str,
        videos: Path,
        requests_per_second: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = chance,
        run: Run = in_process,
    ) -> None:
        self.backend, self.videos = backend, videos
        self._ledger, self._wall, self._random, self._run = ledger, wall, random, run
        self._scheduler = Scheduler(clock, requests_per_second)
        self._durations = Durations(ledger, backend)
        self._changes = Changes()
        self._means = Services(
            ledger, client, self._durations, videos, clock, wall, random, self._changes, run
        )
        self._followers: dict[str, Follower] = {}
        self._following = threading.Lock()
        self._clicks = [threading.Lock() for _ in range(64)]

    def open(self) -> "JobRunner":
        """Take up every job that an earlier run of the app left open."""
        for job in self._ledger.followed(self.backend):
            if job.state is JobState.PREPARED:
                # Claimed, so that nobody who shares the ledger can still send it.
                said = words(ViduError(_STOPPED_BEFORE, next_step=""))
                self._ledger.claim(job, state=JobState.NOT_SENT, finished=self._wall(), **said)
                continue
            follower = self._hold(job)
            if job.state is JobState.SUBMITTING:
                follower.lost_its_answer()
            self._put(follower, 0.0)
        files.tidy(self.videos, self._ledger.states())
        self._scheduler.open()
        return self

    def close(self) -> None:
        """Stop working. Open jobs go on at the vendor and are taken up at the next `open`."""
        self._scheduler.close()

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
            budget: What all visitors may spend on a day, in US dollars by estimate; None for no
                limit. The simulator spends nothing.

        Raises:
            PictureInvalid: A picture can't be sent; nothing was.
            BudgetUsedUp: It would cost more than is left of the day's budget; nothing was sent.
            DuplicateRequest: One of the same requests runs, or may run; nothing was sent.
            TooManyOpen: The visitor has too many unfinished jobs; nothing was sent.
            LedgerFailed: The jobs can't be written down; nothing was sent.
        """
        if found := self._ledger.by_key(idempotency_key):
            return found
        turn = address or owner
        prepared = self._prepared(requests, turn)
        prints = _fingerprints(requests, prepared)
        ids = [secrets.token_hex(16) for _ in requests]
        written: list[Job] = []
        try:
            kept = [
                files.keep(
                    self.videos / job_id,
                    self._seeded(request),
                    pictures,
                    run=self._run,
                    visitor=turn,
                )
                for job_id, request, pictures in zip(ids, requests, prepared, strict=True)
            ]
            with self._one_click_of(owner):
                now = self._wall()
                jobs = [
                    Job(
                        id=ids[place],
                        idempotency_key=f"{idempotency_key}:{place + 1}"
                        if place
                        else idempotency_key,
                        fingerprint=prints[place],
                        owner=owner,
                        backend=self.backend,
                        request=kept[place],
                        state=JobState.PREPARED,
                        created=now + place / 1000,  # so that they keep their order
                        address=address,
                        price=self._price(request),
                    )
                    for place, request in enumerate(requests)
                ]
                written = self._ledger.by_key(idempotency_key) or self._clicked_twice(
                    idempotency_key, jobs, acknowledged
                )
                if not written:
                    self._make_sure_of_room(owner, address, len(jobs))
                    written = self._ledger.add(jobs, budget)
        finally:
            for job_id in {*ids} - {job.id for job in written}:
                files.drop(self.videos / job_id)
        if written[0].id == ids[0]:
            for job in written:
                self._put(self._hold(job), 0.0)
        return written

    def _price(self, request: VideoRequest) -> int:
        """Give the estimate in whole thousandths of a US dollar."""
        return 0 if self.backend == SIMULATOR else math.ceil(1000 * estimate(request))

    def _prepared(
        self, requests: Sequence[VideoRequest], visitor: str
    ) -> list[list[Picture | str]]:
        """Prepare the pictures of each request; several takes of one form share theirs."""
        prepared: list[list[Picture | str]] = []
        for place, request in enumerate(requests):
            if place and request.images == requests[place - 1].images:
                prepared.append(prepared[-1])
            else:
                prepared.append(prepare_all(request.images, run=self._run, visitor=visitor))
        return prepared

    def _seeded(self, request: VideoRequest) -> VideoRequest:
        if request.seed is not None:
            return request
        return request.model_copy(update={"seed": 1 + int(self._random() * LARGEST_SEED)})

    def _clicked_twice(
        self, idempotency_key: str, jobs: list[Job], acknowledged: Collection[str]
    ) -> list[Job]:
        """Find what a double click has made already, and refuse what may be running."""
        alike = [
            [
                job
                for job in self._ledger.same_request(new.owner, self.backend, new.fingerprint)
                if job.id not in acknowledged
            ]
            for new in jobs
        ]
        double = [
            found[0]
            for new, found in zip(jobs, alike, strict=True)
            if found and 0 <= new.created - found[0].created < DOUBLE_CLICK_SECONDS
        ]
        may_run = double or [job for found in alike for job in found if job.may_run]
        if not may_run:
            return []
        # Sent again after their end, this click must still buy nothing.
        self._ledger.repeat(idempotency_key, may_run[0])
        if len(double) == len(jobs):
            return double
        raise DuplicateRequest(may_run, len(jobs))

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
        with self._one_click_of(owner):
            if found := self._ledger.by_task(owner, self.backend, task_id):
                return found
            self._make_sure_of_room(owner, address)
            now = self._wall()
            if created is None or not 0 < created <= now:
                created = now
            job = Job(
                id=secrets.token_hex(16),
                idempotency_key=digest(owner, self.backend, task_id),
                fingerprint="",
                owner=owner,
                backend=self.backend,
                request=request or {},
                state=JobState.RUNNING,
                created=created,
                submitted=created,
                task_id=task_id,
                address=address,
            )
            (written,) = self._ledger.add([job])
        if written is job:
            self._put(self._hold(job), 0.0)
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
        with self._one_click_of(owner):
            look = self.look(job_id, owner)
            job = look.job if look else None
            if not job or job.open or not job.task_id or job.backend != self.backend:
                return None
            done = job.state is JobState.DONE
            if done and self.file(job, job.video or "").is_file():
                return None
            self._make_sure_of_room(owner, job.address)
            if earlier := self._followers.get(job_id):
                earlier.let_go()  # what it has not written down yet must not come after this
            job = self._ledger.change(
                job,
                # When it ended unwatched can't be known, so neither can how long it took.
                **{"state": JobState.SAVING} if done else _UNWATCHED,
                **NOTHING_WRONG,
            )
            follower = self._hold(job)
        self._put(follower, 0.0)
        return job

    def delete(self, job_id: str, owner: str) -> bool:
        """Delete a visitor's job for good, with its pictures and its video.

        Its task, which may go on at the vendor, can be adopted again.

        Returns:
            False if there is no such job of theirs, or it is open.

        Raises:
            LedgerFailed: It can't be written down; nothing was deleted.
        """
        with self._one_click_of(owner):
            look = self.look(job_id, owner)
            if not look or look.job.open or not self._ledger.delete(look.job):
                return False
            with self._following:
                self._followers.pop(job_id, None)
        self._changes.mark(owner)
        files.drop(self.videos / job_id)
        return True

    def look(self, job_id: str, owner: str) -> JobView | None:
        """See how a visitor's job stands; None if it is not theirs."""
        follower = self._followers.get(job_id)
        if follower:
            look = JobView(follower.job, follower.task)
        else:
            job = self._ledger.get(job_id)
            if not job:
                return None
            look = JobView(job, None)
        return look if secrets.compare_digest(look.job.owner, owner) else None

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
        """Say how long videos of this length and resolution took here.

        Args:
            request: May be unfinished, made with `model_construct`.

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

    def _one_click_of(self, owner: str) -> threading.Lock:
        """Let a visitor's clicks come one after the other, without all others waiting for them."""
        return self._clicks[crc32(owner.encode()) % len(self._clicks)]

    def _make_sure_of_room(self, owner: str, address: str, more: int = 1) -> None:
        with self._following:
            held = [follower.job for follower in self._followers.values() if follower.job.open]
        if sum(job.owner == owner for job in held) + more > MOST_OPEN:
            raise TooManyOpen(MOST_OPEN)
        if address and sum(job.address == address for job in held) + more > MOST_OPEN_AT_ADDRESS:
            raise TooManyOpen(MOST_OPEN_AT_ADDRESS)

    def _hold(self, job: Job) -> Follower:
        follower = Follower(job, self._means)
        with self._following:
            self._followers[job.id] = follower
        self._changes.mark(job.owner)
        return follower

    def _put(self, follower: Follower, wait: float) -> None:
        run = partial(self._work, follower)
        self._scheduler.put(Step(run, follower.kind, follower.visitor, follower.lock), wait)

    def _work(self, follower: Follower) -> None:
        wait = follower.step()
        if wait is not None:
            self._put(follower, wait)
            return
        job_id = follower.job.id
        if follower.job.state is JobState.NOT_SENT:
            files.drop_pictures(self.videos / job_id)
        with self._following:
            if self._followers.get(job_id) is follower:
                del self._followers[job_id]
        with suppress(LedgerFailed):  # then the next start of the app sees to it
            if follower.stopped and not self._ledger.get(job_id):
                files.drop(self.videos / job_id)  # deleted while this step wrote there


_UNWATCHED: dict[str, Any] = {"state": JobState.RUNNING, "submitted": None, "finished": None}
_STOPPED_BEFORE = "The app was stopped before this was sent."


def _fingerprints(
    requests: Sequence[VideoRequest], prepared: Sequence[list[Picture | str]]
) -> list[str]:
    """Digest what was asked, with the seeds as they were given.

    Where one click asks for the same several times, each has a print of its own.
    """
    times, prints = Counter[str](), []
    for request, pictures in zip(requests, prepared, strict=True):
        hasher = hashlib.sha256(request.model_dump_json(exclude={"images"}).encode())
        for picture in pictures:
            data = picture.data if isinstance(picture, Picture) else picture.encode()
            hasher.update(hashlib.sha256(data).digest())
        asked = hasher.hexdigest()
        times[asked] += 1
        if times[asked] > 1:
            hasher.update(f"take {times[asked]}".encode())
        prints.append(hasher.hexdigest())
    return prints
