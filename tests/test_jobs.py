"""The job runner over real HTTP: one click buys one task, and what is bought arrives."""

import base64
import io
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from database_fixtures import read
from PIL import Image
from runner_fixtures import (
    KEY,
    OTHER,
    OWNER,
    PROCESSING,
    SUCCEED,
    Bench,
    picture,
    until,
)

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.jobs.job import JobState
from vidu_demo.jobs.search import Search
from vidu_demo.simulator import Fault

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
    pictures = {"picture-1.jpg", "thumbnail.webp", "still.webp"}
    assert files == {done.video, settings, "request.json", "uploads.json", "names.json", *pictures}
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.find(done.id, OWNER) == (done, None, False)
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
        seen.extend(read(bench.folder / "ledger.db", "SELECT state, task_id FROM jobs"))
        return 0.0

    bench.simulator._seconds = arrives
    bench.done(bench.start())
    assert seen == [("submitting", None)]


def test_the_task_id_is_on_the_disk_before_the_first_poll(bench: Bench) -> None:
    seen = []

    def asked(body: dict[str, Any]) -> dict[str, Any]:
        seen.extend(read(bench.folder / "ledger.db", "SELECT state, task_id FROM jobs"))
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


# Who sees what


def test_nobody_sees_another_owners_job(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    mine = bench.reaches(bench.start("1"), JobState.RUNNING)
    theirs = bench.start("2", owner=OTHER)
    assert [job.id for job in bench.runner.jobs(OWNER)] == [mine.id]
    for job, stranger in ((mine, OTHER), (theirs, OWNER), (mine, "")):
        assert bench.runner.find(job.id, stranger) is None
        assert bench.runner.stop(job.id, stranger) is None
        assert bench.runner.watch_again(job.id, stranger) is None
        assert not bench.runner.delete(job.id, stranger)
    bench.simulator.statuses = [SUCCEED]
    bench.done(mine)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.runner.find(mine.id, OTHER) is None
    assert bench.runner.find("no such job", OWNER) is None


def test_a_running_job_shows_the_last_answer(bench: Bench) -> None:
    bench.simulator._seconds = 3600.0
    job = bench.start()
    until(lambda: (view := bench.runner.find(job.id, OWNER)) and view.task)
    view = bench.runner.find(job.id, OWNER)
    assert view
    assert view.job.state is JobState.RUNNING
    assert bench.runner.jobs(OWNER) == [view.job]
    assert bench.runner.open_jobs == 1


# Search


def test_a_visitor_searches_their_own_jobs(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    cat = bench.reaches(bench.start("1", prompt="A black CAT"), JobState.RUNNING)
    bench.start("2", prompt="a dog")
    bench.start("3", prompt="a cat", owner=OTHER)
    assert [job.id for job in bench.runner.jobs(OWNER, search=Search("cat"))] == [cat.id]
    assert [job.id for job in bench.runner.jobs(OWNER, search=Search(cat.task_id or ""))] == [
        cat.id
    ]
    assert bench.runner.jobs(OWNER, search=Search("%")) == []
    assert len(bench.runner.jobs(OWNER)) == 2


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
