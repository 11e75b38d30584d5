"""The job runner: submits each job once, follows every open job to its end, keeps its video.

It needs no browser and no visitor waiting. One thread decides whose turn it is, two small pools
do the work: one asks, within one rate limit for the whole process, and one submits and downloads.
A job is in one place at a time, so a task is never asked about twice at once.
"""

import heapq
import json
import logging
import mimetypes
import random
import secrets
import shutil
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from vidu_demo.client import ViduClient
from vidu_demo.errors import (
    ApiRefused,
    ApiUnreachable,
    KeyMissing,
    NotFound,
    SubmitOutcomeUnknown,
    TaskFailed,
    ViduError,
)
from vidu_demo.images import Picture, prepare_all
from vidu_demo.ledger import Job, JobState, Ledger, LedgerFailed
from vidu_demo.pacing import FIRST_WAIT, Pacer
from vidu_demo.request import VideoRequest
from vidu_demo.task import Task

log = logging.getLogger(__name__)

POLL_THREADS = 16
TRANSFER_THREADS = 16
CALM_SECONDS = 600.0
"""Between questions about a job that is in trouble: it is never given up."""
LONGEST_SAVE_WAIT = 900.0
"""Seconds between tries to fetch a video."""
WRITE_AGAIN_SECONDS = 5.0
"""Until a change that the ledger could not take is offered again."""
FREE_BYTES_NEEDED = 200_000_000
"""On the disk before money is spent: room for the largest videos."""
LARGEST_SEED = 2147483647
NOTHING_WRONG: dict[str, Any] = {"message": "", "charged": None, "next_step": ""}
PICTURES_AT_ONCE = 2
"""Preparing a large picture takes a second and hundreds of megabytes."""


class Look(NamedTuple):
    """What there is to see of a job: its row, and the API's last answer if there is one."""

    job: Job
    task: Task | None


@dataclass
class _Followed:
    """A job in the runner's hands. Only the worker that holds the job changes it."""

    job: Job
    pacer: Pacer
    started: float
    task: Task | None = None
    save_failures: int = 0
    unsaved: dict[str, Any] = field(default_factory=dict)


class JobRunner:
    """Follows jobs in the background.

    Args:
        ledger: Where jobs are kept.
        client: Talks to the API.
        backend: The name of that API in the ledger; jobs of other backends are left alone.
        folder: Where each job gets a folder for its pictures, its request and its video.
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
        folder: Path,
        requests_per_second: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.backend, self.folder = backend, folder
        self._ledger, self._client = ledger, client
        self._clock, self._wall, self._random = clock, wall, random
        self._spacing = 1.0 / requests_per_second
        self._next_turn = 0.0
        self._followed: dict[str, _Followed] = {}
        self._due: list[tuple[float, int, _Followed]] = []
        self._order = count()
        self._changed = threading.Condition()
        self._closing = False
        self._preparing = threading.BoundedSemaphore(PICTURES_AT_ONCE)
        self._polls = ThreadPoolExecutor(POLL_THREADS, "vidu-poll")
        self._transfers = ThreadPoolExecutor(TRANSFER_THREADS, "vidu-transfer")
        self._scheduler = threading.Thread(target=self._schedule, name="vidu-jobs", daemon=True)

    def open(self) -> "JobRunner":
        """Take up every job that an earlier run of the app left open."""
        for job in self._ledger.followed(self.backend):
            followed = self._hold(job)
            if job.state is JobState.PREPARED:
                self._end(followed, JobState.NOT_SENT, ViduError(_STOPPED_BEFORE, next_step=""))
            elif job.state is JobState.SUBMITTING:
                self._end(followed, JobState.UNKNOWN, SubmitOutcomeUnknown(_STOPPED_DURING))
            self._put(followed, 0.0)
        self._scheduler.start()
        return self

    def close(self) -> None:
        """Stop working. Open jobs go on at the vendor and are taken up at the next `open`."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._scheduler.join()
        self._polls.shutdown(cancel_futures=True)
        self._transfers.shutdown(cancel_futures=True)

    def start(self, request: VideoRequest, *, owner: str, click: str) -> Job:
        """Make a job of one deliberate click, and submit it in the background.

        Args:
            request: What to make. An empty seed is picked here.
            owner: The visitor, as a digest of their token.
            click: Unique to the click: the same click again finds the same job, and buys nothing.

        Raises:
            PictureInvalid: A picture can't be sent; nothing was.
            LedgerFailed: The job can't be written down; nothing was sent.
        """
        if found := self._ledger.by_click(click):
            return found
        with self._preparing:
            pictures = prepare_all(request.images)
        if request.seed is None:
            seed = 1 + int(self._random() * LARGEST_SEED)
            request = request.model_copy(update={"seed": seed})
        job_id = secrets.token_hex(16)
        job = Job(
            id=job_id,
            click=click,
            owner=owner,
            backend=self.backend,
            request=self._keep_request(job_id, request, pictures),
            state=JobState.PREPARED,
            created=self._wall(),
        )
        written = self._ledger.add(job)
        if written.id != job.id:
            shutil.rmtree(self.folder / job.id, ignore_errors=True)
            return written
        self._transfers.submit(self._work, self._hold(job))
        return job

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

    def jobs(self, owner: str) -> list[Job]:
        """List a visitor's jobs, newest first."""
        held = self._followed
        return [held[job.id].job if job.id in held else job for job in self._ledger.of(owner)]

    @property
    def open_jobs(self) -> int:
        """How many jobs are being followed now."""
        return len(self._followed)

    def file(self, job: Job, name: str) -> Path:
        """Name a file in a job's folder."""
        return self.folder / job.id / name

    # How a job moves on

    def _schedule(self) -> None:
        while True:
            with self._changed:
                while not self._closing and (
                    not self._due or (wait := self._due[0][0] - self._clock()) > 0
                ):
                    self._changed.wait(wait if self._due else None)
                if self._closing:
                    return
                followed = heapq.heappop(self._due)[2]
            if followed.job.state is JobState.RUNNING:
                self._await_turn()
                self._polls.submit(self._work, followed)
            else:
                self._transfers.submit(self._work, followed)

    def _await_turn(self) -> None:
        with self._changed:
            now = self._clock()
            turn = max(now, self._next_turn)
            self._next_turn = turn + self._spacing
            self._changed.wait_for(lambda: self._closing, timeout=turn - now)

    def _put(self, followed: _Followed, wait: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (self._clock() + wait, next(self._order), followed))
            self._changed.notify()

    def _work(self, followed: _Followed) -> None:
        try:
            if followed.unsaved:
                self._change(followed)
            wait = self._step(followed)
        except Exception:
            log.exception("job %s: a fault of this app", followed.job.id)
            wait = CALM_SECONDS
        if followed.unsaved:
            wait = min(wait or WRITE_AGAIN_SECONDS, WRITE_AGAIN_SECONDS)
        if wait is not None:
            self._put(followed, wait)
        else:
            self._followed.pop(followed.job.id, None)

    def _step(self, followed: _Followed) -> float | None:
        """Do what is next for a job: seconds until the step after, or None at its end."""
        match followed.job.state:
            case JobState.PREPARED:
                return self._submit(followed)
            case JobState.RUNNING:
                return self._ask(followed)
            case JobState.SAVING:
                return self._save(followed)
        return None

    def _submit(self, followed: _Followed) -> float | None:
        self._change(followed, state=JobState.SUBMITTING)
        if followed.unsaved:
            return self._end(followed, JobState.NOT_SENT, LedgerFailed())
        try:
            task_id = self._client.post(self._payload(followed.job))
        except SubmitOutcomeUnknown as error:
            return self._end(followed, JobState.UNKNOWN, error)
        except ViduError as error:
            return self._end(followed, JobState.NOT_SENT, error)
        except Exception:
            log.exception("job %s: a fault of this app during the submit", followed.job.id)
            return self._end(followed, JobState.UNKNOWN, SubmitOutcomeUnknown())
        self._change(followed, task_id=task_id, state=JobState.RUNNING, submitted=self._wall())
        followed.pacer = self._pacer(followed.job)
        followed.started = self._clock()
        return FIRST_WAIT

    def _ask(self, followed: _Followed) -> float | None:
        try:
            task = self._client.get(followed.job.task_id or "")
        except (ApiRefused, ApiUnreachable, KeyMissing) as error:
            try:
                wait = followed.pacer.failed(error)
            except NotFound as final:
                return self._end(followed, JobState.FAILED, final)
            except ViduError as trouble:
                return self._trouble(followed, trouble)
            self._say(followed, error)
            return wait
        followed.task = task
        try:
            wait_or_done = followed.pacer.answered(task, self._clock() - followed.started)
        except TaskFailed as error:
            return self._end(followed, JobState.FAILED, error)
        except ViduError as trouble:
            return self._trouble(followed, trouble)
        if followed.job.message:
            self._change(followed, **NOTHING_WRONG)
        if wait_or_done is None:
            self._change(followed, state=JobState.SAVING, finished=self._wall())
            return 0.0
        return wait_or_done

    def _save(self, followed: _Followed) -> float | None:
        job = followed.job
        name = video_name(job)
        try:
            self._client.download(followed.task or job.task_id or "", self.file(job, name))
        except ViduError as error:
            # The next try asks anew, and so gets a fresh link where the API gives one.
            followed.task = None
            followed.save_failures += 1
            self._say(followed, error)
            return min(LONGEST_SAVE_WAIT, 2.0**followed.save_failures)
        self._change(followed, state=JobState.DONE, video=name, **NOTHING_WRONG)
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
        said = {"message": error.what, "charged": error.charged, "next_step": error.next_step}
        self._change(followed, **said, **changes)

    def _change(self, followed: _Followed, **changes: Any) -> None:
        """Change a job, in memory and in the ledger; what that can't take is offered again."""
        followed.job = replace(followed.job, **changes)
        followed.unsaved.update(changes)
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
        waited = max(0.0, self._wall() - (job.submitted or self._wall()))
        followed = _Followed(job, self._pacer(job), self._clock() - waited)
        self._followed[job.id] = followed
        return followed

    def _pacer(self, job: Job) -> Pacer:
        request = VideoRequest.model_construct(**job.request)
        past = self._ledger.past_waits(self.backend, request.duration, request.resolution)
        return Pacer(job.task_id or "", self._random, past, request.off_peak)

    # What is kept in a job's folder

    def _keep_request(
        self, job_id: str, request: VideoRequest, pictures: list[Picture | str]
    ) -> dict[str, Any]:
        """Write the pictures as they are sent, and the request that names them."""
        folder = self.folder / job_id
        names = []
        try:
            folder.mkdir(parents=True)
            if shutil.disk_usage(folder).free < FREE_BYTES_NEEDED:
                raise LedgerFailed("The disk is nearly full, so nothing was sent.")
            for number, picture in enumerate(pictures, 1):
                if isinstance(picture, Picture):
                    names.append(f"picture-{number}{picture.suffix}")
                    (folder / names[-1]).write_bytes(picture.data)
                else:
                    names.append(picture)
            kept = {"images": names, **request.model_dump(exclude={"images"})}
            (folder / "request.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False))
        except OSError as error:
            raise LedgerFailed(
                f"The data folder can't be written ({error.strerror}), so nothing was sent."
            ) from None
        return kept

    def _payload(self, job: Job) -> dict[str, Any]:
        request = VideoRequest.model_construct(**job.request)
        images = []
        for name in job.request["images"]:
            path = self.file(job, name)
            if path.parent == self.folder / job.id and path.is_file():
                kind, _ = mimetypes.guess_type(name)
                images.append(f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}")
            else:
                images.append(name)
        return request.payload(images)


_STOPPED_BEFORE = "The app was stopped before this was sent."
_STOPPED_DURING = (
    "The app was stopped while this was being sent: a task may be running without its id."
)


def video_name(job: Job) -> str:
    """Name a job's video by its date (UTC), seed and length."""
    day = datetime.fromtimestamp(job.created, UTC).date().isoformat()
    request = VideoRequest.model_construct(**job.request)
    return f"vidu-{day}-seed{request.seed}-{request.duration}s.mp4"
