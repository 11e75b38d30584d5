"""Draws over the video: always that it is simulated, and the watermark on request."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

Size = tuple[int, int]

SURE = 0.6
"""The least correlation of a picture with a drawing that it is said to bear."""
SMOOTH = 4  # drawn this many times larger, since Pillow does not antialias shapes


@dataclass(frozen=True)
class Overlay:
    """A grey drawing and its position, in even numbers, so that both fit half-size planes."""

    grey: Image.Image
    mask: Image.Image
    corner: Size


def overlays(size: Size, watermark: bool) -> list[Overlay]:
    """Draw all overlays of a video.

    Args:
        size: Width and height of the video.
        watermark: Whether to add "AI generated".
    """
    width, height = size
    unit = min(size) / 100
    gap = _even(3 * unit)
    label = _pill("simulated", unit)
    found = [Overlay(*label, corner=(gap, height - gap - label[0].height))]
    if watermark:
        mark = _shadowed("AI generated", unit)
        corner = (width - gap - mark[0].width, height - gap - mark[0].height)
        found.append(Overlay(*mark, corner=corner))
    return found


def without(picture: Image.Image) -> Image.Image:
    """Take off what an earlier video's frame bears, or it would move under the new drawings."""
    for each in overlays(picture.size, watermark=True):
        if _bears(picture, each):
            picture = _covered(picture, each)
    return picture


def _box(each: Overlay, margin: int = 0) -> tuple[int, int, int, int]:
    (x, y), (width, height) = each.corner, each.grey.size
    return x - margin, y - margin, x + width + margin, y + height + margin


def _bears(picture: Image.Image, each: Overlay) -> bool:
    """Tell whether a picture is dark and light where a drawing is."""
    there = np.asarray(each.mask) > 50
    found = np.asarray(picture.convert("L").crop(_box(each)))[there].astype(float)
    if not found.std():
        return False
    return bool(np.corrcoef(found, np.asarray(each.grey)[there])[0, 1] > SURE)


def _covered(picture: Image.Image, each: Overlay) -> Image.Image:
    """Fill a drawing's place with the colours around it."""
    margin = each.grey.height
    box = _box(each, margin)
    around = picture.crop(box)
    cover = Image.new("L", around.size)
    cover.paste(each.mask.point(lambda value: 255 * (value > 0)), (margin, margin))
    cover = cover.filter(ImageFilter.MaxFilter(5))  # an encoder has smeared its edges
    known = ImageChops.subtract(Image.new("L", picture.size, 255).crop(box), cover)
    soft = ImageFilter.GaussianBlur(margin / 2)
    seen = Image.composite(around, Image.new("RGB", around.size), known).filter(soft)
    weight = np.maximum(np.asarray(known.filter(soft), float) / 255, 0.01)
    colours = (np.asarray(seen) / weight[..., None]).clip(0, 255).astype(np.uint8)
    covered = picture.copy()
    covered.paste(Image.fromarray(colours), box[:2], cover)
    return covered


def _pill(text: str, unit: float) -> tuple[Image.Image, Image.Image]:
    """Draw a rounded translucent label with a dot before the text."""
    font = ImageFont.load_default(2.5 * unit * SMOOTH)
    width, height = _even(font.getlength(text) / SMOOTH + 6 * unit), _even(4.6 * unit)
    large = (width * SMOOTH, height * SMOOTH)
    grey, mask = Image.new("L", large, 20), Image.new("L", large, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *large), large[1] / 2, fill=140)
    middle, dot = large[1] / 2, 0.55 * unit * SMOOTH
    x = 2.2 * unit * SMOOTH
    for image, shade in ((grey, 235), (mask, 240)):
        draw = ImageDraw.Draw(image)
        draw.ellipse((x - dot, middle - dot, x + dot, middle + dot), fill=shade)
        draw.text((x + 1.5 * unit * SMOOTH, middle), text, fill=shade, font=font, anchor="lm")
    return grey.resize((width, height)), mask.resize((width, height))


def _shadowed(text: str, unit: float) -> tuple[Image.Image, Image.Image]:
    """Draw white text over a soft shadow, readable on any picture."""
    font = ImageFont.load_default(3 * unit * SMOOTH)
    width, height = _even(font.getlength(text) / SMOOTH + unit), _even(4.6 * unit)
    large = (width * SMOOTH, height * SMOOTH)
    grey, mask = Image.new("L", large, 16), Image.new("L", large, 0)
    right, middle = large[0] - unit * SMOOTH / 2, large[1] / 2
    edge = round(0.3 * unit * SMOOTH)
    pen = ImageDraw.Draw(mask)
    pen.text((right, middle), text, 110, font, "rm", stroke_width=edge)
    for image, shade in ((grey, 235), (mask, 215)):
        ImageDraw.Draw(image).text((right, middle), text, shade, font, "rm")
    return grey.resize((width, height)), mask.resize((width, height))


def _even(length: float) -> int:
    return 2 * round(length / 2)
