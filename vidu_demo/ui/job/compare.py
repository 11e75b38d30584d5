"""Two takes side by side, with one play button and slider for both, and a table of differences."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from PIL import Image, ImageChops, ImageStat

from vidu_demo.api import pricing
from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import Job
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, format_seconds
from vidu_demo.ui.job import settings

_BLOCK, _ENCODING = 8, 8
"""The side of the blocks compared, in pixels, and the levels (of 255) that encoding can change."""


class Difference(NamedTuple):
    """A difference between two jobs, in words.

    Attributes:
        title: The setting or result that differs.
        left: The left job's value.
        right: The right job's value.
    """

    title: str
    left: str
    right: str


def component() -> gr.HTML:
    """Make the empty component. Its `clear` event closes the comparison."""
    return gr.HTML(
        js_on_load="vidu.compare(element, trigger, watch)", elem_id="compare", padding=False
    )


def render(
    left: Job,
    right: Job,
    source: Callable[[Job], str],
    pictures_match: bool | None = None,
    say: Say = str,
) -> str:
    """Show two finished jobs side by side, as HTML.

    Args:
        left: The left job.
        right: The right job.
        source: Returns the URL of a job's video.
        pictures_match: Whether both were made from the same pictures, from `same_pictures`.
        say: The visitor's language.
    """
    jobs = {"left": left, "right": right}
    return templates.render(
        "compare.html",
        left=source(left),
        right=source(right),
        heard=[side for side, job in jobs.items() if (job.facts or {}).get("audio")],
        differences=differences(left, right, pictures_match, say),
        say=say,
    )


def differences(
    left: Job, right: Job, pictures_match: bool | None, say: Say = str
) -> list[Difference]:
    """List the differences in settings, price and time taken; two unknown values do not differ.

    Args:
        left: The left job.
        right: The right job.
        pictures_match: As in `render`.
        say: The visitor's language.
    """
    found = []
    if not pictures_match:
        words = say("unknown" if pictures_match is None else "different")
        found.append(Difference(settings.title("images", say), words, words))
    for (title, one), (_, other) in zip(_lines(left, say), _lines(right, say), strict=True):
        if one != other:
            found.append(Difference(title, one, other))
    return found


def same_pictures(left: Job, right: Job, file: Callable[[Job, str], Path]) -> bool | None:
    """Tell whether two jobs were made from the same pictures.

    File names say nothing, and comparing bytes is not enough: a picture that is used again is
    encoded again.

    Args:
        left: The left job.
        right: The right job.
        file: Returns the path of a file in a job's folder.

    Returns:
        None if a job's pictures are unknown, or a file can't be read.
    """
    ones, others = left.request.get("images"), right.request.get("images")
    if not ones or not others:
        return None
    try:
        return len(ones) == len(others) and all(
            one == other
            if is_url(one) or is_url(other)
            else _look_alike(file(left, one), file(right, other))
            for one, other in zip(ones, others, strict=True)
        )
    except OSError:
        return None


def _look_alike(one: Path, other: Path) -> bool:
    with Image.open(one) as left, Image.open(other) as right:
        if left.size != right.size:
            return False
        apart = ImageChops.difference(left.reduce(_BLOCK), right.reduce(_BLOCK))
    return max(most for _, most in ImageStat.Stat(apart).extrema) <= _ENCODING


def _lines(job: Job, say: Say) -> list[tuple[str, str]]:
    """List everything that can differ, with titles."""
    unknown = say("unknown")
    lines = [
        (settings.title(field, say), words) for field, words in settings.in_words(job, say).items()
    ]
    price = VideoRequest.unchecked(**job.request).known_price
    took = unknown if job.took is None else say(format_seconds(job.took))
    return [
        *lines,
        (say("Estimate"), unknown if price is None else pricing.format_price(price)),
        (say("Done in"), took),
    ]
