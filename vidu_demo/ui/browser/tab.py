"""What a browser tab knows: it sends all of it with every event, and the server keeps nothing."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.ui.browser.visitor import Visitors
from vidu_demo.ui.i18n.words import Say, speaker


class Tab(NamedTuple):
    """What a browser tab sends along with every event.

    Attributes:
        owner: The visitor's digest.
        language: What the browser asks for, as in `Accept-Language`.
        shown: The id of the job that is open, or empty.
        seen: What the tab has last drawn of the open job: its id and state.
        fault: The error card that stands there instead of a job, or empty.
        held: The form that was held back, since the same request may be running; or None.
        search: What the visitor searches their videos for.
        slips: The browser's list of task ids.
        request: The request that brought it.
    """

    owner: str
    language: str
    shown: str
    seen: str
    fault: str
    held: Any
    search: str
    slips: Any
    request: gr.Request

    @classmethod
    def read(cls, values: Sequence[Any], visitors: Visitors, request: gr.Request) -> "Tab":
        """Read what a browser sends, which may be anything.

        A text is a text, or empty: Gradio would serve the file that an object of a certain shape
        names, if it were sent back.

        Args:
            values: As many as `TAB`; the first is what the browser keeps of the visitor.
            visitors: Knows them by that.
            request: The request that brought it.

        Raises:
            Unrecognised: They have no token of this app's.
        """
        state, language, shown, seen, fault, held, search, slips = values
        return cls(
            owner=visitors.owner(state),
            language=_text(language),
            shown=_text(shown),
            seen=_text(seen),
            fault=_text(fault),
            held=held,
            search=_text(search),
            slips=slips,
            request=request,
        )

    @property
    def say(self) -> Say:
        """The visitor's language."""
        return speaker(self.language)


TAB = 8
"""How many inputs make a tab."""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
