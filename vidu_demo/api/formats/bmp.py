"""BMP: checks that its data can hold the pixels it claims."""

import struct

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats.limits import TOO_HEAVY, UNKNOWN, check, damaged

MAX_PACKED = 3_000_000
"""Bytes of run-length encoded data, which Pillow unpacks byte by byte."""
_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}


def slim(data: bytes) -> bytes:
    """Check a BMP; it contains nothing but pixels.

    Raises:
        PictureInvalid: It claims more than it has, or takes too long to unpack.
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
