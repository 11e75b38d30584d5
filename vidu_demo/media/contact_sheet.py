"""A contact sheet: stills in a grid, each with a label below it, as one PNG."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont, ImageOps

WIDTH, HEIGHT = 480, 360
"""The largest still, in pixels."""
_GAP, _LINE, _TEXT = 16, 26, 18
"""Pixels between stills, of a line of text, and of its letters."""
_PAPER, _INK, _PALE = "white", "#1f2937", "#e5e7eb"
_MOST_LINES = 2


class Cell(NamedTuple):
    """A still and what is said about it.

    Attributes:
        still: A picture, or its file; None if there is none.
        label: The label. Letters that the built-in font lacks are left out.
    """

    still: Image.Image | Path | None
    label: str


def contact_sheet(cells: Sequence[Cell]) -> bytes:
    """Draw a contact sheet as a PNG.

    Args:
        cells: What it shows, at least one, in rows from the left.

    Raises:
        ValueError: There are no cells.
    """
    if not cells:
        raise ValueError("A contact sheet needs at least one still.")
    stills = [_open(cell.still) for cell in cells]
    sizes = [still.size for still in stills if still] or [(WIDTH, HEIGHT)]
    wide, high = (max(side) for side in zip(*sizes, strict=True))
    font = ImageFont.load_default(_TEXT)
    texts = [_lines(f"{n}  {cell.label}", font, wide) for n, cell in enumerate(cells, 1)]
    below = _LINE * max(map(len, texts)) + _GAP
    columns = math.ceil(math.sqrt(len(cells) * high / wide)) if wide > high else len(cells)
    columns = max(min(columns, len(cells), 4), min(len(cells), 2))
    rows = math.ceil(len(cells) / columns)
    size = columns * (wide + _GAP) + _GAP, rows * (high + below) + _GAP
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (still, text) in enumerate(zip(stills, texts, strict=True)):
        left = _GAP + place % columns * (wide + _GAP)
        top = _GAP + place // columns * (high + below)
        draw.rectangle((left, top, left + wide - 1, top + high - 1), fill=_PALE)
        if still:
            at = left + (wide - still.width) // 2, top + (high - still.height) // 2
            sheet.paste(still, at)
        for number, line in enumerate(text):
            draw.text((left, top + high + 4 + number * _LINE), line, _INK, font)
    data = io.BytesIO()
    sheet.save(data, "PNG")
    return data.getvalue()


def _open(still: Image.Image | Path | None) -> Image.Image | None:
    """Open a still, no larger than a cell; None if it can't be read."""
    try:
        opened = Image.open(still) if isinstance(still, Path) else still
        return opened and ImageOps.contain(opened.convert("RGB"), (WIDTH, HEIGHT))
    except OSError:
        return None


def _lines(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, wide: int) -> list[str]:
    """Break a label into lines of a width, and cut it off after `_MOST_LINES`."""
    known = label.encode("latin-1", "ignore").decode("latin-1")
    lines = [""]
    for word in known.split(" "):
        longer = f"{lines[-1]} {word}".lstrip() if lines[-1] else word
        if lines[-1] and font.getlength(longer) > wide:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines[:_MOST_LINES]
