"""Says over the page what went wrong with a call, in the page's own words and language.

Gradio shows an error only of a call that was queued, which none of this page is, and in words of
its own. A card on the stage would hide what is there, so what is not about the shown video comes
here.
"""

from typing import NamedTuple

import gradio as gr

from vidu_demo.api.errors import Charged, ViduError
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import LANGUAGES, Say, speaker

OURS = "vidu"
"""The title of an error whose text is a card that is made here. Gradio's own have others."""


class CallFault(NamedTuple):
    """What happened to a call that no handler has answered.

    Attributes:
        headline: The same in a few words.
        what: What happened.
        charge: Whether it was charged.
        next_step: What to do now.
    """

    headline: str
    what: str
    charge: str
    next_step: str


FAULTS = {
    "lost": CallFault(
        "Connection lost",
        "The app can't be reached at the moment.",
        "Videos that you have bought will still be made and saved.",
        "As soon as the app answers, this page loads again, with your pictures and prompt.",
    ),
    "failed": CallFault(
        "That didn't work",
        "Something in the app has failed.",
        Charged.NO.sentence,
        "Try again. If that fails, too, load the page again: your form is kept.",
    ),
    "unknown": CallFault(
        "Unknown: it may have been bought",
        "Something in the app has failed after your click.",
        Charged.UNKNOWN.sentence,
        "Load the page again, and look at your videos before you click once more.",
    ),
    "outdated": CallFault(
        "That didn't work",
        "The app has changed since this page was loaded, so nothing was done.",
        Charged.NO.sentence,
        "Load the page again: your form is kept.",
    ),
    "large": CallFault(
        "That didn't work",
        "This is more text than the app takes at once, so nothing was done.",
        Charged.NO.sentence,
        "Shorten it, then try again.",
    ),
    "signed-out": CallFault(
        "You are signed out",
        "The app no longer knows who you are, so nothing was done.",
        Charged.NO.sentence,
        "Load the page again, and sign in: your form is kept.",
    ),
}
"""By the kinds that the script tells apart."""


def component() -> gr.HTML:
    """Make the place of the cards.

    It holds each kind's card in every language, because the server may be what can't be reached.
    """
    spoken = {language: speaker(language) for language in LANGUAGES}
    return gr.HTML(
        templates.render("faults.html", faults=FAULTS, spoken=spoken),
        js_on_load="vidu.faults(element)",
        elem_id="faults",
        padding=False,
    )


def error(problem: ViduError, say: Say) -> gr.Error:
    """Make the error that a listener raises, for the script to show as a card."""
    said = CallFault("That didn't work", problem.what, problem.charged.sentence, problem.next_step)
    card = templates.render("fault.html", fault=said, say=say)
    return gr.Error(card, title=OURS, duration=None, print_exception=False)
