"""A job: one video that a visitor clicked to buy, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vidu_demo.api.errors import Charged
from vidu_demo.api.request import VideoRequest

SIMULATOR = "simulator"
"""The simulator's name as a backend: its address changes at every start."""


class Payer(StrEnum):
    """Whose key a job is sent with; the simulator's own one costs nothing."""

    SIMULATOR = "simulator"
    HOST = "host"
    VISITOR = "visitor"


class JobState(StrEnum):
    """The state of a job. Only the first four change by themselves."""

    PREPARED = "prepared"
    SUBMITTING = "submitting"
    RUNNING = "running"
    SAVING = "saving"
    DONE = "done"
    FAILED = "failed"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    NOT_FOUND = "not found"
    DELETED = "deleted"


FOLLOWED = (JobState.PREPARED, JobState.SUBMITTING, JobState.RUNNING, JobState.SAVING)
"""The states in which the runner works on a job."""


@dataclass(frozen=True)
class Job:
    """One video and what became of it. Times are in Unix seconds.

    Attributes:
        id: Unguessable; names the job's folder.
        idempotency_key: The click's key; from its second video on, followed by a colon and the
            number of the video. Unique, so that a repeated click finds its jobs.
        fingerprint: A digest of the request, to recognise the same request.
        owner: A digest of the visitor's token.
        backend: Where it was sent: the API's address, or `simulator`.
        request: The fields of the request; pictures as file names in the job's folder, or URLs.
            Incomplete for a task that was started elsewhere.
        state: Its state.
        created: When the visitor asked for it.
        submitted: When the API accepted it; None if it was not watched from start to end.
        finished: When it was seen to end; the video is saved after that.
        task_id: The receipt.
        message: What went wrong; empty if nothing did.
        next_step: What the visitor can do about it.
        charged: Whether it was charged, if there is a message.
        video: The video's file name in the job's folder.
        facts: The fields of `clip.Facts` for the video's file.
        address: A digest of the visitor's IP address; empty if unknown.
        price: Its share of the day's budget, in thousandths of a US dollar; 0 if the host's key
            was certainly not charged.
        payer: Whose key it was sent with.
        full: The settings that it is a draft of; None if it is no draft.
        parent: The id of the job that it was made from, such as its draft; or empty.
        starred: True if the visitor marked it as one of their best.
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
    payer: Payer = Payer.HOST
    full: dict[str, Any] | None = None
    parent: str = ""
    starred: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """The known settings of the request, without pictures, whose links may be signed."""
        return {
            field: self.request[field] for field in VideoRequest.SETTINGS if field in self.request
        }

    @property
    def simulated(self) -> bool:
        """True if no model was used and nothing can have been charged."""
        return self.backend == SIMULATOR

    @property
    def turn(self) -> str:
        """Who waits in turn: the address if known, since anyone can get many tokens."""
        return self.address or self.owner

    @property
    def took(self) -> float | None:
        """Seconds from the submit to the end; None if it was not watched throughout."""
        if not (self.fingerprint and self.submitted and self.finished):
            return None
        return self.finished - self.submitted

    @property
    def click(self) -> str:
        """The key of the click that made it, which other takes share."""
        return self.idempotency_key.partition(":")[0]

    @property
    def open(self) -> bool:
        """True while the runner is working on it."""
        return self.state in FOLLOWED

    def is_in_full(self, draft: "Job") -> bool:
        """Tell whether it is what another job is a draft of, and not just made from it."""
        same_seed = self.request.get("seed") == draft.request.get("seed")
        return bool(self.parent == draft.id and draft.full and not self.full and same_seed)

    @property
    def only_an_id(self) -> bool:
        """True if only its task's id is known, which someone has entered: not bought here."""
        return not (self.fingerprint or self.request)

    @property
    def awaits_task(self) -> bool:
        """True while its task has to be polled."""
        return self.state in (JobState.RUNNING, JobState.SAVING)

    @property
    def may_run(self) -> bool:
        """True while its task is running at the vendor, or may be."""
        return self.open or self.state in (JobState.UNKNOWN, JobState.STOPPED)
