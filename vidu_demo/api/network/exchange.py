"""One HTTP exchange: sends a request as it is, reads the answer, and keeps nothing.

We don't use `Session.send`, which reads the body of a redirect even if it doesn't follow it, fails
on a broken one with its own error, keeps cookies, and reads bodies of any size.
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
from vidu_demo.api.network.reach import is_loopback
from vidu_demo.api.refusals import ApiRefused
from vidu_demo.api.responses import read_retry_after, refusal

CONNECT_SECONDS = 10.0
PLAIN = {"Accept-Encoding": "identity"}
"""Answers are small, and half of a compressed one is harder to read."""

CAREFUL_BYTES, CHUNK = 4096, 1024
"""The start of an answer is read byte by byte, since it may break off after an id. After that, the
time is checked once per chunk, since a host may send single bytes."""


@dataclass
class Answer:
    """An answer as far as it has arrived: it grows while being read, and may stay incomplete.

    Attributes:
        status: The HTTP status; 0 until there is one.
        headers: The headers, with case-insensitive names.
        content: The body as received.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """The body as text, decompressed if necessary.

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
        """True if the body is longer than what was read."""
        return max(len(self.content), len(self._unpacked())) >= MAX_ANSWER_BYTES

    def refusal(self, *, secret: str, task_id: str | None = None) -> ApiRefused:
        """The error that the answer stands for; see `responses.refusal`."""
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
        except urllib3.exceptions.HTTPError:  # it claims to be compressed but is not
            return bytes(self.content)


def exchange(
    session: requests.Session,
    request: requests.PreparedRequest,
    timeout: tuple[float, float],
    answer: Answer,
    *,
    careful: bool = False,
) -> None:
    """Send a request, read the answer up to a limit, then release the connection.

    Args:
        session: The session to send with.
        request: The request to send.
        timeout: Seconds to connect, and seconds to wait for a byte, which also limits the body.
        answer: Filled in as the answer arrives.
        careful: Whether to keep whatever arrives before a failure, which takes more work.
    """
    url = request.url or ""
    with session.get_adapter(url).send(
        request, timeout=timeout, **environment_settings(session, url)
    ) as came:
        answer.status, answer.headers = came.status_code, came.headers
        # A body that can't be decompressed may still contain an id, so that is not done here.
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
    """Return the environment's settings for a URL: its `proxies`, and `verify` for certificates."""
    host = urlsplit(url).hostname or ""
    # A proxy can't reach the simulator on this machine, but few people exempt loopback.
    return session.merge_environment_settings(
        url, {"no_proxy": host} if is_loopback(host) else {}, True, None, None
    )
