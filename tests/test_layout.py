"""The page can be read in light and dark, and fits a phone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import refusing
from page_fixtures import DONE, Visitor, until
from PIL import Image
from playwright.sync_api import expect

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_in_light_and_dark(
    visit: Callable[..., Visitor], pngs: dict[str, Path], scheme: str
) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.start(pngs["red"], pngs["green"], prompt="Slow push-in [600 s]")
    ground = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
    assert (brightness > 200) if scheme == "light" else (brightness < 60)
    places = ["h1", ".payer", "#status h2", "#details code", "#price strong", ".notice p"]
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


@pytest.mark.parametrize("window", [(1440, 900), (1024, 768), (390, 844)])
def test_the_prompt_is_in_sight_with_pictures_in(
    visit: Callable[..., Visitor], pngs: dict[str, Path], tmp_path: Path, window: tuple[int, int]
) -> None:
    width, height = window
    phone = {"has_touch": True, "is_mobile": True} if width < 500 else {}
    visitor = visit(viewport={"width": width, "height": height}, **phone)
    panorama = tmp_path / "panorama.png"
    Image.new("RGB", (1200, 200), "teal").save(panorama)

    def expect_in_sight() -> None:
        bar = visitor.page.locator("#checkout")

        def clear() -> bool:
            prompt, below = visitor.prompt.bounding_box(), bar.bounding_box()
            assert prompt
            assert below
            return 0 < prompt["y"] + prompt["height"] < below["y"] < height

        expect(bar).to_be_visible()
        until(clear)
        assert visitor.page.evaluate("scrollY") == 0

    expect_in_sight()
    visitor.upload(panorama)
    expect(visitor.button("Pad or crop the picture")).to_be_visible()
    expect_in_sight()
    visitor.button("Crop it").click()
    expect(visitor.tile).to_contain_text("First frame as sent")
    expect_in_sight()
    visitor.upload(pngs["red"], pngs["green"], pngs["blue"])
    expect(visitor.page.get_by_text("All pictures are sent")).to_be_visible()
    expect(visitor.thumbnails).to_have_count(4)
    expect_in_sight()
