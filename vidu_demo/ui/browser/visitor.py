"""Who a visitor is: a signed token in their browser, and its digest in the ledger."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.api.errors import ViduError
from vidu_demo.server.hosts import Host

STORAGE_KEY = "vidu-demo-visitor"
_BYTES = 24
_NAME = re.compile(rf"[A-Za-z0-9_-]{{{_BYTES},100}}")


def browser_state() -> gr.BrowserState:
    """Make the place in the browser. The key is fixed, so that it survives a restart.

    Gradio encrypts the value, but its secret is in the page, so it hides nothing; it is given
    only because Gradio would otherwise pick another one at every start.
    """
    return gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY)


class Unrecognised(ViduError):
    """The page has no token of this app, so nobody could find again what it would buy."""

    what = "This page has not loaded completely, so nothing was sent."
    next_step = "Reload it."


class Visitor(NamedTuple):
    """Somebody who asks for something.

    Attributes:
        owner: A digest of their token: the ledger can't give a token away.
        address: A digest of the address that they come from; empty if it is not known.
    """

    owner: str
    address: str


class Visitors:
    """Gives out tokens, and knows its own again: a name, a dot, and a signature of the name.

    Args:
        secret: What the signatures are made with.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def recognise(self, state: Any, known: Callable[[str], bool]) -> dict[str, str]:
        """Take the token that a browser has kept, or give out a new one.

        Args:
            state: What the browser says; anything.
            known: Tells whether an owner has jobs. Tokens were not signed at first, and whoever
                has such a one keeps their videos.
        """
        if self._name(state):
            return {"token": state["token"]}
        name = _token(state)
        if not (_NAME.fullmatch(name) and known(_digest(name))):
            name = secrets.token_urlsafe(_BYTES)
        return {"token": f"{name}.{self._sign(name)}"}

    def owner(self, state: Any) -> str:
        """Digest a visitor's token.

        Raises:
            Unrecognised: It is none of this app's.
        """
        name = self._name(state)
        if not name:
            raise Unrecognised
        return _digest(name)

    def address(self, request: gr.Request) -> str:
        """Digest the address that a request comes from; keyed, since addresses can be guessed.

        Empty where it says nothing: from loopback come all visitors of a proxy or a share link.
        """
        host = request.client.host if request.client else ""
        return "" if Host(host).loopback or not host else self._sign(f"address {host}")

    def turn(self, request: gr.Request) -> str:
        """Say which visitor a request counts as, where files are opened in turn.

        By address, where it is known: sessions cost nothing.
        """
        return self.address(request) or str(request.session_hash)

    def _name(self, state: Any) -> str:
        name, _, signature = _token(state).rpartition(".")
        genuine = _NAME.fullmatch(name) and hmac.compare_digest(
            signature.encode(errors="replace"), self._sign(name).encode()
        )
        return name if genuine else ""

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def _token(state: Any) -> str:
    token = state.get("token") if isinstance(state, dict) else None
    return token if isinstance(token, str) else ""


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
