"""The middleware in front of Gradio's app: it checks requests and adds headers to answers."""

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import gradio as gr
from gradio.utils import colab_check, get_space, ipython_check
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from vidu_demo.server.hosts import Host
from vidu_demo.studio import Studio
from vidu_demo.ui import shell
from vidu_demo.ui.guard.door import Door
from vidu_demo.ui.guard.guard import Guard
from vidu_demo.ui.guard.headers import SecurityHeaders
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.guard.policy import FRAMED_BY, Policy
from vidu_demo.ui.guard.quota import DAY, HOUR, Allowance, Quota
from vidu_demo.ui.guard.tools import ToolCalls
from vidu_demo.ui.guard.zipped import Zipped
from vidu_demo.ui.sign_in.gate import Gate
from vidu_demo.ui.sign_in.hugging_face import HuggingFace
from vidu_demo.ui.sign_in.password import Password

COLAB = (Host(".googleusercontent.com"), Host(".colab.dev"))
"""Hosts of the proxy through which Colab shows the page."""
COLAB_FRAMES = (
    "https://colab.research.google.com",
    "https://*.googleusercontent.com",
    "https://*.colab.dev",
)
NOTEBOOK_FRAMES = ("http://localhost:*", "http://127.0.0.1:*", "vscode-webview:")
"""Who shows the page under a notebook's cell: Jupyter, and Visual Studio Code."""
UNKNOWN = "unknown"
"""The address of all visitors whose own can't be known, so that they count as one."""
SPACE_PROXIES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Where a Space's proxy is assumed to be."""


@dataclass(frozen=True)
class Front:
    """The middleware of a launched or a mounted page.

    Attributes:
        door: Decides who is let in.
        proxies: Addresses or networks of proxies that tell a visitor's address.
        ancestors: Further sites that can show the page in a frame.
        gate: Asks for a sign-in; None if visitors need none.
    """

    door: Door
    proxies: Sequence[str] = ()
    ancestors: Sequence[str] = ()
    gate: Gate | None = None

    def wrap(self, app: ASGIApp, demo: Callable[[], gr.Blocks]) -> ASGIApp:
        """Wrap Gradio's app.

        Args:
            app: Gradio's app.
            demo: Returns the page; a hot reload changes it.
        """
        guard: ASGIApp = Guard(app, demo, self.door, quota(), self.gate)
        if self.gate:
            guard = self.gate.wrap(guard)
        framed_by, space = self._framed_by(), get_space() is not None

        def policy() -> Policy:
            page = demo()  # a share link is only known after the launch
            head = (page.head or "").encode()
            return Policy(framed_by, head, shared=bool(page.share), space=space)

        secured = SecurityHeaders(guard, policy, shell.complete)
        return trust_proxies(Zipped(ToolCalls(secured)), self.proxies)

    def _framed_by(self) -> tuple[str, ...]:
        colab = COLAB_FRAMES if colab_check() else ()
        notebook = NOTEBOOK_FRAMES if ipython_check() else ()
        return (*FRAMED_BY, *colab, *notebook, *self.ancestors)


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


def trust_proxies(app: ASGIApp, proxies: Sequence[str]) -> ASGIApp:
    """Take the visitor's address from `X-Forwarded-For` if one of these proxies sends it.

    On a Space, proxies at private addresses are believed. That is an assumption: what a Space sends
    is not documented. If it doesn't hold, all visitors have the address of the Space's proxy, so
    they share one visitor's limits.
    """
    trusted = [*proxies, *(SPACE_PROXIES if get_space() else ())]
    return cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), trusted)) if trusted else app


def doubt_server(scope: Scope) -> Scope:
    """Take away an address that the server may have read from `X-Forwarded-For`.

    Whoever mounts the page chooses the server. Uvicorn, for one, believes all of this machine.
    """
    named = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    address = (scope.get("client") or ("",))[0]
    # It can come with a port, and then an IPv6 address is in brackets.
    spelled = re.compile(rf"\s*\[?{re.escape(address)}(\](:.*)?|:[^:]*)?\s*")
    if address and any(map(spelled.fullmatch, named)):
        return {**scope, "client": (UNKNOWN, 0)}
    return scope


def gate(studio: Studio) -> Gate | None:
    """Make the gate that asks for a sign-in, if the settings do.

    Raises:
        SignInUnavailable: Visitors can't sign in with Hugging Face here.
    """
    settings, space = studio.settings, get_space() is not None
    if settings.password:
        return Gate(Password(settings.password), studio.secret, space=space)
    if settings.sign_in:
        environment = os.environ if space else {}
        sign_in = HuggingFace(environment, settings.allowed_users)
        return Gate(sign_in, studio.secret, space=space)
    return None
