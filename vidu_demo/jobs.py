"""The job runner: submits each job once, follows every open job to its end, keeps its video.

It needs no browser and no visitor waiting. A job moves on in steps, each of which says when the
next is due; a task is never asked about twice at once.
"""

import hashlib
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from vidu_demo import folder
from vidu_demo.client import ViduClient, chance
from vidu_demo.download import fetch
from vidu_demo.errors import (
    ApiRefused,
    ApiUnreachable,
    Charged,
    KeyMissing,
    NotFound,
    SubmitOutcomeUnknown,
    TaskFailed,
    ViduError,
)
from vidu_demo.images import Picture, prepare_all
from vidu_demo.ledger import Job, JobState, Ledger, LedgerFailed, digest
from vidu_demo.pacing import FIRST_WAIT, Pacer
from vidu_demo.request import LARGEST_SEED, VideoRequest, schema
from vidu_demo.task import Task
from vidu_demo.turns import Turns

log = logging.getLogger(__name__)

CALM_SECONDS = 600.0
"""Between questions about a job that is in trouble: it is never given up."""
LONGEST_TASK = 48 * 3600.0
"""Seconds: an off-peak task is done by then, or called off."""
LONGEST_SAVE_WAIT = 900.0
"""Seconds between tries to fetch a video."""
WRITE_AGAIN_SECONDS = 5.0
"""Until a change that the ledger could not take is offered again."""
BUSY_SECONDS = 1.0
"""Until a step that another worker was at is looked at again."""
NOTHING_WRONG: dict[str, Any] = {"message": "", "charged": None, "next_step": ""}
STOPPED_WATCHING = "You stopped watching. The task goes on at the vendor and may be billed."
STOPPED_SIMULATED = "You stopped watching. The simulated task goes on."
WATCH_AGAIN = "Watch it again at any time: that costs nothing."
DOUBLE_CLICK_SECONDS = 3.0
"""The very same request within this time is the same click, made twice."""
WAITS_NEEDED = 3
"""Past waits from which on one can speak of a usual one."""

_DURATIONS = range(schema("duration")["minimum"], schema("duration")["maximum"] + 1)
_RESOLUTIONS = schema("resolution")["enum"]


class AskedAlready(ViduError):
    """The very same request of this visitor runs already, or may run.

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


class Look(NamedTuple):
    """What there is to see of a job: its row, and the API's last answer if there is one."""

    job: Job
    task: Task | None


@dataclass
class _Followed:
    """A job in the runner's hands. Only one worker has it at a time; a visitor may stop it."""

    job: Job
    pacer: Pacer
    started: float
    task: Task | None = None
    save_failures: int = 0
    stopped: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    unsaved: dict[str, Any] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """True if the next step is a question: how the task stands, or where its video is."""
        if self.job.state is JobState.SAVING:
            return not (self.task and self.task.video_url)
        return self.job.state is JobState.RUNNING


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
    ) -> None:
        self.backend, self.videos = backend, videos
        self._ledger, self._client = ledger, client
        self._clock, self._wall, self._random = clock, wall, random
        self._turns = Turns(clock, requests_per_second)
        self._followed: dict[str, _Followed] = {}
        self._following = threading.Lock()
        self._starting = threading.Lock()
        self._waits: dict[tuple[int, str], list[float]] = {}

    def open(self) -> "JobRunner":
        """Take up every job that an earlier run of the app left open."""
        for job in self._ledger.tombstones(self.backend):
            folder.drop(self.videos / job.id)  # an earlier run may have ended before it did that
        for job in self._ledger.followed(self.backend):
            if job.state is JobState.PREPARED:
                # Claimed, so that nobody who shares the ledger can still send it.
                said = _words(ViduError(_STOPPED_BEFORE, next_step=""))
                self._ledger.claim(job, state=JobState.NOT_SENT, finished=self._wall(), **said)
                continue
            followed = self._hold(job)
            if job.state is JobState.SUBMITTING:
                self._end(followed, JobState.UNKNOWN, SubmitOutcomeUnknown(_STOPPED_DURING))
            self._put(followed, 0.0)
        self._turns.open()
        return self

    def close(self) -> None:
        """Stop working. Open jobs go on at the vendor and are taken up at the next `open`."""
        self._turns.close()

    def start(
        self, request: VideoRequest, *, owner: str, click: str, told: Collection[str] = ()
    ) -> Job:
        """Make a job of one deliberate click, as `start_all` makes several."""
        return self.start_all([request], owner=owner, click=click, told=told)[0]

    def start_all(
        self,
        requests: Sequence[VideoRequest],
        *,
        owner: str,
        click: str,
        told: Collection[str] = (),
    ) -> list[Job]:
        """Make the jobs of one deliberate click, all or none, and submit them in the background.

        Args:
            requests: What to make. An empty seed is picked here.
            owner: The visitor, as a digest of their token.
            click: Unique to the click: the same click again finds the same jobs and buys nothing,
                whatever it asks for by then. Jobs that have been deleted come back as they are.
            told: Ids of jobs of the very same requests: the visitor knows of them, and wants more.

        Raises:
            PictureInvalid: A picture can't be sent; nothing was.
            AskedAlready: One of the very same requests runs, or may run; nothing was sent.
            LedgerFailed: The jobs can't be written down; nothing was sent.
        """
        if found := self._ledger.of_click(click):
            return found
        prepared = [prepare_all(request.images) for request in requests]
        prints = _fingerprints(requests, prepared)
        ids = [secrets.token_hex(16) for _ in requests]
        written: list[Job] = []
        try:
            kept = [
                folder.keep(self.videos / job_id, self._seeded(request), pictures)
                for job_id, request, pictures in zip(ids, requests, prepared, strict=True)
            ]
            with self._starting:
                now = self._wall()
                jobs = [
                    Job(
                        id=ids[place],
                        click=f"{click}:{place + 1}" if place else click,
                        fingerprint=prints[place],
                        owner=owner,
                        backend=self.backend,
                        request=kept[place],
                        state=JobState.PREPARED,
                        created=now + place / 1000,  # so that they keep their order
                    )
                    for place in range(len(requests))
                ]
                written = self._ledger.of_click(click) or self._clicked_twice(click, jobs, told)
                written = written or self._ledger.add(jobs)
        finally:
            for job_id in {*ids} - {job.id for job in written}:
                folder.drop(self.videos / job_id)
        if written[0].id == ids[0]:
            for job in written:
                self._put(self._hold(job), 0.0)
        return written

    def _seeded(self, request: VideoRequest) -> VideoRequest:
        if request.seed is not None:
            return request
        return request.model_copy(update={"seed": 1 + int(self._random() * LARGEST_SEED)})

    def _clicked_twice(self, click: str, jobs: list[Job], told: Collection[str]) -> list[Job]:
        """Find what a double click has made already, and refuse what may be running."""
        alike = [
            [
                job
                for job in self._ledger.alike(new.owner, self.backend, new.fingerprint)
                if job.id not in told
            ]
            for new in jobs
        ]
        latest = [found[0] for found in alike if found]
        double = [
            job for job in latest if 0 <= jobs[0].created - job.created < DOUBLE_CLICK_SECONDS
        ]
        may_run = double or [job for found in alike for job in found if job.may_run]
        if not may_run:
            return []
        # Sent again after their end, this click must still buy nothing.
        self._ledger.repeat(click, may_run[0])
        if len(double) == len(jobs):
            return double
        raise AskedAlready(may_run, len(jobs))

    def adopt(
        self,
        task_id: str,
        *,
        owner: str,
        request: dict[str, Any] | None = None,
        created: float | None = None,
    ) -> Job:
        """Follow a task that was bought elsewhere, or before this disk forgot it.

        Args:
            task_id: The task.
            owner: The visitor who wants to see it.
            request: What was asked, as far as it is known.
            created: When, in Unix seconds, if it is known.

        Raises:
            LedgerFailed: The job can't be written down.
        """
        with self._starting:
            if found := self._ledger.by_task(owner, self.backend, task_id):
                return found
            now = self._wall()
            if created is None or not 0 < created <= now:
                created = now
            job = Job(
                id=secrets.token_hex(16),
                click=digest(owner, self.backend, task_id),
                fingerprint="",
                owner=owner,
                backend=self.backend,
                request=request or {},
                state=JobState.RUNNING,
                created=created,
                submitted=created,
                task_id=task_id,
            )
            (written,) = self._ledger.add([job])
        if written is job:
            self._put(self._hold(job), 0.0)
        return written

    def buried(self, task_id: str, owner: str) -> bool:
        """Tell whether a visitor has deleted their job of this task."""
        return self._ledger.buried(owner, self.backend, task_id)

    def stop(self, job_id: str, owner: str) -> Job | None:
        """Stop watching a job. Its task goes on at the vendor."""
        followed = self._followed.get(job_id)
        if not followed or not self.look(job_id, owner):
            return None
        with followed.lock:
            if followed.job.state not in (JobState.RUNNING, JobState.SAVING):
                return None
            said = STOPPED_SIMULATED if followed.job.simulated else STOPPED_WATCHING
            stopped = {"message": said, "charged": None, "next_step": WATCH_AGAIN}
            self._change(followed, state=JobState.STOPPED, **stopped)
            followed.stopped = True
        return followed.job

    def watch_again(self, job_id: str, owner: str) -> Job | None:
        """Go on watching a job that was stopped, or whose task was not found or not finished.

        One that is done is taken up again if its video is gone: the vendor may still have it.

        Raises:
            LedgerFailed: It can't be written down.
        """
        with self._starting:
            look = self.look(job_id, owner)
            job = look.job if look else None
            if not job or job.open or not job.task_id or job.backend != self.backend:
                return None
            done = job.state is JobState.DONE
            if done and self.file(job, job.video or "").is_file():
                return None
            if earlier := self._followed.get(job_id):
                with earlier.lock:  # what it has not written down yet must not come after this
                    earlier.stopped = True
                    earlier.unsaved.clear()
            job = self._ledger.change(
                job,
                # When it ended unwatched can't be known, so neither can how long it took.
                **{"state": JobState.SAVING} if done else _UNWATCHED,
                **NOTHING_WRONG,
            )
            followed = self._hold(job)
        self._put(followed, 0.0)
        return job

    def forget(self, job_id: str, owner: str) -> bool:
        """Delete a visitor's job for good, with its pictures and its video.

        Its task, which may go on at the vendor, can be adopted anew.

        Returns:
            False if there is no such job of theirs, or it is open.

        Raises:
            LedgerFailed: It can't be written down; nothing was deleted.
        """
        with self._starting:
            look = self.look(job_id, owner)
            if not look or look.job.open or not self._ledger.forget(look.job):
                return False
            with self._following:
                self._followed.pop(job_id, None)
        folder.drop(self.videos / job_id)
        return True

    def look(self, job_id: str, owner: str) -> Look | None:
        """See how a visitor's job stands; None if it is not theirs."""
        followed = self._followed.get(job_id)
        if followed:
            look = Look(followed.job, followed.task)
        else:
            job = self._ledger.get(job_id)
            if not job:
                return None
            look = Look(job, None)
        return look if secrets.compare_digest(look.job.owner, owner) else None

    def jobs(self, owner: str, *, most: int = 50, search: str = "") -> list[Job]:
        """List a visitor's latest jobs, newest first.

        Args:
            owner: The visitor.
            most: How many to list.
            search: Only jobs with all these words in their prompt or task id, in any case.
        """
        found = self._ledger.of(owner, self.backend, most=most, search=search)
        return [held.job if (held := self._followed.get(job.id)) else job for job in found]

    def usual_wait(self, request: VideoRequest) -> float | None:
        """Say how long videos of this length and resolution took here.

        Args:
            request: May be unfinished, made with `model_construct`.

        Returns:
            The median in seconds; None off-peak, or if too few are known.
        """
        past = self._past_waits(request)
        return median(past) if len(past) >= WAITS_NEEDED else None

    @property
    def open_jobs(self) -> int:
        """How many jobs are being followed now."""
        return len(self._followed)

    def file(self, job: Job, name: str) -> Path:
        """Name a file in a job's folder."""
        return self.videos / job.id / name

    def thumbnail(self, job: Job) -> Path | None:
        """Find the small picture that stands for a job, if there is one yet."""
        path = self.file(job, folder.THUMBNAIL)
        return path if path.is_file() else None

    # How a job moves on

    def _put(self, followed: _Followed, wait: float) -> None:
        self._turns.put(partial(self._work, followed), wait, asks=followed.asks)

    def _work(self, followed: _Followed) -> None:
        try:
            self._write_down(followed)
            wait = self._step(followed)
        except Exception:
            log.exception("job %s: a fault of this app", followed.job.id)
            wait = CALM_SECONDS
        if followed.unsaved:
            wait = min(wait or WRITE_AGAIN_SECONDS, WRITE_AGAIN_SECONDS)
        elif followed.stopped:
            wait = None
        if wait is not None:
            self._put(followed, wait)
            return
        with self._following:
            if self._followed.get(followed.job.id) is followed:
                del self._followed[followed.job.id]
        with suppress(LedgerFailed):  # then the next start of the app sees to it
            if followed.stopped and not self._ledger.get(followed.job.id):
                folder.drop(self.videos / followed.job.id)  # deleted while this step wrote there

    def _step(self, followed: _Followed) -> float | None:
        """Do what is next for a job: seconds until the step after, or None at its end."""
        match followed.job.state:
            case JobState.PREPARED:
                return self._submit(followed)
            case JobState.RUNNING | JobState.SAVING:
                return self._ask(followed) if followed.asks else self._save(followed)
        return None

    def _submit(self, followed: _Followed) -> float | None:
        try:
            payload = folder.payload(self.videos / followed.job.id, followed.job.request)
        except LedgerFailed as error:
            return self._end(followed, JobState.NOT_SENT, error)
        try:
            claimed = self._ledger.claim(followed.job, state=JobState.SUBMITTING)
        except LedgerFailed:
            return self._end(followed, JobState.NOT_SENT, LedgerFailed())
        if not claimed:  # another process with this ledger has ended it, or is sending it
            return None
        followed.job = replace(followed.job, state=JobState.SUBMITTING)
        try:
            task_id = self._client.post(payload)
        except ViduError as error:
            unsent = error.charged is Charged.NO
            return self._end(followed, JobState.NOT_SENT if unsent else JobState.UNKNOWN, error)
        except Exception:
            log.exception("job %s: a fault of this app during the submit", followed.job.id)
            return self._end(followed, JobState.UNKNOWN, SubmitOutcomeUnknown())
        self._change(followed, task_id=task_id, state=JobState.RUNNING, submitted=self._wall())
        # The second receipt: a disk may forget, the log of a host often does not.
        log.info("job %s is task %s", followed.job.id, task_id)
        followed.pacer = self._pacer(followed.job)
        followed.started = self._clock()
        return FIRST_WAIT

    def _ask(self, followed: _Followed) -> float | None:
        task_id = followed.job.task_id or ""
        with self._turns.alone(task_id) as alone:
            if not alone:  # another visitor's job follows the same task
                return BUSY_SECONDS
            return self._ask_alone(followed, task_id) if self._turns.await_question() else 0.0

    def _ask_alone(self, followed: _Followed, task_id: str) -> float | None:
        try:
            task = self._client.get(task_id)
        except (ApiRefused, ApiUnreachable, KeyMissing) as error:
            try:
                wait = followed.pacer.failed(error)
            except NotFound as final:
                # What was bought here is looked for as long as any task may take.
                if followed.job.fingerprint and self._waited(followed) < LONGEST_TASK:
                    return self._trouble(followed, final)
                return self._end(followed, JobState.FAILED, final)
            except ViduError as trouble:
                return self._trouble(followed, trouble)
            self._say(followed, error)
            return wait
        followed.task = task
        try:
            wait_or_done = followed.pacer.answered(task, self._waited(followed))
        except TaskFailed as error:
            return self._end(followed, JobState.FAILED, error)
        except ViduError as trouble:
            return self._trouble(followed, trouble)
        if followed.job.state is JobState.RUNNING:
            if followed.job.message:
                self._change(followed, **NOTHING_WRONG)
            if wait_or_done is None:
                self._change(followed, state=JobState.SAVING, finished=self._wall())
        return wait_or_done or 0.0

    def _save(self, followed: _Followed) -> float | None:
        job, task = followed.job, followed.task
        video = self.file(job, folder.video_name(job))
        with self._turns.alone(job.id) as alone:
            if not alone:  # it was stopped and is watched again, and the first is not through
                return BUSY_SECONDS
            try:
                fetch(task or Task(job.task_id or ""), video)
            except ViduError as error:
                # The next try asks anew, and so gets a fresh link where the API gives one.
                followed.task = None
                followed.save_failures += 1
                self._say(followed, error)
                return min(LONGEST_SAVE_WAIT, 2.0 ** min(followed.save_failures, 10))
            facts = folder.complete(video, job)
            done = {"state": JobState.DONE, "video": video.name, "facts": facts}
            self._change(followed, **done, **NOTHING_WRONG)
        self._waits.clear()
        return None

    def _trouble(self, followed: _Followed, error: ViduError) -> float:
        """Say what is wrong and go on asking, seldom: the task may still end well."""
        self._say(followed, error)
        followed.pacer = self._pacer(followed.job)
        return CALM_SECONDS

    def _end(self, followed: _Followed, state: JobState, error: ViduError) -> float | None:
        """End a job for a reason. Returns None: no step comes after."""
        self._say(followed, error, state=state, finished=self._wall())
        return None

    def _say(self, followed: _Followed, error: ViduError, **changes: Any) -> None:
        said = _words(error)
        if followed.job.state is JobState.SAVING:
            # Seen finished, it stays paid for, whatever its link or its task says later.
            said["charged"] = Charged.YES
        self._change(followed, **said, **changes)

    def _change(self, followed: _Followed, **changes: Any) -> None:
        """Change a job, in memory and in the ledger; what that can't take is offered again."""
        with followed.lock:
            if followed.stopped and changes.get("state") is not JobState.DONE:
                return
            followed.job = replace(followed.job, **changes)
            followed.unsaved.update(changes)
            self._write_down(followed)

    def _write_down(self, followed: _Followed) -> None:
        with followed.lock:
            if not followed.unsaved:
                return
            try:
                self._ledger.change(followed.job, **followed.unsaved)
            except LedgerFailed as error:
                log.critical(
                    "job %s, task %s, %s: not written down: %s",
                    followed.job.id,
                    followed.job.task_id,
                    followed.job.state,
                    error.what,
                )
            else:
                followed.unsaved.clear()

    def _hold(self, job: Job) -> _Followed:
        # By the wall clock across restarts only, and never negative: it may have been set back.
        waited = max(0.0, self._wall() - (job.submitted or job.created))
        followed = _Followed(job, self._pacer(job), self._clock() - waited)
        with self._following:
            self._followed[job.id] = followed
        return followed

    def _waited(self, followed: _Followed) -> float:
        return self._clock() - followed.started

    def _pacer(self, job: Job) -> Pacer:
        request = VideoRequest.model_construct(**job.request)
        past = self._past_waits(request)
        return Pacer(job.task_id or "", self._random, past, request.off_peak)

    def _past_waits(self, request: VideoRequest) -> list[float]:
        """List how long like videos took, read anew when one was added; a help, so never raises."""
        kind = request.duration, request.resolution
        if request.off_peak or kind[0] not in _DURATIONS or kind[1] not in _RESOLUTIONS:
            return []
        past = self._waits.get(kind)
        if past is None:
            try:
                past = self._waits[kind] = self._ledger.past_waits(self.backend, *kind)
            except LedgerFailed:
                return []
        return past


_UNWATCHED: dict[str, Any] = {"state": JobState.RUNNING, "submitted": None, "finished": None}
_STOPPED_BEFORE = "The app was stopped before this was sent."
_STOPPED_DURING = (
    "The app was stopped while this was being sent: a task may be running without its id."
)


def _words(error: ViduError) -> dict[str, Any]:
    return {"message": error.what, "charged": error.charged, "next_step": error.next_step}


def _fingerprints(
    requests: Sequence[VideoRequest], prepared: Sequence[list[Picture | str]]
) -> list[str]:
    """Digest what was asked, with the seeds as they were given.

    Where one click asks for the very same several times, each has a print of its own.
    """
    times, prints = Counter[str](), []
    for request, pictures in zip(requests, prepared, strict=True):
        print_ = hashlib.sha256(request.model_dump_json(exclude={"images"}).encode())
        for picture in pictures:
            data = picture.data if isinstance(picture, Picture) else picture.encode()
            print_.update(hashlib.sha256(data).digest())
        asked = print_.hexdigest()
        times[asked] += 1
        if times[asked] > 1:
            print_.update(f"take {times[asked]}".encode())
        prints.append(print_.hexdigest())
    return prints
