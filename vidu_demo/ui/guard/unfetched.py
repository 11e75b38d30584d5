"""Bounds what Gradio keeps until a client fetches it, since anyone can ask and never fetch.

Without this, the messages about queued events and the progress of uploads would add up for as long
as the process runs.
"""

import asyncio
from collections import defaultdict
from typing import Any

import gradio as gr
from gradio import routes
from gradio.route_utils import FileUploadProgress
from gradio.utils import LRUCache

from vidu_demo.ui.guard.limits import LIMITS

SESSIONS = 2 * (LIMITS.waiting + LIMITS.at_once)
"""Sessions with events. Each waiting or running event may have its own session."""
EVENTS = MESSAGES = 1_000
"""Events and messages that a session has not fetched. Every waiting event may get one at once."""
ALL_MESSAGES = 10_000
"""Messages that all sessions together have not fetched."""
UPLOADS = 200
"""Uploads whose progress is kept. Beyond that, an upload goes on but its bar stands still."""


def bound(demo: gr.Blocks) -> None:
    """Bound what a page's queue keeps, once it has one, and what Gradio keeps about uploads."""
    demo._queue.pending_messages_per_session = _Sessions(SESSIONS)
    demo._queue.pending_event_ids_session = _Pending(SESSIONS)
    routes.file_upload_statuses = UploadProgress()


class UploadProgress(FileUploadProgress):
    """Gradio's record of uploads under way, for the latest `UPLOADS` only."""

    def __init__(self) -> None:
        super().__init__()
        self._statuses = LRUCache(UPLOADS)
        self._signals = _Signals(asyncio.Event)

    def __len__(self) -> int:
        return max(len(self._statuses), len(self._signals))


class _Signals(defaultdict[str, asyncio.Event]):
    def __missing__(self, upload: str) -> asyncio.Event:
        while len(self) >= UPLOADS:
            del self[next(iter(self))]
        return super().__missing__(upload)


class _Messages(asyncio.Queue[Any]):
    """Messages to a session. The oldest make room."""

    def put_nowait(self, message: Any) -> None:
        if self.full():
            self.get_nowait()
        super().put_nowait(message)


class _Sessions(LRUCache[str, asyncio.Queue[Any]]):
    """The messages by session. If there are too many, the session with the most loses them."""

    def __setitem__(self, session: str, _unbounded: asyncio.Queue[Any]) -> None:
        super().__setitem__(session, _Messages(MESSAGES))
        if sum(messages.qsize() for messages in self.values()) > ALL_MESSAGES:
            most = max(self.values(), key=asyncio.Queue.qsize)
            while not most.empty():
                most.get_nowait()


class _Pending(LRUCache[str, set[str]]):
    """The ids of a session's events that wait, run, or have a message to be fetched."""

    def __setitem__(self, session: str, events: set[str]) -> None:
        super().__setitem__(session, _Events(events))


class _Events(set[str]):
    def add(self, event: str) -> None:
        if len(self) >= EVENTS:
            self.pop()
        super().add(event)
