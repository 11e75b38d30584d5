"""The pictures of the form: given in every way, in order, padded or cropped."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import DEFAULTS
from page_fixtures import COLOURS, SIZE, Visitor, picture_of, until
from PIL import Image
from playwright.sync_api import expect

from vidu_demo.simulator import Simulator


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


def test_pictures_are_sent_in_the_order_that_is_shown(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], pngs["green"], pngs["blue"], prompt="Slow push-in [600 s]")
    for _ in range(2):
        visitor.thumbnails.nth(2).press("ArrowLeft")
        visitor.thumbnails.nth(1).press("ArrowLeft")
    visitor.page.wait_for_timeout(300)
    visitor.make.click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert colours_of(body) == ["green", "blue", "red"]


def test_picture_addresses_are_sent_as_they_are(visitor: Visitor, api: Simulator) -> None:
    before = api.submit_count
    visitor.fold_out("Or use picture URLs")
    addresses = visitor.field("Picture URLs")
    addresses.fill("cat.jpg")
    visitor.prompt.fill("Slow push-in [600 s]")
    expect(visitor.button("“cat.jpg” is not a picture URL")).to_be_enabled()
    addresses.fill("https://example.com/a%20cat.jpg?x=1;y=2\n\n https://example.com/dog.png ")
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    seed = int(visitor.seed.inner_text())
    (body,) = api.submits[before:]
    assert body == {
        "images": ["https://example.com/a%20cat.jpg?x=1;y=2", "https://example.com/dog.png"],
        "prompt": "Slow push-in [600 s]",
        "seed": seed,
        **DEFAULTS,
    }


def test_pictures_from_the_clipboard(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.copy(pngs["green"])
    visitor.button("Paste").click()
    expect(visitor.thumbnails).to_have_count(1)
    visitor.prompt.press("Control+v")
    expect(visitor.thumbnails).to_have_count(2)
    visitor.page.evaluate("navigator.clipboard.writeText('Slow push-in [600 s]')")
    visitor.prompt.press("Control+v")
    expect(visitor.prompt).to_have_value("Slow push-in [600 s]")
    expect(visitor.thumbnails).to_have_count(2)
    visitor.make.click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert colours_of(body) == ["green", "green"]


def test_file_that_is_no_picture_is_refused_beside_the_pictures(
    visitor: Visitor, tmp_path: Path, pngs: dict[str, Path]
) -> None:
    """By its content, and not by Gradio, which would show its own words over the page."""
    notes, impostor = tmp_path / "notes.txt", tmp_path / "holiday.png"
    notes.write_text("no picture")
    impostor.write_text("a text that calls itself a picture")
    with visitor.page.expect_file_chooser() as chooser:
        visitor.button("Upload").click()
    chooser.value.set_files(notes)
    refused = "This file is not in a supported picture format."
    expect(visitor.said).to_contain_text(f"“notes.txt”: {refused}")
    expect(visitor.page.locator(".toast-wrap").get_by_text("notes.txt")).to_have_count(0)
    expect(visitor.thumbnails).to_have_count(0)
    visitor.upload(impostor, pngs["blue"])
    expect(visitor.said).to_contain_text(f"“holiday.png”: {refused}")
    expect(visitor.page.get_by_text(refused)).to_be_visible()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.button("Write a prompt")).to_be_enabled()
    assert str(tmp_path) not in visitor.page.content()


def test_what_is_too_long_is_padded_or_cropped_first(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    before = api.submit_count
    framing = visitor.tile
    visitor.fill(pngs["red"], prompt="Pan to the right [600 s]")
    expect(framing).to_contain_text("First frame as sent: 320 × 240 (4:3).")
    expect(framing).to_contain_text("The video will be 960 × 720.")
    visitor.choice("1080p").check()
    expect(framing).to_contain_text("The video will be 1440 × 1080.")
    visitor.choose_smallest()
    expect(framing).to_contain_text("The video will be 720 × 540.")

    panorama = tmp_path / "panorama.png"
    Image.linear_gradient("L").resize((1000, 200)).convert("RGB").save(panorama)
    for way, size in (("Pad it", (1000, 250)), ("Crop it", (800, 200))):
        visitor.button("Remove").click()
        visitor.upload(panorama)
        too_long = visitor.button("Pad or crop the picture")
        expect(too_long).to_be_enabled()
        expect(framing).to_contain_text("This picture is too wide")
        expect(visitor.draft).not_to_be_visible()
        sent = api.submit_count
        too_long.dispatch_event("click")
        expect(visitor.button("Pad it")).to_be_focused()
        visitor.page.wait_for_timeout(200)
        assert api.submit_count == sent
        visitor.button(way).click()
        expect(framing).to_contain_text(f"{size[0]} × {size[1]} (4:1)")
        expect(visitor.button(way)).not_to_be_visible()
        visitor.make.click()
        until(lambda sent=sent: api.submit_count == sent + 1)
        assert picture_of(api.submits[-1]).size == size
    assert api.submit_count == before + 2


def test_first_frame_is_shown_again_after_a_reload(visitor: Visitor, tmp_path: Path) -> None:
    Image.new("RGB", (1200, 200), "teal").save(tmp_path / "long.png")
    visitor.prompt.fill("Pan to the right.")
    visitor.upload(tmp_path / "long.png")
    expect(visitor.button("Pad it")).to_be_visible()
    expect(visitor.button("Pad or crop the picture")).to_be_enabled()
    visitor.page.reload()
    visitor.button("Pad it").click()
    expect(visitor.make).to_be_enabled()
    visitor.page.reload()
    expect(visitor.tile).to_contain_text("First frame as sent")
