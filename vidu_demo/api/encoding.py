"""Encodes pixels as a file small enough for a request, at full size if possible."""

import base64
import io
import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

from vidu_demo.api.errors import PictureInvalid

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAX_RATIO = 4
"""The long side to the short side, in either orientation."""

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
QUALITIES = (95, 90, 85)
"""JPEG qualities to try at full size, in this order, before making a picture smaller."""
THUMBNAIL_QUALITY = 85
SHRINK_ATTEMPTS = 8
SHRINK_AIM, SHRINK_ENOUGH = 0.97, 0.9
"""The share of the allowed bytes that shrinking aims for, and the share it settles for."""


@dataclass(frozen=True)
class Picture:
    """A picture ready to be sent.

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
        """The file suffix for its type, with the dot."""
        return SUFFIXES[self.mime]


class _TooHeavyError(Exception):
    """The file got too large."""


class _Bounded(io.BytesIO):
    """A file with a size limit, so that an encoder stops as soon as it is exceeded."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self._most = most

    def write(self, data: "ReadableBuffer", /) -> int:
        if self.tell() + memoryview(data).nbytes > self._most:
            raise _TooHeavyError
        return super().write(data)


def save(pixels: Image.Image, sent_as: str, quality: int, most: float = math.inf) -> Picture:
    """Encode pixels in a format, as at most `most` bytes."""
    file = _Bounded(most)
    # Each format uses the options it knows. PNG: a third of level 6's time for 2 % more bytes.
    pixels.save(file, sent_as, quality=quality, subsampling=0, compress_level=3)
    return Picture(file.getvalue(), Image.MIME[sent_as], *pixels.size)


def encode(pixels: Image.Image, sent_as: str, max_bytes: int) -> Picture:
    """Encode pixels as the largest file that fits.

    If it is too large, it becomes a JPEG of the same dimensions, then one of lower quality, and
    only then a smaller picture.

    Raises:
        PictureInvalid: It can't be made small enough.
    """
    attempts = dict.fromkeys([(sent_as, QUALITIES[0]), *(("JPEG", q) for q in QUALITIES)])
    for kind, quality in attempts:
        with suppress(_TooHeavyError):
            return save(pixels, kind, quality, max_bytes)
    return _shrink(pixels, save(pixels, "JPEG", QUALITIES[-1]), max_bytes)


def _shrink(pixels: Image.Image, heaviest: Picture, max_bytes: int) -> Picture:
    """Search for the largest JPEG that fits; its bytes are roughly proportional to its area."""
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
        latest = save(smaller, "JPEG", QUALITIES[-1])
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
