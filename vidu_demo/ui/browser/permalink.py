"""The form as a link, such as `?prompt=…&duration=3`: its settings and picture URLs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest

PICTURES = "image"
"""The name of a picture URL in a link; it can be repeated."""
_UPLOADED = "Uploaded pictures are not in it."
_SIGNED = "Picture URLs with “?” or “@” are not in it, because they may be secret."
NAMES = (*VideoRequest.SETTINGS, PICTURES)


def write(request: VideoRequest) -> str:
    """Write the settings that differ from their defaults as a query.

    Uploaded pictures are left out, and so are URLs with a query or a login, which may be secret.
    """
    chosen = {
        field: value
        for field in VideoRequest.SETTINGS
        if (value := getattr(request, field)) not in (None, "", VideoRequest.DEFAULTS.get(field))
    }
    pictures = [image for image in request.images if is_url(image) and _is_open(image)]
    return urlencode([*chosen.items(), *((PICTURES, image) for image in pictures)])


def left_out(request: VideoRequest) -> list[str]:
    """Say which pictures `write` leaves out."""
    urls = [image for image in request.images if is_url(image)]
    uploaded, secret = len(urls) < len(request.images), not all(map(_is_open, urls))
    return [_UPLOADED] * uploaded + [_SIGNED] * secret


def read(query: Mapping[str, str], pictures: list[str]) -> dict[str, Any]:
    """Read the form from a link, in the format that the browser keeps; empty if there is none.

    Args:
        query: The last value for each name.
        pictures: Every value of `PICTURES`.
    """
    form = {
        field: VideoRequest.valid_or_default(field, query[field])
        for field in VideoRequest.SETTINGS
        if field in query
    }
    if urls := [url for url in pictures if is_url(url)]:
        form["urls"] = "\n".join(urls)
    return form


def _is_open(url: str) -> bool:
    return set("?@").isdisjoint(url)
