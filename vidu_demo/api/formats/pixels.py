"""Pixels of any mode become RGB: over white, in sRGB, upright."""

import io
from contextlib import suppress
from typing import cast

from PIL import ExifTags, Image, ImageCms

from vidu_demo.api.formats.limits import LARGE

STRIP_PIXELS = 4_000_000
"""Pixels of a large picture that are worked on at a time."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(pixels: Image.Image, image: Image.Image) -> Image.Image:
    """Turn pixels as the picture that they come from says."""
    # Not ImageOps.exif_transpose: it rewrites the EXIF block and fails on a broken one.
    try:
        turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # an EXIF block that cannot be read says nothing about the picture
        turn = None
    return pixels if turn is None else pixels.transpose(turn)


def on_white(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB, over white where it is transparent, without anything but pixels.

    One above `LARGE` is halved strip by strip, so that no second one of its size is in memory.
    """
    white = _brightest(image)
    if image.width * image.height <= LARGE:
        return _opaque(image, white)
    halved = Image.new("RGB", ((image.width + 1) // 2, (image.height + 1) // 2))
    rows = 2 * max(1, STRIP_PIXELS // image.width // 2)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        halved.paste(_opaque(strip, white).reduce(2), (0, top // 2))
    return halved


def _opaque(image: Image.Image, white: float) -> Image.Image:
    given, profile, mask = image, image.info.get("icc_profile"), None
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        mask = with_alpha.getchannel("A")
        if image.mode in ("P", "PA"):
            image = with_alpha
    if image.mode.startswith(("I", "F")):
        image = image.convert("I") if image.mode.startswith("I;") else image
        image = image.convert("F").point(lambda value: value * (255 / white) + 0.5).convert("L")
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("L" if image.mode in ("1", "LA") else "RGB")
    pixels = _in_srgb(image, profile)
    if mask is None:
        pixels = pixels.copy() if pixels is given else pixels
        pixels.info = {}
        return pixels
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(pixels, mask=mask)
    return canvas


def _brightest(image: Image.Image) -> float:
    """Tell what is white in greys of 16 and 32 bits; in the latter the brightest decides."""
    white = 65535.0
    if image.mode not in ("I", "F"):
        return white
    brightest = cast("float", image.getextrema()[1])
    return next((top for top in (1.0, 255.0, white) if brightest <= top), brightest)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    # A profile that is broken, or made for other colours than these, counts as none.
    with suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == "RGB" and image.mode == "L":
                image = image.convert("RGB")
            srgb = ImageCms.createProfile("sRGB")
            if converted := ImageCms.profileToProfile(image, source, srgb, outputMode="RGB"):
                return converted
    return image if image.mode == "RGB" else image.convert("RGB")
