"""Find a task's id in whatever answers a submit: it is the receipt of a purchase.

It counts in an answer of any status and shape, such as a refusal, JSON with text around it, or
half an answer. What an answer repeats of the request is no receipt, though: a prompt may read
like one.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from vidu_demo.api.errors import writable
from vidu_demo.api.limits import MAX_TASK_ID

_WRITTEN = re.compile(
    r"""\\*["']task_id\\*["']\s*:\s*(?:\\*"([^"\\]*)\\*"|\\*'([^'\\]*)\\*'|(\d+)(?=[\s,}\]\\]))"""
)
"""An id with its name, as it stands in JSON, in JSON within JSON, or in a page. A quotation mark,
or what may follow a number, must end it: half an id is none."""


class _Object(tuple[tuple[str, Any], ...]):
    """A JSON object as its pairs: a name may come twice."""

    __slots__ = ()


def receipt(text: str, request: Any = None, location: str = "") -> str | None:
    """Find the id of the task that an answer to a submit names.

    Args:
        text: The answer, or what came of it.
        request: What was sent, as JSON can carry it. An id that its texts spell out is an echo.
        location: Where the answer leads, which may be the question about the task.
    """
    for value in (*_named(text), *parse_qs(location.partition("?")[2]).get("task_id", ())):
        if task_id := _usable(value):
            return task_id
    sent = [rest for said in _texts(request) for rest in _behind_the_name(said)]
    for value in _spelled_out(text):
        task_id = _usable(value)
        if task_id and not any(rest.startswith(html.unescape(task_id)) for rest in sent):
            return task_id
    return None


def _named(text: str) -> Iterator[Any]:
    """Find the values of `task_id` in JSON, the outermost first."""
    try:
        level = [json.loads(text, object_pairs_hook=_Object)]
    except (ValueError, RecursionError):
        return
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, _Object):
                yield from (held for name, held in value if name == "task_id")
                inner += (held for _, held in value)
            elif isinstance(value, list):
                inner += value
        level = inner


def _spelled_out(text: str) -> Iterator[str]:
    """Find ids in a text of any kind; twice, since a page writes quotation marks as `&quot;`."""
    for form in dict.fromkeys((text, html.unescape(text))):
        for found in _WRITTEN.finditer(form):
            yield next(value for value in found.groups() if value is not None).strip()


def _behind_the_name(said: str) -> Iterator[str]:
    """Find what a text of the request has behind each `task_id`; an echo may end early."""
    for found in re.finditer(r"""task_id[\\"'\s:]*""", html.unescape(said)):
        yield found.string[found.end() : found.end() + MAX_TASK_ID]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _usable(value: Any) -> str | None:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    task_id = writable(str(value).strip())
    # With a space in it, it is a sentence about the field, as a refusal may hold one.
    return task_id if re.fullmatch(rf"\S{{1,{MAX_TASK_ID}}}", task_id) else None
