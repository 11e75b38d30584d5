"""A visitor's identity: a signed token in their browser, and its digest in the ledger."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr
from starlette.requests import Request

from vidu_demo.api.errors import ViduError
from vidu_demo.server.hosts import Host
from vidu_demo.ui.guard.quota import household

STORAGE_KEY = "vidu-demo-visitor"
SIGNED_IN = "signed_in"
"""Where a request's state says who has signed in."""
_BYTES = 24
_NAME = re.compile(rf"[A-Za-z0-9_-]{{{_BYTES},100}}")


def browser_state() -> gr.BrowserState:
    """Make the browser's storage. The key is fixed, so the token survives restarts.

    Gradio encrypts the value, but the secret is in the page, so that hides nothing. It is only set
    because Gradio would otherwise pick a new one at every start.
    """
    return gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY)


class Unrecognised(ViduError):
    """The page has no token from this app, so nobody could find what it would buy."""

    what = "This page did not load completely, so nothing was sent."
    next_step = "Reload it."


class SignedIn(NamedTuple):
    """Someone who has signed in.

    Attributes:
        name: Their name.
        verified: True if it is their user name at Hugging Face; otherwise they chose it freely.
    """

    name: str
    verified: bool


def signed_in(request: gr.Request | Request) -> SignedIn | None:
    """Tell who has signed in; None if the app does not ask for it."""
    return getattr(getattr(request, "state", None), SIGNED_IN, None)


def host_of(request: gr.Request | Request) -> str:
    """Return the IP address that a request comes from; empty if the server does not know it."""
    return str(request.client.host) if request.client else ""


class Visitors:
    """Issues and recognises tokens: a name, a dot, and a signature of the name.

    Args:
        secret: The key of the signatures.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def recognise(self, state: Any, known: Callable[[str], bool]) -> dict[str, str]:
        """Accept the token that a browser has stored, or issue a new one.

        Args:
            state: Whatever the browser sends.
            known: Tells whether an owner has jobs. Early tokens were not signed; visitors who have
                one keep their videos.
        """
        if self._name(state):
            return {"token": state["token"]}
        name = token_of(state)
        if not (_NAME.fullmatch(name) and known(_digest(name))):
            name = secrets.token_urlsafe(_BYTES)
        return {"token": f"{name}.{self._sign(name)}"}

    def owner(self, state: Any, who: SignedIn | None = None) -> str:
        """Digest what a visitor is known by: a verified name, otherwise their token.

        The digest of a name needs no secret, so a new data folder with the same database still
        knows whose videos are whose.

        Args:
            state: Whatever the browser sends.
            who: Who has signed in, if anyone has.

        Raises:
            Unrecognised: The token is not from this app.
        """
        if who and who.verified:
            return _digest(f"huggingface {who.name.lower()}")  # a token's name has no space
        name = self._name(state)
        if not name:
            raise Unrecognised
        return _digest(name)

    def address(self, request: gr.Request) -> str:
        """Digest where a request comes from: a verified name, otherwise its IP address.

        The digest is keyed, since both can be guessed.

        An IPv6 address counts by its /64, since one visitor has all of it. Empty for loopback,
        where all visitors of a share link come from.
        """
        if (who := signed_in(request)) and who.verified:
            return self._sign(f"user {who.name.lower()}")
        host = host_of(request)
        return "" if Host(host).loopback or not host else self._sign(f"address {household(host)}")

    def turn(self, request: gr.Request) -> str:
        """Say which visitor a request counts as when visitors take turns opening files.

        By address if it is known, since anyone can open many sessions.
        """
        return self.address(request) or str(request.session_hash)

    def _name(self, state: Any) -> str:
        name, _, signature = token_of(state).rpartition(".")
        genuine = _NAME.fullmatch(name) and hmac.compare_digest(
            signature.encode(errors="replace"), self._sign(name).encode()
        )
        return name if genuine else ""

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def token_of(state: Any) -> str:
    """Read the token from whatever a browser sends; empty if there is none."""
    token = state.get("token") if isinstance(state, dict) else None
    return token if isinstance(token, str) else ""


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
