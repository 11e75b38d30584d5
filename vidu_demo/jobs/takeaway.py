"""A zip of finished videos to take along: with pictures and settings, and a page that plays them.

It is written while it is sent, so it takes neither memory nor disk space.
"""

import json
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidu_demo.api.errors import ViduError
from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.media import archive

MAX_JOBS = archive.MAX_TAKES
MAX_BYTES = 2_000_000_000
"""Of a whole zip: larger ones need a newer format, which not everything can open."""
_CHUNK = 1 << 18
_PACKED = (".json", ".html")
"""What gets smaller when it is packed. Videos and pictures do not."""


class TakeawayTooLarge(ViduError):
    """The chosen videos are too many or too large for one zip."""

    what = Text("A zip can hold up to {most} videos and 2 GB.", most=MAX_JOBS)
    next_step = "Choose fewer."


class NothingToTake(ViduError):
    """None of the chosen jobs has a video."""

    what = "There is no video to download."
    next_step = "Choose finished videos."


@dataclass(frozen=True)
class Taken:
    """A video as it is in the zip.

    Attributes:
        job: Its job.
        folder: Where it is in the zip.
        video: The name of the video's file.
        pictures: The names of its pictures' files.
        urls: The URLs of its other pictures, except those that may be secret.
    """

    job: Job
    folder: str
    video: str
    pictures: tuple[str, ...]
    urls: tuple[str, ...]

    @property
    def listed(self) -> dict[str, Any]:
        """What the zip's list says of it: neither who made it nor with which task."""
        return {
            "model": VideoRequest.MODEL,
            "settings": self.job.settings,
            "pictures": [f"{self.folder}/{name}" for name in self.pictures],
            "urls": list(self.urls),
            "video": f"{self.folder}/{self.video}",
            "facts": self.job.facts,
            "simulated": self.job.simulated,
        }


def pack(jobs: Sequence[Job], file: Callable[[Job, str], Path]) -> list[Taken]:
    """Decide what goes into the zip of some jobs.

    Args:
        jobs: The jobs; those without a video are left out.
        file: Returns the path of a file of a job.

    Raises:
        TakeawayTooLarge, NothingToTake: There is too much, or nothing.
    """
    if len(jobs) > MAX_JOBS:
        raise TakeawayTooLarge
    there = [
        job
        for job in jobs
        if job.state is JobState.DONE and job.video and file(job, job.video).is_file()
    ]
    taken = [_taken(number, job, file) for number, job in enumerate(there, 1)]
    if not taken:
        raise NothingToTake
    if sum(path.stat().st_size for path in _files(taken, file).values()) > MAX_BYTES:
        raise TakeawayTooLarge
    return taken


def _taken(number: int, job: Job, file: Callable[[Job, str], Path]) -> Taken:
    images = [str(image) for image in job.request.get("images", [])]
    pictures = [name for name in images if not is_url(name) and file(job, name).is_file()]
    urls = [url for url in images if is_url(url) and set("?@").isdisjoint(url)]
    return Taken(job, f"takes/{number:02}", job.video or "", tuple(pictures), tuple(urls))


def _files(taken: Sequence[Taken], file: Callable[[Job, str], Path]) -> dict[str, Path]:
    return {
        f"{each.folder}/{name}": file(each.job, name)
        for each in taken
        for name in (each.video, *each.pictures)
    }


def stream(taken: Sequence[Taken], file: Callable[[Job, str], Path], index: str) -> Iterator[bytes]:
    """Write the zip, a chunk at a time.

    Args:
        taken: What goes into it.
        file: Returns the path of a file of a job.
        index: The page that plays the videos.

    Raises:
        OSError: A file has been deleted since; the zip is incomplete.
    """
    listed = {
        "format": archive.FORMAT,
        "version": archive.VERSION,
        "takes": [each.listed for each in taken],
    }
    texts = {archive.MANIFEST: _json(listed), archive.INDEX: index.encode()}
    for each in taken:
        texts[f"{each.folder}/request.json"] = _json(each.job.settings)
    written = _Written()
    with zipfile.ZipFile(written, "w") as zipped:  # type: ignore[call-overload]
        for name, text in texts.items():
            zipped.writestr(_entry(name), text)
            yield written.take()
        for name, path in _files(taken, file).items():
            with path.open("rb") as source, zipped.open(_entry(name), "w") as entry:
                while chunk := source.read(_CHUNK):
                    entry.write(chunk)
                    yield written.take()
    yield written.take()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, time.gmtime()[:6])
    info.external_attr = 0o100644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_PACKED) else zipfile.ZIP_STORED
    return info


class _Written:
    """A file that can only be written to, for `zipfile`; keeps what was not taken yet."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: everything is held."""

    def take(self) -> bytes:
        """Return what was written since."""
        held, self._held = bytes(self._held), bytearray()
        return held
