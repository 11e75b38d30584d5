"""The next video from one that is there: the same settings, a new seed, its last frame, a clip."""

import base64
import re
from pathlib import Path

import pytest
from page_fixtures import (
    App,
    Maker,
    Visitor,
    asked_by,
    picture_of,
    until,
    without,
)
from PIL import Image, ImageChops
from playwright.sync_api import expect
from shelf_fixtures import Shelf, skip

from vidu_demo import VideoRequest
from vidu_demo.media.clip import first_frame, last_frame
from vidu_demo.simulator import Fault, Simulator

pytestmark = pytest.mark.usefixtures("small_videos")


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and not ImageChops.difference(one, other).getbbox()


def test_settings_are_used_again_and_a_video_goes_on(
    visitor: Visitor,
    app: App,
    api: Simulator,
    pngs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The second click follows soon, but is meant.
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.DOUBLE_CLICK_SECONDS", 0.0)
    maker = Shelf(app, visitor)
    (job,) = maker.done(maker.start(pngs["blue"], "Slow orbit.", seed=5, watermark=True))
    maker.open(job.id)
    before = api.submit_count
    visitor.fold_out("Or use picture URLs")
    addresses = visitor.field("Picture URLs")
    addresses.fill("https://example.com/cat.jpg")
    visitor.choice("3").check()
    visitor.more("Use these settings")
    expect(visitor.choice("1")).to_be_checked()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.field("Seed")).to_have_value("5")
    expect(visitor.choice("Watermark")).to_be_checked()
    expect(addresses).to_have_value("")
    expect(visitor.price).to_have_text("Estimate $0.04")
    expect(visitor.make).to_be_enabled()
    visitor.page.reload()  # the picture is the form's own now
    expect(visitor.thumbnails).to_have_count(1)
    visitor.make.click()
    until(lambda: api.submit_count == before + 1)
    expect(visitor.rows).to_have_count(2)
    asked, again = api.submits[before - 1 :]
    assert again == asked
    assert asked["seed"] == 5
    visitor.row("Slow orbit.").last.locator(".open").click()
    expect(visitor.task_id).to_have_text(str(job.task_id))

    visitor.more("With a new seed")
    expect(visitor.field("Seed")).to_have_value("")
    expect(visitor.prompt).to_have_value("Slow orbit.")
    visitor.make.click()
    until(lambda: api.submit_count == before + 2)
    new = api.submits[-1]
    assert without(new, "seed") == without(asked, "seed")
    assert new["seed"] not in (0, 5)
    expect(visitor.rows).to_have_count(3)

    visitor.fold_out("Or use picture URLs")
    addresses.fill("https://example.com/cat.jpg")
    visitor.row("Slow orbit.").last.locator(".open").click()
    expect(visitor.task_id).to_have_text(str(job.task_id))
    visitor.button("Continue from last frame").click()
    expect(visitor.tile).to_contain_text("First frame as sent: 120 × 90")
    expect(addresses).to_have_value("")
    visitor.make.click()
    until(lambda: api.submit_count == before + 3)
    last = last_frame(app.studio.videos / job.id / str(job.video))
    assert same(picture_of(api.submits[-1]), last)


def test_video_is_continued_with_its_own_settings(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    maker = Shelf(app, visitor)
    (job,) = maker.done(maker.start(pngs["blue"], "Slow orbit.", seed=5, watermark=True))
    maker.open(job.id)
    before = api.submit_count
    visitor.fill(pngs["red"], pngs["green"], prompt="Something else.")
    visitor.choice("2").check()
    visitor.field("Duration").fill("7")
    visitor.button("Continue from last frame").click()
    hint = visitor.page.get_by_text("What happens next?")
    expect(hint).to_be_visible()
    expect(visitor.prompt).to_be_focused()
    expect(visitor.prompt).to_have_value("Slow orbit.")
    chosen = "box => box.value.slice(box.selectionStart, box.selectionEnd)"
    until(lambda: visitor.prompt.evaluate(chosen) == "Slow orbit.")
    visitor.page.keyboard.type("It lands.")
    expect(visitor.prompt).to_have_value("It lands.")
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.choice("2")).to_be_checked()
    expect(visitor.field("Duration")).to_have_value("1")
    expect(visitor.field("Seed")).to_have_value("")
    visitor.button("Make 2 · $0.08").click()
    until(lambda: api.submit_count == before + 2)
    for sent in api.submits[-2:]:
        assert without(sent, "images", "seed", "prompt") == without(
            api.submits[before - 1], "images", "seed", "prompt"
        )
        assert sent["prompt"] == "It lands."

    visitor.more("Use these settings")
    expect(hint).to_have_count(0)


def test_a_paused_video_can_still_be_continued_from_its_end_or_deleted(
    visitor: Visitor, app: App
) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    job = shelf.play("heron")
    shelf.open(job.id)
    last = page.locator("#shown [data-do=last]")
    expect(visitor.button("Continue from last frame")).to_be_visible()
    expect(last).to_be_hidden()
    visitor.video.evaluate("video => { video.pause(); video.currentTime = 0.4; }")
    expect(visitor.button("Continue from 0.4 s")).to_be_visible()
    with page.expect_request(app.calls("go_on")) as asked:
        visitor.more("Continue from last frame")
    assert asked_by(asked.value)[0] is None  # no time, so the last frame
    expect(visitor.page.get_by_text("What happens next?")).to_be_visible()
    visitor.more("Delete")
    said, undo = page.locator("#leaving"), page.locator("#history [data-do=undo]")
    expect(said).to_have_text(re.compile("1 video will be deleted in [1-8] s."))
    expect(said).to_be_in_viewport()
    expect(undo).to_be_focused()
    undo.click()
    expect(said).to_be_hidden()
    with page.expect_request(app.calls("delete")):
        visitor.more("Delete")
        skip(page, 8)
    expect(visitor.rows).to_have_count(0)
    assert not app.studio.runner.jobs(shelf.owner)
    assert not (app.studio.videos / job.id).exists()


def test_settings_of_what_was_not_bought_leave_the_forms_pictures_alone(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    note = visitor.page.get_by_text("its pictures were not kept")
    api.faults["submit"] = [Fault(403, {"reason": "NOT_ENOUGH_BALANCE"})]
    visitor.fill(pngs["red"], prompt="Too expensive.")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    (job,) = app.studio.runner.jobs(Maker(app, visitor).owner)
    until(lambda: not app.studio.runner.file(job, "request.json").exists())
    visitor.prompt.fill("Something else.")
    visitor.button("Use these settings").click()
    expect(visitor.prompt).to_have_value("Too expensive.")
    expect(visitor.thumbnails).to_have_count(1)
    expect(note).to_be_visible()
    before = api.submit_count
    visitor.make.click()
    until(lambda: api.submit_count == before + 1)
    first, again = api.submits[-2:]
    assert without(again, "seed") == without(first, "seed")
    expect(visitor.headline).to_have_text(re.compile("^Done"))
    visitor.more("Use these settings")
    expect(note).to_be_hidden()


def drop(visitor: Visitor, file: Path) -> None:
    """Drop a file on the page, beside the place for pictures."""
    data = base64.b64encode(file.read_bytes()).decode()
    dropped = visitor.page.evaluate_handle(
        """([data, name]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, {type: 'video/mp4'}));
            return transfer;
        }""",
        [data, file.name],
    )
    visitor.page.locator("h1").dispatch_event("drop", {"dataTransfer": dropped, "bubbles": True})


def test_clip_of_this_page_restores_the_form_and_another_gives_its_first_frame(
    visitor: Visitor,
    app: App,
    api: Simulator,
    clip: bytes,
    pngs: dict[str, Path],
    tmp_path: Path,
) -> None:
    settings = {
        "duration": 2,
        "resolution": "540p",
        "seed": 42,
        "audio": True,
        "voice_id": "English_Graceful_Lady",
        "bgm": True,
        "movement_amplitude": "high",
        "off_peak": False,
        "watermark": True,
    }
    assert {"images", "prompt", *settings} == set(VideoRequest.model_fields)
    maker = Shelf(app, visitor)
    (job,) = maker.done(maker.start(pngs["green"], "Sie “blinzelt”.\nLangsam.", **settings))
    made, before = api.submits[-1], api.submit_count
    maker.open(job.id)
    with visitor.page.expect_download() as started:
        visitor.rows.get_by_role("link", name="Download").click()
    film = tmp_path / started.value.suggested_filename
    started.value.save_as(film)
    visitor.fold_out()
    visitor.choice("Off-peak").check()

    drop(visitor, film)
    expect(
        visitor.page.get_by_text(
            "The video's settings are now in the form, with its first frame as the picture."
        )
    ).to_be_visible()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.choice("Off-peak")).not_to_be_checked()
    expect(visitor.field("Voice")).to_have_value("Graceful Lady · English_Graceful_Lady")
    visitor.make.click()
    until(lambda: api.submit_count == before + 1)
    sent = api.submits[-1]
    assert without(sent, "images") == without(made, "images")
    assert same(picture_of(sent), first_frame(film))

    visitor.button("Remove").click()
    expect(visitor.button("Add a picture")).to_be_enabled()
    visitor.prompt.fill("The cat blinks.")
    foreign, broken = tmp_path / "holiday.mp4", tmp_path / "broken.mp4"
    foreign.write_bytes(clip)
    broken.write_bytes(clip[:500])
    visitor.upload(broken)
    expect(
        visitor.page.get_by_text("“broken.mp4”: This file can't be opened as a video.")
    ).to_be_visible()
    expect(visitor.thumbnails).to_have_count(0)
    expect(visitor.button("Add a picture")).to_be_enabled()
    visitor.upload(foreign)
    expect(
        visitor.page.get_by_text(
            "This video has no settings from this page; its first frame is now the picture."
        )
    ).to_be_visible()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.prompt).to_have_value("The cat blinks.")
    expect(visitor.field("Duration")).to_have_value("2")
    visitor.make.click()
    until(lambda: api.submit_count == before + 2)
    assert same(picture_of(api.submits[-1]), first_frame(foreign))
