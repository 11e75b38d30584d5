"""The request body as text: written from the form, and read from what is typed or pasted."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from vidu_demo.api.errors import Problem, RequestInvalid
from vidu_demo.api.images import ImageInput, is_url
from vidu_demo.api.limits import MAX_ADDRESSES
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import writable
from vidu_demo.api.text import Text
from vidu_demo.snippets import picture_names

LONGEST = MAX_ADDRESSES + 50_000
"""Characters that are read."""
_SHELL_QUOTE = "'\\''"
"""A quote inside a quoted argument."""


class Body(NamedTuple):
    """What a text says.

    Attributes:
        settings: The settings that are valid. One that is missing has its default.
        images: The pictures, by their places in the form and by their URLs; None if they stay.
        problems: What is wrong with the others.
    """

    settings: dict[str, Any]
    images: list[int | str] | None
    problems: tuple[Problem, ...]


def write(request: VideoRequest) -> str:
    """Write the body of a request, finished or not, with the names of its files."""
    body = request.payload(_names(request.images))
    return writable(json.dumps(body, indent=2, ensure_ascii=False))


def read(text: str, files: Sequence[ImageInput]) -> Body:
    """Read a body, on its own or within a command or a block of code.

    Args:
        text: The text, which can be anything.
        files: The form's files, which the text can name.
    """
    try:
        fields = _fields(text)
        images = _images(fields.pop("images", None), files)
    except RequestInvalid as error:
        return Body({}, None, error.problems)
    empty = not str(fields.get("prompt") or "").strip()
    asked = {"images": ["x"], **fields, **({"prompt": "x"} if empty else {})}
    problems: tuple[Problem, ...] = ()
    try:
        VideoRequest.model_validate(asked)
    except RequestInvalid as error:
        problems = error.problems
    wrong = {problem.field for problem in problems}
    settings = {
        field: VideoRequest.valid_or_default(field, fields.get(field))
        for field in VideoRequest.SETTINGS
        if field not in wrong
    }
    if empty:  # which is said elsewhere: it is still to be written
        settings["prompt"] = ""
    return Body(settings, images, problems)


def _names(images: Sequence[ImageInput]) -> list[str]:
    return list(picture_names(VideoRequest.unchecked(images=images))) if images else []


def _fields(text: str) -> dict[str, Any]:
    """Parse the first object in a text; what is around it may be a command or a fence."""
    if len(text) > LONGEST:
        raise _invalid(Text("This is too long: at most {most} characters are read.", most=LONGEST))
    text = text.replace(_SHELL_QUOTE, "'")
    start = text.find("{")
    if start < 0:
        raise _invalid("This is not a JSON object.")
    try:
        fields, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _invalid(
            Text(
                "This is not valid JSON: see line {line}, column {column}.",
                line=error.lineno,
                column=error.colno,
            )
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or deep nesting
        raise _invalid("This is not a JSON object.") from None
    if not text[:start].strip() and text[end:].strip():
        raise _invalid("Something follows after the JSON object.")
    return dict(fields)


def _images(named: Any, files: Sequence[ImageInput]) -> list[int | str] | None:
    """Find the pictures that a body names: the form's own files, and URLs after them."""
    if named is None:
        return None
    if not isinstance(named, list):
        raise _invalid("Give the pictures as a list.", "images")
    names = _names(files)
    found: list[int | str] = []
    for image in named:
        if isinstance(image, str) and is_url(image):
            found.append(image)
        elif image not in names:
            name = str(image)[:60]
            raise _invalid(Text("“{line}” is not a picture URL.", line=name), "images")
        elif found and isinstance(found[-1], str):
            raise _invalid("Name the uploaded pictures before the URLs.", "images")
        else:
            found.append(names.index(image))
    return found


def _invalid(message: str, field: str = "") -> RequestInvalid:
    return RequestInvalid(Problem(field, message))
