import base64
import io
import math
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageChops, ImageCms, PngImagePlugin

from vidu_demo.api import decoding, encoding, images
from vidu_demo.api.errors import Charged, PictureInvalid
from vidu_demo.api.images import (
    MAX_POST_BYTES,
    Picture,
    PictureTooLong,
    flatten,
    is_url,
    prepare,
    prepare_all,
)

pillow_heif.register_heif_opener()  # so that tests can write HEIC; the library reads it without

SECRET = b"Rua Augusta 7, Lisboa"
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    assert image.size == (picture.width, picture.height)
    assert Image.MIME[image.format or ""] == picture.mime
    return image


def corners(width: int = 64, height: int = 48) -> Image.Image:
    """A quarter each of red, green, blue and white, so that every turn shows."""
    image = Image.new("RGB", (width, height), WHITE)
    w, h = width // 2, height // 2
    for colour, at in ((RED, (0, 0)), (GREEN, (w, 0)), (BLUE, (0, h))):
        image.paste(colour, (*at, at[0] + w, at[1] + h))
    return image


def noise(width: int, height: int) -> Image.Image:
    bands = [Image.effect_noise((width, height), 60) for _ in range(3)]
    return Image.merge("RGB", bands)


def differ(one: Image.Image, other: Image.Image) -> int:
    """The largest difference between two pictures in any band of any pixel."""
    extrema = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getextrema()
    return max(high for _, high in extrema)


def refusal(image: object, **options: int) -> str:
    with pytest.raises(PictureInvalid) as caught:
        prepare(image, **options)  # type: ignore[arg-type]
    [problem] = caught.value.problems
    assert problem.field == "images"
    assert caught.value.charged is Charged.NO
    assert problem.message.endswith(".")
    assert "!" not in problem.message
    return problem.message


# What comes in, and what goes out


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("MPO", "image/jpeg"),
        ("HEIF", "image/jpeg"),
        ("AVIF", "image/jpeg"),
        ("GIF", "image/png"),
        ("TIFF", "image/png"),
        ("BMP", "image/png"),
    ],
)
def test_every_format_becomes_one_that_the_api_takes(kind: str, mime: str) -> None:
    more = {"save_all": True, "append_images": [corners()]} if kind == "MPO" else {}
    picture = prepare(encoded(corners(), kind, **more))
    assert (picture.mime, picture.width, picture.height) == (mime, 64, 48)
    image = decoded(picture)
    assert image.mode == "RGB"
    assert image.getpixel((8, 8)) == pytest.approx(RED, abs=6)
    assert picture.suffix == {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}[mime[6:]]
    assert picture.data_uri == f"data:{mime};base64,{base64.b64encode(picture.data).decode()}"


def test_a_jpeg_keeps_its_colours_sharp() -> None:
    image = decoded(prepare(encoded(corners(), "JPEG", quality=95, subsampling=0)))
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3  # 4:4:4
    assert differ(image, corners()) < 8


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(corners(), "WEBP"))
    assert prepare(path).mime == prepare(str(path)).mime == "image/webp"


def test_a_pil_image_is_taken_and_left_as_it_was() -> None:
    image = corners()
    image.info["comment"] = SECRET
    before = image.copy()
    picture = prepare(image)
    assert picture.mime == "image/png"
    assert differ(decoded(picture), before) == 0
    assert image == before
    assert image.info["comment"] == SECRET
    opened = Image.open(io.BytesIO(encoded(corners(), "JPEG")))
    assert prepare(opened).mime == "image/jpeg"


@pytest.mark.parametrize("head", ["data:image/png;base64", "DATA:image/jpeg;name=x;base64"])
def test_a_data_uri_is_read_like_a_file(head: str) -> None:
    body = base64.b64encode(encoded(corners(), "PNG")).decode()
    for spelt in (body, body.rstrip("="), f"{body[:40]}\n{body[40:]}"):
        assert differ(decoded(prepare(f"{head},{spelt}")), corners()) == 0
    assert prepare(prepare(corners()).data_uri) == prepare(corners())


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, WHITE),
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 255), (100, 100, 100)),
        ("La", (100, 255), (100, 100, 100)),
        ("PA", None, (0, 0, 0)),
        ("P", None, (0, 0, 0)),
        ("RGBA", (*RED, 255), RED),
        ("RGBa", (*RED, 255), RED),
        ("RGBX", (*RED, 0), RED),
        ("CMYK", (0, 255, 255, 0), RED),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
        ("HSV", (0, 255, 255), RED),
        ("LAB", (255, 128, 128), WHITE),
        ("I;16", 128 * 257, (128, 128, 128)),
        ("I;16B", 128 * 257, (128, 128, 128)),
        ("I", 128 * 257, (128, 128, 128)),
        ("I", 200, (200, 200, 200)),
        ("F", 0.5, (128, 128, 128)),
        ("F", 128.0, (128, 128, 128)),
        ("F", 1e6, WHITE),
    ],
)
def test_every_mode_becomes_rgb(mode: str, colour: object, expected: tuple[int, ...]) -> None:
    image = Image.new(mode, (9, 8), 0 if colour is None else colour)  # type: ignore[arg-type]
    if mode == "PA":
        image.putalpha(255)
    result = decoded(prepare(image))
    assert (result.mode, result.size) == ("RGB", (9, 8))
    assert result.getpixel((4, 4)) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_greys(kind: str) -> None:
    image = Image.frombytes("I;16", (4, 1), struct.pack("<4H", 0, 20000, 40000, 60000))
    result = decoded(prepare(encoded(image, kind)))
    row = [result.getpixel((x, 0)) for x in range(4)]
    assert row == [(g, g, g) for g in (0, 78, 156, 233)]


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN, BLUE)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert decoded(prepare(data)).getpixel((8, 8)) == pytest.approx(RED, abs=6)


# Upright, over white, in sRGB, and nothing else


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_give_the_same_upright_picture(kind: str, orientation: int) -> None:
    turned_back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    stored = corners() if turned_back is None else corners().transpose(turned_back)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture = prepare(encoded(stored, kind, exif=exif.tobytes()))
    result = decoded(picture)
    assert result.size == (64, 48)
    assert not result.getexif()
    for x, y in ((8, 8), (56, 8), (8, 40), (56, 40)):
        assert result.getpixel((x, y)) == pytest.approx(corners().getpixel((x, y)), abs=8)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
def test_broken_exif_does_not_spoil_a_good_picture() -> None:
    for exif in (b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*"):
        assert prepare(encoded(corners(), "JPEG", exif=exif)).width == 64


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "GIF"])
def test_nothing_but_the_pixels_travels(kind: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = SECRET.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = SECRET
    text = PngImagePlugin.PngInfo()
    text.add_text("Place", SECRET.decode())
    options: dict[str, object] = {"comment": SECRET}
    if kind != "GIF":
        options |= {"exif": exif.tobytes(), "xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>"}
    if kind == "PNG":
        options |= {"pnginfo": text}
    if kind == "TIFF":
        options = {"description": SECRET.decode(), "artist": SECRET.decode()}
    data = encoded(corners(), kind, **options) + SECRET
    assert data.count(SECRET) >= 2
    result = prepare(data)
    for trace in (SECRET, b"Exif", b"eXIf", b"tEXt", b"xmp", b"ICC_PROFILE", b"iCCP", b"ICCP"):
        assert trace not in result.data
    allowed = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop", "background"}
    allowed |= {"timestamp", "duration"}
    assert set(decoded(result).info) <= allowed


def test_transparency_is_laid_on_white() -> None:
    image = Image.new("RGBA", (8, 8), (*RED, 0))
    image.paste((0, 0, 0, 128), (0, 0, 4, 8))
    for kind in ("PNG", "WEBP", "TIFF"):
        result = decoded(prepare(encoded(image, kind, lossless=True)))
        assert result.getpixel((6, 4)) == pytest.approx(WHITE, abs=3)
        assert result.getpixel((1, 4)) == pytest.approx((127, 127, 127), abs=3)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "I;16"])
def test_a_transparent_colour_becomes_white(mode: str) -> None:
    image = Image.new(mode, (8, 8), 0)
    transparent = (0, 0, 0) if mode == "RGB" else 0
    result = decoded(prepare(encoded(image, "PNG", transparency=transparent)))
    assert result.getpixel((4, 4)) == WHITE


def test_a_palette_with_half_transparent_colours() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([*RED, 0, 0, 0])
    data = encoded(image, "PNG", transparency=bytes([255, 128]))
    assert decoded(prepare(data)).getpixel((4, 4)) == pytest.approx((127, 127, 127), abs=1)


def profile_with_red_and_blue_swapped() -> bytes:
    """An sRGB profile whose tags for red and blue trade places: red in it looks blue."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * struct.unpack_from(">I", data, 128)[0], 12):
        name = bytes(data[at : at + 4])
        data[at : at + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(name, name)
    return bytes(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_an_embedded_profile_is_applied_and_dropped(kind: str) -> None:
    red = Image.new("RGB", (16, 16), RED)
    picture = prepare(encoded(red, kind, icc_profile=profile_with_red_and_blue_swapped()))
    result = decoded(picture)
    assert result.getpixel((8, 8)) == pytest.approx(BLUE, abs=6)
    assert "icc_profile" not in result.info


def test_a_profile_is_applied_below_transparency_too() -> None:
    image = Image.new("RGBA", (8, 8), (*RED, 128))
    data = encoded(image, "PNG", icc_profile=profile_with_red_and_blue_swapped())
    assert decoded(prepare(data)).getpixel((4, 4)) == pytest.approx((127, 127, 255), abs=2)


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode in ("RGB", "L", "P"):
        image = corners().convert(mode)
        result = prepare(encoded(image, "PNG", icc_profile=profile))
        assert differ(decoded(result), image) <= 1


@pytest.mark.parametrize("profile", [b"not a profile", profile_with_red_and_blue_swapped()[:200]])
def test_a_broken_profile_is_passed_over(profile: bytes) -> None:
    assert differ(decoded(prepare(encoded(corners(), "PNG", icc_profile=profile))), corners()) == 0


def test_a_profile_for_other_colours_is_passed_over() -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    data = encoded(image, "JPEG", icc_profile=profile_with_red_and_blue_swapped(), quality=95)
    assert decoded(prepare(data)).getpixel((8, 8)) == pytest.approx(RED, abs=6)


# What is refused


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    data = encoded(noise(120, 90), kind)
    said = refusal(data[: int(len(data) * share)])
    assert "damaged or incomplete" in said
    assert "Save it again" in said


@pytest.mark.parametrize(
    "data",
    [
        b"just some words",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42",
        bytes(range(256)) * 9,
        b"\0",
        encoded(Image.new("RGB", (16, 16)), "ICO"),
        encoded(Image.new("RGB", (16, 16)), "PPM"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "holiday.png"
    path.write_bytes(data)
    for source in (data, path, f"data:image/png;base64,{base64.b64encode(data).decode()}"):
        said = refusal(source)
        assert "not in a supported picture format" in said
        assert "HEIC" in said
        assert str(tmp_path) not in said


def test_missing_empty_and_unreadable_files(tmp_path: Path) -> None:
    said = refusal(tmp_path / "gone.jpg")
    assert "no picture file “gone.jpg”" in said
    assert str(tmp_path) not in said
    assert "no picture file" in refusal(tmp_path)
    assert "no picture file" in refusal("")
    assert "no picture file" in refusal("photo\0.jpg")
    assert "cannot be opened" in refusal("x" * 5000)
    (tmp_path / "empty.jpg").touch()
    assert "empty" in refusal(tmp_path / "empty.jpg")
    assert "empty" in refusal(b"")
    assert "empty" in refusal("data:image/png;base64,")


@pytest.mark.parametrize(
    "uri",
    [
        "data:,",
        "data:text/plain;base64,QUJD",
        "data:image/png,x",
        "data:image/png;base64,é",
        "data:image/png;base64,A",
    ],
)
def test_data_uris_without_a_picture(uri: str) -> None:
    assert "no readable picture" in refusal(uri)


def test_what_is_no_input_at_all() -> None:
    for image in (None, 7, bytearray(b"x"), ["photo.jpg"]):
        assert "path" in refusal(image)
    assert "no pixels" in refusal(Image.new("RGB", (0, 5)))
    closed = Image.open(io.BytesIO(encoded(corners(), "PNG")))
    closed.close()
    assert "cannot be read" in refusal(closed)


def test_files_over_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "heavy.tiff"
    with path.open("wb") as file:
        file.truncate(images.MAX_FILE_BYTES + 1)
    assert "larger than 50 MB" in refusal(path)
    assert "larger than 50 MB" in refusal(bytes(images.MAX_FILE_BYTES + 1))


def png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99))


@pytest.mark.parametrize("side", [9_434, 12_000, 50_000, 2_000_000_000])
def test_decompression_bombs_are_refused_by_their_header(side: int) -> None:
    said = refusal(png_header(side, side))
    assert "too many pixels" in said
    assert "89 megapixels" in said


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_our_own_limit_does_not_lean_on_warnings() -> None:
    assert "too many pixels" in refusal(png_header(10_000, 10_000))


def test_a_large_pil_image_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_PIXELS", 99)
    assert "too many pixels" in refusal(Image.new("RGB", (10, 10)))


# The ratio


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (4, 1), (1, 4), (1, 1)])
def test_ratios_up_to_four_pass(size: tuple[int, int]) -> None:
    picture = prepare(Image.new("RGB", size))
    assert (picture.width, picture.height) == size


@pytest.mark.parametrize(
    ("size", "shape", "ratio"),
    [
        ((410, 100), "wide", "4.1:1"),
        ((100, 410), "tall", "1:4.1"),
        ((4001, 1000), "wide", "4.01:1"),
        ((5, 1), "wide", "5:1"),
    ],
)
def test_ratios_beyond_four_are_refused(size: tuple[int, int], shape: str, ratio: str) -> None:
    said = refusal(Image.new("RGB", size))
    assert f"too {shape}" in said
    assert f"{size[0]} by {size[1]} pixels is {ratio}," in said
    assert said.endswith("Pad or crop it.")


def test_what_is_too_long_is_told_apart_and_can_be_flattened() -> None:
    long = encoded(noise(50, 10), "JPEG")
    with pytest.raises(PictureTooLong, match=r"^This picture is too wide"):
        prepare_all([long])
    with pytest.raises(PictureTooLong, match=r"^Picture 2: This picture is too wide"):
        prepare_all([corners(), long])
    pixels = flatten(long)
    assert (pixels.size, pixels.mode, pixels.format) == ((50, 10), "RGB", "JPEG")
    with pytest.raises(PictureInvalid) as caught:
        prepare(b"words")
    assert not isinstance(caught.value, PictureTooLong)


def test_the_ratio_is_told_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    passes = encoded(Image.new("RGB", (400, 100)), "JPEG", exif=exif.tobytes())
    assert (prepare(passes).width, prepare(passes).height) == (100, 400)
    said = refusal(encoded(Image.new("RGB", (410, 100)), "JPEG", exif=exif.tobytes()))
    assert "too tall: 100 by 410 pixels is 1:4.1" in said


# The weight


def test_what_fits_is_not_scaled() -> None:
    image = noise(400, 300)
    weight = len(prepare(image).data)
    exactly = prepare(image, max_bytes=weight)
    assert (exactly.mime, len(exactly.data)) == ("image/png", weight)


def test_too_heavy_a_picture_first_loses_quality_and_not_size() -> None:
    image = noise(400, 300)
    for quality in encoding.QUALITIES:
        limit = len(encoded(image, "JPEG", quality=quality, subsampling=0))
        picture = prepare(image, max_bytes=limit)
        assert (picture.mime, picture.width, picture.height) == ("image/jpeg", 400, 300)
        assert len(picture.data) == limit


@pytest.mark.parametrize("size", [(640, 480), (333, 500), (801, 201), (200, 800)])
@pytest.mark.parametrize("limit", [90_000, 20_000])
def test_then_it_shrinks_just_as_far_as_needed(size: tuple[int, int], limit: int) -> None:
    picture = prepare(noise(*size), max_bytes=limit)
    assert encoding.SHRINK_ENOUGH * limit <= len(picture.data) <= limit
    width, height = size
    assert picture.width < width
    assert abs(picture.width * height / width - picture.height) <= 1
    assert max(picture.width, picture.height) <= 4 * min(picture.width, picture.height)


def test_too_little_room_is_said() -> None:
    assert "small enough" in refusal(noise(64, 64), max_bytes=100)


def test_a_large_photo_shrinks_below_the_limit() -> None:
    tile = noise(500, 500)
    image = Image.new("RGB", (4500, 3000))
    for x in range(0, 4500, 500):
        for y in range(0, 3000, 500):
            image.paste(tile, (x, y))
    picture = prepare(encoded(image, "JPEG", quality=100))
    assert 0.9 * MAX_POST_BYTES <= len(picture.data) <= MAX_POST_BYTES
    assert picture.width / picture.height == pytest.approx(1.5, abs=0.002)
    assert 3000 < picture.width < 4500


# Several


@pytest.mark.parametrize("url", ["https://example.com/a.png?x=%7E;y", "http://x", "HTTPS://X/y"])
def test_urls_stay_untouched(url: str) -> None:
    assert is_url(url)
    assert prepare_all([url]) == [url]
    assert "link" in refusal(url)


@pytest.mark.parametrize(
    "other",
    ["photo.jpg", "ftp://x/y", "https://", "data:,", b"https://x", Path("https://x"), " https://x"],
)
def test_what_is_no_url(other: images.ImageInput) -> None:
    assert not is_url(other)


def test_no_pictures() -> None:
    assert prepare_all([]) == []


def test_the_budget_is_shared_and_the_small_are_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_POST_BYTES", 200_000)
    small, large, larger = corners(), noise(300, 240), noise(300, 250)
    first, url, *rest = prepare_all([small, "https://example.com/a", large, larger, large])
    assert first == prepare(small)
    assert url == "https://example.com/a"
    weights = [len(picture.data) for picture in rest if isinstance(picture, Picture)]
    assert len(weights) == 3
    total = len(prepare(small).data) + sum(weights)
    assert 0.85 * 200_000 <= total <= 200_000
    assert max(weights) < 1.15 * min(weights)


def test_together_they_may_use_all_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [prepare(noise(100, 100)), prepare(noise(50, 50))]
    monkeypatch.setattr(images, "MAX_POST_BYTES", sum(len(made.data) for made in pictures))
    assert prepare_all([made.data for made in pictures]) == pictures


def test_of_several_the_message_says_which() -> None:
    with pytest.raises(PictureInvalid, match=r"^Picture 3: This file is not in a supported"):
        prepare_all([corners(), "https://example.com/a", b"words"])
    with pytest.raises(PictureInvalid, match=r"^This file is not in a supported"):
        prepare_all([b"words"])


def test_the_repr_of_a_picture_is_short() -> None:
    assert len(repr(prepare(noise(50, 50)))) < 100


# Anything at all

STARTS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"MM\0*", b"BM"]
STARTS += [b"RIFF\x10\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(start: bytes, rest: bytes) -> None:
    with pytest.raises(PictureInvalid):
        prepare(start + rest)


SAMPLES = [encoded(corners(), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF")]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=9)
)
def test_spoiled_files_give_a_picture_or_a_reason(
    data: bytes, spots: list[tuple[int, int]]
) -> None:
    spoiled = bytearray(data)
    for at, value in spots:
        spoiled[at % len(data)] = value
    with suppress(PictureInvalid):
        decoded(prepare(bytes(spoiled)))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["RGB", "RGBA", "L", "P", "LA", "1"]), st.integers(1, 40), st.data())
def test_any_small_picture_keeps_its_size(mode: str, short: int, data: st.DataObject) -> None:
    long = data.draw(st.integers(short, 4 * short))
    size = data.draw(st.sampled_from([(long, short), (short, long)]))
    length = len(Image.new(mode, size).tobytes())
    seed = data.draw(st.binary(min_size=1, max_size=64))
    image = Image.frombytes(mode, size, (seed * math.ceil(length / len(seed)))[:length])
    picture = prepare(image)
    assert decoded(picture).size == size
    kind = data.draw(st.sampled_from(["PNG", "TIFF"]))
    assert prepare(encoded(image, kind)) == picture
