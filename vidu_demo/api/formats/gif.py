"""GIF: keeps only the first picture."""

import struct
from collections.abc import Iterator

from vidu_demo.api.formats.limits import MAX_PIECES, check, damaged

BYTES_PER_PIXEL = 2
_EXTENSION, _PICTURE, _TRANSPARENCY = 0x21, 0x2C, 0xF9


def slim(data: bytes) -> bytes:
    """Check a GIF and keep its first picture, without comments and later pictures.

    Raises:
        PictureInvalid: It has too many pixels, or no picture.
    """
    try:
        width, height, flags = struct.unpack_from("<HHB", data, 6)
        at = 13 + _table(flags)
        kept, transparency = [data[:at]], b""
        for kind, begin, end in _blocks(data, at):
            if kind == _PICTURE:
                left, top, across, down = struct.unpack_from("<HHHH", data, begin + 1)
                check(
                    max(width, left + across),
                    max(height, top + down),
                    bytes_per_pixel=BYTES_PER_PIXEL,
                )
                return b"".join([*kept, transparency, data[begin:end], b"\x3b"])
            if data[begin + 1] == _TRANSPARENCY:
                transparency = data[begin:end]
    except (IndexError, struct.error):
        raise damaged() from None
    raise damaged()


def _table(flags: int) -> int:
    """Return the size of a colour table in bytes, from the flags before it."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    pieces = 0
    while (kind := data[at]) in (_EXTENSION, _PICTURE):
        begin = at
        at += 2 if kind == _EXTENSION else 11 + _table(data[at + 9])
        while size := data[at]:
            at += 1 + size
            pieces += 1
            if pieces > 2 * MAX_PIECES:
                raise damaged()
        at += 1
        if at > len(data):
            raise damaged()
        yield kind, begin, at
