"""A picture's file judged by its bytes, before any decoder sees it.

Metadata never decides. What travels to the decoder is the first picture, its colours and which way
up it is; texts, places, thumbnails and later pictures stay behind.
"""

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats import bmp, gif, heif, jpeg, png, tiff, webp
from vidu_demo.api.formats.kinds import is_camera_raw, picture_format
from vidu_demo.api.formats.limits import RAW, UNKNOWN

_SLIM = {
    "JPEG": jpeg.slim,
    "PNG": png.slim,
    "WEBP": webp.slim,
    "GIF": gif.slim,
    "TIFF": tiff.slim,
    "BMP": bmp.slim,
}


def judge(data: bytes) -> tuple[str, bytes]:
    """Judge a picture's file and leave what its pixels need.

    Returns:
        The format, by the name that Pillow uses, and the bytes to decode.

    Raises:
        PictureInvalid: It is no picture, a camera's raw file, breaks off, contradicts itself, or
            would take too much time or memory to decode.
    """
    if is_camera_raw(data):
        raise PictureInvalid(RAW)
    kind = picture_format(data)
    if kind is None:
        raise PictureInvalid(UNKNOWN)
    if kind in _SLIM:
        return kind, _SLIM[kind](data)
    heif.judge(data, kind)
    return kind, data
