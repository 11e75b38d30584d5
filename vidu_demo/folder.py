"""What is kept in a job's folder: the pictures as they are sent, the request as JSON, the video."""

import json
import shutil
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vidu_demo.images import SUFFIXES, Picture, is_url
from vidu_demo.ledger import Job, LedgerFailed
from vidu_demo.request import VideoRequest

FREE_BYTES_NEEDED = 200_000_000
"""On the disk before money is spent: room for the largest videos."""
_KINDS = {suffix: kind for kind, suffix in SUFFIXES.items()}


def keep(folder: Path, request: VideoRequest, pictures: list[Picture | str]) -> dict[str, Any]:
    """Write the pictures and the request, before anything is sent.

    Returns:
        The request as it is kept: its pictures are file names in the folder, or URLs.

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
    except OSError as error:
        raise LedgerFailed(
            f"The data folder can't be written ({error.strerror}), so nothing was sent."
        ) from None
    return kept


def payload(folder: Path, kept: dict[str, Any]) -> dict[str, Any]:
    """Make the submit body of a kept request.

    Raises:
        LedgerFailed: A picture is gone.
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
                f"A picture can't be read ({error.strerror}), so nothing was sent."
            ) from None
        images.append(f"data:{_KINDS[file.suffix]};base64,{b64encode(data).decode()}")
    return VideoRequest.model_construct(**kept).payload(images)


def drop(folder: Path) -> None:
    """Remove what was kept for a job that did not come to be."""
    shutil.rmtree(folder, ignore_errors=True)


def video_name(job: Job) -> str:
    """Name a job's video by its date (UTC), seed and length, as far as they are known."""
    day = datetime.fromtimestamp(job.created, UTC).date().isoformat()
    seed, seconds = job.request.get("seed"), job.request.get("duration")
    parts = [day, f"seed{seed}" if seed is not None else None, f"{seconds}s" if seconds else None]
    return "-".join(["vidu", *(part for part in parts if part)]) + ".mp4"
