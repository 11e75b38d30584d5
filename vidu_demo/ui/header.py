"""The top of the page: its name, what it does, who pays, who has signed in, its language."""

import gradio as gr

from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import SignedIn
from vidu_demo.ui.i18n.words import LANGUAGES, Say, other_language
from vidu_demo.ui.payer import WhoseKey


def component(payer: WhoseKey) -> gr.HTML:
    """Make the header, in English as long as nobody has arrived."""
    return gr.HTML(
        render(payer, str),
        js_on_load="vidu.language(element)",
        padding=False,
    )


def render(payer: WhoseKey, say: Say, who: SignedIn | None = None) -> str:
    """Render the header as HTML."""
    other = other_language(say)
    return templates.render(
        "header.html",
        kind="simulated" if payer is WhoseKey.NOBODY else "paid",
        payer=payer.line,
        who=who,
        other=other,
        other_name=LANGUAGES[other],
        say=say,
    )
