"""Serves the page, closing what Gradio leaves open by default."""

import os
from collections.abc import Sequence
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.routes import App, ORJSONResponse
from gradio.utils import colab_check, is_hosted_notebook
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from vidu_demo.api.errors import ViduError
from vidu_demo.api.pricing import format_price
from vidu_demo.examples import MEDIA
from vidu_demo.server.hosts import Host
from vidu_demo.server.listening import LOOPBACK, CannotListen, find, on_loopback
from vidu_demo.server.proxies import spare_loopback
from vidu_demo.settings import Settings
from vidu_demo.ui.endpoints import TOOLS
from vidu_demo.ui.guard import unfetched
from vidu_demo.ui.guard.door import Door
from vidu_demo.ui.guard.front import Front, known_hosts
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.guard.sessions import SharedSession
from vidu_demo.ui.i18n.words import I18N
from vidu_demo.ui.page import Blocks
from vidu_demo.ui.sign_in.gate import Gate
from vidu_demo.ui.static import STYLES, head
from vidu_demo.ui.theme import theme


class ToolsUnavailable(ViduError):
    """The MCP tools can't be offered.

    Args:
        signed_in: True if visitors must sign in; otherwise packages are missing.
    """

    what = "The packages for MCP are missing."
    next_step = 'Run `pip install "gradio[mcp]"`, or leave out --mcp.'

    def __init__(self, *, signed_in: bool) -> None:
        if signed_in:
            super().__init__(
                "MCP tools can't sign in.", next_step="Leave out --mcp, or unset the sign-in."
            )
        else:
            super().__init__()


def page_options(videos: Path) -> dict[str, Any]:
    """Give the options shared by a launched and a mounted page.

    Args:
        videos: The folder of the jobs' videos, which the page can show.
    """
    return {
        "theme": theme(),
        "css_paths": STYLES,
        "head": head(),
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "footer_links": [],
        "max_file_size": LIMITS.file,
        "allowed_paths": [str(videos), str(MEDIA)],
        "i18n": I18N,
    }


def prepare(demo: gr.Blocks) -> None:
    """Limit the page's queue. Launching and mounting both start here."""
    demo.max_threads = LIMITS.at_once
    demo.queue(max_size=LIMITS.waiting)  # only the endpoints use it
    unfetched.bound(demo)


class GuardedApp(App):
    """Gradio's app, with our middleware before all of Gradio's own."""

    def __init__(self, front: Front, routes: Sequence[BaseRoute]) -> None:
        # These come first, because one of Gradio's routes matches everything.
        super().__init__(default_response_class=ORJSONResponse, routes=[*routes])
        self.state_holder = SharedSession()
        self.front = front

    def build_middleware_stack(self) -> ASGIApp:
        """Add our middleware, and drop all MCP tools but `TOOLS`; called at the first request."""
        if server := self.get_blocks().mcp_server_obj:
            tools = server.tool_to_endpoint.items()
            server.tool_to_endpoint = {name: at for name, at in tools if at in TOOLS}
        return self.front.wrap(super().build_middleware_stack(), self.get_blocks)


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
    who = "Visitors who sign in" if settings.password or settings.sign_in else "Strangers"
    return (
        f"{who} can spend up to {day} a day with your key: {visitor} each, {click} per click, "
        f"{limits.max_jobs} videos at once."
    )


def launch(
    demo: Blocks,
    *,
    videos: Path,
    allowed_hosts: Sequence[Host] = (),
    proxies: Sequence[str] = (),
    ancestors: Sequence[str] = (),
    gate: Gate | None = None,
    tools: bool = False,
    **options: Any,
) -> tuple[Any, str, str]:
    """Serve the page. Gradio's own environment variables keep working.

    Args:
        demo: The page.
        videos: The folder of the jobs' videos, which the page can show.
        allowed_hosts: Extra names that the app answers to, and whose pages can use it.
        proxies: Addresses or networks of proxies that tell a visitor's address.
        ancestors: Further sites that can show the page in a frame.
        gate: Asks for a sign-in; None if visitors need none.
        tools: True to offer `/submit`, `/task` and `/estimate` as MCP tools.
        options: Further arguments for `gr.Blocks.launch`; they override the ones here.

    Raises:
        CannotListen: The address or port is not available.
        ProxyUnusable: The environment's proxies can't be used.
        ToolsUnavailable: The tools can't be offered.
    """
    if tools and (gate or not find_spec("mcp")):
        raise ToolsUnavailable(signed_in=gate is not None)
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
        "mcp_server": tools,
        "_app": GuardedApp(Front(door, proxies, ancestors, gate), demo.routes),
        **options,
    }
    try:
        return demo.launch(**served)
    except (OSError, ValueError) as error:
        raise CannotListen(f"The app can't be served: {error}") from None
