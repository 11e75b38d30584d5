"""The fault matrix: what each fault of each stage costs, says and keeps.

At the end, random schedules of faults, kills and restarts, after which nothing may be lost and
nothing bought twice.
"""

import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from runner_fixtures import (
    OWNER,
    Always,
    Bench,
    PowerCut,
    bench_over,
    plays,
    shorten_waits,
    until,
)

from vidu_demo.api import client as client_module
from vidu_demo.api import download as download_module
from vidu_demo.api import submit as submit_module
from vidu_demo.api.errors import Charged
from vidu_demo.api.task import Task
from vidu_demo.jobs import follower
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Fault

DONE, FAILED, NOT_SENT = JobState.DONE, JobState.FAILED, JobState.NOT_SENT
RUNNING, SAVING, UNKNOWN = JobState.RUNNING, JobState.SAVING, JobState.UNKNOWN
NO, MAYBE, YES = Charged.NO, Charged.UNKNOWN, Charged.YES

HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
HANGS = 0.6
"""Seconds: longer than a poll, a submit or a download waits in these tests."""


@pytest.fixture(autouse=True, scope="module")
def _hurry() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        shorten_waits(patch)
        yield


@pytest.fixture(autouse=True)
def _impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less where an answer hangs. Elsewhere a slow machine must not look like a fault."""
    if "timeout" in request.node.name:
        monkeypatch.setattr(submit_module, "SUBMIT_SECONDS", 0.3)
        monkeypatch.setattr(client_module, "GET_SECONDS", 0.3)
        monkeypatch.setattr(download_module, "TIMEOUT", (10.0, 0.3))


@pytest.fixture
def bench(tmp_path: Path, clip: bytes) -> Iterator[Bench]:
    with bench_over(tmp_path / "data", clip) as made:
        yield made


def said(status: int, reason: str, message: str = "") -> Fault:
    """The vendor's own refusal."""
    return Fault(status, {"code": status, "reason": reason, "message": message, "metadata": {}})


def hanging(**how: Any) -> Fault:
    return Fault(delay=HANGS, **how)


# Submit: name, fault of each POST, POSTs, tasks bought, how the job ends, what became of the money
# fmt: off
SUBMIT = [
    ("nothing wrong",             None,                                     1, 1, DONE,     None),
    ("reset before",              Fault(reset=True),                        1, 0, UNKNOWN,  MAYBE),
    ("reset after the task",      Fault(reset=True, after=True),            1, 1, UNKNOWN,  MAYBE),
    ("timeout before",            hanging(reset=True),                      1, 0, UNKNOWN,  MAYBE),
    ("timeout after the task",    hanging(after=True),                      1, 1, UNKNOWN,  MAYBE),
    ("truncated answer",          Fault(truncate=True),                     1, 1, UNKNOWN,  MAYBE),
    ("500",                       Fault(500),                               1, 0, UNKNOWN,  MAYBE),
    ("500 after the task",        Fault(500, after=True),                   1, 1, UNKNOWN,  MAYBE),
    ("500 that names a fault",    said(500, "CREATE_TASK_FAILED"),          1, 0, UNKNOWN,  MAYBE),
    ("400 that names a fault",    said(400, "SERVICE_NOT_AVAILABLE"),       1, 0, UNKNOWN,  MAYBE),
    ("502 HTML",                  Fault(502, HTML),                         1, 0, UNKNOWN,  MAYBE),
    ("502 HTML after the task",   Fault(502, HTML, after=True),             1, 1, UNKNOWN,  MAYBE),
    ("503",                       said(503, "SERVICE_NOT_AVAILABLE"),       1, 0, UNKNOWN,  MAYBE),
    ("504",                       Fault(504, after=True),                   1, 1, UNKNOWN,  MAYBE),
    ("200 HTML",                  Fault(200, HTML, after=True),             1, 1, UNKNOWN,  MAYBE),
    ("200 empty",                 Fault(200, after=True),                   1, 1, UNKNOWN,  MAYBE),
    ("200 without an id",         Fault(200, {}, after=True),               1, 1, UNKNOWN,  MAYBE),
    ("200 with an empty id",      Fault(200, {"task_id": ""}, after=True),  1, 1, UNKNOWN,  MAYBE),
    ("200 with null for an id",   Fault(200, {"task_id": None}),            1, 0, UNKNOWN,  MAYBE),
    ("200 with a list",           Fault(200, b"[]", after=True),            1, 1, UNKNOWN,  MAYBE),
    ("307 elsewhere",             Fault(307, headers={"Location": "/x"}),   1, 0, UNKNOWN,  MAYBE),
    ("401",                       said(401, "INVALID_API_KEY"),             1, 0, NOT_SENT, NO),
    ("401 with nothing",          Fault(401),                               1, 0, NOT_SENT, NO),
    ("402",                       Fault(402, {"message": "pay first"}),     1, 0, NOT_SENT, NO),
    ("403 balance",               said(403, "NOT_ENOUGH_BALANCE"),          1, 0, NOT_SENT, NO),
    ("403 not allowed",           said(403, "NEED_REAL_NAME_VERIFY"),       1, 0, NOT_SENT, NO),
    ("403 HTML of a gate",        Fault(403, HTML),                         1, 0, NOT_SENT, NO),
    ("400 prompt refused",        said(400, "ILLEGAL_PROMPT"),              1, 0, NOT_SENT, NO),
    ("400 picture refused",       said(400, "ILLEGAL_IMAGE_CONTENT"),       1, 0, NOT_SENT, NO),
    ("400 picture unusable",      said(400, "INVALID_IMAGE_SIZE"),          1, 0, NOT_SENT, NO),
    ("400 body unusable",         said(400, "INVALID_REQUEST_BODY"),        1, 0, NOT_SENT, NO),
    ("404",                       said(404, "API_NOT_FOUND"),               1, 0, NOT_SENT, NO),
    ("413 of a gate",             Fault(413, HTML),                         1, 0, NOT_SENT, NO),
    ("429 once",                  [said(429, "RATE_LIMIT_EXCEEDED")],       2, 1, DONE,     None),
    ("429 with Retry-After",      [Fault(429, headers={"Retry-After": "1"})] * 2,
                                                                            3, 1, DONE,     None),
    ("429 without end",           said(429, "RATE_LIMIT_EXCEEDED"),         4, 0, NOT_SENT, NO),
    ("429, then a lost answer",   [Fault(429), Fault(reset=True, after=True)],
                                                                            2, 1, UNKNOWN,  MAYBE),
]

# Poll: name, fault of the polls, how the job stands while it lasts, what became of the money
POLL = [
    ("reset",                     Fault(reset=True),                        RUNNING,  MAYBE),
    ("timeout",                   hanging(reset=True),                      RUNNING,  MAYBE),
    ("truncated answer",          Fault(truncate=True),                     RUNNING,  MAYBE),
    ("500",                       Fault(500),                               RUNNING,  MAYBE),
    ("500 that names a fault",    said(500, "GET_RESULT_FAILED"),           RUNNING,  MAYBE),
    ("502 HTML",                  Fault(502, HTML),                         RUNNING,  MAYBE),
    ("200 HTML",                  Fault(200, HTML),                         RUNNING,  MAYBE),
    ("200 empty",                 Fault(200),                               RUNNING,  MAYBE),
    ("200 without a task",        Fault(200, {"videos": []}),               RUNNING,  MAYBE),
    ("200 with a list",           Fault(200, b"[1, 2]"),                    RUNNING,  MAYBE),
    ("307 elsewhere",             Fault(307, headers={"Location": "/x"}),   RUNNING,  MAYBE),
    ("429",                       said(429, "RATE_LIMIT_EXCEEDED"),         RUNNING,  MAYBE),
    ("429 with Retry-After",      Fault(429, headers={"Retry-After": "9"}), RUNNING,  MAYBE),
    ("401",                       said(401, "INVALID_API_KEY"),             RUNNING,  MAYBE),
    ("403 balance",               said(403, "NOT_ENOUGH_BALANCE"),          RUNNING,  MAYBE),
    ("400",                       said(400, "INVALID_REQUEST_BODY"),        RUNNING,  MAYBE),
    ("404",                       said(404, "TASK_NOT_FOUND"),              RUNNING,  MAYBE),
]

# Download: name, fault of the requests for the video
DOWNLOAD = [
    ("reset",                     Fault(reset=True)),
    ("timeout",                   hanging(reset=True)),
    ("truncated",                 Fault(truncate=True)),
    ("500",                       Fault(500)),
    ("502 HTML",                  Fault(502, HTML)),
    ("200 HTML",                  Fault(200, HTML)),
    ("200 JSON",                  Fault(200, {"error": "gone"})),
    ("200 that does not play",    Fault(200, b"no video", {"Content-Type": "video/mp4"})),
    ("200 empty",                 Fault(200, b"", {"Content-Type": "video/mp4"})),
    ("403 expired",               Fault(403)),
    ("404",                       Fault(404)),
    ("410",                       Fault(410)),
    ("302 to nowhere",            Fault(302)),
    ("302 in a circle",           Fault(302, headers={"Location": "/files/again"})),
]
# fmt: on


def names(table: list[Any]) -> list[str]:
    return [row[0].replace(" ", "-") for row in table]


@pytest.mark.parametrize("row", SUBMIT, ids=names(SUBMIT))
def test_submit(bench: Bench, row: tuple[Any, ...]) -> None:
    _, fault, submits, tasks, state, charged = row
    bench.simulator.faults["submit"] = list(fault) if isinstance(fault, list) else Always([fault])
    job = bench.reaches(bench.start(), state)
    until(lambda: bench.runner.open_jobs == 0)
    until(lambda: bench.simulator.task_count == tasks, f"{tasks} tasks")
    ends_as(bench, job, state, charged, submits)
    # Nothing brings it back: not the same click, and not a new start of the app.
    bench.simulator.faults["submit"] = []
    bench.reopen()
    assert bench.start().id == job.id
    ends_as(bench, job, state, charged, submits)
    assert bench.simulator.task_count == tasks


def ends_as(bench: Bench, job: Job, state: JobState, charged: Charged | None, submits: int) -> None:
    row = bench.row(job)
    assert (row.state, row.charged) == (state, charged)
    assert bool(row.message) is bool(row.next_step) is (charged is not None)
    assert bool(row.task_id) is (state is DONE)
    assert bench.simulator.submit_count == submits
    assert len(list(bench.videos.glob("*/*.mp4"))) == (state is DONE)
    if state is DONE:
        bench.file(row)


def test_submit_to_a_closed_port(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening, so nobody else gets it
        bench.reopen(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        job = bench.reaches(bench.start(), NOT_SENT)
    ends_as(bench, job, NOT_SENT, NO, 0)


def test_submit_without_a_key(bench: Bench) -> None:
    bench.reopen(key=" \n ")
    job = bench.reaches(bench.start(), NOT_SENT)
    assert "key" in job.message
    ends_as(bench, job, NOT_SENT, NO, 0)


@pytest.mark.parametrize("row", POLL, ids=names(POLL))
def test_poll_once(bench: Bench, row: tuple[Any, ...]) -> None:
    bench.simulator.faults["poll"] = [row[1]]
    job = bench.done(bench.start())
    assert bench.simulator.poll_count == 2
    ends_as(bench, job, DONE, None, 1)


@pytest.mark.parametrize("row", POLL, ids=names(POLL))
def test_poll_while_it_lasts(bench: Bench, row: tuple[Any, ...]) -> None:
    _, fault, state, charged = row
    bench.simulator.faults["poll"] = Always([fault])
    job = bench.start()
    until(lambda: bench.row(job).message and bench.row(job).state is state)
    told = bench.row(job)
    assert (told.state, told.charged) == (state, charged)
    assert told.next_step
    assert told.task_id
    bench.simulator.faults["poll"] = []
    ends_as(bench, bench.done(job), DONE, None, 1)


@pytest.mark.parametrize("row", DOWNLOAD, ids=names(DOWNLOAD))
def test_download_once(bench: Bench, row: tuple[Any, ...]) -> None:
    bench.simulator.faults["download"] = [row[1]] * (6 if "circle" in row[0] else 1)
    ends_as(bench, bench.done(bench.start()), DONE, None, 1)
    assert not list(bench.videos.glob("*/*.part"))


@pytest.mark.parametrize("row", DOWNLOAD, ids=names(DOWNLOAD))
def test_download_while_it_lasts(bench: Bench, row: tuple[Any, ...]) -> None:
    bench.simulator.faults["download"] = Always([row[1]])
    job = bench.says(bench.start(), "The video is made, but")
    assert (job.state, job.charged, job.video) == (SAVING, YES, None)
    assert job.next_step
    assert not list(bench.videos.glob("*/*.mp4"))
    bench.simulator.faults["download"] = []
    ends_as(bench, bench.done(job), DONE, None, 1)


def test_the_task_is_not_visible_at_first(bench: Bench) -> None:
    bench.simulator.visible_after = 5
    ends_as(bench, bench.done(bench.start()), DONE, None, 1)


def test_the_status_is_unknown_for_a_while(bench: Bench) -> None:
    bench.simulator.statuses = ["TASK_STATUS_DREAMING", "", "x" * 5000, "TASK_STATUS_SUCCEED"]
    ends_as(bench, bench.done(bench.start()), DONE, None, 1)


@pytest.mark.parametrize("videos", [[], None, [{}], [{"video_url": ""}], [None], "x"])
def test_the_success_has_no_link_at_first(bench: Bench, videos: Any) -> None:
    answers = iter([videos, videos])
    bench.simulator.transform = lambda body: {**body, "videos": next(answers, body["videos"])}
    ends_as(bench, bench.done(bench.start()), DONE, None, 1)


@pytest.mark.parametrize("reason", ["", "TaskPromptPolicyViolation", "a reason nobody knows"])
def test_the_task_fails(bench: Bench, reason: str) -> None:
    bench.simulator.transform = lambda body: {
        **body,
        "task": {**body["task"], "status": "TASK_STATUS_FAILED", "reason": reason},
        "videos": [],
    }
    failed = bench.reaches(bench.start(), FAILED)
    assert failed.charged is MAYBE
    assert reason in failed.message
    assert failed.next_step
    assert failed.task_id
    bench.reopen()
    assert bench.row(failed) == failed
    assert bench.simulator.submit_count == 1
    assert not list(bench.videos.glob("*/*.mp4"))


# Random schedules

SUBMIT_FAULTS = {row[0]: row[1] for row in SUBMIT if isinstance(row[1], Fault)}
SLOW = [name for name, fault in SUBMIT_FAULTS.items() if fault.delay]
for name in [*SLOW, "429 without end"]:  # the one takes long, the other is sent four times
    del SUBMIT_FAULTS[name]
POLL_FAULTS = {name: fault for name, fault, *_ in POLL if not fault.delay}
DOWNLOAD_FAULTS = {name: fault for name, fault in DOWNLOAD if not fault.delay}
POINTS = [
    "before it is marked as being sent",
    "before the POST",
    "after the POST",
    "after the id is written down",
    "before a poll",
    "after a poll",
    "before the download",
    "during the download",
    "before it is written down as done",
    "after it is written down as done",
]

Step = tuple[str, str]
STEPS = st.one_of(
    st.tuples(st.just("click"), st.sampled_from(["", "[fail]"])),
    st.tuples(st.just("click"), st.just("")),
    st.tuples(st.just("the same click"), st.just("")),
    st.tuples(st.just("submit fault"), st.sampled_from(sorted(SUBMIT_FAULTS))),
    st.tuples(st.just("poll fault"), st.sampled_from(sorted(POLL_FAULTS))),
    st.tuples(st.just("download fault"), st.sampled_from(sorted(DOWNLOAD_FAULTS))),
    st.tuples(st.just("kill"), st.sampled_from(POINTS)),
    st.tuples(st.just("kill"), st.sampled_from(POINTS)),
    st.tuples(st.just("restart"), st.just("")),
    st.tuples(st.just("settle"), st.just("")),
)


class Life:
    """One process: it can be killed at a point of the code, and does nothing after that."""

    now: ClassVar["Life"]

    def __init__(self, bench: Bench) -> None:
        self.dead = False
        self.ends_at = ""
        runner = bench.make()
        ledger, client = bench.ledger, bench.clients[-1]
        self._post, self._get = client.post, client.get
        ledger.before_write, ledger.after_write = self.before_write, self.after_write
        client.post, client.get = self.post, self.get  # type: ignore[method-assign]
        Life.now = self
        self.runner = runner.open()

    def at(self, point: str) -> None:
        """Pass a point at which the run may be killed."""
        if point and self.ends_at == point:
            self.dead = True
        if self.dead:
            raise PowerCut

    def before_write(self, changes: dict[str, Any]) -> None:
        match changes.get("state"):
            case JobState.SUBMITTING:
                self.at("before it is marked as being sent")
            case JobState.DONE:
                self.at("before it is written down as done")
        self.at("")

    def after_write(self, changes: dict[str, Any]) -> None:
        if changes.get("task_id"):
            self.at("after the id is written down")
        if changes.get("state") is JobState.DONE:
            self.at("after it is written down as done")

    def post(self, payload: dict[str, Any]) -> str:
        self.at("before the POST")
        task_id = self._post(payload)
        self.at("after the POST")
        return task_id

    def get(self, task_id: str) -> Task:
        self.at("before a poll")
        task = self._get(task_id)
        self.at("after a poll")
        return task

    @staticmethod
    def fetch(task: Task, path: Path, **how: Any) -> Path:
        life = Life.now
        life.at("before the download")
        if life.ends_at == "during the download":
            path.with_name(path.name + ".part").write_bytes(b"half a vid")
            life.at("during the download")
        return download_module.fetch(task, path, **how)


class World:
    """What is clicked, what breaks and what must come of it."""

    def __init__(self, bench: Bench, made: list[str]) -> None:
        self.bench, self.made = bench, made
        self.clicks: list[str] = []
        self.known: dict[str, str] = {}
        self.live()

    def live(self) -> None:
        """Restart the app after its end."""
        if self.bench.runners:
            self.bench.runner.close()
        self.note()
        self.life = Life(self.bench)

    def note(self) -> None:
        """Note the ids in the ledger: none may ever be lost again."""
        for job in (
            self.bench.ledger.for_owner(OWNER, "there", most=999) if self.bench.ledgers else []
        ):
            if job.task_id:
                assert self.known.setdefault(job.id, job.task_id) == job.task_id

    def click(self, prompt: str, click: str) -> None:
        """Click; an app that died is started first, as a visitor would see to."""
        if self.life.dead:
            self.live()
        self.bench.start(click, prompt=prompt)

    def play(self, step: Step) -> None:
        kind, what = step
        faults = self.bench.simulator.faults
        match kind:
            case "click":
                self.clicks.append(f"{what} number {len(self.clicks)}")
                self.click(self.clicks[-1], f"click {len(self.clicks) - 1}")
            case "the same click" if self.clicks:
                self.click(self.clicks[-1], f"click {len(self.clicks) - 1}")
            case "submit fault":
                faults["submit"].append(SUBMIT_FAULTS[what])
            case "poll fault":
                faults["poll"].append(POLL_FAULTS[what])
            case "download fault":
                faults["download"].append(DOWNLOAD_FAULTS[what])
            case "kill":
                self.life.ends_at = what
            case "restart":
                self.live()
            case "settle":
                self.settle()

    def settle(self) -> None:
        """Let the app work until it has nothing to do, or is dead."""
        until(lambda: self.life.dead or self.life.runner.open_jobs == 0, "it settles")
        self.note()
        left = self.bench.ledger.followed("there")
        assert self.life.dead or not left  # no job is let go of before its end

    def judge(self) -> None:
        """See what has become of every click."""
        simulator = self.bench.simulator
        jobs = self.bench.ledger.for_owner(OWNER, "there", most=999)
        submits = Counter(sent["prompt"] for sent in simulator.submits if isinstance(sent, dict))
        made = Counter(self.made)
        assert simulator.submit_count <= len(self.clicks)
        assert simulator.task_count <= len(self.clicks)
        assert set(submits.values()) <= {1}
        assert set(made.values()) <= {1}
        assert sorted(job.request["prompt"] for job in jobs) == sorted(self.clicks)
        for job in jobs:
            prompt = job.request["prompt"]
            event(f"{job.state}")
            if job.id in self.known:
                assert job.task_id == self.known[job.id]
            if job.task_id:
                assert made[prompt] == 1
                assert job.state is (FAILED if "[fail]" in prompt else DONE)
            elif made[prompt]:
                assert job.state is UNKNOWN  # it was billed, and the app can't know
            else:
                assert job.state in (UNKNOWN, NOT_SENT)
            if job.state is NOT_SENT:
                assert job.charged is NO
            if job.state is UNKNOWN:
                assert job.charged is MAYBE
                assert submits[prompt] == 1 or "stopped while" in job.message
            if job.state is DONE:
                assert job.video
                assert plays(self.bench.videos / job.id / job.video)
        assert not list(self.bench.videos.glob("*/*.part"))
        assert all(
            simulator.max_concurrent_polls_of(task_id) <= 1 for task_id in self.known.values()
        )


@contextmanager
def world(clip: bytes) -> Iterator[World]:
    made: list[str] = []

    def takes(request: dict[str, Any]) -> float:
        made.append(request["prompt"])
        return 0.0

    folder = Path(tempfile.mkdtemp(prefix="vidu-test-"))
    try:
        with bench_over(folder / "data", clip, seconds=takes, open_it=False) as bench:
            yield World(bench, made)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def clips(clip: bytes) -> list[bytes]:
    """The clip, in a list that a failing example does not print at length."""

    class Short(list[bytes]):
        def __repr__(self) -> str:
            return "[clip]"

    return Short([clip])


def every_kill(test: Any) -> Any:
    """Kill at every point, whatever else is chosen."""
    for point in POINTS:
        test = example(steps=[("kill", point), ("click", ""), ("settle", "")])(test)
    return test


@every_kill
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=2, max_size=12))
def test_whatever_happens(steps: list[Step], clips: list[bytes]) -> None:
    """Submits ≤ clicks, tasks ≤ clicks, no id lost, every video made and known is kept."""
    with pytest.MonkeyPatch.context() as patch, world(clips[0]) as played:
        patch.setattr(follower, "fetch", Life.fetch)
        for step in steps:
            played.play(step)
        if played.life.ends_at:
            played.settle()  # everything that was to be killed has been by now
        for waiting in played.bench.simulator.faults.values():
            waiting.clear()
        played.settle()
        played.live()
        played.settle()
        played.judge()
