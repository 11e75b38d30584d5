"""The boxes that make up MP4 and MOV files (ISO/IEC 14496-12)."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MAX_INDEX_BYTES = 4_000_000
"""The size of a sample table; for ten seconds it has about 20,000."""
MAX_PARTS = 20_000
"""Boxes or elements to read; ten seconds with one fragment per frame have 1,000."""

TOP = frozenset(
    b"ftyp styp moov moof mdat free skip wide udta meta uuid sidx ssix prft mfra emsg pdin".split()
)
"""Top-level boxes. Anything else after them is not part of the video and may be cut off."""


class Box(NamedTuple):
    """A box: its type, where it begins, and where its content begins and ends."""

    kind: bytes
    at: int
    start: int
    end: int


class Truncated(Exception):
    """The file ends earlier than it says."""


def boxes(file: BinaryIO, size: int) -> Iterator[Box]:
    """List a file's outermost boxes.

    Raises:
        Truncated: A box extends past the end of the file, or there are too many.
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
    """Read the content of a box.

    Raises:
        Truncated: It is too large to read.
    """
    if box.end - box.start > MAX_INDEX_BYTES:
        raise Truncated
    file.seek(box.start)
    return file.read(box.end - box.start)


def inside(data: bytes, *path: bytes) -> list[bytes]:
    """Return the content of all boxes at a path within a box."""
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
    """Read `count` entries of a table.

    Args:
        data: The data with the table.
        at: Where it begins.
        count: How many entries it has.
        entry: The `struct` format of an entry.

    Raises:
        Truncated: The table is incomplete.
    """
    wide = struct.calcsize(">" + entry)
    if at + count * wide > len(data):
        raise Truncated
    return list(struct.iter_unpack(">" + entry, data[at : at + count * wide]))
