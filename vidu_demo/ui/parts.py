"""The parts of the page, of which a phone shows one at a time."""

import gradio as gr

from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say

PARTS = {"make": "Make", "watch": "Watch", "videos": "Videos"}
"""The name of each part. It stands in the element `#make-part`, and so on."""


def component() -> gr.HTML:
    """Make the navigation, which only phones show."""
    return gr.HTML(
        render(str), js_on_load="vidu.listenToParts(element)", elem_id="parts", padding=False
    )


def render(say: Say) -> str:
    """Render the navigation as HTML."""
    return templates.render("parts.html", parts=PARTS, say=say)
