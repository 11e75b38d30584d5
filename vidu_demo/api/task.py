"""A task, read leniently from the API's answers.

The vendor's pages and recorded answers disagree about types: numbers can be int, float, numeric
text, empty text or null, and any list or object can be missing. Reading never fails.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from vidu_demo.api.errors import redact
from vidu_demo.api.responses import writable


class TaskStatus(StrEnum):
    """The status of a task. `SUBMITTED` is ours: accepted, but not polled yet."""

    SUBMITTED = "submitted"
    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


_STATUSES = {
    "TASK_STATUS_QUEUED": TaskStatus.QUEUED,
    "TASK_STATUS_PROCESSING": TaskStatus.PROCESSING,
    "TASK_STATUS_SUCCEED": TaskStatus.SUCCEEDED,
    "TASK_STATUS_FAILED": TaskStatus.FAILED,
}


@dataclass(frozen=True)
class Task:
    """One answer about a task.

    Attributes:
        task_id: The receipt: with it and the key, the task can always be polled.
        status: Its status; `UNKNOWN` if it is not documented.
        status_text: The status, verbatim.
        progress: Percent, 1 to 99, if the API reports it before success; otherwise None.
        eta: Seconds left, above 0, if the API reports it; otherwise None.
        reason: Why it failed, in the vendor's words; otherwise empty.
        video_url: A signed link to the video, secret as long as it works; not shown in `repr`.
    """

    task_id: str
    status: TaskStatus = TaskStatus.SUBMITTED
    status_text: str = ""
    progress: int | None = None
    eta: float | None = None
    reason: str = ""
    video_url: str | None = field(default=None, repr=False)

    @property
    def finished(self) -> bool:
        """True once nothing more will happen: it succeeded or failed."""
        return self.status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED)

    @classmethod
    def read(cls, body: Any, task_id: str) -> "Task":
        """Read the body of a task-result answer, whatever it contains.

        Args:
            body: Parsed JSON.
            task_id: The id that was polled; kept even if the answer names another.
        """
        body = _dict(body)
        task = _dict(body.get("task"))
        status_text = redact(_text(task.get("status")))
        status = _STATUSES.get(status_text.strip().upper(), TaskStatus.UNKNOWN)
        progress, eta = _number(task.get("progress_percent")), _number(task.get("eta"))
        links = (
            _text(_dict(video).get("video_url")).strip() for video in _list(body.get("videos"))
        )
        running = status not in (TaskStatus.SUCCEEDED, TaskStatus.FAILED)
        return cls(
            task_id=task_id,
            status=status,
            status_text=status_text,
            progress=min(99, int(progress)) if running and progress and progress >= 1 else None,
            eta=eta if running and eta and eta > 0 else None,
            reason=redact(_text(task.get("reason"))),
            video_url=next(
                (link for link in links if link.lower().startswith(("http://", "https://"))), None
            ),
        )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return "" if value is None else writable(str(value))


def _number(value: object) -> float | None:
    if not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
