"""Pixels written as a file that a request can carry: as they are if possible, else smaller."""

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
"""Of the long side to the short one, whichever way the picture stands."""

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
QUALITIES = (95, 90, 85)
"""JPEG qualities tried at full size, in this order, before a picture is made smaller."""
THUMBNAIL_QUALITY = 85
SHRINK_ATTEMPTS = 8
SHRINK_AIM, SHRINK_ENOUGH = 0.97, 0.9
"""The share of the bytes allowed that shrinking aims at, and the one it is content with."""


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


class _TooHeavyError(Exception):
    """More was written than may be."""


class _Bounded(io.BytesIO):
    """A file that takes up to so many bytes, so that no encoder keeps working in vain."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self._most = most

    def write(self, data: "ReadableBuffer", /) -> int:
        if self.tell() + memoryview(data).nbytes > self._most:
            raise _TooHeavyError
        return super().write(data)


def save(pixels: Image.Image, sent_as: str, quality: int, most: float = math.inf) -> Picture:
    """Write pixels as a file of a format, of no more than so many bytes."""
    file = _Bounded(most)
    # Each format takes what concerns it. PNG: a third of the time of level 6, for 2 % more bytes.
    pixels.save(file, sent_as, quality=quality, subsampling=0, compress_level=3)
    return Picture(file.getvalue(), Image.MIME[sent_as], *pixels.size)


def encode(pixels: Image.Image, sent_as: str, max_bytes: int) -> Picture:
    """Write pixels as the largest file that fits.

    What is too heavy becomes a JPEG of the same size, then of less quality, and only then a
    smaller one.

    Raises:
        PictureInvalid: It can't be made light enough.
    """
    attempts = dict.fromkeys([(sent_as, QUALITIES[0]), *(("JPEG", q) for q in QUALITIES)])
    for kind, quality in attempts:
        with suppress(_TooHeavyError):
            return save(pixels, kind, quality, max_bytes)
    return _shrink(pixels, save(pixels, "JPEG", QUALITIES[-1]), max_bytes)


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
