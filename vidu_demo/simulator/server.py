"""The simulator: routing, keys and responses, and settings for misbehaving."""

import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from . import links, refusals, tasks, validation
from .counters import Counters
from .faults import Fault
from .refusals import RefusedError
from .responses import Response, storage_error, task_result
from .store import TaskStore
from .tasks import FAILED, SUCCEED, Progress, SimulatedTask
from .transport import Record, Server
from .validation import Body

ROUTES = {
    ("POST", "/v3/async/vidu-q2-pro-img2video"): "submit",
    ("GET", "/v3/async/task-result"): "poll",
}


class Simulator(Counters):
    """Stands in for the API on 127.0.0.1. It also has the attributes of `Counters`.

    Args:
        key: A key it accepts.
        port: The port; 0 for a free one.
        folder: Where tasks and videos are stored; by default, a folder that `close` deletes.
        seconds: The minimum length of a task, or a function of its request that returns it.
        clock: Returns the time in Unix seconds.
        clip: A video to use for every task instead of rendering, which is cheap under load.
        more_keys: Keys of other accounts that it accepts. An account sees only its own tasks.
        remember: Whether to keep what grows forever: `polls_of`, `requests` and `submits`.

    Attributes:
        keys: Every key it accepts.
        faults: Faults for the next requests of a kind, "submit", "poll" or "download". Each request
            takes the first entry off its list; None means no fault.
        statuses: The statuses that every task goes through, one per true response; the last one
            repeats. None follows the clock.
        speaks_progress: Whether to report percent and seconds left; otherwise both are 0.
        visible_after: How many polls of a task are first answered with "not found".
        transform: Changes the body of every answer to a poll.
        link_seconds: How long a link to a video works, in whole seconds, 0 or more.
        fresh_links: Whether to issue a new link once the last one has expired.
    """

    def __init__(
        self,
        key: str = "simulated",
        *,
        port: int = 0,
        folder: Path | None = None,
        seconds: float | Callable[[Body], float] = 6.0,
        clock: Callable[[], float] = time.time,
        clip: bytes | None = None,
        more_keys: Sequence[str] = (),
        remember: bool = True,
    ) -> None:
        super().__init__(remember)
        self.key, self.keys = key, (key, *more_keys)
        self.faults: dict[str, list[Fault | None]] = {"submit": [], "poll": [], "download": []}
        self.statuses: list[str] | None = None
        self.speaks_progress = True
        self.visible_after = 0
        self.transform: Callable[[Body], Body] | None = None
        self.link_seconds = 3600
        self.fresh_links = True
        self._port = port
        self._folder = folder
        self._seconds = seconds
        self._clock = clock
        self._clip = clip
        self._polls_answered: Counter[str] = Counter()
        self._accounts: dict[str, str] = {}
        self._link_starts: dict[str, int] = {}
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._server: Server | None = None
        self._closing = threading.Event()

    def start(self) -> Self:
        """Open the port and resume the tasks in the folder. Must not be called twice."""
        self._server = Server(self._port, self._respond, self._clock, validation.MAX_BODY)
        folder = self._folder
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="vidu-simulator-")
            folder = Path(self._temporary.name)
        self._store = TaskStore(folder, self._clip)
        self.prune()
        self._server.start()
        return self

    def close(self) -> None:
        """Drop every connection and stop; a folder that was passed in is kept."""
        if self._server is None or self._closing.is_set():
            return
        self._closing.set()
        self._server.stop()
        self._store.close()
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self if self._server else self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address, without a trailing slash, once started."""
        if self._server is None:
            raise RuntimeError("The simulator has no address before it is started.")
        return f"http://127.0.0.1:{self._server.server_port}"

    def _respond(self, record: Record, raw: bytes | None) -> Response:
        path = urlsplit(record.target).path
        kind = ROUTES.get((record.method, path), "")
        if record.method == "GET" and path.startswith("/files/"):
            kind = "download"
        self._count(kind, record, raw)
        with self._lock:
            waiting = self.faults.get(kind)
            fault = (waiting.pop(0) if waiting else None) or Fault()
        # Ended before the response is sent; otherwise the client's next poll could come first.
        with self._polling(_task_id(record)) if kind == "poll" else nullcontext():
            return self._with_fault(fault, lambda: self._true_response(kind, record, raw))

    def _with_fault(self, fault: Fault, respond: Callable[[], Response]) -> Response:
        known = respond() if fault.after else None
        if fault.delay and self._closing.wait(fault.delay):
            return Response(0, reset=True)
        if known is None and not fault.hides_response:
            known = respond()
        return fault.applied(known)

    def _true_response(self, kind: str, record: Record, raw: bytes | None) -> Response:
        try:
            if kind == "download":
                return self._download(record.target)
            if not kind:
                raise RefusedError(404, "API_NOT_FOUND", "there is no such API")
            key = self._check_key(record)
            return self._submit(record, raw, key) if kind == "submit" else self._poll(record, key)
        except RefusedError as refused:
            return Response.of(refused.status, refused.body)

    def _check_key(self, record: Record) -> str:
        scheme, _, key = record.headers.get("Authorization", "").partition(" ")
        if not key.strip():
            raise RefusedError(401, "MISSING_API_KEY", "the API key is missing")
        if scheme.lower() != "bearer" or key.strip() not in self.keys:
            raise RefusedError(401, "INVALID_API_KEY", "the API key is invalid")
        return key.strip()

    def _submit(self, record: Record, raw: bytes | None, key: str) -> Response:
        if record.headers.get_content_type() != "application/json":
            raise RefusedError(400, "INVALID_REQUEST_BODY", "Content-Type must be application/json")
        request = validation.check(validation.read(raw))
        failure = refusals.magic(request["prompt"])
        length = self._seconds(request) if callable(self._seconds) else self._seconds
        task = SimulatedTask(str(uuid.uuid4()), self._clock(), length, failure)
        self.prune()
        self._store.add(task, request)
        with self._lock:
            self.task_count += 1
            self.tasks_of_key[key] += 1
            self._accounts[task.task_id] = key
        return Response.of(200, {"task_id": task.task_id})

    def prune(self) -> None:
        """Delete the tasks that are a day old, as happens at each submit."""
        self._forget(*self._store.prune(self._clock()))

    def delete(self, task_id: str) -> None:
        """Delete a task and its files."""
        self._store.delete(task_id)
        self._forget(task_id)

    def _forget(self, *task_ids: str) -> None:
        with self._lock:
            for task_id in task_ids:
                self._accounts.pop(task_id, None)
                self._polls_answered.pop(task_id, None)
                self._link_starts.pop(task_id, None)

    def _poll(self, record: Record, key: str) -> Response:
        task = self._store.get(_task_id(record))
        if task is None or self._accounts.get(task.task_id, key) != key:
            raise RefusedError(404, "TASK_NOT_FOUND", "task not found")
        with self._lock:
            earlier = self._polls_answered[task.task_id]
            self._polls_answered[task.task_id] += 1
        if earlier < self.visible_after:
            raise RefusedError(404, "TASK_NOT_FOUND", "task not found")
        now, reason = self._progress(task, earlier - self.visible_after)
        if not self.speaks_progress:
            now = now._replace(percent=0, eta=0)
        link = self._link(task.task_id) if now.status == SUCCEED else ""
        body = task_result(task.task_id, now, reason, link)
        return Response.of(200, self.transform(body) if self.transform else body)

    def _progress(self, task: SimulatedTask, earlier: int) -> tuple[Progress, str]:
        """Return a task's progress, and why it failed if it did."""
        rendered = bool(task.failure) or self._store.rendered(task.task_id)
        now = tasks.progress(self._clock() - task.created, task.length, rendered)
        if self._store.broken(task.task_id):
            now = Progress(FAILED, 0, 0)
        elif self.statuses:
            script = self.statuses[min(earlier, len(self.statuses) - 1)]
            now = Progress(script, 100, 0) if script == SUCCEED else now._replace(status=script)
        elif task.failure and now.status == SUCCEED:
            now = Progress(FAILED, 0, 0)
        return now, (task.failure or "TASK_FAILED") if now.status == FAILED else ""

    def _link(self, task_id: str) -> str:
        now = int(self._clock())
        with self._lock:
            start = self._link_starts.setdefault(task_id, now)
            if self.fresh_links and now >= start + self.link_seconds:
                start = self._link_starts[task_id] = now
        return self.url + links.sign(self.key, task_id, start, start + self.link_seconds)

    def _download(self, target: str) -> Response:
        verified = links.verify(self.key, target)
        if verified is None:
            return storage_error(403, "SignatureDoesNotMatch", "The signature does not match.")
        task_id, end = verified
        if self._clock() >= end:
            return storage_error(403, "AccessDenied", "Request has expired")
        if (video := self._store.video(task_id)) is None:
            return storage_error(404, "NoSuchKey", "There is no such video.")
        return Response(200, video, {"Content-Type": "video/mp4"})


def _task_id(record: Record) -> str:
    return parse_qs(urlsplit(record.target).query).get("task_id", [""])[0]
