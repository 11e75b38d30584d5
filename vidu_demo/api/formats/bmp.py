"""BMP: whether its data can hold the pixels that it claims."""

import struct

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats.limits import TOO_HEAVY, UNKNOWN, check, damaged

MAX_PACKED = 3_000_000
"""Bytes of a run-length encoded one, which Pillow unpacks byte by byte."""
_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}


def slim(data: bytes) -> bytes:
    """Judge a BMP; there is nothing in it but pixels.

    Raises:
        PictureInvalid: It claims more than it holds, or its packing takes too long.
    """
    try:
        begin, size = struct.unpack_from("<II", data, 10)
        if size not in _HEADERS:
            raise PictureInvalid(UNKNOWN)
        if size == 12:
            width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
            packing = 0
        else:
            width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    except struct.error:
        raise damaged() from None
    height = abs(height)
    check(max(0, width), height)
    if packing in (1, 2):
        if len(data) > MAX_PACKED:
            raise PictureInvalid(TOO_HEAVY)
    elif (width * bits + 31) // 32 * 4 * height > len(data) - begin:
        raise damaged()
    return data
