"""Finds where the samples of an MP4 end, from the tables that list them."""

import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from vidu_demo.api.mp4.boxes import Box, inside, table


def samples_end(stbl: bytes) -> int:
    """Return where a track's last sample ends, from its sample table."""
    offsets = [
        offset
        for kind, entry in ((b"stco", "I"), (b"co64", "Q"))
        for data in inside(stbl, kind)
        for (offset,) in table(data, 8, struct.unpack_from(">I", data, 4)[0], entry)
    ]
    if not offsets:
        return 0
    (runs,) = inside(stbl, b"stsc")[:1]
    many = table(runs, 8, struct.unpack_from(">I", runs, 4)[0], "III")
    sums, each, count = _sample_sizes(stbl)
    first, run, furthest = 0, 0, 0
    for chunk, offset in enumerate(offsets, 1):
        while run + 1 < len(many) and many[run + 1][0] <= chunk:
            run += 1
        last = min(first + many[run][1], count)
        length = sums[last] - sums[first] if sums else (last - first) * each
        furthest, first = max(furthest, offset + length), last
    return furthest


def _sample_sizes(stbl: bytes) -> tuple[Sequence[int], int, int]:
    """Read sample sizes: their running sums, or the size they all share, and their number."""
    for data in inside(stbl, b"stsz"):
        each, count = struct.unpack_from(">II", data, 4)
        if each:
            return (), each, count
        return _sums(size for (size,) in table(data, 12, count, "I")), 0, count
    (data,) = inside(stbl, b"stz2")[:1]
    bits, count = struct.unpack_from(">xxxBI", data, 4)
    if bits == 16:
        return _sums(size for (size,) in table(data, 12, count, "H")), 0, count
    bytes_ = [size for (size,) in table(data, 12, (count * bits + 7) // 8, "B")]
    halves = (half for pair in bytes_ for half in (pair >> 4, pair & 15))
    return _sums(halves if bits == 4 else bytes_), 0, count


def _sums(sizes: Iterator[int] | Sequence[int]) -> list[int]:
    return list(accumulate(sizes, initial=0))


def segments_end(box: Box, data: bytes) -> int:
    """Return where the last segment of an index ends."""
    entry = "QQ" if data[0] else "II"
    _, skipped = struct.unpack_from(">" + entry, data, 12)
    at = 12 + struct.calcsize(">" + entry)
    (count,) = struct.unpack_from(">xxH", data, at)
    lengths = (length & 0x7FFFFFFF for length, _, _ in table(data, at + 4, count, "III"))
    return int(box.end + skipped + sum(lengths))


class Fragments:
    """Adds up the fragments of a file.

    Attributes:
        promised: The length in seconds that the file says it has; 0 if it does not say.
    """

    def __init__(self, moov: bytes) -> None:
        self._defaults = {}  # by track: duration and size of a sample
        for data in inside(moov, b"mvex", b"trex"):
            track, _, duration, size = struct.unpack_from(">IIII", data, 4)
            self._defaults[track] = (duration, size)
        self._scales = {}
        for trak in inside(moov, b"trak"):
            head, media = inside(trak, b"tkhd")[0], inside(trak, b"mdia", b"mdhd")[0]
            (track,) = struct.unpack_from(">I", head, 20 if head[0] else 12)
            (self._scales[track],) = struct.unpack_from(">I", media, 20 if media[0] else 12)
        self._durations: defaultdict[int, int] = defaultdict(int)
        self.promised = 0.0
        for data in inside(moov, b"mvex", b"mehd"):
            (total,) = struct.unpack_from(">Q" if data[0] else ">I", data, 4)
            movie = inside(moov, b"mvhd")[0]
            self.promised = total / max(1, *struct.unpack_from(">I", movie, 20 if movie[0] else 12))

    @property
    def seconds(self) -> float:
        """The length of the longest track, from its fragments."""
        lengths = (sum_ / max(1, self._scales[track]) for track, sum_ in self._durations.items())
        return max(lengths, default=0.0)

    def add(self, at: int, moof: bytes) -> int:
        """Add a fragment; return where its last sample ends."""
        furthest = 0
        for traf in inside(moof, b"traf"):
            head = inside(traf, b"tfhd")[0]
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
            for run in inside(traf, b"trun"):
                length, lasts = _run(run, duration, size)
                moved = struct.unpack_from(">i", run, 8)[0] if run[3] & 1 else end - start
                end = start + moved + length
                self._durations[track] += lasts
                furthest = max(furthest, end)
        return furthest


def _run(run: bytes, duration: int, size: int) -> tuple[int, int]:
    """Add up the bytes and durations of a run of samples, given the track's defaults."""
    flags, count = struct.unpack_from(">II", run)
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    samples = (
        table(run, 8 + 4 * (flags & 1) + (flags & 4), count, "I" * len(fields)) if fields else []
    )
    sizes = [sample[fields.index(0x200)] for sample in samples] if 0x200 in fields else ()
    lasts = [sample[0] for sample in samples] if 0x100 in fields else ()
    return sum(sizes) if sizes else count * size, sum(lasts) if lasts else count * duration
