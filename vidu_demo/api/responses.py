"""Reads the API's answers leniently: there is always something to say about them."""

import email.utils
import json
import time
from typing import Any

from vidu_demo.api.errors import Charged
from vidu_demo.api.refusals import (
    ApiRefused,
    KeyRejected,
    NotFound,
    ServiceFailed,
    VideoBlocked,
    meaning_of,
)
from vidu_demo.api.text import Text


def read_error_body(text: str) -> tuple[str, str] | None:
    """Read `(reason, message)` from an error body in any of the vendor's shapes.

    Returns:
        None if it is not an error body: not JSON, not an object, or without a reason.
    """
    body = read_json(text)
    if isinstance(body, dict) and isinstance(error := body.get("error"), dict | str):
        body = error if isinstance(error, dict) else {"message": error}
    if not isinstance(body, dict):
        return None
    reason, message = body.get("reason") or body.get("code") or "", body.get("message") or ""
    if not isinstance(message, str):
        message = ""
    return (writable(str(reason)), writable(message)) if reason or message else None


def read_json(text: str) -> Any:
    """Parse JSON; None if it is invalid or nested too deeply."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def writable(text: str) -> str:
    """Replace what JSON can contain but files and databases can't: lone surrogates and NUL."""
    return text.encode(errors="replace").decode().replace("\0", "?")


def refusal(
    http_status: int,
    text: str,
    *,
    task_id: str | None = None,
    retry_after: float | None = None,
    secret: str = "",
) -> ApiRefused:
    """Turn an error answer into the matching error.

    Args:
        http_status: The answer's HTTP status.
        text: The answer's body, whatever it is.
        task_id: The task, if this answers a poll: then the poll failed, not the task, and nothing
            is known about the charge.
        retry_after: Seconds that the API asked to wait.
        secret: The key, in case the answer repeats it.
    """
    reason, message = read_error_body(text) or ("", "")
    if secret:
        reason, message = reason.replace(secret, "[key]"), message.replace(secret, "[key]")
    meaning = meaning_of(reason)
    if meaning is ApiRefused:
        meaning = meaning_of(message, http_status)
    # Without a reason from the vendor, these do not come from the API.
    between = not (reason or message) and http_status in (403, 407)
    if between:
        meaning = ApiRefused
    what = Text(_BETWEEN if between else meaning.what)
    if said := ": ".join(part for part in (reason, message) if part):
        what = Text("{text} It said “{said}”.", text=what, said=said[:300])
    elif meaning is ApiRefused:
        what = Text("{text} It answered HTTP {status}.", text=what, status=http_status)
    error = meaning(
        what,
        charged=Charged.UNKNOWN
        if task_id or issubclass(meaning, ServiceFailed | VideoBlocked)
        else Charged.NO,
        # A next step of "send it again" would buy a second task while the first one runs.
        next_step=_CHECK_AGAIN
        if task_id and meaning not in (KeyRejected, NotFound)
        else _LET_THROUGH
        if between
        else None,
        task_id=task_id,
        reason=reason,
    )
    error.retry_after = retry_after
    return error


_BETWEEN = (
    "Something between here and the API turned the request away, such as a firewall or a proxy."
)
_LET_THROUGH = "Check the network, its proxy or VPN, and NOVITA_BASE_URL, then send it again."
_CHECK_AGAIN = "Only this check was refused, not the task. Check again later by its id."


def read_retry_after(value: str) -> float | None:
    """Read `Retry-After`, which can be seconds or a date, as seconds from now."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
