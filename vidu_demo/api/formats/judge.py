"""Checks a picture file by its bytes, before any decoder sees it.

Metadata never matters. The decoder only gets the first picture, its colours and its orientation,
without texts, locations, thumbnails and later pictures.
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
    """Check a picture file and keep what its pixels need.

    Returns:
        Pillow's name of the format, and the bytes to decode.

    Raises:
        PictureInvalid: It is not a picture, is a camera RAW file, is incomplete or inconsistent,
            or would take too much time or memory to decode.
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
