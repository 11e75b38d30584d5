"""Adds the security headers to every answer, refusals included."""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vidu_demo.ui.guard.policy import Policy


class SecurityHeaders:
    """Middleware in front of the guard.

    Args:
        app: The guard.
        policy: Returns the policy; a share link is only known after the launch.
        document: Completes the page's document, before its scripts are hashed.
    """

    def __init__(
        self,
        app: ASGIApp,
        policy: Callable[[], Policy],
        document: Callable[[bytes, HTTPConnection], bytes],
    ) -> None:
        self.app, self._policy, self._document = app, policy, document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = self._policy()
        page = page_path(scope) == "/"
        start: Message | None = None
        body = b""

        async def with_headers(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                kind = Headers(raw=start["headers"]).get("content-type", "")
                if page and kind.startswith("text/html"):
                    return  # wait for the document, whose scripts have to be hashed
                MutableHeaders(scope=start).update(policy.headers(None))
                start = None
            elif start:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                body = self._document(body, HTTPConnection(scope))
                length = {"Content-Length": str(len(body))}
                MutableHeaders(scope=start).update(policy.headers(body) | length)
                await send(start)
                start, message = None, {**message, "body": body}
            await send(message)

        await self.app(scope, receive, with_headers)


def page_path(scope: Scope) -> str:
    """Return the path of a request below the page's mount point."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))
