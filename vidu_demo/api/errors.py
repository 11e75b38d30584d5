"""Everything that can go wrong, by meaning.

    ViduError
    ├── RequestInvalid            refused here, before anything was sent
    │   └── PictureInvalid        a picture that cannot be sent
    ├── KeyMissing                no API key was given
    ├── ApiUnreachable            the request certainly did not reach the API
    ├── SubmitOutcomeUnknown      the answer to a paid request was lost
    ├── ApiRefused                the API turned the request away (in `refusals`)
    │   ├── KeyRejected, PictureRejected, RequestRejected
    │   ├── PromptBlocked, PictureBlocked, VideoBlocked
    │   ├── BalanceTooLow, AccountNotAllowed
    │   └── TooFast, NotFound, ServiceFailed
    ├── TaskFailed                the task ended without a video (in `refusals`)
    ├── StillRunning              the caller's deadline passed, the task goes on
    ├── ContactLost               too many polls in a row failed
    ├── StatusUnknown             the API keeps answering a status nobody knows
    ├── VideoMissing              the task succeeded but names no video
    └── DownloadFailed            the video is made but could not be fetched
        ├── LinkExpired           the link to it no longer works
        └── LinkRefused           the link leads where it may not

Each error says what happened, whether it was charged, and what to do next. What is *invalid* was
stopped here; what is *rejected*, the API did not take; what is *blocked*, the vendor's content
check did not let pass.
"""

import copyreg
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vidu_demo.api.text import Text, joined, own


class Charged(StrEnum):
    """What is known about the money."""

    NO = "no"
    UNKNOWN = "unknown"
    YES = "yes"

    @property
    def sentence(self) -> str:
        """The fact, as the page says it."""
        return {
            Charged.NO: "Nothing was charged.",
            Charged.UNKNOWN: "It may have been charged.",
            Charged.YES: "The video was made, so it counts as charged.",
        }[self]


def redact(text: str) -> str:
    """Remove the query of every link and the token of every `Bearer`: both can be secrets."""
    if isinstance(text, Text):
        values = {
            gap: redact(value) if isinstance(value, str) else value
            for gap, value in text.values.items()
        }
        return Text(redact(text.template), **values)
    text = re.sub(r"(?i)(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*", r"\1?…", text)
    return re.sub(r"(?i)(bearer\s+)[^\s\"',}]+", r"\1…", text)


class ViduError(Exception):
    """The base of every error of this package.

    Attributes:
        what: What happened, in a sentence.
        charged: What is known about the money.
        next_step: What to do now, in a sentence; may be empty.
        task_id: The task it is about, where there is one.
        reason: The vendor's code or text, verbatim; may be empty.
    """

    what: str = "Something went wrong."
    charged: Charged = Charged.NO
    next_step: str = ""

    def __init__(
        self,
        what: str | None = None,
        *,
        charged: Charged | None = None,
        next_step: str | None = None,
        task_id: str | None = None,
        reason: str = "",
    ) -> None:
        self.what = redact(what if what is not None else type(self).what)
        self.charged = charged if charged is not None else type(self).charged
        self.next_step = next_step if next_step is not None else type(self).next_step
        self.task_id = task_id
        self.reason = redact(reason)
        super().__init__(self.what)

    def __reduce__(self) -> Any:
        # Exceptions are rebuilt from their arguments, which need not be those of `__init__`.
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]

    def __str__(self) -> str:
        parts = [self.what, self.charged.sentence, self.next_step]
        if self.task_id:
            parts.append(f"Task {self.task_id}.")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a request: the field's name and a sentence about it."""

    field: str
    message: str


class RequestInvalid(ViduError):
    """The request breaks a rule, so nothing was sent."""

    what = "The request is not complete."
    next_step = "Change that, then send it."

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__(joined(problem.message for problem in problems))


class PictureInvalid(RequestInvalid):
    """A picture that cannot be sent, and why not."""

    def __init__(self, message: str) -> None:
        super().__init__(Problem("images", message))


class KeyMissing(ViduError):
    """No API key was given, so nothing was sent."""

    what = "There is no API key."
    next_step = "Set NOVITA_API_KEY. Without a key, set what python -m vidu_demo.simulator prints."


class ApiUnreachable(ViduError):
    """The connection could not be made, so the request certainly did not arrive."""

    what = "The API could not be reached."
    next_step = "Check the connection and NOVITA_BASE_URL, then send it again."


class SubmitOutcomeUnknown(ViduError):
    """A submit was sent and its answer was lost or unreadable: never resend it by itself."""

    what = "The request was sent, but its answer was lost: a task may be running without its id."
    charged = Charged.UNKNOWN
    next_step = "Look in the Novita console before you send it again: that could buy it twice."


class StillRunning(ViduError):
    """The caller's deadline passed before the task ended; the task may still be running."""

    charged = Charged.UNKNOWN
    next_step = "The task may still be running. Watch it again by its id."

    def __init__(self, task_id: str, waited: float | None = None) -> None:
        super().__init__(
            "The video is not ready yet."
            if waited is None
            else Text("The video is not ready after {seconds} s.", seconds=round(waited)),
            task_id=task_id,
        )


class ContactLost(ViduError):
    """Too many polls in a row failed; the task may still be running."""

    charged = Charged.UNKNOWN
    next_step = "The task may still be running. Check again later by its id."

    def __init__(self, task_id: str, failures: int, last: str) -> None:
        super().__init__(
            Text(
                "The API gave no usable answer {times} times in a row. The last: {text}",
                times=failures,
                text=own(last),
            ),
            task_id=task_id,
        )


class StatusUnknown(ViduError):
    """The API keeps answering a status that is not documented; the task may still be running."""

    charged = Charged.UNKNOWN
    next_step = "The task may still be running. Check again later by its id."

    def __init__(self, task_id: str, status: str, times: int) -> None:
        super().__init__(
            Text(
                "The API answered {times} times in a row with the status “{status}”, "
                "which is not documented.",
                times=times,
                status=status[:100],
            ),
            task_id=task_id,
        )


class VideoMissing(ViduError):
    """The task succeeded, but the answer names no usable link to a video."""

    what = "The task is reported as done, but without a link to the video."
    charged = Charged.UNKNOWN
    next_step = "Check again later by its id. If nothing changes, give the id to Novita's support."


class DownloadFailed(ViduError):
    """The video is made, but could not be fetched or is not a usable file.

    Attributes:
        may_pass: Whether another try may help although nothing has been changed.
    """

    may_pass = True

    what = "The video is made, but could not be downloaded."
    charged = Charged.YES
    next_step = "Download again by the task's id. That costs nothing."


class LinkExpired(DownloadFailed):
    """The link to the video no longer works."""

    what = "The link to the video has expired."


class LinkRefused(DownloadFailed):
    """The link leads where it may not, such as into the network around this machine."""

    may_pass = False
    what = "The link to the video does not lead to a public https address."
    next_step = "If you trust that host, add it to VIDU_MEDIA_HOSTS and download again for free."
