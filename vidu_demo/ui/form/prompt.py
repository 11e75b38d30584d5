"""Help with the prompt: phrases to add with a click, and a character count."""

import gradio as gr

from vidu_demo.api.request import VideoRequest
from vidu_demo.ui import templates
from vidu_demo.ui.form.phrases import CHIPS, has, toggle
from vidu_demo.ui.i18n.words import Say, spellings

_SPELLINGS = {
    spelling: spellings(phrase)
    for group in CHIPS.values()
    for phrase in group
    for spelling in spellings(phrase)
}
"""Each phrase in every language, by each of them: a prompt can be in either."""


def component() -> gr.HTML:
    """Make the chips. Their click event carries the `phrase`."""
    return gr.HTML(
        render("", audio=False),
        js_on_load="vidu.buttons(element, trigger, 'phrase')",
        elem_id="chips",
        padding=False,
    )


def press(event: gr.EventData, prompt: str | None) -> str:
    """Add the clicked chip's phrase to the prompt, or remove it, in whatever language it is."""
    phrase, text = str(getattr(event, "phrase", "")), prompt or ""
    if phrase not in _SPELLINGS:
        return text
    there = (spelling for spelling in _SPELLINGS[phrase] if has(text, spelling))
    return toggle(text, next(there, phrase))


def render(prompt: str | None, *, audio: bool, say: Say = str) -> str:
    """Show the chips, pressed if their phrase is in the prompt, as HTML."""
    text = prompt or ""
    return templates.render(
        "chips.html",
        groups=CHIPS,
        pressed=[phrase for group in CHIPS.values() for phrase in group if _there(text, phrase)],
        unheard=not audio and any(_there(text, phrase) for phrase in CHIPS["Sound"]),
        say=say,
    )


def _there(prompt: str, phrase: str) -> bool:
    return any(has(prompt, spelling) for spelling in _SPELLINGS[phrase])


def counter(prompt: str | None, say: Say = str) -> str:
    """Show the prompt's length against the next limit, as HTML."""
    length = len(prompt or "")
    long = length > VideoRequest.LONG_PROMPT
    limit = VideoRequest.describe("prompt")["maxLength"] if long else VideoRequest.LONG_PROMPT
    return templates.render("counter.html", length=length, limit=limit, long=long, say=say)
