"""How the page looks in every state: axe finds nothing, nothing jumps, the keyboard gets around.

One visitor goes through all states once, and every state is looked at in several windows.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_fixtures import LAPTOP, PHONE, App, Visitor, until
from PIL import Image
from playwright.sync_api import Browser, ViewportSize, expect
from shelf_fixtures import Shelf

from vidu_demo import ui


class Fault(NamedTuple):
    """What Gradio itself gets wrong."""

    rule: str
    selector: str
    reason: str


GRADIOS_OWN = (
    Fault("aria-prohibited-attr", "#video .empty", "the empty place of a video has a label"),
    Fault("scrollable-region-focusable", ".cm-scroller", "code scrolls, but takes no focus"),
)
"""Every fault that is left alone. A new one fails, and so does one that has gone."""


class View(NamedTuple):
    """A window, and the rules of axe whose answer it can change."""

    window: ViewportSize
    scheme: Literal["light", "dark"]
    rules: dict[str, Any]


VIEWS = {
    "laptop": View(LAPTOP, "light", {}),
    "dark": View(LAPTOP, "dark", {"runOnly": ["color-contrast"]}),
    "phone": View(PHONE, "light", {"rules": {"color-contrast": {"enabled": False}}}),
}
SCREENS = {
    "first visit": ["laptop", "dark", "phone"],
    "filled": ["laptop", "dark"],
    "too long": ["laptop", "dark"],
    "several pictures": ["laptop", "dark", "phone"],
    "a picture refused": ["laptop", "dark", "phone"],
    "a fault": ["laptop", "dark", "phone"],
    "running": ["laptop", "dark", "phone"],
    "done": ["laptop", "dark"],
    "failed": ["laptop", "dark"],
    "history": ["laptop", "dark"],
    "searched": ["laptop", "dark"],
    "everything open": ["laptop", "dark", "phone"],
}
"""In which views each state is looked at."""

PARTS = {
    "first visit": "make",
    "filled": "make",
    "too long": "make",
    "several pictures": "make",
    "a picture refused": "make",
    "a fault": "make",
    "running": "watch",
    "done": "watch",
    "failed": "watch",
    "history": "videos",
    "searched": "videos",
    "everything open": "videos",
}
"""Which part of the page a phone shows."""

PLACES = {
    "upload": ".tile .main",
    "an example": ".tile .examples button",
    "another picture": ".tile .tool.choose",
    "remove": ".tile .tool.remove",
    "a picture of several": ".tile .strip li",
    "remove all": ".tile [data-do=clear]",
    "the prompt": "#prompt textarea",
    "words that help": ".chips button",
    "the button": "#make",
    "search": "#search input",
    "select all": ".selection .all",
    "select": ".history .pick input",
    "open": ".history .open",
    "the next video": ".neighbours button",
    "compare": ".history [data-do=compare]",
    "download": ".history a",
    "delete": ".history [data-do=delete]",
    "close": ".compare .close",
    "play": ".compare .play",
    "time": ".compare .time",
    "sound": ".compare .heard input",
    "copy the task": ".details .copy",
    "for programs": "#foot a",
}
"""What the keyboard must reach."""

_WATCH_FOCUS = """places => {
    window.reached = [];
    document.addEventListener('focusin', ({target: at}) => {
        const style = getComputedStyle(at);
        reached.push({
            place: Object.keys(places).find(name => at.matches(places[name])),
            ring: style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2,
        });
    });
}"""

CALLS = "**/gradio_api/run/**"
"""Where the page calls the app."""

_SMALL = """() => {
    const ours = '.tile, .chips, .status, .details, #history, .compare, .notify, #choices, '
        + '#checkout, .fold > button, #search, .parts, #faults, #foot';
    return [...document.querySelectorAll('button, a, input, textarea')]
        .filter(one => one.closest(ours) && one.checkVisibility())
        .map(one => one.closest('label') || one)
        .filter(one => one.getBoundingClientRect().height < 24)
        .map(one => one.outerHTML);
}"""


class Walk:
    """What was found on the way.

    Attributes:
        faults: What axe found that is serious, for each state and view.
        gradios: The entries of `GRADIOS_OWN` that were met.
        small: What is too small for a finger, for each state on the phone.
        boxes: The top of the video and of what is below it, for each state on the laptop.
    """

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        visitor.page.evaluate(Axe().axe_script)  # once: it is half a megabyte
        visitor.page.evaluate(_WATCH_FOCUS, PLACES)
        self.faults: dict[tuple[str, str], list[str]] = {}
        self.gradios: set[Fault] = set()
        self.small: dict[str, list[str]] = {}
        self.boxes: dict[str, list[Any]] = {}

    def look(self, state: str) -> None:
        page = self.visitor.page
        for view in SCREENS[state]:
            window, scheme, rules = VIEWS[view]
            page.set_viewport_size(window)
            if view == "phone":
                page.locator(f".parts [data-part={PARTS[state]}]").click()
            page.emulate_media(color_scheme=scheme)
            self.faults[state, view] = self._axe(rules)
            if view == "phone":
                self.small[state] = page.evaluate(_SMALL)
            if view == "laptop":
                places = [
                    page.locator(place).bounding_box() for place in ("#video", "#choices", "#about")
                ]
                top = page.locator("#stage").bounding_box()
                assert top
                self.boxes[state] = [box["y"] - top["y"] for box in places if box]
        page.set_viewport_size(LAPTOP)

    def _axe(self, rules: dict[str, Any]) -> list[str]:
        options = {"resultTypes": ["violations"], "preload": False, **rules}
        found = []
        run = "options => axe.run(options).then(found => found.violations)"
        for rule in self.visitor.page.evaluate(run, options):
            if rule["impact"] not in ("serious", "critical"):
                continue
            for node in rule["nodes"]:
                known = [fault for fault in GRADIOS_OWN if self._is(fault, rule["id"], node)]
                self.gradios |= set(known)
                if not known:
                    found.append(f"{rule['id']}: {node['html']}")
        return found

    def _is(self, fault: Fault, rule: str, node: dict[str, Any]) -> bool:
        matches = "([at, selector]) => document.querySelector(at).matches(selector)"
        at = node["target"][0]
        return fault.rule == rule and self.visitor.page.evaluate(matches, [at, fault.selector])


@pytest.fixture(scope="module")
def walk(browser: Browser, app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    visitor = Visitor(browser.new_context(), app.url)
    visitor.page.add_style_tag(content="* { transition: none !important }")
    walk = Walk(visitor)
    walk.look("first visit")
    visitor.button("A cat looks up").click()
    expect(visitor.make).to_be_enabled()
    walk.look("filled")
    visitor.button("Remove").click()
    visitor.upload(_plain_picture(tmp_path_factory.mktemp("look"), (1200, 200)))
    expect(visitor.button("Pad it")).to_be_visible()
    walk.look("too long")
    picture = _plain_picture(tmp_path_factory.mktemp("look"), (640, 480))
    visitor.upload(picture, picture)
    expect(visitor.thumbnails).to_have_count(3)
    walk.look("several pictures")
    notes = picture.with_name("notes.txt")
    notes.write_text("no picture")
    visitor.upload(notes)
    expect(visitor.said).to_contain_text("not in a supported picture format")
    walk.look("a picture refused")
    with visitor.page.expect_response(CALLS):
        visitor.page.route(CALLS, lambda route: route.fulfill(status=400))
        visitor.prompt.fill("The cat stays where it is.")
    expect(visitor.page.get_by_role("alert").locator("h2")).to_be_visible()
    walk.look("a fault")
    visitor.page.unroute(CALLS)
    visitor.page.get_by_role("alert").get_by_role("button", name="Close").click()
    for _ in range(2):
        visitor.thumbnails.last.press("Delete")
    expect(visitor.thumbnails).to_have_count(1)
    visitor.button("Pad it").click()
    visitor.field("Duration").fill("1")
    visitor.choice("540p").click()
    _make(visitor, 1, "The cat runs for long. [600 s]", "In the queue")
    walk.look("running")
    _make(visitor, 2, "The cat lifts its head.", "Done in")
    expect(visitor.page.locator(".history [data-do=compare]")).to_have_count(1)
    walk.look("done")
    _make(visitor, 3, "The cat looks away. [fail]", "No video was made")
    walk.look("failed")
    visitor.page.locator(".history .open", has_text="lifts").first.click()
    expect(visitor.headline).to_contain_text("Done in")
    walk.look("history")
    search = visitor.page.locator("#search input")
    search.fill("lifts")
    rows = visitor.page.locator(".history .card")
    expect(rows).to_have_count(2)
    walk.look("searched")
    search.fill("")
    expect(rows).to_have_count(6)
    visitor.page.locator(".history [data-do=compare]").first.click()
    expect(visitor.page.locator(".compare table")).to_be_visible()
    for fold in ("Prompt ideas", "Continue a task by its id"):
        visitor.fold_out(fold)
    visitor.open_tab("Code")
    expect(visitor.page.locator(".cm-line").first).to_be_visible()
    walk.look("everything open")
    visitor.open_tab("Details")
    yield walk
    visitor.context.close()
    assert visitor.elsewhere == []
    assert visitor.broken == []


def _plain_picture(folder: Path, size: tuple[int, int]) -> Path:
    Image.new("RGB", size, "teal").save(folder / "plain.png")
    return folder / "plain.png"


def _make(visitor: Visitor, takes: int, prompt: str, headline: str) -> None:
    visitor.choice(str(takes)).click()
    visitor.prompt.fill(prompt)
    expect(visitor.make).to_contain_text(f"{takes} · $" if takes > 1 else "Make $")
    visitor.make.click()
    expect(visitor.details.locator(".prompt")).to_have_text(prompt)
    expect(visitor.headline).to_contain_text(headline)


@pytest.mark.parametrize(
    ("state", "view"), [(state, view) for state, views in SCREENS.items() for view in views]
)
def test_axe_finds_nothing_serious(walk: Walk, state: str, view: str) -> None:
    assert walk.faults[state, view] == []


def test_what_gradio_gets_wrong_is_still_wrong(walk: Walk) -> None:
    assert walk.gradios == set(GRADIOS_OWN)


def test_the_stage_stands_still(walk: Walk) -> None:
    assert len(walk.boxes["running"]) == 3
    assert walk.boxes["done"] == walk.boxes["running"]


def test_everything_is_large_enough_for_a_finger(walk: Walk) -> None:
    assert walk.small
    assert {state: small for state, small in walk.small.items() if small} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_keyboard_gets_everywhere_and_shows_where(walk: Walk, tmp_path: Path, scheme: str) -> None:
    visitor, page = walk.visitor, walk.visitor.page
    page.emulate_media(color_scheme=scheme)
    reached, unmarked = set(), set()

    def tab_through() -> None:
        page.locator("h1").click()
        page.evaluate("window.reached = []")
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
        for focus in page.evaluate("reached"):
            reached.add(focus.get("place"))
            if not focus["ring"]:
                unmarked.add(focus.get("place"))

    picture = _plain_picture(tmp_path, (640, 480))
    visitor.upload(picture, picture)
    expect(visitor.button("Remove all")).to_be_visible()
    expect(page.locator("#make")).to_be_enabled()
    tab_through()
    visitor.button("Remove all").click()
    expect(visitor.button("Upload")).to_be_visible()
    tab_through()
    assert reached >= set(PLACES)
    assert unmarked <= {None}


def test_the_waiting_bar_moves_for_whoever_does_not_mind(browser: Browser) -> None:
    with closing(browser.new_page()) as page:
        page.set_content('<div class="status"><progress></progress></div>')
        page.add_style_tag(path=Path(ui.__file__).parent / "static" / "stage.css")
        moving = "document.getAnimations().map(each => each.animationName)"
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(moving) == ["status-waiting"]
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(moving) == []


def test_a_video_starts_by_itself_for_whoever_does_not_mind(visitor: Visitor, app: App) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    jobs = {name: shelf.play(name).id for name in ("heron", "otter")}
    page.evaluate(
        """() => {
            window.played = [];
            const keep = ({target}) => played.push(target.src.match(/(\\w+).mp4$/)[1]);
            document.addEventListener('play', keep, true);
        }"""
    )

    def see(name: str, motion: Literal["reduce", "no-preference"]) -> None:
        page.emulate_media(reduced_motion=motion)
        shelf.open(jobs[name])
        expect(visitor.video).to_have_attribute("src", re.compile(f"{name}.mp4"))
        until(lambda: visitor.video.evaluate("video => video.readyState") == 4)

    see("heron", "reduce")
    see("otter", "no-preference")
    page.wait_for_function("played.length")
    see("heron", "reduce")
    visitor.video.evaluate("video => video.play()")  # as the player's button does
    assert page.evaluate("played") == ["otter", "heron"]
