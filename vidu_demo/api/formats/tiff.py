"""TIFF: finds the main picture, and recognises camera RAW files.

A TIFF is a chain of directories, each of which describes a picture and can lead to more. The
decoder gets the same file with one directory, reduced to the tags that its pixels need.
"""

import struct
from collections.abc import Iterator

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats.limits import MAX_PIECES, MAX_PROFILE, RAW, TOO_HEAVY, check, damaged

Buffer = bytes | memoryview
"""Including a view of a memory map."""

MAX_DIRECTORIES = 200
MAX_TAGS = 1000
MAX_PREVIEW_STRIPS = 10_000
"""No camera's preview has more; such a picture is assumed to fill the file."""
PREVIEW_PIXELS = 3_000_000
UNEXPLAINED = 500_000
"""From this many bytes that no directory describes, a small first picture counts as a preview."""

_BROKEN = (IndexError, OverflowError, struct.error)
"""What reading raises at invalid offsets."""
_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
"""Bytes per value, by type."""
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_KIND, _WIDTH, _HEIGHT, _BITS, _PACKING, _COLOURS = 254, 256, 257, 258, 259, 262
_STRIPS, _SAMPLES, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 277, 279, 324, 325
_ROWS, _TILE_WIDTH, _TILE_HEIGHT, _JPEG_BYTES = 278, 322, 323, 514
_PROFILE, _SUBDIRECTORIES, _EXIF, _DNG = 34675, 330, 34665, 50706
_NEEDED = {
    _WIDTH, _HEIGHT, _BITS, _PACKING, _COLOURS, 266, _STRIPS, 274, _SAMPLES, 278, _STRIP_BYTES,
    284, 292, 293, 296, 317, 318, 319, 320, 322, 323, _TILES, _TILE_BYTES, 332, 333, 336, 338, 339,
    347, 512, 513, 514, 515, 519, 520, 521, 529, 530, 531, 532, _PROFILE,
}  # fmt: skip
_SENSOR_COLOURS = {32803, 34892}
_SENSOR_PACKINGS = {32767, 32769, 32770, 34713, 65000, 65535, 65536}
"""Camera makers' compression schemes for sensor data."""
_OLD_JPEG, _JPEG = 6, 7
_JPEG_PACKINGS = {_OLD_JPEG, _JPEG}
_MAX_EXPANSION = {1: 1, 5: 2731, 8: 1032, 32773: 64, 32946: 1032}
"""Maximum bytes that one byte can expand to, by compression, if bounded."""


def slim(data: bytes) -> bytes:
    """Check a TIFF and keep one directory with what its pixels need.

    Raises:
        PictureInvalid: It is a camera RAW file, has too many pixels, or claims data that isn't
            there.
    """
    try:
        file = _File(data)
        directories = list(file.directories())
        if file.is_raw(directories):
            raise PictureInvalid(RAW)
        meant = _meant(directories)
        meant.judge()
        return meant.alone()
    except _BROKEN:
        raise damaged() from None


def is_raw(data: Buffer) -> bool:
    """Tell whether a TIFF is a camera RAW file, as far as it can be read."""
    try:
        file = _File(data)
        return file.is_raw(list(file.directories()))
    except (PictureInvalid, *_BROKEN):
        return False


class _File:
    """The bytes and their byte order."""

    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = self.number("H", 2) == 43
        self.word, self.width = ("Q", 8) if self.big else ("I", 4)
        self.count, self.counted = ("Q", 8) if self.big else ("H", 2)
        self.entry = 4 + 2 * self.width
        self.first_at = 8 if self.big else 4

    def number(self, kind: str, at: int) -> int:
        found: int = struct.unpack_from(self.order + kind, self.data, at)[0]
        return found

    def directories(self) -> Iterator["_Directory"]:
        """List the pictures: first those in the chain, then those they lead to."""
        waiting, seen = [self.number(self.word, self.first_at)], set[int]()
        while waiting:
            at = waiting.pop(0)
            if not at or at in seen or len(seen) >= MAX_DIRECTORIES:
                continue
            seen.add(at)
            try:
                found = _Directory(self, at)
            except (PictureInvalid, *_BROKEN):
                if len(seen) == 1:
                    raise
                continue  # what a complete picture leads to doesn't matter
            yield found
            waiting += [found.next, *found.numbers(_SUBDIRECTORIES, most=100)]
            waiting += found.numbers(_EXIF, most=1)

    def is_raw(self, directories: list["_Directory"]) -> bool:
        if not directories:
            return False
        first = directories[0]
        if first.has(_DNG) or any(picture.of_a_sensor for picture in directories):
            return True
        small = first.area <= PREVIEW_PIXELS
        described = sum(picture.described for picture in directories)
        return small and len(self.data) - described > max(UNEXPLAINED, 2 * described)


class _Directory:
    """The description of one picture.

    Attributes:
        next: Where the next directory is; 0 if this is the last.
    """

    def __init__(self, file: _File, at: int) -> None:
        self._file, self._at = file, at
        entries = file.number(file.count, at)
        if entries > MAX_TAGS:
            raise damaged()
        self._end = at + file.counted + entries * file.entry
        self.next = file.number(file.word, self._end) if self._end < len(file.data) - 3 else 0
        self._tags: dict[int, tuple[int, int, int]] = {}
        for entry in range(at + file.counted, self._end, file.entry):
            tag, kind = struct.unpack_from(file.order + "HH", file.data, entry)
            self._tags[tag] = (kind, file.number(file.word, entry + 4), entry)

    def has(self, tag: int) -> bool:
        """Tell whether a tag exists."""
        return tag in self._tags

    def numbers(self, tag: int, most: int = MAX_PIECES) -> list[int]:
        """Read a tag's whole numbers; empty if there are other values or more than `most`."""
        kind, count, entry = self._tags.get(tag, (0, 0, 0))
        if kind not in _NUMBERS or count > most:
            return []
        form = f"{self._file.order}{count}{_NUMBERS[kind]}"
        return list(struct.unpack_from(form, self._file.data, self._place(kind, count, entry)))

    def one(self, tag: int, default: int = 0) -> int:
        """Read a tag's first number."""
        return (self.numbers(tag) or [default])[0]

    @property
    def area(self) -> int:
        """Width times height, in pixels."""
        return self.one(_WIDTH) * self.one(_HEIGHT)

    @property
    def is_main(self) -> bool:
        """True unless it is marked as a smaller version of another picture, or as a mask."""
        return not self.one(_KIND) & 0b101

    @property
    def of_a_sensor(self) -> bool:
        """Tell whether these are raw sensor values, not colours yet."""
        return self.one(_COLOURS) in _SENSOR_COLOURS or self.one(_PACKING) in _SENSOR_PACKINGS

    @property
    def described(self) -> int:
        """The number of bytes that it describes: pixels, values and itself."""
        values = sum(_size(kind) * count for kind, count, _ in self._tags.values())
        lengths = [tag for tag in (_STRIP_BYTES, _TILE_BYTES, _JPEG_BYTES) if self.has(tag)]
        if any(self._tags[tag][1] > MAX_PREVIEW_STRIPS for tag in lengths):
            return len(self._file.data)
        pixels = sum(map(sum, map(self.numbers, lengths)))
        return self._end - self._at + values + pixels

    def judge(self) -> None:
        """Check that the pixels can exist, and what they cost.

        Raises:
            PictureInvalid: They can't, or they cost too much.
        """
        width, height, file = self.one(_WIDTH), self.one(_HEIGHT), len(self._file.data)
        check(width, height)
        offsets, lengths = self._pieces(_STRIPS, _TILES), self._pieces(_STRIP_BYTES, _TILE_BYTES)
        if sum(lengths) > 2 * file:
            raise damaged()
        across = self.one(_TILE_WIDTH) or width
        down = self.one(_TILE_HEIGHT) or min(self.one(_ROWS, height), height)
        packing, piece, bits = self.one(_PACKING, 1), across * down, sum(self._bits())
        scans = len(offsets)
        if packing in _JPEG_PACKINGS:
            # With old-style JPEG or missing lengths, any part of the file may be meant.
            listed = packing == _JPEG and len(lengths) == len(offsets)
            places = zip(offsets, lengths, strict=True) if listed else [(0, file)]
            scans += sum(
                bytes(self._file.data[at : at + length]).count(b"\xff\xda") for at, length in places
            )
        memory = 4 + piece * max(bits / 8, 4 * (packing in _JPEG_PACKINGS)) / self.area
        check(width, height, bytes_per_pixel=memory, scanned=piece * scans)
        if self.area * bits / 8 > file * _MAX_EXPANSION.get(packing, self.area):
            raise damaged()

    def alone(self) -> bytes:
        """Write the file with only this directory, in place, reduced to what pixels need."""
        file, view = self._file, memoryview(self._file.data)
        kept: list[Buffer] = [
            view[entry : entry + file.entry]
            for tag, (kind, count, entry) in self._tags.items()
            if tag in _NEEDED
            and _size(kind) * count <= (MAX_PROFILE if tag == _PROFILE else 8 * MAX_PIECES)
        ]
        word = struct.Struct(file.order + file.word)
        directory = b"".join([struct.pack(file.order + file.count, len(kept)), *kept, word.pack(0)])
        whole: list[Buffer] = [
            view[: file.first_at],
            word.pack(self._at),
            view[file.first_at + file.width : self._at],
            directory,
            view[self._at + len(directory) :],
        ]
        return b"".join(whole)

    def _place(self, kind: int, count: int, entry: int) -> int:
        at = entry + 4 + self._file.width
        inside = _size(kind) * count <= self._file.width
        return at if inside else self._file.number(self._file.word, at)

    def _bits(self) -> list[int]:
        return self.numbers(_BITS, most=100) or [1] * self.one(_SAMPLES, 1)

    def _pieces(self, strips: int, tiles: int) -> list[int]:
        found = self.numbers(tiles) or self.numbers(strips)
        if not found and (self.has(tiles) or self.has(strips)):
            raise PictureInvalid(TOO_HEAVY)
        return found


def _size(kind: int) -> int:
    return _SIZES[kind] if kind < len(_SIZES) else 0


def _meant(directories: list[_Directory]) -> _Directory:
    """Choose the picture: the first or, if that is a preview, the largest that is not."""
    if not directories:
        raise damaged()
    first = directories[0]
    whole = [picture for picture in directories if picture.is_main and picture.area]
    return first if first.is_main or not whole else max(whole, key=lambda picture: picture.area)
