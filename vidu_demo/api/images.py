"""Turns any picture into one that the API accepts, or says plainly why it can't.

Pictures are opened by content, turned upright, flattened onto white and encoded again from their
pixels alone, without the location, author, comments or thumbnail of the original. They are only
made smaller if the limits require it. A URL is passed on as it is and never fetched.

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
from vidu_demo.api.text import Text, own

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
"""All pictures of a request, before base64: below 10 MB, with room for the prompt."""
SENT_AS = {"JPEG": "JPEG", "MPO": "JPEG", "HEIF": "JPEG", "AVIF": "JPEG", "WEBP": "WEBP"}
"""What each format is sent as. All others, and pictures without a format, are sent as PNG."""
MAX_WEBP_PIXELS = 12_500_000
"""Larger pictures are sent as JPEG, since WebP takes ten times as long to encode."""

CACHED = 8
"""Prepared files to keep in memory: the page previews a picture as it will be sent, then sends it,
perhaps in several takes."""


class PictureTooLong(PictureInvalid):
    """A picture longer or taller than `MAX_RATIO`: padded or cropped, it could be sent."""


def prepare_all(
    images: Sequence[ImageInput], *, run: Run = in_process, visitor: str = ""
) -> list[Picture | str]:
    """Prepare all pictures of one request; URLs are left as they are.

    The pictures stay within `MAX_POST_BYTES` in total. If they would exceed it, the small ones are
    left alone and the large ones share what remains.

    Args:
        images: The pictures.
        run: Decodes them.
        visitor: Who asks; a pool serves visitors in turn.

    Raises:
        PictureInvalid: A picture cannot be used. With several, the message says which.
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
            raise type(error)(
                Text("Picture {number}: {text}", number=position + 1, text=own(error.what))
            ) from error

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
    """Prepare a picture for sending.

    Args:
        image: Anything but a URL. For an animation the first frame is used, for a PIL image its
            current one; a PIL image is not modified.
        max_bytes: The maximum size of the result. If it is too large, it becomes a JPEG of the
            same dimensions, then one of lower quality, and only then a smaller picture.
        run: Decodes it: in this process, or a pool's `run`.
        visitor: Who asks; a pool serves visitors in turn.

    Raises:
        PictureTooLong: It is wider or taller than `MAX_RATIO` allows.
        PictureInvalid: `flatten` cannot open it, or it cannot be made small enough.
    """
    version = _version(image)
    if version is None:
        return run(_prepare, image, max_bytes, visitor=visitor)
    key = (*version, max_bytes)
    return prepared.get(key, lambda: run(_prepare, Path(version[0]), max_bytes, visitor=visitor))


def thumbnail(image: ImageInput, side: int, sent_as: str = "JPEG") -> bytes:
    """Make a thumbnail, which every browser can show, from any picture that `prepare` accepts.

    Args:
        image: The picture.
        side: Maximum length of its longer side, in pixels.
        sent_as: `JPEG`, `PNG` or `WEBP`.

    Raises:
        PictureInvalid: `flatten` cannot open it.
    """
    small = flatten(image)
    small.thumbnail((side, side))
    return save(small, sent_as, THUMBNAIL_QUALITY).data


prepared: Cache[tuple[str, int, int, int], Picture] = Cache(CACHED)


def _version(image: ImageInput) -> tuple[str, int, int] | None:
    """Identify a file's current version; None for data URIs and pixels."""
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
            Text(
                "This picture is too {shape}: {width} by {height} pixels is {ratio}, and only "
                "1:{tallest} to {widest}:1 works. Pad or crop it.",
                shape=Text(shape),
                width=width,
                height=height,
                ratio=ratio,
                tallest=MAX_RATIO,
                widest=MAX_RATIO,
            )
        )
