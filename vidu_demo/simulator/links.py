"""Signed links to videos like the vendor's, with a start and an end time.

The query has escapes in both cases and a bare `;`, which clients that re-quote URLs change; real
storage servers notice. Signatures are stateless, so links outlive the process that made them.
"""

import hashlib
import hmac
import re

TARGET = re.compile(
    r"/files/(?P<task_id>[0-9a-f-]+)\.mp4\?q-sign-algorithm=sha1"
    r"&q-sign-time=(?P<start>\d+)%3B(?P<end>\d+)&.*"
)


def sign(secret: str, task_id: str, start: int, end: int) -> str:
    """Make the path and query of a link that works until `end` (Unix seconds)."""
    target = (
        f"/files/{task_id}.mp4?q-sign-algorithm=sha1"
        f"&q-sign-time={start}%3B{end}&q-key=a%2Fb%7Ec;d%7e"
    )
    signature = hmac.new(secret.encode(), target.encode(), hashlib.sha1).hexdigest()
    return f"{target}&q-signature={signature}"


def verify(secret: str, target: str) -> tuple[str, int] | None:
    """Check a target byte for byte.

    Returns:
        The task's id and the link's end, or None if the link is not from `sign`.
    """
    if not (match := TARGET.fullmatch(target)):
        return None
    task_id, end = match["task_id"], int(match["end"])
    genuine = sign(secret, task_id, int(match["start"]), end)
    return (task_id, end) if hmac.compare_digest(genuine, target) else None
