"""Tells where an MCP tool was called from.

Gradio's MCP server calls the app itself over loopback, with the headers of the tool's caller. The
caller's address would be lost, and with it a visitor's limits.
"""

import hashlib
import hmac
import secrets

from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/gradio_api/mcp"
_HEADER = b"x-tool-caller"


class ToolCalls:
    """Middleware that passes on a tool caller's address, in a header that nobody can forge.

    Args:
        app: What to pass requests to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self._secret = app, secrets.token_bytes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, from the address it really comes from."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        signed = [value for name, value in scope["headers"] if name == _HEADER]
        headers = [(name, value) for name, value in scope["headers"] if name != _HEADER]
        client = scope.get("client")
        if signed and (address := self._address(signed[0])):
            client = (address, 0)
        elif client and PATH in scope["path"]:
            headers.append((_HEADER, self._signed(client[0].encode())))
        await self.app({**scope, "headers": headers, "client": client}, receive, send)

    def _signed(self, address: bytes) -> bytes:
        digest = hmac.new(self._secret, address, hashlib.sha256).hexdigest()
        return digest.encode() + b" " + address

    def _address(self, signed: bytes) -> str:
        address = signed.partition(b" ")[2]
        return address.decode() if hmac.compare_digest(signed, self._signed(address)) else ""
