"""What the API answered about a job: equal answers in a row are one entry, and there are few."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from vidu_demo.api.transcript import Exchange

MAX_ENTRIES = 50
"""Entries per job. With `transcript.MAX_ANSWER`, that is at most 200,000 characters."""
KEPT_FIRST = 10
"""Entries from the start that are kept; of the others, the latest."""


@dataclass(frozen=True)
class Entry:
    """Identical answers in a row. Times are in Unix seconds.

    Attributes:
        call: The method, path and query.
        status: The HTTP status; None if there was no answer.
        answer: The body, as JSON or text.
        error: The kind of failure; empty if the answer arrived whole.
        seconds: How long it took; of several, the longest.
        first: When the first of them arrived.
        last: When the last of them arrived.
        count: How many there were.
        left_out: How many answers before it were not kept.
    """

    call: str
    status: int | None
    answer: Any
    error: str
    seconds: float
    first: float
    last: float
    count: int = 1
    left_out: int = 0

    @classmethod
    def of(cls, exchange: Exchange, now: float) -> Self:
        """Make an entry of one exchange."""
        return cls(**exchange._asdict(), first=now, last=now)

    @property
    def fields(self) -> dict[str, Any]:
        """The entry as JSON for the ledger."""
        return asdict(self)

    def follows(self, earlier: "Entry") -> bool:
        """Tell whether this is the same answer again."""
        return not self.left_out and _said(self) == _said(earlier)


def merge(earlier: Sequence[Entry], later: Sequence[Entry]) -> tuple[Entry, ...]:
    """Put later entries after earlier ones, within the limit."""
    merged = list(earlier)
    for entry in later:
        if merged and entry.follows(merged[-1]):
            before = merged[-1]
            merged[-1] = replace(
                before,
                seconds=max(before.seconds, entry.seconds),
                last=entry.last,
                count=before.count + entry.count,
            )
        else:
            merged.append(entry)
    while len(merged) > MAX_ENTRIES:
        gone, after = merged.pop(KEPT_FIRST), merged[KEPT_FIRST]
        merged[KEPT_FIRST] = replace(after, left_out=after.left_out + gone.left_out + gone.count)
    return tuple(merged)


def as_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Write entries for people who know the API: without what says nothing."""
    written: list[dict[str, Any]] = []
    for entry in entries:
        if entry.left_out:
            written.append({"left_out": entry.left_out})
        times = {"count": entry.count, "last": _iso(entry.last)} if entry.count > 1 else {}
        written.append(
            {
                "call": entry.call,
                "time": _iso(entry.first),
                **times,
                "seconds": entry.seconds,
                "status": entry.status,
                **({"error": entry.error} if entry.error else {}),
                "answer": entry.answer,
            }
        )
    return written


def _said(entry: Entry) -> tuple[Any, ...]:
    return entry.call, entry.status, entry.answer, entry.error


def _iso(seconds: float) -> str:
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
