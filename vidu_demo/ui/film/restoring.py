"""Restores films that are dropped on the page: what their files say can come from anyone."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from vidu_demo.api.errors import ViduError
from vidu_demo.api.text import Text
from vidu_demo.jobs.films.film import MAX_PARTS, Part
from vidu_demo.jobs.films.films import mark
from vidu_demo.ui.form import filling
from vidu_demo.ui.guard.quota import HOUR, Allowance

MAX_SETTINGS = 100_000
"""Characters of the settings of parts that the visitor does not have: the film keeps them."""


ONE_ADDRESS, ALL = Allowance(0, 30, HOUR), Allowance(0, 600, HOUR)
"""Films per hour that begin by being dropped: from one address, and from all together."""


class TooManyRestored(ViduError):
    """Too many films were dropped from an address, or from all."""

    what = "Too many films were dropped from here or overall, so this one was not restored."
    next_step = "Try again in an hour."


def own_parts(listed: Any, jobs: Mapping[str, str], has_video: Callable[[str], bool]) -> list[Part]:
    """Read the parts of a dropped film; of those that the visitor has no video of, the settings.

    Args:
        listed: What the film's file says of its parts.
        jobs: The ids of the visitor's jobs, by their mark in such a file.
        has_video: Tells whether a job of the visitor's has a video.
    """
    parts: dict[str, Part] = {}
    length = 0
    for each in listed[:MAX_PARTS] if isinstance(listed, list) else []:
        part = Part.read(each)
        if part and has_video(job := jobs.get(part.job, "")):
            parts.setdefault(job, replace(part, job=job))
        elif isinstance(each, dict) and isinstance(each.get("request"), dict):
            known = filling.settings(each["request"])
            known.pop("takes")
            length += len(json.dumps(known))
            if length > MAX_SETTINGS:
                break
            # Nobody chooses a name here; the same film has the same ones.
            name = mark(part.job) if part else secrets.token_hex(16)
            parts.setdefault(name, replace(part or Part(name), job=name, settings=known))
    return list(parts.values())


def summary(gone: int, of: int) -> str:
    """Say what a restored film has.

    Args:
        gone: How many of its parts the visitor no longer has.
        of: How many parts it has.
    """
    if not gone:
        return "The film's parts are below the video again."
    return Text(
        "{number} of this film's {of} parts are no longer among your videos. "
        "Click one to fill the form with its settings and make it again.",
        number=gone,
        of=of,
    )
