"""What a worker answers, as plain JSON with the bytes behind it.

A decoder that a hostile file has taken over may answer anything. So nothing of an answer is ever
executed or looked up but what is listed here, and a result is made only of values that fit it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib import import_module
from typing import Any, get_args, get_origin

from PIL import Image

from vidu_demo.api.errors import Charged, Problem, ViduError

RESULTS = {
    "Picture": "vidu_demo.api.images",
    "Frame": "vidu_demo.media.framing",
    "TooLong": "vidu_demo.media.framing",
    "Facts": "vidu_demo.media.clip",
    "Problem": "vidu_demo.api.errors",
}
"""The dataclasses that a worker may answer with, and where they are."""
ERRORS_OF = (
    "vidu_demo.api.errors",
    "vidu_demo.api.images",
    "vidu_demo.api.video",
)
MAX_ANSWER = 400_000_000
"""Bytes. The largest picture as pixels has 267 million."""
_ERROR: dict[str, Any] = {
    "what": str,
    "charged": Charged,
    "next_step": str,
    "task_id": str | None,
    "reason": str,
    "problems": tuple[Problem, ...],
}


class Unreadable(Exception):
    """This is no answer of a worker in its right mind."""


def pack(value: Any) -> Iterator[bytes]:
    """Write an answer: a result, or an exception that is to be raised."""
    blobs: list[bytes] = []
    head = json.dumps(_plain(value, blobs)).encode()
    sizes = json.dumps([len(head), *map(len, blobs)]).encode()
    return iter([len(sizes).to_bytes(4), sizes, head, *blobs])


def unpack(read: Callable[[int], bytes]) -> Any:
    """Read an answer.

    Args:
        read: Gives so many bytes, or fewer at the end.

    Returns:
        The result, or the exception that is to be raised.

    Raises:
        Unreadable: It is none.
    """

    def exactly(size: int) -> bytes:
        data = read(size)
        if len(data) != size:
            raise Unreadable
        return data

    try:
        sizes = json.loads(exactly(int.from_bytes(exactly(4))))
        if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > MAX_ANSWER:
            raise Unreadable
        head, *blobs = [exactly(size) for size in sizes]
        return _made(json.loads(head), blobs)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable from error


def _plain(value: Any, blobs: list[bytes]) -> Any:
    def several(values: Any) -> list[Any]:
        return [_plain(each, blobs) for each in values]

    match value:
        case Charged():
            return {"charged": value.value}
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            blobs.append(value)
            return {"bytes": len(blobs) - 1}
        case list():
            return several(value)
        case tuple():
            return {"tuple": several(value)}
        case dict():
            return {"dict": several(map(list, value.items()))}
        case Image.Image():
            pixels = value if value.mode == "RGB" else value.convert("RGB")
            return {"image": several([*value.size, value.format, pixels.tobytes()])}
        case ViduError():
            kept = {name: vars(value)[name] for name in _ERROR if name in vars(value)}
            return {"error": several([type(value).__module__, type(value).__name__, kept])}
        case ValueError():
            known = type(value).__module__ in ERRORS_OF
            home, name = (
                (type(value).__module__, type(value).__name__) if known else ("", "ValueError")
            )
            return {"error": [home, name, {"dict": [["what", str(value)]]}]}
    kind = type(value).__name__
    if RESULTS.get(kind) != type(value).__module__:
        raise TypeError(f"a worker can't answer with {kind}")
    return {kind: several(getattr(value, field.name) for field in fields(value))}


def _made(plain: Any, blobs: list[bytes]) -> Any:
    if isinstance(plain, list):
        return [_made(each, blobs) for each in plain]
    if not isinstance(plain, dict):
        return plain
    [(kind, given)] = plain.items()
    match kind:
        case "charged":
            return Charged(given)
        case "bytes":
            return blobs[given]
    values = [_made(each, blobs) for each in given]
    match kind:
        case "tuple":
            return tuple(values)
        case "dict":
            return dict(values)
        case "image":
            return _image(*values)
        case "error":
            return _error(*values)
    made = getattr(import_module(RESULTS[kind]), kind)
    if not all(_fits(value, f.type) for f, value in zip(fields(made), values, strict=True)):
        raise Unreadable
    return made(*values)


def _image(width: int, height: int, kind: str | None, pixels: bytes) -> Image.Image:
    if min(width, height) < 1 or width * height * 3 != len(pixels):
        raise Unreadable
    image = Image.frombytes("RGB", (width, height), pixels)
    image.format = kind
    return image


def _error(module: str, name: str, said: dict[str, Any]) -> Exception:
    if not module:
        return ValueError(said["what"])
    kind = getattr(import_module(module), name) if module in ERRORS_OF else None
    if not isinstance(kind, type) or not issubclass(kind, ViduError | ValueError):
        raise Unreadable
    if not all(_fits(value, _ERROR[field]) for field, value in said.items()):
        raise Unreadable
    if not issubclass(kind, ViduError):
        return kind(said["what"])
    error = kind.__new__(kind, said["what"])
    vars(error).update(said)
    return error


def _fits(value: Any, kind: Any) -> bool:
    """Tell whether a value is what an annotation says, as far as results need it."""
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(value)
        return (
            isinstance(value, tuple) and len(value) == len(kinds) and all(map(_fits, value, kinds))
        )
    return isinstance(value, int | float if kind is float else kind)
