"""Files named by a browser: checked here, once, before anything opens them.

Gradio only checks that a file was uploaded if the value has a certain shape, and anyone can call a
listener over plain HTTP. So listeners never pass on a path, only an `UploadedFile`.
"""

import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData
from gradio.utils import get_upload_folder

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.images import MAX_FILE_BYTES
from vidu_demo.api.text import Text
from vidu_demo.ui.guard.limits import LIMITS

MAX_PICTURES = LIMITS.pictures

MISSING = "This picture is no longer available. Add it again."
TOO_LARGE = Text(
    "This file is larger than {most} MB. Use a smaller one.", most=MAX_FILE_BYTES // 1_000_000
)
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
        raise PictureInvalid(MISSING) from None
    if state.st_size > MAX_FILE_BYTES:
        raise PictureInvalid(TOO_LARGE)
    return UploadedFile(folder() / file)


def from_files(value: Any) -> list[UploadedFile]:
    """Read the form's pictures or a file picker's: a list of items such as `{"path": …}`.

    Raises:
        PictureInvalid: An item is not an uploaded file, or there are too many.
    """
    found = [_path(item) for item in _listed(value)]
    if len(found) > MAX_PICTURES:
        raise PictureInvalid(TOO_MANY)
    return [check(path) for path in found]


def paths(value: Any) -> list[str]:
    """Read the paths of the same, unchecked and as many as can be sent; empty if it has none."""
    found = [_path(item) for item in _listed(value)[:MAX_PICTURES]]
    return [path if isinstance(path, str) else "" for path in found]


def existing(paths: Any) -> list[UploadedFile]:
    """Read paths that a browser kept, leaving out files that are gone, invalid or too many."""
    found = []
    for path in _listed(paths)[:MAX_PICTURES]:
        with suppress(PictureInvalid):
            found.append(check(path))
    return found


def as_files(files: Iterable[os.PathLike[str]]) -> list[dict[str, Any]]:
    """Convert paths to the form's pictures. Gradio copies those from elsewhere to the folder."""
    return [FileData(path=os.fspath(file)).model_dump() for file in files]


def new_file(name: str) -> UploadedFile:
    """Name a new file in its own folder, so that nothing is overwritten."""
    return UploadedFile(Path(tempfile.mkdtemp(dir=folder())) / name)


def folder() -> Path:
    """Return the upload folder, creating it if necessary."""
    made = Path(get_upload_folder()).absolute()
    made.mkdir(parents=True, exist_ok=True)
    return made


def _path(file: Any) -> Any:
    return file.get("path") if isinstance(file, dict) else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
