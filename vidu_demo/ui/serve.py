"""Runs the app in this process, one at a time."""

import atexit
from contextlib import ExitStack
from typing import Any

from vidu_demo.studio import Studio
from vidu_demo.ui.guard.front import gate
from vidu_demo.ui.launch import exposed, launch, spending
from vidu_demo.ui.page import Blocks

_running = ExitStack()
"""Closes an earlier run in the same process, since a notebook cell can be run again."""
atexit.register(_running.close)


def close_earlier() -> None:
    """End an earlier run in this process, to free the data folder and the port."""
    _running.close()


def serve(demo: Blocks, studio: Studio, *, share: bool, host: str | None, **options: Any) -> None:
    """Serve the page.

    Returns when the server has stopped and the studio is closed. In a notebook or an interactive
    shell it returns at once, and both keep running until the next run or the end of the process.

    Args:
        demo: The page.
        studio: The studio behind it.
        share: True to serve it under a public link as well.
        host: Where to listen; None for Gradio's default.
        options: Further options for `launch`.

    Raises:
        SignInUnavailable: Visitors can't sign in with Hugging Face here.
        ViduError: As for `launch`.
    """
    settings = studio.settings
    strangers = exposed(settings, host, share=share)
    with ExitStack() as parts:
        parts.callback(studio.close)
        if strangers:
            studio.use_public_defaults()
        if not studio.simulated:
            print(spending(settings, strangers=strangers))
        launch(
            demo,
            videos=studio.videos,
            allowed_hosts=settings.hosts,
            proxies=settings.proxies,
            ancestors=settings.ancestors,
            gate=gate(studio),
            share=share,
            server_name=host,
            **options,
        )
        parts.callback(demo.close, verbose=False)
        if not demo.server.should_exit:
            _running.push(parts.pop_all())
