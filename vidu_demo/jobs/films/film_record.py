"""A film and its row."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from vidu_demo.api.text import from_json, to_json
from vidu_demo.jobs.films.film import MAX_PARTS, Film, JoinAttempt, Part
from vidu_demo.jobs.job import Job
from vidu_demo.jobs.sql.tables import sequence_table


def read(row: Any) -> Film:
    """Read a row."""
    parts = tuple(Part(**part) for part in row.parts)
    kept: dict[str, Any] | None = row.joining
    joining = JoinAttempt(**{**kept, "fault": from_json(kept["fault"])}) if kept else None
    return Film(row.id, row.owner, parts, row.created, row.film, joining)


def parts_column(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return parts as they stand in a row."""
    return [asdict(part) for part in parts[:MAX_PARTS]]


def joining_column(joining: JoinAttempt) -> dict[str, Any]:
    """Return an attempt as it stands in a row."""
    return {**asdict(joining), "fault": to_json(joining.fault)}


def arrange(connection: sa.Connection, film: Film, parts: Sequence[Part]) -> None:
    """Write other parts. Without any, the film is deleted. A joined film is forgotten."""
    here = sequence_table.c.id == film.id
    if not parts:
        connection.execute(sequence_table.delete().where(here))
        return
    values = {"parts": parts_column(parts), "film": None, "joining": None}
    connection.execute(sequence_table.update().where(here).values(values))


def remove_job(connection: sa.Connection, job: Job) -> None:
    """Take a job that is being deleted out of its film."""
    query = sequence_table.select().where(sequence_table.c.owner == job.owner)
    for film in map(read, connection.execute(query).all()):
        if film.place(job.id) is not None:
            arrange(connection, film, [part for part in film.parts if part.job != job.id])
