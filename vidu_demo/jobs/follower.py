"""One job on its way to its end: it is sent once, asked about, and its video kept.

Whatever happens is written down before anything else; what the ledger can't take is offered again.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidu_demo.api import download
from vidu_demo.api.client import ViduClient
from vidu_demo.api.download import fetch
from vidu_demo.api.errors import (
    ApiRefused,
    ApiUnreachable,
    Charged,
    DownloadFailed,
    KeyMissing,
    NotFound,
    PictureInvalid,
    RequestUnusable,
    SubmitOutcomeUnknown,
    TaskFailed,
    ViduError,
)
from vidu_demo.api.pacing import FIRST_WAIT, Pacer
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run, in_process
from vidu_demo.api.task import Task
from vidu_demo.jobs import files
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.durations import Durations
from vidu_demo.jobs.ledger import Job, JobState, Ledger, LedgerFailed
from vidu_demo.jobs.scheduler import Kind

log = logging.getLogger(__name__)

CALM_SECONDS = 600.0
"""Between questions about a job that is in trouble: it is never given up."""
LONGEST_TASK = 48 * 3600.0
"""Seconds: an off-peak task is done by then, or called off."""
LONGEST_SAVE_WAIT = 900.0
"""Seconds between tries to fetch a video."""
WRITE_AGAIN_SECONDS = 5.0
"""Until a change that the ledger could not take is offered again."""
NOTHING_WRONG: dict[str, Any] = {"message": "", "charged": None, "next_step": ""}
STOPPED_WATCHING = "You stopped watching. The task goes on at the vendor and may be billed."
STOPPED_SIMULATED = "You stopped watching. The simulated task goes on."
WATCH_AGAIN = "Watch it again at any time: that costs nothing."
STOPPED_DURING = (
    "The app was stopped while this was being sent: a task may be running without its id."
)


@dataclass(frozen=True)
class Services:
    """What every follower of a runner works with.

    Attributes:
        ledger: Where jobs are kept.
        client: Talks to the API.
        durations: How long like videos took.
        videos: Where each job has a folder.
        clock: Gives seconds that never go back.
        wall: Gives Unix seconds.
        random: Gives a number in [0, 1).
        changes: Told of whatever a page may show.
        run: Where videos are opened.
    """

    ledger: Ledger
    client: ViduClient
    durations: Durations
    videos: Path
    clock: Callable[[], float]
    wall: Callable[[], float]
    random: Callable[[], float]
    changes: Changes
    run: Run = in_process


class Follower:
    """Takes a job on, step by step. Only one worker has it at a time; a visitor may stop it.

    Args:
        job: The job as it stands in the ledger.
        means: What to work with.

    Attributes:
        job: The job as it stands.
        task: The API's last answer about its task, if there is one.
        stopped: True once nothing more may be written about it from here.
    """

    def __init__(self, job: Job, means: Services) -> None:
        self.job, self._by = job, means
        self.task: Task | None = None
        self.stopped = False
        # By the wall clock across restarts only, and never negative: it may have been set back.
        waited = max(0.0, means.wall() - (job.submitted or job.created))
        self._started = means.clock() - waited
        self._pacer = self._new_pacer()
        self._save_failures = 0
        self._lock = threading.RLock()
        self._unsaved: dict[str, Any] = {}

    @property
    def asks(self) -> bool:
        """True if the next step is a question: how the task stands, or where its video is."""
        if self.job.state is JobState.SAVING:
            return not (self.task and self.task.video_url)
        return self.job.state is JobState.RUNNING

    @property
    def kind(self) -> Kind:
        """What the next step does."""
        if self.asks:
            return Kind.POLL
        return Kind.DOWNLOAD if self.job.state is JobState.SAVING else Kind.SUBMIT

    @property
    def lock(self) -> str:
        """What no two steps may be at together: a question about a task, or a job's folder."""
        return self.job.task_id or "" if self.asks else self.job.id

    @property
    def visitor(self) -> tuple[str, ...]:
        """Whom the next step is for, as `turns.Step` has it.

        Anybody can name any task id. So all those that were not bought here share every other
        poll, however many visitors name them. And anybody can have any number of tokens, so
        visitors from one address share a turn, where it is known.
        """
        visitor = (self.job.turn, self.job.owner)
        bought = "bought here" if self.job.fingerprint else "from elsewhere"
        return (bought, *visitor) if self.asks else visitor

    def step(self) -> float | None:
        """Do what is next.

        Returns:
            Seconds until the step after, or None at the job's end.
        """
        try:
            self._write_down()
            wait = self._step()
        except Exception:
            log.exception("job %s: a fault of this app", self.job.id)
            wait = CALM_SECONDS
        if self._unsaved:
            return min(wait or WRITE_AGAIN_SECONDS, WRITE_AGAIN_SECONDS)
        return None if self.stopped else wait

    def stop(self) -> bool:
        """Stop watching; the task goes on at the vendor. False if there is nothing to watch."""
        with self._lock:
            if self.job.state not in (JobState.RUNNING, JobState.SAVING):
                return False
            said = STOPPED_SIMULATED if self.job.simulated else STOPPED_WATCHING
            told = {"message": said, "charged": None, "next_step": WATCH_AGAIN}
            self._change(state=JobState.STOPPED, **told)
            self.stopped = True
        return True

    def let_go(self) -> None:
        """Write nothing more: another follower takes the job up."""
        with self._lock:
            self.stopped = True
            self._unsaved.clear()

    def lost_its_answer(self) -> None:
        """End a job that was being sent when the app was stopped."""
        self._end(JobState.UNKNOWN, SubmitOutcomeUnknown(STOPPED_DURING))

    def _step(self) -> float | None:
        """Do what is next for a job: seconds until the step after, or None at its end."""
        match self.job.state:
            case JobState.PREPARED:
                return self._submit()
            case JobState.RUNNING | JobState.SAVING:
                return self._ask() if self.asks else self._save()
        return None

    def _submit(self) -> float | None:
        try:
            payload = files.payload(self._folder, self.job.request)
        except LedgerFailed as error:
            return self._end(JobState.NOT_SENT, error)
        try:
            claimed = self._by.ledger.claim(self.job, state=JobState.SUBMITTING)
        except LedgerFailed:
            return self._end(JobState.NOT_SENT, LedgerFailed())
        if not claimed:  # another process with this ledger has ended it, or is sending it
            return None
        self.job = replace(self.job, state=JobState.SUBMITTING)
        self._by.changes.mark(self.job.owner)
        try:
            task_id = self._by.client.post(payload)
        except ViduError as error:
            unsent = error.charged is Charged.NO
            return self._end(JobState.NOT_SENT if unsent else JobState.UNKNOWN, error)
        except Exception:
            log.exception("job %s: a fault of this app during the submit", self.job.id)
            return self._end(JobState.UNKNOWN, SubmitOutcomeUnknown())
        self._change(task_id=task_id, state=JobState.RUNNING, submitted=self._by.wall())
        # The second receipt: a disk may forget, the log of a host often does not.
        log.info("job %s is task %s", self.job.id, task_id)
        self._pacer = self._new_pacer()
        self._started = self._by.clock()
        return FIRST_WAIT

    def _ask(self) -> float | None:
        try:
            task = self._by.client.get(self.job.task_id or "")
        except (ApiRefused, ApiUnreachable, KeyMissing) as error:
            try:
                wait = self._pacer.failed(error)
            except ViduError as trouble:
                if self._no_such_task(trouble):
                    return self._end(JobState.FAILED, trouble)
                return self._trouble(trouble)
            self._say(error)
            return wait
        before, self.task = self.task, task
        if task != before:
            self._by.changes.mark(self.job.owner)
        try:
            wait_or_done = self._pacer.answered(task, self._waited())
        except TaskFailed as error:
            return self._end(JobState.FAILED, error)
        except ViduError as trouble:
            return self._trouble(trouble)
        if self.job.state is JobState.RUNNING:
            if self.job.message:
                self._change(**NOTHING_WRONG)
            if wait_or_done is None:
                self._change(state=JobState.SAVING, finished=self._by.wall())
        return wait_or_done or 0.0

    def _save(self) -> float | None:
        job, task = self.job, self.task
        video = self._folder / files.video_name(job)
        try:
            reach = self._by.client.reach
            fetch(task or Task(job.task_id or ""), video, reach=reach, check=self._check)
        except ViduError as error:
            # The next try polls again, and so gets a fresh link where the API gives one.
            self.task = None
            self._save_failures += 1
            self._say(error)
            return min(LONGEST_SAVE_WAIT, 2.0 ** min(self._save_failures, 10))
        facts = files.complete(video, job, run=self._by.run)
        done = {"state": JobState.DONE, "video": video.name, "facts": facts}
        self._change(**done, **NOTHING_WRONG)
        self._by.durations.clear()
        return None

    def _check(self, video: Path, task_id: str) -> None:
        """See that a file opens as a video, where files from outside are opened.

        Raises:
            DownloadFailed: It does not, or not within the bounds.
        """
        try:
            self._by.run(download.check, video, task_id, visitor=self.job.turn)
        except PictureInvalid as error:
            raise DownloadFailed(_NOT_OPENED, task_id=task_id) from error

    def _no_such_task(self, error: ViduError) -> bool:
        """Tell whether an error says for good that the task's id leads nowhere."""
        if isinstance(error, RequestUnusable):  # no API would have given out such an id
            return not (self.job.fingerprint or self.task)
        # What was bought here is looked for as long as any task may take.
        bought = bool(self.job.fingerprint) and self._waited() < LONGEST_TASK
        return isinstance(error, NotFound) and not bought

    def _trouble(self, error: ViduError) -> float:
        """Say what is wrong and go on asking, seldom: the task may still end well."""
        self._say(error)
        self._pacer = self._new_pacer()
        return CALM_SECONDS

    def _end(self, state: JobState, error: ViduError) -> float | None:
        """End a job for a reason. Returns None: no step comes after."""
        self._say(error, state=state, finished=self._by.wall())
        return None

    def _say(self, error: ViduError, **changes: Any) -> None:
        said = words(error)
        if self.job.state is JobState.SAVING:
            # Seen finished, it stays paid for, whatever its link or its task says later.
            said["charged"] = Charged.YES
        self._change(**said, **changes)

    def _change(self, **changes: Any) -> None:
        """Change a job, in memory and in the ledger; what that can't take is offered again."""
        with self._lock:
            if self.stopped and changes.get("state") is not JobState.DONE:
                return
            self.job = replace(self.job, **changes)
            self._by.changes.mark(self.job.owner)
            self._unsaved.update(changes)
            self._write_down()

    def _write_down(self) -> None:
        with self._lock:
            if not self._unsaved:
                return
            try:
                self._by.ledger.change(self.job, **self._unsaved)
            except LedgerFailed as error:
                log.critical(
                    "job %s, task %s, %s: not written down: %s",
                    self.job.id,
                    self.job.task_id,
                    self.job.state,
                    error.what,
                )
            else:
                self._unsaved.clear()

    def _waited(self) -> float:
        return self._by.clock() - self._started

    def _new_pacer(self) -> Pacer:
        request = VideoRequest.model_construct(**self.job.request)
        past = self._by.durations.of(request)
        return Pacer(self.job.task_id or "", self._by.random, past, request.off_peak)

    @property
    def _folder(self) -> Path:
        return self._by.videos / self.job.id


_NOT_OPENED = "The video is made, but opening it took too long or too much memory."


def words(error: ViduError) -> dict[str, Any]:
    """Sum an error up for the ledger."""
    return {"message": error.what, "charged": error.charged, "next_step": error.next_step}
