"""An exchange with the API as it can be kept and shown: bounded, without the key and signatures."""

import json
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from vidu_demo.api.network.exchange import Answer
from vidu_demo.api.responses import read_json, writable

MAX_ANSWER = 4000
"""Characters of an answer as JSON; a longer one is cut, and is then a text."""

_MAX_DEPTH = 16
_SHORTEST_PART = 4
"""Characters of the key at the end of a text that broke off there."""
_EQUALS = r"=|%3D|\\u003d"
# Whatever has the form of a query: a link can be in a sentence, or in JSON that breaks off.
_QUERY = re.compile(
    rf"(?:\?|%3F|\\u003f)[^\s\"'<>]*?(?:{_EQUALS})[^\s\"'<>]*", re.IGNORECASE | re.ASCII
)
_USER = re.compile(r"(?<=//)[^\s/\"'<>@?#]+@")


class Exchange(NamedTuple):
    """A call of the API and what came back.

    Attributes:
        call: The method, path and query.
        status: The HTTP status; None if there was no answer.
        answer: The body as JSON, or as text if it isn't JSON; None if it is empty.
        error: The kind of failure if the answer did not arrive whole; empty otherwise.
        seconds: How long it took.
    """

    call: str
    status: int | None
    answer: Any
    error: str
    seconds: float


Observer = Callable[[Exchange], None]
"""Told of each exchange, whatever came back. It must not raise."""


def describe(call: str, answer: Answer, error: str, seconds: float, secret: str) -> Exchange:
    """Describe an exchange.

    Args:
        call: The method, path and query.
        answer: What came back, as far as it did.
        error: The kind of failure; empty if there was none.
        seconds: How long it took.
        secret: The key, in case it is repeated.
    """
    text = answer.text if answer.content else ""
    body = read_json(text)
    body = _clean(body, secret) if isinstance(body, dict | list) else hide(text, secret) or None
    shown = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    if len(shown) > MAX_ANSWER:
        body = shown[:MAX_ANSWER] + "…"
    status = answer.status or None
    return Exchange(_without(call, secret), status, body, error, round(max(0.0, seconds), 3))


def hide(text: str, secret: str = "") -> str:
    """Hide the key, the queries of links, and the names and passwords in them."""
    text = _USER.sub("", _QUERY.sub("?…", _without(text, secret)))
    return writable(text)


def _without(text: str, secret: str) -> str:
    if not secret:
        return text
    in_json = json.dumps(secret)[1:-1]
    for form in (in_json.replace("/", r"\/"), in_json, quote(secret, ""), secret):
        text = text.replace(form, "[key]")
    for length in range(len(secret) - 1, _SHORTEST_PART - 1, -1):
        if text.endswith(secret[:length]):
            return text[:-length] + "[key]"
    return text


def _clean(value: Any, secret: str, depth: int = 0) -> Any:
    """Hide what is secret in JSON, and replace what isn't JSON although Python reads it."""
    if depth > _MAX_DEPTH:
        return "…"
    match value:
        case str():
            return hide(value, secret)
        case dict():
            return {
                hide(name, secret): _clean(inner, secret, depth + 1)
                for name, inner in value.items()
            }
        case list():
            return [_clean(inner, secret, depth + 1) for inner in value]
        case float() if not math.isfinite(value):
            return str(value)
    return value
