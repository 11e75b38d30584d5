"""A picture's orientation, the only part of its metadata that matters here."""

import re
import struct

TAG = 0x0112
_XMP = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])")


def orientation(block: bytes) -> int | None:
    """Read the orientation, 1 to 8, from an EXIF block; None if it has none."""
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return None
    (at,) = struct.unpack_from(order + "I", block, 4)
    if at + 2 > len(block):
        return None
    (entries,) = struct.unpack_from(order + "H", block, at)
    for entry in range(at + 2, min(at + 2 + 12 * entries, len(block) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", block, entry)
        if tag == TAG and kind == 3:
            return value if 1 <= value <= 8 else None
    return None


def orientation_in_xmp(packet: bytes) -> int | None:
    """Read the orientation from XMP, as Pillow does if EXIF has none."""
    found = _XMP.search(packet)
    return int(found[1]) if found else None


def block(turn: int) -> bytes:
    """Write an EXIF block with nothing but the orientation."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, TAG, 3, 1, turn, 0, 0)
