"""Finished videos are fetched, and kept with their settings and a thumbnail."""

import io
import json
import logging
import time
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from runner_fixtures import (
    KEY,
    OWNER,
    Always,
    Bench,
    picture,
    task_in,
    until,
)
from test_status import JOB

from vidu_demo.api.client import BASE_URL
from vidu_demo.api.errors import Charged
from vidu_demo.api.refusals import NotFound
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs import files
from vidu_demo.jobs.job import SIMULATOR, Job, JobState, Payer
from vidu_demo.media import clip
from vidu_demo.settings import Settings
from vidu_demo.simulator import Fault
from vidu_demo.studio import Studio

# Fetching


def test_a_link_that_has_expired_is_requested_again(bench: Bench) -> None:
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


# Where a link may lead


@pytest.mark.parametrize("link", ["https://10.0.0.1/v.mp4?{}", "http://8.8.8.8/v.mp4?{}"])
def test_a_link_that_is_refused_leaves_the_video_to_be_fetched(bench: Bench, link: str) -> None:
    bench.simulator.transform = lambda body: {
        **body,
        "videos": [{"video_url": link.format("q-sign=5ecre7")} for _ in body["videos"]],
    }
    job = bench.says(bench.start(), "not a public https address")
    assert (job.state, job.charged) == (JobState.SAVING, Charged.YES)
    assert "VIDU_MEDIA_HOSTS" in job.next_step
    assert "5ecre7" not in f"{job}"
    bench.simulator.transform = None
    bench.done(job)
    assert bench.simulator.submit_count == 1


def test_the_settings_say_what_else_may_be_reached(tmp_path: Path) -> None:
    around = {"VIDU_DATA_DIR": str(tmp_path), "VIDU_MEDIA_HOSTS": "cdn.lan, 10.0.0.9"}
    for payer, backend, key, here in (
        (Payer.HOST, BASE_URL, "k", False),
        (Payer.SIMULATOR, SIMULATOR, "", True),
    ):
        settings = Settings.from_environment({**around, "NOVITA_API_KEY": key})
        job = replace(JOB, payer=payer, backend=backend)
        with closing(Studio(settings)) as studio:
            reach = studio.runner._accounts.client_for(job).reach
        assert reach.loopback is here
        assert reach.admits("http", "cdn.lan", "10.0.0.1") is not here


# What comes with a video


def settings_beside(bench: Bench, job: Job) -> Any:
    beside = bench.file(job).with_suffix(".json")
    return json.loads(beside.read_text(encoding="utf-8"))


def test_a_video_is_measured(bench: Bench) -> None:
    done = bench.done(bench.start())
    facts = clip.facts(bench.file(done))
    assert done.facts == asdict(facts)
    assert done.facts["height"] == 90
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
    assert set(asked) == set(VideoRequest.model_fields) - {"images"}
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


@pytest.mark.parametrize("name", ["write_settings", "facts", "still"])
def test_what_is_good_to_have_never_holds_a_video_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(clip, name, fails)
    done = bench.done(bench.start(images=["https://example.com/a.jpg"]))
    assert (done.message, done.charged) == ("", None)
    assert (done.facts is None) == (name == "facts")
    assert (bench.runner.still(done) is None) == (name == "still")
    assert settings_beside(bench, done)["task_id"] == done.task_id
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in warned if "a mistake" in record.getMessage()]
    assert bench.simulator.download_count == 1


def test_a_full_disk_after_the_download_does_not_hold_the_video_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_text = Path.write_text

    def full(path: Path, text: str, **options: Any) -> int:
        if path.name not in ("request.json", "uploads.json", "names.json"):
            raise OSError(28, "No space left on device")
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    done = bench.done(bench.start())
    assert not bench.file(done).with_suffix(".json").exists()
    assert "No space left on device" in caplog.text


# Thumbnails and stills


def colour(path: Path | None, side: int = 512) -> tuple[int, int, int]:
    assert path
    with Image.open(path) as image:
        assert image.format == "WEBP"
        assert max(image.size) == side
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
        assert image.size == (512, 307)
    assert bench.simulator.submit_count == 0


def test_a_still_of_the_video_stands_for_a_job_once_there_is_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SMALL_SIDE", 128)  # so that the clip is larger
    bench.simulator.faults["download"] = [Fault(delay=0.3)]
    pictured = bench.start(images=[picture()])
    thumbnail = bench.videos / pictured.id / "thumbnail.webp"
    assert bench.runner.still(pictured) == thumbnail
    linked = bench.start("another click", images=["https://example.com/a.jpg", picture()])
    adopted = bench.runner.adopt(task_in(bench), owner=OWNER)
    for job in (pictured, linked, adopted):
        done = bench.done(job)
        assert bench.runner.thumbnail(done) == (thumbnail if job is pictured else None)
        path = bench.videos / job.id / "still.webp"
        assert bench.runner.still(done) == path
        with Image.open(io.BytesIO(clip.still(bench.file(done), 128, "PNG"))) as middle:
            there = middle.convert("RGB").getpixel((5, 5))
        assert isinstance(there, tuple)
        shown = colour(path, 128)
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
