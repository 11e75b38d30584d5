"""The durable list of jobs, on a real SQLite file."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vidu_demo import ledger as ledger_module
from vidu_demo.errors import Charged
from vidu_demo.ledger import FOLLOWED, Job, JobState, Ledger, LedgerFailed

ASKED = {"images": ["picture-1.png"], "prompt": "“ü” 🐈", "duration": 5, "resolution": "720p"}
ASKED |= {"off_peak": False, "seed": 3}


def job(name: str = "1", **changes: Any) -> Job:
    given = Job(
        id=name * 32,
        click=f"click-{name}",
        fingerprint="f" * 64,
        owner="o" * 64,
        backend="there",
        request=dict(ASKED),
        state=JobState.PREPARED,
        created=1_700_000_000.25,
    )
    return replace(given, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(f"sqlite:///{path}")) as opened:
        yield opened


def read(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the file itself, as another process would."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


# Rows


def test_a_row_comes_back_as_it_went(ledger: Ledger) -> None:
    full = job(
        state=JobState.FAILED,
        submitted=1_700_000_001.5,
        finished=1_700_000_060.75,
        task_id="task-1",
        message="It failed.",
        next_step="Look.",
        charged=Charged.UNKNOWN,
        video="vidu.mp4",
    )
    assert ledger.add(full) is full
    assert ledger.get(full.id) == full
    assert ledger.by_click("click-1") == full
    assert ledger.by_task("o" * 64, "there", "task-1") == full


def test_what_is_not_there_is_none(ledger: Ledger) -> None:
    ledger.add(job(task_id="task-1"))
    assert ledger.get("other") is None
    assert ledger.by_click("other") is None
    assert ledger.by_task("o" * 64, "elsewhere", "task-1") is None
    assert ledger.by_task("another", "there", "task-1") is None


def test_a_click_makes_one_row(ledger: Ledger, path: Path) -> None:
    first = ledger.add(job())
    assert ledger.add(job("2", click=first.click, owner="another")) == first
    assert read(path, "SELECT count(*) FROM jobs") == [(1,)]


def test_another_conflict_is_no_click(ledger: Ledger) -> None:
    ledger.add(job())
    with pytest.raises(LedgerFailed):
        ledger.add(job(click="another click, the same id"))


def test_a_task_id_is_on_the_disk_when_change_comes_back(ledger: Ledger, path: Path) -> None:
    made = ledger.add(job())
    changed = ledger.change(made, task_id="task-1", state=JobState.RUNNING)
    assert read(path, "SELECT task_id, state FROM jobs") == [("task-1", "running")]
    assert changed == replace(made, task_id="task-1", state=JobState.RUNNING) == ledger.get(made.id)


def test_a_job_is_claimed_once(ledger: Ledger) -> None:
    made = ledger.add(job())
    with ThreadPoolExecutor(8) as pool:
        claims = pool.map(lambda _: ledger.claim(made, state=JobState.SUBMITTING), range(8))
        assert sorted(claims) == [False] * 7 + [True]
    assert not ledger.claim(made, state=JobState.NOT_SENT)
    assert ledger.get(made.id) == replace(made, state=JobState.SUBMITTING)


def test_a_visitor_sees_their_latest_jobs_newest_first(ledger: Ledger) -> None:
    for number in range(1, 6):
        ledger.add(job(str(number), created=float(number)))
    ledger.add(job("9", owner="another", created=9.0))
    ledger.add(job("8", backend="elsewhere", created=8.0))
    assert [found.created for found in ledger.of("o" * 64, "there", most=3)] == [5.0, 4.0, 3.0]


@pytest.mark.parametrize("state", JobState)
def test_open_jobs_are_followed_and_others_are_not(ledger: Ledger, state: JobState) -> None:
    made = ledger.add(job(state=state))
    ledger.add(job("2", state=state, backend="elsewhere"))
    assert ledger.followed("there") == ([made] if state in FOLLOWED else [])
    assert made.open is (state in FOLLOWED)


@pytest.mark.parametrize("state", JobState)
def test_the_very_same_request_is_found_while_it_may_run(ledger: Ledger, state: JobState) -> None:
    made = ledger.add(job(state=state))
    ledger.add(job("2", fingerprint="e" * 64))
    ledger.add(job("3", owner="another"))
    ledger.add(job("4", backend="elsewhere"))
    assert ledger.alike("o" * 64, "there", "f" * 64) == [made]
    assert made.may_run is (state in (*FOLLOWED, JobState.UNKNOWN, JobState.STOPPED))


# Past waits


def waited(ledger: Ledger, name: str, seconds: float, **changes: Any) -> None:
    asked = ASKED | changes.pop("request", {})
    times = {"created": float(ord(name)), "submitted": 1000.0, "finished": 1000.0 + seconds}
    ledger.add(job(name, **{"state": JobState.DONE, "request": asked, **times, **changes}))


def test_past_waits_are_those_of_like_videos(ledger: Ledger) -> None:
    waited(ledger, "1", 60)
    waited(ledger, "2", 70)
    waited(ledger, "a", 1, request={"duration": 6})
    waited(ledger, "b", 2, request={"resolution": "1080p"})
    waited(ledger, "c", 3, request={"off_peak": True})
    waited(ledger, "d", 4, backend="elsewhere")
    waited(ledger, "e", 5, state=JobState.FAILED)
    waited(ledger, "f", 6, submitted=None)
    waited(ledger, "g", 7, finished=None)
    ledger.add(job("h", state=JobState.DONE, request={}, submitted=1.0, finished=2.0))
    assert ledger.past_waits("there", 5, "720p") == [70, 60]


def test_past_waits_leave_out_what_cannot_be_one(ledger: Ledger) -> None:
    waited(ledger, "1", 60)
    waited(ledger, "2", -5)  # the clock was set back
    waited(ledger, "3", 8 * 3600)  # the app was off over night
    assert ledger.past_waits("there", 5, "720p") == [60]


def test_past_waits_are_the_latest_fifty(ledger: Ledger) -> None:
    for number in range(60):
        waited(ledger, chr(200 + number), number + 1)
    assert ledger.past_waits("there", 5, "720p") == [float(n) for n in range(60, 10, -1)]


# The file


def test_it_survives_a_new_start(path: Path, ledger: Ledger) -> None:
    made = ledger.add(job(task_id="task-1", state=JobState.RUNNING))
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
        made = ledger.add(job(chr(200 + number)))
        for step in range(5):
            made = ledger.change(made, message=f"{step}")
            assert ledger.get(made.id) == made

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))
    assert {found.message for found in ledger.of("o" * 64, "there", most=99)} == {"4"}


def test_a_list_in_memory_is_refused() -> None:
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(LedgerFailed, match="needs a file"):
            Ledger(url)


# Versions


@pytest.mark.usefixtures("ledger")
def test_a_new_file_has_the_latest_version(path: Path) -> None:
    assert read(path, "SELECT version FROM schema_version") == [(1,)]


def add_a_column(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN extra TEXT DEFAULT 'new'")


def test_an_older_file_is_lifted_once(
    path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.add(job())
    monkeypatch.setattr(ledger_module, "MIGRATIONS", (add_a_column,))
    for _ in range(2):
        Ledger(f"sqlite:///{path}").close()
    assert read(path, "SELECT version FROM schema_version") == [(2,)]
    assert read(path, "SELECT click, extra FROM jobs") == [("click-1", "new")]


@pytest.mark.usefixtures("ledger")
def test_a_step_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: sa.Connection) -> None:
        add_a_column(connection)
        connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x")

    monkeypatch.setattr(ledger_module, "MIGRATIONS", (fails,))
    with pytest.raises(LedgerFailed, match="no such table"):
        Ledger(f"sqlite:///{path}")
    assert read(path, "SELECT version FROM schema_version") == [(1,)]
    assert "extra" not in str(read(path, "SELECT sql FROM sqlite_master"))
    monkeypatch.setattr(ledger_module, "MIGRATIONS", (add_a_column,))
    Ledger(f"sqlite:///{path}").close()
    assert read(path, "SELECT version FROM schema_version") == [(2,)]


@pytest.mark.usefixtures("ledger")
def test_a_newer_file_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 9")
    with pytest.raises(LedgerFailed, match="newer version of this app"):
        Ledger(f"sqlite:///{path}")
    assert read(path, "SELECT version FROM schema_version") == [(9,)]


def test_two_apps_start_at_once(path: Path) -> None:
    ready = threading.Barrier(6)

    def start(_: int) -> None:
        ready.wait()
        Ledger(f"sqlite:///{path}").close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    assert read(path, "SELECT version FROM schema_version") == [(1,)]


# What can be wrong with it


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait five seconds for a lock."""
    set_up = ledger_module._set_up_sqlite

    def quick(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA busy_timeout=20")
        set_up(connection, record)
        connection.execute("PRAGMA busy_timeout=20")

    monkeypatch.setattr(ledger_module, "_set_up_sqlite", quick)


@pytest.mark.usefixtures("impatient")
def test_a_locked_file_is_told_in_plain_words(path: Path) -> None:
    with (
        closing(Ledger(f"sqlite:///{path}")) as ledger,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        made = ledger.add(job())
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerFailed) as failed:
            ledger.change(made, task_id="task-1")
        assert failed.value.what == "The list of jobs can't be written: database is locked."
        with pytest.raises(LedgerFailed, match="locked"):
            ledger.add(job("2"))
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
    ledger.add(job())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE jobs")
    with pytest.raises(LedgerFailed, match="can't be read: no such table"):
        ledger.of("o" * 64, "there", most=5)
    with pytest.raises(LedgerFailed, match="can't be written: no such table"):
        ledger.change(job(), message="x")


def test_a_file_that_may_only_be_read(path: Path, ledger: Ledger) -> None:
    ledger.add(job())
    ledger.close()

    def only_read(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "_set_up_sqlite", only_read)
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
    made = ledger.add(job())

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
        ledger.add(job(request={"prompt": "a private prompt", "images": object()}))
    assert "private" not in str(failed.value)
