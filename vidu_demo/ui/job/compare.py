"""Two takes side by side: one play button and one slider for both, and what differs in a table."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from PIL import Image, ImageChops, ImageStat

from vidu_demo.api import pricing
from vidu_demo.api.images import is_url
from vidu_demo.api.request import FIELDS, schema
from vidu_demo.jobs.job import Job
from vidu_demo.ui.i18n.words import Say, named, seconds_spoken

_BLOCK, _ENCODING = 8, 8
"""Pixels to the side of what is compared as one, and the levels of 255 that encoding may change."""


class Difference(NamedTuple):
    """What is not the same in two jobs, in words.

    Attributes:
        title: Of a setting, or of what came of it.
        left: How it is with the one.
        right: How it is with the other.
    """

    title: str
    left: str
    right: str


def component() -> gr.HTML:
    """Make the place, empty. Its clear event asks to close what is shown in it."""
    return gr.HTML(
        js_on_load="vidu.compare(element, trigger, watch)", elem_id="compare", padding=False
    )


def render(
    left: Job,
    right: Job,
    source: Callable[[Job], str],
    pictures: bool | None = None,
    say: Say = str,
) -> str:
    """Show two finished jobs side by side, as HTML.

    Args:
        left: The one.
        right: The other.
        source: Gives the address of a job's video.
        pictures: Whether both were made of the same ones, as `same_pictures` tells.
        say: The visitor's language.
    """
    videos = (
        _video("left", say("Left video"), source(left)),
        _video("right", say("Right video"), source(right)),
    )
    unplayable = say("One of these can’t be played here. Download it to watch it.")
    return (
        f'<section class="compare"><div class="headline"><h2>{say("Side by side")}</h2>'
        f'<button type="button" class="close">{say("Close")}</button></div>'
        f'<div class="pair">{"".join(videos)}</div>'
        f'<p class="unplayable" hidden>{unplayable}</p>'
        f'<div class="player"><button type="button" class="play" data-play="{say("Play")}" '
        f'data-pause="{say("Pause")}">{say("Play")}</button>'
        '<input type="range" class="time" min="0" max="0" step="0.04" value="0" '
        f'aria-label="{say("Seconds")}"><span class="clock" data-seconds="{say("{seconds} s")}">'
        "</span></div>"
        f"{_sound(left, right, say)}{_table(differences(left, right, pictures, say), say)}"
        "</section>"
    )


def differences(left: Job, right: Job, pictures: bool | None, say: Say = str) -> list[Difference]:
    """List what differs: settings, price and how long it took. What neither knows does not.

    Args:
        left: The one.
        right: The other.
        pictures: As for `render`.
        say: The visitor's language.
    """
    found = []
    if not pictures:
        words = say("not known" if pictures is None else "not the same")
        found.append(Difference(say(schema("images")["title"]), words, words))
    for (title, one), (_, other) in zip(_lines(left, say), _lines(right, say), strict=True):
        if one != other:
            found.append(Difference(title, one, other))
    return found


def same_pictures(left: Job, right: Job, file: Callable[[Job, str], Path]) -> bool | None:
    """Tell whether two jobs were made of the same pictures.

    Their names say nothing, and bytes say too little: a kept picture that is used again is
    encoded again.

    Args:
        left: The one.
        right: The other.
        file: Gives the path of a file in a job's folder.

    Returns:
        None if a job does not know its pictures, or a file of theirs can't be read.
    """
    ones, others = left.request.get("images"), right.request.get("images")
    if not ones or not others:
        return None
    try:
        return len(ones) == len(others) and all(
            one == other
            if is_url(one) or is_url(other)
            else _alike(file(left, one), file(right, other))
            for one, other in zip(ones, others, strict=True)
        )
    except OSError:
        return None


def _alike(one: Path, other: Path) -> bool:
    with Image.open(one) as left, Image.open(other) as right:
        if left.size != right.size:
            return False
        apart = ImageChops.difference(left.reduce(_BLOCK), right.reduce(_BLOCK))
    return max(most for _, most in ImageStat.Stat(apart).extrema) <= _ENCODING


def _lines(job: Job, say: Say) -> list[tuple[str, str]]:
    """Say all that may differ, each under its title."""
    unknown = say("not known")
    settings = [
        (say(schema(field)["title"]), _setting(field, job.request.get(field), say))
        for field in FIELDS
        if field != "images"
    ]
    price = pricing.known(job.request)
    took = unknown if job.took is None else seconds_spoken(job.took, say)
    return [
        *settings,
        (say("Estimate"), unknown if price is None else pricing.spoken(price)),
        (say("Done in"), took),
    ]


def _setting(field: str, value: object, say: Say) -> str:
    match value:
        case None:
            return say("not known")
        case bool():
            return say("on" if value else "off")
        case "":
            return say("chosen by the model")
        case int() if field == "duration":
            return seconds_spoken(value, say)
        case str() if "enum" in schema(field):
            return say(named(value)).strip()
        case _:
            return str(value)


def _video(side: str, label: str, source: str) -> str:
    return (
        f'<video data-side="{side}" src="{escape(source)}" aria-label="{label}" '
        "muted playsinline preload=auto></video>"
    )


def _sound(left: Job, right: Job, say: Say) -> str:
    """Offer to hear one of the two, if there is anything to hear."""
    jobs = {"left": left, "right": right}
    heard = [side for side, job in jobs.items() if (job.facts or {}).get("audio")]
    if not heard:
        return ""
    choices = "".join(
        f'<label><input type="radio" name="compare-sound" value="{side}"'
        f"{' checked' * (side == heard[0])}>{say(side)}</label>"
        for side in [*heard, "off"]
    )
    return f'<fieldset class="heard"><legend>{say("Sound")}</legend>{choices}</fieldset>'


def _table(found: list[Difference], say: Say) -> str:
    if not found:
        return f"<p>{say('Both were made of the same pictures with the same settings.')}</p>"
    head = "".join(f'<th scope="col">{say(name)}</th>' for name in ("Setting", "Left", "Right"))
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, found))}</tbody></table>"
    )


def _row(found: Difference) -> str:
    title, left, right = map(escape, found)
    cells = f"<td>{left}</td><td>{right}</td>" if left != right else f'<td colspan="2">{left}</td>'
    return f'<tr><th scope="row">{title}</th>{cells}</tr>'
