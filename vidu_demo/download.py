"""Fetch a video by its signed link: byte for byte as given, without the key, checked, then named.

A signature covers the link as it was written, and a client that re-quotes it gets a 403: requests
turns `%7E` into `~` and urllib3 writes `%3b` as `%3B`. So the request target is put on the wire
untouched.
"""

import os
import string
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter

from vidu_demo.errors import DownloadFailed, LinkExpired
from vidu_demo.media.video import ClipFailed, frames, opened
from vidu_demo.task import Task
from vidu_demo.wire import send

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and seconds without a byte."""

MAX_BYTES = 2 * 1024**3
MAX_REDIRECTS = 5
CHUNK = 256 * 1024


def check(path: Path, task_id: str) -> None:
    """See that a file opens as a video.

    Raises:
        DownloadFailed: It does not.
    """
    try:
        with opened(path) as container:
            frame = next(frames(container), None)
    except ClipFailed:
        frame = None
    if frame is None:
        raise DownloadFailed(
            "The video is made, but what was fetched is no playable video.", task_id=task_id
        )


def fetch(task: Task, path: Path, *, check: Callable[[Path, str], None] = check) -> Path:
    """Fetch the video of a finished task into `path`, through `*.part` beside it.

    Args:
        task: The task, with its link.
        path: Where the video is to be.
        check: Sees that the file named first opens as a video, of the task named second. By
            default `check`, in this process.

    Raises:
        LinkExpired: The host answered 401, 403, 404 or 410.
        DownloadFailed: Anything else went wrong; no unfinished file is left at `path`.
    """
    part = path.with_name(path.name + ".part")
    failed = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _stream(task, part)
        check(part, task.task_id)
        part.replace(path)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        failed = DownloadFailed(
            f"The video is made, but its download broke off ({type(error).__name__}).",
            task_id=task.task_id,
        )
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        failed = DownloadFailed(
            f"The video is made, but the file can't be written: {said or type(error).__name__}.",
            next_step="Make room or choose another folder, then fetch it again for free.",
            task_id=task.task_id,
        )
    finally:
        with suppress(OSError, ValueError):  # what stood in the way above stands in this one's
            part.unlink(missing_ok=True)
    if failed:  # raised out here: the error of a library may name the link
        raise failed
    return path


def _stream(task: Task, part: Path) -> None:
    with requests.Session() as session, _open(session, task) as answer:
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind.startswith("text/") or kind.endswith(("json", "xml", "html")):
            raise DownloadFailed(
                f"The video is made, but its link leads to {kind}.", task_id=task.task_id
            )
        promised = answer.headers.get("Content-Length", "")
        received = 0
        with part.open("wb") as file:
            for chunk in answer.iter_content(CHUNK):
                received += len(chunk)
                if received > MAX_BYTES:
                    raise DownloadFailed("The video is larger than 2 GB.", task_id=task.task_id)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        came = answer.raw.tell()  # on the wire: a body packed against our wish is longer unpacked
        if promised.isdecimal() and came != int(promised):
            raise DownloadFailed(
                f"The video is made, but only {came} of {promised} bytes came.",
                task_id=task.task_id,
            )


def _open(session: requests.Session, task: Task) -> requests.Response:
    """Follow the link to an answer with a body. Redirects are followed here, as given too."""
    adapter = _VerbatimAdapter()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    adapter.link = task.video_url or ""
    for _ in range(MAX_REDIRECTS + 1):
        answer = send(session, _without_query(adapter.link), TIMEOUT)
        if answer.status_code == 200:
            return answer
        answer.close()
        if not answer.is_redirect:
            break
        adapter.link = _next_link(adapter.link, answer.headers["Location"])
    status = answer.status_code
    if status in (401, 403, 404, 410):
        raise LinkExpired(
            f"The video is made, but the link to it no longer works (HTTP {status}).",
            task_id=task.task_id,
        )
    raise DownloadFailed(
        f"The video is made, but its host answered HTTP {status}.", task_id=task.task_id
    )


def _next_link(link: str, location: str) -> str:
    if "://" in location.partition("?")[0]:
        return location
    try:
        return urljoin(link, location)
    except ValueError:
        raise requests.exceptions.InvalidURL("a broken redirect") from None


def _without_query(link: str) -> requests.PreparedRequest:
    """Make the request that libraries see, and write in logs and errors: without the signature."""
    url = link.partition("#")[0].partition("?")[0]
    return requests.Request("GET", url, headers={"Accept-Encoding": "identity"}).prepare()


class _VerbatimAdapter(HTTPAdapter):
    """Writes the request target as it stands in `link`, on every connection it makes."""

    link = ""

    def get_connection_with_tls_context(
        self, *args: Any, **kwargs: Any
    ) -> urllib3.HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        adapter = self

        class Verbatim(pool.ConnectionCls):  # type: ignore[name-defined, misc]
            def putrequest(self, method: str, written: str, *args: Any, **kwargs: Any) -> None:
                # Through a plain proxy the target is the whole URL.
                whole = not written.startswith("/")
                super().putrequest(method, _target(adapter.link, whole), *args, **kwargs)

        pool.ConnectionCls = Verbatim
        return pool


def _target(link: str, whole: bool) -> str:
    # All of ASCII that may stand in a request line stays; a space or a letter like "é" can't.
    link = quote(link.partition("#")[0], string.punctuation, errors="replace")
    if whole:
        return link
    target = link.partition("://")[2]
    start = min((i for i in map(target.find, "/?") if i >= 0), default=len(target))
    return target[start:] if target[start:].startswith("/") else "/" + target[start:]
