"""Downloads a video from its signed link: without the key, complete and checked."""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import urllib3

from vidu_demo.api.errors import DownloadFailed, LinkExpired
from vidu_demo.api.limits import MAX_VIDEO_BYTES as MAX_BYTES
from vidu_demo.api.limits import download_seconds
from vidu_demo.api.mp4.container import is_whole
from vidu_demo.api.mp4.video import ClipFailed, frames, open_video
from vidu_demo.api.network.deadline import Deadline
from vidu_demo.api.network.reach import Reach
from vidu_demo.api.network.transfer import BrokenOff, open_link, read_body
from vidu_demo.api.task import Task
from vidu_demo.api.text import Text

TIMEOUT = (10.0, 60.0)
"""Seconds to wait for a connection, and for a byte."""


def check(path: Path, task_id: str) -> None:
    """Check that a file opens as a video.

    Raises:
        DownloadFailed: It does not open.
    """
    try:
        with open_video(path) as container:
            frame = next(frames(container), None)
    except ClipFailed:
        frame = None
    if frame is None:
        raise DownloadFailed(
            "The video is made, but the downloaded file can't be played.", task_id=task_id
        )


def target_file(task_id: str, target: str | os.PathLike[str]) -> Path:
    """Name a task's video file; a target without a suffix, or ending in a slash, is a folder."""
    path = Path(target)
    if path.is_dir() or not path.suffix or str(target).endswith(("/", os.sep)):
        return path / f"vidu-{re.sub(r'[^A-Za-z0-9._-]', '_', task_id)[:100]}.mp4"
    return path


def fetch(
    task: Task,
    path: Path,
    *,
    part: Path | None = None,
    reach: Reach | None = None,
    check: Callable[[Path, str], None] = check,
    clock: Callable[[], float] = time.monotonic,
) -> Path:
    """Download the video of a finished task to `path`, by way of an unfinished file next to it.

    Args:
        task: A task with a link.
        path: The file.
        part: The unfinished file; by default, the same name with `.part` added.
        reach: Where the link may lead; by default, taken from the environment.
        check: Called with a complete file and the task's id; raises `DownloadFailed` if the file
            is not a video.
        clock: Returns seconds, monotonic.

    Raises:
        LinkExpired: The host answered 401, 403, 404 or 410.
        LinkRefused: The link leads somewhere that is not allowed.
        DownloadFailed: Anything else went wrong; no unfinished file is left at `path`.
    """
    part = part or path.with_name(path.name + ".part")
    failed = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        deadline = Deadline(clock, download_seconds, *TIMEOUT)
        kind = _stream(task, part, reach or Reach.of_environment(), deadline)
        _check(part, task.task_id, kind, check)
        part.replace(path)
    except DownloadFailed as error:
        error.task_id = task.task_id
        raise
    except BrokenOff as error:
        failed = DownloadFailed(
            Text(
                "The video is made, but its download was too slow: only {came} bytes arrived.",
                came=deadline.received,
            )
            if deadline.is_over
            else Text(
                "The video is made, but its download was interrupted ({why}).", why=str(error)
            )
        )
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        failed = DownloadFailed(
            Text(
                "The video is made, but the file can't be written: {why}.",
                why=said or type(error).__name__,
            ),
            next_step="Free disk space or choose another folder, then download again for free.",
        )
        failed.may_pass = False
    finally:
        with suppress(OSError, ValueError):  # what stood in the way above stands in this one's
            part.unlink(missing_ok=True)
    if failed:  # raised out here: the error of a library may name the link
        failed.task_id = task.task_id
        raise failed
    return path


def _stream(task: Task, part: Path, reach: Reach, deadline: Deadline) -> str:
    """Write the video to a file; say of what type its host says that it is."""
    with open_link(task.video_url or "", reach, deadline) as answer:
        _check_status(answer)
        promised = answer.headers.get("Content-Length", "")
        if promised.isdecimal() and int(promised[:20]) > MAX_BYTES:
            raise _too_large()
        received = 0
        with part.open("wb") as file:
            for chunk in read_body(answer):
                received += len(chunk)
                if received > MAX_BYTES:
                    raise _too_large()
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _too_large() -> DownloadFailed:
    most = MAX_BYTES // 1_000_000
    error = DownloadFailed(Text("The video is larger than {most} MB.", most=most))
    error.may_pass = False
    return error


def _check_status(answer: urllib3.HTTPResponse) -> None:
    status = answer.status
    if status in (401, 403, 404, 410):
        raise LinkExpired(
            Text(
                "The video is made, but the link to it no longer works (HTTP {status}).",
                status=status,
            )
        )
    # Some hosts answer 206 with all of a file, so only what says that it is a part is refused.
    part = status == 206 and _is_part(answer.headers.get("Content-Range", ""))
    if status not in (200, 203, 206) or part:
        raise DownloadFailed(
            Text("The video is made, but its host answered HTTP {status}.", status=status)
        )


def _is_part(content_range: str) -> bool:
    """Tell whether a range clearly leaves out the start or the end; what came is checked anyway."""
    said = re.match(
        r"(?i)\s*bytes[\s=:]*(\d{1,18})\s*-\s*(\d{1,18})\s*(?:/\s*(\d{1,18}))?", content_range
    )
    if not said:
        return False
    start, end, total = said.groups()
    return int(start) > 0 or (total is not None and int(end) + 1 < int(total))


def _check(part: Path, task_id: str, kind: str, check: Callable[[Path, str], None]) -> None:
    with part.open("rb") as file:
        if not is_whole(file):
            raise DownloadFailed("The video is made, but its download stopped before the end.")
    try:
        check(part, task_id)
    except DownloadFailed:
        # What opens is a video, whatever its host calls it; what does not is what it is called.
        if kind.startswith("text/") or kind.endswith(("json", "xml", "html")):
            raise DownloadFailed(
                Text("The video is made, but its link leads to {kind}.", kind=kind)
            ) from None
        raise
