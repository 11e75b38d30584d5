"""Sequences: a visitor's videos one after another, with their ends cut off, as one film.

Whoever changes a sequence holds the visitor's `one_click`.
"""

import math
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypeGuard

import sqlalchemy as sa

from vidu_demo.api.text import from_json, to_json
from vidu_demo.jobs.errors import TooManyFilms
from vidu_demo.jobs.tables import sequence_table

if TYPE_CHECKING:
    from vidu_demo.jobs.job import Job
    from vidu_demo.jobs.ledger import Ledger

MAX_PARTS = 24
MAX_SEQUENCES = 20
"""Per visitor."""
SHORTEST = 0.1
"""Seconds that are left of a part, however much is cut off."""
LONGEST = 3600.0
"""Seconds: more than any part has."""
SILENT_SECONDS = 20.0
"""A film that is being joined, and of whose progress nothing was written for so long, is taken for
lost: its process is gone."""

_ID = re.compile("[0-9a-f]{32}")
_row = sequence_table.c


@dataclass(frozen=True)
class Part:
    """A part of a sequence.

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
        part: The id of the job that it follows or replaces. If it follows one that no sequence
            has, a new sequence begins.
        instead: True to replace it.
        end: Where the part before then ends, in seconds of its video; None to leave it as it is.
        film: The id of the sequence; empty for the newest one that has the part.
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
class Joining:
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
    """A sequence, and the film that was made of it.

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
    joining: Joining | None = None

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


class Sequences:
    """The rows.

    Args:
        ledger: Has them.

    Raises:
        LedgerFailed: From any method, if the database can't be used.
    """

    def __init__(self, ledger: "Ledger") -> None:
        self._ledger = ledger

    def all_of(self, owner: str) -> list[Film]:
        """List a visitor's sequences, newest first."""
        query = sequence_table.select().where(_row.owner == owner).order_by(_row.created.desc())
        with self._ledger.reading() as connection:
            return [_read(row) for row in connection.execute(query)]

    def any_of(self, owner: str) -> bool:
        """Tell whether a visitor has a sequence."""
        query = sa.select(_row.id).where(_row.owner == owner).limit(1)
        with self._ledger.reading() as connection:
            return connection.scalar(query) is not None

    def names(self) -> set[str]:
        """Return the id of every sequence of every visitor."""
        with self._ledger.reading() as connection:
            return set(connection.scalars(sa.select(_row.id)))

    def begun_before(self, then: float) -> list[Film]:
        """List the sequences of all visitors that were begun before a time, in Unix seconds."""
        query = sequence_table.select().where(_row.created < then)
        with self._ledger.reading() as connection:
            return [_read(row) for row in connection.execute(query)]

    def forget_joins(self) -> None:
        """Forget the films that an earlier run of the app was joining."""
        with self._ledger.changing("") as connection:
            connection.execute(sequence_table.update().values(joining=None))

    def add(self, owner: str, parts: Sequence[Part], now: float) -> Film:
        """Begin a sequence.

        Raises:
            TooManyFilms: The visitor has too many; nothing was written.
        """
        film = Film(secrets.token_hex(16), owner, tuple(parts[:MAX_PARTS]), now)
        row = {"id": film.id, "owner": owner, "created": now, "parts": _as_json(film.parts)}
        with self._ledger.changing(owner) as connection:
            count = sa.select(sa.func.count()).where(_row.owner == owner)
            if (connection.scalar(count) or 0) >= MAX_SEQUENCES:
                raise TooManyFilms(MAX_SEQUENCES)
            connection.execute(sequence_table.insert().values(row))
        return film

    def arrange(self, film: Film, parts: Sequence[Part]) -> None:
        """Write other parts. Without any, the sequence is deleted. A joined film is forgotten."""
        with self._ledger.changing(film.owner) as connection:
            _write(connection, film, parts)

    def delete(self, film: Film) -> None:
        """Delete a sequence."""
        self.arrange(film, ())

    def begin_join(self, film: Film, now: float) -> str | None:
        """Claim the writing of a film.

        Returns:
            The token of this attempt; None if the sequence has changed, or another process writes.
        """
        token = secrets.token_hex(8)
        with self._ledger.changing(film.owner) as connection:
            here = sequence_table.select().where(_row.id == film.id).with_for_update()
            row = connection.execute(here).first()
            if not row or _read(row).running(now) or _read(row).parts != film.parts:
                return None
            values = {"joining": _joining(Joining(token, at=now)), "film": None}
            connection.execute(sequence_table.update().where(_row.id == film.id).values(values))
        return token

    def note_join(self, film: Film, joining: Joining) -> bool:
        """Write the progress or the fault of an attempt; False if it is to end."""
        return self._update(film, joining.token, {"joining": _joining(joining)})

    def end_join(self, film: Film, token: str, file: str | None) -> bool:
        """Write the name of a joined film, or None if it was stopped; False if nobody waits."""
        return self._update(film, token, {"joining": None, "film": file})

    def _update(self, film: Film, token: str, values: dict[str, Any]) -> bool:
        ours = (_row.id == film.id, _row.joining["token"].as_string() == token)
        with self._ledger.changing(film.owner) as connection:
            updated = connection.execute(sequence_table.update().where(*ours).values(values))
            return updated.rowcount == 1


def forget(connection: sa.Connection, job: "Job") -> None:
    """Take a job that is being deleted out of its sequence."""
    query = sequence_table.select().where(_row.owner == job.owner)
    for film in map(_read, connection.execute(query).all()):
        if film.place(job.id) is not None:
            _write(connection, film, [part for part in film.parts if part.job != job.id])


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
    """Tell whether a value can be the id of a job or a sequence."""
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def seconds(value: Any) -> float | None:
    """Read a time within a video; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(float(value), 3) if math.isfinite(value) and 0 <= value <= LONGEST else None


def _write(connection: sa.Connection, film: Film, parts: Sequence[Part]) -> None:
    here = _row.id == film.id
    if not parts:
        connection.execute(sequence_table.delete().where(here))
        return
    values = {"parts": _as_json(parts[:MAX_PARTS]), "film": None, "joining": None}
    connection.execute(sequence_table.update().where(here).values(values))


def _as_json(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [asdict(part) for part in parts]


def _joining(joining: Joining) -> dict[str, Any]:
    return {**asdict(joining), "fault": to_json(joining.fault)}


def _read(row: Any) -> Film:
    parts = tuple(Part(**part) for part in row.parts)
    kept: dict[str, Any] | None = row.joining
    joining = Joining(**{**kept, "fault": from_json(kept["fault"])}) if kept else None
    return Film(row.id, row.owner, parts, row.created, row.film, joining)


Edit = Callable[[Film], Sequence[Part]]
"""Returns other parts of a film."""
