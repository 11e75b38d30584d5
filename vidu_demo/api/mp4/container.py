"""Tell whether a video file is complete: MP4, MOV, Matroska and WebM say how long they are.

Without a Content-Length a download can stop anywhere, and a decoder just plays what is there.
Nothing is decoded here, and the work is bounded whatever a file claims.
"""

import struct
from typing import BinaryIO

from vidu_demo.api.mp4.boxes import MAX_PARTS, TOP, Truncated, boxes, content, inside
from vidu_demo.api.mp4.samples import Fragments, samples_end, segments_end

CONTAINERS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"}
"""What counts as a video: FFmpeg also opens pictures, and playlists that link elsewhere."""

MAX_PICTURE_TRACKS = 2
"""Some phones add a depth track."""
TOLERANCE = 0.5
"""Seconds by which the fragments may fall short of what the file says."""

_HOLDERS = frozenset(
    b"moov trak mdia minf stbl dinf edts udta meta ilst mvex moof traf mfra tref iprp ipco".split()
)
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", 0x18538067


def is_whole(file: BinaryIO) -> bool:
    """Tell whether a video file is as long as it says.

    Args:
        file: A seekable file.

    Returns:
        False if not, or if it is too complex to tell; True for other kinds of files.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(8)
    try:
        if head.startswith(_EBML):
            _check_matroska(file, size)
        elif head[4:] in TOP:
            _check_mp4(file, size)
    except (
        Truncated,
        struct.error,
        LookupError,
        ValueError,
    ):  # the other errors mean broken tables
        return False
    return True


def is_matroska(file: BinaryIO) -> bool:
    """Tell Matroska and WebM from MP4 and MOV."""
    file.seek(0)
    return file.read(4) == _EBML


def is_bounded(file: BinaryIO) -> bool:
    """Tell whether a video file has few enough parts and video tracks for a decoder.

    A decoder reads every box and opens every track before we could find out.

    Args:
        file: A seekable file.
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
                # A `meta` box has four bytes before its boxes, except in QuickTime files.
                extra = 4 if kind == b"meta" and head[start + 4 : start + 8] != b"hdlr" else 0
                todo.append((at + start + extra, min(at + length, end)))
            at += length
    return pictures <= MAX_PICTURE_TRACKS


# Matroska and WebM (RFC 9559)


def _check_matroska(file: BinaryIO, size: int) -> None:
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
            continue  # of unknown length: its content comes next
        at += length
        if at > size:
            break
        if is_segment:
            return
    raise Truncated


def _width(first: int) -> int:
    return 9 - first.bit_length()


# MP4 and MOV (ISO/IEC 14496-12)


def _check_mp4(file: BinaryIO, size: int) -> None:
    top = list(boxes(file, size))
    moov = next((content(file, box) for box in top if box.kind == b"moov"), None)
    if moov is None:
        raise Truncated
    ends = [samples_end(stbl) for stbl in inside(moov, b"trak", b"mdia", b"minf", b"stbl")]
    ends += [segments_end(box, content(file, box)) for box in top if box.kind == b"sidx"]
    if inside(moov, b"mvex"):
        begun = bool(max(ends, default=0))  # some files have their first samples outside fragments
        fragments = Fragments(moov)
        for box in top:
            if box.kind == b"moof":
                ends.append(fragments.add(box.at, content(file, box)))
        ends.append(size + 1 if 0 < size - top[-1].end < 8 else 0)  # half a box's head
        if not begun and fragments.seconds < fragments.promised - TOLERANCE:
            raise Truncated
    if max(ends, default=0) > size:
        raise Truncated
