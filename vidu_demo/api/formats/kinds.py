"""Recognises files by content: names can be wrong, and many files have none."""

import mmap
import re
from enum import StrEnum
from pathlib import Path

from vidu_demo.api.formats import tiff
from vidu_demo.api.formats.tiff import Buffer

_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
_WEBP = re.compile(rb"RIFF....WEBP", re.DOTALL)
_RAW_STARTS = re.compile(
    rb"FUJIFILMCCD-RAW|IIU\0|IIR[OS]|MMOR|FOVb|\0MRM|II\x1a\0.{2}HEAP|(II\*\0|MM\0\*)....(CR|IIII|MMMM)",
    re.DOTALL,
)
"""Fujifilm, Panasonic, Olympus, Sigma, Minolta, old Canon, Canon and Phase One."""
_AVIF = {b"avif", b"avis"}
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_VIDEO_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_MATROSKA = b"\x1a\x45\xdf\xa3"
_BRANDS_END = 512
"""Bytes of a file to search for its brands."""


class FileKind(StrEnum):
    """The kinds of files that this app can use."""

    PICTURE = "picture"
    VIDEO = "video"
    RAW = "camera raw"
    NOTHING = "nothing"


def kind(path: str | Path) -> FileKind:
    """Recognise a file by its content. It is not decoded, so it may still be broken.

    Returns:
        `FileKind.NOTHING` also if it is empty, missing or can't be read.
    """
    try:
        with (
            Path(path).open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as view,
        ):
            return _kind(view)
    except (OSError, ValueError):
        return FileKind.NOTHING


def picture_format(data: Buffer) -> str | None:
    """Return Pillow's name of the picture format; None if it is not a picture."""
    head = bytes(data[:_BRANDS_END])
    brands = _brands(head)
    if brands & _AVIF:
        return "AVIF"
    if brands & _HEIF:
        return "HEIF"
    if _WEBP.match(head):
        return "WEBP"
    return next((name for start, name in _STARTS if head.startswith(start)), None)


def is_camera_raw(data: Buffer) -> bool:
    """Tell whether this is a camera RAW file: sensor data, with a preview at best."""
    head = bytes(data[:_BRANDS_END])
    if b"crx " in _brands(head) or _RAW_STARTS.match(head):
        return True
    return picture_format(data) == "TIFF" and tiff.is_raw(data)


def _kind(data: Buffer) -> FileKind:
    if is_camera_raw(data):
        return FileKind.RAW
    if picture_format(data):
        return FileKind.PICTURE
    if bytes(data[4:8]) in _VIDEO_BOXES or bytes(data[:4]) == _MATROSKA:
        return FileKind.VIDEO
    return FileKind.NOTHING


def _brands(head: bytes) -> set[bytes]:
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4]), len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
