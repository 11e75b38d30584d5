"""HEIC and AVIF: counts the pixels that must be decoded for the displayed picture."""

import struct
from collections.abc import Iterator
from functools import cache

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats import av1
from vidu_demo.api.formats.limits import MAX_PIECES, MAX_PIXELS, TOO_HEAVY, check, damaged

BYTES_PER_PIXEL = {"HEIF": 7.7, "AVIF": 9.6}
DEEPEST = 8
"""Maximum depth of pictures composed of other pictures."""
MAX_DECODED = 3 * MAX_PIXELS
"""Pixels of a picture and all its parts; tiles double them."""

_BEGINNING = 512
"""Bytes of an item's data to search for its sequence header."""
_NOTHING = memoryview(b"")


def judge(data: bytes, kind: str) -> None:
    """Check a HEIC or AVIF by its boxes.

    Args:
        data: The file.
        kind: `HEIF` or `AVIF`.

    Raises:
        PictureInvalid: It has too many pixels, in total or in its tiles.
    """
    try:
        found = next((body for name, body in _boxes(memoryview(data)) if name == b"meta"), None)
        if found is not None:
            meta = dict(_boxes(found[4:]))
            _judge(meta, kind)
            if kind == "AVIF":
                for begin in _beginnings(meta, memoryview(data)):
                    if size := av1.frame_size(begin):
                        check(*size, bytes_per_pixel=BYTES_PER_PIXEL[kind])
    except (IndexError, struct.error):
        raise damaged() from None


def _judge(meta: dict[bytes, memoryview], kind: str) -> None:
    properties = list(_boxes(meta.get(b"iprp", _NOTHING)))
    sizes: list[tuple[int, int] | None] = [
        struct.unpack_from(">II", body, 4) if name == b"ispe" else None
        for holder, held in properties
        if holder == b"ipco"
        for name, body in _boxes(held)
    ]
    areas: dict[int, int] = {}
    for holder, held in properties:
        if holder == b"ipma":
            for item, place in _associations(held):
                if 0 < place <= len(sizes) and (size := sizes[place - 1]):
                    check(*size, bytes_per_pixel=BYTES_PER_PIXEL[kind])
                    areas[item] = max(areas.get(item, 0), size[0] * size[1])
    parts = _parts(meta.get(b"iref", _NOTHING))

    @cache
    def decoded(item: int, depth: int) -> int:
        if depth > DEEPEST:
            raise PictureInvalid(TOO_HEAVY)
        inside = sum(decoded(part, depth + 1) for part in parts.get(item, ()))
        return areas.get(item, 0) + inside

    # Any item may be the one displayed, so each must be within the limits.
    if any(decoded(item, 0) > MAX_DECODED for item in {*areas, *parts}):
        raise PictureInvalid(TOO_HEAVY)


def _boxes(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    for _ in range(MAX_PIECES):
        if at + 8 > len(view):
            return
        head = 8
        size, name = struct.unpack_from(">I4s", view, at)
        if size == 1:
            head = 16
            (size,) = struct.unpack_from(">Q", view, at + 8)
        size = size or len(view) - at
        if size < head:
            raise damaged()
        yield name, view[at + head : at + size]
        at += size
    raise damaged()


def _associations(view: memoryview) -> Iterator[tuple[int, int]]:
    """List which item has which property, by their numbers."""
    version, wide = view[0], view[3] & 1
    (entries,) = struct.unpack_from(">I", view, 4)
    item_format, at, pieces = ">I" if version else ">H", 8, 0
    for _ in range(entries):
        (item,) = struct.unpack_from(item_format, view, at)
        at += struct.calcsize(item_format)
        number = view[at]
        at += 1
        pieces += 1 + number
        if pieces > MAX_PIECES:
            raise damaged()
        for _ in range(number):
            place = struct.unpack_from(">H", view, at)[0] & 0x7FFF if wide else view[at] & 0x7F
            at += 1 + wide
            yield item, place


def _beginnings(meta: dict[bytes, memoryview], data: memoryview) -> Iterator[bytes]:
    """Return the first bytes of each item's data, from the item location box."""
    view = meta.get(b"iloc", _NOTHING)
    if not len(view):
        return
    version, wide = view[0], view[4:6]
    offset_size, length_size = wide[0] >> 4, wide[0] & 15
    base_size, index_size = wide[1] >> 4, wide[1] & 15 if version else 0
    id_size = 4 if version == 2 else 2
    at, idat = 6 + id_size, meta.get(b"idat", _NOTHING)
    pieces = 0
    for _ in range(int.from_bytes(view[6:at])):
        at += id_size
        source = data
        if version:
            source = idat if view[at + 1] & 15 == 1 else data
            at += 2
        at += 2
        base = int.from_bytes(view[at : at + base_size])
        at += base_size
        extents = int.from_bytes(view[at : at + 2])
        at += 2
        first = at + index_size
        offset = base + int.from_bytes(view[first : first + offset_size])
        at += extents * (index_size + offset_size + length_size)
        pieces += 1 + extents
        if pieces > MAX_PIECES or at > len(view):
            raise damaged()
        if extents:
            yield bytes(source[offset : offset + _BEGINNING])


def _parts(view: memoryview) -> dict[int, list[int]]:
    """List the pictures that each picture is composed of."""
    found: dict[int, list[int]] = {}
    number = ">I" if bytes(view[:1]) == b"\1" else ">H"
    step = struct.calcsize(number)
    for name, body in _boxes(view[4:]):
        if name == b"dimg":
            (whole,) = struct.unpack_from(number, body)
            (count,) = struct.unpack_from(">H", body, step)
            if count > MAX_PIECES:
                raise damaged()
            begin = step + 2
            parts = (struct.unpack_from(number, body, begin + step * n)[0] for n in range(count))
            found.setdefault(whole, []).extend(parts)
    return found
