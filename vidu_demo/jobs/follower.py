"""One job on its way to its end: submitted once, polled, and its video saved.

Whatever happens is written down before the next step.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidu_demo.api import download
from vidu_demo.api.client import ViduClient
from vidu_demo.api.download import fetch
from vidu_demo.api.errors import (
    ApiUnreachable,
    Charged,
    DownloadFailed,
    KeyMissing,
    PictureInvalid,
    SubmitOutcomeUnknown,
    ViduError,
)
from vidu_demo.api.pacing import FIRST_WAIT, Pacer
from vidu_demo.api.refusals import ApiRefused, NotFound, RequestRejected, TaskFailed
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run, in_process
from vidu_demo.api.task import Task
from vidu_demo.jobs import files
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.durations import Durations
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.record import JobRecord
from vidu_demo.jobs.scheduler import Kind

log = logging.getLogger(__name__)

TROUBLE_SECONDS = 600.0
"""Between polls of a job in trouble: it is never given up."""
LONGEST_TASK = 48 * 3600.0
"""Seconds: an off-peak task is done by then, or cancelled."""
LONGEST_SAVE_WAIT = 900.0
"""Seconds between attempts to fetch a video."""
WRITE_AGAIN_SECONDS = 5.0
"""Until a change that the ledger could not take is offered again."""
NOTHING_WRONG: dict[str, Any] = {"message": "", "charged": None, "next_step": ""}
STOPPED_WATCHING = "You stopped watching. The task goes on at the vendor and may be billed."
STOPPED_SIMULATED = "You stopped watching. The simulated task goes on."
WATCH_AGAIN = "Watch it again at any time: that costs nothing."
STOPPED_DURING = (
    "The app was stopped while this was being sent: a task may be running without its id."
)
_NOT_OPENED = "The video is made, but opening it took too long or too much memory."


@dataclass(frozen=True)
class Services:
    """What all followers of a runner share.

    Attributes:
        ledger: Where jobs are kept.
        client_for: Gives the client that a job is submitted, polled and fetched with.
        durations: How long like videos took.
        videos: Where each job has a folder.
        clock: Gives seconds that never go back.
        wall: Gives Unix seconds.
        random: Gives a number in [0, 1).
        changes: Told of whatever a page may show.
        run: Where videos are opened.
    """

    ledger: Ledger
    client_for: Callable[[Job], ViduClient]
    durations: Durations
    videos: Path
    clock: Callable[[], float]
    wall: Callable[[], float]
    random: Callable[[], float]
    changes: Changes
    run: Run = in_process


class Follower:
    """Takes a job on, step by step. One thread at a time runs its steps; any may stop it.

    Args:
        job: The job as it stands in the ledger.
        services: What to work with.

    Attributes:
        task: The API's last answer about the job's task, if there is one.
    """

    def __init__(self, job: Job, services: Services) -> None:
        self.task: Task | None = None
        self._record, self._services = JobRecord(job, services.ledger, services.changes), services
        # By the wall clock across restarts only, and never negative: it may have been set back.
        waited = max(0.0, services.wall() - (job.submitted or job.created))
        self._started = services.clock() - waited
        self._pacer = self._new_pacer()
        self._save_failures = 0

    @property
    def job(self) -> Job:
        """The job as it stands."""
        return self._record.job

    @property
    def stopped(self) -> bool:
        """True once nothing more may be written about the job from here, but its video."""
        return self._record.closed

    @property
    def kind(self) -> Kind:
        """What the next step does."""
        if self.job.state is JobState.SAVING and self.task and self.task.video_url:
            return Kind.DOWNLOAD
        if self.job.state in (JobState.RUNNING, JobState.SAVING):
            return Kind.POLL
        return Kind.SUBMIT

    @property
    def lock(self) -> str:
        """What no two steps may work on together: a task that is polled, or a job's folder."""
        return self.job.task_id or "" if self.kind is Kind.POLL else self.job.id

    @property
    def visitor(self) -> tuple[str, ...]:
        """Whom the next step is for, as `scheduler.Step` has it.

        Anybody can name any task id. So all those that were not bought here share every other
        poll, however many visitors name them. And anybody can have any number of tokens, so
        visitors from one address share a turn, where it is known.
        """
        visitor = (self.job.turn, self.job.owner)
        bought = "bought here" if self.job.fingerprint else "from elsewhere"
        return (bought, *visitor) if self.kind is Kind.POLL else visitor

    def step(self) -> float | None:
        """Do what is next.

        Returns:
            Seconds until the step after, or None at the job's end.
        """
        try:
            self._record.flush()
            wait = self._step()
        except Exception:
            log.exception("job %s: a fault of this app", self.job.id)
            wait = TROUBLE_SECONDS
        if self._record.pending:
            return min(wait or WRITE_AGAIN_SECONDS, WRITE_AGAIN_SECONDS)
        return None if self.stopped else wait

    def stop(self) -> bool:
        """Stop watching; the task goes on at the vendor. False if there is nothing to watch."""
        return self._record.close(
            (JobState.RUNNING, JobState.SAVING),
            state=JobState.STOPPED,
            message=STOPPED_SIMULATED if self.job.simulated else STOPPED_WATCHING,
            charged=None,
            next_step=WATCH_AGAIN,
        )

    def hand_over(self) -> None:
        """Write nothing more: another follower takes the job up."""
        self._record.discard()

    def end_interrupted(self) -> None:
        """End a job that was being sent when the app was stopped."""
        self._end(JobState.UNKNOWN, SubmitOutcomeUnknown(STOPPED_DURING))

    def _step(self) -> float | None:
        match self.job.state:
            case JobState.PREPARED:
                return self._submit()
            case JobState.RUNNING | JobState.SAVING:
                return self._save() if self.kind is Kind.DOWNLOAD else self._poll()
        return None

    def _submit(self) -> float | None:
        try:
            payload = files.payload(self._folder, self.job.request)
        except LedgerFailed as error:
            return self._end(JobState.NOT_SENT, error)
        try:
            claimed = self._record.claim(JobState.SUBMITTING)
        except LedgerFailed:
            return self._end(JobState.NOT_SENT, LedgerFailed())
        if not claimed:  # another process with this ledger has ended it, or is sending it
            return None
        try:
            task_id = self._client.post(payload)
        except ViduError as error:
            unsent = error.charged is Charged.NO
            return self._end(JobState.NOT_SENT if unsent else JobState.UNKNOWN, error)
        except Exception:
            log.exception("job %s: a fault of this app during the submit", self.job.id)
            return self._end(JobState.UNKNOWN, SubmitOutcomeUnknown())
        self._record.change(
            task_id=task_id, state=JobState.RUNNING, submitted=self._services.wall()
        )
        # A second receipt: a disk may forget, the log of a host often does not.
        log.info("job %s is task %s", self.job.id, task_id)
        self._pacer = self._new_pacer()
        self._started = self._services.clock()
        return FIRST_WAIT

    def _poll(self) -> float | None:
        try:
            task = self._client.get(self.job.task_id or "")
        except (ApiRefused, ApiUnreachable, KeyMissing) as error:
            decision = self._pacer.failed(error)
            if not decision.error:
                self._report(error)
                return decision.wait
            if self._no_such_task(decision.error):
                return self._end(JobState.FAILED, decision.error)
            return self._trouble(decision.error)
        before, self.task = self.task, task
        if task != before:
            self._services.changes.mark(self.job.owner)
        decision = self._pacer.answered(task, self._waited())
        if isinstance(decision.error, TaskFailed):
            return self._end(JobState.FAILED, decision.error)
        if decision.error:
            return self._trouble(decision.error)
        if self.job.state is JobState.RUNNING:
            if self.job.message:
                self._record.change(**NOTHING_WRONG)
            if decision.wait is None:
                self._record.change(state=JobState.SAVING, finished=self._services.wall())
        return decision.wait or 0.0

    def _save(self) -> float | None:
        job, task = self.job, self.task
        video = self._folder / files.video_name(job)
        try:
            reach = self._client.reach
            fetch(task or Task(job.task_id or ""), video, reach=reach, check=self._check)
        except ViduError as error:
            # The next try polls again, and so gets a fresh link where the API gives one.
            self.task = None
            self._save_failures += 1
            self._report(error)
            return min(LONGEST_SAVE_WAIT, 2.0 ** min(self._save_failures, 10))
        facts = files.complete(video, job, run=self._services.run)
        self._record.change(state=JobState.DONE, video=video.name, facts=facts, **NOTHING_WRONG)
        self._services.durations.clear()
        return None

    def _check(self, video: Path, task_id: str) -> None:
        """Check that a file opens as a video, where files from outside are opened.

        Raises:
            DownloadFailed: It does not, or not within the bounds.
        """
        try:
            self._services.run(download.check, video, task_id, visitor=self.job.turn)
        except PictureInvalid as error:
            raise DownloadFailed(_NOT_OPENED, task_id=task_id) from error

    def _no_such_task(self, error: ViduError) -> bool:
        """Tell whether an error says for good that the task's id leads nowhere."""
        if isinstance(error, RequestRejected):  # no API would have given out such an id
            return not (self.job.fingerprint or self.task)
        # What was bought here is looked for as long as any task may take.
        bought = bool(self.job.fingerprint) and self._waited() < LONGEST_TASK
        return isinstance(error, NotFound) and not bought

    def _trouble(self, error: ViduError) -> float:
        """Report what is wrong and keep polling, but seldom: the task may still end well."""
        self._report(error)
        self._pacer = self._new_pacer()
        return TROUBLE_SECONDS

    def _end(self, state: JobState, error: ViduError) -> float | None:
        """End a job for a reason. Returns None: no step comes after."""
        self._report(error, state=state, finished=self._services.wall())
        return None

    def _report(self, error: ViduError, **changes: Any) -> None:
        report = summary(error)
        if self.job.state is JobState.SAVING:
            # Seen finished, it stays paid for, whatever its link or its task says later.
            report["charged"] = Charged.YES
        self._record.change(**report, **changes)

    def _waited(self) -> float:
        return self._services.clock() - self._started

    def _new_pacer(self) -> Pacer:
        request = VideoRequest.unchecked(**self.job.request)
        past = self._services.durations.of(request)
        return Pacer(self.job.task_id or "", self._services.random, past, request.off_peak)

    @property
    def _client(self) -> ViduClient:
        return self._services.client_for(self.job)

    @property
    def _folder(self) -> Path:
        return self._services.videos / self.job.id


def summary(error: ViduError) -> dict[str, Any]:
    """Sum an error up for the ledger."""
    return {"message": error.what, "charged": error.charged, "next_step": error.next_step}
