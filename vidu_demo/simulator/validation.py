"""Checks the types and limits of the request's eleven fields, as on the vendor's page."""

import json
from typing import Any
from urllib.parse import urlsplit

from .refusals import RefusedError
from .video import data_uri

Body = dict[str, Any]

MAX_BODY = 20 * 2**20  # bytes of a whole POST
MAX_PROMPT = 5000  # characters
MAX_SEED = 2**31 - 1

BOOLEANS = ("audio", "bgm", "off_peak", "watermark")
CHOICES = {
    "resolution": ("540p", "720p", "1080p"),
    "movement_amplitude": ("auto", "small", "medium", "high"),
}


def read(raw: bytes | None) -> object:
    """Parse a body; None means that it exceeded `MAX_BODY`.

    Raises:
        RefusedError: It is too large, or not JSON.
    """
    if raw is None:
        raise _unusable("the request body exceeds 20 MB")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise _unusable("the request body is not valid JSON") from None


def check(body: object) -> Body:
    """Check a parsed body; unknown fields are ignored.

    Returns:
        The body, now known to be a valid request.

    Raises:
        RefusedError: It breaks a rule.
    """
    if not isinstance(body, dict):
        raise _unusable("the request body must be an object")
    _check_prompt(body.get("prompt"))
    _check_numbers(body)
    for name in BOOLEANS:
        if type(body.get(name, False)) is not bool:
            raise _unusable(f"{name} must be a boolean")
    for name, choices in CHOICES.items():
        if body.get(name, choices[0]) not in choices:
            raise _unusable(f"{name} must be one of {', '.join(choices)}")
    if not isinstance(body.get("voice_id", ""), str | None):
        raise _unusable("voice_id must be a string")
    _check_images(body.get("images"))
    return body


def is_url(image: str) -> bool:
    """Tell whether a picture is a URL, not a data URI."""
    try:
        parts = urlsplit(image)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _unusable(message: str) -> RefusedError:
    return RefusedError(400, "INVALID_REQUEST_BODY", message)


def _check_prompt(prompt: object) -> None:
    if not isinstance(prompt, str) or not prompt.strip():
        raise _unusable("prompt is required and must be a string")
    if len(prompt) > MAX_PROMPT:
        raise _unusable(f"prompt must not exceed {MAX_PROMPT} characters")


def _check_numbers(body: Body) -> None:
    duration, seed = body.get("duration"), body.get("seed")
    if type(duration) is not int or not 1 <= duration <= 10:
        raise _unusable("duration is required and must be an integer from 1 to 10")
    if seed is not None and (type(seed) is not int or not 0 <= seed <= MAX_SEED):
        raise _unusable(f"seed must be an integer from 0 to {MAX_SEED}")


def _check_images(images: object) -> None:
    if not isinstance(images, list) or not images:
        raise _unusable("images is required and must be a list with at least one image")
    if not all(isinstance(image, str) for image in images):
        raise _unusable("images must be a list of strings")
    data_uri.check([image for image in images if not is_url(image)])
