"""A zip of takes that was dropped on the page: one fills the form, the others are offered.

The zip stays a single file in the upload folder, and every click reads it again, in a worker.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.ui import templates
from vidu_demo.ui.form import filling, uploads
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.uploads import UploadedFile
from vidu_demo.ui.i18n.words import Say, format_seconds


class Brought(NamedTuple):
    """A take in a zip, for the form.

    Attributes:
        settings: Its settings.
        pictures: Its pictures.
        urls: Its other pictures' URLs, one per line.
        offer: The zip's takes, to choose another one, as HTML; empty if it has no other.
    """

    settings: dict[str, Any]
    pictures: list[UploadedFile]
    urls: str
    offer: str


def component() -> gr.HTML:
    """Make the empty list of takes."""
    return gr.HTML(js_on_load="vidu.brought(element, trigger)", elem_id="brought", padding=False)


def bring(file: UploadedFile, number: int, opener: Opener, say: Say) -> Brought | None:
    """Read a take from a zip; None if it has none of this number.

    Args:
        file: The zip.
        number: The take, from 0.
        opener: Opens it.
        say: The visitor's language.

    Raises:
        PictureInvalid: The zip or a picture can't be used.
    """
    takes = opener.takes(file)
    if not 0 <= number < len(takes):
        return None
    take = takes[number]
    pictures = opener.taken_pictures(file, take["pictures"])
    offer = _render(file, takes, number, say) if len(takes) > 1 else ""
    return Brought(take["settings"], pictures, "\n".join(take["urls"]), offer)


def chosen(event: Any, opener: Opener, say: Say) -> Brought | None:
    """Read the take that is clicked on; None if the list is closed.

    Args:
        event: The event's data, which can be anything.
        opener: Opens the zip.
        say: The visitor's language.

    Raises:
        PictureInvalid: The zip is gone, or it or a picture can't be used.
    """
    path, number = getattr(event, "path", None), getattr(event, "take", None)
    if not path or type(number) is not int:
        return None
    return bring(uploads.check(path), number, opener, say)


def _render(file: UploadedFile, takes: Sequence[dict[str, Any]], current: int, say: Say) -> str:
    known = [filling.settings(take["settings"]) for take in takes]
    taken = [
        (
            str(settings["prompt"]),
            [
                say(format_seconds(settings["duration"])),
                settings["resolution"],
                *([f"{say('Seed')} {settings['seed']}"] if settings["seed"] is not None else []),
            ],
        )
        for settings in known
    ]
    return templates.render("brought.html", path=str(file), takes=taken, current=current, say=say)
