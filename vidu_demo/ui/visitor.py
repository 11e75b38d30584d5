"""Who a visitor is: a token that lives in their browser, and its digest in the ledger."""

import hashlib
import secrets
from typing import Any

import gradio as gr

STORAGE_KEY = "vidu-demo-visitor"
_BYTES = 24


def browser_state() -> gr.BrowserState:
    """Make the place in the browser. The key is fixed, so that it survives a new start.

    Gradio encrypts the value, but its secret is in the page: it hides nothing and is needed only
    because it would otherwise be drawn anew at every start.
    """
    return gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY)


def recognise(state: Any) -> dict[str, str]:
    """Take what the browser has kept, or make a new visitor of one that has nothing."""
    token = state.get("token") if isinstance(state, dict) else None
    if isinstance(token, str) and len(token) >= _BYTES:
        return {"token": token}
    return {"token": secrets.token_urlsafe(_BYTES)}


def owner(state: Any) -> str:
    """Digest a visitor's token: the ledger can't give a token away. No token owns nothing."""
    token = state.get("token") if isinstance(state, dict) else None
    if not isinstance(token, str) or len(token) < _BYTES:
        return secrets.token_hex(32)
    return hashlib.sha256(token.encode()).hexdigest()
