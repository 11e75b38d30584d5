"""WebP: keeps only its first picture and its colours."""

import struct
from collections.abc import Iterator

from vidu_demo.api.formats import exif
from vidu_demo.api.formats.limits import MAX_PIECES, MAX_PROFILE, check, damaged

BYTES_PER_PIXEL = 16
"""Its decoder keeps two canvases for animations, and returns copies."""
_HAS_EXIF, _HAS_XMP = 0x08, 0x04
_PIXELS = (b"VP8 ", b"VP8L", b"ANMF")


def slim(data: bytes) -> bytes:
    """Check a WebP and keep what its first picture needs.

    Raises:
        PictureInvalid: It has too many pixels.
    """
    kept: list[tuple[bytes, bytes]] = []
    by_exif = by_xmp = None
    for kind, body in _chunks(data):
        seen = {name for name, _ in kept}
        if kind == b"EXIF":
            by_exif = by_exif or exif.orientation(bytes(body))
        elif kind == b"XMP ":
            by_xmp = by_xmp or exif.orientation_in_xmp(bytes(body))
        elif kind in seen or (kind in _PIXELS and seen & {*_PIXELS}):
            continue
        elif kind in (*_PIXELS, b"VP8X", b"ALPH", b"ANIM") or (
            kind == b"ICCP" and len(body) <= MAX_PROFILE
        ):
            _judge(kind, body)
            kept.append((kind, bytes(body)))
    turn = by_exif or by_xmp
    if kept and kept[0][0] == b"VP8X":
        kept[0] = b"VP8X", _flags(kept, turn) + kept[0][1][1:]
        if turn:
            kept.append((b"EXIF", exif.block(turn)))
    whole = b"".join(part for kept_chunk in kept for part in _chunk(*kept_chunk))
    return b"RIFF" + struct.pack("<I", 4 + len(whole)) + b"WEBP" + whole


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """List the chunks; none for an incomplete file, so that it can't pass for a complete one."""
    view, at = memoryview(data), 12
    for _ in range(MAX_PIECES):
        if at + 8 > len(data):
            return
        kind, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            if kind in _PIXELS:
                raise damaged()
            return
        yield kind, view[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise damaged()


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, ...]:
    return kind, struct.pack("<I", len(body)), body, b"\0" * (len(body) % 2)


def _flags(kept: list[tuple[bytes, bytes]], turn: int | None) -> bytes:
    flags = kept[0][1][0] & ~(_HAS_EXIF | _HAS_XMP)
    return bytes([flags | (_HAS_EXIF if turn else 0)])


def _judge(kind: bytes, body: memoryview) -> None:
    try:
        if kind == b"VP8X":
            width = 1 + int.from_bytes(body[4:7], "little")
            height = 1 + int.from_bytes(body[7:10], "little")
        elif kind == b"VP8L":
            bits = int.from_bytes(body[1:5], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
        elif kind == b"ANMF":
            width = 1 + int.from_bytes(body[6:9], "little")
            height = 1 + int.from_bytes(body[9:12], "little")
        else:
            return
    except struct.error:
        raise damaged() from None
    check(width, height, bytes_per_pixel=BYTES_PER_PIXEL)
