"""The durable list of jobs, on a real database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from database_fixtures import plan, read, reads_all
from ledger_fixtures import ASKED, add, job

from vidu_demo.api.errors import Charged
from vidu_demo.api.refusals import TaskFailed
from vidu_demo.api.text import Text
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.follower import summary
from vidu_demo.jobs.job import FOLLOWED, JobState, Payer
from vidu_demo.jobs.ledger import Ledger, digest
from vidu_demo.jobs.search import LONGEST_SEARCH, MAX_WORDS, Mark, Search

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


def test_a_sentence_keeps_its_template_and_its_values(ledger: Ledger) -> None:
    failed = TaskFailed("task-1", "AuditFailed: {x} “%s” \U0001f408")
    made = add(ledger, job(state=JobState.FAILED, **summary(failed)))
    for found in (ledger.get(made.id), ledger.change(made, message=failed.what, price=0)):
        assert found == made
        for kept, said in ((found.message, failed.what), (found.next_step, failed.next_step)):
            assert isinstance(kept, Text)
            assert (kept.template, kept.values) == (said.template, said.values)
    ledger.change(made, message="It is {odd}.")
    kept = ledger.get(made.id).message
    assert (kept, type(kept)) == ("It is {odd}.", str)


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


LABELS = [
    ("not made", JobState.NOT_SENT),
    ("not watched", JobState.STOPPED),
    ("未知", JobState.UNKNOWN),
    ("Draft", Mark.DRAFT),
    ("Seed", Mark.SEED),
    ("waits for your key", Mark.WAITS),
]


def found(ledger: Ledger, text: str) -> list[str]:
    asked = {"search": Search(text, LABELS)}
    jobs = ledger.for_owner("o" * 64, "there", most=9, **asked)
    assert ledger.count("o" * 64, "there", **asked) == len(jobs)
    return [job.idempotency_key for job in jobs]


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
        ("1080p", []),
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


@pytest.mark.parametrize(
    ("search", "clicks"),
    [
        ("5500", ["click-1"]),
        ("500", []),  # a seed is looked for from its beginning
        ("seed", ["click-3", "click-2", "click-1"]),
        ("seed 70", ["click-3"]),
        ("720", ["click-1"]),
        ("20p", []),
        ("DRAFT", ["click-2"]),
        ("not", ["click-3", "click-2"]),
        ("made", ["click-2"]),
        ("atched", []),
        ("540p not", ["click-3", "click-2"]),
        ("未知", ["click-1"]),
        ("key", ["click-4"]),
        ("cat draft", ["click-2"]),
        ("dog draft", []),
    ],
)
def test_a_search_is_for_what_a_card_shows(ledger: Ledger, search: str, clicks: list[str]) -> None:
    for number, (state, settings) in enumerate(
        (
            (JobState.UNKNOWN, {"seed": 5500, "duration": 3, "resolution": "720p"}),
            (JobState.NOT_SENT, {"seed": 7, "duration": 3, "resolution": "540p"}),
            (JobState.STOPPED, {"seed": 70, "duration": 4, "resolution": "540p"}),
        ),
        1,
    ):
        request = {**settings, "prompt": "A cat."}
        full = ASKED if state is JobState.NOT_SENT else None
        add(ledger, job(str(number), created=number, state=state, request=request, full=full))
    waits = {"state": JobState.RUNNING, "payer": Payer.VISITOR}
    add(ledger, job("4", created=4.0, request={}, task_id="task", **waits))
    add(ledger, job("5", state=JobState.DELETED, request=request))
    add(ledger, job("6", owner="another", request=request))
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
    statement, _ = asked_of(ledger, lambda: ledger.count("o" * 64, search=Search(words)))
    assert statement.count("LIKE") == 4 * MAX_WORDS


def test_what_a_click_has_made_is_found_without_reading_every_row(ledger: Ledger) -> None:
    statement, values = asked_of(ledger, lambda: ledger.by_key("click-1"))
    with ledger._engine.connect() as connection:
        steps = plan(connection, statement, values)
    assert steps
    assert not reads_all(steps), steps


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
    ledger.alias("click-2", full)
    assert ledger.delete(full)
    (left,) = ledger.by_key("click-1")
    assert ledger.by_key("click-2") == [left]
    assert left == job(
        fingerprint=digest("task-1"), request={}, state=JobState.DELETED, finished=61.0
    )
    assert ledger.is_deleted("o" * 64, "there", "task-1")
    assert not ledger.is_deleted("o" * 64, "there", "task-2")
    assert not ledger.is_deleted("o" * 64, "elsewhere", "task-1")
    assert not ledger.is_deleted("another", "there", "task-1")
    assert ledger.states() == {left.id: JobState.DELETED}
    assert ledger.get(full.id) is None
    assert ledger.for_owner("o" * 64, "there", most=9) == []
    assert ledger.for_owner("o" * 64, "there", most=9, search=Search("ü")) == []
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
