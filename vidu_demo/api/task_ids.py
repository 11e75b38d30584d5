"""Finds the task id in any answer to a submit: it is the receipt of a purchase.

It counts whatever the answer's status and format: a refusal, JSON with text around it, XML, a
header or a truncated answer. An answer that mentions a task id that can't be read may still be a
receipt. An echo of the request is not, since a prompt can look like one.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qs

from vidu_demo.api.limits import MAX_TASK_ID
from vidu_demo.api.responses import writable

_NAME = r"task[_ -]?ids?"
_MENTION = re.compile(r"""(?i)task(?:[_ .-]?|\\*["']?\s*:\s*\{\s*\\*["']?)ids?""")
_IS_NAME = re.compile(rf"(?i){_NAME}")
_VALUE = re.compile(
    r"""(?x)
    (?P<gap>[\\"'\s]{0,60}(?:[:=>]|<[^<>]{0,200}>)(?:[\\\s:=>\[]|<[^<>]{0,200}>){0,60})
    (?:"(?P<double>[^"\\]*)\\*" | '(?P<single>[^'\\]*)\\*' | (?P<bare>[\w-]++)(?=[^\w.-]|\.\W))
    (?P<closed>\s*\])?
    """
)
"""The text between the name and an id, and the id. It must end in a quotation mark or another
character that ids can't contain: half an id does not count."""
_NO_IDS = frozenset({"", "null", "none", "nil", "undefined", "true", "false"})
_KNOWN_BY = 12
"""How many letters around a mention must match the request for an echo, or all there are."""


class _Object(tuple[tuple[str, Any], ...]):
    """A JSON object as pairs, since a name can occur twice."""

    __slots__ = ()


def find_task_id(
    text: str, request: Any = None, location: str = "", headers: Mapping[str, str] | None = None
) -> str | None:
    """Find the task id in an answer to a submit.

    Args:
        text: The answer, or as much of it as arrived.
        request: What was sent, as JSON values. An id that occurs in its texts is an echo.
        location: The answer's `Location`, which may be where to poll the task.
        headers: The answer's headers, one of which may be named after the id.
    """
    query = parse_qs(location.partition("?")[2])
    for value in (
        *_named(text.replace("\0", "")),
        *(value for name, values in query.items() if _IS_NAME.fullmatch(name) for value in values),
        *(value for name, value in (headers or {}).items() if _MENTION.search(name)),
        *(value for value in _mentions(text, request) if value),
    ):
        if task_id := _usable(value):
            return task_id
    return None


def mentions_id(text: str, request: Any = None, headers: Mapping[str, str] | None = None) -> bool:
    """Tell whether an answer to a submit mentions a task id, readable or not.

    Args:
        text: The answer, or as much of it as arrived.
        request: What was sent; an echo of it does not count.
        headers: The answer's headers, whose names count.
    """
    named = any(map(_MENTION.search, headers or {}))
    return named or next(_mentions(text, request), None) is not None


def _named(text: str) -> Iterator[Any]:
    """Find the values of `task_id` in JSON, outermost first."""
    try:
        level = [json.loads(text, object_pairs_hook=_Object)]
    except (ValueError, RecursionError):
        return
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, _Object):
                for name, held in value:
                    if _IS_NAME.fullmatch(name):
                        yield held[0] if isinstance(held, list) and len(held) == 1 else held
                    inner.append(held)
            elif isinstance(value, list):
                inner += value
        level = inner


def _mentions(text: str, request: Any) -> Iterator[str]:
    """Find the id next to each mention in any text; empty if it is not an id."""
    sent: list[tuple[str, str]] | None = None
    for form in dict.fromkeys((text, _plain(text), _plain(html.unescape(text)))):
        for found in _MENTION.finditer(form):
            if sent is None:
                sent = [around for said in _texts(request) for around in _around(said)]
            value = _beside(form, found)
            before = _squashed(form[max(0, found.start() - 1000) : found.start()])
            after = _squashed(value or form[found.end() : found.end() + 100])
            if not any(_is_echo(before, after, bool(value), *around) for around in sent):
                yield value


def _beside(form: str, found: re.Match[str]) -> str:
    """Read the id after its name."""
    part_of_a_name = re.match(r"\w", form[found.start() - 1 : found.start()])
    value = _VALUE.match(form, found.end())
    if part_of_a_name or not _IS_NAME.fullmatch(found[0]) or not value:
        return ""
    gap = value["gap"]
    if "[" in gap and not value["closed"]:  # several ids are not the receipt of one purchase
        return ""
    if (bare := value["bare"]) is None:
        return (value["double"] or value["single"] or "").strip()
    # Otherwise it is a word in a sentence, such as "task_id: required".
    tagged = gap == ">" and form.startswith("<", value.end("bare"))
    is_id = gap == "=" or tagged or any(map(str.isdigit, bare))
    return bare if is_id and bare.lower() not in _NO_IDS else ""


def _is_echo(before: str, after: str, readable: bool, said_before: str, said_after: str) -> bool:
    if readable:
        return said_after.startswith(after)
    known = _agreeing(before[::-1], said_before[::-1]) + _agreeing(after, said_after)
    return known >= min(_KNOWN_BY, max(1, len(said_before) + len(said_after)))


def _agreeing(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _around(said: str) -> Iterator[tuple[str, str]]:
    """Find the text around each mention in the request."""
    said = _plain(html.unescape(said))
    for found in _MENTION.finditer(said):
        before = _squashed(said[max(0, found.start() - 1000) : found.start()])
        yield before, _squashed(said[found.end() : found.end() + 2 * MAX_TASK_ID])


def _plain(text: str) -> str:
    """Undo JSON escapes, however deep, and drop padding."""
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    return text.replace("\0", "")


def _squashed(text: str) -> str:
    """Keep only what no escape, markup or line break changes."""
    text = re.sub(r"\\+[bfnrt]", " ", _plain(html.unescape(text)))
    return re.sub(r"[\W_]|[\U00010000-\U0010ffff]", "", text).lower()


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
    # With a space in it, it is a sentence about the field, as in a refusal.
    return task_id if re.fullmatch(rf"\S{{1,{MAX_TASK_ID}}}", task_id) else None
