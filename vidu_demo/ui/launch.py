"""How the page is served: what Gradio leaves open by default is closed here."""

from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from vidu_demo.examples import MEDIA
from vidu_demo.ui.api import AT_ONCE
from vidu_demo.ui.storage import HEAD
from vidu_demo.ui.theme import CSS_FILE, theme
from vidu_demo.ui.words import I18N

CLOSED = ("/gradio_api/deep_link", "/monitoring", "/gradio_api/monitoring")
"""Routes that would publish a session's inputs or the app's use."""


class CloseRoutes:
    """Answers 404 on routes that publish inputs, and on the one that fetches any URL."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "http" and _closed(scope["path"]):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _closed(path: str) -> bool:
    at = path.partition("/gradio_api/")[2]
    fetches = at.startswith(("file=http:", "file=https:", "proxy="))
    return fetches or any(closed in path for closed in CLOSED)


def launch(demo: gr.Blocks, *, videos: Path, **options: Any) -> tuple[Any, str, str]:
    """Serve the page. Gradio's own environment variables keep working.

    Args:
        demo: The page.
        videos: The folder of the jobs' videos, whose files the page may show.
        options: Further arguments of `gr.Blocks.launch`; they win over the ones here.
    """
    demo.queue(max_size=500)  # only `/generate` waits in it
    return demo.launch(
        **{
            "theme": theme(),
            "css_paths": CSS_FILE,
            "head": HEAD,
            "run_history": False,
            "show_error": False,
            "ssr_mode": False,
            "enable_monitoring": False,
            "footer_links": ["api", "settings"],
            "max_threads": AT_ONCE,
            "max_file_size": "50mb",
            "state_session_capacity": 500,
            "allowed_paths": [str(videos), str(MEDIA)],
            "i18n": I18N,
            "app_kwargs": {"middleware": [Middleware(CloseRoutes)]},
            **options,
        }
    )
