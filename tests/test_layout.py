"""The page can be read in light and dark, and fits a phone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import refusing
from page_fixtures import DONE, LAPTOP, PHONE, Visitor
from PIL import Image
from playwright.sync_api import ViewportSize, expect

from vidu_demo.simulator import Simulator

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


def test_words_can_be_read_in_light_and_dark(
    visit: Callable[..., Visitor], pngs: dict[str, Path]
) -> None:
    visitor = visit(color_scheme="light")
    visitor.start(pngs["red"], pngs["green"], prompt="Slow push-in [600 s]")
    for scheme in ("light", "dark"):
        if scheme == "dark":
            visitor.page.emulate_media(color_scheme="dark")
            expect(visitor.page.locator("body.dark")).to_be_attached()
        ground = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
        assert (brightness > 200) if scheme == "light" else (brightness < 60)
        places = ["h1", ".payer", "#status h2", "#details code", "#price strong", ".notice p"]
        for place in places:
            words = visitor.page.locator(f"{place}:visible").first
            assert words.evaluate(_CONTRAST) >= 4.5, (scheme, place)
        visitor.page.mouse.move(0, 0)
        visitor.page.wait_for_timeout(300)
        assert visitor.make.evaluate(_CONTRAST) >= 4.5, scheme


@pytest.mark.usefixtures("small_videos")
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
    visitor.fold_out("Or use picture URLs")
    assert fits()
    visitor.start(pngs["red"], pngs["green"], prompt="long" * 60)
    assert fits()
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.video).to_be_visible()
    assert fits()
    api.faults["submit"] = [refusing(403, "NOT_ENOUGH_BALANCE", "x" * 200)]
    visitor.go_to("Make")
    visitor.prompt.fill("Another one.")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    assert fits()


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., list[Path]]:
    """Make pictures of these sizes, each of its own colour."""

    def make(*sizes: tuple[int, int]) -> list[Path]:
        made = []
        for number, size in enumerate(sizes):
            made.append(tmp_path / f"{number} {size}.png")
            Image.new("RGB", size, (40 * number % 256, 120, 140)).save(made[-1])
        return made

    return make


PLAIN, SMALL, TALL, WIDE = (1280, 960), (100, 100), (200, 1200), (1200, 200)
NEXT = (320, 240)  # only a thumbnail is shown of what comes after the first
STATES = {
    "none": [],
    "one": [PLAIN],
    "a small one": [SMALL],
    "two": [PLAIN, SMALL],
    "seven": [PLAIN, *6 * [NEXT]],
    "twenty": [PLAIN, *19 * [NEXT]],
    "too wide": [WIDE],
    "too tall": [TALL],
    "the second too wide": [PLAIN, WIDE],
    "the second too tall": [PLAIN, TALL],
    "the first of seven too wide": [WIDE, *6 * [NEXT]],
    "the last of seven too tall": [PLAIN, *5 * [NEXT], TALL],
    "all too long": [WIDE, TALL, WIDE, TALL],
}
"""The sizes of the pictures that are in the form."""


TABLET: ViewportSize = {"width": 1024, "height": 768}


@pytest.mark.parametrize(
    ("windows", "locale", "scheme"),
    [
        ([LAPTOP, TABLET], "en", "light"),
        ([PHONE], "en", "light"),
        ([PHONE], "zh-CN", "dark"),
    ],
)
def test_the_prompt_is_in_sight_whatever_pictures_are_in(
    visit: Callable[..., Visitor],
    pictures: Callable[..., list[Path]],
    tmp_path: Path,
    windows: list[ViewportSize],
    locale: str,
    scheme: str,
) -> None:
    phone = {"has_touch": True, "is_mobile": True} if windows == [PHONE] else {}
    visitor = visit(viewport=windows[0], locale=locale, color_scheme=scheme, **phone)
    bar = visitor.page.locator("#checkout")
    expect(bar).to_be_visible()
    found = {}

    def look(state: str) -> None:
        """Note how many pixels are left between the prompt and the bar."""
        for window in windows:
            if len(windows) > 1:
                visitor.page.set_viewport_size(window)
            prompt, below = visitor.prompt.bounding_box(), bar.bounding_box()
            assert prompt
            assert below
            assert below["y"] + below["height"] <= window["height"]
            found[window["width"], state] = below["y"] - prompt["y"] - prompt["height"]
            assert visitor.page.evaluate("scrollY") == 0

    def add(*files: Path) -> None:
        visitor.page.evaluate("window.answered = false")
        visitor.page.evaluate(
            "document.addEventListener('vidu:news', () => { answered = true; }, {once: true})"
        )
        visitor.upload(*files)
        visitor.page.wait_for_function("answered && !vidu.batches.length")

    broken = [tmp_path / f"{number}.png" for number in range(3)]
    for file in broken:
        file.write_text("no picture")
    for state, sizes in STATES.items():
        if sizes:
            add(*pictures(*sizes))
        expect(visitor.thumbnails).to_have_count(len(sizes))
        wrong = [place for place, size in enumerate(sizes) if size in (TALL, WIDE)]
        expect(visitor.tile.locator(".unfit")).to_have_count(min(1, len(wrong)))
        expect(visitor.tile.locator(".wrong")).to_have_count(len(wrong))
        expect(visitor.page.locator("#about-pictures")).to_be_visible(visible=len(sizes) > 1)
        look(state)
        add(*broken)
        expect(visitor.said).to_contain_text("0.png, 1.png, …")
        look(f"{state}, others refused")
        if sizes:
            visitor.tile.locator("[data-do=clear]").evaluate("button => button.click()")
        expect(visitor.thumbnails).to_have_count(0)
        expect(visitor.tile.locator(".start")).to_be_visible()
    assert {state: left for state, left in found.items() if left < MARGIN} == {}


MARGIN = 8
"""Pixels between the prompt and what covers the page below."""


def test_the_choice_is_made_without_losing_the_prompt(
    visitor: Visitor, pictures: Callable[..., list[Path]]
) -> None:
    visitor.upload(*pictures(PLAIN, WIDE, TALL))
    reason = visitor.tile.locator(".unfit p")
    expect(reason).to_contain_text("Picture 2: This picture is too wide")
    visitor.button("Crop it").click()
    expect(reason).to_contain_text("Picture 3: This picture is too tall")
    visitor.button("Remove").click()  # the one that is asked about
    expect(visitor.thumbnails).to_have_count(2)
    expect(visitor.tile).to_contain_text("First frame as sent: 1280 × 960")
    expect(visitor.tile.locator(".wrong")).to_have_count(0)
