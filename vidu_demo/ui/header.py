"""The top of the page: its name, what it does, who pays, who has signed in, its language."""

from typing import Any

import gradio as gr

from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import SignedIn
from vidu_demo.ui.i18n.words import LANGUAGES, Say, marked, other_language
from vidu_demo.ui.payer import WhoseKey


def component(payer: WhoseKey) -> gr.HTML:
    """Make the header, as long as nobody has arrived whose language is known."""
    return gr.HTML(
        _render(payer, marked),
        js_on_load="vidu.language(element)",
        padding=False,
        elem_classes="header-place",
    )


def render(payer: WhoseKey, say: Say, who: SignedIn | None = None) -> str:
    """Render the header as HTML."""
    other = other_language(say)
    return _render(payer, say, who=who, other=other, other_name=LANGUAGES[other])


def _render(payer: WhoseKey, say: Say, **values: Any) -> str:
    kind = "simulated" if payer is WhoseKey.NOBODY else "paid"
    return templates.render(
        "header.html", **{"who": None, "other": "", **values}, kind=kind, payer=payer.line, say=say
    )
