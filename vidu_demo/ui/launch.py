"""How the page is served: what Gradio leaves open by default is closed here."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.routes import App, ORJSONResponse
from gradio.utils import colab_check, is_hosted_notebook
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from vidu_demo.examples import MEDIA
from vidu_demo.server.hosts import Host
from vidu_demo.server.listening import CannotListen, find, on_loopback
from vidu_demo.server.proxies import spare_loopback
from vidu_demo.ui.guard.door import Door
from vidu_demo.ui.guard.guard import Guard
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.guard.quota import Allowance, Quota
from vidu_demo.ui.i18n.words import I18N
from vidu_demo.ui.page import Blocks
from vidu_demo.ui.sessions import SharedSession
from vidu_demo.ui.static import CSS_FILE, head
from vidu_demo.ui.theme import theme

HOUR, DAY = 3600.0, 86_400.0
COLAB = (Host(".googleusercontent.com"), Host(".colab.dev"))
"""Where Colab shows the page: through a proxy of its own."""


def page_options(videos: Path) -> dict[str, Any]:
    """Give the options that a launched page and a mounted one have in common.

    Args:
        videos: The folder of the jobs' videos, whose files the page may show.
    """
    return {
        "theme": theme(),
        "css_paths": CSS_FILE,
        "head": head(),
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "footer_links": ["api", "settings"],
        "max_file_size": LIMITS.file,
        "allowed_paths": [str(videos), str(MEDIA)],
        "i18n": I18N,
    }


def prepare(demo: gr.Blocks) -> None:
    """Bound what the page's queue holds. Both ways of serving it begin here."""
    demo.max_threads = LIMITS.at_once
    demo.queue(max_size=LIMITS.waiting)  # only `/generate` waits in it


def quota() -> Quota:
    """Open the accounts of what is uploaded."""
    return Quota(
        Allowance(LIMITS.uploads_bytes, LIMITS.uploads_files, HOUR),
        Allowance(LIMITS.all_uploads_bytes, LIMITS.all_uploads_files, DAY),
        time.monotonic,
    )


def known_hosts(allowed: Sequence[Host]) -> tuple[Host, ...]:
    """Add the names under which the place that the app runs in is known to show it."""
    space = Host.read(os.environ.get("SPACE_HOST", ""))
    return (*allowed, *([space] if space else []), *(COLAB if colab_check() else []))


class GuardedApp(App):
    """Gradio's app behind the guard, which stands before all of Gradio's own middleware."""

    def __init__(self, door: Door, routes: Sequence[BaseRoute]) -> None:
        # The routes come before Gradio's, of which one takes every name that is left.
        super().__init__(default_response_class=ORJSONResponse, routes=[*routes])
        self.state_holder = SharedSession()
        self._door = door

    def build_middleware_stack(self) -> ASGIApp:
        """Put the guard in front; called once, with the first request."""
        return Guard(super().build_middleware_stack(), self.get_blocks, self._door, quota())


def launch(
    demo: Blocks, *, videos: Path, allowed_hosts: Sequence[Host] = (), **options: Any
) -> tuple[Any, str, str]:
    """Serve the page. Gradio's own environment variables keep working.

    Args:
        demo: The page.
        videos: The folder of the jobs' videos, whose files the page may show.
        allowed_hosts: Names that it answers to beside its own, and whose pages may use it.
        options: Further arguments of `gr.Blocks.launch`; they win over the ones here.

    Raises:
        CannotListen: The address or the port can't be had.
        ProxyUnusable: The environment's proxies can't be used.
    """
    name, port = find(options.pop("server_name", None), options.pop("server_port", None))
    spare_loopback(os.environ, name)
    door = Door(
        # In a hosted notebook the browser is elsewhere, and so is what a name could lead it to.
        loopback=on_loopback(name) and not (colab_check() or is_hosted_notebook()),
        name=name.strip("[]").lower(),
        allowed=known_hosts(allowed_hosts),
        share_url=lambda: demo.share_url,
    )
    prepare(demo)
    served = {
        **page_options(videos),
        "share": False,
        "max_threads": LIMITS.at_once,
        "server_name": name,
        "server_port": port,
        "_app": GuardedApp(door, demo.routes),
        **options,
    }
    try:
        return demo.launch(**served)
    except (OSError, ValueError) as error:
        raise CannotListen(f"The app can't be served: {error}") from None
