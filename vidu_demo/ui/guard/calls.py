"""Checks calls of listeners before they reach Gradio.

Gradio itself answers a malformed call with an error of its own and logs a traceback.
"""

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr
import orjson
from gradio.block_function import BlockFunction

from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.guard.values import every, misfit

CALLS = ("run", "api", "call", "queue")
"""The routes below `gradio_api/` that call a listener."""
_UNNAMED = ("queue/join", "run/predict", "api/predict")
"""The routes where only the body says which listener."""


class Malformed(ValueError):
    """What is wrong with a call, for the programmer who made it."""


def check(route: str, body: bytes, blocks: gr.Blocks) -> bytes:
    """Check the body of a call.

    Args:
        route: The path below `gradio_api/`.
        body: What was sent.
        blocks: The page.

    Returns:
        The body to pass on.

    Raises:
        Malformed: It does not fit any listener.
    """
    name = route.rstrip("/").rpartition("/")[2]
    body, call = _read(body)
    if sum(1 for _ in every(call)) > LIMITS.values:
        raise Malformed("The call holds too many values.")
    if route.startswith("call/v2/"):
        _check_named(name, call, blocks)
        return body
    known = _listener("" if route.rstrip("/") in _UNNAMED else name, call.get("fn_index"), blocks)
    data = call.get("data")
    if not isinstance(data, list) or len(data) != len(known.inputs):
        raise Malformed(f"The call needs {len(known.inputs)} values as its data.")
    session = call.get("session_hash")
    if session is not None and not (isinstance(session, str) and 0 < len(session) <= LIMITS.name):
        raise Malformed("The session must be a short string.")
    # Gradio ignores the event data of calls by name.
    event = None if route.startswith("call/") else call.get("event_data")
    if reason := misfit(known, data, event):
        raise Malformed(reason)
    return body


def _read(body: bytes) -> tuple[bytes, dict[str, Any]]:
    """Read a JSON object. Half an emoji, as a text box may send, becomes a question mark."""
    try:
        try:
            call = orjson.loads(body)
        except ValueError:
            body = json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace")
            call = orjson.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None
    if not isinstance(call, dict):
        raise Malformed("The body is not a JSON object.")
    return body, call


def _listener(name: str, index: Any, blocks: gr.Blocks) -> BlockFunction:
    """Find the listener. If route and body disagree, none: Gradio would just pick one of them."""
    if (name and index is None) or type(index) is int:
        for number, listener in blocks.fns.items():
            named = name in ("", listener.api_name) and index in (None, number)
            if named and listener.fn:  # without one, it only runs in the browser
                return listener
    raise Malformed("There is no such listener.")


def _check_named(name: str, call: Mapping[str, Any], blocks: gr.Blocks) -> None:
    described = blocks.get_api_info()["named_endpoints"].get(f"/{name}")
    if not described:
        raise Malformed("There is no such endpoint.")
    parameters = {about["parameter_name"]: about for about in described["parameters"]}
    needed = {name for name, about in parameters.items() if not about["parameter_has_default"]}
    if not needed <= call.keys() <= parameters.keys():
        raise Malformed(f"The endpoint takes {', '.join(parameters)}.")
    values = [call.get(name) for name in parameters]
    if reason := misfit(_listener(name, None, blocks), values, None):
        raise Malformed(reason)
