"""Fetch a video by its signed link: byte for byte as given, without the key, checked, then named.

A signature covers the link as it was written, and a client that re-quotes it gets a 403: requests
turns `%7E` into `~` and urllib3 writes `%3b` as `%3B`. So the request target is put on the wire
untouched.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter

from vidu_demo.errors import DownloadFailed, LinkExpired
from vidu_demo.task import Task

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and seconds without a byte."""

MAX_BYTES = 2 * 1024**3
MAX_REDIRECTS = 5
CHUNK = 256 * 1024


def fetch(task: Task, path: Path) -> Path:
    """Fetch the video of a finished task into `path`, through `*.part` beside it.

    Raises:
        LinkExpired: The host answered 401, 403, 404 or 410.
        DownloadFailed: Anything else went wrong; no unfinished file is left at `path`.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _stream(task, part)
        check(part, task.task_id)
        part.replace(path)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise DownloadFailed(
            f"The video is made, but its download broke off ({type(error).__name__}).",
            task_id=task.task_id,
        ) from None
    except OSError as error:
        raise DownloadFailed(
            f"The video is made, but the file can't be written: {error.strerror}.",
            next_step="Make room or choose another folder, then fetch it again for free.",
            task_id=task.task_id,
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return path


def check(path: Path, task_id: str) -> None:
    """See that a file opens as a video.

    Raises:
        DownloadFailed: It does not.
    """
    import av  # noqa: PLC0415 - only a finished download needs it, and it loads slowly

    try:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0), None)
    except (av.FFmpegError, IndexError, ValueError):
        frame = None
    if frame is None:
        raise DownloadFailed(
            "The video is made, but what was fetched is no playable video.", task_id=task_id
        )


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
        if promised.isdecimal() and received != int(promised):
            raise DownloadFailed(
                f"The video is made, but only {received} of {promised} bytes came.",
                task_id=task.task_id,
            )


def _open(session: requests.Session, task: Task) -> requests.Response:
    """Follow the link to an answer with a body. Redirects are followed here, as given too."""
    url = task.video_url or ""
    session.mount("http://", _VerbatimAdapter())
    session.mount("https://", _VerbatimAdapter())
    for _ in range(MAX_REDIRECTS):
        answer = session.send(
            _as_given(url),
            timeout=TIMEOUT,
            allow_redirects=False,
            **session.merge_environment_settings(url, {}, True, None, None),
        )
        if answer.status_code == 200:
            return answer
        answer.close()
        if not answer.is_redirect:
            break
        url = urljoin(url, answer.headers["Location"])
    status = answer.status_code
    if status in (401, 403, 404, 410):
        raise LinkExpired(
            f"The video is made, but the link to it no longer works (HTTP {status}).",
            task_id=task.task_id,
        )
    raise DownloadFailed(
        f"The video is made, but its host answered HTTP {status}.", task_id=task.task_id
    )


def _as_given(url: str) -> requests.PreparedRequest:
    request = requests.Request("GET", url, headers={"Accept-Encoding": "identity"}).prepare()
    request.url = url
    return request


class _VerbatimAdapter(HTTPAdapter):
    """Writes the request target as it stands in the URL; one connection serves one request."""

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        *args: Any,
        **kwargs: Any,
    ) -> urllib3.HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(request, *args, **kwargs)
        url = (request.url or "").partition("#")[0]
        host_and_target = url.partition("://")[2]
        start = min((i for i in map(host_and_target.find, "/?") if i >= 0), default=None)
        target = host_and_target[start:] if start is not None else ""
        target = target if target.startswith("/") else "/" + target

        class Verbatim(pool.ConnectionCls):  # type: ignore[name-defined, misc]
            def putrequest(self, method: str, written: str, *args: Any, **kwargs: Any) -> None:
                # Through a plain proxy the target is the whole URL.
                given = target if written.startswith("/") else url
                super().putrequest(method, given, *args, **kwargs)

        pool.ConnectionCls = Verbatim
        return pool
