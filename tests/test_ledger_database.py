"""The ledger's database: its rows, its versions, and what can be wrong with it."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from database_fixtures import connected, database_url, plan, read, reads_all, server, write
from ledger_fixtures import VERSION_1, add, job

from vidu_demo.api.errors import Charged
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.search import Search
from vidu_demo.jobs.sql import database
from vidu_demo.jobs.sql.tables import MIGRATIONS

LATEST = len(MIGRATIONS) + 1
"""The version of a new database."""

# What it keeps


def test_it_survives_a_new_start(path: Path, ledger: Ledger) -> None:
    made = add(ledger, job(task_id="task-1", state=JobState.RUNNING))
    ledger.close()
    with closing(Ledger(database_url(path))) as again:
        assert again.followed("there") == [made]


@pytest.mark.database("sqlite")
def test_a_commit_survives_a_power_cut(ledger: Ledger, path: Path) -> None:
    assert read(path, "PRAGMA journal_mode") == [("wal",)]
    with ledger._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000


def test_many_threads_write_at_once(ledger: Ledger) -> None:
    def work(number: int) -> None:
        made = add(ledger, job(chr(200 + number)))
        for step in range(5):
            made = ledger.change(made, message=f"{step}")
            assert ledger.get(made.id) == made

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))
    assert {found.message for found in ledger.for_owner("o" * 64, "there", most=99)} == {"4"}


def test_a_list_in_memory_is_refused() -> None:
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(LedgerFailed, match="needs a file"):
            Ledger(url)


# Versions


@pytest.mark.usefixtures("ledger")
def test_a_new_file_has_the_latest_version(path: Path) -> None:
    assert read(path, "SELECT version FROM schema_version") == [(LATEST,)]


@pytest.fixture
def old_path(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    write(path, VERSION_1)
    return path


def test_a_file_of_the_first_version_is_lifted_and_works(old_path: Path) -> None:
    with closing(Ledger(database_url(old_path))) as lifted:
        stopped, done = lifted.for_owner("me", "there", most=9)
        assert (done.id, done.state, done.video, done.facts) == ("1", "done", "vidu.mp4", None)
        assert (stopped.message, stopped.charged) == ("You stopped.", Charged.UNKNOWN)
        assert lifted.by_key("click-3") == [done]
        assert type(stopped.message) is type(stopped.next_step) is str
        assert lifted.durations("there", 5, "720p") == [60.0]
        facts = {"width": 960, "audio": True}
        assert lifted.change(done, facts=facts) == lifted.get("1")
        new = add(lifted, job(facts=facts))
        assert lifted.get(new.id) == new
        assert lifted.delete(done)
    assert read(old_path, "SELECT version FROM schema_version") == [(LATEST,)]
    assert read(old_path, "SELECT id, facts FROM jobs WHERE state != 'prepared' ORDER BY id") == [
        ("1", None),
        ("2", None),
    ]


@pytest.mark.usefixtures("ledger")
def test_a_lifted_file_has_the_indexes_of_a_new_one(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    write(old, VERSION_1)
    Ledger(database_url(old)).close()

    def indexes(file: Path) -> set[tuple[str | None, tuple[str | None, ...]]]:
        with connected(database_url(file)) as connection:
            found = sa.inspect(connection).get_indexes("jobs")
        named = [(None if index["unique"] else index["name"], index) for index in found]
        return {(name, tuple(index["column_names"])) for name, index in named}

    assert indexes(old) == indexes(path) != set()


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda ledger: ledger.for_owner("o", "there", most=5), "ix_jobs_owner_created"),
        (lambda ledger: ledger.for_owner("o", "there", "here", most=5), "ix_jobs_owner_created"),
        (lambda ledger: ledger.count("o", "there"), "ix_jobs_owner_fingerprint"),
        (lambda ledger: ledger.paid_by_visitor("o", "there"), "ix_jobs_owner_created"),
        (lambda ledger: ledger.same_request("o", "there", "f"), "ix_jobs_owner_fingerprint"),
        (lambda ledger: ledger.is_deleted("o", "there", "task"), "ix_jobs_owner_fingerprint"),
        (lambda ledger: ledger.by_task("o", "there", "task"), "ix_jobs_owner_task"),
        (lambda ledger: ledger.durations("there", 5, "720p"), "ix_jobs_state_created"),
        (lambda ledger: ledger.by_key("click"), "sqlite_autoindex_jobs_2"),
    ],
)
def test_what_a_page_asks_has_an_index(
    ledger: Ledger, ask: Callable[[Ledger], object], index: str
) -> None:
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    sa.event.listen(ledger._engine, "before_cursor_execute", note)
    ask(ledger)
    sa.event.remove(ledger._engine, "before_cursor_execute", note)
    with ledger._engine.connect() as connection:
        steps = [step for statement, values in sent for step in plan(connection, statement, values)]
    assert steps
    assert not reads_all(steps), steps
    if connection.dialect.name == "sqlite":  # PostgreSQL chooses by what the rows are like
        assert any(index in step for step in steps), steps


def columns(file: Path) -> list[str]:
    with connected(database_url(file)) as connection:
        return [column["name"] for column in sa.inspect(connection).get_columns("jobs")]


def add_a_column(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN extra TEXT DEFAULT 'new'")


def test_an_older_file_is_lifted_once(
    path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ledger, job())
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, add_a_column))
    for _ in range(2):
        Ledger(database_url(path)).close()
    assert read(path, "SELECT version FROM schema_version") == [(LATEST + 1,)]
    assert read(path, "SELECT idempotency_key, extra FROM jobs") == [("click-1", "new")]


@pytest.mark.usefixtures("ledger")
def test_a_step_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: sa.Connection) -> None:
        add_a_column(connection)
        connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x TEXT")

    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, fails))
    with pytest.raises(LedgerFailed, match=NO_TABLE):
        Ledger(database_url(path))
    assert read(path, "SELECT version FROM schema_version") == [(LATEST,)]
    assert "extra" not in columns(path)
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, add_a_column))
    Ledger(database_url(path)).close()
    assert read(path, "SELECT version FROM schema_version") == [(LATEST + 1,)]


@pytest.mark.usefixtures("ledger")
def test_a_newer_file_is_left_alone(path: Path) -> None:
    write(path, "UPDATE schema_version SET version = version + 1")
    with pytest.raises(LedgerFailed, match="newer version of this app"):
        Ledger(database_url(path))
    assert read(path, "SELECT version FROM schema_version") == [(LATEST + 1,)]


@pytest.mark.parametrize("old", [False, True])
def test_apps_that_start_at_once(path: Path, old: bool, request: pytest.FixtureRequest) -> None:
    if old:
        request.getfixturevalue("old_path")
    ready, url = threading.Barrier(6), database_url(path)

    def start(_: int) -> None:
        ready.wait()
        Ledger(url).close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    assert read(path, "SELECT version FROM schema_version") == [(LATEST,)]
    assert columns(path).count("facts") == 1


# What can be wrong with it

NO_TABLE = r"(no such table|relation \"\w+\" does not exist)"
LOCKED = {
    "sqlite": ("BEGIN EXCLUSIVE", "database is locked"),
    "postgresql": (
        "LOCK TABLE jobs, schema_version IN EXCLUSIVE MODE",
        "canceling statement due to lock timeout",
    ),
}
"""How another process locks the list, and what the database says then."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait five seconds for a lock."""
    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.02)


@pytest.mark.usefixtures("impatient")
def test_a_locked_list_is_told_in_plain_words(path: Path) -> None:
    lock, why = LOCKED[sa.make_url(database_url(path)).get_backend_name()]
    with closing(Ledger(database_url(path))) as ledger:
        made = add(ledger, job())
        with connected(database_url(path)) as other:
            other.exec_driver_sql(lock)
            with pytest.raises(LedgerFailed) as failed:
                ledger.change(made, task_id="task-1")
            assert failed.value.what == f"The list of jobs can't be written: {why}."
            with pytest.raises(LedgerFailed, match=why):
                add(ledger, job("2"))
            with pytest.raises(LedgerFailed, match=f"can't be opened: {why}"):
                Ledger(database_url(path))
            assert ledger.get(made.id) == made  # pages can still be shown
        assert ledger.change(made, task_id="task-1").task_id == "task-1"


@pytest.mark.database("sqlite")
def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database, it is a letter to a friend" * 100)
    with pytest.raises(LedgerFailed) as failed:
        Ledger(database_url(path))
    assert failed.value.what == "The list of jobs can't be opened: file is not a database."
    assert failed.value.charged is Charged.NO
    assert failed.value.next_step


def test_a_list_that_breaks_while_it_is_used(path: Path, ledger: Ledger) -> None:
    add(ledger, job())
    dependent = ("answers", "repeated_clicks", "links")
    write(path, "".join(f"DROP TABLE {table}; " for table in dependent) + "DROP TABLE jobs")
    with pytest.raises(LedgerFailed, match=f"can't be read: {NO_TABLE}"):
        ledger.for_owner("o" * 64, "there", most=5)
    with pytest.raises(LedgerFailed, match=f"can't be written: {NO_TABLE}"):
        ledger.change(job(), message="x")


@pytest.mark.database("sqlite")
def test_a_file_that_may_only_be_read(path: Path, ledger: Ledger) -> None:
    add(ledger, job())
    ledger.close()

    def only_read(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_set_up_sqlite", only_read)
        with pytest.raises(LedgerFailed, match="can't be opened: attempt to write a readonly"):
            Ledger(database_url(path))


@pytest.mark.database("sqlite")
def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(LedgerFailed, match="The data folder can't be made: "):
        Ledger(database_url(tmp_path / "data" / "ledger.db"))


@pytest.mark.database("sqlite")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LedgerFailed, match="can't be opened"):
            Ledger(database_url(tmp_path / "ledger.db"))
    finally:
        tmp_path.chmod(0o700)


def test_too_few_connections_are_told_as_well(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page must not meet a bare error of the database's library, whatever it is."""
    made = add(ledger, job())

    def none_left() -> Any:
        raise sa.exc.TimeoutError("QueuePool limit of size 5 overflow 10 reached")

    monkeypatch.setattr(ledger._engine, "connect", none_left)
    monkeypatch.setattr(ledger._engine, "begin", none_left)
    with pytest.raises(LedgerFailed, match="can't be read"):
        ledger.get(made.id)
    with pytest.raises(LedgerFailed, match="can't be written"):
        ledger.change(made, task_id="task-1")


def test_what_was_asked_is_in_no_error(ledger: Ledger) -> None:
    with pytest.raises(LedgerFailed) as failed:
        add(ledger, job(request={"prompt": "a private prompt"}, owner="\ud800"))
    assert "private" not in str(failed.value)


@pytest.mark.database("postgresql")
def test_what_the_database_quotes_is_in_no_error(ledger: Ledger) -> None:
    add(ledger, job(request={"prompt": "a private \0 prompt"}))
    with pytest.raises(LedgerFailed, match="can't be read: unsupported Unicode") as failed:
        ledger.for_owner("o" * 64, "there", most=5, search=Search("a"))
    assert "private" not in str(failed.value)


@pytest.mark.database("postgresql")
def test_a_restart_of_the_server_is_not_noticed(ledger: Ledger) -> None:
    made = add(ledger, job())
    server().restart()
    assert ledger.change(made, task_id="task-1") == ledger.get(made.id)
