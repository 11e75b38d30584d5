"""Films on the page: by mouse, keyboard and touch."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from page_fixtures import RUNNING, App, Visitor, picture_of, until
from playwright.sync_api import Locator, expect
from shelf_fixtures import Shelf
from test_reuse import drop, same

from vidu_demo.jobs.films.film import MAX_PARTS, Film, Part
from vidu_demo.jobs.films.films import mark
from vidu_demo.media.clip import facts, frame_at, last_frame, read_settings, write_settings
from vidu_demo.simulator import Simulator
from vidu_demo.ui.i18n.words import LANGUAGE_COOKIE

pytestmark = pytest.mark.usefixtures("small_videos")
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
NOTE_SWITCHES = """() => {
  const box = document.querySelector('.film-player');
  const [one, other] = box.querySelectorAll('video');
  window.switches = [];
  new MutationObserver(() => {
    const front = box.querySelector('.front');
    switches.push({
      at: box.dataset.at, ready: front.readyState, time: front.currentTime, src: front.src,
      seeking: front.seeking, when: performance.now(),
    });
  }).observe(box, {attributes: true, attributeFilter: ['data-at']});
}"""


class Studio:
    """A visitor's film."""

    def __init__(self, app: App, visitor: Visitor) -> None:
        self.shelf, self.page, self.visitor = Shelf(app, visitor), visitor.page, visitor
        self.films = app.studio.runner.films

    @property
    def strip(self) -> Locator:
        return self.page.locator("#film .film")

    @property
    def parts(self) -> Locator:
        return self.page.locator("#film .reel li")

    @property
    def player(self) -> Locator:
        return self.page.locator(".film-player")

    @property
    def film(self) -> Film:
        (film,) = self.films.all_of(self.shelf.owner)
        return film

    @property
    def order(self) -> list[str]:
        return [part.job for part in self.film.parts]

    def expect_order(self, *jobs: str) -> None:
        """Wait until the strip and the ledger say so."""
        read = "items => items.map((item) => item.dataset.job)"
        for order in (lambda: self.order, lambda: self.parts.evaluate_all(read)):
            until(lambda order=order: self.page.wait_for_timeout(50) or order() == list(jobs))

    def begin(self, *parts: Part, phone: bool = False) -> None:
        """Have a film opened, and the video of its last part."""
        self.films.begin(self.shelf.owner, parts)
        self.shelf.open(parts[-1].job)
        if phone:
            self.visitor.go_to("Videos")
        self.page.locator("#films .open").click()
        expect(self.parts).to_have_count(len(parts))

    def put(self, *names: str) -> list[str]:
        """Put videos of two seconds on the list, whose pictures differ."""
        return [self.shelf.play(name, 2, prompt=f"A {name} wind.").id for name in names]


@pytest.fixture
def studio(app: App, visitor: Visitor) -> Studio:
    return Studio(app, visitor)


def test_a_film_of_three_parts_by_keyboard_alone(
    studio: Studio,
    visitor: Visitor,
    api: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    (first,) = studio.put("green")
    studio.shelf.open(first)

    def tab_to(place: str, key: str = "Tab") -> None:
        for _ in range(200):
            if page.evaluate("(place) => document.activeElement.matches(place)", place):
                return
            keyboard.press(key)
        raise AssertionError(place)

    for number, prompt in enumerate(("It rains.", "It clears."), start=2):
        tab_to("#go-on")
        keyboard.press("Enter")
        expect(visitor.prompt).to_be_focused()
        expect(visitor.make).to_be_enabled()
        until(lambda: page.evaluate("getSelection().toString()") or page.wait_for_timeout(50))
        keyboard.type(prompt)
        expect(visitor.make).to_be_enabled()
        keyboard.press("Control+Enter")
        expect(studio.parts).to_have_count(number)
        expect(studio.parts.nth(number - 1)).to_have_attribute("aria-current", "true")
        expect(visitor.headline).to_have_text(re.compile("^Done"))
    jobs = studio.order
    assert jobs[0] == first
    assert [studio.shelf.job(job).parent for job in jobs] == ["", *jobs[:2]]
    assert all(studio.shelf.job(job).full is None for job in jobs)
    assert all(part.end is None for part in studio.film.parts)
    for job, sent in zip(jobs, api.submits[-2:], strict=False):
        film = studio.shelf.runner.file(studio.shelf.job(job), str(studio.shelf.job(job).video))
        assert same(picture_of(sent), last_frame(film))

    # Keys can come faster than the server answers.
    arrange = studio.films.arrange

    def slowly(*given: Any) -> Any:
        time.sleep(0.5)
        return arrange(*given)

    tab_to("#film .reel li:nth-child(1)")
    with monkeypatch.context() as patch:
        patch.setattr(studio.films, "arrange", slowly)
        for _ in range(2):
            keyboard.press("ArrowRight")
        studio.expect_order(*jobs[1:], jobs[0])
        expect(studio.parts.nth(2)).to_be_focused()
        for key in ("ArrowLeft", "ArrowLeft", "ArrowRight"):
            keyboard.press(key)
        studio.expect_order(jobs[1], jobs[0], *jobs[2:])
    expect(studio.parts.nth(1)).to_be_focused()
    keyboard.press("ArrowLeft")
    studio.expect_order(*jobs)
    keyboard.press("Enter")
    expect(studio.parts.nth(0)).to_have_attribute("aria-current", "true")
    tab_to("#film [name=end]")
    keyboard.press("Control+a")
    keyboard.type("0.8")
    keyboard.press("Enter")
    until(lambda: page.wait_for_timeout(50) or studio.film.parts[0] == Part(first, end=0.8))
    expect(studio.strip.locator(".sum")).to_contain_text("4.8 s")
    tab_to("#film [data-do=play]", "Shift+Tab")
    keyboard.press("Enter")
    expect(studio.player).to_be_visible()
    expect(studio.player).to_have_attribute("data-at", "1")
    keyboard.press("Escape")
    expect(studio.player).to_be_hidden()
    expect(studio.strip.locator("[data-do=play]")).to_be_focused()
    tab_to("#film [data-do=join]")
    keyboard.press("Enter")
    expect(visitor.page.get_by_text(re.compile(r"^Joining: \d+%$"))).to_be_visible()
    link = visitor.page.get_by_role("link", name="Download the film")
    expect(link).to_be_visible()
    tab_to("#film a[download]")
    with page.expect_download() as started:
        keyboard.press("Enter")
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    assert facts(path).seconds == pytest.approx(4.8, abs=0.2)
    told = read_settings(path)
    assert told
    assert [part["job"] for part in told["parts"]] == [*map(mark, jobs)]
    prompts = [part["request"]["prompt"] for part in told["parts"]]
    assert prompts == ["A green wind.", "It rains.", "It clears."]


def test_parts_are_played_without_a_gap(studio: Studio, visitor: Visitor) -> None:
    jobs = studio.put("red", "green", "blue")
    parts = [Part(jobs[0], 0.5, 1.2), Part(jobs[1], 0.3, 1.1), Part(jobs[2], 1.0)]
    studio.begin(*parts)
    expect(studio.strip.locator(".sum")).to_contain_text("3 parts 2.5 s")
    visitor.page.evaluate(NOTE_SWITCHES)
    visitor.button("Play all").click()
    expect(studio.player.locator(".clock")).to_have_text("2.5 / 2.5 s")
    expect(studio.player.locator(".play")).to_have_text("Play")
    noted = visitor.page.evaluate("switches")
    assert [each["at"] for each in noted] == ["0", "1", "2"]
    for each, part in zip(noted[1:], parts[1:], strict=True):
        assert each["ready"] >= 3
        assert not each["seeking"]
        assert -0.06 < each["time"] - part.start < 0.5  # it plays on while this is noted
        assert part.job in each["src"]
    studio.player.locator(".play").click()  # from the beginning
    expect(studio.player).to_have_attribute("data-at", "0")
    expect(studio.player.locator(".play")).to_have_text("Pause")
    front = studio.player.locator("video.front")
    until(lambda: visitor.page.wait_for_timeout(50) or front.evaluate("video => !video.paused"))
    front.evaluate("video => video.pause()")  # as a key for media does
    expect(studio.player.locator(".play")).to_have_text("Play")
    front.evaluate("video => video.play()")
    expect(studio.player.locator(".play")).to_have_text("Pause")
    studio.player.get_by_role("button", name="Close").click()
    expect(studio.player).to_be_hidden()


def test_the_part_in_sight_is_continued(studio: Studio, visitor: Visitor, api: Simulator) -> None:
    page, player = visitor.page, studio.player
    red, green, blue = jobs = studio.put("red", "green", "blue")
    studio.begin(*map(Part, jobs))
    expect(visitor.button("Continue from last frame")).to_be_visible()  # of the open video
    visitor.button("Play all").click()
    continue_it = player.locator(".go-on")
    expect(continue_it).to_be_hidden()
    expect(player).to_have_attribute("data-at", "1")
    player.locator("video.front").click()
    expect(player.locator(".play")).to_have_text("Play")
    expect(continue_it).to_have_text(re.compile(r"^Continue from [23]\.\d s$"))
    player.get_by_label("Seconds").fill("3")
    expect(player.locator(".clock")).to_have_text("3.0 / 6.0 s")
    expect(page.get_by_role("button", name=re.compile("^Continue from"))).to_have_count(1)
    continue_it.click()
    expect(continue_it).to_have_text("Continue from 3.0 s")
    expect(visitor.prompt).to_be_focused()
    expect(visitor.prompt).to_have_value("A green wind.")
    until(lambda: page.evaluate("getSelection().toString()") or page.wait_for_timeout(50))
    page.keyboard.type("It rains.")
    expect(visitor.make).to_be_enabled()
    api.statuses = RUNNING
    visitor.make.click()
    expect(studio.parts).to_have_count(4)
    expect(player).to_be_hidden()  # what was made is to be seen
    rain = studio.order[2]
    studio.expect_order(red, green, rain, blue)
    assert studio.film.parts[1] == Part(green, end=1.0)
    assert studio.shelf.job(rain).parent == green
    until(lambda: api.submits[-1]["prompt"] == "It rains.")
    video = studio.shelf.runner.file(
        studio.shelf.job(green), str(studio.shelf.done(green)[0].video)
    )
    assert same(picture_of(api.submits[-1]), frame_at(video, 1.0))

    # The video that is done meanwhile waits below the film, and plays when it is closed.
    page.emulate_media(reduced_motion="no-preference")
    visitor.button("Play all").click()
    expect(player.locator(".clock")).to_contain_text("/ 5.0 s")
    api.statuses = None
    expect(visitor.headline).to_have_text(re.compile("^Done"))
    until(lambda: page.wait_for_timeout(50) or visitor.video.evaluate("video => video.paused"))
    player.get_by_label("Seconds").fill("5")
    expect(player.locator(".play")).to_have_text("Play")
    expect(continue_it).to_have_text("Continue from last frame")
    continue_it.click()
    expect(visitor.prompt).to_have_value("A blue wind.")
    player.get_by_role("button", name="Close").click()
    until(lambda: page.wait_for_timeout(50) or not visitor.video.evaluate("video => video.paused"))

    # A part that is opened from the strip is to be seen, too.
    visitor.button("Play all").click()
    studio.parts.nth(0).click()
    expect(player).to_be_hidden()
    expect(studio.parts.nth(0)).to_have_attribute("aria-current", "true")


def test_a_full_film_is_said_to_be_full(studio: Studio, visitor: Visitor) -> None:
    before, after = visitor.page.locator("#price p"), studio.strip.locator(".part")
    (red,) = studio.put("red")
    studio.begin(*(Part(f"{number:032x}") for number in range(MAX_PARTS - 1)), Part(red))
    visitor.page.locator("#go-on").click()
    expect(before).to_have_text(
        "The film has 24 parts, which is the limit, so this will not be in it."
    )
    visitor.prompt.fill("It rains.")
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    said = "The open video is not in this film. The film has 24 parts, which is the limit."
    expect(after).to_have_text(said)
    expect(visitor.headline).to_have_text(re.compile("^Done"))
    expect(after).to_have_text(said)
    assert len(studio.order) == MAX_PARTS

    chinese = {"name": LANGUAGE_COOKIE, "value": "zh-CN", "url": visitor.url}
    visitor.context.add_cookies([chinese])
    visitor.page.reload()
    visitor.page.locator("#films .open").click()
    expect(studio.parts).to_have_count(MAX_PARTS)
    visitor.row("It rains.").locator(".open").click()
    expect(after).to_have_text("当前视频不在这部影片中。 影片已有 24 段，达到上限。")
    visitor.row("A red wind.").locator(".open").click()
    expect(studio.parts.last).to_have_attribute("aria-current", "true")
    visitor.page.locator("#go-on").click()
    expect(before).to_have_text("影片已有 24 段，达到上限，因此这个视频不会加入影片。")


def test_a_film_is_made_by_mouse(studio: Studio, visitor: Visitor, api: Simulator) -> None:
    page = visitor.page
    red, green = studio.put("red", "green")
    studio.shelf.open(green)
    visitor.row("A red wind.").locator(".open").click()
    visitor.more("Start a film")
    expect(studio.parts).to_have_count(1)
    visitor.row("A green wind.").locator(".open").click()
    visitor.button("Add to film").click()
    studio.expect_order(red, green)
    expect(studio.strip.locator(".sum")).to_have_text(re.compile(r"2 parts 4\.0 s \$0\.1\d"))
    studio.parts.nth(1).drag_to(studio.parts.nth(0))
    studio.expect_order(green, red)

    # From a paused frame: the part before ends there.
    expect(visitor.video).to_be_visible()
    visitor.video.evaluate("video => { video.pause(); video.currentTime = 1.03; }")
    page.get_by_role("button", name="Continue from 1.0 s").click()
    expect(visitor.prompt).to_be_focused()
    visitor.prompt.fill("It rains.")
    expect(visitor.make).to_be_enabled()
    visitor.choice("2").check()
    expect(visitor.make).to_have_text(re.compile("Make 2"))
    visitor.make.click()
    expect(studio.parts).to_have_count(3)
    rain = studio.order[1]
    studio.expect_order(green, rain, red)
    assert studio.film.parts[0].end == 1.03
    film = studio.shelf.runner.file(studio.shelf.job(green), str(studio.shelf.done(green)[0].video))
    assert same(picture_of(api.submits[-1]), frame_at(film, 1.03))
    expect(visitor.headline).to_have_text(re.compile("^Done"))
    (other,) = [
        job.id
        for job in studio.shelf.runner.jobs(studio.shelf.owner)
        if job.parent == green and job.id != rain
    ]
    studio.shelf.done(other)
    page.locator(f"#history [data-job='{other}'] .open").click()
    expect(studio.strip).to_contain_text("The open video is another take of part 2.")
    visitor.button("Use this take").click()
    studio.expect_order(green, other, red)
    with page.expect_download() as taken:
        studio.strip.get_by_role("button", name="Download as a zip").click()
    with ZipFile(taken.value.path()) as zipped:
        assert sum(name.endswith(".mp4") for name in zipped.namelist()) == 3

    # Made again, with its own pictures, in its own place.
    before = api.submit_count
    visitor.prompt.fill("Something else.")  # so that one sees when the form is filled
    page.get_by_role("button", name="Part 2: make it again").click()
    expect(visitor.prompt).to_have_value("It rains.")
    visitor.prompt.fill("It snows.")
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    until(lambda: page.wait_for_timeout(50) or studio.order[1] not in (rain, other))
    until(lambda: api.submit_count == before + 1)
    assert same(picture_of(api.submits[-1]), picture_of(api.submits[-2]))
    expect(visitor.headline).to_have_text(re.compile("^Done"))
    page.get_by_role("button", name="Part 2: remove it").click()
    studio.expect_order(green, red)

    page.locator("#films").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the film? Its videos stay.").click()
    expect(page.locator("#films li")).to_have_count(0)
    expect(studio.strip).to_have_count(0)
    expect(visitor.rows).to_have_count(5)


def test_a_film_is_made_by_touch(visit: Callable[..., Visitor], app: App) -> None:
    visitor = visit(**PHONE)
    studio, page = Studio(app, visitor), visitor.page
    red, green, blue = studio.put("red", "green", "blue")
    studio.begin(Part(red, end=0.5), Part(green), Part(blue), phone=True)
    expect(studio.strip).to_be_visible()
    page.get_by_role("button", name="Part 3 of 3: move it forward").tap()
    studio.expect_order(red, blue, green)
    studio.parts.nth(1).tap()
    expect(studio.parts.nth(1)).to_have_attribute("aria-current", "true")
    page.get_by_label("Part 2: from").fill("0.5")
    page.get_by_label("Part 2: from").press("Tab")
    until(lambda: page.wait_for_timeout(50) or studio.film.parts[1].start == 0.5)
    page.get_by_role("button", name="Part 2: remove it").tap()
    studio.expect_order(red, green)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    page.get_by_role("button", name="Play all").tap()
    expect(studio.player).to_be_visible()
    expect(studio.player).to_have_attribute("data-at", "1")
    studio.player.get_by_role("button", name="Close").tap()
    expect(studio.player).to_be_hidden()
    studio.strip.get_by_role("button", name="Join into one video").tap()
    link = page.get_by_role("link", name="Download the film")
    expect(link).to_be_visible()
    with page.expect_download() as started:
        link.tap()
    assert facts(started.value.path()).seconds == pytest.approx(2.5, abs=0.1)

    page.get_by_role("button", name="Play all").tap()
    expect(studio.player).to_have_attribute("data-at", "1")
    studio.player.locator("video.front").tap()
    expect(studio.player.locator(".play")).to_have_text("Play")
    studio.player.get_by_role("button", name="Continue from").tap()
    expect(visitor.prompt).to_be_focused()  # in another part of the page
    expect(visitor.prompt).to_have_value("A green wind.")
    expect(studio.player).to_be_hidden()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390


def story(*jobs: str, **more: Any) -> dict[str, Any]:
    parts = [
        {"job": mark(job), "start": 0.5, "end": None, "request": {"prompt": f"No {place}."}}
        for place, job in enumerate(jobs, start=1)
    ]
    return {"parts": parts, **more}


def test_a_dropped_film_restores_its_strip(
    studio: Studio, app: App, visitor: Visitor, clip: bytes, tmp_path: Path
) -> None:
    red, green = studio.put("red", "green")
    film = tmp_path / "film.mp4"
    film.write_bytes(clip)
    write_settings(film, story(green, red))
    studio.shelf.open(green)
    for _ in range(2):  # the second time it is the same film
        drop(visitor, film)
        expect(visitor.said).to_have_text("The film's parts are below the video again.")
        studio.expect_order(green, red)
        assert studio.film.parts[0].start == 0.5
        expect(visitor.thumbnails).to_have_count(0)
        studio.parts.nth(0).press("ArrowRight")
        studio.expect_order(red, green)

    # Another visitor has the settings only, and the first frame.
    visitor.leave()
    visitor.come()
    other, theirs = visitor, Studio(app, visitor)
    for _ in range(2):
        with other.page.expect_request_finished(app.calls("restore_film")):
            drop(other, film)
        expect(other.said).to_contain_text("2 of this film's 2 parts")
        expect(theirs.parts).to_have_count(2)
        assert len(theirs.film.parts) == 2
    expect(theirs.parts.first.locator(".state")).to_have_text("gone")
    expect(other.said).to_contain_text("2 of this film's 2 parts are no longer among your videos.")
    expect(other.prompt).to_have_value("No 1.")
    expect(other.thumbnails).to_have_count(1)
    expect(other.make).to_be_enabled()
    assert "A red" not in other.page.content()
    other.choose_smallest()
    other.make.click()
    expect(theirs.parts.first).to_have_attribute("aria-current", "true")
    expect(other.headline).to_have_text(re.compile("^Done"))
    theirs.parts.nth(1).press("Enter")
    expect(other.prompt).to_have_value("No 2.")
    expect(other.thumbnails).to_have_count(1)  # the last frame of the part before


@pytest.mark.parametrize(
    "told",
    [
        {"parts": []},
        {"parts": ["x", 7, None, {"job": "../../etc"}, {"job": ["a"], "request": "no"}]},
        {"parts": {"job": "a" * 32}},
        {"parts": [{"job": "a" * 32, "start": "1e999", "end": -4, "request": {"seed": {}}}] * 99},
    ],
    ids=["none", "no parts", "no list", "many"],
)
def test_a_hostile_story_does_no_harm(app: App, clip: bytes, told: dict[str, Any]) -> None:
    film = app.uploads / "hostile" / "film.mp4"
    film.parent.mkdir(parents=True, exist_ok=True)
    film.write_bytes(clip)
    write_settings(film, told)
    visitor = app.token()
    answer = app.call("restore_film", visitor=visitor, dropped={"path": str(film), "at": 1})
    assert "error" not in json.loads(answer), answer
