"""Files named by a browser: checked here, once, before anything opens them.

Gradio only checks that a file was uploaded if the value has a certain shape, and anyone can call a
listener over plain HTTP. So listeners never pass on a path, only an `UploadedFile`.
"""

import os
import stat
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.images import MAX_FILE_BYTES
from vidu_demo.api.text import Text
from vidu_demo.ui.guard.limits import LIMITS

MAX_PICTURES = LIMITS.pictures

_MISSING = "This picture is no longer available. Add it again."
TOO_MANY = Text("Up to {most} pictures can be sent at once. Remove some.", most=MAX_PICTURES)
_LONGEST_PATH = 4096


@dataclass(frozen=True)
class UploadedFile(os.PathLike[str]):
    """A file in the app's upload folder. Only this module creates these.

    Attributes:
        path: Where it is.
    """

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)

    __str__ = __fspath__


def check(path: Any) -> UploadedFile:
    """Check that a path is that of a file uploaded here.

    Args:
        path: Any value that a browser or program sends.

    Raises:
        PictureInvalid: It is not, or the file is too large. The message does not reveal whether
            such a file exists elsewhere.
    """
    try:
        if not isinstance(path, str) or len(path) > _LONGEST_PATH:
            raise ValueError
        file = Path(path).resolve(strict=True).relative_to(folder().resolve())
        state = (folder() / file).stat()
        if not stat.S_ISREG(state.st_mode):
            raise ValueError
    except (OSError, ValueError, RuntimeError):
        raise PictureInvalid(_MISSING) from None
    if state.st_size > MAX_FILE_BYTES:
        raise PictureInvalid(
            Text(
                "This file is larger than {most} MB. Use a smaller one.",
                most=MAX_FILE_BYTES // 1_000_000,
            )
        )
    return UploadedFile(folder() / file)


def from_gallery(value: Any) -> list[UploadedFile]:
    """Read a gallery's value: a list of items such as `{"image": {"path": …}}`.

    Raises:
        PictureInvalid: An item is not an uploaded file, or there are too many.
    """
    return _all(_in_gallery(value))


def from_files(value: Any) -> list[UploadedFile]:
    """Read a file picker's value: a list of items such as `{"path": …}`. Raises as above."""
    return _all([_path(item) for item in _listed(value)])


def existing_in_gallery(value: Any) -> list[UploadedFile]:
    """Read a gallery's value, leaving out files that are gone, invalid or too many."""
    return existing(_in_gallery(value))


def existing(paths: Any) -> list[UploadedFile]:
    """Read paths that a browser kept, leaving out the same."""
    found = []
    for path in _listed(paths)[:MAX_PICTURES]:
        with suppress(PictureInvalid):
            found.append(check(path))
    return found


def as_gallery(files: Iterable[UploadedFile]) -> list[tuple[str, None]]:
    """Convert files to a gallery's value."""
    return [(str(file), None) for file in files]


def new_file(name: str) -> UploadedFile:
    """Name a new file in its own folder, so that nothing is overwritten."""
    return UploadedFile(Path(tempfile.mkdtemp(dir=folder())) / name)


def folder() -> Path:
    """Return the upload folder, creating it if necessary."""
    made = Path(get_upload_folder()).absolute()
    made.mkdir(parents=True, exist_ok=True)
    return made


def _all(paths: Sequence[Any]) -> list[UploadedFile]:
    if len(paths) > MAX_PICTURES:
        raise PictureInvalid(TOO_MANY)
    return [check(path) for path in paths]


def _in_gallery(value: Any) -> list[Any]:
    items = (item if isinstance(item, dict) else {} for item in _listed(value))
    return [_path(item.get("image") or item.get("video")) for item in items]


def _path(file: Any) -> Any:
    return file.get("path") if isinstance(file, dict) else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
