"""Opens the ledger's database, SQLite or PostgreSQL, and brings its schema up to date."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vidu_demo.api.text import Text
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.tables import MIGRATIONS, metadata, version_table

_WAL_ATTEMPTS, _WAL_WAIT = 100, 0.05
"""How often an app that starts beside others tries to set up a new file, and seconds between."""


def connect(url: str | sa.URL) -> sa.Engine:
    """Open a database and bring its schema up to date.

    Args:
        url: An SQLAlchemy URL, as an object or as text. The folder of an SQLite file is created
            if necessary.

    Raises:
        LedgerFailed: It can't be used, or was made by a newer version of the app.
    """
    try:
        parsed = sa.make_url(url)
        engine = sa.create_engine(parsed)
    except ImportError as error:
        raise LedgerFailed(
            Text("The database's driver is not installed: {name}.", name=error.name)
        ) from None
    except (sa.exc.ArgumentError, ValueError):  # the error's text may contain the password
        raise LedgerFailed("VIDU_DATABASE_URL is not an SQLAlchemy URL.") from None
    if engine.dialect.name == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise LedgerFailed("The list of jobs needs a file: in memory it would be lost.")
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerFailed(
                Text("The data folder can't be made: {why}.", why=error.strerror)
            ) from None
        sa.event.listen(engine, "connect", _set_up_sqlite)
    try:
        _migrate(engine)
    except sa.exc.SQLAlchemyError as error:
        raise LedgerFailed(
            Text("The list of jobs can't be opened: {why}.", why=cause(error))
        ) from None
    return engine


def cause(error: Exception) -> str:
    """Say why a query failed, without the query itself, which contains prompts."""
    return str(getattr(error, "orig", None) or type(error).__name__)


def _migrate(engine: sa.Engine) -> None:
    latest = len(MIGRATIONS) + 1
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Otherwise Python would only begin a transaction after the tables were changed, and two
            # apps that start together would both change them.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        version_table.create(connection, checkfirst=True)
        # If the database locks rows, this one stays locked until the migrations are committed.
        version = connection.scalar(sa.select(version_table.c.version).with_for_update())
        if version is None:
            metadata.create_all(connection)
            connection.execute(version_table.insert().values(version=latest))
        elif version > latest:
            raise LedgerFailed("The list of jobs was made by a newer version of this app.")
        else:
            for migrate in MIGRATIONS[version - 1 :]:
                migrate(connection)
            connection.execute(version_table.update().values(version=latest))


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    _use_wal(connection)
    # FULL makes a commit survive a power cut.
    for pragma in ("synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own lower() knows ASCII only, and prompts are searched in any script.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _use_wal(connection: Any) -> None:
    """Let pages read while the runner writes. The file remembers it."""
    for attempt in range(1, _WAL_ATTEMPTS + 1):
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode == "wal":
            return
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:  # SQLite does not wait here for another app that starts
            if attempt == _WAL_ATTEMPTS:
                raise
            time.sleep(_WAL_WAIT)


def _lower(value: object) -> str | None:
    return None if value is None else str(value).lower()
