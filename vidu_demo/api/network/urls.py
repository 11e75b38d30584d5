"""Parses a link once, for the host check, the socket and the request line."""

import re
import string
from collections.abc import Sequence
from urllib.parse import quote

from urllib3.util import Url, parse_url

PORTS = {"http": 80, "https": 443}

_LINK = re.compile(r"(?i)(https?)://([^/?#\\]*)([^#]*)")
"""Scheme, host with all that stands around it, and target; browsers end a host at `\\`, too."""


def split(link: str) -> tuple[Url, str]:
    """Split a link into its host and the request target.

    Returns:
        The host with scheme, port and login; the target exactly as in the link, except for
        characters that are invalid in a request line.

    Raises:
        ValueError: It is not an http(s) link.
    """
    parts = _LINK.match(link)
    if not parts:
        raise ValueError("no web address")
    url = parse_url(f"{parts[1].lower()}://{parts[2]}")
    if not url.host:
        raise ValueError("no host")
    # ASCII that is valid in a request line is kept; a space or a letter like "é" is not.
    target = quote(parts[3], string.punctuation, errors="replace")
    return url, target if target.startswith("/") else f"/{target}"


def host_name(url: Url) -> str:
    """Format a host for the `Host` header, without the default port."""
    plain = url.port in (None, PORTS[url.scheme or ""])
    return url.host or "" if plain else f"{url.host}:{url.port}"


def read_location(values: Sequence[str]) -> str:
    """Read an answer's `Location`, which the standard library decodes as Latin-1.

    Returns:
        The location; empty if there is none.

    Raises:
        ValueError: There are two.
    """
    given = {value.strip() for value in values}
    if len(given) > 1:
        raise ValueError("it leads to two places")
    raw = "".join(given).encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return quote(raw, string.punctuation)


def resolve(link: str, location: str) -> str:
    """Resolve a redirect as browsers do; an absolute URL is taken as it is.

    Args:
        link: What was requested.
        location: The `Location` of the answer, not empty.
    """
    base = _LINK.match(link)
    if base is None or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location):
        return location
    if location.startswith("//"):
        return f"{base[1]}:{location}"
    path, had_query, query = (base[3] or "/").partition("?")
    given, mark, rest = location.partition("#")[0].partition("?")
    if given:
        path = given if given.startswith("/") else path.rpartition("/")[0] + "/" + given
        return f"{base[1]}://{base[2]}{_without_dots(path)}{mark}{rest}"
    return f"{base[1]}://{base[2]}{path}{mark or had_query}{rest if mark else query}"


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        dots = segment.lower().replace("%2e", ".")
        if dots == ".." and kept:
            kept.pop()
        if dots not in (".", ".."):
            kept.append(segment)
    if dots in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
