"""One GET of an untrusted link, with its redirects.

The link is requested byte for byte, and only if `Reach` allows it. The standard library reads the
answer, and urllib3 decompresses it.
"""

import http.client
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar
from urllib.parse import unquote

import urllib3
from requests.utils import default_user_agent
from urllib3.util import make_headers

from vidu_demo.api.errors import LinkRefused
from vidu_demo.api.network.connection import connect
from vidu_demo.api.network.deadline import CHUNK, Deadline, send
from vidu_demo.api.network.reach import Reach
from vidu_demo.api.network.urls import host_name, read_location, resolve, split

log = logging.getLogger(__name__)

MAX_REDIRECTS = 5

_REDIRECTS = (301, 302, 303, 307, 308)
_FAILURES = (
    *(OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError),
    *(LookupError, ImportError),  # an unknown kind of proxy, or one that needs PySocks
)

T = TypeVar("T")


class BrokenOff(Exception):
    """The exchange failed. The text names the cause, never the link."""


@contextmanager
def open_link(link: str, reach: Reach, deadline: Deadline) -> Iterator[urllib3.HTTPResponse]:
    """Request a link and follow its redirects; the answer's body is not read yet.

    Raises:
        LinkRefused: It leads somewhere that is not allowed.
        BrokenOff: No answer came.
    """
    with ExitStack() as stack:
        answer = _guarded(lambda: _follow(link, reach, deadline, stack))
        yield answer


def read_body(answer: urllib3.HTTPResponse) -> Iterator[bytes]:
    """Read a whole body in pieces, decompressed if necessary.

    Raises:
        BrokenOff: The body is incomplete.
    """
    pieces = answer.stream(CHUNK, decode_content=True)
    while piece := _guarded(lambda: next(pieces, b"")):
        yield piece


def _guarded(step: Callable[[], T]) -> T:
    """Take a step over the network, dropping the original error, which may contain the link."""
    try:
        return step()
    except _FAILURES as error:
        failed = type(error).__name__
    raise BrokenOff(failed)


def _follow(link: str, reach: Reach, deadline: Deadline, stack: ExitStack) -> urllib3.HTTPResponse:
    for _ in range(MAX_REDIRECTS + 1):
        answer = _get(link, reach, deadline, stack)
        location = read_location(answer.headers.getlist("Location"))
        if answer.status not in _REDIRECTS or not location:
            break
        link = resolve(link, location)
    return answer


def _get(link: str, reach: Reach, deadline: Deadline, stack: ExitStack) -> urllib3.HTTPResponse:
    if not link.lower().startswith(("http:", "https:")):
        raise LinkRefused(
            "The video is made, but its link is not a web address.",
            next_step="Give the task's id to Novita's support.",
        )
    url, target = split(link)
    name = host_name(url)
    log.debug("GET %s://%s%s", url.scheme, name, target.partition("?")[0])
    connection, before, headers = connect(url, reach, deadline, stack)
    headers |= {"Host": name, "User-Agent": default_user_agent(), "Accept": "*/*"}
    headers |= {"Accept-Encoding": "identity", "Connection": "close"}
    if url.auth:
        headers |= make_headers(basic_auth=unquote(url.auth))
    answer = send(connection, deadline, "GET", before + target, headers)
    return urllib3.HTTPResponse(
        answer,
        urllib3.HTTPHeaderDict(answer.getheaders()),
        answer.status,
        preload_content=False,
        original_response=answer,
        request_method="GET",
    )
