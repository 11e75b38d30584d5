"""JPEG: keeps only its frame, scans and colours."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from vidu_demo.api.formats import exif
from vidu_demo.api.formats.limits import LARGE, MAX_PIECES, MAX_PROFILE, check, damaged

MAX_PIXELS_PER_BYTE = 1024
"""Each 8 by 8 block takes at least a bit, and with subsampling a sample covers several pixels."""

_SOI, _EOI, _SOS, _APP1, _APP2, _COM = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2, 0xFE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_ALONE = {0x01, _SOI, _EOI, *range(0xD0, 0xD8)}
"""Markers without a length."""
_MARKER = re.compile(rb"\xff[^\0\xff]")
_MARKER_IN_SCAN = re.compile(rb"\xff[^\0\xd0-\xd7\xff]")


def slim(data: bytes) -> bytes:
    """Check a JPEG and keep what its pixels need, without anything after its end.

    Raises:
        PictureInvalid: It has too many pixels or too many scans.
    """
    frame: _Frame | None = None
    kept: list[bytes | memoryview] = []
    profile: list[bytes] = []
    by_exif = by_xmp = None
    first_scan, scans, end = 0, 0, len(data)
    for marker, at, after in _segments(data):
        if marker == _EOI:
            end = after
        elif marker == _SOS:
            scans += 1
            first_scan = first_scan or at
            if not frame:
                raise damaged()
            frame.judge(scans, len(data))
        elif scans:
            continue
        elif marker == _APP1:
            by_exif = by_exif or _turn(data[at + 4 : after])
            by_xmp = by_xmp or exif.orientation_in_xmp(data[at + 4 : after])
        elif marker == _APP2 and data.startswith(b"ICC_PROFILE\0", at + 4):
            profile.append(data[at:after])
        elif not (0xE0 <= marker <= 0xEF or marker == _COM) or _tells_colours(data, at):
            kept.append(data[at:after])
            if marker in _FRAMES and not frame:
                frame = _Frame.read(data[at + 4 : after], progressive=marker in _PROGRESSIVE)
    if not scans:
        raise damaged()
    if sum(map(len, profile)) <= MAX_PROFILE:
        kept[:0] = profile
    if turn := by_exif or by_xmp:
        body = b"Exif\0\0" + exif.block(turn)
        kept.insert(0, b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body)
    return b"".join([b"\xff\xd8", *kept, memoryview(data)[first_scan:end]])


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """List the markers up to the end: the marker, where it begins, and where its segment ends."""
    at, pattern = 2, _MARKER
    for _ in range(MAX_PIECES):
        if not (found := pattern.search(data, at)):
            return
        at, marker = found.start(), data[found.start() + 1]
        after = at + 2
        if marker not in _ALONE:
            after += int.from_bytes(data[after : after + 2])
        yield marker, at, after
        if marker == _EOI:
            return
        if marker == _SOS:
            pattern = _MARKER_IN_SCAN
        at = after
    raise damaged()


def _turn(segment: bytes) -> int | None:
    return exif.orientation(segment) if segment.startswith(b"Exif\0\0") else None


def _tells_colours(data: bytes, at: int) -> bool:
    return data.startswith((b"\xe0\0\x10JFIF\0", b"\xee\0\x0eAdobe"), at + 1)


@dataclass(frozen=True)
class _Frame:
    width: int
    height: int
    progressive: bool
    samples_per_pixel: float

    @classmethod
    def read(cls, body: bytes, *, progressive: bool) -> "_Frame":
        try:
            _, height, width, parts = struct.unpack_from(">BHHB", body)
            sides = [divmod(body[6 + 3 * part + 1], 16) for part in range(parts)]
            largest = max(across for across, _ in sides) * max(down for _, down in sides)
            samples = sum(across * down for across, down in sides) / largest
        except (IndexError, ValueError, ArithmeticError, struct.error):
            raise damaged() from None
        return cls(width, height, progressive, samples)

    def judge(self, scans: int, length: int) -> None:
        pixels = self.width * self.height
        shown = 1.0 if pixels > LARGE else 4.0
        held = 2 * self.samples_per_pixel if self.progressive or scans > 1 else 0.0
        check(self.width, self.height, bytes_per_pixel=shown + held, scanned=pixels * scans)
        if pixels > length * MAX_PIXELS_PER_BYTE:
            raise damaged()
