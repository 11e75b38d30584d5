"""One HTTP exchange: one request goes out as it is, one answer comes in, and nothing is kept.

Not `Session.send`: that reads a redirect even where none is followed, fails on a broken one with
an error of its own, keeps cookies, and reads a body of any size.
"""

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from vidu_demo.api.limits import MAX_ANSWER_BYTES
from vidu_demo.api.reach import is_loopback
from vidu_demo.api.refusals import ApiRefused
from vidu_demo.api.responses import read_retry_after, refusal

CONNECT_SECONDS = 10.0
PLAIN = {"Accept-Encoding": "identity"}
"""Answers are small, and half of a packed one is harder to read."""

CAREFUL_BYTES, CHUNK = 4096, 1024
"""So much of an answer is kept byte by byte, since it may break off behind an id; after that the
time is looked at so often, since a host may send byte by byte."""


@dataclass
class Answer:
    """An answer as far as it has arrived: it grows while it is read, and may remain incomplete.

    Attributes:
        status: The HTTP status; 0 until there is one.
        headers: Their names are looked up in any case.
        content: The body as received.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """The body, unpacked if it is packed, as text.

        JSON is UTF-8, UTF-16 or UTF-32, whatever the headers say: without a charset in them
        requests assumes Latin-1, or guesses for seconds.
        """
        content = self._unpacked()
        return content.decode(json.detect_encoding(content), "replace")

    @property
    def readings(self) -> tuple[str, str]:
        """The body as text, and as UTF-8 in case it only looks like another encoding."""
        return self.text, self._unpacked().decode("utf-8", "replace")

    @property
    def is_cut(self) -> bool:
        """Whether the body is longer than what is read of it."""
        return max(len(self.content), len(self._unpacked())) >= MAX_ANSWER_BYTES

    def refusal(self, *, secret: str, task_id: str | None = None) -> ApiRefused:
        """The error that the answer means; `responses.refusal` says what from."""
        return refusal(
            self.status,
            self.text,
            task_id=task_id,
            retry_after=read_retry_after(self.headers.get("Retry-After", "")),
            secret=secret,
        )

    def _unpacked(self) -> bytes:
        packing = self.headers.get("Content-Encoding", "")
        if not packing and self.content.startswith(b"\x1f\x8b"):
            packing = "gzip"
        packed = urllib3.HTTPResponse(
            io.BytesIO(self.content), {"Content-Encoding": packing}, preload_content=False
        )
        try:
            return packed.read(MAX_ANSWER_BYTES, decode_content=True)
        except urllib3.exceptions.HTTPError:  # it is not packed, although it says so
            return bytes(self.content)


def exchange(
    session: requests.Session,
    request: requests.PreparedRequest,
    timeout: tuple[float, float],
    answer: Answer,
    *,
    careful: bool = False,
) -> None:
    """Send a request and read the answer, up to a bound, then let the connection go.

    Args:
        session: What to send with.
        request: What to send.
        timeout: Seconds to connect, and seconds without a byte; the body may take as long, too.
        answer: Filled as the answer comes.
        careful: Whether what came before a failure must not be lost; that takes more work.
    """
    url = request.url or ""
    with session.get_adapter(url).send(
        request, timeout=timeout, **environment_settings(session, url)
    ) as came:
        answer.status, answer.headers = came.status_code, came.headers
        # A body that can't be unpacked may still hold an id, so nothing is unpacked here.
        came.raw.headers.discard("Content-Encoding")
        end = time.monotonic() + timeout[1]
        for chunk in chain(
            islice(came.iter_content(1), CAREFUL_BYTES if careful else 0), came.iter_content(CHUNK)
        ):
            answer.content += chunk
            if len(answer.content) > MAX_ANSWER_BYTES:
                break
            if time.monotonic() > end:
                raise TimeoutError


def environment_settings(session: requests.Session, url: str) -> Mapping[str, Any]:
    """Tell what the environment says about an address: its `proxies` and certificates, `verify`."""
    host = urlsplit(url).hostname or ""
    # A proxy can't reach the simulator on this machine, and few people exempt loopback.
    return session.merge_environment_settings(
        url, {"no_proxy": host} if is_loopback(host) else {}, True, None, None
    )
