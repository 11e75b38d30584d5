"""The gate: without signing in, nobody reaches Gradio or any route of ours.

It does not rely on Gradio's own sign-in, which leaves some routes open and covers none of ours.
"""

import hashlib
import hmac
from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import SIGNED_IN, SignedIn
from vidu_demo.ui.guard.headers import page_path
from vidu_demo.ui.i18n.words import words_for

COOKIE = "vidu-session"
MAX_AGE = 7 * 86_400
"""Seconds that a visitor stays signed in."""
NAME_KEY = "name"
"""Where a session keeps the visitor's name."""
_OPEN = "/gradio_api/startup-events"
"""Gradio requests it from itself when it launches; the answer tells nothing."""


class SignIn(Protocol):
    """A way to sign in."""

    @property
    def verified(self) -> bool:
        """True if a name is proven to be the visitor's."""

    @property
    def salt(self) -> str:
        """A secret; changing it signs everybody out."""

    @property
    def routes(self) -> Sequence[Route]:
        """The routes below `/login`, which put the visitor's name in the session."""

    def allows(self, name: str) -> bool:
        """Tell whether a visitor of this name is let in."""

    def page(self, request: Request) -> Response:
        """Ask for a sign-in."""


class Gate:
    """Decides what answers a request: the page, or the sign-in.

    Args:
        sign_in: How visitors sign in.
        secret: Signs the sessions' cookies, together with the salt of the sign-in.
        space: True on a Hugging Face Space, which shows the page in a frame.
    """

    def __init__(self, sign_in: SignIn, secret: bytes, *, space: bool) -> None:
        self._sign_in, self._space = sign_in, space
        self._key = hmac.new(secret, f"session {sign_in.salt}".encode(), hashlib.sha256).hexdigest()
        self._routes = Starlette(
            routes=[*sign_in.routes, Route("/logout", _sign_out, methods=["POST"])]
        )

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Add sessions, in a signed cookie, to an app."""
        plain = self._sessions(app, https=self._space)
        secure = self._sessions(app, https=True)

        async def choose(scope: Scope, receive: Receive, send: Send) -> None:
            await (secure if scope.get("scheme") == "https" else plain)(scope, receive, send)

        return choose

    def _sessions(self, app: ASGIApp, *, https: bool) -> ASGIApp:
        # From a frame on another site, a browser sends a cookie only if it is partitioned.
        return SessionMiddleware(
            app,
            secret_key=self._key,
            session_cookie=COOKIE,
            max_age=MAX_AGE,
            same_site="none" if self._space else "lax",
            https_only=https,
            partitioned=self._space,
        )

    def app_instead(self, scope: Scope) -> ASGIApp | None:
        """Return the app that answers instead of the page; None if the page may answer."""
        path = page_path(scope)
        if path in ("/login", "/logout") or path.startswith("/login/"):
            return self._routes
        if path == _OPEN or self._signed_in(scope):
            return None
        if path == "/" and scope["method"] in ("GET", "HEAD"):
            return self._sign_in.page(Request(scope))
        return PlainTextResponse("Sign in first.", HTTPStatus.UNAUTHORIZED)

    def note_visitor(self, scope: Scope) -> Scope:
        """Note in a request's state who has signed in, for `visitor.signed_in`."""
        return {**scope, "state": {**scope.get("state", {}), SIGNED_IN: self._signed_in(scope)}}

    def _signed_in(self, scope: Scope) -> SignedIn | None:
        name = scope["session"].get(NAME_KEY)
        if not isinstance(name, str) or not self._sign_in.allows(name):
            return None
        return SignedIn(name, verified=self._sign_in.verified)


def ask(
    request: Request,
    template: str,
    *,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.UNAUTHORIZED,
    headers: dict[str, str] | None = None,
) -> Response:
    """Answer with a page that asks for a sign-in.

    Args:
        request: The request; its language is used, and its query kept.
        template: The name of the page's template.
        problem: Why the last attempt failed.
        status: The status of the answer.
        headers: Further headers.
    """
    up = "../" * (page_path(request.scope).count("/") - 1)
    html = templates.render(
        template,
        say=words_for(request),
        problem=problem,
        up=up,
        query="" if up else query(request),
        framed=request.headers.get("sec-fetch-dest") == "iframe",
    )
    return HTMLResponse(html, status, {"Cache-Control": "no-store", **(headers or {})})


def query(request: Request) -> str:
    """Return a request's query, such as `?task=…`, to pass on to the page after the sign-in."""
    return f"?{request.url.query}" if request.url.query else ""


async def _sign_out(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("./", HTTPStatus.SEE_OTHER)
