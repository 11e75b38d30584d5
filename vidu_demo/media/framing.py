"""The first frame as it is sent, and the size that the video gets from it.

The video keeps the ratio of the first picture, and its shorter side is what the resolution names
(collected 2026-11). A picture that is too long for the API can be padded or cropped to the
nearest ratio that is allowed; a person chooses which.
"""

import io
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from vidu_demo.api.images import MAX_RATIO, ImageInput, Picture, PictureTooLong, flatten, prepare
from vidu_demo.api.run import Kept, Run, in_process

LONGEST = 4320
"""Pixels of a padded picture's long side, at most: the largest video, 1080p at 4:1, has as many."""

PREVIEW = (320, 160)
"""Width and height in pixels that a preview stays within."""

NAMED_RATIOS = ((5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (21, 9))
RATIO_TOLERANCE = 0.01
"""How far a ratio may be from a named one, as a share, and still go by its name."""

BLURRED_BELOW = 270
"""Pixels of a picture's shorter side. The smallest video has 540, so from here down every pixel
must fill at least four, and what is not in the picture can't be in its first frame."""

BLUR = (32, 8)
"""Pixels that are left of a picture before it is enlarged to lie behind itself."""
BLUR_BRIGHTNESS = 0.75


@dataclass(frozen=True)
class Frame:
    """A picture as it is sent.

    Attributes:
        size: Width and height in pixels, upright.
        preview: A small JPEG of it, as a data URI.
    """

    size: tuple[int, int]
    preview: str = field(repr=False)

    @property
    def blurs(self) -> bool:
        """True if the picture is so small that the video begins blurred."""
        return min(self.size) < BLURRED_BELOW


@dataclass(frozen=True)
class TooLong:
    """A picture that can't be sent as it is, and the two ways out.

    Attributes:
        reason: What is wrong with it, in words.
        padded: The whole picture with a blurred margin.
        cropped: The middle of the picture.
    """

    reason: str
    padded: Frame
    cropped: Frame


def frame(
    path: str | os.PathLike[str], *, run: Run = in_process, visitor: str = ""
) -> Frame | TooLong:
    """Look at a picture file as it is sent: once, until the file changes.

    Args:
        path: The file.
        run: Where it is decoded: in this process, or a pool's `run`.
        visitor: For whom, where a pool takes turns.

    Raises:
        PictureInvalid: It is missing or no picture that can be used.
    """
    file = Path(path)
    state = file.stat() if file.is_file() else None
    key = (str(file), *((state.st_size, state.st_mtime_ns) if state else (0, 0)))
    return frames.get(key, lambda: run(look, file, visitor=visitor))


frames: Kept[tuple[str, int, int], Frame | TooLong] = Kept(256)


def look(file: Path) -> Frame | TooLong:
    """Do what `frame` does, and keep nothing.

    Raises:
        PictureInvalid: It is missing or no picture that can be used.
    """
    try:
        return _as_sent(file)
    except PictureTooLong as error:
        pixels = flatten(file)
        return TooLong(error.what, _as_sent(pad(pixels)), _as_sent(crop(pixels)))


def padded(file: Path) -> Picture:
    """Make a picture that is too long ready to be sent, with a blurred margin.

    Raises:
        PictureInvalid: It is missing or no picture that can be used.
    """
    return prepare(pad(flatten(file)))


def cropped(file: Path) -> Picture:
    """Make the middle of a picture that is too long ready to be sent.

    Raises:
        PictureInvalid: It is missing or no picture that can be used.
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
        resolution: Such as `720p`: the video's shorter side in pixels.
    """
    scale = int(resolution.removesuffix("p")) / min(picture)
    width, height = (2 * round(side * scale / 2) for side in picture)
    return width, height


def ratio(size: tuple[int, int]) -> str:
    """Name the ratio of a width and height: `16:9`, `3:4`, `1:1`, or else like `1.9:1`."""
    exact = max(size) / min(size)
    long, short = round(exact, 1), 1
    for named in NAMED_RATIOS:
        if math.isclose(named[0] / named[1], exact, rel_tol=RATIO_TOLERANCE):
            long, short = named
    return f"{long:g}:{short}" if size[0] > size[1] else f"{short}:{long:g}"


def pad(image: Image.Image) -> Image.Image:
    """Lay a picture on a blurred, darker one of itself that has the nearest allowed ratio.

    One longer than `LONGEST` is made smaller.

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
    """Cut as much off both ends of a picture that is too long as the nearest ratio asks for."""
    short = min(image.size)
    cropped = ImageOps.fit(image, _oriented_as(image.size, MAX_RATIO * short, short))
    cropped.format = image.format
    return cropped


def _oriented_as(size: tuple[int, int], long: int, short: int) -> tuple[int, int]:
    """Put a long and a short side in the order that a width and height have."""
    return (long, short) if size[0] > size[1] else (short, long)
