"""The examples: finding one by its name, and describing the video that was made of it."""

from typing import Any

from vidu_demo.examples import EXAMPLES, VIDEO_RESOLUTION, Example
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, format_seconds, spellings


def find(name: str) -> Example | None:
    """Find an example by name."""
    return next((example for example in EXAMPLES if example.name == name), None)


def is_prompt(text: Any) -> bool:
    """Tell whether a text is the prompt of an example, as it is, in any language."""
    return any(text in spellings(example.settings["prompt"]) for example in EXAMPLES)


def describe(example: Example, say: Say) -> str:
    """Describe an example's video, and say that no model made it."""
    settings = example.settings
    return templates.render(
        "example.html",
        kind="example",
        headline=say("An example"),
        seconds=say(format_seconds(settings["duration"])),
        resolution=VIDEO_RESOLUTION,
        audio=settings.get("audio"),
        say=say,
    )
