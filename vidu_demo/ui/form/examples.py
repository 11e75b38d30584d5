"""The examples: finding one by its name, and describing the video that was made of it."""

from vidu_demo.examples import EXAMPLES, VIDEO_RESOLUTION, Example
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, format_seconds


def find(name: str) -> Example | None:
    """Find an example by name."""
    return next((example for example in EXAMPLES if example.name == name), None)


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
