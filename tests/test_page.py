"""The page, in a real browser."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from conftest import DEFAULTS
from page_fixtures import COLOURS, DONE, SIZE, App, Visitor, until
from PIL import Image
from playwright.sync_api import Route, expect

from vidu_demo.api.images import prepare
from vidu_demo.simulator import Fault, Simulator

VIDEO_NAME = re.compile(r"^vidu-\d{4}-\d\d-\d\d-seed(\d+)-(\d+)s\.mp4$")


def colour_of(data_uri: str) -> str:
    """Name the colour of a sent picture."""
    kind, _, data = data_uri.partition(",")
    assert kind in ("data:image/png;base64", "data:image/jpeg;base64")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.size == SIZE
    middle = picture.convert("RGB").getpixel((SIZE[0] // 2, SIZE[1] // 2))
    distances = {
        name: sum(abs(a - b) for a, b in zip(middle, colour, strict=True))
        for name, colour in COLOURS.items()
    }
    return min(distances, key=distances.__getitem__)


def colours_of(body: Any) -> list[str]:
    return [colour_of(picture) for picture in body["images"]]


def refusing(status: int, reason: str, message: str = "") -> Fault:
    body = {"code": status, "reason": reason, "message": message, "metadata": {}}
    return Fault(status, body)


# What the form holds


def test_empty_page_says_what_is_missing(visitor: Visitor, pngs: dict[str, Path]) -> None:
    expect(visitor.button("Add a picture")).to_be_disabled()
    expect(visitor.headline).to_have_text("An example")
    expect(visitor.status).to_contain_text("Made by the simulator")
    expect(visitor.status).to_contain_text("Your own videos appear here.")
    expect(visitor.page.locator(".notice:visible")).to_have_count(0)
    visitor.upload(pngs["red"])
    expect(visitor.button("Write a prompt")).to_be_disabled()
    visitor.prompt.fill("  ")
    expect(visitor.button("Write a prompt")).to_be_disabled()
    visitor.prompt.fill("Slow push-in.")
    expect(visitor.make).to_be_enabled()
    visitor.button("Delete image").click()
    expect(visitor.button("Add a picture")).to_be_disabled()


def test_pictures_are_sent_in_the_order_that_is_shown(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], pngs["green"], pngs["blue"], prompt="Slow push-in.")
    visitor.thumbnails.nth(2).click()
    visitor.button("← Earlier").click()
    visitor.page.wait_for_timeout(300)
    visitor.button("← Earlier").click()
    visitor.page.wait_for_timeout(300)
    visitor.thumbnails.nth(1).click()
    visitor.button("Later →").click()
    visitor.page.wait_for_timeout(300)
    visitor.make.click()
    expect(visitor.headline).to_have_text(DONE)
    (body,) = api.submits[before:]
    assert colours_of(body) == ["blue", "green", "red"]


def test_what_is_sent_is_exactly_what_the_form_shows(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="The cat blinks, “slowly”.\nPush-in.")
    visitor.field("Duration").fill("3")
    visitor.choice("540p").check()
    visitor.fold_out()
    visitor.field("Seed").fill("42")
    visitor.choice("Sound").check()
    visitor.field("Voice").fill("English_Graceful_Lady")
    visitor.field("Voice").press("Enter")
    visitor.choice("Music").check()
    visitor.choice("high").check()
    visitor.choice("Off-peak").check()
    visitor.choice("Watermark").check()
    # 540p: 3 × 0.025, sound 0.075, off-peak half
    expect(visitor.page.locator("#price")).to_contain_text("Estimate $0.075")
    visitor.make.click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert body == {
        "images": [prepare(pngs["red"]).data_uri],
        "prompt": "The cat blinks, “slowly”.\nPush-in.",
        "duration": 3,
        "resolution": "540p",
        "seed": 42,
        "audio": True,
        "voice_id": "English_Graceful_Lady",
        "bgm": True,
        "movement_amplitude": "high",
        "off_peak": True,
        "watermark": True,
    }


def test_picture_addresses_are_sent_as_they_are(visitor: Visitor, api: Simulator) -> None:
    before = api.submit_count
    visitor.fold_out("Or give picture addresses")
    addresses = visitor.field("Picture URLs")
    addresses.fill("cat.jpg")
    visitor.prompt.fill("Slow push-in.")
    expect(visitor.button("“cat.jpg” is not a web address of a picture")).to_be_disabled()
    addresses.fill("https://example.com/a%20cat.jpg?x=1;y=2\n\n https://example.com/dog.png ")
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    expect(visitor.headline).to_have_text(DONE)
    seed = int(visitor.seed.inner_text())
    (body,) = api.submits[before:]
    assert body == {
        "images": ["https://example.com/a%20cat.jpg?x=1;y=2", "https://example.com/dog.png"],
        "prompt": "Slow push-in.",
        "seed": seed,
        **DEFAULTS,
    }


def test_picture_from_the_clipboard(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    data = base64.b64encode(pngs["green"].read_bytes()).decode()
    visitor.page.evaluate(
        """async (data) => {
            const blob = await (await fetch('data:image/png;base64,' + data)).blob();
            await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]);
        }""",
        data,
    )
    visitor.button("Paste from clipboard").click()
    expect(visitor.thumbnails).to_have_count(1)
    visitor.prompt.fill("Slow push-in.")
    visitor.make.click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert colours_of(body) == ["green"]


def test_picture_that_is_dropped(visitor: Visitor, pngs: dict[str, Path]) -> None:
    data = base64.b64encode(pngs["green"].read_bytes()).decode()
    dropped = visitor.page.evaluate_handle(
        """async (data) => {
            const blob = await (await fetch('data:image/png;base64,' + data)).blob();
            const transfer = new DataTransfer();
            transfer.items.add(new File([blob], 'dropped.png', {type: 'image/png'}));
            return transfer;
        }""",
        data,
    )
    zone = visitor.page.locator("#pictures [aria-label='Click to upload or drop files']").first
    zone.dispatch_event("drop", {"dataTransfer": dropped})
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.button("Write a prompt")).to_be_disabled()


def test_file_that_is_no_picture_is_told_apart_by_its_content(
    visitor: Visitor, tmp_path: Path, pngs: dict[str, Path]
) -> None:
    impostor = tmp_path / "holiday.png"
    impostor.write_text("a text that calls itself a picture")
    visitor.upload(impostor, pngs["blue"])
    expect(
        visitor.page.get_by_text("This file is not a picture in a format that works here.")
    ).to_be_visible()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.button("Write a prompt")).to_be_disabled()
    assert str(tmp_path) not in visitor.page.content()


def test_price_follows_the_form(visitor: Visitor) -> None:
    price = visitor.page.locator("#price strong")
    seconds = visitor.field("Duration")
    expect(price).to_have_text("Estimate $0.275")
    expect(visitor.page.locator("#price")).to_contain_text("2026-11")
    visitor.choice("540p").check()
    expect(price).to_have_text("Estimate $0.125")
    visitor.choice("1080p").check()
    expect(price).to_have_text("Estimate $0.575")
    seconds.fill("10")
    expect(price).to_have_text("Estimate $0.95")
    seconds.fill("1")
    expect(price).to_have_text("Estimate $0.275")
    visitor.fold_out()
    visitor.choice("Sound").check()
    expect(price).to_have_text("Estimate $0.35")
    visitor.choice("Music").check()
    visitor.choice("Off-peak").check()
    expect(price).to_have_text("Estimate $0.175")


def test_truths_about_choices_appear_and_go(visitor: Visitor, pngs: dict[str, Path]) -> None:
    def told(text: str) -> Any:
        return expect(visitor.page.get_by_text(text, exact=True))

    visitor.upload(pngs["red"])
    expect(visitor.thumbnails).to_have_count(1)
    told("All pictures are sent, but only the first is known to be used.").not_to_be_visible()
    visitor.upload(pngs["green"])
    told("All pictures are sent, but only the first is known to be used.").to_be_visible()
    visitor.fold_out()
    visitor.choice("Music").check()
    visitor.field("Duration").fill("9")
    told("Music has no effect on videos of 9 and 10 seconds.").to_be_visible()
    visitor.field("Duration").fill("8")
    told("Music has no effect on videos of 9 and 10 seconds.").not_to_be_visible()
    visitor.field("Voice").fill("English_Graceful_Lady")
    visitor.field("Voice").press("Enter")
    told("A voice has no effect without sound.").to_be_visible()
    visitor.choice("Sound").check()
    told("A voice has no effect without sound.").not_to_be_visible()
    visitor.choice("Off-peak").check()
    told("Off-peak is not offered together with sound, so this may be refused.").to_be_visible()
    visitor.choice("high").check()
    told("Q2 models are documented to ignore this setting.").to_be_visible()
    visitor.field("Seed").fill("0")
    told("0 means random to the model, so it can't be repeated.").to_be_visible()


def test_numbers_out_of_their_limits_are_said_in_words(visitor: Visitor, api: Simulator) -> None:
    before = api.submit_count
    visitor.button("A cat looks up").click()  # the server has set the slider once
    expect(visitor.make).to_be_enabled()
    duration = visitor.field("Duration")
    for typed, said in (
        ("77", "Duration goes from 1 to 10; 77 is outside"),
        ("", "Duration must be a whole number"),
        ("2.6", "Duration must be a whole number"),
    ):
        duration.fill(typed)
        expect(visitor.button(said)).to_be_disabled()
    duration.fill("2")
    expect(visitor.make).to_be_enabled()
    assert api.submit_count == before


def test_order_is_that_of_the_pictures_that_are_left(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], pngs["green"], pngs["blue"], prompt="Slow push-in.")
    visitor.thumbnails.nth(1).click()
    expect(visitor.button("← Earlier")).to_be_enabled()
    visitor.button("Delete image").first.click()
    expect(visitor.thumbnails).to_have_count(2)
    expect(visitor.button("← Earlier")).to_be_disabled()
    visitor.thumbnails.nth(1).click()
    visitor.button("← Earlier").click()
    visitor.page.wait_for_timeout(300)
    visitor.make.click()
    until(lambda: api.submit_count == before + 1)
    assert colours_of(api.submits[-1]) == ["blue", "green"]


def test_first_frame_is_shown_again_after_a_reload(visitor: Visitor, tmp_path: Path) -> None:
    Image.new("RGB", (1200, 200), "teal").save(tmp_path / "long.png")
    visitor.prompt.fill("Pan to the right.")
    visitor.upload(tmp_path / "long.png")
    expect(visitor.button("Pad it")).to_be_visible()
    expect(visitor.button("Pad or crop the picture")).to_be_disabled()
    visitor.page.reload()
    visitor.button("Pad it").click()
    expect(visitor.make).to_be_enabled()
    visitor.page.reload()
    expect(visitor.page.locator("#first-frame")).to_contain_text("First frame, as it is sent")


def test_form_is_kept_over_a_reload(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.fill(pngs["red"], pngs["blue"], prompt="The cat blinks.")
    visitor.field("Duration").fill("7")
    visitor.fold_out()
    visitor.field("Seed").fill("99")
    visitor.choice("Watermark").check()
    visitor.choice("1080p").check()  # the last change, so the price tells that all are kept
    expect(visitor.page.locator("#price")).to_contain_text("Estimate $0.725")
    visitor.page.reload()
    expect(visitor.make).to_be_enabled()
    expect(visitor.thumbnails).to_have_count(2)
    expect(visitor.prompt).to_have_value("The cat blinks.")
    expect(visitor.field("Duration")).to_have_value("7")
    expect(visitor.choice("1080p")).to_be_checked()
    expect(visitor.field("Seed")).to_have_value("99")
    expect(visitor.page.locator("#price")).to_contain_text("Estimate $0.725")
    expect(visitor.choice("Watermark")).to_be_checked()  # folded out, since it is in use


def test_what_is_typed_while_the_page_still_loads_stays(visitor: Visitor) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visitor.page.route("**/gradio_api/run/**", hold)
    visitor.page.reload()
    visitor.prompt.fill("Slow push-in.")
    until(lambda: visitor.page.wait_for_timeout(50) or held)
    visitor.page.unroute("**/gradio_api/run/**")
    expect(visitor.button("Add a picture")).to_be_disabled()
    expect(visitor.page.locator("#price strong")).to_be_visible()
    expect(visitor.prompt).to_have_value("Slow push-in.", timeout=2000)


# From a picture to a video


def test_picture_becomes_a_video_that_plays(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.field("Duration").fill("2")
    visitor.make.click()
    expect(visitor.headline).to_have_text(DONE)
    (body,) = api.submits[before:]
    assert visitor.seed.inner_text() == str(body["seed"])
    assert 1 <= body["seed"] <= 2147483647

    video = visitor.video
    playing = "v => v.readyState >= 3 && !v.paused && !v.error && v.currentTime > 0"
    video.evaluate(
        f"async v => {{ while (!({playing})(v)) await new Promise(r => setTimeout(r, 50)) }}"
    )
    assert video.evaluate("v => Math.min(v.videoWidth, v.videoHeight)") == 720
    assert video.evaluate("v => v.duration") == pytest.approx(2.0, abs=0.1)
    first = video.evaluate("v => v.currentTime")
    visitor.page.wait_for_timeout(300)
    assert video.evaluate("v => v.currentTime") != first
    # It loops: after the end it plays from the beginning.
    video.evaluate(
        """async v => {
            v.currentTime = v.duration - 0.2;
            while (v.currentTime > 1 || v.seeking) await new Promise(r => setTimeout(r, 20));
        }"""
    )
    assert not video.evaluate("v => v.ended || v.paused")
    expect(visitor.button("Adjust volume")).to_be_visible()

    with visitor.page.expect_download() as started:
        visitor.page.locator("#video").get_by_role("link", name="Download").click()
    name = started.value.suggested_filename
    said = VIDEO_NAME.match(name)
    assert said
    assert said.groups() == (str(body["seed"]), "2")
    started.value.save_as(tmp_path / name)
    (kept,) = [path for path in app.videos if path.name == name]
    assert (tmp_path / name).read_bytes() == kept.read_bytes()
    with av.open(tmp_path / name) as opened:
        assert opened.streams.video[0].codec_context.name == "h264"


def test_status_says_each_step_in_words(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.statuses = ["TASK_STATUS_QUEUED", "TASK_STATUS_PROCESSING", "TASK_STATUS_SUCCEED"]
    api.faults["submit"] = [Fault(delay=1.5)]
    # The script also ends the long tasks of earlier tests, and their downloads come first.
    api.faults["download"] = [Fault(delay=1.5)] * 50
    visitor.fill(pngs["red"], prompt="Slow push-in [8 s]")
    visitor.status.evaluate(
        """place => {
            window.heard = [];
            const hear = () => {
                const said = place.querySelector('h2')?.textContent;
                if (said && said !== heard.at(-1)) heard.push(said);
            };
            new MutationObserver(hear).observe(place, {childList: true, subtree: true});
        }"""
    )
    visitor.make.click()
    expect(visitor.headline).to_have_text(DONE)
    heard = visitor.page.evaluate("heard.map(said => said.split(' · ')[0])")
    before = ("An example", "Preparing the request")
    steps = list(dict.fromkeys(said for said in heard if said not in before))
    assert steps[:-1] == [
        "Sending the request",
        "Submitted",
        "In the queue",
        "Processing",
        "Saving the video",
    ]
    assert DONE.match(steps[-1])


def test_task_id_can_be_copied(visit: Callable[..., Visitor], pngs: dict[str, Path]) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    task_id = visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    assert re.fullmatch(r"[0-9a-f-]{36}", task_id)
    visitor.button("Copy").click()
    expect(visitor.button("Copied")).to_be_visible()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == task_id


def test_elapsed_time_ticks_without_the_server(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    clock = visitor.status.locator(".clock")
    expect(clock).to_have_text(re.compile(r"^\d+ s$"))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visitor.page.route("**/*", hold)
    asked = len(visitor.asked)
    shown = int(clock.inner_text().split()[0])
    expect(clock).to_have_text(f"{shown + 2} s")
    expect(clock).to_have_text(f"{shown + 3} s")
    # One look at the job was asked for and has had no answer; no other request was made.
    assert len(visitor.asked) - asked == len(held) <= 1
    visitor.page.unroute("**/*")


def test_button_is_off_while_a_request_is_sent(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.faults["submit"] = [Fault(delay=2.5)]
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.make.click()
    expect(visitor.button("Sending…")).to_be_disabled()
    visitor.prompt.fill("Slow push-in, and another thought.")
    expect(visitor.button("Sending…")).to_be_disabled()
    expect(visitor.task_id).to_be_visible()
    expect(visitor.make).to_be_enabled()
    assert api.submit_count == before + 1


def test_quick_clicks_buy_one_video(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.make.evaluate("button => { for (let n = 0; n < 5; n++) button.click(); }")
    visitor.page.locator("button", has_text=re.compile("Make|Sending")).first.dispatch_event(
        "click"
    )
    expect(visitor.headline).to_have_text(DONE)
    assert api.submit_count == before + 1


def test_reload_while_it_runs_goes_on_with_the_same_task(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    task_id = visitor.start(pngs["red"], prompt="Slow push-in [5 s]")
    visitor.page.reload()
    expect(visitor.task_id).to_have_text(task_id)
    expect(visitor.status.locator("progress")).to_be_visible()
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.task_id).to_have_text(task_id)
    visitor.video.evaluate(
        "async v => { while (v.readyState < 3) await new Promise(r => setTimeout(r, 50)) }"
    )
    visitor.page.reload()
    expect(visitor.task_id).to_have_text(task_id)
    expect(visitor.video).to_be_visible()
    assert api.submit_count == before + 1


def test_reload_during_the_submit_buys_nothing_more(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.faults["submit"] = [Fault(delay=2.5)]
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.make.click()
    expect(visitor.button("Sending…")).to_be_disabled()
    visitor.page.reload()
    expect(visitor.headline).to_have_text(DONE)
    assert api.submit_count == before + 1


def test_closing_the_page_stops_nothing(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before, videos = api.submit_count, app.videos
    visitor.start(pngs["red"], prompt="Slow push-in [3 s]")
    visitor.context.close()
    (video,) = until(lambda: app.videos - videos)
    assert VIDEO_NAME.match(video.name)
    with av.open(video) as opened:
        assert opened.duration
    assert api.submit_count == before + 1


def test_second_tab_shows_the_same_task(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    task_id = visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    second = visitor.open()
    expect(second.locator("#status").get_by_text(task_id)).to_be_visible()
    assert api.submit_count == before + 1


# What goes wrong

FAULTS = {
    "no money": (
        refusing(403, "NOT_ENOUGH_BALANCE", "insufficient balance"),
        "Not submitted",
        "The account behind the key has too little balance.",
        "Nothing was charged.",
        "Top it up at Novita, or choose a shorter or smaller video.",
    ),
    "prompt": (
        refusing(400, "ILLEGAL_PROMPT"),
        "Not submitted",
        "The content check refused the prompt.",
        "Nothing was charged.",
        "Change the wording: sending the same again can get the account suspended.",
    ),
    "picture": (
        refusing(400, "INVALID_IMAGE_FORMAT"),
        "Not submitted",
        "The API could not use the picture.",
        "Nothing was charged.",
        "Try a smaller JPEG or PNG, or give the picture as a public URL.",
    ),
    "key": (
        refusing(401, "INVALID_API_KEY"),
        "Not submitted",
        "The API did not accept the key.",
        "Nothing was charged.",
        "Check NOVITA_API_KEY and start the app again.",
    ),
    "lost answer": (
        Fault(reset=True, after=True),
        "Unknown: it may have been bought",
        "a task may be running without its id.",
        "It may have been charged.",
        "Look in the Novita console before you send it again: that could buy it twice.",
    ),
    "fault of theirs": (
        Fault(502, "<html><h1>502 Bad Gateway</h1></html>"),
        "Unknown: it may have been bought",
        "a task may be running without its id.",
        "It may have been charged.",
        "Look in the Novita console before you send it again: that could buy it twice.",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_refusal_says_what_charged_and_what_next(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path], name: str
) -> None:
    fault, headline, what, charged, next_step = FAULTS[name]
    api.faults["submit"] = [fault]
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.make.click()
    expect(visitor.headline).to_have_text(headline)
    for sentence in (what, charged, next_step):
        expect(visitor.status).to_contain_text(sentence)
    expect(visitor.make).to_be_enabled()
    content = visitor.page.content()
    assert "Traceback" not in content
    assert "<h1>502" not in content
    assert api.submit_count == before + 1


def test_failed_task_says_why_and_its_id(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in [fail]")
    visitor.make.click()
    expect(visitor.headline).to_have_text("No video was made")
    expect(visitor.status).to_contain_text(
        "The content check refused the prompt. It said “TaskPromptPolicyViolation”."
    )
    expect(visitor.status).to_contain_text("It may have been charged.")
    expect(visitor.status).to_contain_text("check the balance")
    expect(visitor.task_id).to_have_text(re.compile(r"^[0-9a-f-]{36}$"))
    assert api.submit_count == before + 1


def test_prompt_is_never_markup(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.start(pngs["red"], prompt="<img src=x onerror=\"document.title='broken'\"> [600 s]")
    visitor.page.wait_for_timeout(500)
    expect(visitor.page).to_have_title("1 running · Vidu Q2 Pro")
    expect(visitor.page.locator("img[src='x']")).to_have_count(0)


# The look

_CONTRAST = """element => {
    const colour = text => {
        const canvas = document.createElement('canvas').getContext('2d');
        canvas.fillStyle = text;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    let behind = element;
    while (behind && colour(getComputedStyle(behind).backgroundColor)[3] < 255)
        behind = behind.parentElement;
    const ground = light(colour(getComputedStyle(behind || document.body).backgroundColor));
    const text = light(colour(getComputedStyle(element).color));
    return (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_in_light_and_dark(
    visit: Callable[..., Visitor], pngs: dict[str, Path], scheme: str
) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.start(pngs["red"], pngs["green"], prompt="Slow push-in [600 s]")
    ground = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
    assert (brightness > 200) if scheme == "light" else (brightness < 60)
    places = ["h1", ".payer", "#status h2", "#status code", "#price strong", ".notice p"]
    for place in places:
        words = visitor.page.locator(f"{place}:visible").first
        assert words.evaluate(_CONTRAST) >= 4.5, place
    visitor.page.mouse.move(0, 0)
    visitor.page.wait_for_timeout(300)
    assert visitor.make.evaluate(_CONTRAST) >= 4.5


def test_phone_never_scrolls_sideways(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)

    def fits() -> bool:
        wide = visitor.page.evaluate("document.documentElement.scrollWidth")
        return bool(wide <= 390)

    expect(visitor.button("Add a picture")).to_be_in_viewport()
    assert fits()
    visitor.fold_out()
    visitor.fold_out("Or give picture addresses")
    assert fits()
    visitor.start(pngs["red"], pngs["green"], prompt="long" * 60)
    assert fits()
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.video).to_be_visible()
    assert fits()
    api.faults["submit"] = [refusing(403, "NOT_ENOUGH_BALANCE", "x" * 200)]
    visitor.prompt.fill("Another one.")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    assert fits()


# What is offered after a refusal


def test_refused_prompt_is_offered_for_a_change_and_not_again(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.faults["submit"] = [refusing(400, "ILLEGAL_PROMPT")]
    visitor.fill(pngs["red"], prompt="Something that is refused.")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    expect(visitor.button("With a new seed")).to_be_hidden()
    expect(visitor.button("Use these settings")).to_be_hidden()
    visitor.prompt.fill("")
    visitor.button("Change the prompt").click()
    expect(visitor.prompt).to_have_value("Something that is refused.")
    expect(visitor.prompt).to_be_focused()
    expect(visitor.thumbnails).to_have_count(1)


def test_refused_picture_is_left_out(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.faults["submit"] = [refusing(400, "ILLEGAL_IMAGE_CONTENT")]
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    expect(visitor.button("With a new seed")).to_be_hidden()
    visitor.button("Choose another picture").click()
    expect(visitor.thumbnails).to_have_count(0)
    expect(visitor.prompt).to_have_value("Slow push-in.")
    expect(visitor.button("Add a picture")).to_be_disabled()


# What a browser or a frame may refuse

INSECURE = "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
FRAMED = (
    "if (window.Clipboard)"
    "  Clipboard.prototype.writeText = () => Promise.reject(new DOMException('No.'));"
)
NO_COPY = "document.execCommand = () => false;"


@pytest.mark.parametrize("script", [INSECURE, FRAMED], ids=["insecure", "framed"])
def test_copying_works_without_the_clipboard(
    visit: Callable[..., Visitor], pngs: dict[str, Path], script: str
) -> None:
    visitor = visit(script=script)
    visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    visitor.button("Copy").click()
    expect(visitor.button("Copied")).to_be_visible()
    visitor.fold_out("This form as code")
    visitor.button("Copy a link to this form").click()
    visitor.page.wait_for_function("!document.querySelector('#link code')")


@pytest.mark.parametrize("script", [INSECURE, FRAMED], ids=["insecure", "framed"])
def test_what_cannot_be_copied_is_shown(
    visit: Callable[..., Visitor], app: App, pngs: dict[str, Path], script: str
) -> None:
    visitor = visit(script=script + NO_COPY)
    task = visitor.start(pngs["red"], prompt="A < B & C [600 s]")
    visitor.button("Copy").click()
    until(lambda: visitor.page.evaluate("String(getSelection())") == task)
    expect(visitor.button("Copied")).to_have_count(0)
    visitor.fold_out("This form as code")
    visitor.button("Copy a link to this form").click()
    expect(visitor.page.locator("#link code")).to_have_text(re.compile(re.escape(app.url)))


@pytest.mark.parametrize(
    "script",
    [
        "delete window.AudioContext; delete window.Notification;",
        "window.AudioContext = class { constructor() { throw new DOMException('Too many.'); } };"
        "window.Notification = class { constructor() { throw new TypeError('Illegal.'); }"
        "  static get permission() { return 'granted'; }"
        "  static requestPermission() { return Promise.reject(new DOMException('No.')); } };"
        "Object.defineProperty(document, 'hidden', {get: () => true});",
    ],
    ids=["missing", "throwing"],
)
def test_bell_counts_without_sound_and_notification(
    visit: Callable[..., Visitor], pngs: dict[str, Path], script: str
) -> None:
    visitor = visit(script=script)
    visitor.start(pngs["red"], prompt="Slow push-in [8 s]")
    visitor.choice("Tell me when it is done").check()
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.page).to_have_title(re.compile("^Your video is done"))
