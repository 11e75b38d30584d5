"""Any picture becomes one that the API takes, or a plain reason why it cannot.

A picture is opened by its content, turned upright, laid on white and encoded anew from its
pixels alone: no place, author, comment or thumbnail of the original file travels with it. It is
made smaller only where the limits ask for it. A URL is passed on as it is and never fetched.

The limits are Vidu's, collected 2026-11: JPEG, PNG or WebP, a ratio from 1:4 to 4:1, 50 MB a
file, and 10 MB of pictures in one request, counted before base64.
"""

import base64
import io
import math
import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import TypeGuard, cast

import pillow_heif
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from vidu_demo.errors import PictureInvalid

ImageInput = str | os.PathLike[str] | bytes | Image.Image
"""A path, an http(s) URL, a `data:image/…;base64,` URI, the bytes of a file, or a PIL image."""

MAX_FILE_BYTES = 50_000_000
MAX_POST_BYTES = 9_500_000
"""Of all pictures in one request, before base64: below 10 MB, with room for the prompt."""
MAX_RATIO = 4
"""Of the long side to the short one, whichever way the picture stands."""
MAX_PIXELS = 89_000_000
"""Checked before decoding. Pillow warns from 89.5 million on, so what passes here never warns."""

AT_ONCE = 2
"""Pictures decoded at the same time: a large one takes seconds and hundreds of megabytes."""
KEPT = 8
"""Prepared files kept in memory: the page shows a picture as it is sent, then sends it, perhaps in
several takes."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP")
SENT_AS = {"JPEG": "JPEG", "MPO": "JPEG", "HEIF": "JPEG", "AVIF": "JPEG", "WEBP": "WEBP"}
"""What a format is sent as: those not named here, and pictures without one, as PNG."""
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
QUALITIES = (95, 90, 85)
"""JPEG qualities tried at full size, in this order, before a picture is made smaller."""
SHRINK_ATTEMPTS = 8
SHRINK_AIM, SHRINK_ENOUGH = 0.97, 0.9
"""The share of the bytes allowed that shrinking aims at, and the one it is content with."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_KNOWN_START = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|II\*\0|MM\0\*|RIFF....WEBP|....ftyp(hei|hev|mif|msf|avi)",
    re.DOTALL,
)
_UNKNOWN = (
    "This file is not a picture in a format that works here. "
    "Use a JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF or BMP."
)
_DAMAGED = (
    "This picture cannot be read: the file is damaged or incomplete. "
    "Save it again as JPEG or PNG, or use another one."
)
_TOO_MANY_PIXELS = (
    f"This picture has too many pixels: up to {MAX_PIXELS // 1_000_000} megapixels work. "
    "Make it smaller and try again."
)

pillow_heif.register_heif_opener()


class PictureTooLong(PictureInvalid):
    """A picture longer or taller than `MAX_RATIO`: padded or cropped, it could be sent."""


@dataclass(frozen=True)
class Picture:
    """A picture as it is sent.

    Attributes:
        data: The bytes of the file.
        mime: `image/jpeg`, `image/png` or `image/webp`.
        width: In pixels, upright.
        height: In pixels, upright.
    """

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int

    @property
    def data_uri(self) -> str:
        """The picture as `data:image/…;base64,…`."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"

    @property
    def suffix(self) -> str:
        """The file suffix that fits, with its dot."""
        return SUFFIXES[self.mime]


def is_url(image: ImageInput) -> TypeGuard[str]:
    """Tell whether this is an http(s) URL, which is passed on and not opened."""
    return isinstance(image, str) and re.fullmatch(r"(?i)https?://\S+", image) is not None


def prepare_all(images: Sequence[ImageInput]) -> list[Picture | str]:
    """Prepare all pictures of one request; URLs stay the strings they are.

    Together the pictures stay within `MAX_POST_BYTES`. Where they would not, the small ones are
    left alone and the large ones share what remains.

    Raises:
        PictureInvalid: A picture cannot be used. Of several, the message says which.
    """
    prepared = [_prepare_at(images, position, MAX_POST_BYTES) for position in range(len(images))]
    sizes = {at: len(made.data) for at, made in enumerate(prepared) if isinstance(made, Picture)}
    left = MAX_POST_BYTES
    for done, (position, size) in enumerate(sorted(sizes.items(), key=itemgetter(1))):
        share = left // (len(sizes) - done)
        if size > share:
            prepared[position] = _prepare_at(images, position, share)
        left -= min(size, share)
    return prepared


def prepare(image: ImageInput, *, max_bytes: int = MAX_POST_BYTES) -> Picture:
    """Make a picture ready to be sent.

    Args:
        image: Anything but a URL. Of an animation the first frame is taken, of a PIL image the
            one it shows; a PIL image is not changed.
        max_bytes: The most that the result may weigh. One that is too heavy becomes a JPEG of
            the same size, then of less quality, and only then a smaller one.

    Raises:
        PictureTooLong: It is longer or taller than `MAX_RATIO` allows.
        PictureInvalid: `flatten` cannot open it, or it cannot be made light enough.
    """
    if isinstance(image, bytes | Image.Image):
        return _prepare(image, max_bytes)
    try:
        state = Path(image).stat()
    except (OSError, TypeError, ValueError):  # it is a data link, or nothing that can be sent
        return _prepare(image, max_bytes)
    return _prepare_file(Path(image), (state.st_size, state.st_mtime_ns), max_bytes)


def flatten(image: ImageInput) -> Image.Image:
    """Bring a picture of any shape down to its pixels: upright, RGB, on white.

    Returns:
        A new image; its `format` is the one that the picture came in.

    Raises:
        PictureInvalid: It is no picture, is missing, empty or damaged, weighs more than
            `MAX_FILE_BYTES`, or has more than `MAX_PIXELS`.
    """
    with _turn:
        return _pixels(image)


_turn = threading.BoundedSemaphore(AT_ONCE)


@lru_cache(maxsize=KEPT)
def _prepare_file(path: Path, _version: tuple[int, int], max_bytes: int) -> Picture:
    return _prepare(path, max_bytes)


def _prepare(image: ImageInput, max_bytes: int) -> Picture:
    with _turn:
        pixels = _pixels(image)
        _check_ratio(*pixels.size)
        return _encode(pixels, SENT_AS.get(pixels.format or "", "PNG"), max_bytes)


def _pixels(image: ImageInput) -> Image.Image:
    source = image if isinstance(image, Image.Image) else _read(image)
    try:
        return _flatten(source)
    except PictureInvalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PictureInvalid(_TOO_MANY_PIXELS) from error
    except Exception as error:  # decoders of broken files raise whatever they stumble on
        raise PictureInvalid(_DAMAGED) from error


def _prepare_at(images: Sequence[ImageInput], position: int, max_bytes: int) -> Picture | str:
    image = images[position]
    try:
        return image if is_url(image) else prepare(image, max_bytes=max_bytes)
    except PictureInvalid as error:
        if len(images) == 1:
            raise
        raise type(error)(f"Picture {position + 1}: {error.what}") from error


def _read(image: str | os.PathLike[str] | bytes) -> bytes:
    if is_url(image):
        raise PictureInvalid("This is a link, which is sent as it is and not opened.")
    if isinstance(image, bytes):
        data = image
    elif isinstance(image, str) and image[:5].lower() == "data:":
        data = _read_data_uri(image)
    elif isinstance(image, (str, os.PathLike)):
        data = _read_file(Path(image))
    else:
        raise PictureInvalid("Give the picture as a path, a link, a file's bytes or a PIL image.")
    if not data:
        raise PictureInvalid("This picture's file is empty. Save or upload it again.")
    if len(data) > MAX_FILE_BYTES:
        raise PictureInvalid(
            f"This picture's file is larger than {MAX_FILE_BYTES // 1_000_000} MB. "
            "Make it smaller, or save it as JPEG."
        )
    return data


def _read_file(path: Path) -> bytes:
    name = path.name[:80]
    try:
        if not path.is_file():
            raise PictureInvalid(
                f"There is no picture file “{name}”. Check the name, or add it again."
            )
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PictureInvalid(
            f"The picture file “{name}” cannot be opened. Add it again."
        ) from error


def _read_data_uri(uri: str) -> bytes:
    head, _, body = uri.partition(",")
    with suppress(ValueError):
        if re.fullmatch(r"(?i)data:image/[^,]*;base64", head):
            return base64.b64decode(body + "==")  # padding is often lost, and more does no harm
    raise PictureInvalid("This data link holds no readable picture. Upload the picture as a file.")


def _flatten(source: bytes | Image.Image) -> Image.Image:
    image = source if isinstance(source, Image.Image) else _open(source)
    if image.width * image.height > MAX_PIXELS:
        raise PictureInvalid(_TOO_MANY_PIXELS)
    if not min(image.size):
        raise PictureInvalid("This picture is empty: it has no pixels. Use another one.")
    pixels = _on_white(_upright(image))
    pixels.format = image.format
    return pixels


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise PictureInvalid(_DAMAGED if _KNOWN_START.match(data) else _UNKNOWN) from error


def _upright(image: Image.Image) -> Image.Image:
    # Not ImageOps.exif_transpose: it writes the EXIF block anew and fails on a broken one.
    image.load()
    try:
        turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # an EXIF block that cannot be read says nothing about the picture
        turn = None
    return image if turn is None else image.transpose(turn)


def _on_white(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB, over white where it is transparent, without anything but pixels."""
    profile, mask = image.info.get("icc_profile"), None
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        mask = with_alpha.getchannel("A")
        if image.mode in ("P", "PA"):
            image = with_alpha
    if image.mode.startswith(("I", "F")):
        image = _in_eight_bits(image)
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("L" if image.mode in ("1", "LA") else "RGB")
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(_in_srgb(image, profile), mask=mask)
    return canvas


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Scale greys of 16 and 32 bits; what is white in the latter is judged by the brightest."""
    white = 65535.0
    if image.mode.startswith("I;"):
        image = image.convert("I")
    else:
        brightest = cast("float", image.getextrema()[1])
        white = next((top for top in (1.0, 255.0, white) if brightest <= top), brightest)
    return image.convert("F").point(lambda value: value * (255 / white) + 0.5).convert("L")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    # A profile that is broken, or made for other colours than these, counts as none.
    with suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == "RGB" and image.mode == "L":
                image = image.convert("RGB")
            srgb = ImageCms.createProfile("sRGB")
            if converted := ImageCms.profileToProfile(image, source, srgb, outputMode="RGB"):
                return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _check_ratio(width: int, height: int) -> None:
    long, short = max(width, height), min(width, height)
    if long > MAX_RATIO * short:
        ratio = f"{math.ceil(100 * long / short) / 100:g}"
        shape, ratio = ("wide", f"{ratio}:1") if width > height else ("tall", f"1:{ratio}")
        raise PictureTooLong(
            f"This picture is too {shape}: its {width} by {height} pixels make {ratio}, and only "
            f"1:{MAX_RATIO} to {MAX_RATIO}:1 works. Pad or crop it."
        )


def _save(pixels: Image.Image, sent_as: str, quality: int) -> Picture:
    file = io.BytesIO()
    # Each format takes what concerns it. PNG: a third of the time of level 6, for 2 % more bytes.
    pixels.save(file, sent_as, quality=quality, subsampling=0, compress_level=3)
    return Picture(file.getvalue(), Image.MIME[sent_as], *pixels.size)


def _encode(pixels: Image.Image, sent_as: str, max_bytes: int) -> Picture:
    for kind, quality in dict.fromkeys(
        [(sent_as, QUALITIES[0]), *(("JPEG", q) for q in QUALITIES)]
    ):
        picture = _save(pixels, kind, quality)
        if len(picture.data) <= max_bytes:
            return picture
    return _shrink(pixels, picture, max_bytes)


def _shrink(pixels: Image.Image, heaviest: Picture, max_bytes: int) -> Picture:
    """Close in on the largest JPEG that fits; the bytes go roughly with the square of the side."""
    best, latest = None, heaviest
    scale, fits, too_much = 1.0, 0.0, 1.0
    for _ in range(SHRINK_ATTEMPTS):
        scale *= math.sqrt(SHRINK_AIM * max_bytes / len(latest.data))
        if not fits < scale < too_much:
            scale = (fits + too_much) / 2
        short = max(1, round(min(pixels.size) * scale))
        long = max(1, min(round(max(pixels.size) * scale), short * MAX_RATIO))
        size = (long, short) if pixels.width > pixels.height else (short, long)
        smaller = pixels.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        latest = _save(smaller, "JPEG", QUALITIES[-1])
        if len(latest.data) > max_bytes:
            too_much = scale
            continue
        best, fits = latest, scale
        if len(latest.data) >= SHRINK_ENOUGH * max_bytes:
            break
    if best is None:
        raise PictureInvalid(
            "This picture cannot be made small enough for the request. Send fewer pictures at once."
        )
    return best
