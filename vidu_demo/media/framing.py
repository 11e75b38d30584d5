"""The first frame as sent, and the size of the video that follows from it.

The video keeps the ratio of the first picture, and its shorter side is the resolution (collected
2026-11). A picture that is too long for the API can be padded or cropped to the nearest allowed
ratio; the user chooses which.
"""

import io
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from vidu_demo.api.images import MAX_RATIO, ImageInput, Picture, PictureTooLong, flatten, prepare
from vidu_demo.api.run import Cache, Run, in_process

LONGEST = 4320
"""Maximum long side of a padded picture, in pixels: that of the largest video, 1080p at 4:1."""

PREVIEW = (640, 320)
"""Maximum width and height of a preview, in pixels."""

NAMED_RATIOS = ((5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (21, 9))
RATIO_TOLERANCE = 0.01
"""How far a ratio can be, as a share, from a named one that it is shown as."""

BLURRED_BELOW = 270
"""Shorter side of a picture, in pixels. The smallest video has 540, so below this every pixel of
the picture must cover at least four of the first frame."""

BLUR = (32, 8)
"""Size in pixels that a picture is reduced to before it is enlarged as its own background."""
BLUR_BRIGHTNESS = 0.75


@dataclass(frozen=True)
class Frame:
    """A picture as it will be sent.

    Attributes:
        size: Width and height in pixels, upright.
        preview: A small JPEG of it, as a data URI.
    """

    size: tuple[int, int]
    preview: str = field(repr=False)

    @property
    def blurs(self) -> bool:
        """True if the picture is so small that the video will start blurry."""
        return min(self.size) < BLURRED_BELOW


@dataclass(frozen=True)
class TooLong:
    """A picture that can't be sent as it is, and the two ways to fix it.

    Attributes:
        reason: What is wrong with it, in words.
        padded: The whole picture with blurred margins.
        cropped: The middle of the picture.
    """

    reason: str
    padded: Frame
    cropped: Frame


def frame(
    path: str | os.PathLike[str], *, run: Run = in_process, visitor: str = ""
) -> Frame | TooLong:
    """Look at a picture file as it will be sent; cached until the file changes.

    Args:
        path: The file.
        run: Decodes it: in this process, or a pool's `run`.
        visitor: Who asks; a pool serves visitors in turn.

    Raises:
        PictureInvalid: It is missing or can't be used as a picture.
    """
    file = Path(path)
    state = file.stat() if file.is_file() else None
    key = (str(file), *((state.st_size, state.st_mtime_ns) if state else (0, 0)))
    return frames.get(key, lambda: run(inspect, file, visitor=visitor))


frames: Cache[tuple[str, int, int], Frame | TooLong] = Cache(256)


def inspect(file: Path) -> Frame | TooLong:
    """Like `frame`, without a cache.

    Raises:
        PictureInvalid: It is missing or can't be used as a picture.
    """
    try:
        return _as_sent(file)
    except PictureTooLong as error:
        pixels = flatten(file)
        return TooLong(error.what, _as_sent(pad(pixels)), _as_sent(crop(pixels)))


def padded(file: Path) -> Picture:
    """Prepare a picture that is too long by adding blurred margins.

    Raises:
        PictureInvalid: It is missing or can't be used as a picture.
    """
    return prepare(pad(flatten(file)))


def cropped(file: Path) -> Picture:
    """Prepare a picture that is too long by keeping its middle.

    Raises:
        PictureInvalid: It is missing or can't be used as a picture.
    """
    return prepare(crop(flatten(file)))


def _as_sent(image: ImageInput) -> Frame:
    picture = prepare(image)
    small = Image.open(io.BytesIO(picture.data))
    small.thumbnail(PREVIEW)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=85)
    preview = Picture(file.getvalue(), "image/jpeg", *small.size)
    return Frame((picture.width, picture.height), preview.data_uri)


def video_size(picture: tuple[int, int], resolution: str) -> tuple[int, int]:
    """Work out the video's width and height in pixels, both even.

    Args:
        picture: Width and height of the first picture.
        resolution: The video's shorter side, such as `720p`.
    """
    scale = int(resolution.removesuffix("p")) / min(picture)
    width, height = (2 * round(side * scale / 2) for side in picture)
    return width, height


def ratio(size: tuple[int, int]) -> str:
    """Name the ratio of a width and height: `16:9`, `3:4`, `1:1`, or something like `1.9:1`."""
    exact = max(size) / min(size)
    long, short = round(exact, 1), 1
    for named in NAMED_RATIOS:
        if math.isclose(named[0] / named[1], exact, rel_tol=RATIO_TOLERANCE):
            long, short = named
    return f"{long:g}:{short}" if size[0] > size[1] else f"{short}:{long:g}"


def pad(image: Image.Image) -> Image.Image:
    """Put a picture on a blurred, darker copy of itself with the nearest allowed ratio.

    A picture longer than `LONGEST` is made smaller.

    Args:
        image: RGB, and too long.
    """
    long = min(max(image.size), LONGEST)
    short = max(1, round(min(image.size) * long / max(image.size)))
    size = _oriented_as(image.size, long, math.ceil(long / MAX_RATIO))
    blurred = image.resize(_oriented_as(image.size, *BLUR), reducing_gap=3).resize(size)
    padded = ImageEnhance.Brightness(blurred).enhance(BLUR_BRIGHTNESS)
    inner = image.resize(_oriented_as(image.size, long, short), reducing_gap=3)
    padded.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    padded.format = image.format
    return padded


def crop(image: Image.Image) -> Image.Image:
    """Crop both ends of a picture that is too long to the nearest allowed ratio."""
    short = min(image.size)
    cropped = ImageOps.fit(image, _oriented_as(image.size, MAX_RATIO * short, short))
    cropped.format = image.format
    return cropped


def _oriented_as(size: tuple[int, int], long: int, short: int) -> tuple[int, int]:
    """Order a long and a short side like a width and height."""
    return (long, short) if size[0] > size[1] else (short, long)
