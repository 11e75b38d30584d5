"""The bodies of answers, exactly as the vendor shapes them."""

from .faults import Answer
from .tasks import Progress

TASK_TYPE = "VIDU_Q2_PRO_IMG2VIDEO"


def task_result(task_id: str, now: Progress, reason: str, video_url: str) -> dict[str, object]:
    """Shape the answer about a task.

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


def storage_error(status: int, code: str, message: str) -> Answer:
    """Shape an error of the host of the videos, which speaks XML."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})
