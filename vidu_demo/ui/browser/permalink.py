"""A form in a link, such as `?prompt=…&duration=3`: its settings, and picture addresses."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest

PICTURES = "image"
"""The name of a picture's address in a link; it may be there several times."""
NAMES = (*VideoRequest.SETTINGS, PICTURES)


def write(sketch: VideoRequest) -> str:
    """Write the settings that are no defaults as a query.

    Uploaded pictures are not in it. Neither is an address with a query or a login of its own,
    which may be a secret.
    """
    chosen = {
        field: value
        for field in VideoRequest.SETTINGS
        if (value := getattr(sketch, field)) not in (None, "", VideoRequest.DEFAULTS.get(field))
    }
    pictures = [image for image in sketch.images if is_url(image) and set("?@").isdisjoint(image)]
    return urlencode([*chosen.items(), *((PICTURES, image) for image in pictures)])


def read(query: Mapping[str, str], pictures: list[str]) -> dict[str, Any]:
    """Read a form from a link, as the browser would have kept it; empty if there is none.

    Args:
        query: The last value of each name.
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
