"""Serves the page, closing what Gradio leaves open by default."""

import os
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio.routes import App, ORJSONResponse
from gradio.utils import colab_check, get_space, is_hosted_notebook
from starlette.routing import BaseRoute
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from vidu_demo.api.pricing import format_price
from vidu_demo.examples import MEDIA
from vidu_demo.server.hosts import Host
from vidu_demo.server.listening import LOOPBACK, CannotListen, find, on_loopback
from vidu_demo.server.proxies import spare_loopback
from vidu_demo.settings import Settings
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
"""Hosts of the proxy through which Colab shows the page."""
SPACE_PROXIES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Where a Space's proxy is assumed to be."""


def page_options(videos: Path) -> dict[str, Any]:
    """Give the options shared by a launched and a mounted page.

    Args:
        videos: The folder of the jobs' videos, which the page can show.
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
    """Limit the page's queue. Launching and mounting both start here."""
    demo.max_threads = LIMITS.at_once
    demo.queue(max_size=LIMITS.waiting)  # only `/generate` waits in it


def quota() -> Quota:
    """Make the upload quota."""
    return Quota(
        Allowance(LIMITS.uploads_bytes, LIMITS.uploads_files, HOUR),
        Allowance(LIMITS.all_uploads_bytes, LIMITS.all_uploads_files, DAY),
        time.monotonic,
    )


def known_hosts(allowed: Sequence[Host]) -> tuple[Host, ...]:
    """Add the names that a Space or Colab serves the page under."""
    space = Host.read(os.environ.get("SPACE_HOST", ""))
    return (*allowed, *([space] if space else []), *(COLAB if colab_check() else []))


class GuardedApp(App):
    """Gradio's app behind the guard, which comes before all of Gradio's own middleware."""

    def __init__(self, door: Door, routes: Sequence[BaseRoute], proxies: Sequence[str]) -> None:
        # These come first, because one of Gradio's routes matches everything.
        super().__init__(default_response_class=ORJSONResponse, routes=[*routes])
        self.state_holder = SharedSession()
        self._door, self._proxies = door, proxies

    def build_middleware_stack(self) -> ASGIApp:
        """Put the guard in front; called once, at the first request."""
        guard = Guard(super().build_middleware_stack(), self.get_blocks, self._door, quota())
        return behind(guard, self._proxies)


def exposed(settings: Settings, host: str | None, *, share: bool) -> bool:
    """Tell whether strangers can reach the app.

    Args:
        settings: The app's.
        host: Where it listens, as for `launch`.
        share: True if it gets a share link.
    """
    name = host or os.environ.get("GRADIO_SERVER_NAME") or LOOPBACK
    hosted = bool(settings.proxies) or colab_check() or is_hosted_notebook()
    return share or hosted or not on_loopback(name)


def spending(settings: Settings, *, strangers: bool) -> str:
    """Say in one line for the terminal what strangers can spend."""
    if not strangers:
        return "Only this machine can reach the app, so only the limits that you set apply."
    limits = settings.limits.or_defaults()
    amounts = (limits.per_day, limits.visitor_per_day, limits.max_price)
    day, visitor, click = (format_price(amount or Decimal()) for amount in amounts)
    return (
        f"Strangers can spend up to {day} of your key per day: {visitor} each, {click} per click, "
        f"{limits.max_jobs} videos at once."
    )


def behind(app: ASGIApp, proxies: Sequence[str]) -> ASGIApp:
    """Believe what these proxies say about the visitor's address, and no others.

    On a Space, proxies at private addresses are believed. That is an assumption: what a Space sends
    is not documented. If it doesn't hold, all visitors have the address of the Space's proxy, so
    they share one visitor's limits.
    """
    trusted = [*proxies, *(SPACE_PROXIES if get_space() else ())]
    return cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), trusted)) if trusted else app


def launch(
    demo: Blocks,
    *,
    videos: Path,
    allowed_hosts: Sequence[Host] = (),
    proxies: Sequence[str] = (),
    **options: Any,
) -> tuple[Any, str, str]:
    """Serve the page. Gradio's own environment variables keep working.

    Args:
        demo: The page.
        videos: The folder of the jobs' videos, which the page can show.
        allowed_hosts: Extra names that the app answers to, and whose pages can use it.
        proxies: Addresses or networks of proxies that tell a visitor's address.
        options: Further arguments for `gr.Blocks.launch`; they override the ones here.

    Raises:
        CannotListen: The address or port is not available.
        ProxyUnusable: The environment's proxies can't be used.
    """
    name, port = find(options.pop("server_name", None), options.pop("server_port", None))
    spare_loopback(os.environ, name)
    # Otherwise uvicorn believes anyone on this machine, and so a share link's tunnel.
    os.environ["FORWARDED_ALLOW_IPS"] = ""
    door = Door(
        # In a hosted notebook the browser runs elsewhere, so DNS rebinding can't reach the app.
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
        "_app": GuardedApp(door, demo.routes, proxies),
        **options,
    }
    try:
        return demo.launch(**served)
    except (OSError, ValueError) as error:
        raise CannotListen(f"The app can't be served: {error}") from None
