"""Find a task's id in whatever answers a submit: it is the receipt of a purchase.

It counts in an answer of any status and shape, such as a refusal, JSON with text around it, XML,
a header or half an answer. An answer that speaks of a task's id without one that can be read may
be a receipt all the same. What an answer repeats of the request is none: a prompt may read like
one.
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
"""What stands between the name and an id, and the id. A quotation mark, or what can't be a part of
it, must end it: half an id is none."""
_NO_IDS = frozenset({"", "null", "none", "nil", "undefined", "true", "false"})
_KNOWN_BY = 12
"""So many letters around a mention must be the request's for an echo, or all that it has."""


class _Object(tuple[tuple[str, Any], ...]):
    """A JSON object as its pairs: a name may come twice."""

    __slots__ = ()


def find_task_id(
    text: str, request: Any = None, location: str = "", headers: Mapping[str, str] | None = None
) -> str | None:
    """Find the id of the task that an answer to a submit names.

    Args:
        text: The answer, or what came of it.
        request: What was sent, as JSON can carry it. An id that its texts spell out is an echo.
        location: Where the answer leads, which may be where the task is polled.
        headers: The answer's headers; one may be called after the id.
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
    """Tell whether an answer to a submit speaks of a task's id, though none may be readable.

    Args:
        text: The answer, or what came of it.
        request: What was sent; an echo of it does not count.
        headers: The answer's headers, of which the names count.
    """
    named = any(map(_MENTION.search, headers or {}))
    return named or next(_mentions(text, request), None) is not None


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
                for name, held in value:
                    if _IS_NAME.fullmatch(name):
                        yield held[0] if isinstance(held, list) and len(held) == 1 else held
                    inner.append(held)
            elif isinstance(value, list):
                inner += value
        level = inner


def _mentions(text: str, request: Any) -> Iterator[str]:
    """Find what stands beside each mention in a text of any kind; empty if that is no id."""
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
    """Read the id behind its name."""
    part_of_a_name = re.match(r"\w", form[found.start() - 1 : found.start()])
    value = _VALUE.match(form, found.end())
    if part_of_a_name or not _IS_NAME.fullmatch(found[0]) or not value:
        return ""
    gap = value["gap"]
    if "[" in gap and not value["closed"]:  # several are not the receipt of one purchase
        return ""
    if (bare := value["bare"]) is None:
        return (value["double"] or value["single"] or "").strip()
    # Else a word of a sentence, such as "task_id: required".
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
    """Find what a text of the request has around each mention."""
    said = _plain(html.unescape(said))
    for found in _MENTION.finditer(said):
        before = _squashed(said[max(0, found.start() - 1000) : found.start()])
        yield before, _squashed(said[found.end() : found.end() + 2 * MAX_TASK_ID])


def _plain(text: str) -> str:
    """Undo the escapes of JSON, however deep, and leave out what pads a text."""
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    return text.replace("\0", "")


def _squashed(text: str) -> str:
    """Leave what no escape, markup or line break changes."""
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
    # With a space in it, it is a sentence about the field, as a refusal may hold one.
    return task_id if re.fullmatch(rf"\S{{1,{MAX_TASK_ID}}}", task_id) else None
