"""Any picture becomes one that the API takes, or a plain reason why it cannot.

A picture is opened by its content, turned upright, laid on white and encoded again from its
pixels alone: no place, author, comment or thumbnail of the original file travels with it. It is
made smaller only where the limits ask for it. A URL is passed on as it is and never fetched.

The limits are Vidu's, collected 2026-11: JPEG, PNG or WebP, a ratio from 1:4 to 4:1, 50 MB a
file, and 10 MB of pictures in one request, counted before base64.
"""

import math
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path

from PIL import Image

from vidu_demo.api.decoding import (
    FORMATS,
    MAX_FILE_BYTES,
    ImageInput,
    decoder,
    flatten,
    is_url,
    to_pixels,
)
from vidu_demo.api.encoding import MAX_RATIO, SUFFIXES, THUMBNAIL_QUALITY, Picture, encode, save
from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.run import Cache, Run, in_process

__all__ = [
    "FORMATS",
    "MAX_FILE_BYTES",
    "MAX_RATIO",
    "SUFFIXES",
    "ImageInput",
    "Picture",
    "PictureTooLong",
    "flatten",
    "is_url",
    "prepare",
    "prepare_all",
    "prepared",
    "thumbnail",
]

MAX_POST_BYTES = 9_500_000
"""Of all pictures in one request, before base64: below 10 MB, with room for the prompt."""
SENT_AS = {"JPEG": "JPEG", "MPO": "JPEG", "HEIF": "JPEG", "AVIF": "JPEG", "WEBP": "WEBP"}
"""What a format is sent as: those not named here, and pictures without one, as PNG."""
MAX_WEBP_PIXELS = 12_500_000
"""What is larger is sent as JPEG: WebP takes ten times as long to encode."""

CACHED = 8
"""Prepared files in memory: the page shows a picture as it is sent, then sends it, perhaps in
several takes."""


class PictureTooLong(PictureInvalid):
    """A picture longer or taller than `MAX_RATIO`: padded or cropped, it could be sent."""


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
    return save(small, sent_as, THUMBNAIL_QUALITY).data


prepared: Cache[tuple[str, int, int, int], Picture] = Cache(CACHED)


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
    with decoder:
        pixels = to_pixels(image)
        _check_ratio(*pixels.size)
        sent_as = SENT_AS.get(pixels.format or "", "PNG")
        if sent_as == "WEBP" and pixels.width * pixels.height > MAX_WEBP_PIXELS:
            sent_as = "JPEG"
        return encode(pixels, sent_as, max_bytes)


def _check_ratio(width: int, height: int) -> None:
    long, short = max(width, height), min(width, height)
    if long > MAX_RATIO * short:
        ratio = f"{math.ceil(100 * long / short) / 100:g}"
        shape, ratio = ("wide", f"{ratio}:1") if width > height else ("tall", f"1:{ratio}")
        raise PictureTooLong(
            f"This picture is too {shape}: {width} by {height} pixels is {ratio}, and only "
            f"1:{MAX_RATIO} to {MAX_RATIO}:1 works. Pad or crop it."
        )
