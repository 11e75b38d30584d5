"""Converts pixels of any mode to upright sRGB on white."""

import io
from contextlib import suppress
from typing import cast

from PIL import ExifTags, Image, ImageCms

from vidu_demo.api.formats.limits import LARGE

STRIP_PIXELS = 4_000_000
"""Pixels of a large picture to process at a time."""

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
    """Rotate pixels by the orientation of the picture they come from."""
    # Not ImageOps.exif_transpose: it rewrites the EXIF block and fails on a broken one.
    try:
        turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # an unreadable EXIF block is ignored
        turn = None
    return pixels if turn is None else pixels.transpose(turn)


def on_white(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB on white, keeping nothing but pixels.

    A picture above `LARGE` is halved strip by strip, so that memory never holds two of full size.
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
    """Return the value of white in 16 and 32 bit greyscale; for 32 bits, the brightest pixel."""
    white = 65535.0
    if image.mode not in ("I", "F"):
        return white
    brightest = cast("float", image.getextrema()[1])
    return next((top for top in (1.0, 255.0, white) if brightest <= top), brightest)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    # A profile that is broken or for another colour mode is ignored.
    with suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == "RGB" and image.mode == "L":
                image = image.convert("RGB")
            srgb = ImageCms.createProfile("sRGB")
            if converted := ImageCms.profileToProfile(image, source, srgb, outputMode="RGB"):
                return converted
    return image if image.mode == "RGB" else image.convert("RGB")
