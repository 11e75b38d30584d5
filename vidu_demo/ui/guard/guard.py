"""The guard in front of Gradio's app: it checks the sender, the route and the size of a request.

It comes before all of Gradio's middleware, so that no header of Gradio's reaches a foreign page.
"""

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus

import gradio as gr
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vidu_demo.server.hosts import Host
from vidu_demo.ui.guard import calls
from vidu_demo.ui.guard.door import Door
from vidu_demo.ui.guard.headers import page_path
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.guard.quota import Quota
from vidu_demo.ui.sign_in.gate import Gate

_log = logging.getLogger(__name__)

API = "/gradio_api/"
OPEN = frozenset((
    "api", "app_id", "call", "cancel", "custom_component", "dev", "file", "heartbeat", "info",
    "login_check", "openapi.json", "queue", "reset", "run", "startup-events", "theme.css",
    "upload", "upload_progress", "user",
))  # fmt: skip
"""What is served below `gradio_api/`. The rest would publish inputs, fetch any URL, or run things
that this page does not need."""
CLOSED = frozenset(("login", "logout", "monitoring", "openapi.json", "runs"))
"""What is not served elsewhere."""


class Refused(Exception):
    """A request is not served.

    Attributes:
        status: The status of the answer.
        text: The text of the answer.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Guard:
    """Passes on the requests that are allowed.

    Args:
        app: Gradio's app.
        blocks: Returns the page; a hot reload changes it.
        door: Decides who is let in.
        quota: Limits uploads.
        gate: Asks for a sign-in; None if visitors need none.
    """

    def __init__(
        self,
        app: ASGIApp,
        blocks: Callable[[], gr.Blocks],
        door: Door,
        quota: Quota,
        gate: Gate | None = None,
    ) -> None:
        self._app, self._blocks, self._door, self._quota = app, blocks, door, quota
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "websocket":  # the page uses none
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            await self._serve(self._let_in(scope), receive, answer)
            if answer.instead:
                raise answer.instead
        except Refused as refused:
            _log.debug("%s %s refused: %s", scope["method"], scope["path"], refused.text)
            await answer.refuse(scope, receive, refused)
        except Exception as error:
            theirs = isinstance(error, _THEIRS) or hasattr(error.__cause__, "status_code")
            level = logging.DEBUG if theirs else logging.ERROR
            _log.log(level, "%s %s: %s", scope["method"], scope["path"], type(error).__name__)
            await answer.break_off(scope, receive, theirs=theirs)
        else:
            await answer.release()

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if self._gate:
            if instead := self._gate.app_instead(scope):
                body = await _body(scope, receive)
                await instead(scope, _replay(body or b"", receive), answer)
                return
            scope = self._gate.note_visitor(scope)
        if _closed(page_path(scope), tools=self._blocks().mcp_server):
            raise Refused(HTTPStatus.NOT_FOUND, "Not found")
        await self._app(scope, await self._read(scope, receive, answer), answer)

    def _let_in(self, scope: Scope) -> Scope:
        """Return the scope to serve, without the origin of a foreign page."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if reason := self._door.refuses(scope["method"], hosts, origins):
            raise Refused(HTTPStatus.FORBIDDEN, reason)
        host = Host.read(hosts[0]) if hosts else None
        if self._door.own(host, origins):
            return scope
        kept = [(name, value) for name, value in scope["headers"] if name != b"origin"]
        return {**scope, "headers": kept}

    async def _read(self, scope: Scope, receive: Receive, answer: "_Answer") -> Receive:
        """Read and check a body, unless it is an upload; return what to read from instead."""
        at = page_path(scope).partition(API)[2]
        if at.rstrip("/") == "upload":
            return self._metered(scope, receive, answer)
        body = await _body(scope, receive)
        if body is None:
            return receive
        if at.partition("/")[0] in calls.CALLS and scope["method"] == "POST":
            try:
                body = await run_in_threadpool(calls.check, at, body, self._blocks())
            except calls.Malformed as malformed:
                raise Refused(HTTPStatus.BAD_REQUEST, str(malformed)) from None
        return _replay(body, receive)

    def _metered(self, scope: Scope, receive: Receive, answer: "_Answer") -> Receive:
        address = scope["client"][0] if scope.get("client") else ""
        tail = b""

        async def metered() -> Message:
            nonlocal tail
            message = await receive()
            if message["type"] == "http.disconnect":
                # Gradio then removes the files of the upload.
                raise MultiPartException("The upload was interrupted.")
            chunk = message.get("body", b"")
            seen = tail + chunk.lower()
            tail = seen[1 - len(_FILE) :]
            if not self._quota.spend(address, size=len(chunk), files=seen.count(_FILE)):
                answer.instead = Refused(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    "Too much has been uploaded from here or overall. Try again in an hour.",
                )
                raise MultiPartException(answer.instead.text)
            return message

        return metered


_FILE = b"content-disposition:"
"""A header that every part of an upload must have, counted as one file."""


_THEIRS = (TypeError, KeyError, IndexError, AttributeError, ValueError)
"""What Gradio's routes raise for requests they did not expect."""


class _Answer:
    """Passes an answer on and keeps track of how far it got.

    Attributes:
        instead: Sent instead of Gradio's answer.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = self._ended = False
        self._held: list[Message] = []
        self.instead: Refused | None = None

    async def __call__(self, message: Message) -> None:
        if self.instead:
            return
        if self._held or message.get("status") == HTTPStatus.INTERNAL_SERVER_ERROR:
            self._held.append(message)  # held back: it may only say that Gradio failed
            return
        self._begun = True
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)

    async def release(self) -> None:
        """Send what was held back."""
        for message in self._held:
            await self._send(message)

    async def refuse(self, scope: Scope, receive: Receive, refused: Refused) -> None:
        """Send the refusal, unless another answer has begun."""
        if not self._begun:
            await PlainTextResponse(refused.text, refused.status)(scope, receive, self._send)

    async def break_off(self, scope: Scope, receive: Receive, *, theirs: bool) -> None:
        """End an answer after an exception."""
        if self._begun and not self._ended:
            await self._send({"type": "http.response.body", "body": b""})
        status = HTTPStatus.BAD_REQUEST if theirs else HTTPStatus.INTERNAL_SERVER_ERROR
        text = "This request can't be understood." if theirs else "The app failed on this request."
        await self.refuse(scope, receive, Refused(status, text))


def _closed(path: str, *, tools: bool) -> bool:
    if not path.startswith("/") or "\0" in path:
        return True
    page, api, at = path.partition(API)
    if not api:
        return not CLOSED.isdisjoint(page.split("/"))
    first = at.replace("=", "/", 1).partition("/")[0]
    if first == "mcp":
        return not tools or at.rstrip("/") != "mcp"
    if first == "file" and at.rstrip("/").lower().endswith(".json"):
        return True  # a job's own notes, beside the video whose URL may have been shared
    return first not in OPEN or at.startswith(("file=http:", "file=https:"))


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Read a body; None if there is none."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if length == "0" and "transfer-encoding" not in headers:
        return None
    return await _whole(receive, int(length) if length.isdecimal() else 0)


async def _whole(receive: Receive, length: int) -> bytes:
    chunks: list[bytes] = []
    size, read, more = length, 0, True
    while more and size <= LIMITS.body:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(HTTPStatus.BAD_REQUEST, "The request was interrupted.")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
        read += len(chunks[-1])
        size = max(length, read)
    if size > LIMITS.body:
        raise Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A request can have {LIMITS.body} bytes; this one is larger. Nothing was done.",
        )
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    first: Iterable[Message] = iter([{"type": "http.request", "body": body}])

    async def replay() -> Message:
        for message in first:
            return message
        return await receive()

    return replay
