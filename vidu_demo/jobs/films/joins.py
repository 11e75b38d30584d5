"""Joins of several videos to one: one at a time for each visitor, the others wait their turn.

They are kept in memory only: what is joined is a file, and what is not can be asked for again.
"""

import logging
import shutil
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidu_demo.jobs import files
from vidu_demo.jobs.errors import DiskFull
from vidu_demo.jobs.room import Room
from vidu_demo.media.clip import ClipFailed
from vidu_demo.media.joining.join import Source
from vidu_demo.media.joining.process import JoinProcess

__all__ = ["Join", "Joins", "Source"]

MAX_CONCURRENT = 2
"""Joins that run at the same time, of different visitors."""
MAX_WAITING = 4
"""For each visitor."""
SECONDS_BETWEEN_CHANGES = 1.0
MAX_REMEMBERED = 500
"""Joins that are over."""
STALE = 3600.0
"""Seconds without a change after which an unfinished file belongs to nobody."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Join:
    """How far a join is.

    Attributes:
        path: Where the joined video is once it is done.
        percent: 0 to 100.
        waiting: Whether it has not begun, because others are running.
        done: Whether the video is there.
        error: Why it failed, as a sentence; empty if it has not.
    """

    path: Path
    percent: int = 0
    waiting: bool = True
    done: bool = False
    error: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.done or bool(self.error)


@dataclass(eq=False)
class _Run:
    key: str
    visitor: str
    path: Path
    joining: JoinProcess
    noted: float = field(default=float("-inf"))


class Joins:
    """Joins videos in the background. Thread-safe.

    Args:
        changed: Called with the visitor when one of their joins has changed, about once a second
            at most while it runs.
        room: The disk space that the host allows, if it does limit it.
        at_once: How many can run at the same time.
        clock: Returns seconds, monotonic.
    """

    def __init__(
        self,
        changed: Callable[[str], None] = lambda _: None,
        *,
        room: Room | None = None,
        at_once: int = MAX_CONCURRENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._changed, self._room, self._at_once, self._clock = changed, room, at_once, clock
        self._lock = threading.Lock()
        self._states: OrderedDict[str, Join] = OrderedDict()
        self._waiting: OrderedDict[str, deque[_Run]] = OrderedDict()
        self._latest: dict[str, _Run] = {}
        self._running: set[_Run] = set()
        self._threads: set[threading.Thread] = set()
        self._closed = False

    def start(
        self,
        key: str,
        parts: Sequence[Source],
        target: Path,
        story: Mapping[str, Any],
        *,
        visitor: str,
    ) -> None:
        """Begin a join, or queue it. One that is under way goes on.

        Args:
            key: Names the join.
            parts: The videos, in order.
            target: Where the joined video goes; an old one stays until the new one is complete.
            story: What is written into its comment. It travels with the video, so no secrets.
            visitor: Who asks. Visitors are served in turn.
        """
        with self._lock:
            known = self._states.get(key)
            if self._closed or (known and not known.over):
                return
            self._forget()
            queue = self._waiting.setdefault(visitor, deque())
            if len(queue) >= MAX_WAITING:
                error = "Too many of your videos are waiting to be joined. Try again later."
                self._states[key] = Join(target, waiting=False, error=error)
            else:
                self._states[key] = Join(target)
                self._latest[key] = _Run(key, visitor, target, JoinProcess(parts, target, story))
                queue.append(self._latest[key])
                self._fill()
        self._changed(visitor)

    def state(self, key: str) -> Join | None:
        """Return how far a join is; None if it is not known, or was stopped."""
        return self._states.get(key)

    def stop(self, key: str) -> None:
        """Stop a join and forget it. A finished video stays."""
        with self._lock:
            self._states.pop(key, None)
            found = self._latest.pop(key, None)
            queue = self._waiting.get(found.visitor, deque()) if found else deque()
            if found and found in queue:
                queue.remove(found)
                if not queue:
                    del self._waiting[found.visitor]
        if found:
            found.joining.stop()
            self._changed(found.visitor)

    def close(self) -> None:
        """Stop all of them, and wait until they have ended."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            running, threads = list(self._running), list(self._threads)
        for run in running:
            run.joining.stop()
        for thread in threads:
            thread.join()

    def _fill(self) -> None:
        """Start what can start, of the visitors who have waited longest."""
        busy = {run.visitor for run in self._running}
        for visitor, queue in list(self._waiting.items()):
            if self._closed or len(self._running) >= self._at_once:
                return
            if visitor in busy:
                continue
            run = queue.popleft()
            del self._waiting[visitor]
            if queue:
                self._waiting[visitor] = queue  # behind the others
            self._running.add(run)
            self._states[run.key] = replace(self._states[run.key], waiting=False)
            thread = threading.Thread(target=self._run, args=(run,), name="join", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _run(self, run: _Run) -> None:
        path, error = run.path, ""
        try:
            self._changed(run.visitor)
            self._prepare(path.parent)
            run.joining.run(lambda percent: self._tell(run, percent))
        except ClipFailed as failed:
            error = failed.args[0]
        except Exception:
            log.exception("a join failed")
            error = "The joined video can't be written."
        with self._lock:
            self._running.discard(run)
            if self._latest.get(run.key) is run:  # else it was stopped, and may have restarted
                del self._latest[run.key]
                if error:
                    self._states[run.key] = replace(self._states[run.key], error=error)
                else:
                    self._states[run.key] = Join(path, 100, waiting=False, done=True)
            self._fill()
            self._threads.discard(threading.current_thread())
        self._changed(run.visitor)

    def _prepare(self, folder: Path) -> None:
        """Check the disk, and tidy up after a process that was killed with the app."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.part"):
                with suppress(OSError):
                    if time.time() - old.stat().st_mtime > STALE:
                        old.unlink()
        except OSError as error:
            raise ClipFailed("The joined video can't be written.") from error
        self._check_disk(folder)

    def _check_disk(self, folder: Path) -> None:
        """Stop a join that has no room, or that has used it up: nobody knows its size before."""
        try:
            if self._room:
                self._room.check()
            full = shutil.disk_usage(folder).free < files.FREE_BYTES_NEEDED
        except DiskFull:
            full = True
        if full:
            raise ClipFailed("There is no disk space left for the joined video.")

    def _tell(self, run: _Run, percent: int) -> None:
        """Take note of how far a join is, and check the disk, about once a second at most.

        Raises:
            ClipFailed: The disk is full.
        """
        with self._lock:
            if self._latest.get(run.key) is not run:
                return
            self._states[run.key] = replace(self._states[run.key], percent=percent)
            now = self._clock()
            if now - run.noted < SECONDS_BETWEEN_CHANGES:
                return
            run.noted = now
        self._check_disk(run.path.parent)
        self._changed(run.visitor)

    def _forget(self) -> None:
        """Forget the oldest joins that are over."""
        over = [key for key, join in self._states.items() if join.over]
        for key in over[: max(0, len(self._states) - MAX_REMEMBERED)]:
            del self._states[key]
