"""Results of a worker process, as JSON followed by raw bytes.

A hostile file may take over a decoder and send anything. So only the classes listed here are ever
looked up, and a result is only built from values that fit its fields.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib import import_module
from string import Formatter
from typing import Any, get_args, get_origin

from PIL import Image

from vidu_demo.api.errors import Charged, Problem, ViduError
from vidu_demo.api.text import Text

RESULTS = {
    "Picture": "vidu_demo.api.encoding",
    "Frame": "vidu_demo.media.framing",
    "TooLong": "vidu_demo.media.framing",
    "Facts": "vidu_demo.media.clip",
    "Problem": "vidu_demo.api.errors",
}
"""The dataclasses that a worker may return, and their modules."""
ERROR_MODULES = (
    "vidu_demo.api.errors",
    "vidu_demo.api.refusals",
    "vidu_demo.api.images",
    "vidu_demo.api.mp4.video",
)
MAX_RESULT = 400_000_000
"""Bytes. The largest picture as pixels has 267 million."""
MAX_TEXT = 5000
"""Characters of a template and its values. The result has some millions at most."""
_ERROR: dict[str, Any] = {
    "what": str,
    "charged": Charged,
    "next_step": str,
    "task_id": str | None,
    "reason": str,
    "problems": tuple[Problem, ...],
}


class Unreadable(Exception):
    """These bytes are not a result from `pack`."""


def pack(value: Any) -> Iterator[bytes]:
    """Encode a result, or an exception to raise."""
    blobs: list[bytes] = []
    head = json.dumps(_encode(value, blobs)).encode()
    sizes = json.dumps([len(head), *map(len, blobs)]).encode()
    return iter([len(sizes).to_bytes(4), sizes, head, *blobs])


def unpack(read: Callable[[int], bytes]) -> Any:
    """Decode a result.

    Args:
        read: Reads up to the given number of bytes.

    Returns:
        The result, or the exception to raise.

    Raises:
        Unreadable: The bytes are not a result.
    """

    def exactly(size: int) -> bytes:
        data = read(size)
        if len(data) != size:
            raise Unreadable
        return data

    try:
        sizes = json.loads(exactly(int.from_bytes(exactly(4))))
        if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > MAX_RESULT:
            raise Unreadable
        head, *blobs = [exactly(size) for size in sizes]
        return _decode(json.loads(head), blobs)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable from error


def _encode(value: Any, blobs: list[bytes]) -> Any:
    def encode_all(values: Any) -> list[Any]:
        return [_encode(each, blobs) for each in values]

    match value:
        case Charged():
            return {"charged": value.value}
        case Text():
            return {"text": encode_all([value.template, value.values])}
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            blobs.append(value)
            return {"bytes": len(blobs) - 1}
        case list():
            return encode_all(value)
        case tuple():
            return {"tuple": encode_all(value)}
        case dict():
            return {"dict": encode_all(map(list, value.items()))}
        case Image.Image():
            pixels = value if value.mode == "RGB" else value.convert("RGB")
            return {"image": encode_all([*value.size, value.format, pixels.tobytes()])}
        case ViduError():
            kept = {name: vars(value)[name] for name in _ERROR if name in vars(value)}
            return {"error": encode_all([type(value).__module__, type(value).__name__, kept])}
        case ValueError():
            module, name = type(value).__module__, type(value).__name__
            if module not in ERROR_MODULES:
                module, name = "", "ValueError"
            return {"error": [module, name, {"dict": [["what", str(value)]]}]}
    kind = type(value).__name__
    if RESULTS.get(kind) != type(value).__module__:
        raise TypeError(f"a worker can't return {kind}")
    return {kind: encode_all(getattr(value, field.name) for field in fields(value))}


def _decode(plain: Any, blobs: list[bytes]) -> Any:
    if isinstance(plain, list):
        return [_decode(each, blobs) for each in plain]
    if not isinstance(plain, dict):
        return plain
    [(kind, given)] = plain.items()
    match kind:
        case "charged":
            return Charged(given)
        case "bytes":
            return blobs[given]
    values = [_decode(each, blobs) for each in given]
    match kind:
        case "tuple":
            return tuple(values)
        case "dict":
            return dict(values)
        case "image":
            return _image(*values)
        case "text":
            return _text(*values)
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


def _text(template: str, values: dict[str, Any]) -> Text:
    """Fill a template; a width such as `{:999999999}` would fill the memory as well."""
    parsed = Formatter().parse(template)
    bare = not any(spec or kind or not (gap or "x").isidentifier() for _, gap, spec, kind in parsed)
    short = all(isinstance(v, str | int | float) for v in values.values()) and (
        len(template) + sum(len(str(value)) for value in values.values()) <= MAX_TEXT
    )
    if not (bare and short):
        raise Unreadable
    return Text(template, **values)


def _error(module: str, name: str, said: dict[str, Any]) -> Exception:
    if not module:
        return ValueError(said["what"])
    kind = getattr(import_module(module), name, None) if module in ERROR_MODULES else None
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
    """Tell whether a value fits an annotation, for the types that results use."""
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(value)
        return (
            isinstance(value, tuple) and len(value) == len(kinds) and all(map(_fits, value, kinds))
        )
    return isinstance(value, int | float if kind is float else kind)
