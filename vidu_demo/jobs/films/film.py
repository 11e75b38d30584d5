"""A film: a visitor's videos one after another, with their ends cut off."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeGuard

MAX_PARTS = 24
SHORTEST = 0.1
"""Seconds that are left of a part, however much is cut off."""
LONGEST = 3600.0
"""Seconds: more than any part has."""
SILENT_SECONDS = 20.0
"""A film that is being joined, and of whose progress nothing was written for so long, is taken for
lost: its process is gone."""

_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Part:
    """A part of a film.

    Attributes:
        job: The id of its job; of a part that the visitor has no video of, a name of its own.
        start: Seconds cut off at the beginning.
        end: Where it ends, in seconds of the video; None for the video's end.
        settings: What it was made with, if the visitor has no job for it; otherwise None.
    """

    job: str
    start: float = 0.0
    end: float | None = None
    settings: dict[str, Any] | None = None

    @classmethod
    def read(cls, sent: Any) -> Self | None:
        """Read what a browser or a file says, which can be anything; None if it is no part."""
        if not isinstance(sent, Mapping) or not is_id(sent.get("job")):
            return None
        start, end = seconds(sent.get("start")) or 0.0, seconds(sent.get("end"))
        if end is not None and end < start + SHORTEST:
            end = start + SHORTEST
        return cls(sent["job"], start, end)

    def length(self, video: float) -> float:
        """Return what is left of it, in seconds.

        Args:
            video: The length of its video.
        """
        end = video if self.end is None else min(self.end, video)
        return max(SHORTEST, end - self.start)

    @property
    def trimmed(self) -> bool:
        """True if anything is cut off."""
        return self.start > 0 or self.end is not None


@dataclass(frozen=True)
class Place:
    """Where a new video goes.

    Attributes:
        part: The id of the job that it follows or replaces. If it follows one that no film has,
            a new film begins.
        instead: True to replace it.
        end: Where the part before then ends, in seconds of its video; None to leave it as it is.
        film: The id of the film; empty for the newest one that has the part.
    """

    part: str
    instead: bool = False
    end: float | None = None
    film: str = ""

    @classmethod
    def read(cls, sent: Any) -> Self | None:
        """Read what a browser sends, which can be anything; None if it is no place."""
        if not isinstance(sent, Mapping) or not is_id(sent.get("part")):
            return None
        film, end = sent.get("film"), seconds(sent.get("end")) or None
        return cls(sent["part"], sent.get("instead") is True, end, film if is_id(film) else "")


@dataclass(frozen=True)
class JoinAttempt:
    """A film that is being written, or that could not be.

    Attributes:
        token: Names this attempt.
        percent: How much of it is written, from 0 to 100.
        at: When this was last true, in Unix seconds.
        fault: Why it could not be written; empty if nothing went wrong.
    """

    token: str
    percent: int = 0
    at: float = 0.0
    fault: str = ""


@dataclass(frozen=True)
class Film:
    """A visitor's film, and the file that was joined of it.

    Attributes:
        id: Unguessable; names the film's folder.
        owner: A digest of the visitor's token.
        parts: The parts in their order.
        created: When it was begun, in Unix seconds.
        file: The name of the joined film; None if it was not joined since the last change.
        joining: The film that is being written, or that failed; None if neither.
    """

    id: str
    owner: str
    parts: tuple[Part, ...]
    created: float
    file: str | None = None
    joining: JoinAttempt | None = None

    def place(self, job: str) -> int | None:
        """Return the place of a job's part, from 0; None if it has none."""
        return next((n for n, part in enumerate(self.parts) if part.job == job), None)

    def running(self, now: float) -> bool:
        """Tell whether a film is being written.

        Args:
            now: Unix seconds.
        """
        joining = self.joining
        return bool(joining and not joining.fault and now - joining.at < SILENT_SECONDS)


def with_place(parts: Sequence[Part], new: Part, place: Place) -> tuple[Part, ...]:
    """Put a part where it belongs; if there is no such place, or no room, nothing changes.

    Args:
        parts: The parts.
        new: The new part.
        place: Where it goes.
    """
    at = next((n for n, part in enumerate(parts) if part.job == place.part), None)
    if at is None or any(part.job == new.job for part in parts):
        return tuple(parts)
    if place.instead:
        return (*parts[:at], new, *parts[at + 1 :])
    if len(parts) >= MAX_PARTS:
        return tuple(parts)
    before = parts[at]
    if place.end is not None:
        before = replace(before, end=max(place.end, before.start + SHORTEST))
    return (*parts[:at], before, new, *parts[at + 1 :])


def arranged(film: Film, wanted: Sequence[Part]) -> tuple[Part, ...]:
    """Put a film's parts into an order, with these ends; parts that are not named come last.

    Args:
        film: The film. What it does not have is left out.
        wanted: The order.
    """
    known = {part.job: part for part in film.parts}
    ordered = {
        part.job: replace(known[part.job], start=part.start, end=part.end)
        for part in wanted
        if part.job in known
    }
    return tuple({**ordered, **{j: p for j, p in known.items() if j not in ordered}}.values())


def is_id(value: Any) -> TypeGuard[str]:
    """Tell whether a value can be the id of a job or a film."""
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def seconds(value: Any) -> float | None:
    """Read a time within a video; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(float(value), 3) if math.isfinite(value) and 0 <= value <= LONGEST else None


Edit = Callable[[Film], Sequence[Part]]
"""Returns other parts of a film."""
