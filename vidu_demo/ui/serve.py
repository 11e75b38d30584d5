"""The app of this process, from its launch to its end. There is one at a time."""

import atexit
from contextlib import ExitStack
from typing import Any

from vidu_demo.studio import Studio
from vidu_demo.ui.launch import launch
from vidu_demo.ui.page import Blocks

_running = ExitStack()
"""Closes what an earlier run in the same process has left: a notebook's cell may be run again."""
atexit.register(_running.close)


def close_earlier() -> None:
    """End an earlier run in this process, which holds the data folder and the port."""
    _running.close()


def serve(demo: Blocks, studio: Studio, **options: Any) -> None:
    """Serve the page over its studio.

    Comes back when the server has ended and the studio is closed. But in a notebook and in an
    interactive shell it comes back at once, and both go on until the next run or the end.

    Args:
        demo: The page.
        studio: What is behind it.
        options: As `launch` takes them.
    """
    with ExitStack() as parts:
        parts.callback(studio.close)
        launch(demo, videos=studio.videos, **options)
        parts.callback(demo.close, verbose=False)
        if not demo.server.should_exit:
            _running.push(parts.pop_all())
