"""How much disk space the app's files can take: uploads and copies go first, videos never.

A copy of a video without its settings is such a copy, since it can be made again. A film that was
joined is a video: its parts may be gone.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from vidu_demo.jobs import files
from vidu_demo.jobs.errors import DiskFull

DAY = 86_400.0
"""Seconds."""
COPIES_SHARE = 0.2
"""The share of the disk space that uploads and copies can take."""
AMPLE, AMPLE_SECONDS = 2e9, 10.0
"""With so many bytes to spare, the files are not measured again for so many seconds: that takes a
while, and anyone can click."""


class Room:
    """The disk space of the folders that grow.

    Args:
        data: The data folder: jobs, ledger, the simulator's tasks.
        copies: The web framework's folder of uploads and copies, which are kept for a day; in the
            data folder or elsewhere.
        most: Bytes for all of it; None for no limit.
        clock: Returns seconds, monotonic.

    Attributes:
        copies: The same folder.
    """

    def __init__(
        self,
        data: Path,
        copies: Path,
        most: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.copies = copies
        self._data, self._most, self._clock = data.resolve(), most, clock
        self._lock, self._ample_until = threading.Lock(), float("-inf")

    def check(self) -> None:
        """Check that there is room for another job, or for more of a film.

        Raises:
            DiskFull: There is not, even after deleting all uploads and copies.
        """
        if self._most is None:
            return
        with self._lock:
            if self._clock() < self._ample_until:
                return
            copies, kept = self._measure()
            left = self._most - files.FREE_BYTES_NEEDED - kept
            spare = left - sum(stat.st_size for _, stat in copies)
            if spare < 0:
                files.delete_oldest(copies, before=0, most=left)
            elif spare >= AMPLE:
                self._ample_until = self._clock() + AMPLE_SECONDS
        if left < 0:
            raise DiskFull

    def tidy(self, now: float) -> None:
        """Delete uploads and copies that are a day old, and the oldest beyond their share.

        Args:
            now: Unix seconds.
        """
        most = float("inf") if self._most is None else COPIES_SHARE * self._most
        files.delete_oldest(self._measure()[0], before=now - DAY, most=most)

    def _measure(self) -> tuple[list[files.Found], int]:
        """List uploads and copies, and add up the bytes of all other files."""
        folder, copies, kept = self.copies.resolve(), [], 0
        for file, stat in dict(files.walk(folder, self._data)).items():
            if file.is_relative_to(folder) or files.is_plain(file):
                copies.append((file, stat))
            else:
                kept += stat.st_size
        return copies, kept
