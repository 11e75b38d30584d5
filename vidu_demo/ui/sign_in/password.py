"""Sign-in with one password for everybody, and any name."""

import hashlib
import hmac
import math
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vidu_demo.api.text import Text
from vidu_demo.ui.browser.visitor import host_of
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.sign_in.gate import NAME_KEY, ask, query
from vidu_demo.ui.sign_in.slowdown import Slowdown

_TEMPLATE = "sign_in_password.html"


class Password:
    """Sign-in with a password.

    Args:
        password: The password.
        clock: Returns seconds, monotonic.
    """

    verified = False

    def __init__(self, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.salt = self._password = password
        self._slowdown = Slowdown(clock)

    @property
    def routes(self) -> Sequence[Route]:
        """What the form, and gradio_client with `auth=`, post to."""
        return [Route("/login", self._sign_in, methods=["POST"])]

    def allows(self, _name: str) -> bool:
        """Let in everybody: only those who knew the password have a session."""
        return True

    def page(self, request: Request) -> Response:
        """Ask for the password."""
        return ask(request, _TEMPLATE)

    async def _sign_in(self, request: Request) -> Response:
        # Refused rather than delayed, so that many attempts hold no connections open.
        address = host_of(request)
        form = await request.form()
        if wait := math.ceil(self._slowdown.wait(address)):
            return ask(
                request,
                _TEMPLATE,
                problem=Text("Too many wrong passwords. Try again in {seconds} s.", seconds=wait),
                status=HTTPStatus.TOO_MANY_REQUESTS,
                headers={"Retry-After": str(wait)},
            )
        if not self._matches(form.get("password")):
            self._slowdown.failed(address)
            return ask(request, _TEMPLATE, problem="Wrong password.")
        self._slowdown.succeeded(address)
        name = form.get("username")
        request.session[NAME_KEY] = name.strip()[: LIMITS.name] if isinstance(name, str) else ""
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"./{query(request)}", HTTPStatus.SEE_OTHER)
        return JSONResponse({"success": True})

    def _matches(self, given: object) -> bool:
        # Digests, because comparing texts of different lengths takes different times.
        text = given if isinstance(given, str) else ""
        return hmac.compare_digest(_digest(text), _digest(self._password))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
