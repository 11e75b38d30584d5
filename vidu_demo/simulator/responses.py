"""HTTP responses in the vendor's exact format."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from .tasks import Progress

TASK_TYPE = "VIDU_Q2_PRO_IMG2VIDEO"


@dataclass(frozen=True)
class Response:
    """One HTTP response.

    Attributes:
        status: The HTTP status.
        body: The bytes to send.
        headers: Sent as they are; the length is added when sending.
        truncate: Announce the whole body, send half of it, then close.
        reset: Send nothing and reset the connection.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    truncate: bool = False
    reset: bool = False

    @classmethod
    def of(cls, status: int, body: object) -> Self:
        """Make a response whose body is JSON."""
        return cls(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def task_result(task_id: str, now: Progress, reason: str, video_url: str) -> dict[str, object]:
    """Make the body of an answer to a poll.

    Args:
        task_id: The task's id.
        now: How far along it is.
        reason: Why it failed; empty if it did not.
        video_url: The link to its video; empty if there is none yet.
    """
    video = {
        "nsfw_detection_result": None,
        "video_type": "mp4",
        "video_url": video_url,
        "video_url_ttl": "0",
    }
    return {
        "audios": [],
        "extra": {},
        "images": [],
        "task": {
            "eta": now.eta,
            "progress_percent": now.percent,
            "reason": reason,
            "status": now.status,
            "task_id": task_id,
            "task_type": TASK_TYPE,
        },
        "videos": [video] if video_url else [],
    }


def storage_error(status: int, code: str, message: str) -> Response:
    """Make an error from the videos' host, in XML."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Response(status, body.encode(), {"Content-Type": "application/xml"})
