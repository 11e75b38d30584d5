"""PNG: keeps only what its pixels need."""

import struct
import zlib
from collections.abc import Iterator

from vidu_demo.api.formats import exif
from vidu_demo.api.formats.limits import MAX_PIECES, MAX_PROFILE, check, damaged

START = b"\x89PNG\r\n\x1a\n"
MAX_EXPANSION = 1032
"""Maximum bytes that one byte of deflate can expand to."""
PIECE = 16_384
"""Bytes to unpack at a time, to at most a thousand times as many."""
MAX_HEX_EXIF = 1_000_000
_COLOURS = (b"PLTE", b"tRNS", b"iCCP")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = (
    (8, 8, 0, 0),
    (8, 8, 4, 0),
    (4, 8, 0, 4),
    (4, 4, 2, 0),
    (2, 4, 0, 2),
    (2, 2, 1, 0),
    (1, 2, 0, 1),
)
"""Interlacing: steps and starts, across and down."""


def slim(data: bytes) -> bytes:
    """Check a PNG and keep what its pixels need, without texts and later animation frames.

    Raises:
        PictureInvalid: It claims too many pixels, or more than its data can hold.
    """
    header, turn = b"", None
    pixels: list[memoryview] = []
    before: dict[bytes, bytes] = {}
    for kind, body in _chunks(data):
        if kind == b"IHDR" and not header:
            header = bytes(body)
        elif kind == b"IDAT":
            pixels.append(body)
        elif kind in _COLOURS and not pixels and (kind != b"iCCP" or _unpacks(body)):
            before.setdefault(kind, bytes(body))
        else:
            turn = turn or _turn(kind, body)
    packed = b"".join(pixels)
    _judge(header, packed)
    if turn:
        before[b"eXIf"] = exif.block(turn)
    kept = [(b"IHDR", header), *sorted(before.items()), (b"IDAT", packed), (b"IEND", b"")]
    return b"".join([START, *(part for kind, body in kept for part in _chunk(kind, body))])


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view, at = memoryview(data), len(START)
    for _ in range(MAX_PIECES):
        if at + 8 > len(data):
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            return
        yield kind, view[at + 8 : at + 8 + size]
        at += 12 + size
    raise damaged()


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, ...]:
    check_sum = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)), kind, body, struct.pack(">I", check_sum)


def _judge(header: bytes, packed: bytes) -> None:
    try:
        width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
        bits = depth * _CHANNELS[colour]
    except (KeyError, struct.error):
        raise damaged() from None
    check(width, height)
    passes = _PASSES if interlaced else ((1, 1, 0, 0),)
    needed = 0
    for across, down, left, top in passes:
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0 and rows > 0:
            needed += rows * (1 + (columns * bits + 7) // 8)
    if len(packed) * MAX_EXPANSION < needed or not _holds(packed, needed):
        raise damaged()


def _holds(packed: bytes, needed: int) -> bool:
    """Tell whether this unpacks to enough bytes; Pillow would fill in black for missing ones."""
    inflate, size = zlib.decompressobj(), 0
    try:
        for at in range(0, len(packed), PIECE):
            size += len(inflate.decompress(packed[at : at + PIECE]))
            if size >= needed or inflate.eof:
                break
    except zlib.error:  # the decoder may or may not cope with broken data
        return True
    return size >= needed


def _unpacks(profile: memoryview) -> bool:
    """Tell whether a profile is complete and of a sensible size; Pillow fails on others."""
    name, _, packed = bytes(profile).partition(b"\0")
    return len(name) < 80 and bool(_inflated(packed[1:], MAX_PROFILE // 4))


def _inflated(packed: bytes, most: int) -> bytes:
    inflate = zlib.decompressobj()
    try:
        found = inflate.decompress(packed, most)
    except zlib.error:
        return b""
    return found if inflate.eof else b""


def _turn(kind: bytes, body: memoryview) -> int | None:
    if kind == b"eXIf":
        return exif.orientation(bytes(body))
    if kind not in (b"iTXt", b"zTXt", b"tEXt"):
        return None
    if kind == b"iTXt" and bytes(body[:18]) == b"XML:com.adobe.xmp\0":
        return exif.orientation_in_xmp(bytes(body))
    name, _, text = bytes(body[:MAX_HEX_EXIF]).partition(b"\0")
    if name != b"Raw profile type exif":  # as ImageMagick writes it: in hex, below three lines
        return None
    lines = (_inflated(text[1:], MAX_HEX_EXIF) if kind == b"zTXt" else text).split(b"\n")[3:]
    try:
        return exif.orientation(bytes.fromhex(b"".join(lines).decode("ascii")))
    except ValueError:
        return None
