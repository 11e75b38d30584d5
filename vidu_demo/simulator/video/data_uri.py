"""Decodes data URIs to pictures, with the vendor's limits."""

import base64
import binascii
import io

from PIL import Image, ImageOps

from vidu_demo.simulator.refusals import RefusedError

DATA_URI_HEADERS = tuple(f"data:image/{kind};base64" for kind in ("png", "jpeg", "webp"))
MAX_DECODED = 10 * 2**20  # bytes, all pictures of a request together
MAX_RATIO = 4


def decode(uri: str) -> bytes:
    """Decode the bytes of a data URI.

    Raises:
        RefusedError: It is not one, or not of a type that the vendor accepts.
    """
    header, _, data = uri.partition(",")
    if header not in DATA_URI_HEADERS:
        raise RefusedError(
            400,
            "INVALID_IMAGE_FORMAT",
            "an image must be an http(s) URL, or a base64 data URI of a png, jpeg or webp",
        )
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError(400, "INVALID_IMAGE_FORMAT", "an image is not valid base64") from None


def load(content: bytes) -> Image.Image:
    """Decode a picture, upright, in RGB.

    Raises:
        RefusedError: It does not decode, or is too long and thin.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RefusedError(
            400, "IMAGE_EXCEEDS_MAX_RESOLUTION", "an image has too many pixels"
        ) from None
    # Pillow's decoders raise these for broken data and, now and then, similar ones.
    except (OSError, ValueError, SyntaxError, EOFError):
        raise RefusedError(400, "INVALID_IMAGE_FORMAT", "an image cannot be read") from None
    if max(picture.size) > MAX_RATIO * min(picture.size):
        raise RefusedError(400, "INVALID_IMAGE_SIZE", "an image's ratio must be 1:4 to 4:1")
    return picture


def check(uris: list[str]) -> None:
    """Check that all pictures of a request decode and are within the limits.

    Raises:
        RefusedError: One of them does not, or exceeds a limit.
    """
    contents = [decode(uri) for uri in uris]
    if sum(map(len, contents)) > MAX_DECODED:
        raise RefusedError(400, "IMAGE_FILE_EXCEEDS_MAX_SIZE", "the images exceed 10 MB")
    for content in contents:
        load(content)
