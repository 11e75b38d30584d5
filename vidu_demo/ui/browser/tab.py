"""The state of a browser tab, sent in full with every event; the server keeps none of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.api.variations import MAX_VIDEOS
from vidu_demo.ui.browser.visitor import Visitors, signed_in, token_of
from vidu_demo.ui.i18n.words import Say, words_for

INPUTS = (
    "visitor",
    "shown",
    "seen",
    "fault",
    "held",
    "search",
    "starred",
    "pages",
    "wall",
    "film",
    "receipts",
)
"""The names of the inputs that make a tab."""
MAX_PAGES = 10
"""Pages of the list that a tab can show, one below the other."""

MAX_ON_WALL = MAX_VIDEOS
"""Jobs that the wall shows."""


class Tab(NamedTuple):
    """What a browser tab sends with every event.

    Attributes:
        owner: The visitor's digest.
        token: Their token.
        shown: The id of the open job, or empty.
        seen: What the tab last drew of the open job: its id and state.
        fault: The error card shown instead of a job, or empty.
        held: The id of the offer to make again what is being made, or empty.
        search: The text in the search box.
        starred: True if only starred jobs are listed.
        pages: How many pages of the list are shown, from 1 to `MAX_PAGES`.
        wall: The ids of the jobs on the wall, at most `MAX_ON_WALL`.
        film: The id of the open film, or empty.
        receipts: The browser's list of task ids.
        request: The HTTP request.
    """

    owner: str
    token: str
    shown: str
    seen: str
    fault: str
    held: str
    search: str
    starred: bool
    pages: int
    wall: tuple[str, ...]
    film: str
    receipts: Any
    request: gr.Request

    @classmethod
    def read(cls, values: Mapping[str, Any], visitors: Visitors, request: gr.Request) -> "Tab":
        """Read what a browser sends, which can be anything.

        Anything but a string counts as empty: if an object of a certain shape were sent back,
        Gradio would serve the file that it names.

        Args:
            values: A value for each of `INPUTS`, and perhaps others.
            visitors: Recognises the visitor.
            request: The HTTP request.

        Raises:
            Unrecognised: The visitor has no token from this app.
        """
        return cls(
            owner=visitors.owner(values["visitor"], signed_in(request)),
            token=token_of(values["visitor"]),
            shown=_text(values["shown"]),
            seen=_text(values["seen"]),
            fault=_text(values["fault"]),
            held=_text(values["held"]),
            search=_text(values["search"]),
            starred=values["starred"] is True,
            pages=_pages(values["pages"]),
            wall=ids(_text(values["wall"]).split()),
            film=_text(values["film"]),
            receipts=values["receipts"],
            request=request,
        )

    @property
    def say(self) -> Say:
        """The visitor's language."""
        return words_for(self.request)


def ids(sent: Any) -> tuple[str, ...]:
    """Read the ids of jobs for the wall, which can be anything."""
    found = [each for each in sent if isinstance(each, str)] if isinstance(sent, list) else []
    return tuple(dict.fromkeys(found))[:MAX_ON_WALL]


def _pages(value: Any) -> int:
    known = {str(number): number for number in range(1, MAX_PAGES + 1)}
    return known.get(_text(value), 1)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
