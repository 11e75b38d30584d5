"""The studio around the form, in a real browser: what helps before a video, and after it."""

import base64
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from conftest import DEFAULTS
from page_fixtures import DONE, KEY, App, Visitor, free_port, until
from PIL import Image, ImageChops
from playwright.sync_api import Locator, Request, expect

from vidu_demo import VideoRequest
from vidu_demo.api.images import prepare
from vidu_demo.examples import EXAMPLES, FINISHED
from vidu_demo.jobs.ledger import Job, JobState, LedgerFailed
from vidu_demo.media.clip import first_frame, last_frame
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.ui.browser import permalink
from vidu_demo.ui.browser.visitor import Visitors

SMALL = {"duration": 1, "resolution": "540p"}
RUNNING = ["TASK_STATUS_PROCESSING"]
"""What the simulator says of every task, until it is told otherwise."""


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask about tasks, which take a second here, when they should be done."""
    monkeypatch.setattr("vidu_demo.jobs.follower.FIRST_WAIT", 1.1)
    monkeypatch.setattr("vidu_demo.api.pacing.LONGEST_GAP", 1.0)


# What a test does or looks at


def listener(app: App, name: str) -> int:
    """Find a listener of the page by its name."""
    (found,) = [d["id"] for d in app.demo.config["dependencies"] if d["api_name"] == name]
    return int(found)


def calls(app: App, name: str) -> Callable[[Request], bool]:
    """Tell the calls of a listener from other requests."""
    index = f'"fn_index":{listener(app, name)},'
    return lambda request: request.method == "POST" and index in (request.post_data or "")


def asked_by(request: Request) -> list[Any]:
    """Read what the browser sent to a listener."""
    return list(json.loads(request.post_data or "")["data"])


def call(
    app: App, name: str, *, headers: dict[str, str] | None = None, event: Any = None, **values: Any
) -> str:
    """Call a listener as anybody can, over plain HTTP."""
    question = app.question(name, event=event, **values)
    url = app.url + "gradio_api/run/predict"
    return requests.post(url, json=question, headers=headers, timeout=10).text


class Maker:
    """Has videos made for a visitor without a click."""

    def __init__(self, app: App, visitor: Visitor) -> None:
        self.runner, self.visitor = app.studio.runner, visitor
        self.owner = Visitors(app.studio.secret).owner({"token": visitor.token})

    def start(self, picture: Path, prompt: str, **settings: Any) -> str:
        request = VideoRequest(images=[picture], prompt=prompt, **{**SMALL, **settings})
        job = self.runner.start(request, owner=self.owner, idempotency_key=f"{self.owner} {prompt}")
        return job.id

    def done(self, *jobs: str) -> list[Job]:
        """Wait for videos, and give their jobs back."""
        until(lambda: all(self._job(job).state == JobState.DONE for job in jobs), seconds=30)
        return [self._job(job) for job in jobs]

    def show(self) -> None:
        """Have the page know of them."""
        self.visitor.page.reload()
        expect(self.visitor.page.locator("#history li").first).to_be_visible()

    def _job(self, job: str) -> Job:
        look = self.runner.look(job, self.owner)
        assert look
        return look.job


def rows(visitor: Visitor) -> Locator:
    return visitor.page.locator("#history li")


def row(visitor: Visitor, prompt: str) -> Locator:
    return rows(visitor).filter(has_text=prompt)


def price(visitor: Visitor) -> Locator:
    return visitor.page.locator("#price strong")


def facts(visitor: Visitor) -> Locator:
    """Find what the file was measured to be."""
    return visitor.status.locator("dt:text-is('Video') + dd")


def draft(visitor: Visitor) -> Locator:
    return visitor.page.locator("#draft")


def small(visitor: Visitor) -> None:
    """Choose the smallest video."""
    visitor.field("Duration").fill("1")
    visitor.choice("540p").check()
    expect(price(visitor)).to_contain_text("$0.04")


def picture_of(body: Any) -> Image.Image:
    """Open the one picture that was sent."""
    (uri,) = body["images"]
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and not ImageChops.difference(one, other).getbbox()


def without(body: Any, *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


# The first visit


def test_first_visit_shows_what_the_simulator_made_and_claims_no_model(
    visitor: Visitor, api: Simulator
) -> None:
    before = api.submit_count
    expect(visitor.page.locator(".payer")).to_have_text(
        "Videos are made by Vidu Q2 Pro at Novita and charged to your key."
    )
    expect(visitor.page.locator("#price")).to_contain_text("Charged to your key.")
    expect(visitor.headline).to_have_text("An example")
    expect(visitor.status).to_contain_text(
        "Made by the simulator on a machine like this: no model was used."
    )
    expect(visitor.status).to_contain_text(FINISHED.example.settings["prompt"])
    expect(visitor.page.locator("#video")).to_contain_text("An example, made by the simulator")
    assert visitor.video.evaluate("v => v.paused")
    shown = visitor.video.evaluate("async v => (await (await fetch(v.src)).blob()).size")
    assert shown == FINISHED.clip.stat().st_size

    example = EXAMPLES[1]
    visitor.button(example.name).click()
    expect(visitor.prompt).to_have_value(example.settings["prompt"])
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.choice("Sound")).to_be_checked()
    visitor.make.click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert body == {
        "images": [prepare(example.picture).data_uri],
        **DEFAULTS,
        **example.settings,
        "seed": int(visitor.seed.inner_text()),
    }
    expect(visitor.page.locator("#video")).not_to_contain_text("An example")


@pytest.fixture(scope="module")
def simulated(app: App) -> Iterator[str]:
    """The address of a page that uses no model."""
    from vidu_demo.ui.launch import launch
    from vidu_demo.ui.page import build

    demo = build(app.studio.runner, simulated=True)
    _, url, _ = launch(
        demo,
        videos=app.studio.videos,
        prevent_thread_lock=True,
        quiet=True,
        server_name="127.0.0.1",
        server_port=free_port(),
    )
    yield url
    demo.close(verbose=False)


def test_page_says_who_pays(visit: Callable[..., Visitor], app: App, simulated: str) -> None:
    visitor = visit(url=simulated)
    expect(visitor.page.locator(".payer")).to_have_text(
        "Simulated: videos are made on this machine, no model is used and nothing is charged."
    )
    expect(visitor.page.locator("#price strong")).to_have_text("Would cost about $0.275")
    expect(visitor.page.locator("#price")).to_contain_text("Simulated: nothing is charged.")

    for afar in ({"Via": "1.1 a-proxy"}, {"X-Forwarded-For": "203.0.113.7"}):
        answer = call(app, "welcome", headers=afar)
        line = "Videos are made by Vidu Q2 Pro at Novita and charged to the host's key."
        assert line in unescape(answer)


# Before a video


def test_what_is_too_long_is_padded_or_cropped_first(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    before = api.submit_count
    framing = visitor.page.locator("#first-frame")
    visitor.fill(pngs["red"], prompt="Pan to the right.")
    expect(framing).to_contain_text("First frame, as it is sent: 320 × 240 (4:3).")
    expect(framing).to_contain_text("The video will be 960 × 720.")
    visitor.choice("1080p").check()
    expect(framing).to_contain_text("The video will be 1440 × 1080.")
    small(visitor)
    expect(framing).to_contain_text("The video will be 720 × 540.")

    panorama = tmp_path / "panorama.png"
    Image.linear_gradient("L").resize((1000, 200)).convert("RGB").save(panorama)
    for way, size in (("Pad it", (1000, 250)), ("Crop it", (800, 200))):
        visitor.button("Delete image").click()
        visitor.upload(panorama)
        too_long = visitor.button("Pad or crop the picture")
        expect(too_long).to_be_disabled()
        expect(framing).to_contain_text("This picture is too wide")
        expect(draft(visitor)).not_to_be_visible()
        sent = api.submit_count
        too_long.dispatch_event("click")
        visitor.page.wait_for_timeout(200)
        assert api.submit_count == sent
        visitor.button(way).click()
        expect(framing).to_contain_text(f"{size[0]} × {size[1]} (4:1)")
        expect(visitor.button(way)).not_to_be_visible()
        visitor.make.click()
        until(lambda sent=sent: api.submit_count == sent + 1)
        assert picture_of(api.submits[-1]).size == size
    assert api.submit_count == before + 2


def test_words_that_help_and_the_keyboard(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fold_out("Prompt ideas")
    chip = visitor.button("Slow push-in.")
    counter = visitor.page.locator("#counter")
    visitor.prompt.fill("The cat blinks.")
    expect(counter).to_have_text("15 of 2000 characters")
    chip.click()
    expect(visitor.prompt).to_have_value("The cat blinks. Slow push-in.")
    expect(counter).to_have_text("29 of 2000 characters")
    expect(chip).to_have_attribute("aria-pressed", "true")
    sound_is_off = visitor.page.get_by_text("Sound is off, so words about sound have no effect.")
    expect(sound_is_off).not_to_be_visible()
    visitor.button("Birdsong.").click()
    expect(sound_is_off).to_be_visible()
    chip.click()
    expect(visitor.prompt).to_have_value("The cat blinks. Birdsong.")
    expect(chip).to_have_attribute("aria-pressed", "false")
    visitor.prompt.fill("x" * 2001)
    expect(counter).to_have_text("2001 of 5000 characters")

    keyboard = visitor.page.keyboard
    visitor.prompt.press("Control+Enter")  # without a picture the button is off
    visitor.page.wait_for_timeout(300)
    visitor.fill(pngs["red"], prompt="The cat blinks.")
    small(visitor)
    visitor.prompt.focus()
    assert api.submit_count == before
    clicks: list[Request] = []
    is_click = calls(app, "submit")
    visitor.page.on("request", lambda request: is_click(request) and clicks.append(request))
    keyboard.down("Control")
    for _ in range(3):  # held down, so that the keyboard repeats it by itself
        keyboard.down("Enter")
        visitor.page.wait_for_timeout(400)
    keyboard.up("Enter")
    keyboard.up("Control")
    expect(visitor.headline).to_have_text(DONE)
    assert len(clicks) == 1
    assert api.submit_count == before + 1
    expect(facts(visitor)).to_have_text("720 × 540, 1.0 s, 24 frames a second, silent")
    expect(visitor.status.locator(".difference")).to_have_count(0)
    expect(visitor.prompt).to_have_value("The cat blinks.")


# Several videos, and a cheap one first


def test_takes_buy_what_the_button_says_once(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    small(visitor)
    visitor.fold_out()
    visitor.field("Seed").fill("7")
    visitor.choice("3").check()
    expect(price(visitor)).to_have_text("Estimate $0.12 for 3 videos")
    make = visitor.button("Make 3 videos")
    with visitor.page.expect_request(calls(app, "submit")) as clicked:
        make.evaluate("button => { for (let n = 0; n < 5; n++) button.click(); }")
    expect(rows(visitor)).to_have_count(3)
    expect(make).to_be_enabled()
    expect(visitor.page).to_have_title("Your video is done · Vidu Q2 Pro")
    bodies = api.submits[before:]
    assert sorted(body["seed"] for body in bodies) == [7, 8, 9]
    form = {**DEFAULTS, **SMALL, "images": [prepare(pngs["red"]).data_uri]}
    assert [without(body, "seed") for body in bodies] == [{**form, "prompt": "Slow push-in."}] * 3

    # The same click, sent again by a program or a proxy, after all is done.
    question = json.loads(clicked.value.post_data or "")
    for _ in range(2):
        answer = requests.post(clicked.value.url, json=question, timeout=10)
        assert answer.ok
    with visitor.page.expect_request(calls(app, "welcome")) as asked:
        visitor.page.reload()
    expect(rows(visitor)).to_have_count(3)
    assert api.submit_count == before + 3
    receipts = asked_by(asked.value)[-1]  # the browser has noted all of them
    assert sorted(receipt["request"]["seed"] for receipt in receipts) == [7, 8, 9]


def test_each_picture_makes_a_video(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.runner.DOUBLE_CLICK_SECONDS", 0.1)
    before = api.submit_count
    visitor.fill(pngs["red"], pngs["green"], prompt="Slow push-in [600 s]")
    small(visitor)
    visitor.choice("one for each picture").check()
    expect(price(visitor)).to_have_text("Estimate $0.08 for 2 videos")
    visitor.button("Make 2 videos").click()
    until(lambda: api.submit_count == before + 2)
    pictures = [prepare(pngs[name]).data_uri for name in ("red", "green", "blue")]
    assert sorted(body["images"] for body in api.submits[before:]) == sorted(
        [picture] for picture in pictures[:2]
    )
    expect(visitor.button("Make 2 videos")).to_be_enabled()

    # Of the next two, the second is being made already: nothing is sent, and both are offered.
    visitor.button("Clear").click()
    visitor.upload(pngs["blue"], pngs["green"])
    expect(visitor.thumbnails).to_have_count(2)
    only_first = "All pictures are sent, but only the first is known to be used."
    expect(visitor.page.get_by_text(only_first)).not_to_be_visible()
    visitor.button("Make 2 videos").click()
    expect(visitor.headline).to_have_text("Not sent")
    expect(visitor.status).to_contain_text(
        "Already asked for and not finished: 1 of these 2 videos."
    )
    expect(visitor.status).to_contain_text("Nothing was charged.")
    expect(rows(visitor)).to_have_count(2)
    assert api.submit_count == before + 2
    visitor.button("Make 2 more anyway · $0.08").dblclick()
    expect(rows(visitor)).to_have_count(4)
    until(lambda: api.submit_count == before + 4)
    assert [body["images"] for body in sorted(api.submits[-2:], key=str)] == sorted(
        [[picture] for picture in pictures[1:]], key=str
    )
    visitor.page.wait_for_timeout(500)
    assert api.submit_count == before + 4


def test_click_buys_what_its_button_says_or_nothing(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    small(visitor)
    # Quicker than the answer that names the new price.
    visitor.page.evaluate(
        """() => {
            document.querySelector('#takes input[value="4"]').click();
            document.querySelector('#make').click();
        }"""
    )
    expect(visitor.headline).to_have_text("Not sent")
    expect(visitor.status).to_contain_text("The form had just changed, so nothing was sent.")
    expect(price(visitor)).to_have_text("Estimate $0.16 for 4 videos")
    assert api.submit_count == before
    # Less than was announced may be bought at once.
    visitor.page.evaluate(
        """() => {
            document.querySelector('#takes input[value="2"]').click();
            document.querySelector('#make').click();
        }"""
    )
    expect(rows(visitor)).to_have_count(2)
    until(lambda: api.submit_count == before + 2)


def test_second_one_is_what_was_held_back_whatever_the_form_says(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.runner.DOUBLE_CLICK_SECONDS", 0.1)
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in [600 s]")
    visitor.fold_out()
    visitor.field("Seed").fill("11")
    visitor.choice("2").check()
    expect(price(visitor)).to_have_text("Estimate $0.55 for 2 videos")
    draft(visitor).click()
    expect(visitor.task_id).to_be_visible()
    draft(visitor).click()
    expect(visitor.headline).to_have_text("Not sent")
    visitor.prompt.fill("Something else.")
    visitor.choice("1080p").check()
    expect(price(visitor)).to_have_text("Estimate $1.15 for 2 videos")
    visitor.button("Make a second one anyway · $0.075").click()
    expect(rows(visitor)).to_have_count(2)
    expect(visitor.button("Make a second one anyway · $0.075")).not_to_be_visible()
    until(lambda: api.submit_count == before + 2)
    first, second = api.submits[before:]
    assert second == first
    assert (second["resolution"], second["duration"], second["seed"]) == ("540p", 3, 11)


def test_who_has_no_name_buys_nothing(app: App, api: Simulator) -> None:
    """Nobody could find again what they would buy."""
    before = api.submit_count
    form = {"urls": "https://example.com/a.jpg", "prompt": "Push-in.", "duration": 1}
    form |= {"resolution": "540p", "audio": False, "voice_id": "", "bgm": False, "takes": 1}
    form |= {"movement_amplitude": "auto", "off_peak": False, "watermark": False}
    click = {"nonce": "nonce", "announced": {"videos": [1, 40]}, **form}
    token = app.token()["token"]
    forged = ["", "x" * 8, "\ud800" * 30, "A" * 24, token[:-1], token[1:], token + "0", f".{token}"]
    forged += [token.replace(".", "A."), token.partition(".")[0], "." + "0" * 64]
    for state in ({}, [], 7, {"token": [token]}, *({"token": text} for text in forged)):
        answer = call(app, "submit", visitor=state, **click)
        assert "Reload it." in answer
    assert api.submit_count == before
    assert "error" not in call(app, "submit", visitor={"token": token}, **click)
    until(lambda: api.submit_count == before + 1)


def test_list_that_cannot_be_read_claims_nothing_and_comes_back(
    visit: Callable[..., Visitor],
    app: App,
    api: Simulator,
    pngs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def locked(*_: Any, **__: Any) -> list[Job]:
        raise LedgerFailed("The list of jobs can't be read: it is locked.")

    before, ledger = api.submit_count, app.studio.runner._ledger
    visitor = visit()
    visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "for_owner", locked)
        expect(visitor.headline).to_have_text("Out of sight")
        expect(visitor.status).to_contain_text("No video is lost.")
        expect(visitor.status).not_to_contain_text("charged")
        visitor.prompt.fill("Another one [600 s]")
        expect(visitor.make).to_be_enabled()
        visitor.make.click()
        until(lambda: api.submit_count == before + 2)
        expect(visitor.headline).to_have_text("Out of sight")
        guest = visit()
        expect(guest.headline).to_have_text("Out of sight")
        expect(guest.page.locator("h1")).to_be_visible()
    expect(rows(visitor)).to_have_count(2)
    expect(visitor.status.locator("progress")).to_be_visible()
    expect(visitor.status.locator(".prompt")).to_have_text("Another one [600 s]")
    expect(guest.headline).to_have_text("An example")
    assert api.submit_count == before + 2


def test_draft_comes_first_and_leaves_the_form_alone(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["green"], prompt="Slow orbit.")
    visitor.choice("2").check()
    visitor.fold_out()
    visitor.field("Seed").fill("11")
    visitor.choice("Watermark").check()
    expect(price(visitor)).to_have_text("Estimate $0.55 for 2 videos")
    expect(draft(visitor)).to_have_text("Draft first · $0.075")
    draft(visitor).click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert body == {
        **DEFAULTS,
        "images": [prepare(pngs["green"]).data_uri],
        "prompt": "Slow orbit.",
        "seed": 11,
        "watermark": True,
        "duration": 3,
        "resolution": "540p",
    }
    expect(visitor.field("Duration")).to_have_value("5")
    expect(visitor.choice("720p")).to_be_checked()
    expect(price(visitor)).to_have_text("Estimate $0.55 for 2 videos")
    visitor.choice("540p").check()
    visitor.field("Duration").fill("3")
    expect(draft(visitor)).not_to_be_visible()


# The visitor's videos


def test_videos_are_found_downloaded_opened_and_compared(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    maker = Maker(app, visitor)
    names = ["heron", "otter", "badger", "marten", "lynx"]
    done = maker.done(
        *(
            maker.start(pngs["red"], f"The {name} turns.", seed=number)
            for number, name in enumerate(names, 1)
        )
    )
    api.statuses = RUNNING
    maker.start(pngs["green"], "The last one.")
    maker.show()
    expect(rows(visitor)).to_have_count(6)
    search = visitor.page.locator("#search input, #search textarea")
    search.fill("HERON")
    expect(rows(visitor)).to_have_count(1)
    expect(rows(visitor)).to_contain_text("The heron turns.")
    expect(visitor.status.locator("progress")).to_be_visible()
    api.statuses = None
    expect(visitor.headline).to_have_text(DONE)
    expect(rows(visitor)).to_have_count(1)
    search.fill("no such animal")
    expect(visitor.page.locator("#history")).to_contain_text("Nothing found.")

    search.fill("heron")
    expect(rows(visitor)).to_have_count(1)
    with visitor.page.expect_download() as started:
        row(visitor, "heron").get_by_role("link", name="Download").click()
    (heron,) = (job for job in done if "heron" in job.request["prompt"])
    assert started.value.suggested_filename == heron.video
    started.value.save_as(tmp_path / "heron.mp4")
    kept = app.studio.videos / heron.id / str(heron.video)
    assert (tmp_path / "heron.mp4").read_bytes() == kept.read_bytes()
    row(visitor, "heron").locator(".open").click()
    expect(visitor.status).to_contain_text("The heron turns.")
    expect(visitor.task_id).to_have_text(str(heron.task_id))
    search.fill("")
    expect(rows(visitor)).to_have_count(6)

    row(visitor, "otter").get_by_role("button", name="Compare").click()
    compare = visitor.page.locator("#compare")
    expect(compare.locator("video")).to_have_count(2)
    compare.locator("video").last.evaluate(
        "async v => { while (v.readyState < 2) await new Promise(r => setTimeout(r, 50)) }"
    )
    lines = [line.split("\t") for line in compare.locator("tbody tr").all_inner_texts()]
    assert [line for line in lines if line[0] != "Done in"] == [
        ["Prompt", "The heron turns.", "The otter turns."],
        ["Seed", "1", "2"],
    ]
    visitor.button("Close").click()
    expect(compare).to_be_empty()


def test_deleting_asks_first_and_is_for_good(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    maker = Maker(app, visitor)
    stopped = maker.start(pngs["red"], "No longer watched [600 s]")
    until(lambda: maker.runner.stop(stopped, maker.owner))
    kept, gone = maker.done(
        maker.start(pngs["red"], "A video to keep."), maker.start(pngs["blue"], "A video to drop.")
    )
    maker.show()
    expect(visitor.page).to_have_url(re.compile(f"task={gone.task_id}$"))
    folder = app.studio.videos / gone.id
    assert (folder / str(gone.video)).is_file()

    may_run = row(visitor, "No longer watched").get_by_role("button", name="Delete")
    old_receipts = visitor.page.evaluate("localStorage.getItem('vidu-demo-tasks')")
    may_run.click()
    expect(may_run).to_have_text("It may still run. Delete?")
    delete = row(visitor, "to drop").get_by_role("button", name="Delete")
    delete.click()
    expect(may_run).to_have_text("Delete")
    expect(delete).to_have_text("Really delete?")
    visitor.prompt.focus()
    expect(delete).to_have_text("Delete")
    delete.click()
    expect(rows(visitor)).to_have_count(3)
    delete.click()
    expect(rows(visitor)).to_have_count(2)
    expect(rows(visitor).first).to_contain_text("A video to keep.")
    expect(visitor.page).to_have_url(re.compile(f"task={kept.task_id}$"))
    assert not folder.exists()
    with visitor.page.expect_request(calls(app, "welcome")) as asked:
        visitor.page.reload()
    expect(visitor.task_id).to_have_text(str(kept.task_id))
    expect(rows(visitor)).to_have_count(2)
    receipts = asked_by(asked.value)[-1]
    assert [receipt["request"]["prompt"] for receipt in receipts] == [
        "A video to keep.",
        "No longer watched [600 s]",
    ]
    # Another tab still had the receipt, and has written it back.
    visitor.page.evaluate("kept => localStorage.setItem('vidu-demo-tasks', kept)", old_receipts)
    visitor.page.reload()
    expect(visitor.task_id).to_have_text(str(kept.task_id))
    expect(rows(visitor)).to_have_count(2)


def test_settings_are_used_again_and_a_video_goes_on(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    maker = Maker(app, visitor)
    (job,) = maker.done(maker.start(pngs["blue"], "Slow orbit.", seed=5, watermark=True))
    maker.show()
    before = api.submit_count
    visitor.fold_out("Or give picture addresses")
    addresses = visitor.field("Picture URLs")
    addresses.fill("https://example.com/cat.jpg")
    visitor.choice("3").check()
    visitor.button("Use these settings").click()
    expect(visitor.choice("1")).to_be_checked()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.field("Seed")).to_have_value("5")
    expect(visitor.choice("Watermark")).to_be_checked()
    expect(addresses).to_have_value("")
    expect(price(visitor)).to_have_text("Estimate $0.04")
    visitor.page.reload()  # the picture is the form's own now
    expect(visitor.thumbnails).to_have_count(1)
    visitor.make.click()
    until(lambda: api.submit_count == before + 1)
    expect(rows(visitor)).to_have_count(2)
    asked, again = api.submits[before - 1 :]
    assert again == asked
    assert asked["seed"] == 5
    row(visitor, "Slow orbit.").last.locator(".open").click()
    expect(visitor.task_id).to_have_text(str(job.task_id))

    visitor.button("With a new seed").click()
    expect(visitor.field("Seed")).to_have_value("")
    expect(visitor.prompt).to_have_value("Slow orbit.")
    visitor.make.click()
    until(lambda: api.submit_count == before + 2)
    new = api.submits[-1]
    assert without(new, "seed") == without(asked, "seed")
    assert new["seed"] not in (0, 5)

    visitor.fold_out("Or give picture addresses")
    addresses.fill("https://example.com/cat.jpg")
    row(visitor, "Slow orbit.").last.locator(".open").click()
    expect(visitor.task_id).to_have_text(str(job.task_id))
    visitor.button("Continue from last frame").click()
    expect(visitor.page.locator("#first-frame")).to_contain_text(
        "First frame, as it is sent: 720 × 540"
    )
    expect(addresses).to_have_value("")
    visitor.make.click()
    until(lambda: api.submit_count == before + 3)
    last = last_frame(app.studio.videos / job.id / str(job.video))
    assert same(picture_of(api.submits[-1]), last)


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
    visitor.button("Use these settings").click()
    expect(note).to_be_hidden()


def test_a_link_to_a_task_says_that_one_more_is_too_many(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.runner.MOST_OPEN", 0)
    visitor.page = visitor.open("?task=some-task-id")
    expect(visitor.status).to_contain_text("You are already watching 0 tasks")


def test_video_whose_file_is_gone_is_fetched_again(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    maker = Maker(app, visitor)
    (job,) = maker.done(maker.start(pngs["blue"], "Slow orbit."))
    before, folder = api.submit_count, app.studio.videos / job.id
    shutil.rmtree(folder)
    maker.show()
    expect(visitor.status).to_contain_text("Its file is no longer here.")
    expect(visitor.button("Continue from last frame")).not_to_be_visible()
    visitor.button("Fetch it again").click()
    expect(visitor.video).to_be_visible()
    expect(visitor.headline).to_have_text(DONE)
    assert (folder / str(job.video)).is_file()
    assert api.submit_count == before


def test_jobs_of_others_stay_theirs(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    """Every listener can be called by anybody, with the id of any job."""
    maker = Maker(app, visitor)
    done = maker.start(pngs["blue"], "A secret wedding.", seed=770077)
    maker.done(done)
    api.statuses = RUNNING
    running = maker.start(pngs["blue"], "A secret funeral.", seed=78)
    until(lambda: maker._job(running).task_id)
    before, stranger = api.submit_count, app.token()
    for job in (done, running):
        tab = {"visitor": stranger, "shown": job}
        for name in (
            "look",
            "stop_watching",
            "watch_again",
            "use_settings",
            "use_settings_with_new_seed",
            "go_on",
        ):
            said = call(app, name, **tab)
            assert "error" not in said, name
            for secret in ("secret", "770077", str(maker._job(job).task_id), job + "/"):
                assert secret not in said.replace(f'"{job}"', ""), (name, secret)
        for do in ("open", "compare", "delete"):
            said = call(app, "use_list", event={"do": do, "job": job}, **tab)
            assert "error" not in said
            assert "secret" not in said
    assert maker._job(running).state == JobState.RUNNING
    assert maker._job(done).state == JobState.DONE
    assert (app.studio.videos / done).is_dir()
    assert api.submit_count == before


# Clips


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
    maker = Maker(app, visitor)
    maker.done(maker.start(pngs["green"], "Sie “blinzelt”.\nLangsam.", **settings))
    made, before = api.submits[-1], api.submit_count
    maker.show()
    with visitor.page.expect_download() as started:
        rows(visitor).get_by_role("link", name="Download").click()
    film = tmp_path / started.value.suggested_filename
    started.value.save_as(film)
    visitor.fold_out()
    visitor.choice("Off-peak").check()

    drop(visitor, film)
    expect(
        visitor.page.get_by_text(
            "The clip's settings are in the form; its first frame is the picture."
        )
    ).to_be_visible()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.choice("Off-peak")).not_to_be_checked()
    expect(visitor.field("Voice")).to_have_value("English_Graceful_Lady")
    visitor.make.click()
    until(lambda: api.submit_count == before + 1)
    sent = api.submits[-1]
    assert without(sent, "images") == without(made, "images")
    assert same(picture_of(sent), first_frame(film))

    visitor.button("Clear").click()
    expect(visitor.button("Add a picture")).to_be_disabled()
    visitor.prompt.fill("The cat blinks.")
    foreign, broken = tmp_path / "holiday.mp4", tmp_path / "broken.mp4"
    foreign.write_bytes(clip)
    broken.write_bytes(clip[:500])
    visitor.upload(broken)
    expect(visitor.page.get_by_text("“broken.mp4” can't be opened as a video.")).to_be_visible()
    expect(visitor.thumbnails).to_have_count(0)
    expect(visitor.button("Add a picture")).to_be_disabled()
    visitor.upload(foreign)
    expect(
        visitor.page.get_by_text(
            "This video carries no settings of this page; its first frame is the picture."
        )
    ).to_be_visible()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.prompt).to_have_value("The cat blinks.")
    expect(visitor.field("Duration")).to_have_value("2")
    visitor.make.click()
    until(lambda: api.submit_count == before + 2)
    assert same(picture_of(api.submits[-1]), first_frame(foreign))


def test_clip_that_is_not_what_was_asked_for_says_so(
    visitor: Visitor, api: Simulator, clip: bytes, pngs: dict[str, Path]
) -> None:
    # Whatever is asked for, a short and silent video comes.
    api.faults["download"] = [Fault(200, clip, {"Content-Type": "video/mp4"})] * 20
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.field("Duration").fill("3")
    visitor.choice("540p").check()
    visitor.fold_out()
    visitor.choice("Sound").check()
    expect(price(visitor)).to_have_text("Estimate $0.15")
    visitor.make.click()
    expect(visitor.status.locator(".difference")).to_have_text(
        [
            "Asked for 3 s; the video is 1.0 s long.",
            "Asked for sound; the video has no audio track.",
        ]
    )
    expect(facts(visitor)).to_contain_text("1.0 s, 24 frames a second, silent")


# The form elsewhere


def test_form_as_code_and_as_a_link(
    visit: Callable[..., Visitor], app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.fill(pngs["red"], prompt="The cat blinks twice.")
    visitor.fold_out("Or give picture addresses")
    addresses = visitor.field("Picture URLs")
    picture = "https://example.com/cat.jpg"
    addresses.fill(f"{picture}\nhttps://example.com/signed.jpg?sign=secret")
    visitor.field("Duration").fill("3")
    expect(price(visitor)).to_have_text("Estimate $0.175")
    visitor.fold_out("This form as code")
    for language in ("curl", "Python · requests", "Python · vidu_demo", "JavaScript"):
        visitor.page.get_by_role("tab", name=language, exact=True).click()
        panel = visitor.page.get_by_role("tabpanel")
        expect(panel).to_contain_text("red.png")
        panel.get_by_role("button", name="Copy").click()
        code = visitor.page.evaluate("navigator.clipboard.readText()")
        assert "The cat blinks twice." in code
        assert "NOVITA_API_KEY" in code or "ViduClient()" in code
        for private in (KEY, str(app.uploads), str(app.data)):
            assert private not in code

    visitor.button("Copy a link to this form").click()
    link = visitor.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{visitor.url}?")
    assert parse_qs(urlsplit(link).query) == {
        "prompt": ["The cat blinks twice."],
        "duration": ["3"],
        "image": [picture],
    }
    visitor.prompt.fill("Something else.")
    visitor.page.goto(link + "&seed=-1&resolution=4k")
    expect(visitor.prompt).to_have_value("The cat blinks twice.")
    expect(visitor.field("Duration")).to_have_value("3")
    expect(visitor.choice("720p")).to_be_checked()
    expect(visitor.make).to_be_enabled()
    expect(visitor.thumbnails).to_have_count(0)
    expect(visitor.page).to_have_url(visitor.url)
    visitor.fold_out("Or give picture addresses")
    expect(addresses).to_have_value(picture)
    visitor.prompt.fill("The cat yawns.")
    visitor.choice("540p").check()
    expect(price(visitor)).to_have_text("Estimate $0.075")
    visitor.page.reload()
    expect(visitor.prompt).to_have_value("The cat yawns.")
    assert api.submit_count == before


def test_link_leaves_out_what_may_be_secret() -> None:
    open_to_all = ["https://example.com/cat.jpg", "https://["]
    secrets = [
        "https://example.com/a.jpg?sign=x",
        "https://me:word@example.com/a.jpg",
        "photo.png",
    ]
    sketch = VideoRequest.unchecked(prompt="", images=[*secrets, *open_to_all])
    assert parse_qs(permalink.write(sketch)) == {permalink.PICTURES: open_to_all}


# Waiting

HEARD = """
window.chimes = 0;
window.AudioContext = class extends AudioContext {
  constructor() { super(); window.chimes += 1; }
};
window.told = [];
window.Notification = class {
  static permission = 'granted';
  static requestPermission() {}
  constructor(text) { window.told.push(text); }
};
window.away = false;
Object.defineProperty(document, 'hidden', {get: () => window.away});
Object.defineProperty(
  document, 'visibilityState', {get: () => window.away ? 'hidden' : 'visible'}
);
"""


def test_bell_rings_in_a_hidden_tab_too(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor = visit(script=HEARD)
    title = expect(visitor.page)
    title.to_have_title("Vidu Q2 Pro")
    api.statuses = RUNNING
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    small(visitor)
    visitor.make.click()
    bell = visitor.page.get_by_role("checkbox", name="Tell me when it is done")
    expect(bell).not_to_be_checked()
    title.to_have_title("1 running · Vidu Q2 Pro")
    assert visitor.page.evaluate("chimes") == 0
    bell.check()
    assert visitor.page.evaluate("chimes") == 1  # so that one knows how it sounds
    visitor.page.reload()
    expect(bell).to_be_checked()
    title.to_have_title("1 running · Vidu Q2 Pro")
    assert visitor.page.evaluate("[chimes, told]") == [0, []]
    visitor.page.evaluate("away = true")
    api.statuses = None
    title.to_have_title("Your video is done · Vidu Q2 Pro")
    expect(visitor.headline).to_have_text(DONE)
    assert visitor.page.evaluate("[chimes, told]") == [1, ["Your video is done"]]
    visitor.page.evaluate("away = false; dispatchEvent(new Event('focus'))")
    title.to_have_title("Vidu Q2 Pro")

    visitor.prompt.fill("Slow pull-back [600 s]")
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    visitor.button("Stop watching").click()
    title.to_have_title("No longer watched · Vidu Q2 Pro")


def test_usual_wait_is_said_after_three_like_videos(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    maker = Maker(app, visitor)
    like = {"duration": 4, "resolution": "540p"}  # nothing else here makes such videos
    maker.done(*(maker.start(pngs["red"], f"Number {n}.", **like) for n in range(2)))
    visitor.fill(pngs["red"], prompt="Number 3.")
    visitor.field("Duration").fill("4")
    visitor.choice("540p").check()
    expect(price(visitor)).to_have_text("Estimate $0.10")
    said = visitor.page.locator("#price")
    expect(said).not_to_contain_text("Usually")
    visitor.make.click()
    expect(visitor.headline).to_have_text(DONE)
    expect(said).to_contain_text(re.compile(r"Usually done in \d+ s here\."))
    visitor.field("Duration").fill("6")
    expect(said).not_to_contain_text("Usually")
