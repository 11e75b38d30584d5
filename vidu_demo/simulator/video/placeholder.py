"""The placeholder for a picture given by its URL, which is never fetched."""

import colorsys
import hashlib
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (1920, 1080)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
INK = (255, 255, 255)
MAX_LINES = 3


def placeholder(url: str) -> Image.Image:
    """Draw the placeholder for a URL, which also determines its colours."""
    host = urlsplit(url).hostname or ""
    image = _background(hashlib.sha256(url.encode()).digest())
    image = Image.alpha_composite(image.convert("RGBA"), _frame()).convert("RGB")
    draw = ImageDraw.Draw(image)
    middle = SIZE[0] / 2
    draw.text((middle, 610), "Picture from", (225, 228, 240), ImageFont.load_default(46), "mm")
    height = 84 if len(host) < 28 else 60
    font = ImageFont.load_default(height)
    lines = _wrap(host, font, 0.7 * SIZE[0])
    for number, line in enumerate(lines):
        draw.text((middle, 700 + 1.15 * height * number), line, INK, font, "mm")
    return image


def _background(digest: bytes) -> Image.Image:
    """Blend a few soft lights of neighbouring hues over a dark background."""
    hue = digest[0] / 256
    y, x = np.mgrid[0:1:270j, 0:1:480j]
    ground = np.stack([np.full_like(x, part) for part in _colour(hue, 0.75, 0.24)], axis=-1)
    for number in range(4):
        left, top, shift = (part / 255 for part in digest[1 + 3 * number : 4 + 3 * number])
        light = np.exp(-(((x - left) * 16 / 9) ** 2 + (y - top) ** 2) / 0.22)[..., None]
        ground += (_colour(hue + 0.32 * (shift - 0.5), 0.68, 0.62) - ground) * 0.75 * light
    # Noise of less than one colour step prevents banding.
    noise = np.random.default_rng(0).random(ground.shape)
    small = Image.fromarray((254 * ground.clip(0, 1) + noise).astype(np.uint8))
    return small.resize(SIZE, Image.Resampling.BICUBIC)


def _colour(hue: float, saturation: float, value: float) -> NDArray[np.float64]:
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))


def _frame() -> Image.Image:
    """Draw the picture symbol, sun and hills in a rounded frame, as a translucent layer."""
    layer = Image.new("RGBA", SIZE, (*INK, 0))
    draw = ImageDraw.Draw(layer)
    left, top, right, bottom = 820, 290, 1100, 500
    draw.rounded_rectangle((left, top, right, bottom), 34, (*INK, 40), (*INK, 235), 10)
    draw.ellipse((left + 50, top + 42, left + 100, top + 92), (*INK, 235))
    floor = bottom - 28
    draw.polygon([(left + 34, floor), (left + 104, top + 112), (left + 174, floor)], (*INK, 235))
    draw.polygon([(left + 110, floor), (left + 182, top + 74), (left + 250, floor)], (*INK, 235))
    return layer.filter(ImageFilter.GaussianBlur(1))


def _wrap(text: str, font: Font, width: float) -> list[str]:
    """Wrap a host name at any letter, since it has no spaces."""
    lines = [""]
    for letter in text:
        if font.getlength(lines[-1] + letter) > width:
            lines.append("")
        lines[-1] += letter
    if len(lines) > MAX_LINES:
        lines[MAX_LINES - 1 :] = [lines[MAX_LINES - 1][:-1] + "…"]
    return lines
