"""Help with the prompt: sentences to add with a click, and how long it has become."""

from html import escape

import gradio as gr

from vidu_demo.api.request import LONG_PROMPT, schema
from vidu_demo.ui.form.ideas import CHIPS, has, toggle, unheard
from vidu_demo.ui.i18n.words import Say


def component() -> gr.HTML:
    """Make the chips. Their click event carries the phrase as `phrase`."""
    return gr.HTML(
        render("", audio=False),
        js_on_load="vidu.buttons(element, trigger, 'phrase')",
        elem_id="wording",
        padding=False,
    )


def press(event: gr.EventData, prompt: str | None) -> str:
    """Add the phrase of the clicked chip to the prompt, or take it out again."""
    phrase, known = getattr(event, "phrase", ""), [p for group in CHIPS.values() for p in group]
    return toggle(prompt or "", phrase) if phrase in known else prompt or ""


def render(prompt: str | None, *, audio: bool, say: Say = str) -> str:
    """Show the chips, pressed where their phrase stands in the prompt, as HTML."""
    groups = [
        f'<div class="chips" role="group" aria-label="{say(name)}"><h3>{say(name)}</h3>'
        + "".join(_chip(phrase, pressed=has(prompt or "", phrase)) for phrase in phrases)
        + "</div>"
        for name, phrases in CHIPS.items()
    ]
    if unheard(prompt or "", audio=audio):
        said = say("Sound is off, so words about sound have no effect.")
        groups.append(f'<p class="unheard">{said}</p>')
    return "".join(groups)


def counter(prompt: str | None, say: Say = str) -> str:
    """Count the prompt's characters, against the limit that is next, as HTML."""
    length, most = len(prompt or ""), schema("prompt")["maxLength"]
    limit = LONG_PROMPT if length <= LONG_PROMPT else most
    long = " long" if length > LONG_PROMPT else ""
    said = say("{length} of {limit} characters").format(length=length, limit=limit)
    return f'<p class="counter{long}">{said}</p>'


def _chip(phrase: str, *, pressed: bool) -> str:
    words = escape(phrase)
    marks = f'data-phrase="{words}" aria-pressed="{str(pressed).lower()}"'
    return f'<button type="button" {marks}>{words}</button>'
