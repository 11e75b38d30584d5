"""The ledger's database: its file, its versions, and what can be wrong with it."""

import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ledger_fixtures import VERSION_1, add, job, read

from vidu_demo.api.errors import Charged
from vidu_demo.jobs import database
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.tables import MIGRATIONS

LATEST = len(MIGRATIONS) + 1
"""The version of a new database."""

# The file


def test_it_survives_a_new_start(path: Path, ledger: Ledger) -> None:
    made = add(ledger, job(task_id="task-1", state=JobState.RUNNING))
    ledger.close()
    with closing(Ledger(f"sqlite:///{path}")) as again:
        assert again.followed("there") == [made]


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
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(VERSION_1)
    return path


def test_a_file_of_the_first_version_is_lifted_and_works(old_path: Path) -> None:
    with closing(Ledger(f"sqlite:///{old_path}")) as lifted:
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
    assert read(old_path, "SELECT id, facts FROM jobs WHERE state != 'prepared'") == [
        ("1", None),
        ("2", None),
    ]


@pytest.mark.usefixtures("ledger")
def test_a_lifted_file_has_the_indexes_of_a_new_one(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.executescript(VERSION_1)
    Ledger(f"sqlite:///{old}").close()
    query = "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name"
    assert read(old, query) == read(path, query)
    for (name,) in read(path, query):
        columns = f"PRAGMA index_info({name})"
        assert [c for *_, c in read(old, columns)] == [c for *_, c in read(path, columns)]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda ledger: ledger.for_owner("o", "there", most=5), "ix_jobs_owner_created"),
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
    plans: list[str] = []

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(plan for *_, plan in rows)

    sa.event.listen(ledger._engine, "before_cursor_execute", explain)
    ask(ledger)
    assert any(index in plan for plan in plans), plans
    assert not any(plan.startswith("SCAN jobs") for plan in plans), plans


def add_a_column(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN extra TEXT DEFAULT 'new'")


def test_an_older_file_is_lifted_once(
    path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ledger, job())
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, add_a_column))
    for _ in range(2):
        Ledger(f"sqlite:///{path}").close()
    assert read(path, "SELECT version FROM schema_version") == [(LATEST + 1,)]
    assert read(path, "SELECT idempotency_key, extra FROM jobs") == [("click-1", "new")]


@pytest.mark.usefixtures("ledger")
def test_a_step_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: sa.Connection) -> None:
        add_a_column(connection)
        connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x")

    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, fails))
    with pytest.raises(LedgerFailed, match="no such table"):
        Ledger(f"sqlite:///{path}")
    assert read(path, "SELECT version FROM schema_version") == [(LATEST,)]
    assert "extra" not in str(read(path, "SELECT sql FROM sqlite_master"))
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, add_a_column))
    Ledger(f"sqlite:///{path}").close()
    assert read(path, "SELECT version FROM schema_version") == [(LATEST + 1,)]


@pytest.mark.usefixtures("ledger")
def test_a_newer_file_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = ?", (LATEST + 1,))
    with pytest.raises(LedgerFailed, match="newer version of this app"):
        Ledger(f"sqlite:///{path}")
    assert read(path, "SELECT version FROM schema_version") == [(LATEST + 1,)]


@pytest.mark.parametrize("old", [False, True])
def test_apps_that_start_at_once(path: Path, old: bool, request: pytest.FixtureRequest) -> None:
    if old:
        request.getfixturevalue("old_path")
    ready = threading.Barrier(6)

    def start(_: int) -> None:
        ready.wait()
        Ledger(f"sqlite:///{path}").close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    assert read(path, "SELECT version FROM schema_version") == [(LATEST,)]
    columns = [name for _, name, *_ in read(path, "PRAGMA table_info(jobs)")]
    assert columns.count("facts") == 1


# What can be wrong with it


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait five seconds for a lock."""
    set_up = database._set_up_sqlite

    def quick(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA busy_timeout=20")
        set_up(connection, record)
        connection.execute("PRAGMA busy_timeout=20")

    monkeypatch.setattr(database, "_set_up_sqlite", quick)


@pytest.mark.usefixtures("impatient")
def test_a_locked_file_is_told_in_plain_words(path: Path) -> None:
    with (
        closing(Ledger(f"sqlite:///{path}")) as ledger,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        made = add(ledger, job())
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerFailed) as failed:
            ledger.change(made, task_id="task-1")
        assert failed.value.what == "The list of jobs can't be written: database is locked."
        with pytest.raises(LedgerFailed, match="locked"):
            add(ledger, job("2"))
        with pytest.raises(LedgerFailed, match="can't be opened: database is locked"):
            Ledger(f"sqlite:///{path}")
        assert ledger.get(made.id) == made  # pages can still be shown
        other.execute("ROLLBACK")
        assert ledger.change(made, task_id="task-1").task_id == "task-1"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database, it is a letter to a friend" * 100)
    with pytest.raises(LedgerFailed) as failed:
        Ledger(f"sqlite:///{path}")
    assert failed.value.what == "The list of jobs can't be opened: file is not a database."
    assert failed.value.charged is Charged.NO
    assert failed.value.next_step


def test_a_file_that_breaks_while_it_is_used(path: Path, ledger: Ledger) -> None:
    add(ledger, job())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE jobs")
    with pytest.raises(LedgerFailed, match="can't be read: no such table"):
        ledger.for_owner("o" * 64, "there", most=5)
    with pytest.raises(LedgerFailed, match="can't be written: no such table"):
        ledger.change(job(), message="x")


def test_a_file_that_may_only_be_read(path: Path, ledger: Ledger) -> None:
    add(ledger, job())
    ledger.close()

    def only_read(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_set_up_sqlite", only_read)
        with pytest.raises(LedgerFailed, match="can't be opened: attempt to write a readonly"):
            Ledger(f"sqlite:///{path}")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(LedgerFailed, match="The data folder can't be made: "):
        Ledger(f"sqlite:///{tmp_path / 'data' / 'ledger.db'}")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LedgerFailed, match="can't be opened"):
            Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
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
        add(ledger, job(request={"prompt": "a private prompt", "images": object()}))
    assert "private" not in str(failed.value)
