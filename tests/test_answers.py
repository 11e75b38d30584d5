"""What the API answered about a job: exact, without secrets, bounded, and still there later."""

import json
import re
from typing import Any

import pytest
import runner_fixtures
from hypothesis import given
from hypothesis import strategies as st
from runner_fixtures import KEY, OTHER, OWNER, PROCESSING, SUCCEED, Always, Bench, until

from vidu_demo.api.network.exchange import Answer
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.transcript import MAX_ANSWER, Exchange, describe
from vidu_demo.jobs import files
from vidu_demo.jobs.answers import KEPT_FIRST, MAX_ENTRIES, Entry, as_json, merge
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Fault

POST, GET = f"POST {VideoRequest.PATH}", "GET /v3/async/task-result?task_id="


def shown(bench: Bench, job: Job) -> list[dict[str, Any]]:
    """The answers as the page shows them, after a look at their times."""
    calls = bench.runner.calls(job.id, OWNER)
    assert calls
    entries = as_json(calls.answers)
    for entry in entries:
        for name in ("time", "last"):
            if name in entry:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop(name))
        assert 0 <= entry.pop("seconds") < 60
    return entries


def task_result(task_id: str | None, status: str, **task: Any) -> dict[str, Any]:
    about = {"eta": 0, "progress_percent": 100, "reason": "", "status": status} | task
    about |= {"task_id": task_id, "task_type": "VIDU_Q2_PRO_IMG2VIDEO"}
    return {"audios": [], "extra": {}, "images": [], "task": about, "videos": []}


# The four ways a job can go


def test_a_video(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING, PROCESSING, PROCESSING, SUCCEED]
    job = bench.done(bench.start())
    calls = bench.runner.calls(job.id, OWNER)
    assert calls
    (body,) = bench.simulator.submits
    assert isinstance(body, dict)
    assert calls.request == {**body, "images": ["data:image/jpeg;base64,… (1 KB)"]}
    running = {"status": 200, "answer": task_result(job.task_id, PROCESSING)}
    finished = task_result(job.task_id, SUCCEED)
    finished["videos"] = [
        {
            "nsfw_detection_result": None,
            "video_type": "mp4",
            "video_url": f"{bench.simulator.url}/files/{job.task_id}.mp4?…",
            "video_url_ttl": "0",
        }
    ]
    entries = shown(bench, job)
    progress = entries[1]["answer"]["task"]
    for name in ("eta", "progress_percent"):
        running["answer"]["task"][name] = progress[name]
    assert entries == [
        {"call": POST, "status": 200, "answer": {"task_id": job.task_id}},
        {"call": f"{GET}{job.task_id}", "count": 3, **running},
        {"call": f"{GET}{job.task_id}", "status": 200, "answer": finished},
    ]


def test_a_refusal(bench: Bench) -> None:
    job = bench.reaches(bench.start(prompt="[no balance]"), JobState.NOT_SENT)
    (entry,) = shown(bench, job)
    assert entry["call"] == POST
    assert entry["status"] >= 400
    assert entry["answer"] == json.loads(json.dumps(entry["answer"]))
    assert "balance" in entry["answer"]["message"]
    until(lambda: bench.runner.open_jobs == 0)  # then its pictures are gone
    calls = bench.runner.calls(job.id, OWNER)
    assert calls
    assert calls.request
    assert calls.request["images"] == ["data:image/jpeg;base64,…"]


def test_a_lost_answer(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True)]
    job = bench.reaches(bench.start(), JobState.UNKNOWN)
    (entry,) = shown(bench, job)
    assert entry == {"call": POST, "status": None, "error": "ConnectionError", "answer": None}


def test_a_failed_task(bench: Bench) -> None:
    job = bench.reaches(bench.start(prompt="[fail]"), JobState.FAILED)
    submitted, failed = shown(bench, job)
    assert submitted == {"call": POST, "status": 200, "answer": {"task_id": job.task_id}}
    task = failed["answer"]["task"]
    assert (task["status"], task["reason"]) == ("TASK_STATUS_FAILED", "TaskPromptPolicyViolation")


def test_a_task_from_elsewhere_has_no_request(bench: Bench) -> None:
    bench.simulator.faults["poll"] = Always([Fault(status=404, body={"message": "not found"})])
    job = bench.runner.adopt("0" * 8 + "-0000-0000-0000-" + "0" * 12, owner=OWNER)
    bench.reaches(job, JobState.NOT_FOUND)
    calls = bench.runner.calls(job.id, OWNER)
    assert calls
    assert calls.request is None
    assert {entry.status for entry in calls.answers} == {404}


def test_nobody_else_can_read_them(bench: Bench) -> None:
    job = bench.done(bench.start())
    assert bench.runner.calls(job.id, OTHER) is None


# Secrets

SIGNED = "https://cdn.example/v.mp4?q-signature=5f0c&q-key=zz"


def seen(content: str | bytes, *, error: str = "") -> Exchange:
    raw = content.encode() if isinstance(content, str) else content
    return describe("GET /x", Answer(200, {}, bytearray(raw)), error, 0.1, KEY)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"message": f"bad key {KEY}", KEY: [{"deep": KEY}]}),
        f"<html>{KEY}</html>",
        json.dumps(KEY),
        json.dumps({"a": "x" * MAX_ANSWER + KEY}),
        "x" * (MAX_ANSWER - 6) + KEY,
        f'{{"message": "{KEY[:-3]}',
    ],
)
def test_the_key_is_not_kept(content: str) -> None:
    kept = str(seen(content))
    assert KEY[:6] not in kept


@pytest.mark.parametrize("escaped", ['k/a"-77c1', r"k/a\"-77c1", r"k\/a\"-77c1", "k%2Fa%22-77c1"])
def test_the_key_is_not_kept_in_another_form(escaped: str) -> None:
    answer = Answer(400, {}, bytearray(f"No: {escaped}!".encode()))
    assert describe("GET /x", answer, "", 0.1, 'k/a"-77c1').answer == "No: [key]!"


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"url": SIGNED}),
        json.dumps({SIGNED: f"see {SIGNED}, {SIGNED}"}),
        json.dumps({"url": SIGNED}).replace("/", r"\/").replace("&", r"\u0026"),
        json.dumps({"url": SIGNED})[:-8],
        json.dumps({"url": SIGNED}).replace("?", r"\u003f").replace("=", r"\u003d")[:-8],
        f'<a href="{SIGNED}">video</a>',
        json.dumps({"next": SIGNED.replace("?", "%3F").replace("=", "%3D")}),
        json.dumps({"url": "/v.mp4?sig=5f0c"}),
        json.dumps({"url": "https://5f0c:zz@cdn.example/v.mp4"}),
    ],
)
def test_signatures_are_not_kept(content: str) -> None:
    kept = str(seen(content))
    assert "5f0c" not in kept
    assert "zz" not in kept


def test_what_the_api_says_is_kept() -> None:
    said = {"message": "Why? Because 1 = 1.", "n": [1, 2.5, None, True]}
    assert seen(json.dumps(said)) == Exchange("GET /x", 200, said, "", 0.1)


def test_secrets_are_nowhere_in_the_ledger(bench: Bench) -> None:
    """Whatever the API repeats, on the way to a video."""
    echo: dict[str, object] = {"message": f"{KEY} {SIGNED}", "headers": {"Authorization": KEY}}
    bench.simulator.faults["poll"] = [
        Fault(status=500, body=echo),
        Fault(status=502, body=f"<html>{KEY} {SIGNED}"),
    ]
    images = [f"{bench.simulator.url}/a.jpg?q-signature=5f0c"]
    job = bench.done(bench.start(images=images))
    calls = bench.runner.calls(job.id, OWNER)
    assert calls
    assert len(calls.answers) == 4
    text = json.dumps([calls.request, *(entry.fields for entry in calls.answers)])
    for secret in (KEY, "signature", "5f0c", "zz"):
        assert secret not in text
    assert calls.request
    assert calls.request["images"] == [f"{bench.simulator.url}/a.jpg?…"]


# Bounds


@given(st.binary(max_size=200), st.sampled_from([b"", b"{", b'"\\ud800\\u0000"', b"[NaN, 1e999]"]))
def test_any_answer_can_be_written(content: bytes, start: bytes) -> None:
    exchange = seen(start + content, error="ReadTimeout")
    text = json.dumps(exchange.answer, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert "\0" not in json.dumps(json.loads(text), ensure_ascii=False)


@pytest.mark.parametrize("content", ["[" * 400 + "]" * 400, "[" * 100_000, '{"a":' * 900])
def test_deep_answers_are_cut(content: str) -> None:
    answer = seen(content).answer
    text = answer if isinstance(answer, str) else json.dumps(answer)
    assert len(text) <= MAX_ANSWER + 1


def test_long_answers_are_cut() -> None:
    answer = seen(json.dumps({"a": ["x" * 50] * 100_000})).answer
    assert isinstance(answer, str)
    assert len(answer) == MAX_ANSWER + 1
    assert answer.startswith('{"a": ["xxx')


def entry(number: int, answer: Any) -> Entry:
    return Entry.of(Exchange("GET /x", 200, answer, "", number / 10), float(number))


def test_ten_thousand_different_answers_are_fifty() -> None:
    kept: tuple[Entry, ...] = ()
    for number in range(10_000):
        kept = merge(kept, [entry(number, {"progress": number})])
    assert len(kept) == MAX_ENTRIES
    numbers = [each.answer["progress"] for each in kept]
    latest = 10_000 - (MAX_ENTRIES - KEPT_FIRST)
    assert numbers == [*range(KEPT_FIRST), *range(latest, 10_000)]
    assert kept[KEPT_FIRST].left_out == latest - KEPT_FIRST
    assert as_json(kept)[KEPT_FIRST] == {"left_out": latest - KEPT_FIRST}


@given(st.lists(st.lists(st.integers(0, 2), max_size=80), max_size=5))
def test_every_answer_is_counted_once(batches: list[list[int]]) -> None:
    kept: tuple[Entry, ...] = ()
    number = 0
    for batch in batches:
        later: tuple[Entry, ...] = ()
        for answer in batch:
            later = merge(later, [entry(number, answer)])
            number += 1
        kept = merge(kept, later)
    assert sum(each.count + each.left_out for each in kept) == number
    assert len(kept) <= MAX_ENTRIES


def test_a_thousand_equal_polls_cost_no_write(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_fixtures, "FASTER", 1e6)  # nothing here depends on the time
    bench.simulator.statuses = [PROCESSING]
    bench.reopen(requests_per_second=100_000.0)
    job = bench.reaches(bench.start(), JobState.RUNNING)
    until(lambda: bench.simulator.poll_count >= 20)
    written: list[dict[str, Any]] = []
    bench.ledger.before_write = written.append
    version = bench.runner.version(OWNER)
    polls = bench.simulator.poll_count
    until(lambda: bench.simulator.poll_count >= polls + 1000)
    assert written == []
    assert bench.runner.version(OWNER) == version
    (_submit, *polled) = shown(bench, job)
    assert sum(entry.get("count", 1) for entry in polled) >= 1000
    assert len(polled) <= 3  # it starts with a progress of its own
    assert [each.call for each in bench.ledger.answers(job.id)] == [POST]


# Later


def test_they_are_there_after_a_restart_and_go_on(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    until(lambda: bench.simulator.poll_count >= 3)
    bench.runner.close()
    before = bench.ledger.answers(job.id)
    assert before[0].call == POST
    polls = sum(each.count for each in before[1:])
    assert polls == bench.simulator.poll_count
    bench.simulator.statuses = [SUCCEED]
    bench.open()
    done = bench.done(job)
    after = bench.runner.calls(done.id, OWNER)
    assert after
    assert after.answers[: len(before)] == before
    assert after.answers[-1].answer["task"]["status"] == SUCCEED
    bench.reopen()
    assert bench.runner.calls(done.id, OWNER) == after


def test_they_are_deleted_with_the_job(bench: Bench) -> None:
    job = bench.done(bench.start())
    assert bench.ledger.answers(job.id)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.delete(job.id, OWNER)
    assert bench.ledger.answers(job.id) == ()
    bench.ledger.keep_answers(job.id, [entry(1, "late")])
    bench.ledger.change(job, answers=[entry(2, "later")], message="late")
    assert bench.ledger.answers(job.id) == ()


def test_they_are_deleted_after_the_term(bench: Bench) -> None:
    job = bench.done(bench.start())
    until(lambda: bench.runner.open_jobs == 0)
    bench.runner.delete_older(job.created + 1e6)
    assert bench.ledger.answers(job.id) == ()


def test_a_fault_in_describing_loses_no_id(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Exchange:
        raise RuntimeError

    monkeypatch.setattr("vidu_demo.api.client.describe", fails)
    job = bench.done(bench.start())
    assert job.task_id
    assert bench.ledger.answers(job.id) == ()


def test_the_outline_is_the_body_as_sent(bench: Bench) -> None:
    job = bench.done(bench.start(prompt="What? a=b", audio=True))
    (body,) = bench.simulator.submits
    assert isinstance(body, dict)
    outline = files.outline(bench.videos / job.id, job.request)
    assert list(outline) == list(body)
    assert {**outline, "images": 0} == {**body, "images": 0}
