"""How much disk space the app's files can take: uploads and copies go first, videos never."""

from pathlib import Path

from vidu_demo.jobs import files
from vidu_demo.jobs.errors import DiskFull

DAY = 86_400.0
"""Seconds."""
COPIES_SHARE = 0.2
"""The share of the disk space that uploads and copies can take."""


class Room:
    """The disk space of the folders that grow.

    Args:
        videos: The folder with a folder for each job.
        copies: The web framework's folder of uploads and copies, which are kept for a day.
        most: Bytes for all of it; None for no limit.

    Attributes:
        copies: The same folder.
    """

    def __init__(self, videos: Path, copies: Path, most: float | None = None) -> None:
        self.copies = copies
        self._videos, self._most = videos, most

    def check(self) -> None:
        """Check that there is room for another job.

        Raises:
            DiskFull: There is not, even after deleting all uploads and copies.
        """
        if self._most is None:
            return
        left = self._most - files.FREE_BYTES_NEEDED - files.size(self._videos)
        if files.size(self.copies) > left:
            files.delete_oldest(self.copies, before=0, most=left)
        if left < 0:
            raise DiskFull

    def tidy(self, now: float) -> None:
        """Delete uploads and copies that are a day old, and the oldest beyond their share.

        Args:
            now: Unix seconds.
        """
        most = float("inf") if self._most is None else COPIES_SHARE * self._most
        files.delete_oldest(self.copies, before=now - DAY, most=most)
