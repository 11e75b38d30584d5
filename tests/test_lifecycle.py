"""A job on the page, from the click to the video: its steps, its clock, reloads, other tabs."""

import re
from pathlib import Path

import av
import pytest
from page_fixtures import DONE, RUNNING, App, Visitor, until
from playwright.sync_api import Route, expect

from vidu_demo.simulator import Fault, Simulator

VIDEO_NAME = re.compile(r"^vidu-\d{4}-\d\d-\d\d-seed(\d+)-(\d+)s\.mp4$")


def test_picture_becomes_a_video_that_plays(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    before = api.submit_count
    visitor.page.emulate_media(reduced_motion="no-preference")
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
        visitor.page.locator("#save").get_by_role("link", name="Download").click()
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
    queued, processing = "TASK_STATUS_QUEUED", "TASK_STATUS_PROCESSING"
    # Each twice, so that a busy page sees both.
    api.statuses = [queued, queued, processing, processing, "TASK_STATUS_SUCCEED"]
    api.faults["submit"] = [Fault(delay=1.5)]
    api.faults["poll"] = [Fault(delay=1.5)]
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
    heard = visitor.page.evaluate(r"heard.map(said => said.split(/\s·\s/)[0])")
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


def test_elapsed_time_ticks_without_the_server_and_the_prompt_is_never_markup(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    visitor.start(pngs["red"], prompt="<img src=x onerror=\"document.title='broken'\"> [600 s]")
    expect(visitor.headline).to_have_text(re.compile("^(In the queue|Processing)"))
    with visitor.page.expect_event("requestfinished", app.calls("refresh")):
        pass  # by then the form has been reviewed, too, after the last change
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
    expect(visitor.page).to_have_title("1 running · Vidu Q2 Pro")
    expect(visitor.page.locator("img[src='x']")).to_have_count(0)


def test_button_is_off_while_a_request_is_sent_and_a_reload_then_buys_nothing_more(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.faults["submit"] = [Fault(delay=2.5)]
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in [600 s]")
    visitor.make.click()
    expect(visitor.button("Sending…")).to_be_disabled()
    visitor.prompt.fill("Slow push-in, and another thought.")
    expect(visitor.button("Sending…")).to_be_disabled()
    expect(visitor.task_id).to_be_visible()
    expect(visitor.make).to_be_enabled()
    assert api.submit_count == before + 1

    api.faults["submit"] = [Fault(delay=2.5)]
    visitor.make.click()
    expect(visitor.button("Sending…")).to_be_disabled()
    visitor.page.reload()
    expect(visitor.headline).to_have_text(DONE)
    assert api.submit_count == before + 2


def test_reload_and_second_tab_go_on_with_the_same_task(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    api.statuses = RUNNING
    task_id = visitor.start(pngs["red"], prompt="Slow push-in.")
    visitor.page.reload()
    expect(visitor.task_id).to_have_text(task_id)
    expect(visitor.status.locator("progress")).to_be_visible()
    second = visitor.open()
    expect(second.locator("#details").get_by_text(task_id)).to_be_visible()
    assert api.submit_count == before + 1
    second.close()
    api.statuses = None
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.task_id).to_have_text(task_id)
    visitor.video.evaluate(
        "async v => { while (v.readyState < 3) await new Promise(r => setTimeout(r, 50)) }"
    )
    visitor.page.reload()
    expect(visitor.task_id).to_have_text(task_id)
    expect(visitor.video).to_be_visible()
    assert api.submit_count == before + 1


def test_closing_the_page_stops_nothing(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before, videos = api.submit_count, app.videos
    visitor.start(pngs["red"], prompt="Slow push-in [2 s]")
    visitor.page.goto("about:blank")  # as good as closed
    (video,) = until(lambda: app.videos - videos)
    assert VIDEO_NAME.match(video.name)
    with av.open(video) as opened:
        assert opened.duration
    assert api.submit_count == before + 1


def test_clip_that_is_not_what_was_asked_for_says_so(
    visitor: Visitor, api: Simulator, clip: bytes, pngs: dict[str, Path]
) -> None:
    # Whatever is asked for, a short, small and silent video comes.
    api.faults["download"] = [Fault(200, clip, {"Content-Type": "video/mp4"})] * 20
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.field("Duration").fill("3")
    visitor.choice("540p").check()
    visitor.fold_out()
    visitor.choice("Sound").check()
    expect(visitor.price).to_have_text("Estimate $0.15")
    visitor.make.click()
    expect(visitor.status.locator(".difference")).to_have_text(
        [
            "Asked for 3 s; the video is 1.0 s long.",
            "Asked for 540p; the video is 160 × 90 pixels.",
            "Asked for sound; the video has no audio track.",
        ]
    )
    expect(visitor.facts).to_contain_text("1.0 s, 24 fps, silent")
