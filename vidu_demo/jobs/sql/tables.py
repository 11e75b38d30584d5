"""The ledger's tables, and the migrations that bring an older database up to date."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from vidu_demo.api.text import from_json, to_json
from vidu_demo.jobs.job import JobState, Payer


class Sentence(sa.types.TypeDecorator[str]):
    """A sentence as JSON, so that a `Text` keeps its template and its values."""

    impl, cache_ok = sa.JSON, True

    def process_bind_param(self, value: str | None, _: sa.Dialect) -> Any:
        """Make JSON of a sentence."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any, _: sa.Dialect) -> str | None:
        """Rebuild the sentence."""
        return None if value is None else from_json(value)


metadata = sa.MetaData()

job_table = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("idempotency_key", sa.String(128), nullable=False, unique=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("backend", sa.String(200), nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("submitted", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("task_id", sa.String(200)),
    sa.Column("message", Sentence, nullable=False),
    sa.Column("next_step", Sentence, nullable=False),
    sa.Column("charged", sa.String(8)),
    sa.Column("video", sa.String(200)),
    sa.Column("facts", sa.JSON(none_as_null=True)),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("price", sa.Integer, nullable=False),
    sa.Column("payer", sa.String(16), nullable=False),
    sa.Column("full", sa.JSON(none_as_null=True)),
    sa.Column("parent", sa.String(32), nullable=False),
    sa.Column("starred", sa.Boolean, nullable=False),
    # One for each query that a page runs on the event loop. Each has the columns that rows are
    # sorted by; otherwise SQLite would rather scan all of a visitor's rows than sort a few. A
    # visitor's list is of several backends, so there the backend is only a filter.
    sa.Index("ix_jobs_owner_created", "owner", "created", "backend"),
    sa.Index("ix_jobs_owner_fingerprint", "owner", "backend", "fingerprint", "created"),
    sa.Index("ix_jobs_owner_task", "owner", "backend", "task_id", "created"),
    sa.Index("ix_jobs_state_created", "backend", "state", "created"),
)

MAY_WAIT = sa.and_(
    job_table.c.payer == Payer.VISITOR,
    job_table.c.state.in_((JobState.RUNNING, JobState.SAVING)),
)
"""Selects the jobs that need their visitor's key to go on."""

spending_table = sa.Table(
    "spending",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("visitor", sa.String(64), primary_key=True),
    sa.Column("spent", sa.Integer, nullable=False),
    sa.Column("videos", sa.Integer, nullable=False),
)
"""What was spent of the host's key per day: by each token, from each address, and, with an empty
visitor, by all; in thousandths of a US dollar."""

repeat_table = sa.Table(
    "repeated_clicks",
    metadata,
    sa.Column("idempotency_key", sa.String(128), primary_key=True),
    sa.Column("job", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
)

offer_table = sa.Table(
    "offers",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("backend", sa.String(200), nullable=False),
    sa.Column("payer", sa.String(16), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("ordered", sa.JSON, nullable=False),
    sa.Column("acknowledged", sa.JSON, nullable=False),
    sa.Column("price", sa.Integer, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Index("ix_offers_owner_expires", "owner", "expires"),
    sa.Index("ix_offers_expires", "expires"),
)
"""Open offers. A click deletes the one it takes."""

answer_table = sa.Table(
    "answers",
    metadata,
    sa.Column("job", sa.String(32), sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("entries", sa.JSON, nullable=False),
)
"""What the API answered about each job: apart from the jobs, which pages read by the hundred."""

link_table = sa.Table(
    "links",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("job", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False, unique=True),
    sa.Column("created", sa.Double, nullable=False),
)
"""Links to single videos, for whoever has them. One that is revoked is deleted."""

sequence_table = sa.Table(
    "sequences",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("parts", sa.JSON, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("film", sa.String(200)),
    sa.Column("joining", sa.JSON(none_as_null=True)),
    sa.Index("ix_sequences_owner", "owner"),
)

poll_table = sa.Table(
    "poll_rate",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("next", sa.Double, nullable=False),
)
"""When the next poll may be sent, in Unix seconds of the server's clock: one row, used only where
several processes poll."""

version_table = sa.Table(
    "schema_version", metadata, sa.Column("version", sa.Integer, nullable=False)
)


def _add_facts(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN facts JSON")


def _add_spending(connection: sa.Connection) -> None:
    for statement in (
        "ALTER TABLE jobs ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT ''",
        "ALTER TABLE jobs ADD COLUMN price INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX ix_jobs_address ON jobs (address)",
        "CREATE TABLE days (day VARCHAR(10) NOT NULL PRIMARY KEY, spent INTEGER NOT NULL)",
    ):
        connection.exec_driver_sql(statement)


def _name_idempotency_keys(connection: sa.Connection) -> None:
    for table in ("jobs", "repeated_clicks"):
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME COLUMN click TO idempotency_key")


def _index_queries(connection: sa.Connection) -> None:
    for column in ("address", "fingerprint", "owner", "state", "task_id"):
        connection.exec_driver_sql(f"DROP INDEX ix_jobs_{column}")
    for name, columns in (
        ("owner_created", "owner, backend, created"),
        ("owner_fingerprint", "owner, backend, fingerprint, created"),
        ("owner_task", "owner, backend, task_id, created"),
        ("state_created", "backend, state, created"),
    ):
        connection.exec_driver_sql(f"CREATE INDEX ix_jobs_{name} ON jobs ({columns})")


def _keep_templates(connection: sa.Connection) -> None:
    for column in ("message", "next_step"):
        connection.exec_driver_sql(
            f"ALTER TABLE jobs ALTER COLUMN {column} TYPE JSON USING to_json({column})"
            if connection.dialect.name == "postgresql"
            else f"UPDATE jobs SET {column} = json_quote({column})"  # noqa: S608 - our own names
        )


def _add_offers(connection: sa.Connection) -> None:
    for statement in (
        "CREATE TABLE offers (id VARCHAR(32) NOT NULL PRIMARY KEY, owner VARCHAR(64) NOT NULL, "
        "backend VARCHAR(200) NOT NULL, fingerprint VARCHAR(64) NOT NULL, ordered JSON NOT NULL, "
        "acknowledged JSON NOT NULL, price INTEGER NOT NULL, expires DOUBLE PRECISION NOT NULL)",
        "CREATE INDEX ix_offers_owner_expires ON offers (owner, expires)",
        "CREATE INDEX ix_offers_expires ON offers (expires)",
    ):
        connection.exec_driver_sql(statement)


def _count_by_visitor(connection: sa.Connection) -> None:
    for statement in (
        "CREATE TABLE spending (day VARCHAR(10) NOT NULL, visitor VARCHAR(64) NOT NULL, "
        "spent INTEGER NOT NULL, videos INTEGER NOT NULL, PRIMARY KEY (day, visitor))",
        "INSERT INTO spending SELECT day, '', spent, 0 FROM days",
        "DROP TABLE days",
    ):
        connection.exec_driver_sql(statement)


def _add_payers(connection: sa.Connection) -> None:
    for table in ("jobs", "offers"):
        for statement in (
            f"ALTER TABLE {table} ADD COLUMN payer VARCHAR(16) NOT NULL DEFAULT 'host'",
            f"UPDATE {table} SET payer = 'simulator' WHERE backend = 'simulator'",  # noqa: S608 - our own names
        ):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql("DROP INDEX ix_jobs_owner_created")
    connection.exec_driver_sql(
        "CREATE INDEX ix_jobs_owner_created ON jobs (owner, created, backend)"
    )


def _add_answers(connection: sa.Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE answers (job VARCHAR(32) NOT NULL PRIMARY KEY REFERENCES jobs (id), "
        "entries JSON NOT NULL)"
    )


def _add_drafts(connection: sa.Connection) -> None:
    for statement in (
        'ALTER TABLE jobs ADD COLUMN "full" JSON',
        "ALTER TABLE jobs ADD COLUMN parent VARCHAR(32) NOT NULL DEFAULT ''",
    ):
        connection.exec_driver_sql(statement)


def _add_poll_rate(connection: sa.Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE poll_rate (id INTEGER NOT NULL PRIMARY KEY, next DOUBLE PRECISION NOT NULL)"
    )


def _add_stars(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN starred BOOLEAN NOT NULL DEFAULT false")


def _add_links(connection: sa.Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE links (id VARCHAR(32) NOT NULL PRIMARY KEY, job VARCHAR(32) NOT NULL "
        "UNIQUE REFERENCES jobs (id), created DOUBLE PRECISION NOT NULL)"
    )


def _add_sequences(connection: sa.Connection) -> None:
    for statement in (
        "CREATE TABLE sequences (id VARCHAR(32) NOT NULL PRIMARY KEY, owner VARCHAR(64) NOT NULL, "
        "parts JSON NOT NULL, created DOUBLE PRECISION NOT NULL, film VARCHAR(200), joining JSON)",
        "CREATE INDEX ix_sequences_owner ON sequences (owner)",
    ):
        connection.exec_driver_sql(statement)


MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (
    _add_facts,
    _add_spending,
    _name_idempotency_keys,
    _index_queries,
    _keep_templates,
    _add_offers,
    _count_by_visitor,
    _add_payers,
    _add_answers,
    _add_drafts,
    _add_poll_rate,
    _add_stars,
    _add_links,
    _add_sequences,
)
"""The migration at index `n` takes a database from version `n + 1` to `n + 2`. Released migrations
never change; a new database starts with the tables above, at the latest version."""
