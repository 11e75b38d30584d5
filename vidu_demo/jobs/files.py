"""The files in a job's folder: the pictures as sent, the request, a thumbnail, the video, a still.

The settings are stored both in the video and next to it, as JSON.
"""

import filecmp
import itertools
import json
import logging
import os
import re
import shutil
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Any

from vidu_demo.api.images import SUFFIXES, Picture, is_url, thumbnail
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run, in_process
from vidu_demo.api.text import Text
from vidu_demo.api.transcript import hide
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.media import clip

log = logging.getLogger(__name__)

THUMBNAIL, STILL = "thumbnail.webp", "still.webp"
"""The first picture, and the middle of the video: takes of one picture begin alike."""
UPLOADS = "uploads.json"
"""Lists the uploaded files that the pictures were made from."""
NAMES = "names.json"
"""What the pictures were called where they came from; null for one that had no name."""
SMALL_SIDE = 512
"""Pixels of the longer side of both."""
FREE_BYTES_NEEDED = 200_000_000
"""Free disk space needed before money is spent: enough for the largest videos."""
Found = tuple[Path, os.stat_result]
_PLAIN = "-plain.mp4"
_KINDS = {suffix: kind for kind, suffix in SUFFIXES.items()}
_UNSENT_FOLDER = re.compile("[0-9a-f]{32}")
_UNSENT_FILE = re.compile(
    rf"request\.json|{UPLOADS}|{NAMES}|{re.escape(THUMBNAIL)}|picture-\d+\.\w+"
)


def keep(
    folder: Path,
    request: VideoRequest,
    pictures: list[Picture | str],
    *,
    run: Run = in_process,
    visitor: str = "",
) -> dict[str, Any]:
    """Write the pictures and the request, before anything is sent.

    Args:
        folder: The job's folder.
        request: The request.
        pictures: Its pictures, as they will be sent.
        run: Makes the thumbnail.
        visitor: Whose job it is.

    Returns:
        The request as stored: its pictures are file names in the folder, or URLs.

    Raises:
        LedgerFailed: The disk is full or can't be written.
    """
    names = []
    try:
        folder.mkdir(parents=True)
        if shutil.disk_usage(folder).free < FREE_BYTES_NEEDED:
            raise LedgerFailed("The disk is nearly full, so nothing was sent.")
        for number, picture in enumerate(pictures, 1):
            if isinstance(picture, Picture):
                names.append(f"picture-{number}{picture.suffix}")
                (folder / names[-1]).write_bytes(picture.data)
            else:
                names.append(picture)
        kept = {"images": names, **request.model_dump(exclude={"images"})}
        text = json.dumps(kept, indent=2, ensure_ascii=False)
        (folder / "request.json").write_text(text, encoding="utf-8")
        uploads = [str(image) for image in request.images if isinstance(image, os.PathLike)]
        (folder / UPLOADS).write_text(json.dumps(uploads), encoding="utf-8")
        called = [
            Path(image).name if isinstance(image, os.PathLike) else None for image in request.images
        ]
        (folder / NAMES).write_text(json.dumps(called), encoding="utf-8")
    except OSError as error:
        raise LedgerFailed(
            Text(
                "The data folder can't be written ({why}), so nothing was sent.",
                why=error.strerror,
            )
        ) from None
    if isinstance(first := pictures[0], Picture):
        with _best_effort(folder, THUMBNAIL):
            small = run(thumbnail, first.data, SMALL_SIDE, "WEBP", visitor=visitor)
            (folder / THUMBNAIL).write_bytes(small)
    return kept


def payload(folder: Path, kept: dict[str, Any]) -> dict[str, Any]:
    """Make the body of a submit from a stored request.

    Raises:
        LedgerFailed: A picture is missing.
    """
    images = []
    for name in kept["images"]:
        if is_url(name):
            images.append(name)
            continue
        file = folder / name
        try:
            data = file.read_bytes()
        except OSError as error:
            raise LedgerFailed(
                Text("A picture can't be read ({why}), so nothing was sent.", why=error.strerror)
            ) from None
        images.append(f"data:{_KINDS[file.suffix]};base64,{b64encode(data).decode()}")
    return VideoRequest.unchecked(**kept).payload(images)


def outline(folder: Path, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a submit with its pictures shortened, and links without their query."""
    images = [hide(name) if is_url(name) else _outline(folder / name) for name in kept["images"]]
    return VideoRequest.unchecked(**kept).payload(images)


def as_asked(folder: Path, kept: dict[str, Any]) -> VideoRequest:
    """Return a stored request as a visitor would make it: its pictures by the names they had."""
    called: list[str | None] = []
    with suppress(OSError, ValueError):
        called = json.loads((folder / NAMES).read_text(encoding="utf-8"))
    names = itertools.zip_longest(kept["images"], called[: len(kept["images"])])
    return VideoRequest.unchecked(**{**kept, "images": [name or stored for stored, name in names]})


def _outline(picture: Path) -> str:
    start = f"data:{_KINDS[picture.suffix]};base64,…"
    try:
        return f"{start} ({max(1, round(picture.stat().st_size / 1000))} KB)"
    except OSError:  # only what was sent is kept
        return start


def complete(video: Path, job: Job, *, run: Run = in_process) -> dict[str, Any] | None:
    """Add the extras to a saved video: its settings, in it and next to it, and a still.

    Failures are only logged, because the video itself is saved.

    Args:
        video: The file.
        job: Its job.
        run: Opens the video.

    Returns:
        The fields of `clip.Facts`, if the video can be read.
    """
    made_with, facts = settings(job), None
    with _best_effort(video.parent, "facts"):
        facts = asdict(run(clip.facts, video, visitor=job.turn))
    with _best_effort(video.parent, "settings beside the video"):
        text = json.dumps(made_with, indent=2, ensure_ascii=False)
        video.with_suffix(".json").write_text(text, encoding="utf-8")
    with _best_effort(video.parent, "settings in the video"):
        run(clip.write_settings, video, made_with, visitor=job.turn)
    with _best_effort(video.parent, STILL):
        still = run(clip.still, video, SMALL_SIDE, "WEBP", visitor=job.turn)
        (video.parent / STILL).write_bytes(still)
    return facts


def settings(job: Job) -> dict[str, Any]:
    """Return the settings of a job's video, as far as known, without pictures or links to them."""
    return {
        "model": VideoRequest.MODEL,
        "task_id": job.task_id,
        "created": datetime.fromtimestamp(job.created, UTC).isoformat(timespec="seconds"),
        "request": job.settings,
    }


def delete(
    folder: Path,
    copies: Path | None = None,
    keep: Iterable[Path] = (),
    shared: Collection[Path] = (),
) -> None:
    """Delete a job's folder, if there is one.

    Args:
        folder: The job's folder.
        copies: The web framework's folder of uploads and copies. What the pictures were made from,
            and what is the same as a file of the job, is deleted there, too.
        keep: Files whose copies stay.
        shared: Copies that stay: others have uploaded the same files.
    """
    if copies:
        kept = list(keep)
        for file in _copies(folder, copies):
            with suppress(OSError):
                if file in shared or any(filecmp.cmp(file, one, shallow=False) for one in kept):
                    continue
                file.unlink()
                file.parent.rmdir()  # if it held nothing else
    shutil.rmtree(folder, ignore_errors=True)


def delete_oldest(found: Iterable[Found], *, before: float, most: float) -> None:
    """Delete files that are too old, and the oldest ones beyond a size.

    Args:
        found: The files.
        before: Unix seconds; older files go.
        most: Bytes that can stay.
    """
    kept = 0
    for file, stat in sorted(found, key=lambda each: each[1].st_mtime, reverse=True):
        kept += stat.st_size
        with suppress(OSError):
            if stat.st_mtime < before or kept > most:
                file.unlink()
                file.parent.rmdir()


def delete_pictures(folder: Path) -> None:
    """Delete everything but the thumbnail, which is enough for a job that bought nothing."""
    with suppress(OSError):  # the next start of the app will retry
        for file in folder.iterdir():
            if file.name != THUMBNAIL:
                file.unlink()


def note_upload(folder: Path, upload: Path) -> None:
    """Add a file to the uploads that are deleted with a job."""
    listed: list[str] = []
    with suppress(OSError, ValueError):
        listed = json.loads((folder / UPLOADS).read_text(encoding="utf-8"))
    with _best_effort(folder, UPLOADS):
        (folder / UPLOADS).write_text(json.dumps([*listed, str(upload)]), encoding="utf-8")


def delete_parts(folder: Path) -> None:
    """Delete the unfinished downloads in a job's folder, whose video is there."""
    for part in folder.glob("*.part"):
        part.unlink(missing_ok=True)


def tidy(videos: Path, states: Mapping[str, JobState], before: float) -> None:
    """Delete what an earlier run of the app left behind.

    A folder without a job is only deleted if it contains nothing but unsent files: its job may be
    in another ledger.

    Args:
        videos: Where each job has a folder.
        states: Every job's state, by its id.
        before: Unix seconds. A folder without a job that is newer may belong to a click that
            another process is working on.
    """
    for folder in videos.iterdir() if videos.is_dir() else ():
        match states.get(folder.name):
            case JobState.NOT_SENT:
                delete_pictures(folder)
            case JobState.DELETED:
                delete(folder)
            case None if _UNSENT_FOLDER.fullmatch(folder.name):
                if folder.stat().st_mtime < before and all(
                    _UNSENT_FILE.fullmatch(file.name) for file in folder.iterdir()
                ):
                    delete(folder)


def _copies(folder: Path, copies: Path) -> Iterator[Path]:
    with suppress(OSError, ValueError):
        for name in json.loads((folder / UPLOADS).read_text(encoding="utf-8")):
            if Path(name).is_relative_to(copies):
                yield Path(name)
    sizes: dict[int, list[Path]] = {}
    for file, stat in walk(folder):
        sizes.setdefault(stat.st_size, []).append(file)
    for copy, stat in walk(copies) if sizes else ():  # a task from elsewhere may have no files
        with suppress(OSError):
            alike = sizes.get(stat.st_size, [])
            if any(filecmp.cmp(copy, file, shallow=False) for file in alike):
                yield copy


def walk(*folders: Path) -> list[Found]:
    """List the files in folders, except those that are deleted meanwhile."""
    found = []
    for place, _, names in itertools.chain.from_iterable(map(os.walk, folders)):
        for file in (Path(place, name) for name in names):
            with suppress(OSError):
                stat = file.lstat()
                if S_ISREG(stat.st_mode):
                    found.append((file, stat))
    return found


def video_name(job: Job) -> str:
    """Name a job's video by its date (UTC), seed and length, as far as known."""
    day = datetime.fromtimestamp(job.created, UTC).date().isoformat()
    seed, seconds = job.request.get("seed"), job.request.get("duration")
    parts = [day, f"seed{seed}" if seed is not None else None, f"{seconds}s" if seconds else None]
    return "-".join(["vidu", *(part for part in parts if part)]) + ".mp4"


def plain_name(video: str) -> str:
    """Name the copy of a video that is without its settings, made when it is asked for."""
    return f"{Path(video).stem}{_PLAIN}"


def is_plain(file: Path) -> bool:
    """Tell whether a file is such a copy, which can be made again."""
    return file.name.endswith(_PLAIN)


@contextmanager
def _best_effort(folder: Path, what: str) -> Iterator[None]:
    """Log failures and continue: encoders raise all kinds of errors, and none may stop a job."""
    try:
        yield
    except Exception as error:
        log.warning("job %s: no %s: %s", folder.name, what, error)
