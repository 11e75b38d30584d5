"""Tell from a video file itself whether it is whole: MP4, MOV, Matroska and WebM name their end.

A host that names no length may stop anywhere, and a decoder plays what there is. Nothing is
decoded here, and the work is bounded whatever a file claims.
"""

import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import BinaryIO, NamedTuple

CONTAINERS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"}
"""What counts as a video: FFmpeg also opens pictures, and playlists that lead elsewhere."""

MAX_INDEX_BYTES = 4_000_000
"""Of one list of samples; that of ten seconds has some 20,000."""
MAX_PARTS = 20_000
"""Boxes or elements that are looked at; ten seconds with a fragment for each frame have 1,000."""
MAX_PICTURE_TRACKS = 2
"""Some phones add one for the depth."""
TOLERANCE = 0.5
"""Seconds by which fragments may be shorter together than their file says."""

_TOP = frozenset(
    b"ftyp styp moov moof mdat free skip wide udta meta uuid sidx ssix prft mfra emsg pdin".split()
)
"""Boxes that a file consists of. What else stands behind them is no part of it, and may be cut."""
_HOLDERS = frozenset(
    b"moov trak mdia minf stbl dinf edts udta meta ilst mvex moof traf mfra tref iprp ipco".split()
)
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", 0x18538067


class Box(NamedTuple):
    """A part of a file: its kind, where it begins, and where its content begins and ends."""

    kind: bytes
    at: int
    start: int
    end: int


class _CutError(Exception):
    """The file ends before the end that it names."""


def is_whole(file: BinaryIO) -> bool:
    """Tell whether a video file reaches the end that it names itself.

    Args:
        file: It can be sought in.

    Returns:
        False if not, or if it is too tangled to tell; True for a file of another kind.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(8)
    try:
        if head.startswith(_EBML):
            _check_elements(file, size)
        elif head[4:] in _TOP:
            _check_boxes(file, size)
    except (_CutError, struct.error, LookupError, ValueError):  # the others: its tables are broken
        return False
    return True


def is_matroska(file: BinaryIO) -> bool:
    """Tell Matroska and WebM from MP4 and MOV."""
    file.seek(0)
    return file.read(4) == _EBML


def is_bounded(file: BinaryIO) -> bool:
    """Tell whether a video file holds no more parts and pictures than a decoder should be given.

    A decoder reads every box and opens every track before anybody can ask it how many there are.

    Args:
        file: It can be sought in.
    """
    size = file.seek(0, 2)
    parts, pictures = 0, 0
    todo = [(0, size)]
    while todo:
        at, end = todo.pop()
        while at + 8 <= end:
            parts += 1
            if parts > MAX_PARTS or pictures > MAX_PICTURE_TRACKS:
                return False
            file.seek(at)
            head = file.read(32)
            if len(head) < 8:
                break
            length, kind = struct.unpack_from(">I4s", head)
            start = 8
            if length == 1 and len(head) >= 16:
                length, start = struct.unpack_from(">Q", head, 8)[0], 16
            length = length or end - at
            if length < start:
                break
            if kind == b"hdlr" and head[start + 8 : start + 12] == b"vide":
                pictures += 1
            if kind in _HOLDERS:
                # A `meta` has four bytes before its boxes, but not in QuickTime's files.
                extra = 4 if kind == b"meta" and head[start + 4 : start + 8] != b"hdlr" else 0
                todo.append((at + start + extra, min(at + length, end)))
            at += length
    return pictures <= MAX_PICTURE_TRACKS


# Matroska and WebM (RFC 9559)


def _check_elements(file: BinaryIO, size: int) -> None:
    at, segment = 0, False
    for _ in range(MAX_PARTS):
        file.seek(at)
        head = file.read(12)
        if segment and not head:
            return
        wide = _width(head[0])
        marked = _width(head[wide])
        length = int.from_bytes(head[wide : wide + marked]) & (1 << 7 * marked) - 1
        is_segment = int.from_bytes(head[:wide]) == _SEGMENT
        segment = segment or is_segment
        at += wide + marked
        if length == (1 << 7 * marked) - 1:
            continue  # of unknown length: what it holds comes next
        at += length
        if at > size:
            break
        if is_segment:
            return
    raise _CutError


def _width(first: int) -> int:
    return 9 - first.bit_length()


# MP4 and MOV (ISO/IEC 14496-12)


def _check_boxes(file: BinaryIO, size: int) -> None:
    top = list(_boxes(file, size))
    moov = next((_content(file, box) for box in top if box.kind == b"moov"), None)
    if moov is None:
        raise _CutError
    ends = [_samples_end(table) for table in _inside(moov, b"trak", b"mdia", b"minf", b"stbl")]
    ends += [_segments_end(box, _content(file, box)) for box in top if box.kind == b"sidx"]
    if _inside(moov, b"mvex"):
        begun = bool(max(ends, default=0))  # some have their first samples outside of fragments
        fragments = Fragments(moov)
        for box in top:
            if box.kind == b"moof":
                ends.append(fragments.add(box.at, _content(file, box)))
        ends.append(size + 1 if 0 < size - top[-1].end < 8 else 0)  # half a box's head
        if not begun and fragments.seconds < fragments.promised - TOLERANCE:
            raise _CutError
    if max(ends, default=0) > size:
        raise _CutError


def _boxes(file: BinaryIO, size: int) -> Iterator[Box]:
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
        if not start <= end <= size or (length == 0 and kind not in _TOP):
            if kind in _TOP:
                raise _CutError
            return
        yield Box(kind, at, start, end)
        at = end
    raise _CutError


def _content(file: BinaryIO, box: Box) -> bytes:
    if box.end - box.start > MAX_INDEX_BYTES:
        raise _CutError
    file.seek(box.start)
    return file.read(box.end - box.start)


def _inside(data: bytes, *path: bytes) -> list[bytes]:
    """Get the contents of all boxes at a path within a box."""
    found, at = [], 0
    while len(data) - at >= 8:
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:
            break
        if kind == path[0]:
            found.append(data[at + 8 : at + length])
        at += length
    return found if len(path) == 1 else [box for held in found for box in _inside(held, *path[1:])]


def _table(data: bytes, at: int, count: int, entry: str) -> list[tuple[int, ...]]:
    wide = struct.calcsize(">" + entry)
    if at + count * wide > len(data):
        raise _CutError
    return list(struct.iter_unpack(">" + entry, data[at : at + count * wide]))


def _samples_end(table: bytes) -> int:
    """Say where the last of a track's samples ends."""
    offsets = [
        offset
        for kind, entry in ((b"stco", "I"), (b"co64", "Q"))
        for data in _inside(table, kind)
        for (offset,) in _table(data, 8, struct.unpack_from(">I", data, 4)[0], entry)
    ]
    if not offsets:
        return 0
    (runs,) = _inside(table, b"stsc")[:1]
    many = _table(runs, 8, struct.unpack_from(">I", runs, 4)[0], "III")
    sums, each, count = _sample_sizes(table)
    first, run, furthest = 0, 0, 0
    for chunk, offset in enumerate(offsets, 1):
        while run + 1 < len(many) and many[run + 1][0] <= chunk:
            run += 1
        last = min(first + many[run][1], count)
        length = sums[last] - sums[first] if sums else (last - first) * each
        furthest, first = max(furthest, offset + length), last
    return furthest


def _sample_sizes(table: bytes) -> tuple[Sequence[int], int, int]:
    """Read how large samples are: sums up to each, or the size of all, and their number."""
    for data in _inside(table, b"stsz"):
        each, count = struct.unpack_from(">II", data, 4)
        if each:
            return (), each, count
        return _sums(size for (size,) in _table(data, 12, count, "I")), 0, count
    (data,) = _inside(table, b"stz2")[:1]
    bits, count = struct.unpack_from(">xxxBI", data, 4)
    if bits == 16:
        return _sums(size for (size,) in _table(data, 12, count, "H")), 0, count
    bytes_ = [size for (size,) in _table(data, 12, (count * bits + 7) // 8, "B")]
    halves = (half for pair in bytes_ for half in (pair >> 4, pair & 15))
    return _sums(halves if bits == 4 else bytes_), 0, count


def _sums(sizes: Iterator[int] | Sequence[int]) -> list[int]:
    return list(accumulate(sizes, initial=0))


def _segments_end(box: Box, data: bytes) -> int:
    """Say where the last segment ends that an index names."""
    entry = "QQ" if data[0] else "II"
    _, skipped = struct.unpack_from(">" + entry, data, 12)
    at = 12 + struct.calcsize(">" + entry)
    (count,) = struct.unpack_from(">xxH", data, at)
    lengths = (length & 0x7FFFFFFF for length, _, _ in _table(data, at + 4, count, "III"))
    return int(box.end + skipped + sum(lengths))


class Fragments:
    """Adds up what the fragments of a file hold.

    Attributes:
        promised: Seconds that the file says it has; 0 if it does not say.
    """

    def __init__(self, moov: bytes) -> None:
        self._defaults = {}  # by track: duration and size of a sample
        for data in _inside(moov, b"mvex", b"trex"):
            track, _, duration, size = struct.unpack_from(">IIII", data, 4)
            self._defaults[track] = (duration, size)
        self._scales = {}
        for trak in _inside(moov, b"trak"):
            head, media = _inside(trak, b"tkhd")[0], _inside(trak, b"mdia", b"mdhd")[0]
            (track,) = struct.unpack_from(">I", head, 20 if head[0] else 12)
            (self._scales[track],) = struct.unpack_from(">I", media, 20 if media[0] else 12)
        self._durations: defaultdict[int, int] = defaultdict(int)
        self.promised = 0.0
        for data in _inside(moov, b"mvex", b"mehd"):
            (total,) = struct.unpack_from(">Q" if data[0] else ">I", data, 4)
            movie = _inside(moov, b"mvhd")[0]
            self.promised = total / max(1, *struct.unpack_from(">I", movie, 20 if movie[0] else 12))

    @property
    def seconds(self) -> float:
        """How long the longest track is, by its fragments."""
        lengths = (sum_ / max(1, self._scales[track]) for track, sum_ in self._durations.items())
        return max(lengths, default=0.0)

    def add(self, at: int, moof: bytes) -> int:
        """Add a fragment; say where its last sample ends."""
        furthest = 0
        for traf in _inside(moof, b"traf"):
            head = _inside(traf, b"tfhd")[0]
            flags, track = struct.unpack_from(">II", head)
            start, place = at, 8
            if flags & 1:
                (start,) = struct.unpack_from(">Q", head, place)
                place += 8
            place += 4 * (flags >> 1 & 1)
            duration, size = self._defaults[track]
            if flags & 8:
                (duration,) = struct.unpack_from(">I", head, place)
                place += 4
            if flags & 16:
                (size,) = struct.unpack_from(">I", head, place)
            end = start
            for run in _inside(traf, b"trun"):
                length, lasts = _run(run, duration, size)
                moved = struct.unpack_from(">i", run, 8)[0] if run[3] & 1 else end - start
                end = start + moved + length
                self._durations[track] += lasts
                furthest = max(furthest, end)
        return furthest


def _run(run: bytes, duration: int, size: int) -> tuple[int, int]:
    """Add up the bytes and the durations of a run of samples; given are those of its track."""
    flags, count = struct.unpack_from(">II", run)
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    samples = (
        _table(run, 8 + 4 * (flags & 1) + (flags & 4), count, "I" * len(fields)) if fields else []
    )
    sizes = [sample[fields.index(0x200)] for sample in samples] if 0x200 in fields else ()
    lasts = [sample[0] for sample in samples] if 0x100 in fields else ()
    return sum(sizes) if sizes else count * size, sum(lasts) if lasts else count * duration
