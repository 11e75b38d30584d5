"""The durable list of jobs, on a real SQLite file."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vidu_demo.api.errors import Charged
from vidu_demo.jobs import database
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import FOLLOWED, Job, JobState
from vidu_demo.jobs.ledger import LONGEST_SEARCH, MOST_WORDS, Ledger, digest
from vidu_demo.jobs.tables import MIGRATIONS

ASKED = {"images": ["picture-1.png"], "prompt": "“ü” 🐈", "duration": 5, "resolution": "720p"}
ASKED |= {"off_peak": False, "seed": 3}

VERSION_1 = """
CREATE TABLE jobs (
    id VARCHAR(32) NOT NULL PRIMARY KEY, click VARCHAR(128) NOT NULL UNIQUE,
    fingerprint VARCHAR(64) NOT NULL, owner VARCHAR(64) NOT NULL, backend VARCHAR(200) NOT NULL,
    request JSON NOT NULL, state VARCHAR(16) NOT NULL, created DOUBLE NOT NULL, submitted DOUBLE,
    finished DOUBLE, task_id VARCHAR(200), message TEXT NOT NULL, next_step TEXT NOT NULL,
    charged VARCHAR(8), video VARCHAR(200)
);
CREATE TABLE repeated_clicks (
    click VARCHAR(128) NOT NULL PRIMARY KEY,
    job VARCHAR(32) NOT NULL REFERENCES jobs (id)
);
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE INDEX ix_jobs_fingerprint ON jobs (fingerprint);
CREATE INDEX ix_jobs_state ON jobs (state);
CREATE INDEX ix_jobs_task_id ON jobs (task_id);
CREATE INDEX ix_jobs_owner ON jobs (owner);
INSERT INTO schema_version VALUES (1);
INSERT INTO jobs VALUES ('1', 'click-1', 'f', 'me', 'there',
    '{"prompt": "x", "duration": 5, "resolution": "720p", "off_peak": false}',
    'done', 1.0, 2.0, 62.0, 'task-1', '', '', NULL, 'vidu.mp4');
INSERT INTO jobs VALUES ('2', 'click-2', 'e', 'me', 'there', '{"prompt": "y"}',
    'stopped', 2.0, 3.0, NULL, 'task-2', 'You stopped.', 'Watch.', 'unknown', NULL);
INSERT INTO repeated_clicks VALUES ('click-3', '1');
"""
"""A database as the first version of the app made it."""


def job(name: str = "1", **changes: Any) -> Job:
    given = Job(
        id=name * 32,
        idempotency_key=f"click-{name}",
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


def add(ledger: Ledger, made: Job) -> Job:
    (written,) = ledger.add([made])
    return written


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
    full = replace(full, facts={"width": 1284, "frames_per_second": 24.0, "audio": False})
    assert add(ledger, full) is full
    assert ledger.get(full.id) == full
    assert ledger.by_key("click-1") == [full]
    assert ledger.by_task("o" * 64, "there", "task-1") == full


def test_what_is_not_there_is_none(ledger: Ledger) -> None:
    add(ledger, job(task_id="task-1"))
    assert ledger.get("other") is None
    assert ledger.by_key("other") == ledger.by_key("click") == []
    assert ledger.by_task("o" * 64, "elsewhere", "task-1") is None
    assert ledger.by_task("another", "there", "task-1") is None


def test_a_click_makes_one_row(ledger: Ledger, path: Path) -> None:
    first = add(ledger, job())
    assert add(ledger, job("2", idempotency_key=first.idempotency_key, owner="another")) == first
    assert read(path, "SELECT count(*) FROM jobs") == [(1,)]


def test_the_jobs_of_a_click_are_written_all_or_none(ledger: Ledger, path: Path) -> None:
    takes = [
        job("1", idempotency_key="click"),
        job("2", idempotency_key="click:2"),
        job("3", idempotency_key="click:3"),
    ]
    takes = [replace(take, created=take.created + place) for place, take in enumerate(takes)]
    assert ledger.add(takes) == takes == ledger.by_key("click")
    assert ledger.add([job("4", idempotency_key="click")]) == takes
    assert ledger.by_key("clic") == ledger.by_key("clic_") == ledger.by_key("click:1") == []
    with pytest.raises(LedgerFailed):
        ledger.add([job("5", idempotency_key="new"), job("1", idempotency_key="new:2")])
    assert ledger.by_key("new") == []
    assert read(path, "SELECT count(*) FROM jobs") == [(3,)]


def test_what_no_database_takes_is_told_as_such(ledger: Ledger) -> None:
    half = "\ud800"
    with pytest.raises(LedgerFailed, match="can't be written"):
        add(ledger, job(idempotency_key=half))
    for read_it in (ledger.get, ledger.by_key):
        with pytest.raises(LedgerFailed, match="can't be read"):
            read_it(half)
    assert found(ledger, "x" * (LONGEST_SEARCH + 1)) == []


def test_another_conflict_is_no_click(ledger: Ledger) -> None:
    add(ledger, job())
    with pytest.raises(LedgerFailed):
        add(ledger, job(idempotency_key="another click, the same id"))


def test_a_task_id_is_on_the_disk_when_change_comes_back(ledger: Ledger, path: Path) -> None:
    made = add(ledger, job())
    changed = ledger.change(made, task_id="task-1", state=JobState.RUNNING)
    assert read(path, "SELECT task_id, state FROM jobs") == [("task-1", "running")]
    assert changed == replace(made, task_id="task-1", state=JobState.RUNNING) == ledger.get(made.id)


def test_a_job_is_claimed_once(ledger: Ledger) -> None:
    made = add(ledger, job())
    with ThreadPoolExecutor(8) as pool:
        claims = pool.map(lambda _: ledger.claim(made, state=JobState.SUBMITTING), range(8))
        assert sorted(claims) == [False] * 7 + [True]
    assert not ledger.claim(made, state=JobState.NOT_SENT)
    assert ledger.get(made.id) == replace(made, state=JobState.SUBMITTING)


def test_a_visitor_sees_their_latest_jobs_newest_first(ledger: Ledger) -> None:
    for number in range(1, 6):
        add(ledger, job(str(number), created=float(number)))
    add(ledger, job("9", owner="another", created=9.0))
    add(ledger, job("8", backend="elsewhere", created=8.0))
    assert [found.created for found in ledger.for_owner("o" * 64, "there", most=3)] == [
        5.0,
        4.0,
        3.0,
    ]


@pytest.mark.parametrize("state", JobState)
def test_open_jobs_are_followed_and_others_are_not(ledger: Ledger, state: JobState) -> None:
    made = add(ledger, job(state=state))
    add(ledger, job("2", state=state, backend="elsewhere"))
    assert ledger.followed("there") == ([made] if state in FOLLOWED else [])
    assert made.open is (state in FOLLOWED)


@pytest.mark.parametrize("state", JobState)
def test_the_very_same_request_is_found_while_it_may_run(ledger: Ledger, state: JobState) -> None:
    made = add(ledger, job(state=state))
    add(ledger, job("2", fingerprint="e" * 64))
    add(ledger, job("3", owner="another"))
    add(ledger, job("4", backend="elsewhere"))
    found = [] if state is JobState.DELETED else [made]
    assert ledger.same_request("o" * 64, "there", "f" * 64) == found
    assert made.may_run is (state in (*FOLLOWED, JobState.UNKNOWN, JobState.STOPPED))


# Search


def found(ledger: Ledger, search: str) -> list[str]:
    return [
        job.idempotency_key for job in ledger.for_owner("o" * 64, "there", most=9, search=search)
    ]


@pytest.mark.parametrize(
    ("search", "clicks"),
    [
        ("", ["click-5", "click-4", "click-3", "click-2", "click-1"]),
        ("BLACK", ["click-2", "click-1"]),
        ("ÜBER", ["click-2"]),
        ("стра", ["click-3"]),
        ("🐈", ["click-2"]),
        ("50%", ["click-3"]),
        ("0%A", []),
        ("a_b", ["click-4"]),
        ("/", ["click-4"]),
        ('"', ["click-1"]),
        ("cat black", ["click-1"]),
        (" black  cat ", ["click-1"]),
        ("black cat jumps", []),
        ("Task-Five", ["click-5"]),
        ("720p", []),
    ],
)
def test_a_search_is_for_text_in_the_prompt_or_the_task_id(
    ledger: Ledger, search: str, clicks: list[str]
) -> None:
    prompts = ['A "black" cat', "black über 🐈", "Страна, 50% a", "a_b / axb"]
    for number, prompt in enumerate(prompts, 1):
        add(ledger, job(str(number), created=number, request=ASKED | {"prompt": prompt}))
    add(ledger, job("5", created=5.0, request={}, task_id="TASK-five"))
    add(ledger, job("6", owner="another", request=ASKED | {"prompt": "black über a_b"}))
    assert found(ledger, search) == clicks


def asked_of(ledger: Ledger, ask: Callable[[], Any]) -> tuple[str, Any]:
    """Get the one statement that a call sends to the database, with its values."""
    sent = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    sa.event.listen(ledger._engine, "before_cursor_execute", note)
    ask()
    sa.event.remove(ledger._engine, "before_cursor_execute", note)
    (only,) = sent
    return only


def test_a_search_of_many_words_is_bounded(ledger: Ledger) -> None:
    words = " ".join(f"{letter} {number}" for number in range(40) for letter in "abc")
    statement, _ = asked_of(ledger, lambda: found(ledger, words))
    assert statement.count("LIKE") == 2 * MOST_WORDS


def test_what_a_click_has_made_is_found_without_reading_every_row(ledger: Ledger) -> None:
    statement, values = asked_of(ledger, lambda: ledger.by_key("click-1"))
    with ledger._engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        assert not [row for row in plan if row[-1].startswith("SCAN jobs")]


# Deleting


def test_of_a_deleted_job_only_the_click_is_left(ledger: Ledger, path: Path) -> None:
    full = job(
        state=JobState.DONE,
        submitted=1.0,
        finished=61.0,
        task_id="task-1",
        message="It was odd.",
        next_step="Look.",
        charged=Charged.YES,
        video="vidu.mp4",
        facts={"width": 1284},
    )
    add(ledger, full)
    ledger.repeat("click-2", full)
    assert ledger.delete(full)
    (left,) = ledger.by_key("click-1")
    assert ledger.by_key("click-2") == [left]
    assert left == job(fingerprint=digest("task-1"), request={}, state="deleted")
    assert ledger.is_deleted("o" * 64, "there", "task-1")
    assert not ledger.is_deleted("o" * 64, "there", "task-2")
    assert not ledger.is_deleted("o" * 64, "elsewhere", "task-1")
    assert not ledger.is_deleted("another", "there", "task-1")
    assert ledger.states() == {left.id: JobState.DELETED}
    assert ledger.get(full.id) is None
    assert ledger.for_owner("o" * 64, "there", most=9) == []
    assert ledger.for_owner("o" * 64, "there", most=9, search="ü") == []
    assert (
        ledger.same_request("o" * 64, "there", "f" * 64)
        == ledger.same_request("o" * 64, "there", "")
        == []
    )
    assert ledger.by_task("o" * 64, "there", "task-1") is None
    assert ledger.durations("there", 5, "720p") == []
    assert read(path, "SELECT facts, charged, video FROM jobs") == [(None, None, None)]
    assert add(ledger, job("3", idempotency_key="click-1")) == left


def test_a_job_that_has_moved_on_is_not_deleted(ledger: Ledger) -> None:
    stopped = add(ledger, job(state=JobState.STOPPED))
    done = ledger.change(stopped, state=JobState.DONE)
    assert not ledger.delete(stopped)
    assert ledger.get(done.id) == done


def test_a_deleted_job_stays_deleted(ledger: Ledger) -> None:
    made = add(ledger, job(state=JobState.STOPPED))
    assert ledger.delete(made)
    (left,) = ledger.by_key("click-1")
    ledger.change(made, state=JobState.DONE, video="vidu.mp4")
    assert not ledger.delete(made)
    assert ledger.by_key("click-1") == [left]


def test_the_click_of_a_task_from_elsewhere_may_come_again(ledger: Ledger) -> None:
    adopted = add(ledger, job(fingerprint="", state=JobState.DONE, task_id="task-1"))
    assert ledger.delete(adopted)
    again = job("2", idempotency_key=adopted.idempotency_key, fingerprint="", task_id="task-1")
    assert add(ledger, again) is again
    assert ledger.by_task("o" * 64, "there", "task-1") == again


# Durations


def waited(ledger: Ledger, name: str, seconds: float, **changes: Any) -> None:
    asked = ASKED | changes.pop("request", {})
    times = {"created": float(ord(name)), "submitted": 1000.0, "finished": 1000.0 + seconds}
    add(ledger, job(name, **{"state": JobState.DONE, "request": asked, **times, **changes}))


def test_durations_are_those_of_like_videos(ledger: Ledger) -> None:
    waited(ledger, "1", 60)
    waited(ledger, "2", 70)
    waited(ledger, "a", 1, request={"duration": 6})
    waited(ledger, "b", 2, request={"resolution": "1080p"})
    waited(ledger, "c", 3, request={"off_peak": True})
    waited(ledger, "d", 4, backend="elsewhere")
    waited(ledger, "e", 5, state=JobState.FAILED)
    waited(ledger, "f", 6, submitted=None)
    waited(ledger, "g", 7, finished=None)
    add(ledger, job("h", state=JobState.DONE, request={}, submitted=1.0, finished=2.0))
    assert ledger.durations("there", 5, "720p") == [70, 60]


def test_durations_leave_out_what_cannot_be_one(ledger: Ledger) -> None:
    waited(ledger, "1", 60)
    waited(ledger, "2", -5)  # the clock was set back
    waited(ledger, "3", 8 * 3600)  # the app was off over night
    assert ledger.durations("there", 5, "720p") == [60]


def test_durations_are_those_of_recent_jobs(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the list is, only its newest part is searched."""
    monkeypatch.setattr("vidu_demo.jobs.ledger._RECENT", 2)
    waited(ledger, "1", 60)
    waited(ledger, "2", 70, request={"duration": 6})
    waited(ledger, "3", 80)
    assert ledger.durations("there", 5, "720p") == [80]


def test_durations_are_the_latest_fifty(ledger: Ledger) -> None:
    for number in range(60):
        waited(ledger, chr(200 + number), number + 1)
    assert ledger.durations("there", 5, "720p") == [float(n) for n in range(60, 10, -1)]


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
    assert read(path, "SELECT version FROM schema_version") == [(5,)]


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
        assert lifted.durations("there", 5, "720p") == [60.0]
        facts = {"width": 960, "audio": True}
        assert lifted.change(done, facts=facts) == lifted.get("1")
        new = add(lifted, job(facts=facts))
        assert lifted.get(new.id) == new
        assert lifted.delete(done)
    assert read(old_path, "SELECT version FROM schema_version") == [(5,)]
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
    assert read(path, "SELECT version FROM schema_version") == [(6,)]
    assert read(path, "SELECT idempotency_key, extra FROM jobs") == [("click-1", "new")]


@pytest.mark.usefixtures("ledger")
def test_a_step_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: sa.Connection) -> None:
        add_a_column(connection)
        connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x")

    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, fails))
    with pytest.raises(LedgerFailed, match="no such table"):
        Ledger(f"sqlite:///{path}")
    assert read(path, "SELECT version FROM schema_version") == [(5,)]
    assert "extra" not in str(read(path, "SELECT sql FROM sqlite_master"))
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, add_a_column))
    Ledger(f"sqlite:///{path}").close()
    assert read(path, "SELECT version FROM schema_version") == [(6,)]


@pytest.mark.usefixtures("ledger")
def test_a_newer_file_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 9")
    with pytest.raises(LedgerFailed, match="newer version of this app"):
        Ledger(f"sqlite:///{path}")
    assert read(path, "SELECT version FROM schema_version") == [(9,)]


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
    assert read(path, "SELECT version FROM schema_version") == [(5,)]
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
