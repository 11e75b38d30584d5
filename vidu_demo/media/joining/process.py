"""Joins videos in a process of their own, which can be stopped and has limits."""

import os
import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from vidu_demo.media import process
from vidu_demo.media.clip import ClipFailed
from vidu_demo.media.codec import Unreadable, unpack
from vidu_demo.media.joining.join import Source, unfinished

MEGABYTES = 680
"""Memory of the process, on Linux. Videos of 1080p take less than 300, those of 4:1 the most."""
SECONDS_PER_PART = 300.0
"""Much more than even a slow and busy machine needs."""

CANT = "These videos can't be joined."


class JoinProcess:
    """One process that joins videos to one. Call `run` once; `stop` at any time.

    Args:
        parts: The videos, in order.
        target: Where the joined video goes.
        story: What is written into its comment.
        megabytes: Memory of the process; only enforced on Linux.
        seconds: Time for each part.
    """

    def __init__(
        self,
        parts: Sequence[Source],
        target: Path,
        story: Mapping[str, Any],
        *,
        megabytes: int = MEGABYTES,
        seconds: float = SECONDS_PER_PART,
    ) -> None:
        self._call = pickle.dumps((tuple(parts), target, dict(story)))
        self._target, self._megabytes = target, megabytes
        self._seconds = seconds * max(1, len(parts))
        self._lock = threading.Lock()
        self._process: process.Process | None = None
        self._stopped = False

    @property
    def process_id(self) -> int | None:
        """The process, once it has started."""
        return self._process.pid if self._process else None

    def run(self, report: Callable[[int], None]) -> None:
        """Join, and wait for it.

        Args:
            report: Called with each whole percent. It stops the join by raising `ClipFailed`.

        Raises:
            ClipFailed: It failed or was stopped; nothing is left of it.
        """
        with self._lock:
            if self._stopped:
                raise ClipFailed("Stopped.")
            try:
                worker = process.start("vidu_demo.media.joining.worker", str(self._megabytes))
            except OSError:
                raise ClipFailed("Joining can't start: this machine is too busy.") from None
            self._process = worker
        limit = threading.Timer(self._seconds, worker.kill)
        limit.daemon = True
        limit.start()
        try:
            self._follow(worker, report)
        finally:
            limit.cancel()
            worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                with suppress(OSError):
                    if pipe:
                        pipe.close()
            with suppress(OSError):
                unfinished(self._target, worker.pid).unlink(missing_ok=True)

    def stop(self) -> None:
        """End the process, or don't start it."""
        with self._lock:
            self._stopped = True
            if self._process:
                self._process.kill()

    def _follow(self, worker: process.Process, report: Callable[[int], None]) -> None:
        calls, results = worker.stdin, worker.stdout
        if not calls or not results:
            raise ClipFailed("Joining can't start: this machine is too busy.")
        try:
            calls.write(self._call)
            calls.close()
            while type(said := unpack(results.read)) is int:
                report(min(max(said, 0), 100))
        except ClipFailed:  # `report` has stopped it
            raise
        except (OSError, ValueError, Unreadable):  # the process has ended
            raise ClipFailed("Joining took too long or too much memory.") from None
        if isinstance(said, Exception):
            raise said if isinstance(said, ClipFailed) else ClipFailed(CANT)
        if said is not None or not self._target.is_file():
            raise ClipFailed("Joining took too long or too much memory.")


def join_videos(
    videos: Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    report: Callable[[int], None] = lambda _: None,
) -> Path:
    """Join whole videos to one MP4, as the page joins the parts of a film. For notebooks.

    The first one gives the size, and the one with the most frames per second the frame rate.

    Args:
        videos: The files, in order: 1 to 24, each of up to 60 s.
        target: Where the joined video goes. An earlier file there is replaced.
        report: Called with the progress in whole percents.

    Raises:
        ClipFailed: It failed; nothing is left of it.
    """
    JoinProcess([Source(Path(video)) for video in videos], Path(target), {}).run(report)
    return Path(target)
