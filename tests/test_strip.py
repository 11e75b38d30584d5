"""The pictures of the form: added, moved and removed in any order, whatever is under way."""

import base64
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from page_fixtures import COLOURS, App, Visitor, until
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from vidu_demo.api.images import MAX_FILE_BYTES
from vidu_demo.simulator import Simulator
from vidu_demo.ui.form.uploads import MAX_PICTURES

REFUSED = "“holiday.png”: This file is not in a supported picture format."

DROP = """([files, where]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], name, {type: name.endsWith('png') ? 'image/png' : ''}));
  }
  const drop = new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true});
  document.querySelector(where).dispatchEvent(drop);
}"""


def drop(page: Page, *files: Path, where: str = "h1") -> None:
    named = [(file.name, base64.b64encode(file.read_bytes()).decode()) for file in files]
    page.evaluate(DROP, [named, where])


def names(visitor: Visitor) -> list[str]:
    """What stands in the strip, by the files' names."""
    found = visitor.page.locator("#pictures .strip img")
    sources = found.evaluate_all("images => images.map((image) => image.src)")
    return [Path(source).stem for source in sources]


def expect_order(visitor: Visitor, *expected: str) -> None:
    """Wait until the strip stands so, as the server has drawn it."""
    expect(visitor.thumbnails).to_have_count(len(expected))
    until(lambda: visitor.page.wait_for_timeout(50) or names(visitor) == list(expected))
    for place, picture in enumerate(visitor.thumbnails.all(), start=1):
        expect(picture).to_have_attribute("aria-label", f"Picture {place} of {len(expected)}")


def tool(visitor: Visitor, name: str) -> Locator:
    return visitor.tile.get_by_role("button", name=name, exact=True)


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


def test_pictures_come_and_go_again_and_again_and_the_same_is_two(
    visitor: Visitor, pngs: dict[str, Path]
) -> None:
    red, green, blue = pngs.values()
    visitor.upload(red, green, red)
    expect_order(visitor, "red", "green", "red")
    visitor.thumbnails.nth(2).press("Delete")
    expect_order(visitor, "red", "green")
    tool(visitor, "Remove all").click()
    expect(visitor.thumbnails).to_have_count(0)
    visitor.upload(red)
    for place in ("h1", "#tile"):
        expect_order(visitor, "red")
        for name in ("Add another", "Take a photo", "Paste", "Remove"):
            expect(tool(visitor, name)).to_be_visible()
        visitor.upload(green)
        expect_order(visitor, "red", "green")
        visitor.thumbnails.nth(1).press("ArrowLeft")
        expect_order(visitor, "green", "red")
        drop(visitor.page, blue)
        expect_order(visitor, "green", "red", "blue")
        tool(visitor, "Remove").click()
        expect_order(visitor, "red", "blue")
        tool(visitor, "Remove all").click()
        expect(visitor.thumbnails).to_have_count(0)
        expect(tool(visitor, "Upload")).to_be_visible()
        drop(visitor.page, red, where=place)
    expect_order(visitor, "red")
    expect(visitor.button("Write a prompt")).to_be_enabled()


def test_the_mouse_and_the_keyboard_move_pictures(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.upload(*pngs.values())
    expect_order(visitor, "red", "green", "blue")
    visitor.thumbnails.nth(2).drag_to(visitor.thumbnails.nth(0))
    expect_order(visitor, "blue", "red", "green")
    visitor.thumbnails.nth(0).drag_to(visitor.thumbnails.nth(1))
    expect_order(visitor, "red", "blue", "green")
    visitor.thumbnails.nth(0).drag_to(visitor.prompt)  # which is no place for it
    expect(visitor.prompt).to_have_value("")
    expect_order(visitor, "red", "blue", "green")

    focused = visitor.page.locator("#pictures .strip li:focus")
    moved = visitor.page.locator("#pictures .moved")
    visitor.thumbnails.nth(0).press("ArrowRight")
    expect(moved).to_have_text("Picture 2 of 3")
    visitor.page.keyboard.press("ArrowRight")  # at once: the server has drawn nothing yet
    expect(moved).to_have_text("Picture 3 of 3")
    visitor.page.keyboard.press("ArrowRight")  # there is no further place
    expect_order(visitor, "blue", "green", "red")
    expect(focused).to_have_attribute("aria-label", "Picture 3 of 3")
    visitor.page.keyboard.press("ArrowLeft")
    expect_order(visitor, "blue", "red", "green")
    expect(focused).to_have_attribute("aria-label", "Picture 2 of 3")

    visitor.page.keyboard.press("Delete")
    visitor.page.keyboard.press("Delete")  # the focus goes on to the next one
    expect_order(visitor, "blue")
    tool(visitor, "Remove").press("Enter")
    expect(visitor.thumbnails).to_have_count(0)
    expect(tool(visitor, "Upload")).to_be_focused()


def test_a_finger_moves_and_removes_a_picture(
    visit: Callable[..., Visitor], pngs: dict[str, Path]
) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor.upload(*pngs.values())
    expect_order(visitor, "red", "green", "blue")
    tool(visitor, "Picture 1 of 3: move it back").tap()
    expect_order(visitor, "green", "red", "blue")
    tool(visitor, "Picture 3 of 3: move it forward").tap()
    expect_order(visitor, "green", "blue", "red")
    tool(visitor, "Picture 2 of 3: remove it").tap()
    expect_order(visitor, "green", "red")


def test_what_is_dropped_during_an_upload_or_its_check_follows_it(
    visitor: Visitor, pngs: dict[str, Path], impostor: Path, bitmap: Path, api: Simulator
) -> None:
    red, green, blue = pngs.values()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for before in ([], ["red"]):
        if before:
            tool(visitor, "Remove all").click()
            expect(visitor.thumbnails).to_have_count(0)
            visitor.upload(red)
            expect_order(visitor, "red")
        held.clear()
        visitor.page.route("**/gradio_api/upload", hold)
        drop(visitor.page, green)
        until(lambda: visitor.page.wait_for_timeout(50) or held)
        expect(visitor.said).to_have_text("Uploading…")
        drop(visitor.page, blue)
        drop(visitor.page, red, where="#pictures")
        visitor.page.unroute("**/gradio_api/upload")
        expect_order(visitor, *before, "green", "blue", "red")
        expect(visitor.said).to_be_empty()

    tool(visitor, "Remove all").click()
    expect(visitor.thumbnails).to_have_count(0)
    checks: list[Route] = []

    def hold_check(route: Route) -> None:
        if "holiday" in str(route.request.post_data) and not checks:
            checks.append(route)
        else:
            route.continue_()

    visitor.page.route("**/gradio_api/run/predict*", hold_check)
    visitor.upload(impostor, bitmap)
    until(lambda: visitor.page.wait_for_timeout(50) or checks)
    drop(visitor.page, red)
    expect(visitor.thumbnails).to_have_count(0)
    checks[0].continue_()
    expect_order(visitor, "bitmap", "red")
    visitor.prompt.fill("Slow push-in [600 s]")
    bought = api.submit_count
    visitor.make.click()
    until(lambda: visitor.page.wait_for_timeout(50) or api.submit_count == bought + 1)
    assert len(api.submits[-1]["images"]) == 2


def test_what_is_dropped_before_the_page_is_there_waits_for_it(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if app.calls("welcome")(route.request):
            held.append(route)
        else:
            route.continue_()

    visitor.page.route("**/gradio_api/run/predict*", hold)
    visitor.page.reload(wait_until="commit")
    visitor.page.wait_for_function("Boolean(window.vidu?.addPictures)")
    drop(visitor.page, pngs["red"], where="html")
    until(lambda: visitor.page.wait_for_timeout(50) or held)
    drop(visitor.page, pngs["green"])
    expect(visitor.thumbnails).to_have_count(0)
    held[0].continue_()
    expect_order(visitor, "red", "green")


def test_an_error_goes_when_the_pictures_change(
    visit: Callable[..., Visitor], pngs: dict[str, Path], impostor: Path
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.copy(pngs["green"])
    changes: list[Callable[[], None]] = [
        lambda: visitor.upload(pngs["blue"]),
        lambda: drop(visitor.page, pngs["blue"]),
        tool(visitor, "Remove").click,
        tool(visitor, "Paste").click,
    ]
    for change in changes:
        visitor.upload(impostor, pngs["red"])
        expect(visitor.said).to_contain_text(REFUSED)
        expect(visitor.thumbnails).to_have_count(1)
        visitor.prompt.fill("A prompt is no picture.")
        expect(visitor.make).to_be_enabled()
        visitor.thumbnails.first.evaluate("picture => picture.click()")
        expect(visitor.said).to_contain_text(REFUSED)
        change()
        expect(visitor.said).to_be_empty()
        visitor.upload(impostor)
        expect(visitor.said).to_contain_text(REFUSED)
        if visitor.thumbnails.count() > 1:
            tool(visitor, "Remove all").click()
        elif visitor.thumbnails.count():
            tool(visitor, "Remove").click()
        expect(visitor.thumbnails).to_have_count(0)
    visitor.upload(impostor)
    expect(visitor.said).to_contain_text(REFUSED)
    visitor.page.locator(".examples button").first.click()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.said).to_be_empty()


def answering(status: int | None) -> Callable[[Route], None]:
    """Answer with a status; None for no answer at all."""
    return lambda route: route.fulfill(status=status) if status else route.abort()


def test_a_large_file_and_a_failed_upload_or_check_are_said_beside_the_others(
    visitor: Visitor, pngs: dict[str, Path], tmp_path: Path
) -> None:
    """And not by Gradio, which would show its own words over the page."""
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    visitor.upload(pngs["red"], large)
    said = "“large.png”: This file is larger than 50 MB. Use a smaller one."
    expect(visitor.said).to_have_text(said)
    expect_order(visitor, "red")

    for status, said in (
        (413, "This file is larger than 50 MB. Use a smaller one."),
        (429, "Too much has been uploaded from here or overall. Try again in an hour."),
        (400, "The upload failed. Try again."),
        (None, "The upload failed. Try again."),
    ):
        visitor.page.route("**/gradio_api/upload", answering(status))
        visitor.upload(pngs["green"])
        expect(visitor.said).to_have_text(f"“green.png”: {said}")
        visitor.page.unroute("**/gradio_api/upload")
    visitor.upload(pngs["green"])
    expect_order(visitor, "red", "green")
    expect(visitor.said).to_be_empty()
    expect(visitor.page.locator(".toast-wrap *")).to_have_count(0)

    lost: list[Route] = []

    def lose(route: Route) -> None:
        if "blue.png" in str(route.request.post_data) and not lost:
            lost.append(route)
            route.fulfill(status=429)
        else:
            route.continue_()

    visitor.page.route("**/gradio_api/run/predict*", lose)
    visitor.upload(pngs["blue"])
    expect(visitor.said).to_have_text("The upload failed. Try again.")
    visitor.upload(pngs["green"])
    expect_order(visitor, "red", "green", "green")


def test_of_too_many_files_the_first_are_added(visitor: Visitor, tmp_path: Path) -> None:
    files = [tmp_path / f"{number:02}.png" for number in range(MAX_PICTURES + 2)]
    for file in files:
        Image.new("RGB", (320, 240), "teal").save(file)
    visitor.upload(*files)
    expect(visitor.said).to_have_text("Only the first 20 were added.")
    expect_order(visitor, *(file.stem for file in files[:MAX_PICTURES]))
    visitor.upload(files[0])
    expect(visitor.button("Up to 20 pictures can be sent at once. Remove some")).to_be_enabled()


CAMERA = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 320, height: 240});
  const context = canvas.getContext('2d');
  const draw = () => {
    context.fillStyle = 'rgb(30, 180, 60)';
    context.fillRect(0, 0, 320, 240);
    requestAnimationFrame(draw);
  };
  draw();
  window.stream = canvas.captureStream();
  return window.stream;
};"""


def test_a_photo_is_taken_with_the_camera(visit: Callable[..., Visitor]) -> None:
    visitor = visit(script=CAMERA)
    tool(visitor, "Take a photo").click()
    visitor.button("Cancel").click()
    expect(visitor.button("Cancel")).to_be_hidden()
    expect(visitor.thumbnails).to_have_count(0)
    for number in (1, 2):
        tool(visitor, "Take a photo").click()
        until(
            lambda: visitor.page.evaluate("document.querySelector('dialog video').videoWidth > 0")
        )
        visitor.button("Take the photo").click()
        expect(visitor.thumbnails).to_have_count(number)
        assert not visitor.page.evaluate("stream.active")
    photo = visitor.page.locator("#pictures .strip img").first
    colour = photo.evaluate(
        """image => {
            const canvas = document.createElement('canvas').getContext('2d');
            canvas.drawImage(image, 0, 0);
            return [...canvas.getImageData(9, 9, 1, 1).data].slice(0, 3);
        }"""
    )
    assert colour == pytest.approx(COLOURS["green"], abs=6)


def test_a_denied_camera_and_an_empty_clipboard_are_said(visitor: Visitor) -> None:
    tool(visitor, "Take a photo").click()
    expect(visitor.said).to_have_text("The camera can't be used.")
    tool(visitor, "Paste").click()
    expect(visitor.said).to_have_text("There is no picture to paste. Copy one first.")


def test_a_picture_that_will_blur_or_is_gone_can_be_removed(
    visitor: Visitor, app: App, pngs: dict[str, Path], tmp_path: Path
) -> None:
    Image.new("RGB", (60, 60), "teal").save(tmp_path / "icon.png")
    visitor.upload(tmp_path / "icon.png")
    expect(visitor.tile.locator(".blurs")).to_have_text(
        "The picture is small, so the video will look blurry."
    )
    tool(visitor, "Remove").click()
    expect(visitor.thumbnails).to_have_count(0)
    visitor.upload(pngs["red"])
    expect_order(visitor, "red")
    for file in app.uploads.rglob("red.png"):
        file.unlink()
    visitor.choice("540p").check()
    expect(visitor.tile).to_contain_text("This picture is no longer available. Add it again.")
    tool(visitor, "Remove").click()
    expect(tool(visitor, "Upload")).to_be_visible()


def test_the_content_decides_and_every_thumbnail_shows(
    visitor: Visitor, tmp_path: Path, clip: bytes
) -> None:
    """Files without a suffix, with an odd one, and with one that lies."""
    (tmp_path / "film").write_bytes(clip)
    visitor.upload(tmp_path / "film")
    expect(visitor.said).to_have_text(
        "This video has no settings from this page; its first frame is now the picture."
    )
    expect(visitor.thumbnails).to_have_count(1)
    tool(visitor, "Remove").click()
    expect(visitor.thumbnails).to_have_count(0)

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
    drop(visitor.page, *files[2:], where="#pictures")
    expect(visitor.thumbnails).to_have_count(4)
    shown = "[...document.querySelectorAll('#pictures .strip img')].map(i => i.naturalWidth)"
    until(lambda: visitor.page.evaluate(shown) == [640] * 4)
    expect(visitor.page.locator(".prose.notice:visible")).to_have_text(
        "All pictures are sent, but only the first is known to be used."
    )
