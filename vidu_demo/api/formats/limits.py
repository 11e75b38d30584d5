"""What a picture can cost to decode, and the messages for pictures that cost more.

The limits keep decoding below 700 MB and 5 s, as measured by `benchmarks/pictures.py`.
"""

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.text import Text

MAX_PIXELS = 89_000_000
"""Checked before decoding. Pillow warns from 89.5 million on, so it never does."""
LARGE = 32_000_000
"""Pixels above which a picture is halved on opening. The largest video has 4320 by 1080, so the
result is still more than it can show."""
MAX_SIDE = 65_535
"""Maximum longer side, in pixels: a JPEG can't have more, and each row costs memory."""
MAX_DECODE_BYTES = 560_000_000
"""Memory that a decoder can use for one picture, as measured for each format."""
MAX_SCANNED = 1_500_000_000
"""Pixels times passes over them. The usual progressive JPEG has ten passes."""
MAX_PIECES = 200_000
"""Segments, chunks, blocks or strips of a file. Each costs time, however small."""
MAX_PROFILE = 4_000_000
"""Bytes of a colour profile; larger ones are ignored."""

UNKNOWN = (
    "This file is not in a supported picture format. Use a JPEG, PNG, WebP, GIF, HEIC, AVIF, "
    "TIFF or BMP."
)
DAMAGED = (
    "This picture cannot be read: the file is damaged or incomplete. "
    "Save it again as JPEG or PNG, or use another one."
)
TOO_MANY_PIXELS = Text(
    "This picture has too many pixels; the limit is {most} megapixels. Make it smaller and try "
    "again.",
    most=MAX_PIXELS // 1_000_000,
)
TOO_LONG_A_SIDE = Text(
    "This picture has too many pixels on one side; the limit is {most}. Make it smaller and try "
    "again.",
    most=MAX_SIDE,
)
TOO_HEAVY = (
    "This picture takes too much work to open in this format. Save it again as an ordinary "
    "JPEG, or make it smaller."
)
NO_MEMORY = "There was not enough memory to open this picture. Try again, or make it smaller."
RAW = "This is a camera RAW file. Export it as JPEG and use that."


def damaged() -> PictureInvalid:
    """Make the error for a file that is incomplete or inconsistent."""
    return PictureInvalid(DAMAGED)


def check(width: int, height: int, *, bytes_per_pixel: float = 4, scanned: int = 0) -> None:
    """Refuse a picture that would cost too much.

    Args:
        width: In pixels.
        height: In pixels.
        bytes_per_pixel: Memory for decoding, all copies together.
        scanned: Pixels times passes over them.

    Raises:
        PictureInvalid: It has no pixels, or too many, or takes too much memory or work.
    """
    pixels = width * height
    if pixels < 1:
        raise damaged()
    if pixels > MAX_PIXELS:
        raise PictureInvalid(TOO_MANY_PIXELS)
    if max(width, height) > MAX_SIDE:
        raise PictureInvalid(TOO_LONG_A_SIDE)
    if scanned > MAX_SCANNED or pixels * bytes_per_pixel > MAX_DECODE_BYTES:
        raise PictureInvalid(TOO_HEAVY)
