"""The examples: a strip that fills the form, and a finished one while there is no video yet."""

from html import escape

import gradio as gr

from vidu_demo.examples import EXAMPLES, FINISHED, Example
from vidu_demo.ui import file_url
from vidu_demo.ui.i18n.words import Say, seconds_spoken
from vidu_demo.ui.job.status import card


def component() -> gr.HTML:
    """Make the strip. Its click event carries the example's name as `example`."""
    return gr.HTML(
        strip(str),
        js_on_load="vidu.buttons(element, trigger, 'example')",
        elem_id="examples",
        padding=False,
    )


def strip(say: Say) -> str:
    """Show the examples' pictures, each a button."""
    buttons = "".join(
        f'<li><button type="button" data-example="{escape(example.name)}" '
        f'title="{escape(say(example.name))}">'
        f'<img src="{file_url(example.thumbnail)}" alt="{escape(say(example.name))}"></button></li>'
        for example in EXAMPLES
    )
    return (
        f'<div class="examples"><span>{say("Or try one of these")}</span><ul>{buttons}</ul></div>'
    )


def find(name: str) -> Example:
    """Find an example by its name.

    Raises:
        KeyError: There is none.
    """
    return {example.name: example for example in EXAMPLES}[name]


def finished(say: Say) -> str:
    """Show what a finished video looks like here, and that no model has made this one."""
    example = FINISHED.example
    settings = example.settings
    sound = say("with sound") if settings.get("audio") else say("silent")
    seconds = seconds_spoken(settings["duration"], say)
    body = [
        f"<p>{say('Made by the simulator on a machine like this: no model was used.')}</p>",
        f'<div class="finished"><img src="{file_url(example.thumbnail)}" alt="">'
        f"<p>{escape(settings['prompt'])}</p></div>",
        f"<p>{seconds} · {settings['resolution']} · {sound}</p>",
        f"<p>{say('Your own videos appear here.')}</p>",
    ]
    return card("example", say("An example"), body)
