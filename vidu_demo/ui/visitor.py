"""Who a visitor is: a token that lives in their browser, and its digest in the ledger."""

import hashlib
import re
import secrets
from typing import Any

import gradio as gr

from vidu_demo.errors import ViduError

STORAGE_KEY = "vidu-demo-visitor"
_BYTES = 24
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{_BYTES},100}}")


def browser_state() -> gr.BrowserState:
    """Make the place in the browser. The key is fixed, so that it survives a new start.

    Gradio encrypts the value, but its secret is in the page: it hides nothing and is needed only
    because it would otherwise be drawn anew at every start.
    """
    return gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY)


def recognise(state: Any) -> dict[str, str]:
    """Take what the browser has kept, or make a new visitor of one that has nothing."""
    return {"token": _token(state) or secrets.token_urlsafe(_BYTES)}


class Unrecognised(ViduError):
    """The page has no token, so nobody could find again what it would buy."""

    what = "This page has not loaded whole, so nothing was sent."
    next_step = "Reload it."


def owner(state: Any) -> str:
    """Digest a visitor's token: the ledger can't give a token away.

    Raises:
        Unrecognised: There is none.
    """
    token = _token(state)
    if not token:
        raise Unrecognised
    return hashlib.sha256(token.encode()).hexdigest()


def _token(state: Any) -> str:
    token = state.get("token") if isinstance(state, dict) else None
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else ""
