"""Records what the simulator was sent, for tests to assert."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from . import validation
from .refusals import RefusedError
from .transport import Record


class Counters:
    """Counts requests as they arrive, whatever the response.

    Args:
        remember: Whether to keep what grows forever: `polls_of`, `requests` and `submits`.

    Attributes:
        submit_count: Submits.
        task_count: Tasks made, which would have been billed.
        tasks_of_key: Tasks made, by key.
        poll_count: Polls.
        polls_of: Polls by task id.
        download_count: Requests for videos.
        submits: The bodies of submits that were JSON, in order.
        requests: Every request, in order.
    """

    def __init__(self, remember: bool) -> None:
        self.submit_count = 0
        self.task_count = 0
        self.tasks_of_key: Counter[str] = Counter()
        self.poll_count = 0
        self.polls_of: Counter[str] = Counter()
        self.download_count = 0
        self.submits: list[object] = []
        self.requests: list[Record] = []
        self._remember = remember
        self._open: Counter[str] = Counter()
        self._most_open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def max_concurrent_polls_of(self, task_id: str) -> int:
        """Return the highest number of simultaneous polls of a task."""
        return self._most_open[task_id]

    def _count(self, kind: str, record: Record, raw: bytes | None) -> None:
        with self._lock:
            self.submit_count += kind == "submit"
            self.poll_count += kind == "poll"
            self.download_count += kind == "download"
            if self._remember:
                self.requests.append(record)
                if kind == "submit":
                    with suppress(RefusedError):
                        self.submits.append(validation.read(raw))

    @contextmanager
    def _polling(self, task_id: str) -> Iterator[None]:
        if not self._remember:
            yield
            return
        with self._lock:
            self.polls_of[task_id] += 1
            self._open[task_id] += 1
            self._most_open[task_id] = max(self._most_open[task_id], self._open[task_id])
        try:
            yield
        finally:
            with self._lock:
                self._open[task_id] -= 1
