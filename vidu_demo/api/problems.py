"""What is wrong with a request, field by field, in sentences for whoever made it."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from vidu_demo.api.errors import Problem
from vidu_demo.api.limits import MAX_ADDRESS, MAX_ADDRESSES
from vidu_demo.api.text import Text


def problem(error: ErrorDetails, fields: Mapping[str, Mapping[str, Any]]) -> Problem:
    """Say one of pydantic's complaints as a person would.

    Args:
        error: The complaint.
        fields: The request's fields, as `VideoRequest.describe` describes them.
    """
    if not error["loc"]:
        return Problem("", "Give the settings by their names.")
    field = str(error["loc"][0])
    if field not in fields:
        return Problem(field, Text("There is no setting called {name}.", name=field[:50]))
    return Problem(field, _sentence(error, field, fields[field]))


def _sentence(error: ErrorDetails, field: str, about: Mapping[str, Any]) -> str:
    title, given, limits = Text(about["title"]), error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing" | "too_short" | "string_pattern_mismatch" | "invisible":
            return f"{about['ask']}."
        case "addresses_too_long":
            return Text(
                "The addresses of the pictures are too long: one may have {one} characters, "
                "all together {most}.",
                one=MAX_ADDRESS,
                most=MAX_ADDRESSES,
            )
        case "string_too_long" if field == "voice_id":
            most = limits["max_length"]
            return Text("A voice's id has at most {most} characters.", most=most)
        case "string_too_long":
            return Text(
                "Shorten the prompt to {most} characters; it has {length}.",
                most=limits["max_length"],
                length=len(given),
            )
        case "greater_than_equal" | "less_than_equal":
            return Text(
                "{title} goes from {lowest} to {highest}; {given} is outside.",
                title=title,
                lowest=about["minimum"],
                highest=about["maximum"],
                given=_short(given),
            )
        case "int_type" | "int_parsing" | "int_parsing_size" | "int_from_float" | "finite_number":
            return Text("{title} must be a whole number.", title=title)
        case "literal_error":
            return Text(
                "{title} can be {options}; “{given}” is none of them.",
                title=title,
                options=", ".join(about["enum"]),
                given=_short(given),
            )
        case "string_type" if field != "images":
            return Text("{title} must be text.", title=title)
        case "bool_type" | "bool_parsing":
            return Text("{title} is either on or off.", title=title)
        case "list_type":
            return "Give the pictures as a list."
        case _ if field == "images":
            return "A picture can be a path, a URL, bytes or a Pillow image."
        case _:
            return Text("{title} can't be read.", title=title)


def _short(given: object) -> str:
    try:
        text = str(given)
    except ValueError:  # Python writes no numbers of thousands of digits
        return "this number"
    return text if len(text) <= 50 else text[:50] + "…"
