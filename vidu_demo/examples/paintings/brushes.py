"""What the paintings are made with: colour and light on a canvas of floats, shapes as masks.

Light adds up in floats and is rounded once, over a fine grain, so that no gradient shows steps.
Shapes are drawn larger than they are shown, which smooths their edges.
"""

import copy
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFilter

Numbers = NDArray[np.floating[Any]]

Field = Numbers
"""A number for each pixel, by row and column."""

Paint = Numbers
"""Red, green and blue, each a number or a field; 0 to 1, and above where light adds up."""

Outline = Numbers
"""The corners of a polygon: x and y of each, in pixels."""

Point = tuple[float, float]

SMOOTH = 4  # shapes are drawn so many times larger
GRAIN = 0.008  # the grain's standard deviation, of full brightness
TEXTURE = 1023  # the side of the texture of waves, in pixels


class Canvas:
    """A picture in the making.

    Attributes:
        size: Width and height in pixels.
        pixels: What has been painted.
        x: Each pixel's column.
        y: Each pixel's row.
    """

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.pixels: Paint = np.zeros((3, height, width), np.float32)
        self.y, self.x = np.mgrid[0:height, 0:width].astype(np.float32)

    def part(self, left: int, top: int, right: int, bottom: int) -> "Canvas":
        """Get a part of the canvas. What is painted there is painted here."""
        found = copy.copy(self)
        rows, columns = slice(max(top, 0), bottom), slice(max(left, 0), right)
        found.pixels = self.pixels[:, rows, columns]
        found.x, found.y = self.x[rows, columns], self.y[rows, columns]
        found.size = found.x.shape[1], found.x.shape[0]
        return found

    def lay(self, paint: Paint, mask: Field | float = 1.0) -> None:
        """Cover what is there, as much as the mask says, 0 to 1."""
        self.pixels += (paint - self.pixels) * mask

    def light(self, paint: Paint, mask: Field | float = 1.0) -> None:
        """Brighten what is there, as much as the mask says, and the less the brighter it is."""
        self.pixels += paint * mask * (1.05 - self.pixels)

    def distance(self, x: float, y: float) -> Field:
        """Measure how far each pixel is from a point."""
        away: Field = np.hypot(self.x - x, self.y - y)
        return away

    def fill(self, *outlines: Outline) -> Field:
        """Fill polygons: 1 inside, 0 outside, and between at the edges."""
        return self._draw("L", ((outline, 255) for outline in outlines))

    def facets(self, pieces: Iterable[tuple[Outline, Paint]]) -> Paint:
        """Paint polygons over each other on black, each in its one colour."""
        return self._draw(
            "RGB",
            (
                (outline, tuple(int(value) for value in np.clip(paint.ravel() * 255, 0, 255)))
                for outline, paint in pieces
            ),
        )

    def noise(self, rng: np.random.Generator, width: float, height: float, octaves: int) -> Field:
        """Make random hills over the canvas, as `hills` does."""
        return hills(rng, self.size, width, height, octaves)

    def finish(self, rng: np.random.Generator, vignette: float) -> Image.Image:
        """Darken the corners, as much as said, add the grain, and round to a picture."""
        width, height = self.size
        away = np.hypot(self.x / width - 0.5, self.y / height - 0.5) * math.sqrt(2)
        grain = rng.standard_normal(self.x.shape, np.float32) * GRAIN
        return to_image(self.pixels * (1 - vignette * away**3) + grain)

    def _draw(self, mode: str, pieces: Iterable[tuple[Outline, Any]]) -> Numbers:
        width, height = self.size
        corner = self.x[0, 0], self.y[0, 0]
        large = Image.new(mode, (width * SMOOTH, height * SMOOTH))
        pen = ImageDraw.Draw(large)
        for outline, fill in pieces:
            pen.polygon(((outline - corner) * SMOOTH).ravel().tolist(), fill)
        return to_numbers(large.reduce(SMOOTH))


def to_image(pixels: Numbers) -> Image.Image:
    """Round pixels, or a mask, to a picture."""
    rounded = (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(rounded.T.swapaxes(0, 1)))


def to_numbers(image: Image.Image) -> Numbers:
    """Read a picture as pixels, or as a mask."""
    return np.ascontiguousarray(np.asarray(image, np.float32).T.swapaxes(-1, -2)) / 255


def colour(code: str) -> Paint:
    """Read a colour as the web writes it, as in `#ffcc88`."""
    return np.array(ImageColor.getrgb(code), np.float32).reshape(3, 1, 1) / 255


def ramp(field: Field, *stops: tuple[float, str]) -> Paint:
    """Give each number of a field a colour, between those of the stops."""
    places = [place for place, _ in stops]
    channels = np.array([colour(code).ravel() for _, code in stops]).T
    return np.stack([np.interp(field, places, channel) for channel in channels], dtype="f4")


def step(field: Field, first: float, last: float) -> Field:
    """Rise smoothly from 0 where the field is `first` to 1 where it is `last`."""
    share: Field = np.clip((field - first) / (last - first), 0, 1)
    return share * share * (3 - 2 * share)


def bump(field: Field, width: float | Field) -> Field:
    """Rise to 1 where the field is 0, and fall to both sides as a bell curve does."""
    bell: Field = np.exp(-((field / width) ** 2))
    return bell


def blur(pixels: Numbers, radius: float) -> Numbers:
    """Soften pixels, or a mask."""
    return to_numbers(to_image(pixels).filter(ImageFilter.GaussianBlur(radius)))


def place(
    corners: ArrayLike,
    x: float = 0,
    y: float = 0,
    size: float = 1,
    turn: float = 0,
    flat: float = 1,
) -> Outline:
    """Put a drawn shape on the canvas.

    Args:
        corners: The shape, drawn around the point 0, 0.
        x: Where that point goes.
        y: Where that point goes.
        size: How many times larger it becomes.
        turn: How far it is turned, in radians, clockwise.
        flat: How high it is then, as a share, as what lies on the ground looks flat.
    """
    sine, cosine = math.sin(turn), math.cos(turn)
    turned: Outline = np.asarray(corners) @ np.array([(cosine, sine), (-sine, cosine)])
    return (turned * (size, size * flat) + (x, y)).astype(np.float32)


def ellipse(x: float, y: float, across: float, down: float) -> Outline:
    """Outline an ellipse by its middle and its two radii."""
    turn = np.linspace(0, math.tau, 48, endpoint=False)
    return place(np.stack([across * np.cos(turn), down * np.sin(turn)], 1), x, y)


def circle(x: float, y: float, radius: float) -> Outline:
    """Outline a circle by its middle."""
    return ellipse(x, y, radius, radius)


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """Outline a box by its sides."""
    return place([(left, top), (right, top), (right, bottom), (left, bottom)])


def stroke(start: Point, end: Point, width: float, end_width: float | None = None) -> Outline:
    """Outline a straight stroke, which may grow wider or narrower."""
    along = np.subtract(end, start)
    aside = np.array([-along[1], along[0]]) / np.hypot(*along) / 2
    wide, narrow = width * aside, (width if end_width is None else end_width) * aside
    return place([start + wide, end + narrow, end - narrow, start - wide])


def under(line: Numbers, foot: float) -> Outline:
    """Outline what lies under a line, which has a height for each column."""
    corners = np.stack([np.arange(line.size), line], axis=1)
    return place([*corners, (line.size, foot), (0, foot)])


def hills(
    rng: np.random.Generator, size: tuple[int, int], width: float, height: float, octaves: int
) -> Field:
    """Make random hills, each octave half as large and half as high as the one before.

    Args:
        rng: Where the randomness comes from.
        size: Width and height of the field.
        width: Of the largest hills, in pixels.
        height: Of the largest hills, in pixels, seen from above.
        octaves: How many sizes of hills are added up.

    Returns:
        Heights around 0, most of them within -1 and 1.
    """
    total = np.zeros(size[::-1], np.float32)
    for octave in range(octaves):
        rows = min(2 + int(size[1] / height * 2**octave), size[1])
        columns = min(2 + int(size[0] / width * 2**octave), size[0])
        grid = Image.fromarray(rng.standard_normal((rows, columns), np.float32))
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) * 0.6 * 0.5**octave
    return total


def waves(canvas: Canvas, rng: np.random.Generator, horizon: float, length: float) -> Field:
    """Get how water leans, in waves that grow as they near.

    Args:
        canvas: The water.
        rng: Where the randomness comes from.
        horizon: The row where the water begins.
        length: How long the waves are: 1 is choppy, 4 is calm.
    """
    away = 130 / (np.maximum(canvas.y - horizon, 0) + 14) / length
    x, y = (canvas.x - canvas.size[0] / 2) * away + TEXTURE / 2, 1440 * away
    # Mirrored where it ends, the texture repeats without a seam.
    x, y = (np.abs(axis % (2 * TEXTURE) - TEXTURE) for axis in (x, y))
    return sample(hills(rng, (TEXTURE + 1, TEXTURE + 1), 60, 60, 5), x, y)


def sample(pixels: Numbers, x: Field, y: Field) -> Numbers:
    """Look pixels up at places between them; what is outside counts as the edge."""
    height, width = pixels.shape[-2:]
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, down = x - left.astype(np.float32), y - top.astype(np.float32)
    upper = pixels[..., top, left] * (1 - right) + pixels[..., top, left + 1] * right
    lower = pixels[..., top + 1, left] * (1 - right) + pixels[..., top + 1, left + 1] * right
    found: Numbers = upper * (1 - down) + lower * down
    return found
