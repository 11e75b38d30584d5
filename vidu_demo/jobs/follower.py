"""Follows one job to its end: submits it once, polls it, and saves its video.

Whatever happens is saved before the next step.
"""

import logging
import secrets
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
from vidu_demo.api.transcript import Exchange
from vidu_demo.jobs import files
from vidu_demo.jobs.answers import Entry
from vidu_demo.jobs.buying.accounts import Accounts
from vidu_demo.jobs.buying.keys import KeyForgotten, advice
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.durations import Durations
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.record import JobRecord
from vidu_demo.jobs.scheduler import StepKind

log = logging.getLogger(__name__)

TROUBLE_SECONDS = 600.0
"""Seconds between polls of a job in trouble, which is never given up."""
LONGEST_TASK = 48 * 3600.0
"""Seconds. By then an off-peak task is done or cancelled."""
LONGEST_SAVE_WAIT = 900.0
"""Maximum seconds between attempts to download a video."""
WRITE_AGAIN_SECONDS = 5.0
"""Seconds until a change that the ledger could not store is retried."""
SIMULATED_WEIGHT = 0.1
"""A poll of the simulator, measured in polls of the API."""
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
        ledger: Stores the jobs.
        accounts: Gives the client to submit, poll and download a job with.
        durations: Knows how long similar videos took.
        videos: The folder with a folder for each job.
        clock: Returns seconds, monotonic.
        wall: Returns Unix seconds.
        random: Returns a number in [0, 1).
        changes: Notified of everything that a page may show.
        run: Opens videos.
    """

    ledger: Ledger
    accounts: Accounts
    durations: Durations
    videos: Path
    clock: Callable[[], float]
    wall: Callable[[], float]
    random: Callable[[], float]
    changes: Changes
    run: Run = in_process


class Follower:
    """Moves a job forward, step by step. One thread at a time runs its steps; any can stop it.

    Args:
        job: The job as it is in the ledger.
        services: What all followers share.

    Attributes:
        task: The API's latest answer about the job's task, if any.
    """

    def __init__(self, job: Job, services: Services) -> None:
        self.task: Task | None = None
        self._record, self._services = JobRecord(job, services.ledger, services.changes), services
        # The wall clock is only used across restarts; never negative, as it may have been set back.
        waited = max(0.0, services.wall() - (job.submitted or job.created))
        self._started = services.clock() - waited
        self._pacer = self._new_pacer()
        self._save_failures = 0

    @property
    def job(self) -> Job:
        """The job in its current state."""
        return self._record.job

    @property
    def answers(self) -> tuple[Entry, ...]:
        """What the API answered about the job, oldest first.

        Raises:
            LedgerFailed: The ledger can't be read.
        """
        return self._record.answers

    def keep_answers(self) -> None:
        """Write the latest answers, because the app stops."""
        self._record.keep_answers()

    @property
    def pending(self) -> bool:
        """True if the ledger is missing a change."""
        return self._record.pending

    def flush(self) -> None:
        """Write what the ledger is missing, if it can be written now."""
        self._record.flush()

    @property
    def stopped(self) -> bool:
        """True once this follower may write nothing more about the job, except its video."""
        return self._record.closed

    @property
    def kind(self) -> StepKind:
        """The kind of the next step."""
        if self.job.state is JobState.SAVING and self.task and self.task.video_url:
            return StepKind.DOWNLOAD
        if self.job.state in (JobState.RUNNING, JobState.SAVING):
            return StepKind.POLL
        return StepKind.SUBMIT

    @property
    def lock(self) -> str:
        """What no two steps may use at the same time: a polled task, or a job's folder."""
        return self.job.task_id or "" if self.kind is StepKind.POLL else self.job.id

    @property
    def weight(self) -> float:
        """How many polls the next step counts as: the simulator has no limit worth keeping."""
        return SIMULATED_WEIGHT if self.job.simulated else 1.0

    @property
    def visitor(self) -> tuple[str, ...]:
        """Whom the next step is for; see `scheduler.Step`.

        Anyone can enter any task id, so all tasks that were not bought here share every other
        poll, however many visitors entered them. Anyone can also get any number of tokens, so
        visitors from the same address, if known, share a turn.
        """
        visitor = (self.job.turn, self.job.owner)
        bought = "bought here" if self.job.fingerprint else "from elsewhere"
        return (bought, *visitor) if self.kind is StepKind.POLL else visitor

    def step(self) -> float | None:
        """Run the next step.

        Returns:
            Seconds until the step after it, or None once the job has ended.
        """
        try:
            self.flush()
            wait = self._step()
        except Exception:
            log.exception("job %s: a fault of this app", self.job.id)
            wait = TROUBLE_SECONDS
        if self.pending:
            return min(wait or WRITE_AGAIN_SECONDS, WRITE_AGAIN_SECONDS)
        return None if self.stopped else wait

    def stop(self) -> bool:
        """Stop watching; the task continues at the vendor. False if there is nothing to watch."""
        return self._record.close(
            (JobState.RUNNING, JobState.SAVING),
            state=JobState.STOPPED,
            message=STOPPED_SIMULATED if self.job.simulated else STOPPED_WATCHING,
            charged=None,
            next_step=WATCH_AGAIN,
        )

    @property
    def in_trouble(self) -> bool:
        """True if its polls fail, and nothing is lost if another follower takes over."""
        polls = self.job.awaits_task and self.kind is StepKind.POLL
        return polls and bool(self.job.message) and not self.pending

    def hand_over(self) -> None:
        """Write nothing more, because another follower takes over."""
        self._record.discard()

    def _step(self) -> float | None:
        if self.stopped:
            return None
        try:
            match self.job.state:
                case JobState.PREPARED:
                    return self._submit()
                case JobState.SUBMITTING:  # its process was stopped meanwhile
                    return self._end(JobState.UNKNOWN, SubmitOutcomeUnknown(STOPPED_DURING))
                case JobState.RUNNING | JobState.SAVING:
                    return self._save() if self.kind is StepKind.DOWNLOAD else self._poll()
        except KeyForgotten:  # `Followers.resume` goes on once the visitor has entered it
            pass
        return None

    def _submit(self) -> float | None:
        try:
            client = self._client
            payload = files.payload(self._folder, self.job.request)
        except (KeyMissing, LedgerFailed) as error:
            return self._end(JobState.NOT_SENT, error)
        try:
            claimed = self._record.claim(JobState.SUBMITTING)
        except LedgerFailed:
            return self._end(JobState.NOT_SENT, LedgerFailed())
        if not claimed:  # another process with this ledger has ended it or is sending it
            return None
        try:
            task_id = client.post(payload)
        except ViduError as error:
            unsent = error.charged is Charged.NO
            return self._end(JobState.NOT_SENT if unsent else JobState.UNKNOWN, error)
        except Exception:
            log.exception("job %s: a fault of this app during the submit", self.job.id)
            return self._end(JobState.UNKNOWN, SubmitOutcomeUnknown())
        # All of it, as another process may have taken this one for dead and the id for lost.
        self._record.change(
            task_id=task_id,
            state=JobState.RUNNING,
            submitted=self._services.wall(),
            finished=None,
            **NOTHING_WRONG,
        )
        # A second receipt: a host's log often outlives its disk.
        log.info("job %s is task %s", self.job.id, task_id)
        self._pacer = self._new_pacer()
        self._started = self._services.clock()
        return FIRST_WAIT

    def _poll(self) -> float | None:
        try:
            task = self._client.get(self.job.task_id or "")
        except KeyForgotten:
            raise
        except (ApiRefused, ApiUnreachable, KeyMissing) as error:
            decision = self._pacer.failed(error)
            if not decision.error:
                if not isinstance(error, NotFound):  # a new task may not be visible at once
                    self._report(error)
                return decision.wait
            if self._no_such_task(decision.error):
                entered = self.job.only_an_id and self.job.state is JobState.RUNNING
                state = JobState.FAILED if self.task or not entered else JobState.NOT_FOUND
                return self._end(state, decision.error)
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
        job, task, reach = self.job, self.task, self._client.reach
        video = self._folder / files.video_name(job)
        # A name of its own, as a process that was taken for dead may still be writing there.
        part = video.with_name(f"{video.name}.{secrets.token_hex(4)}.part")
        try:
            fetch(task or Task(job.task_id or ""), video, part=part, reach=reach, check=self._check)
        except ViduError as error:
            # The next attempt polls again, so it gets a fresh link if the API gives one.
            self.task = None
            self._save_failures += 1
            self._report(error)
            return min(LONGEST_SAVE_WAIT, 2.0 ** min(self._save_failures, 10))
        files.delete_parts(self._folder)
        facts = files.complete(video, job, run=self._services.run)
        self._record.change(state=JobState.DONE, video=video.name, facts=facts, **NOTHING_WRONG)
        self._services.durations.clear()
        return None

    def _check(self, video: Path, task_id: str) -> None:
        """Check that a file opens as a video, where untrusted files are opened.

        Raises:
            DownloadFailed: It does not open, or not within the limits.
        """
        try:
            self._services.run(download.check, video, task_id, visitor=self.job.turn)
        except PictureInvalid as error:
            raise DownloadFailed(_NOT_OPENED, task_id=task_id) from error

    def _no_such_task(self, error: ViduError) -> bool:
        """Tell whether an error is final proof that the task does not exist."""
        if isinstance(error, RequestRejected):  # the API would never have issued such an id
            return not (self.job.fingerprint or self.task)
        # A task that was bought here is looked for as long as any task can take, and without end
        # with a visitor's key: the task may have been bought with another key of theirs.
        theirs = self.job.payer is Payer.VISITOR
        bought = bool(self.job.fingerprint) and (theirs or self._waited() < LONGEST_TASK)
        return isinstance(error, NotFound) and not bought

    def _trouble(self, error: ViduError) -> float | None:
        """Report what is wrong and keep polling, but rarely: the task may still end well.

        With a visitor's key, only as long as any task can take: the key may be the wrong one, and
        polling with it would keep it in memory.
        """
        self._report(error)
        if self.job.payer is Payer.VISITOR and self._waited() >= LONGEST_TASK:
            self._record.close((self.job.state,), state=JobState.STOPPED)
            return None
        self._pacer = self._new_pacer()
        return TROUBLE_SECONDS

    def _end(self, state: JobState, error: ViduError) -> float | None:
        """End a job with an error. Returns None, since there is no next step."""
        self._report(error, state=state, finished=self._services.wall())
        return None

    def _report(self, error: ViduError, **changes: Any) -> None:
        report = summary(error)
        if self.job.payer is Payer.VISITOR and (step := advice(error)):
            report["next_step"] = step
        if self.job.state is JobState.SAVING:
            # Once seen finished, it stays paid for, whatever the API says later.
            report["charged"] = Charged.YES
        self._record.change(**report, **changes)

    def _waited(self) -> float:
        return self._services.clock() - self._started

    def _new_pacer(self) -> Pacer:
        request = VideoRequest.unchecked(**self.job.request)
        past = self._services.durations.of(request, self.job.backend)
        return Pacer(self.job.task_id or "", self._services.random, past, request.off_peak)

    @property
    def _client(self) -> ViduClient:
        return self._services.accounts.client_for(self.job).observed(self._observe)

    def _observe(self, exchange: Exchange) -> None:
        self._record.add_answer(exchange, self._services.wall())

    @property
    def _folder(self) -> Path:
        return self._services.videos / self.job.id


def summary(error: ViduError) -> dict[str, Any]:
    """Summarise an error for the ledger."""
    return {"message": error.what, "charged": error.charged, "next_step": error.next_step}
