"""The boxes that MP4 and MOV files consist of (ISO/IEC 14496-12)."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MAX_INDEX_BYTES = 4_000_000
"""Of one list of samples; that of ten seconds has some 20,000."""
MAX_PARTS = 20_000
"""Boxes or elements that are looked at; ten seconds with a fragment for each frame have 1,000."""

TOP = frozenset(
    b"ftyp styp moov moof mdat free skip wide udta meta uuid sidx ssix prft mfra emsg pdin".split()
)
"""Boxes that a file consists of. What else stands behind them is no part of it, and may be cut."""


class Box(NamedTuple):
    """A part of a file: its kind, where it begins, and where its content begins and ends."""

    kind: bytes
    at: int
    start: int
    end: int


class Truncated(Exception):
    """The file ends before the end that it names."""


def boxes(file: BinaryIO, size: int) -> Iterator[Box]:
    """List a file's outermost boxes.

    Raises:
        Truncated: One of them goes beyond the end of the file, or there are too many.
    """
    at = 0
    for _ in range(MAX_PARTS):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind = struct.unpack_from(">I4s", head)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
            start += 8
        end = size if length == 0 else at + length
        if not start <= end <= size or (length == 0 and kind not in TOP):
            if kind in TOP:
                raise Truncated
            return
        yield Box(kind, at, start, end)
        at = end
    raise Truncated


def content(file: BinaryIO, box: Box) -> bytes:
    """Read what a box holds.

    Raises:
        Truncated: It is too much to be looked at.
    """
    if box.end - box.start > MAX_INDEX_BYTES:
        raise Truncated
    file.seek(box.start)
    return file.read(box.end - box.start)


def inside(data: bytes, *path: bytes) -> list[bytes]:
    """Get the contents of all boxes at a path within a box."""
    found, at = [], 0
    while len(data) - at >= 8:
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:
            break
        if kind == path[0]:
            found.append(data[at + 8 : at + length])
        at += length
    return found if len(path) == 1 else [box for held in found for box in inside(held, *path[1:])]


def table(data: bytes, at: int, count: int, entry: str) -> list[tuple[int, ...]]:
    """Read so many entries of a table.

    Args:
        data: What holds the table.
        at: Where it begins.
        count: How many entries it has.
        entry: One entry, as `struct` writes it.

    Raises:
        Truncated: It is not all there.
    """
    wide = struct.calcsize(">" + entry)
    if at + count * wide > len(data):
        raise Truncated
    return list(struct.iter_unpack(">" + entry, data[at : at + count * wide]))
