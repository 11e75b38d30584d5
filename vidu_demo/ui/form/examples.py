"""The examples: finding one by its name, and a finished video to show until there is one."""

from vidu_demo.examples import EXAMPLES, FINISHED, Example
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, format_seconds


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
