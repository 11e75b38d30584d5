"""The job runner over real HTTP: one click buys one task, and what is bought arrives."""

import base64
import hashlib
import io
import json
import logging
import math
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from runner_fixtures import (
    KEY,
    OTHER,
    OWNER,
    Always,
    Bench,
    bench_over,
    picture,
    shorten_waits,
    until,
)

from vidu_demo import VideoRequest
from vidu_demo.api.errors import Charged, NotFound, PictureInvalid
from vidu_demo.api.request import FIELDS
from vidu_demo.api.task import Task
from vidu_demo.jobs import follower
from vidu_demo.jobs.errors import DuplicateRequest, LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.runner import DOUBLE_CLICK_SECONDS
from vidu_demo.jobs.scheduler import Kind
from vidu_demo.media import clip
from vidu_demo.settings import Settings
from vidu_demo.simulator import Fault
from vidu_demo.studio import Studio

PROCESSING = "TASK_STATUS_PROCESSING"
SUCCEED = "TASK_STATUS_SUCCEED"


@pytest.fixture
def bench(tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    with bench_over(tmp_path / "data", clip) as made:
        yield made


class Wall:
    """A clock on the wall that can be set."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def task_in(bench: Bench, **changes: Any) -> str:
    """Buy a task outside of the runner."""
    asked = {"images": ["https://example.com/a.jpg"], "prompt": "x", "duration": 1}
    return bench.clients[-1].post({**asked, **changes})


def together(count: int, do: Callable[[int], Any]) -> list[Any]:
    """Do something from many threads at the same moment; errors are results."""
    ready = threading.Barrier(count)

    def one(number: int) -> Any:
        ready.wait()
        try:
            return do(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def locked(*_: Any) -> None:
    raise LedgerFailed("The list of jobs can't be written: database is locked.")


# From a click to a video


def test_from_a_click_to_a_video(bench: Bench) -> None:
    started = bench.start(images=[picture(exif=True)], seed=42, duration=2)
    assert started.state is JobState.PREPARED
    done = bench.done(started)
    day = datetime.now(UTC).date().isoformat()
    assert done.video == f"vidu-{day}-seed42-2s.mp4"
    assert done.submitted
    assert done.finished
    assert done.created <= done.submitted <= done.finished <= time.time()
    assert (done.message, done.next_step, done.charged) == ("", "", None)
    files = {file.name for file in bench.file(done).parent.iterdir()}
    settings = done.video.replace(".mp4", ".json")
    assert files == {done.video, settings, "request.json", "picture-1.jpg", "thumbnail.webp"}
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.look(done.id, OWNER) == (done, None)
    assert bench.simulator.submit_count == bench.simulator.task_count == 1
    assert bench.simulator.download_count == 1


def test_what_is_sent_and_kept_is_what_was_asked(bench: Bench) -> None:
    done = bench.done(bench.start(images=[picture(exif=True)], audio=True, voice_id="Ann"))
    kept = json.loads((bench.videos / done.id / "request.json").read_text(encoding="utf-8"))
    assert kept == done.request
    assert kept["images"] == ["picture-1.jpg"]
    (sent,) = bench.simulator.submits
    assert isinstance(sent, dict)
    uri = sent["images"][0]
    head, _, data = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    assert sent == {**kept, "images": [uri]}
    for picture_bytes in (
        base64.b64decode(data),
        (bench.videos / done.id / "picture-1.jpg").read_bytes(),
    ):
        assert b"secret place" not in picture_bytes
        assert not Image.open(io.BytesIO(picture_bytes)).getexif()


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_picture_is_named_by_its_format_on_any_machine(
    bench: Bench, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slim images of Linux have no list of file types, and there Python knows no WebP."""
    monkeypatch.setattr("mimetypes.guess_type", lambda *_, **__: (None, None))
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, kind)
    bench.done(bench.start(images=[buffer.getvalue(), "https://example.com/b.jpg"]))
    (sent,) = bench.simulator.submits
    assert isinstance(sent, dict)
    assert sent["images"][0].startswith(f"data:image/{kind};base64,")
    assert sent["images"][1] == "https://example.com/b.jpg"


def test_an_empty_seed_is_picked_and_sent(bench: Bench) -> None:
    done = bench.done(bench.start(seed=None))
    assert 1 <= done.request["seed"] <= 2147483647
    (sent,) = bench.simulator.submits
    assert isinstance(sent, dict)
    assert sent["seed"] == done.request["seed"]


def test_the_row_is_on_the_disk_before_the_request_leaves(bench: Bench) -> None:
    seen = []

    def arrives(_: Any) -> float:
        with closing(sqlite3.connect(bench.folder / "ledger.db")) as connection:
            seen.extend(connection.execute("SELECT state, task_id FROM jobs").fetchall())
        return 0.0

    bench.simulator._seconds = arrives
    bench.done(bench.start())
    assert seen == [("submitting", None)]


def test_the_task_id_is_on_the_disk_before_the_first_question(bench: Bench) -> None:
    seen = []

    def asked(body: dict[str, Any]) -> dict[str, Any]:
        with closing(sqlite3.connect(bench.folder / "ledger.db")) as connection:
            seen.extend(connection.execute("SELECT state, task_id FROM jobs").fetchall())
        return body

    bench.simulator.transform = asked
    done = bench.done(bench.start())
    assert seen == [("running", done.task_id)]


def test_a_picture_that_cannot_be_sent_leaves_nothing(bench: Bench) -> None:
    with pytest.raises(PictureInvalid):
        bench.start(images=[b"no picture"])
    assert bench.runner.jobs(OWNER) == []
    assert not bench.videos.exists()
    assert bench.simulator.submit_count == 0


# One click, one task


def test_the_same_click_is_one_job(bench: Bench) -> None:
    first = bench.start("click")
    assert bench.start("click").id == first.id
    done = bench.done(first)
    assert bench.start("click") == done
    assert bench.start("click", prompt="something else") == done
    assert bench.start("click", again=True) == done
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("again", [False, True])
def test_twenty_copies_of_a_click_are_one_job(bench: Bench, again: bool) -> None:
    made = together(20, lambda _: bench.start("click", again=again))
    assert {job.id for job in made} == {made[0].id}
    bench.done(made[0])
    assert bench.simulator.submit_count == bench.simulator.task_count == 1
    assert len(list(bench.videos.iterdir())) == 1


def test_clicks_that_follow_at_once_are_one(bench: Bench) -> None:
    """Twenty impatient fingers: each click is new, and all ask for the same."""
    made = together(20, lambda number: bench.start(f"click {number}"))
    assert {job.id for job in made} == {made[0].id}
    bench.done(made[0])
    assert bench.simulator.submit_count == 1


def test_the_very_same_request_asks_first(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    first = bench.reaches(bench.start("1"), JobState.RUNNING)
    wall.ahead = DOUBLE_CLICK_SECONDS + 1
    tries = together(8, lambda number: bench.start(f"again {number}"))
    assert all(isinstance(error, DuplicateRequest) for error in tries)
    assert [error.jobs for error in tries] == [(first,)] * 8
    assert tries[0].task_id == first.task_id
    assert tries[0].charged is Charged.NO
    assert bench.simulator.submit_count == 1
    assert [path.name for path in bench.videos.iterdir()] == [first.id]

    second = bench.start("2", again=True)
    assert second.id != first.id
    assert bench.start("again 0").id == first.id  # a refused click that is sent again
    bench.start("3", prompt="another prompt")
    bench.start("4", owner=OTHER)
    bench.start("5", images=[picture("red")])
    bench.simulator.statuses = [SUCCEED]
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.simulator.submit_count == 5
    wall.ahead *= 2
    assert bench.done(bench.start("6")).id != first.id  # it is finished, so this is a new wish
    assert bench.simulator.submit_count == 6


def test_a_lost_answer_asks_first_and_says_why(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True)]
    wall = Wall()
    bench.reopen(wall=wall)
    lost = bench.reaches(bench.start("1"), JobState.UNKNOWN)
    assert lost.charged is Charged.UNKNOWN
    wall.ahead = 3600
    with pytest.raises(DuplicateRequest, match="may be running and billed") as asked:
        bench.start("2")
    assert "buy it twice" in asked.value.next_step
    assert bench.simulator.submit_count == 1
    bench.done(bench.start("3", again=True))
    assert bench.simulator.submit_count == 2


def test_a_request_to_another_backend_is_another_one(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall, backend="elsewhere")
    elsewhere = bench.reaches(bench.start("1"), JobState.RUNNING)
    bench.reopen(wall=wall)
    wall.ahead = 60
    here = bench.start("2")
    assert here.id != elsewhere.id


def test_a_job_is_sent_by_one_runner_only(bench: Bench) -> None:
    """Two processes may share a ledger. What one has called “not sent” the other never sends."""
    first = bench.make()
    job = bench.start()  # it waits: its runner is not open yet
    bench.open()
    assert bench.reaches(job, JobState.NOT_SENT).charged is Charged.NO
    first._followers.open()
    until(lambda: first.open_jobs == 0)
    assert bench.row(job).state is JobState.NOT_SENT
    assert bench.simulator.submit_count == 0
    first.close()


# Takes


def test_takes_of_one_form_are_several_jobs(bench: Bench) -> None:
    made = bench.take("click", 3, seed=None)
    assert len({job.id for job in made}) == 3
    # The other half of a double click: its name is new, its takes are the same.
    assert [job.id for job in bench.take("another", 3, seed=None)] == [job.id for job in made]
    done = [bench.done(job) for job in made]
    assert len({job.request["seed"] for job in done}) == 3
    assert len({job.task_id for job in done}) == 3
    assert bench.runner.jobs(OWNER) == done[::-1]
    assert bench.take("click", 3) == done
    assert bench.simulator.submit_count == bench.simulator.task_count == 3


def test_a_click_that_is_sent_again_buys_nothing_whatever_it_asks_for(bench: Bench) -> None:
    (first,) = bench.take("click", 1)
    assert [job.id for job in bench.take("click", 4, prompt="something else")] == [first.id]
    bench.done(first)
    assert bench.take("click", 4, prompt="something else") == [bench.row(first)]
    assert bench.simulator.submit_count == 1


def test_takes_that_are_clicked_twice_at_once_are_bought_once(bench: Bench) -> None:
    made = together(12, lambda number: bench.take(f"click {number}", 4))
    assert {tuple(job.id for job in jobs) for jobs in made} == {tuple(job.id for job in made[0])}
    for job in made[0]:
        bench.done(job)
    assert bench.simulator.submit_count == 4


def test_a_take_that_runs_is_asked_about_like_any_request(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    made = bench.take("click", 2)
    until(lambda: bench.simulator.submit_count == 2)
    wall.ahead = DOUBLE_CLICK_SECONDS + 1
    with pytest.raises(DuplicateRequest) as asked:
        bench.take("another", 3)  # two of the three
    assert [job.id for job in asked.value.jobs] == [job.id for job in made]
    with pytest.raises(DuplicateRequest):
        bench.start("one", seed=8)  # by whichever way the same is asked for
    assert bench.simulator.submit_count == 2
    assert {path.name for path in bench.videos.iterdir()} == {job.id for job in made}


def test_of_one_click_the_very_same_may_be_asked_for_twice(bench: Bench) -> None:
    same = [bench.request(seed=7), bench.request(seed=7)]
    made = bench.runner.start_all(same, owner=OWNER, idempotency_key="click")
    for job in made:
        bench.done(job)
    assert bench.simulator.submit_count == 2


def test_a_double_click_on_a_second_one_buys_one(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    first = bench.start("1")
    wall.ahead = DOUBLE_CLICK_SECONDS + 1

    def want_another(number: int) -> Job:
        request = bench.request()
        return bench.runner.start(
            request, owner=OWNER, idempotency_key=f"{number} more", acknowledged=[first.id]
        )

    made = together(8, want_another)
    assert len({job.id for job in made} - {first.id}) == 1
    until(lambda: bench.simulator.submit_count == 2)


def test_of_a_click_with_one_bad_picture_nothing_is_bought(bench: Bench) -> None:
    good, bad = bench.request(), bench.request(images=[b"no picture"])
    with pytest.raises(PictureInvalid):
        bench.runner.start_all([good, good, bad], owner=OWNER, idempotency_key="click")
    assert bench.simulator.submit_count == 0
    assert not bench.videos.exists()


def test_of_a_click_that_the_ledger_does_not_take_nothing_is_bought(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.ledger, "add", locked)
    with pytest.raises(LedgerFailed):
        bench.take("click", 3)
    assert list(bench.videos.iterdir()) == []
    monkeypatch.undo()
    for job in bench.take("click", 3):
        bench.done(job)
    assert bench.simulator.submit_count == 3


def test_a_first_take_is_known_by_the_request_alone(bench: Bench) -> None:
    """Else a request that ran when the app was updated could be bought again unasked."""
    request = bench.request(images=["https://example.com/a.jpg"])
    job = bench.runner.start(request, owner=OWNER, idempotency_key="click")
    asked = hashlib.sha256(request.model_dump_json(exclude={"images"}).encode())
    asked.update(hashlib.sha256(b"https://example.com/a.jpg").digest())
    assert job.fingerprint == asked.hexdigest()


# Who sees what


def test_nobody_sees_another_owners_job(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    mine = bench.reaches(bench.start("1"), JobState.RUNNING)
    theirs = bench.start("2", owner=OTHER)
    assert [job.id for job in bench.runner.jobs(OWNER)] == [mine.id]
    for job, stranger in ((mine, OTHER), (theirs, OWNER), (mine, "")):
        assert bench.runner.look(job.id, stranger) is None
        assert bench.runner.stop(job.id, stranger) is None
        assert bench.runner.watch_again(job.id, stranger) is None
        assert not bench.runner.delete(job.id, stranger)
    bench.simulator.statuses = [SUCCEED]
    bench.done(mine)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.look(mine.id, OTHER) is None
    assert bench.runner.look("no such job", OWNER) is None


def test_a_running_job_shows_the_last_answer(bench: Bench) -> None:
    bench.simulator._seconds = 3600.0
    job = bench.start()
    until(lambda: (look := bench.runner.look(job.id, OWNER)) and look.task)
    look = bench.runner.look(job.id, OWNER)
    assert look
    assert look.job.state is JobState.RUNNING
    assert bench.runner.jobs(OWNER) == [look.job]
    assert bench.runner.open_jobs == 1


# Stopping and going on


def test_stop_and_watch_again(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    stopped = bench.runner.stop(job.id, OWNER)
    assert stopped
    assert stopped.state is JobState.STOPPED
    assert "may be billed" in stopped.message
    assert bench.row(job) == stopped
    assert bench.runner.stop(job.id, OWNER) is None
    until(lambda: bench.runner.open_jobs == 0)
    asked = bench.simulator.poll_count
    time.sleep(0.1)
    assert bench.simulator.poll_count == asked
    bench.simulator.statuses = [SUCCEED]
    again = bench.runner.watch_again(job.id, OWNER)
    assert again
    assert (again.state, again.message) == (JobState.RUNNING, "")
    bench.done(job)
    assert bench.runner.watch_again(job.id, OWNER) is None
    assert bench.simulator.submit_count == 1


def test_stop_holds_over_a_restart(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.runner.stop(job.id, OWNER)
    bench.reopen()
    assert bench.runner.open_jobs == 0
    bench.simulator.statuses = [SUCCEED]
    bench.runner.watch_again(job.id, OWNER)
    bench.done(job)


def test_stop_and_go_while_a_question_is_under_way(bench: Bench) -> None:
    bench.simulator.faults["poll"] = [Fault(delay=0.3)]
    job = bench.start()
    until(lambda: bench.simulator.poll_count == 1)
    assert bench.runner.stop(job.id, OWNER)
    assert bench.runner.watch_again(job.id, OWNER)
    done = bench.done(job)
    assert bench.simulator.max_concurrent_polls_of(done.task_id or "") == 1


def test_an_answer_after_the_stop_changes_nothing(bench: Bench) -> None:
    bench.simulator.faults["poll"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: bench.simulator.poll_count == 1)
    bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.row(job).state is JobState.STOPPED
    assert bench.simulator.download_count == 0


class Fetches:
    """Counts the downloads that run at once into one file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = self.most = self.all = 0
        self._lock = threading.Lock()
        self._fetch = follower.fetch
        monkeypatch.setattr(follower, "fetch", self)

    def __call__(self, task: Task, path: Path, **how: Any) -> Path:
        with self._lock:
            self.open += 1
            self.all += 1
            self.most = max(self.most, self.open)
        try:
            return self._fetch(task, path, **how)
        finally:
            with self._lock:
                self.open -= 1


def test_a_video_that_comes_after_the_stop_is_kept_and_shown(bench: Bench) -> None:
    bench.simulator.faults["download"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: bench.simulator.download_count == 1)
    stopped = bench.runner.stop(job.id, OWNER)
    assert stopped
    assert stopped.state is JobState.STOPPED
    done = bench.done(job)
    assert (done.message, done.charged) == ("", None)


def test_stop_and_go_while_the_video_is_fetched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetches = Fetches(monkeypatch)
    bench.simulator.faults["download"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: fetches.all == 1)
    bench.runner.stop(job.id, OWNER)
    bench.runner.watch_again(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    bench.done(job)
    assert fetches.most == 1


def done_after_the_look(bench: Bench, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the job end between the runner's look at it and what it then does."""
    look = bench.runner.look

    def slow(job_id: str, owner: str) -> Any:
        seen = look(job_id, owner)
        bench.done(job)
        return seen

    monkeypatch.setattr(bench.runner, "look", slow)


def test_a_stop_that_comes_too_late_changes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.simulator.faults["download"] = [Fault(delay=0.1)]
    job = bench.start()
    until(lambda: bench.simulator.download_count == 1)
    done_after_the_look(bench, job, monkeypatch)
    assert bench.runner.stop(job.id, OWNER) is None
    assert bench.row(job).state is JobState.DONE


def test_many_clicks_on_watch_again_are_one_follower(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    answers = together(8, lambda _: bench.runner.watch_again(job.id, OWNER))
    assert sum(answer is not None for answer in answers) == 1
    assert bench.runner._followers._scheduler._queue._all[Kind.POLL].held <= 2
    bench.simulator.statuses = [SUCCEED]
    done = bench.done(job)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.simulator.download_count == 1
    assert bench.simulator.max_concurrent_polls_of(done.task_id or "") == 1


def test_only_what_can_be_followed_is_watched_again(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True)]
    lost = bench.reaches(bench.start("1"), JobState.UNKNOWN)
    assert bench.runner.watch_again(lost.id, OWNER) is None
    failed = bench.reaches(bench.start("2", prompt="[fail]"), JobState.FAILED)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.watch_again(failed.id, OWNER)
    bench.says(failed, "refused the prompt")


# Deleting


def gone(bench: Bench, job: Job) -> None:
    """See that nothing is left of a job but its click."""
    (left,) = bench.ledger.by_key(job.idempotency_key)
    assert (left.id, left.state) == (job.id, JobState.DELETED)
    assert (left.request, left.task_id, left.video, left.facts) == ({}, None, None, None)
    assert bench.runner.look(job.id, OWNER) is None
    assert bench.runner.watch_again(job.id, OWNER) is None
    assert not bench.runner.delete(job.id, OWNER)
    assert bench.runner.jobs(OWNER) == []
    assert list(bench.videos.iterdir()) == []


def test_a_deleted_job_leaves_nothing_and_its_click_buys_nothing(bench: Bench) -> None:
    job = bench.start("1")
    bench.start("2")  # the other half of a double click
    done = bench.done(job)
    assert bench.runner.delete(job.id, OWNER)
    gone(bench, done)
    for click in ("1", "2"):
        late = bench.start(click)
        assert (late.id, late.state) == (job.id, JobState.DELETED)
        assert bench.start(click, prompt="something else", again=True) == late
    bench.reopen()
    assert bench.start("1").state is JobState.DELETED
    gone(bench, done)
    assert bench.simulator.submit_count == bench.simulator.task_count == 1
    assert bench.done(bench.start("3")).id != job.id  # a new wish
    assert bench.simulator.submit_count == 2


def test_an_open_job_is_not_deleted(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    assert not bench.runner.delete(job.id, OWNER)
    bench.simulator.statuses = [SUCCEED]
    bench.done(job)
    assert not bench.runner.delete("no such job", OWNER)


def test_what_came_to_nothing_can_be_deleted(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True), Fault(status=401)]
    lost = bench.reaches(bench.start("lost", prompt="1"), JobState.UNKNOWN)
    refused = bench.reaches(bench.start("refused", prompt="2"), JobState.NOT_SENT)
    failed = bench.reaches(bench.start("failed", prompt="[fail]"), JobState.FAILED)
    for job in (lost, refused, failed):
        assert bench.runner.delete(job.id, OWNER)
        assert bench.start(job.idempotency_key).state is JobState.DELETED
    gone(bench, lost)
    assert bench.simulator.submit_count == 3


def test_a_stopped_job_is_deleted_while_a_question_is_under_way(bench: Bench) -> None:
    bench.simulator.faults["poll"] = [Fault(delay=0.3)]
    job = bench.start()
    until(lambda: bench.simulator.poll_count == 1)
    bench.runner.stop(job.id, OWNER)
    assert bench.runner.delete(job.id, OWNER)
    assert bench.runner.open_jobs == 0
    bench.runner.close()
    bench.make()
    gone(bench, job)


@pytest.mark.parametrize("watched_twice", [False, True])
def test_a_stopped_job_is_deleted_while_its_video_is_fetched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, watched_twice: bool
) -> None:
    fetch, arrived, deleted = follower.fetch, threading.Event(), threading.Event()

    def slow(task: Task, path: Path, **how: Any) -> Path:
        arrived.set()
        assert deleted.wait(10)
        return fetch(task, path, **how)  # into a folder that it makes again

    monkeypatch.setattr(follower, "fetch", slow)
    job = bench.start()
    assert arrived.wait(10)
    bench.runner.stop(job.id, OWNER)
    if watched_twice:
        bench.runner.watch_again(job.id, OWNER)
        bench.runner.stop(job.id, OWNER)
    assert bench.runner.delete(job.id, OWNER)
    assert list(bench.videos.iterdir()) == []
    deleted.set()
    bench.runner.close()  # when it is through
    assert bench.simulator.download_count == 1
    bench.make()
    gone(bench, job)


def test_a_video_that_came_before_the_delete_is_not_deleted_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes a job that they see as stopped has not seen its video."""
    bench.simulator.faults["download"] = [Fault(delay=0.1)]
    job = bench.start()
    until(lambda: bench.simulator.download_count == 1)
    bench.runner.stop(job.id, OWNER)
    done_after_the_look(bench, job, monkeypatch)
    assert not bench.runner.delete(job.id, OWNER)
    bench.done(job)


def test_delete_and_watch_again_at_once(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    made = [bench.start(f"{number}", prompt=f"{number}") for number in range(6)]
    for job in made:
        bench.reaches(job, JobState.RUNNING)
        bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    bench.simulator.statuses = [SUCCEED]

    def click(number: int) -> Any:
        job = made[number % 6]
        do = bench.runner.delete if number < 6 else bench.runner.watch_again
        return do(job.id, OWNER)

    deleted = together(12, click)[:6]
    for job, was_deleted in zip(made, deleted, strict=True):
        if was_deleted:
            assert bench.runner.look(job.id, OWNER) is None
            assert not (bench.videos / job.id).exists()
        else:
            bench.done(job)
    assert bench.simulator.submit_count == 6


def test_a_delete_that_is_cut_off_is_finished_at_the_next_start(bench: Bench) -> None:
    done = bench.done(bench.start())
    bench.runner.close()
    assert bench.ledger.delete(done)  # and then the power fails
    assert bench.file(done)
    bench.open()
    gone(bench, done)


def test_a_delete_that_cannot_be_written_down_deletes_nothing(bench: Bench) -> None:
    done = bench.done(bench.start())
    until(lambda: bench.runner.open_jobs == 0)
    bench.ledger.before_write = locked
    with pytest.raises(LedgerFailed):
        bench.runner.delete(done.id, OWNER)
    bench.ledger.before_write = lambda _: None
    assert bench.runner.jobs(OWNER) == [bench.done(done)]


def test_a_deleted_task_can_be_taken_up_again_on_purpose(bench: Bench) -> None:
    task_id = bench.done(bench.start()).task_id or ""
    until(lambda: bench.runner.open_jobs == 0)
    ids = set()
    for _ in range(3):
        (job,) = bench.runner.jobs(OWNER)
        ids.add(job.id)
        assert bench.runner.delete(job.id, OWNER)
        assert bench.runner.jobs(OWNER) == []
        bench.done(bench.runner.adopt(task_id, owner=OWNER))
        until(lambda: bench.runner.open_jobs == 0)
    assert len(ids) == 3
    assert bench.simulator.submit_count == 1


# Tasks from elsewhere


def test_a_task_from_elsewhere_is_followed(bench: Bench) -> None:
    task_id = task_in(bench)
    adopted = bench.runner.adopt(task_id, owner=OWNER, request={"duration": 4, "seed": 9})
    done = bench.done(adopted)
    assert done.video
    assert done.video.endswith("-seed9-4s.mp4")
    assert bench.runner.adopt(task_id, owner=OWNER) == done
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("created", [None, 0.0, -1e300, 1e300, math.nan, math.inf])
def test_a_browsers_list_may_name_any_time(bench: Bench, created: float | None) -> None:
    adopted = bench.runner.adopt(task_in(bench), owner=OWNER, created=created)
    done = bench.done(adopted)
    assert abs(done.created - time.time()) < 60


def test_a_task_from_elsewhere_keeps_its_time(bench: Bench) -> None:
    created = time.time() - 3600
    adopted = bench.runner.adopt(task_in(bench), owner=OWNER, created=created)
    assert bench.done(adopted).submitted == created


def test_a_job_is_not_adopted_by_its_own_owner(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    assert bench.runner.adopt(job.task_id or "", owner=OWNER).id == job.id
    assert bench.runner.open_jobs == 1


def test_a_task_known_at_another_backend_is_another_one(bench: Bench) -> None:
    task_id = task_in(bench)
    bench.simulator.statuses = [PROCESSING]
    there = bench.reopen(backend="elsewhere").adopt(task_id, owner=OWNER)
    bench.simulator.statuses = None
    here = bench.reopen().adopt(task_id, owner=OWNER)
    assert here.id != there.id
    bench.done(here)


def test_two_owners_of_one_task_never_ask_at_once(bench: Bench) -> None:
    bench.simulator.statuses = [*[PROCESSING] * 10, SUCCEED]
    bench.simulator.faults["poll"] = [Fault(delay=0.02) for _ in range(10)]
    task_id = task_in(bench)
    owners = [f"{number:x}" * 64 for number in range(6)]
    adopted = together(6, lambda number: bench.runner.adopt(task_id, owner=owners[number]))
    for job in adopted:
        bench.done(job)
    assert bench.simulator.max_concurrent_polls_of(task_id) == 1


def test_a_bought_task_that_the_api_forgets_is_looked_for_as_long_as_any_may_take(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.simulator.faults["poll"] = Always([Fault(status=404)])
    job = bench.says(bench.start(), NotFound.what)
    assert job.state is JobState.RUNNING
    monkeypatch.setattr(follower, "LONGEST_TASK", 0.0)
    assert bench.reaches(job, JobState.FAILED).charged is Charged.UNKNOWN


def test_a_task_that_nobody_knows(bench: Bench) -> None:
    adopted = bench.runner.adopt("no-such-task", owner=OWNER)
    failed = bench.reaches(adopted, JobState.FAILED)
    assert NotFound.what in failed.message
    assert failed.charged is Charged.UNKNOWN
    assert bench.simulator.polls_of["no-such-task"] == 6


# Time


def test_a_clock_that_jumps_back(bench: Bench) -> None:
    wall = Wall()
    bench.reopen(wall=wall)
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    wall.ahead = -7 * 86400.0
    bench.reopen(wall=wall)
    until(lambda: bench.simulator.poll_count > 2)
    bench.simulator.statuses = [SUCCEED]
    done = bench.done(job)
    assert done.finished
    assert done.submitted
    assert done.finished < done.submitted
    assert bench.ledger.durations("there", 1, "540p") == []
    bench.done(bench.start("another", prompt="the runner goes on"))


# Where a link may lead


@pytest.mark.parametrize("link", ["https://10.0.0.1/v.mp4?{}", "http://8.8.8.8/v.mp4?{}"])
def test_a_link_that_is_refused_leaves_the_video_to_be_fetched(bench: Bench, link: str) -> None:
    bench.simulator.transform = lambda body: {
        **body,
        "videos": [{"video_url": link.format("q-sign=5ecre7")} for _ in body["videos"]],
    }
    job = bench.says(bench.start(), "no public https address")
    assert (job.state, job.charged) == (JobState.SAVING, Charged.YES)
    assert "VIDU_MEDIA_HOSTS" in job.next_step
    assert "5ecre7" not in f"{job}"
    bench.simulator.transform = None
    bench.done(job)
    assert bench.simulator.submit_count == 1


def test_the_settings_say_what_else_may_be_reached(tmp_path: Path) -> None:
    around = {"VIDU_DATA_DIR": str(tmp_path), "VIDU_MEDIA_HOSTS": "cdn.lan, 10.0.0.9"}
    for key, here in (("k", False), ("", True)):
        settings = Settings.from_environment({**around, "NOVITA_API_KEY": key})
        with closing(Studio(settings)) as studio:
            reach = studio.runner._followers._services.client.reach
        assert reach.loopback is here
        assert reach.admits("http", "cdn.lan", "10.0.0.1") is not here


# The disk


def test_a_disk_that_is_nearly_full_is_told_before_money_is_spent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000_000))
    with pytest.raises(LedgerFailed, match="nearly full, so nothing was sent") as failed:
        bench.start()
    assert failed.value.charged is Charged.NO
    assert bench.simulator.submit_count == 0
    assert bench.runner.jobs(OWNER) == []
    assert list(bench.videos.iterdir()) == []  # and no picture stays behind


def test_a_folder_that_may_only_be_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", read_only)
    with pytest.raises(LedgerFailed, match=r"Read-only file system\), so nothing was sent"):
        bench.start()
    assert bench.simulator.submit_count == 0
    assert list(bench.videos.iterdir()) == []


def test_a_ledger_that_takes_no_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.ledger, "add", locked)
    with pytest.raises(LedgerFailed):
        bench.start()
    assert bench.simulator.submit_count == 0
    assert list(bench.videos.iterdir()) == []
    monkeypatch.undo()


def test_a_picture_that_is_gone_before_the_request_leaves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = follower.files.payload

    def vanish(folder: Path, kept: dict[str, Any]) -> dict[str, Any]:
        (folder / kept["images"][0]).unlink()
        return payload(folder, kept)

    monkeypatch.setattr(follower.files, "payload", vanish)
    ended = bench.reaches(bench.start(), JobState.NOT_SENT)
    assert "can't be read (No such file or directory), so nothing was sent" in ended.message
    assert ended.charged is Charged.NO
    assert bench.simulator.submit_count == 0


def test_a_ledger_that_fails_before_the_request_sends_nothing(bench: Bench) -> None:
    broken = True

    def fails(_: Any) -> None:
        if broken:
            locked()

    bench.ledger.before_write = fails
    job = bench.start()
    until(
        lambda: (look := bench.runner.look(job.id, OWNER)) and look.job.state is JobState.NOT_SENT
    )
    assert bench.row(job).state is JobState.PREPARED  # written down as soon as that works
    broken = False
    assert bench.reaches(job, JobState.NOT_SENT).charged is Charged.NO
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.simulator.submit_count == 0


def test_a_ledger_that_fails_after_the_request_loses_no_id(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def fails(changes: dict[str, Any]) -> None:
        if broken and "state" in changes and changes["state"] is not JobState.SUBMITTING:
            locked()

    bench.ledger.before_write = fails
    job = bench.start()
    until(lambda: (look := bench.runner.look(job.id, OWNER)) and look.job.task_id)
    look = bench.runner.look(job.id, OWNER)
    assert look
    task_id = look.job.task_id
    assert task_id
    assert bench.row(job).task_id is None

    def told() -> bool:
        critical = [record for record in caplog.records if record.levelno == logging.CRITICAL]
        return any(task_id in record.getMessage() for record in critical)

    until(told)  # the second receipt
    broken = False
    done = bench.done(job)
    assert done.task_id == task_id
    assert done.submitted
    assert bench.simulator.submit_count == 1


def test_a_ledger_that_cannot_be_read_does_not_hold_a_job_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is learned from past waits is a help and no need."""
    monkeypatch.setattr(bench.ledger, "durations", locked)
    monkeypatch.setattr(follower, "TROUBLE_SECONDS", 600.0)
    bench.done(bench.start())
    assert bench.simulator.submit_count == 1


def test_a_stop_is_written_down_even_if_that_takes_a_while(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.ledger.before_write = locked
    stopped = bench.runner.stop(job.id, OWNER)
    assert stopped
    assert stopped.state is JobState.STOPPED
    assert bench.row(job).state is JobState.RUNNING
    bench.ledger.before_write = lambda _: None
    bench.reaches(job, JobState.STOPPED)


def test_a_stop_that_is_being_written_when_a_step_begins(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.ledger.before_write = lambda _: time.sleep(0.3)
    assert bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.row(job).state is JobState.STOPPED
    assert "not written down" not in caplog.text


# The rate limit


def poll_times(bench: Bench) -> list[float]:
    return sorted(r.time for r in bench.simulator.requests if "task-result" in r.target)


def keeps_the_rate(times: list[float], rate: float, *, within: int = 30) -> None:
    """Check every stretch of questions; on a busy machine the first may come a bit late."""
    for first, last in zip(times, times[within:], strict=False):
        assert last - first >= within / rate - 0.25


def test_two_hundred_jobs_share_the_rate_fairly(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    tasks = [task_in(bench) for _ in range(200)]
    waiting = bench.make()
    for task_id in tasks:
        waiting.adopt(task_id, owner=OWNER)
    rate = 250.0
    start = time.time()
    bench.open(requests_per_second=rate)
    until(lambda: bench.simulator.poll_count >= 500)
    took = time.time() - start
    polls = [bench.simulator.polls_of[task_id] for task_id in tasks]
    assert sum(polls) <= rate * took + 20
    assert max(polls) - min(polls) <= 2
    keeps_the_rate(poll_times(bench), rate)


def test_the_rate_is_kept_after_a_stall(bench: Bench) -> None:
    """When an API that hung answers again, what has piled up must not pour over it."""
    bench.simulator.statuses = [PROCESSING]
    tasks = [task_in(bench) for _ in range(60)]
    bench.simulator.faults["poll"] = [Fault(delay=0.5) for _ in range(16)]
    bench.reopen(requests_per_second=100.0)
    for task_id in tasks:
        bench.runner.adopt(task_id, owner=OWNER)
    until(lambda: bench.simulator.poll_count >= 100)
    keeps_the_rate(poll_times(bench), 100.0)


def test_asking_for_links_keeps_the_rate_too(bench: Bench) -> None:
    """After a restart every video that was to be fetched needs a fresh link."""
    tasks = [task_in(bench) for _ in range(25)]
    bench.simulator.faults["download"] = Always([Fault(status=500)])
    made = [bench.runner.adopt(task_id, owner=OWNER) for task_id in tasks]
    for job in made:
        bench.says(job, "HTTP 500")
    bench.runner.close()
    bench.simulator.faults["download"] = []
    bench.simulator.requests.clear()
    bench.open(requests_per_second=40.0)
    for job in made:
        bench.done(job)
    times = poll_times(bench)
    assert len(times) == 25
    keeps_the_rate(times, 40.0, within=20)


def test_a_download_does_not_wait_behind_questions(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    for _ in range(30):
        bench.runner.adopt(task_in(bench), owner=OWNER)
    bench.simulator.statuses = [SUCCEED]
    bench.reopen(requests_per_second=5.0)
    asked = bench.simulator.poll_count
    until(lambda: any(job.state is JobState.DONE for job in bench.runner.jobs(OWNER)))
    assert bench.simulator.poll_count - asked < 15


# Fetching


def test_a_link_that_has_expired_is_asked_for_anew(bench: Bench) -> None:
    bench.simulator.faults["download"] = [Fault(status=403)]
    bench.done(bench.start())
    assert bench.simulator.poll_count == bench.simulator.download_count == 2


def test_a_link_that_expired_while_the_app_was_off(bench: Bench) -> None:
    now = time.time()
    bench.simulator._clock = lambda: now
    bench.simulator.faults["download"] = Always([Fault(status=500)])
    job = bench.says(bench.start(), "HTTP 500")
    bench.runner.close()
    bench.simulator.faults["download"] = []
    now += 2 * 3600
    bench.open()
    bench.done(job)


def test_while_a_video_cannot_be_fetched_the_row_says_so(bench: Bench) -> None:
    bench.simulator.faults["download"] = Always([Fault(status=500)])
    job = bench.says(bench.start(), "The video is made, but its host answered HTTP 500.")
    assert job.state is JobState.SAVING
    assert job.charged is Charged.YES
    bench.simulator.faults["poll"] = Always([Fault(status=503)])
    job = bench.says(job, "can't be read")
    assert job.state is JobState.SAVING
    assert job.charged is Charged.YES
    bench.simulator.faults["poll"] = []
    bench.simulator.faults["download"] = []
    done = bench.done(job)
    assert (done.message, done.charged) == ("", None)


def test_a_made_video_that_the_api_forgets_counts_as_charged(bench: Bench) -> None:
    bench.simulator.faults["download"] = Always([Fault(status=500)])
    job = bench.says(bench.start(), "HTTP 500")
    bench.simulator.faults["poll"] = Always([Fault(status=404)])
    told = bench.says(job, NotFound.what)
    assert (told.state, told.charged) == (JobState.SAVING, Charged.YES)
    bench.simulator.faults["poll"] = []
    bench.simulator.faults["download"] = []
    bench.done(job)


def test_the_time_of_the_end_is_that_of_the_task(bench: Bench) -> None:
    bench.simulator.faults["download"] = [Fault(status=500) for _ in range(3)]
    job = bench.says(bench.start(), "HTTP 500")
    assert bench.done(job).finished == job.finished


# What comes with a video


def settings_beside(bench: Bench, job: Job) -> Any:
    beside = bench.file(job).with_suffix(".json")
    return json.loads(beside.read_text(encoding="utf-8"))


def test_a_video_is_measured(bench: Bench) -> None:
    done = bench.done(bench.start())
    facts = clip.facts(bench.file(done))
    assert done.facts == asdict(facts)
    assert done.facts["height"] == 540
    assert bench.row(done).facts == done.facts


def test_the_settings_travel_with_the_video(bench: Bench) -> None:
    images = [picture(), "https://example.com/b.jpg?signature=secret"]
    job = bench.start(images=images, prompt="“ü” 🐈", seed=None, audio=True, voice_id="Ann")
    done = bench.done(job)
    asked = {field: value for field, value in done.request.items() if field != "images"}
    expected = {
        "model": "vidu-q2-pro",
        "task_id": done.task_id,
        "created": datetime.fromtimestamp(int(done.created), UTC).isoformat(),
        "request": asked,
    }
    assert settings_beside(bench, done) == clip.read_settings(bench.file(done)) == expected
    assert set(asked) == set(FIELDS) - {"images"}
    assert "secret" not in str(expected)
    for path in (bench.file(done), bench.file(done).with_suffix(".json")):
        assert b"signature" not in path.read_bytes()
        assert b"picture-1" not in path.read_bytes()


def test_of_a_task_from_elsewhere_the_settings_say_what_is_known(bench: Bench) -> None:
    task_id = task_in(bench)
    known = {"images": ["https://example.com/?secret"], "duration": 4, "key": KEY}
    for request, told in ((None, {}), (known, {"duration": 4})):
        done = bench.done(bench.runner.adopt(task_id, owner=OWNER, request=request))
        settings = settings_beside(bench, done)
        assert (settings["task_id"], settings["request"]) == (task_id, told)
        until(lambda: bench.runner.open_jobs == 0)
        bench.runner.delete(done.id, OWNER)


@pytest.mark.parametrize("name", ["write_settings", "facts", "first_frame"])
def test_what_is_good_to_have_never_holds_a_video_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(clip, name, fails)
    done = bench.done(bench.start(images=["https://example.com/a.jpg"]))
    assert (done.message, done.charged) == ("", None)
    assert done.facts or name != "write_settings"
    assert (bench.runner.thumbnail(done) is None) == (name == "first_frame")
    assert settings_beside(bench, done)["task_id"] == done.task_id
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in warned if "a mistake" in record.getMessage()]
    assert bench.simulator.download_count == 1


def test_a_full_disk_after_the_download_does_not_hold_the_video_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_text = Path.write_text

    def full(path: Path, text: str, **options: Any) -> int:
        if path.name != "request.json":
            raise OSError(28, "No space left on device")
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    done = bench.done(bench.start())
    assert not bench.file(done).with_suffix(".json").exists()
    assert "No space left on device" in caplog.text


# Thumbnails


def colour(path: Path | None) -> tuple[int, int, int]:
    assert path
    with Image.open(path) as image:
        assert image.format == "WEBP"
        assert max(image.size) == 192
        return image.convert("RGB").getpixel((5, 5))  # type: ignore[return-value]


def test_the_first_picture_is_the_thumbnail_before_anything_is_sent(bench: Bench) -> None:
    bench.make()  # it sends nothing until it is opened
    large = io.BytesIO()
    Image.new("RGB", (1000, 600), "red").save(large, "PNG")
    job = bench.start(images=[large.getvalue(), picture("blue")])
    red, green, blue = colour(bench.runner.thumbnail(job))
    assert red > 240
    assert green + blue < 30
    with Image.open(bench.videos / job.id / "thumbnail.webp") as image:
        assert image.size == (192, 115)
    assert bench.simulator.submit_count == 0


def test_without_a_kept_picture_the_first_frame_is_the_thumbnail(bench: Bench) -> None:
    bench.simulator.faults["download"] = [Fault(delay=0.1)]
    linked = bench.start(images=["https://example.com/a.jpg", picture()])
    assert bench.runner.thumbnail(linked) is None
    adopted = bench.runner.adopt(task_in(bench), owner=OWNER)
    for job in (linked, adopted):
        done = bench.done(job)
        shown = colour(bench.runner.thumbnail(done))
        frame = clip.first_frame(bench.file(done)).convert("RGB")
        frame.thumbnail((192, 192))
        there = frame.getpixel((5, 5))
        assert isinstance(there, tuple)
        assert all(abs(ours - its) < 24 for ours, its in zip(shown, there, strict=True))


def test_a_thumbnail_that_cannot_be_made_stops_no_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "thumbnail", fails)
    done = bench.done(bench.start())
    assert bench.runner.thumbnail(done) is None
    assert "no thumbnail.webp" in caplog.text
    assert bench.simulator.submit_count == 1


# Search


def test_a_visitor_searches_their_own_jobs(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    cat = bench.reaches(bench.start("1", prompt="A black CAT"), JobState.RUNNING)
    bench.start("2", prompt="a dog")
    bench.start("3", prompt="a cat", owner=OTHER)
    assert [job.id for job in bench.runner.jobs(OWNER, search="cat")] == [cat.id]
    assert [job.id for job in bench.runner.jobs(OWNER, search=cat.task_id or "")] == [cat.id]
    assert bench.runner.jobs(OWNER, search="%") == []
    assert len(bench.runner.jobs(OWNER)) == 2


# The usual wait


def waited(bench: Bench, *seconds: float, **changes: Any) -> None:
    """Write down earlier waits, as of another process."""
    asked = bench.request(**changes).model_dump(exclude={"images"})
    for wait in seconds:
        name = f"{len(bench.ledger.for_owner('past', 'there', most=999))}"
        job = Job(name, name, "f", "past", "there", asked, JobState.DONE, 1.0, 1.0, 1.0 + wait)
        bench.ledger.add([job])


def test_the_usual_wait_is_the_median_of_three_or_more(bench: Bench) -> None:
    waited(bench, 30, 40, duration=5)
    waited(bench, 500, 500, 500, duration=5, resolution="720p")
    waited(bench, 500, 500, 500, duration=5, off_peak=True)
    asked = bench.request(duration=5)
    assert bench.runner.usual_wait(asked) is None
    waited(bench, 90, duration=5)
    bench.reopen()
    assert bench.runner.usual_wait(asked) == 40
    assert bench.runner.usual_wait(bench.request(duration=5, off_peak=True)) is None
    assert bench.runner.usual_wait(bench.request(duration=6)) is None


def test_the_usual_wait_learns_from_each_job_that_ends(bench: Bench) -> None:
    waited(bench, 30, 30)
    assert bench.runner.usual_wait(bench.request()) is None
    bench.done(bench.start())
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.usual_wait(bench.request()) == 30


def test_an_unfinished_form_has_no_usual_wait(bench: Bench) -> None:
    waited(bench, 30, 30, 30)
    durations: list[object] = [1, None, 0, 11, 2.5, "5", [5], math.nan]
    resolutions: list[object] = ["540p", None, "", "4k", ["540p"]]
    for duration, resolution in product(durations, resolutions):
        form = VideoRequest.model_construct(duration=duration, resolution=resolution)
        known = 30 if (duration, resolution) == (1, "540p") else None
        assert bench.runner.usual_wait(form) == known


def test_a_ledger_that_fails_has_no_usual_wait(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited(bench, 30, 30, 30)
    with monkeypatch.context() as broken:
        broken.setattr(bench.ledger, "durations", locked)
        assert bench.runner.usual_wait(bench.request()) is None
    assert bench.runner.usual_wait(bench.request()) == 30
    monkeypatch.setattr(bench.ledger, "durations", locked)
    assert bench.runner.usual_wait(bench.request()) == 30  # not asked at each look of a form


# Trouble while asking


@pytest.mark.parametrize(
    ("fault", "says", "charged"),
    [
        (Fault(status=401, body={"reason": "INVALID_API_KEY"}), "accept the key", "unknown"),
        (Fault(status=403, body={"reason": "NOT_ENOUGH_BALANCE"}), "too little", "unknown"),
        (Fault(status=500), "no usable answer 12 times in a row", "unknown"),
        (Fault(reset=True), "no usable answer 12 times in a row", "unknown"),
        (Fault(status=400, body={"reason": "INVALID_REQUEST_BODY"}), "something wrong", "unknown"),
    ],
    ids=["key", "balance", "500", "reset", "400"],
)
def test_a_job_in_trouble_stays_open_and_ends_well(
    bench: Bench, fault: Fault, says: str, charged: str
) -> None:
    bench.simulator.faults["poll"] = Always([fault])
    told = bench.says(bench.start(), says)
    assert told.state is JobState.RUNNING
    assert told.charged == charged
    assert told.task_id
    bench.simulator.faults["poll"] = []
    done = bench.done(told)
    assert (done.message, done.charged) == ("", None)
    assert bench.simulator.submit_count == 1


def test_a_success_without_a_link_stays_open(bench: Bench) -> None:
    bench.simulator.transform = lambda body: {**body, "videos": []}
    told = bench.says(bench.start(), "without a link")
    assert told.state is JobState.RUNNING
    bench.simulator.transform = None
    bench.done(told)


def test_an_unknown_status_stays_open(bench: Bench) -> None:
    bench.simulator.statuses = ["TASK_STATUS_DREAMING"]
    told = bench.says(bench.start(), "TASK_STATUS_DREAMING")
    assert told.state is JobState.RUNNING
    bench.simulator.statuses = [SUCCEED]
    bench.done(told)


def test_a_fault_of_this_app_ends_no_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    get = bench.clients[-1].get
    faults = iter([RuntimeError("a mistake"), RuntimeError("a mistake")])

    def mistaken(task_id: str) -> Task:
        for fault in faults:
            raise fault
        return get(task_id)

    monkeypatch.setattr(bench.clients[-1], "get", mistaken)
    bench.done(bench.start())
    assert "a fault of this app" in caplog.text


# Starting and stopping the app


def test_close_leaves_running_jobs_to_the_next_start(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    made = [bench.start(f"{n}", prompt=f"number {n}") for n in range(12)]
    for job in made:
        bench.reaches(job, JobState.RUNNING)
    bench.simulator.faults["poll"] = [Fault(delay=0.2) for _ in range(4)]
    runner = bench.runner
    scheduler = runner._followers._scheduler
    threads = [scheduler._thread, *scheduler._workers._threads]
    assert len(threads) > 2
    start = time.monotonic()
    runner.close()
    assert time.monotonic() - start < 2
    assert [thread for thread in threads if thread.is_alive()] == []
    bench.simulator.statuses = [SUCCEED]
    bench.open()
    for job in made:
        bench.done(job)
    assert bench.simulator.submit_count == 12


def test_close_during_a_submit_keeps_its_id(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(delay=0.2)]
    job = bench.start()
    until(lambda: bench.simulator.submit_count == 1)
    bench.reopen()
    bench.done(job)
    assert bench.simulator.submit_count == 1


def test_close_does_not_wait_for_the_rate_limit(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    tasks = [task_in(bench) for _ in range(5)]
    bench.reopen(requests_per_second=0.01)
    for task_id in tasks:
        bench.runner.adopt(task_id, owner=OWNER)
    until(lambda: bench.simulator.poll_count == 1)
    start = time.monotonic()
    bench.runner.close()
    assert time.monotonic() - start < 2
    assert bench.simulator.poll_count == 1


def test_what_is_clicked_after_the_close_is_not_sent(bench: Bench) -> None:
    bench.runner.close()
    job = bench.start()
    assert bench.row(job).state is JobState.PREPARED
    bench.open()
    ended = bench.reaches(job, JobState.NOT_SENT)
    assert ended.charged is Charged.NO
    assert "stopped before this was sent" in ended.message
    assert bench.simulator.submit_count == 0


def left_in(bench: Bench, state: JobState, **changes: Any) -> Job:
    """Leave a row as a process that died would have."""
    job = bench.start(f"click {state}", prompt=f"left {state}")
    done = bench.done(job)
    until(lambda: bench.runner.open_jobs == 0)
    (bench.videos / done.id / (done.video or "")).unlink()
    return bench.ledger.change(done, state=state, video=None, **changes)


@pytest.mark.parametrize(
    ("left", "ends", "charged"),
    [
        (JobState.PREPARED, JobState.NOT_SENT, Charged.NO),
        (JobState.SUBMITTING, JobState.UNKNOWN, Charged.UNKNOWN),
    ],
)
def test_a_job_that_died_before_its_id_is_never_sent_again(
    bench: Bench, left: JobState, ends: JobState, charged: Charged
) -> None:
    job = left_in(bench, left, task_id=None, submitted=None, finished=None)
    for _ in range(2):
        bench.reopen()
        ended = bench.reaches(job, ends)
        assert ended.charged is charged
        assert ended.message
        assert ended.finished
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("left", [JobState.RUNNING, JobState.SAVING])
def test_a_job_with_an_id_goes_on_after_a_restart(bench: Bench, left: JobState) -> None:
    job = left_in(bench, left)
    part = bench.videos / job.id / "vidu.mp4.part"
    part.write_bytes(b"half a video")
    bench.reopen()
    bench.done(job)
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("left", [state for state in JobState if state != JobState.DELETED])
def test_jobs_of_another_backend_are_left_alone(bench: Bench, left: JobState) -> None:
    job = left_in(bench, left)
    job = bench.ledger.change(job, backend="elsewhere")
    asked = bench.simulator.poll_count
    bench.reopen()
    assert bench.runner.open_jobs == 0
    assert bench.runner.watch_again(job.id, OWNER) is None
    bench.done(bench.start("mine", prompt="the runner is awake"))
    assert bench.row(job) == job
    assert bench.simulator.poll_count == asked + 1


# Secrets


def test_no_key_and_no_link_is_kept_or_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.simulator.faults["submit"] = [Fault(status=400, body={"message": f"bad key {KEY}"})]
    bench.reaches(bench.start("refused"), JobState.NOT_SENT)
    bench.simulator.faults["poll"] = [Fault(status=401, body={"message": f"bad key {KEY}"})]
    bench.simulator.faults["download"] = [
        Fault(status=403),
        Fault(truncate=True),
        Fault(reset=True),
        Fault(headers={"Content-Type": "text/html"}),
    ]
    job = bench.start("made", prompt="another")
    bench.done(job)
    bench.reopen()
    bench.runner.close()
    assert any("q-signature" in r.target for r in bench.simulator.requests)
    kept = [file.read_bytes() for file in bench.folder.rglob("*") if file.is_file()]
    assert len(kept) >= 4
    for text in [*kept, caplog.text.encode()]:
        assert KEY.encode() not in text
        assert b"q-sign" not in text
    assert f"is task {bench.row(job).task_id}" in caplog.text  # the second receipt
