"""The first frame, the size of the video, and the ways out of too long a picture."""

import base64
import io
import os
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.images import MAX_RATIO, prepare
from vidu_demo.media import framing
from vidu_demo.media.framing import Frame, TooLong, crop, frame, pad, ratio, video_size
from vidu_demo.simulator.video import render as simulated
from vidu_demo.ui.form import tile
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.tile import Shown
from vidu_demo.ui.form.uploads import UploadedFile

RED, BLUE = (255, 0, 0), (0, 0, 255)

sides = st.integers(1, 10_000)


def save(path: Path, size: tuple[int, int], **options: object) -> str:
    Image.new("RGB", size, RED).save(path, **options)
    return str(path)


def opened(preview: str) -> Image.Image:
    head, _, body = preview.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


def look(*paths: str) -> list[Frame | TooLong | None]:
    return Opener().frames([UploadedFile(Path(path)) for path in paths])


def files(*paths: str) -> list[dict[str, Any]]:
    """The form's pictures, as a browser sends them."""
    return [{"path": path} for path in paths]


@pytest.fixture
def photo(tmp_path: Path) -> str:
    return save(tmp_path / "photo.jpg", (640, 360))


@pytest.fixture
def panorama(tmp_path: Path) -> str:
    """Red with a blue end on either side."""
    image = Image.new("RGB", (1000, 100), BLUE)
    image.paste(RED, (200, 0, 800, 100))
    image.save(tmp_path / "panorama.jpg", quality=95)
    return str(tmp_path / "panorama.jpg")


# Sizes


@pytest.mark.parametrize(
    ("picture", "resolution", "video"),
    [
        ((1920, 1080), "720p", (1280, 720)),
        ((1080, 1920), "1080p", (1080, 1920)),
        ((64, 64), "540p", (540, 540)),
        ((4000, 1000), "1080p", (4320, 1080)),
        ((502, 343), "720p", (1054, 720)),
    ],
)
def test_video_size(picture: tuple[int, int], resolution: str, video: tuple[int, int]) -> None:
    assert video_size(picture, resolution) == video


@given(sides, st.integers(10, 40), st.booleans(), st.sampled_from(["540p", "720p", "1080p"]))
def test_video_keeps_the_ratio(short: int, tenths: int, tall: bool, resolution: str) -> None:
    picture = (short, short * tenths // 10) if tall else (short * tenths // 10, short)
    width, height = video_size(picture, resolution)
    assert width % 2 == height % 2 == 0
    assert f"{min(width, height)}p" == resolution
    exact = max(picture) * min(width, height) / min(picture)
    assert abs(max(width, height) - exact) <= 1
    assert (width, height) == simulated.video_size(picture, resolution)


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ((1920, 1080), "16:9"),
        ((1366, 768), "16:9"),
        ((1080, 1920), "9:16"),
        ((1024, 768), "4:3"),
        ((600, 800), "3:4"),
        ((3000, 2000), "3:2"),
        ((1920, 1200), "16:10"),
        ((2560, 1097), "21:9"),
        ((500, 500), "1:1"),
        ((1000, 500), "2:1"),
        ((1900, 1000), "1.9:1"),
        ((1000, 1900), "1:1.9"),
        ((4000, 1000), "4:1"),
    ],
)
def test_ratio_in_words(size: tuple[int, int], name: str) -> None:
    assert ratio(size) == name


# Padding and cropping


@pytest.mark.parametrize(
    ("size", "padded", "cropped"),
    [
        ((1000, 100), (1000, 250), (400, 100)),
        ((100, 1001), (251, 1001), (100, 400)),
        ((401, 100), (401, 101), (400, 100)),
        ((9000, 900), (4320, 1080), (3600, 900)),
        ((30_000, 2), (4320, 1080), (8, 2)),
    ],
)
def test_the_nearest_size(
    size: tuple[int, int], padded: tuple[int, int], cropped: tuple[int, int]
) -> None:
    image = Image.new("RGB", size)
    assert (pad(image).size, crop(image).size) == (padded, cropped)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 400), st.booleans())
def test_either_way_it_can_be_sent(short: int, more: int, tall: bool) -> None:
    long = MAX_RATIO * short + more
    for way in (pad, crop):
        made = way(Image.new("RGB", (short, long) if tall else (long, short)))
        picture = prepare(made)
        assert (picture.width, picture.height) == made.size
        assert (made.height > made.width) == tall


def test_padding_keeps_all_of_the_picture_and_cropping_its_middle(panorama: str) -> None:
    image = Image.open(panorama).convert("RGB")
    padded = pad(image)
    assert padded.crop((0, 75, 1000, 175)).tobytes() == image.tobytes()
    margin = padded.getpixel((500, 10))
    assert margin == pytest.approx([framing.BLUR_BRIGHTNESS * band for band in RED], abs=4)
    for x in (0, 399):
        assert crop(image).getpixel((x, 50)) == pytest.approx(RED, abs=4)


# The picture as it is sent


def test_a_frame_is_upright_and_on_white(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    turned = frame(save(tmp_path / "turned.jpg", (640, 360), exif=exif.tobytes()))
    assert isinstance(turned, Frame)
    assert turned.size == (360, 640)
    assert opened(turned.preview).size == (180, 320)
    Image.new("RGBA", (40, 30)).save(tmp_path / "clear.png")
    clear = frame(tmp_path / "clear.png")
    assert isinstance(clear, Frame)
    assert opened(clear.preview).getpixel((20, 15)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("size", "blurs"), [((60, 60), True), ((1000, 269), True), ((270, 270), False)]
)
def test_too_few_pixels_begin_blurred(tmp_path: Path, size: tuple[int, int], blurs: bool) -> None:
    seen = frame(save(tmp_path / "small.png", size))
    assert isinstance(seen, Frame)
    assert seen.blurs is blurs


def test_the_ways_out_are_ready_to_be_sent(panorama: str) -> None:
    made = framing.padded(Path(panorama)), framing.cropped(Path(panorama))
    assert [(picture.width, picture.height) for picture in made] == [(1000, 250), (400, 100)]
    assert {picture.mime for picture in made} == {"image/jpeg"}


def test_a_long_picture_shows_both_ways(panorama: str) -> None:
    seen = frame(panorama)
    assert isinstance(seen, TooLong)
    assert "too wide: 1000 by 100 pixels is 10:1," in seen.reason
    assert (seen.padded.size, seen.cropped.size) == ((1000, 250), (400, 100))
    assert opened(seen.padded.preview).size == (640, 160)
    assert opened(seen.cropped.preview).size == (400, 100)


def test_a_file_is_prepared_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []

    def counting(image: Path) -> object:
        prepared.append(image)
        return prepare(image)

    monkeypatch.setattr(framing, "prepare", counting)
    path = save(tmp_path / "photo.png", (40, 30))
    assert frame(path) is frame(Path(path))
    assert len(prepared) == 1
    save(Path(path), (30, 40))
    os.utime(path, ns=(1, 1))
    changed = frame(path)
    assert isinstance(changed, Frame)
    assert changed.size == (30, 40)
    assert len(prepared) == 2


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    with pytest.raises(PictureInvalid, match=r"no picture file “gone\.jpg”"):
        frame(tmp_path / "gone.jpg")
    (tmp_path / "words.jpg").write_text("words")
    with pytest.raises(PictureInvalid, match="not in a supported"):
        frame(tmp_path / "words.jpg")


# On the page


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def shown(*paths: str) -> list[Shown]:
    return tile.inspect(Opener(), files(*paths))


@pytest.mark.parametrize(
    ("size", "resolution", "said"),
    [
        ((1280, 720), "1080p", "1280 × 720 (16:9). The video will be 1920 × 1080 ."),
        ((502, 343), "720p", "502 × 343 (1.5:1). The video will be about 1054 × 720 ."),
    ],
)
def test_the_first_frame_and_the_video(
    tmp_path: Path, size: tuple[int, int], resolution: str, said: str
) -> None:
    paths = [save(tmp_path / "first.png", size), save(tmp_path / "second.png", (90, 90))]
    html = tile.render(shown(*paths), "https://example.com/a.jpg", resolution)
    assert words(html).startswith(f"First frame as sent: {said}")
    seen = frame(paths[0])
    assert isinstance(seen, Frame)
    assert (
        html.count("data:image") == html.count(f'src="{seen.preview}" alt="The first frame">') == 1
    )


def test_a_picture_by_address_is_not_measured() -> None:
    measured = "The video keeps the picture's shape; its size is known once it is made."
    assert measured in words(tile.render([], "https://example.com/a.jpg", "720p"))
    assert measured not in words(tile.render([], " ", "720p"))


def test_what_is_too_long_is_shown_both_ways(panorama: str) -> None:
    seen = frame(panorama)
    assert isinstance(seen, TooLong)
    html = tile.render(shown(panorama), "", "720p")
    assert words(html).startswith("This picture is too wide:")
    assert "1000 × 250, with blurred margins" in words(html)
    assert "400 × 100, without the ends" in words(html)
    assert f'<img src="{seen.padded.preview}" alt="Padded">' in html
    assert f'<img src="{seen.cropped.preview}" alt="Cropped">' in html
    assert "The video" not in html


def test_of_several_that_are_too_long_one_is_asked_about_at_a_time(
    photo: str, panorama: str
) -> None:
    html = tile.render(shown(photo, panorama, panorama), "", "720p")
    assert words(html).startswith("Picture 2: This picture is too wide:")
    assert html.count("Pad it") == html.count("Crop it") == 1
    assert "First frame as sent" not in html  # it would push the prompt out of sight
    assert html.count('class="wrong"') == 2
    # What removes a picture, above all, removes the one that is asked about.
    (tools,) = re.findall(r'<div class="tools" [^>]*data-place="(\d)"', html)
    assert tools == "1"


def test_too_long_is_known_before_anything_is_sent(photo: str, panorama: str) -> None:
    assert tile.any_too_long(look(photo, panorama))
    assert not tile.any_too_long(look(photo))
    assert not tile.any_too_long(look(photo + ".gone"))


def test_what_is_gone_is_said(photo: str) -> None:
    html = tile.render(shown(photo + ".gone", photo), "", "720p")
    gone = "This picture is no longer available. Add it again."
    assert words(html).startswith(f"Picture 1: {gone}")
    assert "The video" not in html
    assert html.count('<img src="gradio_api/file=') == 1


def test_the_choice_stands_there_only_when_there_is_one(photo: str, panorama: str) -> None:
    for paths, offered in (([photo], False), ([panorama], True), ([], False)):
        html = tile.render(shown(*paths), "", "720p")
        assert ("Pad it" in html) is ("Crop it" in html) is offered
    # A URL that a visitor types is never opened as a file.
    assert "data:image" not in tile.render([], photo, "720p")


@pytest.mark.parametrize(("way", "size"), [("pad", (1000, 250)), ("crop", (400, 100))])
def test_only_what_is_too_long_is_changed(
    photo: str,
    panorama: str,
    way: str,
    size: tuple[int, int],
) -> None:
    before = Path(panorama).read_bytes()
    (made,) = tile.fit(Opener(), way, panorama)
    assert made.path.name == f"panorama-{way}.jpg"
    assert list(made.path.parent.iterdir()) == [made.path]
    seen = frame(made)
    assert isinstance(seen, Frame)
    assert seen.size == size
    assert Path(panorama).read_bytes() == before
    for path in (photo, photo + ".gone", str(made), "/etc/passwd", "", None, 7):
        assert tile.fit(Opener(), way, path) == []
