"""A visitor's own key: the form for it, and the route that takes it.

The key comes in a header of a request that Gradio does not handle, so that no component, session or
log of Gradio ever holds it. The server keeps it in memory; the browser only if the visitor says so.
"""

import time
from functools import partial
from http import HTTPStatus

import gradio as gr
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vidu_demo.api.errors import ViduError
from vidu_demo.api.text import joined
from vidu_demo.jobs.buying.keys import KeyNotAccepted, KeyStays, VisitorKeysNotAccepted
from vidu_demo.jobs.job import Payer
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import Unrecognised, Visitors, host_of, signed_in
from vidu_demo.ui.guard.quota import HOUR, Allowance, Quota
from vidu_demo.ui.i18n.words import Say, words_for

KEY_HEADER, VISITOR_HEADER = "X-Novita-Key", "X-Vidu-Visitor"
KEYS_PAGE = "https://novita.ai/settings/key-management"
"""Where visitors get a key."""
CHECKS_AT_ONCE = 8
"""Keys that the API is asked about at the same time; further ones wait."""
CHECKS, ALL_CHECKS = Allowance(0, 60, HOUR), Allowance(0, 600, HOUR)
"""Keys that the API is asked about per hour: from one address, and from all together."""
FORGETS, ALL_FORGETS = Allowance(0, 10, 60.0), Allowance(0, 300, 60.0)
"""Keys per minute that this process does not have, and that the others are told to forget, with a
row and a notification each: from one address, and from all together."""


class TooManyKeys(ViduError):
    """Too many keys were entered from an address, or from all."""

    what = "Too many keys have been entered, so this one was not checked."
    next_step = "Try again in an hour."


def component(runner: JobRunner) -> gr.HTML:
    """Make the component that `render` fills. Its `submit` says that the payer may have changed."""
    return gr.HTML(
        js_on_load="vidu.ownKey(element, trigger)",
        elem_id="own-key",
        padding=False,
        visible=runner.takes_keys,
    )


def render(runner: JobRunner, token: str, owner: str, *, shared: bool, say: Say) -> str:
    """Render the form for a visitor's key as HTML; empty if the app takes none.

    Args:
        runner: Knows whether it has the visitor's key.
        token: The visitor's token, for the script to send with the key.
        owner: The visitor's digest.
        shared: True if the page has a share link.
        say: The visitor's language.
    """
    if not runner.takes_keys:
        return ""
    return templates.render(
        "own_key.html",
        token=token,
        known=runner.purchases.payer(owner) is Payer.VISITOR,
        shared=shared,
        keys_page=KEYS_PAGE,
        key_header=KEY_HEADER,
        visitor_header=VISITOR_HEADER,
        say=say,
    )


class KeyChecks:
    """Takes and forgets visitors' keys, as often as the API and the other processes may be asked.

    Args:
        runner: Keeps the keys.
    """

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._limiter = CapacityLimiter(CHECKS_AT_ONCE)
        self._checks = Quota(CHECKS, ALL_CHECKS, time.monotonic)
        self._forgets = Quota(FORGETS, ALL_FORGETS, time.monotonic)

    async def take(
        self, key: str, owner: str, caller: gr.Request | Request, *, one_call: bool = False
    ) -> None:
        """Take a visitor's key. The one that is kept already is not checked again.

        Args:
            key: The key.
            owner: The visitor.
            caller: The request that brought it.
            one_call: True to forget it when the jobs of their one call have ended.

        Raises:
            TooManyKeys: Too many were checked before; this one was not.
            ViduError: As for `JobRunner.take_key`.
        """
        if self._runner.is_kept(key, owner):
            return
        if not self._checks.spend(host_of(caller), files=1):
            raise TooManyKeys
        take = partial(self._runner.take_key, one_call=one_call)
        await to_thread.run_sync(take, key, owner, limiter=self._limiter)

    async def forget(self, owner: str, caller: Request) -> None:
        """Forget a visitor's key, in all processes.

        Raises:
            KeyStays: This process does not have it, and the others have been told too often, or
                can't be told.
        """
        known = self._runner.purchases.payer(owner) is Payer.VISITOR
        if not known and not self._forgets.spend(host_of(caller), files=1):
            raise KeyStays
        await to_thread.run_sync(self._runner.forget_key, owner)


def route(visitors: Visitors, checks: KeyChecks) -> Route:
    """Make the route that takes a visitor's key, by POST, or forgets it, by DELETE."""

    async def own_key(request: Request) -> PlainTextResponse:
        say = words_for(request)
        status, text = HTTPStatus.OK, "Accepted."
        try:
            token = {"token": request.headers.get(VISITOR_HEADER)}
            owner = visitors.owner(token, signed_in(request))
            if request.method == "DELETE":
                await checks.forget(owner, request)
                text = "Forgotten."
            else:
                await checks.take(request.headers.get(KEY_HEADER, ""), owner, request)
        except ViduError as error:
            status, text = _status(error), joined([error.what, error.next_step])
        return PlainTextResponse(say(text), status, headers={"Cache-Control": "no-store"})

    return Route("/key", own_key, methods=["POST", "DELETE"])


def _status(error: ViduError) -> HTTPStatus:
    match error:
        case Unrecognised():
            return HTTPStatus.UNAUTHORIZED
        case TooManyKeys():
            return HTTPStatus.TOO_MANY_REQUESTS
        case VisitorKeysNotAccepted():
            return HTTPStatus.NOT_FOUND
        case KeyNotAccepted(refused=True):
            return HTTPStatus.FORBIDDEN
    return HTTPStatus.FAILED_DEPENDENCY
