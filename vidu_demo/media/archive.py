"""Reads a zip of takes, written by `jobs.takeaway` and dropped on the page: a hostile file.

Nothing is unpacked. Entries are read by name, those that a checked list names, up to a limit that
is counted while reading. Runs in a worker process.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.images import MAX_FILE_BYTES, SUFFIXES, is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import read_json
from vidu_demo.api.text import Text

FORMAT, VERSION = "vidu-takes", 1
MANIFEST, INDEX = "takes.json", "index.html"
MAX_TAKES = 100
MAX_ENTRIES = 5_000
"""A hundred takes of twenty pictures, with room to spare."""
MAX_DIRECTORY = 1_000_000
"""Bytes of the list of entries, which is read as a whole."""
MAX_MANIFEST = 4_000_000
"""Bytes: a hundred of the longest prompts in any script."""
MAX_UNPACKED = 4_000_000_000
"""Bytes that all entries say they have."""
MAX_RATIO = 50
"""How much smaller an entry can be packed: pictures and videos hardly are. Texts of
equal prompts are, but they are bounded while they are read."""
MAX_PICTURES = 20

_PICTURE = re.compile(rf"takes/[0-9]{{1,3}}/picture-[0-9]{{1,3}}({'|'.join(SUFFIXES.values())})")
_END = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT = 65_535
_LOCATOR = b"PK\6\7", 20
"""What stands before the end of a zip with 64-bit numbers, and how many bytes it takes."""
_CHUNK = 1 << 16


def is_archive(path: Path) -> bool:
    """Tell a zip from other files, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\3\4"
    except OSError:
        return False


def takes(path: Path) -> list[dict[str, Any]]:
    """List what a zip's takes were asked for.

    Returns:
        For each take its `settings`, the `pictures` as names to give to `picture`, and their
        `urls`. Settings may be out of range.

    Raises:
        PictureInvalid: It is not such a zip, or exceeds the limits.
    """
    with _opened(path) as (archive, entries):
        text = _read(archive, entries, MANIFEST, MAX_MANIFEST).decode(errors="replace")
    match read_json(text):
        case {"format": "vidu-takes", "takes": list(listed)} if 0 < len(listed) <= MAX_TAKES:
            found = [_take(each, entries) for each in listed if isinstance(each, dict)]
            if found:
                return found
    raise PictureInvalid(_FOREIGN)


def picture(path: Path, name: str) -> bytes:
    """Read a picture that `takes` has named.

    Raises:
        PictureInvalid: It is not there, or exceeds the limits.
    """
    if not _PICTURE.fullmatch(name):
        raise PictureInvalid(_FOREIGN)
    with _opened(path) as (archive, entries):
        return _read(archive, entries, name, MAX_FILE_BYTES)


_FOREIGN = "This is not a zip of videos from this page."
_UNSAFE = "This zip has files that are not safe to read, so nothing in it was used."
_LARGE = "This zip is too large when unpacked, so nothing in it was used."


def _take(listed: dict[str, Any], entries: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    settings, pictures, urls = (listed.get(key) for key in ("settings", "pictures", "urls"))
    settings = settings if isinstance(settings, dict) else {}
    named = dict.fromkeys(_strings(pictures))
    known = [name for name in named if name in entries and _PICTURE.fullmatch(name)]
    if sum(entries[name].file_size for name in known) > MAX_FILE_BYTES:
        raise PictureInvalid(_LARGE)
    return {
        "settings": {
            field: settings[field]
            for field in VideoRequest.SETTINGS
            if isinstance(settings.get(field), str | int | float)
        },
        "pictures": known,
        "urls": [url for url in _strings(urls) if is_url(url)],
    }


def _strings(listed: Any) -> list[str]:
    kept = listed[:MAX_PICTURES] if isinstance(listed, list) else []
    return [each for each in kept if isinstance(each, str)]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
    """Open a zip whose entries are all harmless, whether they are read or not.

    Raises:
        PictureInvalid: They are not, or it can't be read.
    """
    try:
        _check_end(path)
        with zipfile.ZipFile(path) as archive:
            entries = {info.filename: info for info in archive.infolist()}
            if len(entries) < len(archive.infolist()) or not all(map(_is_safe, entries.values())):
                raise PictureInvalid(_UNSAFE)
            if sum(info.file_size for info in entries.values()) > MAX_UNPACKED:
                raise PictureInvalid(_LARGE)
            yield archive, entries
    except (
        zipfile.BadZipFile, OSError, ValueError, KeyError, EOFError, NotImplementedError,
        RuntimeError, struct.error, zlib.error,
    ) as error:  # fmt: skip
        if isinstance(error, PictureInvalid):
            raise
        raise PictureInvalid("This zip is damaged.") from error


def _check_end(path: Path) -> None:
    """Check how many entries a zip has before they are all read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _LONGEST_COMMENT - _END.size))
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise zipfile.BadZipFile
    mark, length = _LOCATOR
    if tail[max(0, at - length) : at].startswith(mark):  # other numbers would count instead
        raise PictureInvalid(_UNSAFE)
    _, _, _, _, entries, directory, start, _ = _END.unpack_from(tail, at)
    if entries > MAX_ENTRIES or directory > MAX_DIRECTORY or start + directory > size:
        raise PictureInvalid(Text("This zip has more than {most} files.", most=MAX_ENTRIES))


def _is_safe(info: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is an ordinary file with an ordinary name, and not a bomb."""
    name = info.filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    return not (
        name.startswith("/")
        or set(name) & {"\\", ":", "\0"}
        or ".." in name.split("/")
        or name.lower().endswith(".zip")
        or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
        or info.flag_bits & 0x1  # encrypted
        or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        or (
            not name.endswith((".json", ".html"))
            and info.file_size > MAX_RATIO * max(info.compress_size, 100)
        )
    )


def _read(
    archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], name: str, most: int
) -> bytes:
    """Read an entry, counting what really comes out of it."""
    if name not in entries:
        raise PictureInvalid(_FOREIGN)
    data = bytearray()
    with archive.open(entries[name]) as file:
        while chunk := file.read(_CHUNK):
            data += chunk
            if len(data) > most:
                raise PictureInvalid(_LARGE)
    return bytes(data)
