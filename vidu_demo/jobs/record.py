"""A job in memory and its row, kept in sync even while the ledger can't be written."""

import logging
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any

from vidu_demo.api.transcript import Exchange
from vidu_demo.jobs.answers import Entry, merge
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.ledger import Ledger

log = logging.getLogger(__name__)

_NEEDED = "task_id"
"""The change that must not be lost."""


class JobRecord:
    """A job that one follower writes and many threads read.

    If the ledger can't be written, changes stay pending until it can: a full disk must not lose a
    task id.

    Args:
        job: The job as it is in the ledger.
        ledger: The ledger with its row.
        changes: Notified of every change.

    Attributes:
        job: The job with every change, including pending ones.
        closed: True once nothing may change except that its task's id or its video is there.
    """

    def __init__(self, job: Job, ledger: Ledger, changes: Changes) -> None:
        self.job, self.closed = job, False
        self._written = job.state
        self._ledger, self._changes = ledger, changes
        self._pending: dict[str, Any] = {}
        self._new_answers: tuple[Entry, ...] = ()
        self._lock = threading.RLock()

    @property
    def pending(self) -> bool:
        """True if the ledger is missing a change."""
        return bool(self._pending)

    @property
    def answers(self) -> tuple[Entry, ...]:
        """What the API answered about the job, oldest first.

        Raises:
            LedgerFailed: The ledger can't be read.
        """
        with self._lock:
            return merge(self._ledger.answers(self.job.id), self._new_answers)

    def add_answer(self, exchange: Exchange, now: float) -> None:
        """Add an exchange about the job. It is written with the next change.

        Args:
            exchange: The exchange.
            now: When it ended, in Unix seconds.
        """
        with self._lock:
            self._new_answers = merge(self._new_answers, [Entry.of(exchange, now)])

    def keep_answers(self) -> None:
        """Write the answers that no change was written with, if the ledger can be written now."""
        with self._lock, suppress(LedgerFailed):
            if self._new_answers:
                self._ledger.keep_answers(self.job.id, self._new_answers)
                self._new_answers = ()

    def claim(self, state: JobState) -> bool:
        """Move the job to a state; False if its row has already changed state.

        Raises:
            LedgerFailed: The ledger can't be written; nothing has changed.
        """
        claimed = self._ledger.claim(self.job, state=state)
        if claimed:
            self.job, self._written = replace(self.job, state=state), state
            self._changes.mark(self.job.owner)
        return claimed

    def change(self, **changes: Any) -> None:
        """Change the job in memory, and in the ledger if it can be written now.

        If another process has moved the job on meanwhile, the change is dropped, and this closes.
        """
        with self._lock:
            if self.closed and not (changes.get("state") is JobState.DONE or _NEEDED in changes):
                return
            self.job = replace(self.job, **changes)
            self._changes.mark(self.job.owner)
            self._pending.update(changes)
            self.flush()

    def close(self, states: Collection[JobState], state: JobState, **changes: Any) -> bool:
        """Make the last change, if the job is still in one of these states."""
        with self._lock:
            if self.job.state not in states:
                return False
            self.change(state=state, **changes)
            self.closed = True
            return self.job.state is state  # another process may have been faster

    def discard(self) -> None:
        """Close and drop pending changes, because another record takes over."""
        with self._lock:
            self.closed = True
            if _NEEDED not in self._pending:
                self._pending.clear()
            self.keep_answers()

    def flush(self) -> None:
        """Write pending changes, if the ledger can be written now."""
        with self._lock:
            if not self._pending:
                return
            before = replace(self.job, state=self._written)
            try:
                changed = self._ledger.change(before, answers=self._new_answers, **self._pending)
                if not changed:
                    self.closed = True
                    changed = self._ledger.get(self.job.id)
            except LedgerFailed as error:
                log.critical(
                    "job %s, task %s, %s: not written down: %s",
                    self.job.id,
                    self.job.task_id,
                    self.job.state,
                    error.what,
                )
            else:
                self.job = changed or self.job
                self._written = self.job.state
                self._pending.clear()
                self._new_answers = ()
