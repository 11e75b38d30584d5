"""What a browser tab knows: it sends all of it with every event, and the server keeps nothing."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.ui.browser.visitor import Visitors
from vidu_demo.ui.i18n.words import Say, words_for

INPUTS = ("visitor", "shown", "seen", "fault", "held", "search", "receipts")
"""The names of the inputs that make a tab."""


class Tab(NamedTuple):
    """What a browser tab sends along with every event.

    Attributes:
        owner: The visitor's digest.
        shown: The id of the job that is open, or empty.
        seen: What the tab has last drawn of the open job: its id and state.
        fault: The error card that stands there instead of a job, or empty.
        held: The form that was held back, since the same request may be running; or None.
        search: What the visitor searches their videos for.
        receipts: The browser's list of task ids.
        request: The request that brought it.
    """

    owner: str
    shown: str
    seen: str
    fault: str
    held: Any
    search: str
    receipts: Any
    request: gr.Request

    @classmethod
    def read(cls, values: Mapping[str, Any], visitors: Visitors, request: gr.Request) -> "Tab":
        """Read what a browser sends, which may be anything.

        A text is a text, or empty: Gradio would serve the file that an object of a certain shape
        names, if it were sent back.

        Args:
            values: A value for each of `INPUTS`, and perhaps others.
            visitors: Knows them by that.
            request: The request that brought it.

        Raises:
            Unrecognised: They have no token of this app's.
        """
        return cls(
            owner=visitors.owner(values["visitor"]),
            shown=_text(values["shown"]),
            seen=_text(values["seen"]),
            fault=_text(values["fault"]),
            held=values["held"],
            search=_text(values["search"]),
            receipts=values["receipts"],
            request=request,
        )

    @property
    def say(self) -> Say:
        """The visitor's language."""
        return words_for(self.request)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
