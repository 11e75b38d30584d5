"""Sequences: the rows of all films.

Whoever changes one holds the visitor's `one_click`.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from vidu_demo.jobs.errors import TooManyFilms
from vidu_demo.jobs.films.film import MAX_PARTS, Film, JoinAttempt, Part
from vidu_demo.jobs.films.film_record import arrange, joining_column, parts_column, read
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.sql.tables import sequence_table

MAX_SEQUENCES = 20
"""Per visitor."""

_row = sequence_table.c


class Sequences:
    """The rows.

    Args:
        ledger: Has them.

    Raises:
        LedgerFailed: From any method, if the database can't be used.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all_of(self, owner: str) -> list[Film]:
        """List a visitor's sequences, newest first."""
        query = sequence_table.select().where(_row.owner == owner).order_by(_row.created.desc())
        with self._ledger.reading() as connection:
            return [read(row) for row in connection.execute(query)]

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
            return [read(row) for row in connection.execute(query)]

    def clear_joins(self) -> None:
        """Clear what an earlier run of the app was joining."""
        with self._ledger.changing("") as connection:
            connection.execute(sequence_table.update().values(joining=None))

    def add(self, owner: str, parts: Sequence[Part], now: float) -> Film:
        """Begin a sequence.

        Raises:
            TooManyFilms: The visitor has too many; nothing was written.
        """
        film = Film(secrets.token_hex(16), owner, tuple(parts[:MAX_PARTS]), now)
        row = {"id": film.id, "owner": owner, "created": now, "parts": parts_column(film.parts)}
        with self._ledger.changing(owner) as connection:
            count = sa.select(sa.func.count()).where(_row.owner == owner)
            if (connection.scalar(count) or 0) >= MAX_SEQUENCES:
                raise TooManyFilms(MAX_SEQUENCES)
            connection.execute(sequence_table.insert().values(row))
        return film

    def arrange(self, film: Film, parts: Sequence[Part]) -> None:
        """Write other parts. Without any, the sequence is deleted. A joined film is forgotten."""
        with self._ledger.changing(film.owner) as connection:
            arrange(connection, film, parts)

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
            if not row or read(row).running(now) or read(row).parts != film.parts:
                return None
            values = {"joining": joining_column(JoinAttempt(token, at=now)), "film": None}
            connection.execute(sequence_table.update().where(_row.id == film.id).values(values))
        return token

    def note_join(self, film: Film, joining: JoinAttempt) -> bool:
        """Write the progress or the fault of an attempt; False if it is to end."""
        return self._update(film, joining.token, {"joining": joining_column(joining)})

    def end_join(self, film: Film, token: str, file: str | None) -> bool:
        """Write the name of a joined film, or None if it was stopped; False if nobody waits."""
        return self._update(film, token, {"joining": None, "film": file})

    def _update(self, film: Film, token: str, values: dict[str, Any]) -> bool:
        ours = (_row.id == film.id, _row.joining["token"].as_string() == token)
        with self._ledger.changing(film.owner) as connection:
            updated = connection.execute(sequence_table.update().where(*ours).values(values))
            return updated.rowcount == 1
