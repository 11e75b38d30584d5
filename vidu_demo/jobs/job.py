"""A job: one video of a deliberate click, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vidu_demo.api.errors import Charged
from vidu_demo.api.request import SETTINGS

SIMULATOR = "simulator"
"""The simulator's name as a backend: its address changes at every start."""


class JobState(StrEnum):
    """Where a job stands. Only the first four go on by themselves."""

    PREPARED = "prepared"
    SUBMITTING = "submitting"
    RUNNING = "running"
    SAVING = "saving"
    DONE = "done"
    FAILED = "failed"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    DELETED = "deleted"


FOLLOWED = (JobState.PREPARED, JobState.SUBMITTING, JobState.RUNNING, JobState.SAVING)
"""The states that the runner works on."""


@dataclass(frozen=True)
class Job:
    """One deliberate click and what came of it. Times are Unix seconds.

    Attributes:
        id: Unguessable; names the job's folder.
        idempotency_key: Names the deliberate click it stands for, and behind a colon which of its
            videos it is from the second on; unique, so a repeated click finds its jobs.
        fingerprint: A digest of what was asked, to recognise the same request.
        owner: A digest of the visitor's token.
        backend: Whom it was sent to: the API's address, or `simulator`.
        request: The fields of the request; pictures as file names in the job's folder, or URLs.
            Incomplete for a task that was started elsewhere.
        state: Where it stands.
        created: When the visitor asked for it.
        submitted: When the API took it; None if it was not watched from there to its end.
        finished: When its end was seen; the video is saved after that.
        task_id: The receipt.
        message: What happened, if something did; empty if all is well.
        next_step: What the visitor can do about it.
        charged: What is known about the money, if there is a message.
        video: File name in the job's folder.
        facts: What the video's file was found to be, by the names of `clip.Facts`.
        address: A digest of the address that the visitor came from; empty if it is not known.
        price: What it counts in the day's budget, in thousandths of a US dollar; 0 if it was
            surely not charged.
    """

    id: str
    idempotency_key: str
    fingerprint: str
    owner: str
    backend: str
    request: dict[str, Any]
    state: JobState
    created: float
    submitted: float | None = None
    finished: float | None = None
    task_id: str | None = None
    message: str = ""
    next_step: str = ""
    charged: Charged | None = None
    video: str | None = None
    facts: dict[str, Any] | None = None
    address: str = ""
    price: int = 0

    @property
    def settings(self) -> dict[str, Any]:
        """The request as far as it is known, without the pictures: links may be signed."""
        return {field: self.request[field] for field in SETTINGS if field in self.request}

    @property
    def simulated(self) -> bool:
        """True if no model was used and nothing can have been charged."""
        return self.backend == SIMULATOR

    @property
    def turn(self) -> str:
        """Whose turn it takes: the address's where known, since tokens cost nothing."""
        return self.address or self.owner

    @property
    def took(self) -> float | None:
        """Seconds from the submit to the end; None if they were not watched here."""
        if not (self.fingerprint and self.submitted and self.finished):
            return None
        return self.finished - self.submitted

    @property
    def open(self) -> bool:
        """True while the runner works on it."""
        return self.state in FOLLOWED

    @property
    def may_run(self) -> bool:
        """True while its task runs at the vendor, or may run."""
        return self.open or self.state in (JobState.UNKNOWN, JobState.STOPPED)
