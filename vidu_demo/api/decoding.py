"""Decodes any picture to pixels, or says plainly why it can't.

Pictures are opened by content, turned upright and flattened onto white.
"""

import base64
import io
import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import TypeGuard, cast

from PIL import Image

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats.judge import judge
from vidu_demo.api.formats.kinds import is_camera_raw
from vidu_demo.api.formats.limits import DAMAGED, LARGE, MAX_PIXELS, NO_MEMORY, RAW, TOO_MANY_PIXELS
from vidu_demo.api.formats.pixels import on_white, upright
from vidu_demo.api.text import Text

ImageInput = str | os.PathLike[str] | bytes | Image.Image
"""A path, an http(s) URL, a `data:image/…;base64,` URI, the bytes of a file, or a PIL image."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP")
MAX_FILE_BYTES = 50_000_000

decoder = threading.BoundedSemaphore(2)
"""At most two pictures are decoded at a time per process: a large one takes hundreds of
megabytes."""


def is_url(image: ImageInput) -> TypeGuard[str]:
    """Tell whether this is an http(s) URL, which is passed on without being opened."""
    return isinstance(image, str) and re.fullmatch(r"(?i)https?://\S+", image) is not None


def flatten(image: ImageInput) -> Image.Image:
    """Decode a picture to upright RGB pixels on white.

    Returns:
        A new image with the `format` of the original.

    Raises:
        PictureInvalid: It is not a picture, is missing, empty or damaged, or exceeds
            `MAX_FILE_BYTES` or `MAX_PIXELS`.
    """
    with decoder:
        return to_pixels(image)


def to_pixels(image: ImageInput) -> Image.Image:
    """Like `flatten`, for callers that already hold `decoder`."""
    source = image if isinstance(image, Image.Image) else _read(image)
    try:
        return _flatten(source)
    except PictureInvalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureInvalid(TOO_MANY_PIXELS) from error
    except MemoryError as error:
        raise PictureInvalid(NO_MEMORY) from error
    except Exception as error:  # decoders raise all kinds of errors on broken files
        raise PictureInvalid(DAMAGED) from error


def _read(image: str | os.PathLike[str] | bytes) -> bytes:
    if is_url(image):
        raise PictureInvalid("This is a link, which is sent as it is and not opened.")
    if isinstance(image, bytes):
        data = image
    elif isinstance(image, str) and image[:5].lower() == "data:":
        data = _read_data_uri(image)
    elif isinstance(image, (str, os.PathLike)):
        data = _read_file(Path(image))
    else:
        raise PictureInvalid("Give the picture as a path, a link, a file's bytes or a PIL image.")
    if not data:
        raise PictureInvalid("This picture's file is empty. Save or upload it again.")
    if len(data) > MAX_FILE_BYTES:
        if is_camera_raw(data):
            raise PictureInvalid(RAW)
        raise PictureInvalid(
            Text(
                "This picture's file is larger than {most} MB. "
                "Make it smaller, or save it as JPEG.",
                most=MAX_FILE_BYTES // 1_000_000,
            )
        )
    return data


def _read_file(path: Path) -> bytes:
    name = path.name[:80]
    try:
        if not path.is_file():
            raise PictureInvalid(
                Text(
                    "There is no picture file “{name}”. Check the name, or add it again.", name=name
                )
            )
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PictureInvalid(
            Text("The picture file “{name}” cannot be opened. Add it again.", name=name)
        ) from error


def _read_data_uri(uri: str) -> bytes:
    head, _, body = uri.partition(",")
    with suppress(ValueError):
        if re.fullmatch(r"(?i)data:image/[^,]*;base64", head):
            return base64.b64decode(
                body + "=="
            )  # padding is often missing, and too much does no harm
    raise PictureInvalid("This data link holds no readable picture. Upload the picture as a file.")


def _flatten(source: bytes | Image.Image) -> Image.Image:
    image = source if isinstance(source, Image.Image) else _open(source)
    if image.width * image.height > MAX_PIXELS:
        raise PictureInvalid(TOO_MANY_PIXELS)
    if not min(image.size):
        raise PictureInvalid("This picture is empty: it has no pixels. Use another one.")
    image.load()
    pixels = upright(on_white(image), image)
    pixels.format = image.format
    return pixels


def _open(data: bytes) -> Image.Image:
    kind, data = judge(data)
    if kind == "HEIF":
        from pillow_heif import HeifImageFile  # noqa: PLC0415 - rarely needed

        return cast("Image.Image", HeifImageFile(io.BytesIO(data)))  # type: ignore[no-untyped-call]
    image = Image.open(io.BytesIO(data), formats=[kind])
    if kind == "JPEG" and image.width * image.height > LARGE:
        image.draft(None, (image.width // 2, image.height // 2))
    return image
