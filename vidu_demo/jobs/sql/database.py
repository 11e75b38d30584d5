"""Opens the ledger's database, SQLite or PostgreSQL, and brings its schema up to date."""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vidu_demo.api.text import Text
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.sql.tables import MIGRATIONS, metadata, version_table

_LOCK_SECONDS = 5.0
"""How long a query waits for another process that holds a lock. A page may be waiting for it."""
_PAUSE_SECONDS = 15.0
"""How long a transaction can be idle before the server ends it."""
MIGRATING = 0x76696475
"""The number of the PostgreSQL lock that is held by the app that migrates."""
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
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        # A connection from before a restart of the server is replaced, instead of failing once.
        engine = sa.create_engine(parsed, pool_pre_ping=True)
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
    elif engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", _set_up_postgresql)
    try:
        _migrate(engine)
    except sa.exc.SQLAlchemyError as error:
        engine.dispose()
        raise LedgerFailed(
            Text("The list of jobs can't be opened: {why}.", why=cause(error))
        ) from None
    except LedgerFailed:
        engine.dispose()
        raise
    return engine


def empty_log(engine: sa.Engine) -> None:
    """Empty SQLite's log, which still holds what was deleted, unless someone is reading it."""
    if engine.dialect.name == "sqlite":
        with suppress(sa.exc.SQLAlchemyError), engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def cause(error: Exception) -> str:
    """Say why a query failed, without its values, which contain prompts.

    The query is in SQLAlchemy's own error, and values are in the further lines of PostgreSQL's.
    """
    lines = str(getattr(error, "orig", None) or "").splitlines()
    return lines[0] if lines else type(error).__name__


def _migrate(engine: sa.Engine) -> None:
    latest = len(MIGRATIONS) + 1
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Otherwise Python would only begin a transaction after the tables were changed, and two
            # apps that start together would both change them.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif engine.dialect.name == "postgresql":
            # Of two apps that find no tables, the second must wait until the first has made them.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
        version_table.create(connection, checkfirst=True)
        version = connection.scalar(sa.select(version_table.c.version))
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
    timeout = f"busy_timeout={1000 * _LOCK_SECONDS:.0f}"
    for pragma in ("secure_delete=ON", "synchronous=FULL", timeout):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own lower() knows ASCII only, and prompts are searched in any script.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {1000 * _LOCK_SECONDS:.0f}")
        # A process that is paused must not hold the others up.
        cursor.execute(f"SET idle_in_transaction_session_timeout = {1000 * _PAUSE_SECONDS:.0f}")
    connection.commit()  # a rollback would undo it


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
