"""Stores tasks on disk: a JSON file for each request, and its video next to it.

A store continues what another one on its folder has left, even if that was killed. It may also be
at work still: a store renders what it was given, and what it is asked for.
"""

import json
import logging
import re
import secrets
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .tasks import SimulatedTask
from .video.render import StoppedError, render

log = logging.getLogger(__name__)

KEPT = 24 * 3600  # seconds
WORKERS = 2
_ID = re.compile("[0-9a-f-]{36}")


class TaskStore:
    """Stores tasks and renders their videos in the background.

    Args:
        folder: Where the files go; created if necessary.
        clip: A video to use for every task instead of rendering.
    """

    def __init__(self, folder: Path, clip: bytes | None = None) -> None:
        self._folder = folder
        self._clip = clip
        self._tasks: dict[str, SimulatedTask] = {}
        self._renders: dict[str, Future[None]] = {}
        self._stopped, self._lock = threading.Event(), threading.Lock()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="simulator-render")
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.json"):
            self._read(file)

    def add(self, task: SimulatedTask, request: dict[str, Any]) -> None:
        """Save a task, then start rendering it."""
        file = self._file(task.task_id, "json")
        part = self._part(file)
        part.write_bytes(json.dumps({"task": asdict(task), "request": request}).encode())
        part.replace(file)
        self._tasks[task.task_id] = task
        self._start(task, request)

    def get(self, task_id: str) -> SimulatedTask | None:
        """Look a task up, and render its video if nobody has."""
        task, file = self._tasks.get(task_id), self._file(task_id, "json")
        known = task and (task.failure or task_id in self._renders or self.rendered(task_id))
        if not known and _ID.fullmatch(task_id) and file.exists():
            task, request = self._read(file)
            self._start(task, request)
        return task

    def rendered(self, task_id: str) -> bool:
        """Tell whether a task's video is ready."""
        return self._clip is not None or self._file(task_id, "mp4").exists()

    def broken(self, task_id: str) -> bool:
        """Tell whether a task's video could not be rendered."""
        future = self._renders.get(task_id)
        return bool(future and future.done() and (future.cancelled() or future.exception()))

    def video(self, task_id: str) -> bytes | None:
        """Return a task's video, waiting for it if necessary; None if there is none."""
        if self._clip is not None:
            return self._clip if task_id in self._tasks else None
        if future := self._renders.get(task_id):
            future.exception()
        file = self._file(task_id, "mp4")
        return file.read_bytes() if task_id in self._tasks and file.exists() else None

    def prune(self, now: float) -> list[str]:
        """Delete tasks older than a day at the time `now`, with their files; returns their ids."""
        old = [task.task_id for task in list(self._tasks.values()) if now - task.created > KEPT]
        self.delete(*old)
        return old

    def delete(self, *task_ids: str) -> None:
        """Delete tasks, with their files."""
        for task_id in filter(_ID.fullmatch, task_ids):
            self._tasks.pop(task_id, None)
            if future := self._renders.pop(task_id, None):
                future.cancel()
            for kind in ("json", "mp4"):
                self._file(task_id, kind).unlink(missing_ok=True)
        # Not by patterns with ids in them: Python remembers the latest few hundred.
        for part in self._folder.glob("*.part"):
            if part.name.partition(".")[0] in task_ids:
                part.unlink(missing_ok=True)

    def close(self) -> None:
        """Cancel rendering, and wait until nothing writes to the folder."""
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def _read(self, file: Path) -> tuple[SimulatedTask, dict[str, Any]]:
        saved = json.loads(file.read_bytes())
        task = self._tasks[saved["task"]["task_id"]] = SimulatedTask(**saved["task"])
        return task, saved["request"]

    def _start(self, task: SimulatedTask, request: dict[str, Any]) -> None:
        with self._lock:
            if task.task_id in self._renders or task.failure or self.rendered(task.task_id):
                return
            self._renders[task.task_id] = self._pool.submit(self._render, task.task_id, request)

    def _render(self, task_id: str, request: dict[str, Any]) -> None:
        file = self._file(task_id, "mp4")
        part = self._part(file)
        try:
            render(request, part, self._stopped.is_set)
            part.replace(file)
            if task_id not in self._tasks:  # deleted meanwhile
                file.unlink()
        except StoppedError:
            part.unlink()
        except Exception:
            log.exception("The simulator could not render task %s.", task_id)
            raise

    def _file(self, task_id: str, kind: str) -> Path:
        return self._folder / f"{task_id}.{kind}"

    def _part(self, file: Path) -> Path:
        return file.with_suffix(f".{secrets.token_hex(4)}.part")
