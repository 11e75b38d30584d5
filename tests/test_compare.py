"""Two videos side by side: what is said to differ, and how they play."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from page_fixtures import QUIET, free_port
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect
from shelf_fixtures import shrink

from vidu_demo import VideoRequest
from vidu_demo.api.images import prepare
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator.video.render import render
from vidu_demo.ui import file_url
from vidu_demo.ui.job import compare
from vidu_demo.ui.static import head

REQUEST = VideoRequest(images=["x.png"], prompt="Slow push-in.", duration=3, seed=7)
JOB = Job(
    id="1" * 32,
    idempotency_key="click",
    fingerprint="f" * 64,
    owner="o" * 64,
    backend="https://api.example.com",
    request={"images": ["picture-1.png"], **REQUEST.model_dump(exclude={"images"})},
    state=JobState.DONE,
    created=1_700_000_000.0,
    submitted=1_700_000_001.0,
    finished=1_700_000_035.0,
    video="short.mp4",
)


def like(job: Job = JOB, **settings: Any) -> Job:
    return replace(job, id="2" * 32, request={**job.request, **settings})


def shown(left: Job, right: Job, pictures: bool | None = True) -> str:
    return compare.render(left, right, lambda job: f"/{job.video}", pictures)


# What differs


def test_like_jobs_differ_in_nothing() -> None:
    assert compare.differences(JOB, like(), pictures_match=True) == []
    html = shown(JOB, like())
    assert "Both were made from the same pictures with the same settings." in html
    assert "<table" not in html


def test_every_difference_is_listed_in_the_form_s_order() -> None:
    other = like(
        prompt="Pan to the right.",
        duration=5,
        resolution="1080p",
        seed=8,
        audio=True,
        voice_id="English_Graceful_Lady",
        movement_amplitude="high",
    )
    assert compare.differences(JOB, replace(other, finished=JOB.submitted + 125), False) == [
        ("Pictures", "different", "different"),
        ("Prompt", "Slow push-in.", "Pan to the right."),
        ("Duration", "3 s", "5 s"),
        ("Resolution", "720p", "1080p"),
        ("Seed", "7", "8"),
        ("Sound", "off", "on"),
        ("Voice", "chosen by the model", "English_Graceful_Lady"),
        ("Movement", "auto", "high"),
        ("Estimate", "$0.175", "$0.65"),
        ("Done in", "34 s", "2 min 5 s"),
    ]


def test_what_a_task_from_elsewhere_does_not_tell_is_not_known() -> None:
    elsewhere = replace(JOB, fingerprint="", request={"seed": 8, "duration": 3})
    found = {
        title: (left, right) for title, left, right in compare.differences(JOB, elsewhere, None)
    }
    assert found.pop("Seed") == ("7", "8")
    assert found.pop("Pictures") == ("unknown", "unknown")
    assert "Duration" not in found
    assert {right for _, right in found.values()} == {"unknown"}
    assert compare.differences(elsewhere, elsewhere, True) == []


def test_texts_are_escaped() -> None:
    html = shown(JOB, replace(like(prompt="<b>&</b>"), video='"><i>.mp4'))
    assert "<td>&lt;b&gt;&amp;&lt;/b&gt;</td>" in html
    assert 'src="/&#34;&gt;&lt;i&gt;.mp4"' in html


# The pictures


OTHER = like()


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return prepare(file.getvalue()).data


@pytest.fixture
def photo(picture: Image.Image) -> Image.Image:
    return picture.resize((640, 480))


@pytest.fixture
def sent(tmp_path: Path, photo: Image.Image) -> Callable[[Job, bytes], None]:
    def send(job: Job, data: bytes) -> None:
        (tmp_path / job.id).mkdir()
        (tmp_path / job.id / "picture-1.png").write_bytes(data)

    send(JOB, jpeg(photo))
    return send


@pytest.fixture
def same(tmp_path: Path) -> Callable[[Job], bool | None]:
    return lambda job: compare.same_pictures(JOB, job, lambda job, name: tmp_path / job.id / name)


Send = Callable[[Job, bytes], None]
Same = Callable[[Job], bool | None]


def test_picture_that_is_used_again_is_the_same(photo: Image.Image, sent: Send, same: Same) -> None:
    again = prepare(jpeg(photo)).data
    assert again != jpeg(photo)
    sent(OTHER, again)
    assert same(OTHER) is True
    assert same(like(images=["picture-1.png", "https://example.com/b.png"])) is False


def test_picture_with_another_detail_is_another(photo: Image.Image, sent: Send, same: Same) -> None:
    ImageDraw.Draw(photo).rectangle((300, 200, 323, 223), "white")
    sent(OTHER, jpeg(photo))
    assert same(OTHER) is False


def test_picture_of_another_size_is_another(photo: Image.Image, sent: Send, same: Same) -> None:
    sent(OTHER, jpeg(photo.resize((320, 240))))
    assert same(OTHER) is False


def test_pictures_that_are_gone_are_not_known(same: Same) -> None:
    assert same(OTHER) is None
    assert same(replace(JOB, request={})) is None


def test_addresses_are_compared_as_they_are() -> None:
    one, other = (like(images=[f"https://example.com/{name}.png"]) for name in "ab")
    assert compare.same_pictures(one, one, Path) is True
    assert compare.same_pictures(one, other, Path) is False


# How they play


@pytest.fixture
def page(
    browser: Browser, clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Page]:
    """A page with a second of video on the left, two on the right, and sound on the left."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    shrink(monkeypatch)
    (tmp_path / "short.mp4").write_bytes(clip)
    picture = "https://example.com/photo.jpg"
    longer = {"images": [picture], "prompt": "y", "duration": 2, "resolution": "540p", "seed": 2}
    render(longer, tmp_path / "long.mp4")
    left, right = replace(JOB, facts={"audio": True}), replace(like(), video="long.mp4")
    html = compare.render(left, right, lambda job: file_url(tmp_path / str(job.video)))
    with gr.Blocks(analytics_enabled=False) as demo:
        place = compare.component()
        gr.Button("Compare").click(lambda: html, None, place, queue=False)
        place.clear(lambda: "", None, place, queue=False)
    try:
        _, url, _ = demo.launch(
            prevent_thread_lock=True,
            quiet=True,
            server_name="127.0.0.1",
            server_port=free_port(),
            allowed_paths=[str(tmp_path)],
            run_history=False,
            head=head(),
        )
        page = browser.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(url)
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("video")).to_have_count(2)
        yield page
        page.close()
        assert broken == []
    finally:
        demo.close(verbose=False)


def once(page: Page, holds: str) -> list[float]:
    """Wait until something holds of both videos, and say at what second each was then."""
    look = f"""() => {{
      const [left, right] = document.querySelectorAll('video');
      return ({holds}) && [left.currentTime, right.currentTime];
    }}"""
    found: list[float] = page.wait_for_function(look).json_value()
    return found


def test_one_button_and_one_slider_move_both(page: Page) -> None:
    play = page.get_by_role("button", name="Play", exact=True)
    pause = page.get_by_role("button", name="Pause", exact=True)
    slider = page.get_by_role("slider", name="Seconds")
    once(page, "left.readyState > 2 && right.readyState > 2 && left.paused && right.paused")
    assert slider.get_attribute("max") == "2"

    play.click()
    left, right = once(page, "left.currentTime > 0.5 && right.currentTime > 0.4")
    assert abs(left - right) < 0.15

    # The shorter one holds its last frame while the longer one goes on, and both begin again.
    assert once(page, "right.currentTime > 1.3")[0] == 1
    left, right = once(page, "right.currentTime < 0.8 && left.currentTime > 0.3")
    assert abs(left - right) < 0.15

    pause.click()
    stopped = once(page, "left.paused && right.paused")
    page.wait_for_timeout(200)
    assert once(page, "true") == stopped

    slider.fill("0.6")
    assert once(page, "!left.seeking && !right.seeking") == [0.6, 0.6]
    slider.press("ArrowRight")
    assert once(page, "!left.seeking && !right.seeking") == [0.64, 0.64]
    slider.fill("1.6")
    assert once(page, "!left.seeking && !right.seeking") == [1, 1.6]
    expect(page.get_by_text("1.6 / 2.0 s")).to_be_visible()

    # Whoever falls behind catches up.
    slider.fill("0")
    play.press("Space")
    once(page, "right.currentTime > 0.2")
    page.locator("video").first.evaluate("(video) => { video.currentTime = 0; }")
    caught_up = "left.currentTime > 0.1 && right.currentTime - left.currentTime < 0.08"
    assert once(page, f"left.ended || {caught_up}")[0] < 1

    once(page, "!left.muted && right.muted")
    page.get_by_role("radio", name="off").check()
    once(page, "left.muted && right.muted")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#compare")).to_be_empty()
