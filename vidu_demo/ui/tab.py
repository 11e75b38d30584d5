"""What a browser tab knows: it sends all of it with every event, and the server keeps nothing."""

from typing import Any, NamedTuple

from vidu_demo.ui import visitor
from vidu_demo.ui.words import Say, speaker


class Tab(NamedTuple):
    """What a browser tab sends along with every event.

    Attributes:
        visitor: What the browser keeps of the visitor.
        language: What the browser asks for, as in `Accept-Language`.
        shown: The id of the job that is open, or empty.
        seen: What the tab has last drawn of the open job: its id and state.
        fault: The error card that stands there instead of a job, or empty.
        held: The form that was held back, since the very same request may be running; or None.
        search: What the visitor searches their videos for.
        slips: The browser's list of task ids.
    """

    visitor: Any
    language: str
    shown: str
    seen: str
    fault: str
    held: Any
    search: str
    slips: Any

    @property
    def owner(self) -> str:
        """The visitor's digest.

        Raises:
            Unrecognised: The page has no token.
        """
        return visitor.owner(self.visitor)

    @property
    def say(self) -> Say:
        """The visitor's language."""
        return speaker(self.language or "")


TAB = len(Tab._fields)
