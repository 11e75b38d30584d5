"""Where the tests keep their lists of jobs: SQLite files or, with `--database postgresql`, schemas
of a PostgreSQL server that is started for the run.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))


class PostgreSQL:
    """A server that only this process can reach: it listens on a socket in a private folder."""

    def __init__(self) -> None:
        # A socket's path has at most 107 characters, so the usual temporary folder may be too long.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._schemas: set[str] = set()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._user = {"user": "nobody", "group": "nogroup", "extra_groups": ()}
            shutil.chown(self._folder, "nobody", "nogroup")
        self._run("initdb", "--username=test", "--auth=trust", "--no-sync", "--locale=C.UTF-8")
        # Only the machine itself could lose what is not synced, and these tests don't crash it.
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c max_connections=300"
        self._run("pg_ctl", "start", "--wait", f"--log={self._folder / 'log'}", "-o", options)

    def _run(self, program: str, *arguments: str) -> None:
        command = [PROGRAMS[-1] / program, "-D", self._folder / "data", *arguments]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": self._folder}
        subprocess.run(command, check=True, timeout=60, **quiet, **self._user)

    def url(self, schema: str) -> str:
        """Give the URL of a schema, which is made if it is new."""
        query = {"host": str(self._folder), "options": f"-c search_path={schema}"}
        place = sa.URL.create("postgresql+psycopg", "test", database="postgres", query=query)
        url = place.render_as_string()
        if schema not in self._schemas:
            self._schemas.add(schema)
            with connected(url) as connection:
                connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        return url

    def restart(self) -> None:
        self._run("pg_ctl", "restart", "--wait", "--mode=fast", f"--log={self._folder / 'log'}")

    def close(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")
        shutil.rmtree(self._folder)


_servers: list[PostgreSQL] = []
"""The server, if there is one."""


def server() -> PostgreSQL:
    (only,) = _servers
    return only


def database_url(file: Path) -> str:
    """Give the URL of the SQLite file, or of the schema that stands for it."""
    if _servers:
        name = hashlib.sha256(str(file).encode()).hexdigest()
        return server().url(f"s{name[:30]}")
    return f"sqlite:///{file}"


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """Connect as another process would, for one transaction."""
    with _engine(url).begin() as connection:
        yield connection


@lru_cache(8)
def _engine(url: str) -> sa.Engine:
    """Make what finds out about the server once, and keeps no connections."""
    return sa.create_engine(url, poolclass=sa.NullPool)


def read(file: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the database itself."""
    with connected(database_url(file)) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def write(file: Path, script: str) -> None:
    """Change the database behind the app's back."""
    with connected(database_url(file)) as connection:
        for statement in filter(str.strip, script.split(";")):
            connection.exec_driver_sql(statement)


def plan(connection: sa.Connection, statement: str, values: Any) -> list[str]:
    """Say how the database would run a query on a table that has grown."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [step for *_, step in rows]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return [step for (step,) in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]


def reads_all(steps: list[str]) -> bool:
    """Tell whether a plan looks at every job."""
    return any("SCAN jobs" in step or "Seq Scan on jobs" in step for step in steps)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="where the tests keep their lists of jobs",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "database(name): is about this database only")
    if config.getoption("database") == "postgresql" and not PROGRAMS:
        raise pytest.UsageError("PostgreSQL is not installed: it is Debian's `postgresql`.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    used = config.getoption("database")
    for item in items:
        for mark in item.iter_markers("database"):
            if mark.args[0] != used:
                item.add_marker(pytest.mark.skip(reason=f"is about {mark.args[0]} only"))


@pytest.fixture(scope="session", autouse=True)
def _server(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("database") == "sqlite":
        yield
        return
    with closing(PostgreSQL()) as started:
        _servers.append(started)
        yield
        _servers.clear()
