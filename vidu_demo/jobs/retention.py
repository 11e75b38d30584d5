"""Deletes jobs, uploads and copies at the end of their term, in the background."""

import logging
import threading
import time
from collections.abc import Callable

from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.room import DAY, Room
from vidu_demo.jobs.runner import JobRunner

DAYS_FOR_STRANGERS = 7.0
"""Days that jobs are kept if strangers can reach the app and the host sets nothing."""
SWEEP_SECONDS = 60.0
"""Seconds between sweeps: uploads can exceed their share of the disk for so long."""

log = logging.getLogger(__name__)


class Retention:
    """Deletes old jobs, uploads and copies.

    Args:
        runner: Deletes jobs.
        room: Deletes uploads and copies.
        days: The term of a job, in days; None to keep it for good.
        prune: Deletes what the simulator has kept for its time.
        wall: Returns Unix seconds.

    Attributes:
        days: The term of a job. A change counts from the next sweep on.
    """

    def __init__(
        self,
        runner: JobRunner,
        room: Room,
        *,
        days: float | None = None,
        prune: Callable[[], object] = lambda: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.days = days
        self._runner, self._room, self._prune, self._wall = runner, room, prune, wall
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def open(self) -> "Retention":
        """Sweep from time to time until `close`."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop sweeping."""
        self._stopping.set()
        self._thread.join()

    def sweep(self) -> None:
        """Delete what is older than its term."""
        now = self._wall()
        try:
            self._runner.delete_expired_offers(now)
            if self.days is not None:
                self._runner.delete_older(now - self.days * DAY)
        except LedgerFailed as error:
            log.warning("old jobs were not deleted: %s", error.what)
        self._room.tidy(now)
        self._prune()

    def _run(self) -> None:
        while not self._stopping.wait(SWEEP_SECONDS):
            try:
                self.sweep()
            except Exception:  # whatever fails once must not end the sweeps for good
                log.exception("sweeping failed")
