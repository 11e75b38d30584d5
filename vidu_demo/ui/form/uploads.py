"""Files that a browser names: checked here, once, before anything opens one.

Gradio checks that a file was uploaded only where the browser's word has a certain shape, and every
listener can be called by plain HTTP. So no listener passes on a path: it passes an `UploadedFile`.
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

_MISSING = "This picture is no longer here. Add it again."
TOO_MANY = Text("Up to {most} pictures can be sent at once. Remove some.", most=MAX_PICTURES)
_LONGEST_PATH = 4096


@dataclass(frozen=True)
class UploadedFile(os.PathLike[str]):
    """A file in the app's upload folder. Only this module makes one.

    Attributes:
        path: Where it lies.
    """

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)

    __str__ = __fspath__


def check(path: Any) -> UploadedFile:
    """Check that a path leads to a file that was uploaded here.

    Args:
        path: What a browser or a program says; anything.

    Raises:
        PictureInvalid: It does not, or the file is too large. The message is the same whether
            there is such a file elsewhere or not.
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
        PictureInvalid: An item names no uploaded file, or there are too many.
    """
    return _all(_in_gallery(value))


def from_files(value: Any) -> list[UploadedFile]:
    """Read a file picker's value: a list of items such as `{"path": …}`. Raises as above."""
    return _all([_path(item) for item in _listed(value)])


def still_in_gallery(value: Any) -> list[UploadedFile]:
    """Read a gallery's value, and leave out what is gone, never was here, or is too many."""
    return still_there(_in_gallery(value))


def still_there(paths: Any) -> list[UploadedFile]:
    """Read paths that a browser has kept, and leave out as above."""
    found = []
    for path in _listed(paths)[:MAX_PICTURES]:
        with suppress(PictureInvalid):
            found.append(check(path))
    return found


def as_gallery(files: Iterable[UploadedFile]) -> list[tuple[str, None]]:
    """Give files as a gallery takes them."""
    return [(str(file), None) for file in files]


def new_file(name: str) -> UploadedFile:
    """Name a new file in a folder of its own, so that nothing is written over."""
    return UploadedFile(Path(tempfile.mkdtemp(dir=folder())) / name)


def folder() -> Path:
    """Give the folder that uploads lie in; it is made if it is missing."""
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
