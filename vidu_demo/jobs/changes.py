"""A version of what each visitor can see of their jobs, so that a page need not look to compare."""

import itertools
import secrets

MAX_VISITORS = 10_000
"""Versions kept in memory. Beyond that all are forgotten at once, and every page looks once."""


class Changes:
    """Knows the version of each visitor's jobs; it lives as long as the process.

    What has changed is marked after the change, and a version is read before what it stands for:
    so a page may look once too often, and never misses anything.
    """

    def __init__(self) -> None:
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._latest: dict[str, int] = {}
        self._rest = 0

    def mark(self, owner: str) -> None:
        """Give a visitor's jobs a new version."""
        if len(self._latest) >= MAX_VISITORS:
            self._rest = next(self._numbers)
            self._latest = {}
        self._latest[owner] = next(self._numbers)

    def version(self, owner: str) -> str:
        """Name the version of a visitor's jobs: a short text, another one after a restart."""
        return f"{self._process}-{self._latest.get(owner, self._rest)}"
