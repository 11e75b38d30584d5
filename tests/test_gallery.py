"""The gallery, whatever was done with it before: it takes pictures and can be cleared."""

import base64
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from page_fixtures import Visitor, until
from PIL import Image
from playwright.sync_api import Route, expect

from vidu_demo.simulator import Simulator

NO_PICTURE = "This file is not in a supported picture format."

DROP = """([files, where]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], name, {type: name.endsWith('png') ? 'image/png' : ''}));
  }
  const drop = new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true});
  document.querySelector(where).dispatchEvent(drop);
}"""


def drop(visitor: Visitor, *files: Path, where: str = "h1") -> None:
    named = [(file.name, base64.b64encode(file.read_bytes()).decode()) for file in files]
    visitor.page.evaluate(DROP, [named, where])


def names(visitor: Visitor) -> list[str]:
    """What stands in the gallery, by the colours' names."""
    found = visitor.page.locator("#pictures .thumbnail-item img")
    sources = found.evaluate_all("images => images.map((image) => image.src)")
    return [Path(source).stem for source in sources]


@pytest.fixture
def impostor(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.png"
    path.write_text("a text that calls itself a picture")
    return path


@pytest.fixture
def bitmap(tmp_path: Path) -> Path:
    """A picture that browsers are not shown, but another one for it."""
    path = tmp_path / "bitmap.tiff"
    Image.new("RGB", (320, 240), "teal").save(path)
    return path


def select(visitor: Visitor, place: int) -> None:
    visitor.thumbnails.nth(place).click()
    expect(visitor.page.locator("#mark style")).to_have_count(1)


def test_a_click_on_a_picture_takes_nothing_away(visitor: Visitor, pngs: dict[str, Path]) -> None:
    red, green, blue = pngs.values()
    visitor.upload(red)
    expect(visitor.thumbnails).to_have_count(1)
    for _ in range(3):
        select(visitor, 0)
        for name in ("Take a photo", "Paste from Clipboard", "Clear"):
            expect(visitor.button(name)).to_be_visible()
        visitor.upload(green)
        expect(visitor.thumbnails).to_have_count(2)
        select(visitor, 1)
        visitor.button("← Earlier").click()
        until(lambda: visitor.page.wait_for_timeout(50) or names(visitor) == ["green", "red"])
        drop(visitor, blue)
        expect(visitor.thumbnails).to_have_count(3)
        select(visitor, 0)
        visitor.page.locator("#pictures .delete-button").first.click()
        expect(visitor.thumbnails).to_have_count(2)
        select(visitor, 0)
        visitor.button("Clear").click()
        expect(visitor.thumbnails).to_have_count(0)
        drop(visitor, red)
        expect(visitor.thumbnails).to_have_count(1)


def test_the_chosen_picture_is_marked_until_the_pictures_change(
    visitor: Visitor, pngs: dict[str, Path]
) -> None:
    visitor.upload(pngs["red"], pngs["green"])
    outline = "element => getComputedStyle(element).outlineStyle"
    for place in (1, 0):
        select(visitor, place)
        visitor.prompt.focus()
        until(lambda place=place: visitor.thumbnails.nth(place).evaluate(outline) == "solid")
        assert visitor.thumbnails.nth(1 - place).evaluate(outline) == "none"
    visitor.button("Later →").click()
    until(lambda: visitor.thumbnails.nth(1).evaluate(outline) == "solid")
    visitor.page.locator("#pictures .delete-button").first.click()
    expect(visitor.page.locator("#mark style")).to_have_count(0)


def test_a_drop_is_taken_at_once_after_a_click(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.upload(pngs["red"])
    expect(visitor.thumbnails).to_have_count(1)
    visitor.page.evaluate("document.querySelector('#pictures .thumbnail-item').click()")
    drop(visitor, pngs["green"], where="#pictures .thumbnail-item")
    expect(visitor.thumbnails).to_have_count(2)


@pytest.mark.parametrize("before", [0, 1])
def test_what_is_dropped_during_an_upload_follows_it(
    visitor: Visitor, pngs: dict[str, Path], before: int
) -> None:
    red, green, blue = pngs.values()
    if before:
        visitor.upload(red)
        expect(visitor.thumbnails).to_have_count(1)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visitor.page.route("**/gradio_api/upload?*", hold)
    drop(visitor, green)
    until(lambda: visitor.page.wait_for_timeout(50) or held)
    drop(visitor, blue)
    drop(visitor, red, where="#pictures")
    visitor.page.unroute("**/gradio_api/upload?*")
    expect(visitor.thumbnails).to_have_count(before + 3)
    assert sorted(names(visitor)) == sorted([*["red"] * before, "green", "blue", "red"])


def test_what_comes_while_an_upload_is_checked_stays(
    visitor: Visitor, pngs: dict[str, Path], impostor: Path, bitmap: Path, api: Simulator
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "holiday" in str(route.request.post_data) and not held:
            held.append(route)
        else:
            route.continue_()

    visitor.page.route("**/gradio_api/run/predict*", hold)
    visitor.upload(impostor, bitmap)
    until(lambda: visitor.page.wait_for_timeout(50) or held)
    drop(visitor, pngs["red"])
    expect(visitor.thumbnails).to_have_count(3)
    held[0].continue_()
    expect(visitor.thumbnails).to_have_count(2)
    assert names(visitor) == ["bitmap", "red"]
    visitor.prompt.fill("Slow push-in.")
    before = api.submit_count
    visitor.make.click()
    until(lambda: api.submit_count == before + 1)
    assert len(api.submits[-1]["images"]) == 2


def test_an_error_goes_when_the_pictures_change(
    visit: Callable[..., Visitor], pngs: dict[str, Path], impostor: Path
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    note = visitor.page.get_by_text(NO_PICTURE)

    def paste() -> None:
        visitor.copy(pngs["green"])
        visitor.button("Paste from Clipboard").click()
        expect(visitor.thumbnails).to_have_count(2)

    changes: list[Callable[[], None]] = [
        lambda: visitor.upload(pngs["blue"]),
        lambda: drop(visitor, pngs["blue"]),
        lambda: visitor.page.locator("#pictures .delete-button").click(),
        lambda: visitor.button("Clear").click(),
        visitor.page.locator("#examples button").first.click,
        paste,
    ]
    for change in changes:
        visitor.upload(impostor, pngs["red"])
        expect(note).to_be_visible()
        expect(visitor.thumbnails).to_have_count(1)
        visitor.prompt.fill("A prompt is no picture.")
        expect(visitor.make).to_be_enabled()
        select(visitor, 0)
        expect(note).to_be_visible()
        change()
        expect(note).to_be_hidden()
        visitor.upload(impostor)
        expect(note).to_be_visible()
        if visitor.thumbnails.count():
            visitor.button("Clear").click()
            expect(visitor.thumbnails).to_have_count(0)


def test_the_content_decides_and_every_thumbnail_shows(visitor: Visitor, tmp_path: Path) -> None:
    """Files without a suffix, with an odd one, and with one that lies."""
    pillow_heif.register_heif_opener()
    photo = Image.effect_noise((640, 480), 60).convert("RGB")
    names_and_formats = {
        "photo": "JPEG",
        "stereo.mpo": "MPO",
        "phone.jpg": "HEIF",
        "scan.png": "TIFF",
    }
    for name, kind in names_and_formats.items():
        photo.save(tmp_path / name, kind)
    files = [tmp_path / name for name in names_and_formats]
    visitor.upload(*files[:2])
    expect(visitor.thumbnails).to_have_count(2)
    drop(visitor, *files[2:], where="#pictures")
    expect(visitor.thumbnails).to_have_count(4)
    shown = (
        "[...document.querySelectorAll('#pictures .thumbnail-item img')].map(i => i.naturalWidth)"
    )
    until(lambda: visitor.page.evaluate(shown) == [640] * 4)
    expect(visitor.page.locator(".prose.notice:visible")).to_have_text(
        "All pictures are sent, but only the first is known to be used."
    )


def test_a_video_is_one_by_its_content(visitor: Visitor, tmp_path: Path, clip: bytes) -> None:
    (tmp_path / "film").write_bytes(clip)
    visitor.upload(tmp_path / "film")
    said = "This video has no settings from this page; its first frame is now the picture."
    expect(visitor.page.get_by_text(said)).to_be_visible()
    expect(visitor.thumbnails).to_have_count(1)


def test_a_small_picture_is_said_to_blur(visitor: Visitor, tmp_path: Path) -> None:
    Image.new("RGB", (60, 60), "teal").save(tmp_path / "icon.png")
    visitor.upload(tmp_path / "icon.png")
    expect(visitor.page.locator("#first-frame .blurs")).to_have_text(
        "The picture is small, so the video will look blurry."
    )
