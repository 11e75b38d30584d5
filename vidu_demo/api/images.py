"""Any picture becomes one that the API takes, or a plain reason why it cannot.

A picture is opened by its content, turned upright, laid on white and encoded again from its
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
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, cast

from PIL import Image

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats.judge import judge
from vidu_demo.api.formats.kinds import is_camera_raw
from vidu_demo.api.formats.limits import DAMAGED, LARGE, MAX_PIXELS, NO_MEMORY, RAW, TOO_MANY_PIXELS
from vidu_demo.api.formats.pixels import on_white, upright
from vidu_demo.api.run import Kept, Run, in_process

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ImageInput = str | os.PathLike[str] | bytes | Image.Image
"""A path, an http(s) URL, a `data:image/…;base64,` URI, the bytes of a file, or a PIL image."""

MAX_FILE_BYTES = 50_000_000
MAX_POST_BYTES = 9_500_000
"""Of all pictures in one request, before base64: below 10 MB, with room for the prompt."""
MAX_RATIO = 4
"""Of the long side to the short one, whichever way the picture stands."""

AT_ONCE = 2
"""Pictures decoded at the same time in one process: a large one takes hundreds of megabytes."""
KEPT = 8
"""Prepared files kept in memory: the page shows a picture as it is sent, then sends it, perhaps in
several takes."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP")
SENT_AS = {"JPEG": "JPEG", "MPO": "JPEG", "HEIF": "JPEG", "AVIF": "JPEG", "WEBP": "WEBP"}
"""What a format is sent as: those not named here, and pictures without one, as PNG."""
MAX_WEBP_PIXELS = 12_500_000
"""What is larger is sent as JPEG: WebP takes ten times as long to encode."""
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
QUALITIES = (95, 90, 85)
"""JPEG qualities tried at full size, in this order, before a picture is made smaller."""
THUMBNAIL_QUALITY = 85
SHRINK_ATTEMPTS = 8
SHRINK_AIM, SHRINK_ENOUGH = 0.97, 0.9
"""The share of the bytes allowed that shrinking aims at, and the one it is content with."""


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


def prepare_all(
    images: Sequence[ImageInput], *, run: Run = in_process, visitor: str = ""
) -> list[Picture | str]:
    """Prepare all pictures of one request; URLs stay the strings they are.

    Together the pictures stay within `MAX_POST_BYTES`. Where they would not, the small ones are
    left alone and the large ones share what remains.

    Args:
        images: What to send.
        run: Where pictures are decoded.
        visitor: For whom.

    Raises:
        PictureInvalid: A picture cannot be used. Of several, the message says which.
    """

    def at(position: int, most: int) -> Picture | str:
        image = images[position]
        try:
            if is_url(image):
                return image
            return prepare(image, max_bytes=most, run=run, visitor=visitor)
        except PictureInvalid as error:
            if len(images) == 1:
                raise
            raise type(error)(f"Picture {position + 1}: {error.what}") from error

    made = [at(position, MAX_POST_BYTES) for position in range(len(images))]
    sizes = {n: len(one.data) for n, one in enumerate(made) if isinstance(one, Picture)}
    left = MAX_POST_BYTES
    for done, (position, size) in enumerate(sorted(sizes.items(), key=itemgetter(1))):
        share = left // (len(sizes) - done)
        if size > share:
            made[position] = at(position, share)
        left -= min(size, share)
    return made


def prepare(
    image: ImageInput,
    *,
    max_bytes: int = MAX_POST_BYTES,
    run: Run = in_process,
    visitor: str = "",
) -> Picture:
    """Make a picture ready to be sent.

    Args:
        image: Anything but a URL. Of an animation the first frame is taken, of a PIL image the
            one it shows; a PIL image is not changed.
        max_bytes: The most that the result may weigh. One that is too heavy becomes a JPEG of
            the same size, then of less quality, and only then a smaller one.
        run: Where it is decoded: in this process, or a pool's `run`.
        visitor: For whom, where a pool takes turns.

    Raises:
        PictureTooLong: It is longer or taller than `MAX_RATIO` allows.
        PictureInvalid: `flatten` cannot open it, or it cannot be made light enough.
    """
    version = _version(image)
    if version is None:
        return run(_prepare, image, max_bytes, visitor=visitor)
    key = (*version, max_bytes)
    return prepared.get(key, lambda: run(_prepare, Path(version[0]), max_bytes, visitor=visitor))


def thumbnail(image: ImageInput, side: int, sent_as: str = "JPEG") -> bytes:
    """Make a small picture, which every browser shows, of any that `prepare` takes.

    Args:
        image: The picture.
        side: Pixels of its longer side, at most.
        sent_as: `JPEG`, `PNG` or `WEBP`.

    Raises:
        PictureInvalid: `flatten` cannot open it.
    """
    small = flatten(image)
    small.thumbnail((side, side))
    return _save(small, sent_as, THUMBNAIL_QUALITY).data


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


prepared: Kept[tuple[str, int, int, int], Picture] = Kept(KEPT)


def _version(image: ImageInput) -> tuple[str, int, int] | None:
    """Name a file as it is now; None if it is no file, but a data link or pixels."""
    if isinstance(image, bytes | Image.Image):
        return None
    try:
        state = Path(image).stat()
    except (OSError, TypeError, ValueError):
        return None
    return str(Path(image)), state.st_size, state.st_mtime_ns


def _prepare(image: ImageInput, max_bytes: int) -> Picture:
    with _turn:
        pixels = _pixels(image)
        _check_ratio(*pixels.size)
        sent_as = SENT_AS.get(pixels.format or "", "PNG")
        if sent_as == "WEBP" and pixels.width * pixels.height > MAX_WEBP_PIXELS:
            sent_as = "JPEG"
        return _encode(pixels, sent_as, max_bytes)


def _pixels(image: ImageInput) -> Image.Image:
    source = image if isinstance(image, Image.Image) else _read(image)
    try:
        return _flatten(source)
    except PictureInvalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureInvalid(TOO_MANY_PIXELS) from error
    except MemoryError as error:
        raise PictureInvalid(NO_MEMORY) from error
    except Exception as error:  # decoders of broken files raise whatever they stumble on
        raise PictureInvalid(DAMAGED) from error


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
        if is_camera_raw(data):
            raise PictureInvalid(RAW)
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
        raise PictureInvalid(TOO_MANY_PIXELS)
    if not min(image.size):
        raise PictureInvalid("This picture is empty: it has no pixels. Use another one.")
    image.load()
    pixels = upright(on_white(image), image)
    pixels.format = image.format
    return pixels


def _open(data: bytes) -> Image.Image:
    kind, data = judge(data)
    if kind == "HEIF":
        from pillow_heif import HeifImageFile  # noqa: PLC0415 - few pictures need it

        return cast("Image.Image", HeifImageFile(io.BytesIO(data)))  # type: ignore[no-untyped-call]
    image = Image.open(io.BytesIO(data), formats=[kind])
    if kind == "JPEG" and image.width * image.height > LARGE:
        image.draft(None, (image.width // 2, image.height // 2))
    return image


def _check_ratio(width: int, height: int) -> None:
    long, short = max(width, height), min(width, height)
    if long > MAX_RATIO * short:
        ratio = f"{math.ceil(100 * long / short) / 100:g}"
        shape, ratio = ("wide", f"{ratio}:1") if width > height else ("tall", f"1:{ratio}")
        raise PictureTooLong(
            f"This picture is too {shape}: its {width} by {height} pixels make {ratio}, and only "
            f"1:{MAX_RATIO} to {MAX_RATIO}:1 works. Pad or crop it."
        )


class _TooHeavy(Exception):
    """More was written than may be."""


class _Bounded(io.BytesIO):
    """A file that takes up to so many bytes, so that no encoder works on in vain."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self._most = most

    def write(self, data: "ReadableBuffer", /) -> int:
        if self.tell() + memoryview(data).nbytes > self._most:
            raise _TooHeavy
        return super().write(data)


def _save(pixels: Image.Image, sent_as: str, quality: int, most: float = math.inf) -> Picture:
    file = _Bounded(most)
    # Each format takes what concerns it. PNG: a third of the time of level 6, for 2 % more bytes.
    pixels.save(file, sent_as, quality=quality, subsampling=0, compress_level=3)
    return Picture(file.getvalue(), Image.MIME[sent_as], *pixels.size)


def _encode(pixels: Image.Image, sent_as: str, max_bytes: int) -> Picture:
    attempts = dict.fromkeys([(sent_as, QUALITIES[0]), *(("JPEG", q) for q in QUALITIES)])
    for kind, quality in attempts:
        with suppress(_TooHeavy):
            return _save(pixels, kind, quality, max_bytes)
    return _shrink(pixels, _save(pixels, "JPEG", QUALITIES[-1]), max_bytes)


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
