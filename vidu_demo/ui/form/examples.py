"""The examples: a strip that fills the form, and a finished video to show until there is one."""

import gradio as gr

from vidu_demo.examples import EXAMPLES, FINISHED, Example
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, format_seconds


def component() -> gr.HTML:
    """Make the strip. Its click event carries the example's name as `example`."""
    return gr.HTML(
        strip(str),
        js_on_load="vidu.buttons(element, trigger, 'example')",
        elem_id="examples",
        padding=False,
    )


def strip(say: Say) -> str:
    """Show the examples' pictures as buttons."""
    return templates.render("examples.html", examples=EXAMPLES, say=say)


def find(name: str) -> Example:
    """Find an example by name.

    Raises:
        KeyError: There is no such example.
    """
    return {example.name: example for example in EXAMPLES}[name]


def finished(say: Say) -> str:
    """Describe the finished example, and say that no model made it."""
    settings = FINISHED.example.settings
    return templates.render(
        "example.html",
        kind="example",
        headline=say("An example"),
        seconds=say(format_seconds(settings["duration"])),
        resolution=settings["resolution"],
        audio=settings.get("audio"),
        say=say,
    )
