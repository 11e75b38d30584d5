"""A version number for each visitor's jobs, so that a page can tell cheaply if they changed."""

import itertools
import secrets

MAX_VISITORS = 10_000
"""Versions kept in memory. Beyond that, all are dropped at once, and every page refreshes."""


class Changes:
    """Keeps the version of each visitor's jobs, for as long as the process runs.

    A change is marked after it is made, and a version is read before the data. So a page may
    refresh once too often but never misses anything.
    """

    def __init__(self) -> None:
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._latest: dict[str, int] = {}
        self._rest = 0

    def mark(self, owner: str) -> None:
        """Give a visitor's jobs a new version."""
        if len(self._latest) >= MAX_VISITORS:
            self.mark_all()
        self._latest[owner] = next(self._numbers)

    def mark_all(self) -> None:
        """Give all jobs a new version, because it is not known whose have changed."""
        self._rest = next(self._numbers)
        self._latest = {}

    def version(self, owner: str) -> str:
        """Return the version of a visitor's jobs: a short text, different after a restart."""
        return f"{self._process}-{self._latest.get(owner, self._rest)}"
