"""One paid POST and its outcome: a task id, a certain refusal, or unknown."""

import json
import re
from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from vidu_demo.api.errors import (
    ApiUnreachable,
    Problem,
    RequestInvalid,
    SubmitOutcomeUnknown,
    ViduError,
)
from vidu_demo.api.limits import MAX_BODY_BYTES
from vidu_demo.api.network.exchange import CONNECT_SECONDS, PLAIN, Answer, exchange
from vidu_demo.api.refusals import ApiRefused, ServiceFailed, TooFast, VideoBlocked, meaning_of
from vidu_demo.api.responses import read_error_body
from vidu_demo.api.task_ids import find_task_id, mentions_id
from vidu_demo.api.text import Text

SUBMIT_SECONDS = 120.0
"""Timeout of a submit, which carries up to 10 MB of pictures."""


def submit(
    address: str,
    payload: dict[str, Any],
    *,
    authorize: Callable[[requests.PreparedRequest], requests.PreparedRequest],
    secret: str,
    saw: Callable[[Answer, str], None] = lambda _answer, _lost: None,
) -> str:
    """Send a submit once.

    Args:
        address: The URL to send it to.
        payload: Its body, from `VideoRequest.payload`.
        authorize: Adds the key.
        secret: The key, in case the answer repeats it.
        saw: Told what came back, and the kind of failure, if any. It must not raise.

    Returns:
        The task's id.

    Raises:
        RequestInvalid: It is larger than `MAX_BODY_BYTES`; nothing was sent.
        ApiUnreachable: No connection was made; nothing was sent.
        ApiRefused: The API certainly made no task, and says why.
        SubmitOutcomeUnknown: A task may have been made.
    """
    # A new connection: a reset on a kept-alive one that had died would look like a lost answer,
    # and a lost answer can't be recovered.
    adapter, answer, lost = _SubmitAdapter(), Answer(), ""
    with requests.Session() as session:
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        try:
            request = session.prepare_request(
                requests.Request("POST", address, json=payload, headers=PLAIN, auth=authorize)
            )
            _check_weight(request)
            timeout = CONNECT_SECONDS, SUBMIT_SECONDS
            exchange(session, request, timeout, answer, careful=True)
        except ViduError:
            raise
        except Exception as error:  # whatever it is: only the charge matters
            lost = type(error).__name__
        except BaseException as error:
            if task_id := _bought(answer, payload):
                error.add_note(f"A task was bought: {task_id}")
            elif adapter.connected:
                error.add_note(str(_lost(Text("it was interrupted"))))
            raise
    saw(answer, lost)
    # Raised here, so that no library's error, which may quote the request, is chained to it.
    if lost and not adapter.connected:
        raise ApiUnreachable(Text("The API could not be reached ({why}).", why=lost))
    if task_id := _bought(answer, payload):  # whatever else went wrong
        return task_id
    if lost:
        raise _lost(Text("no answer came ({why})", why=lost))
    refused = answer.refusal(secret=secret)
    if _surely_refused(answer.status, answer.text, refused) and not _may_name(answer, payload):
        raise refused
    raise _lost(
        Text("the answer names no task (HTTP {status})", status=answer.status), refused.reason
    )


def _lost(text: Text, reason: str = "") -> SubmitOutcomeUnknown:
    return SubmitOutcomeUnknown(
        Text("The request was sent, but {text}: a task may be running without its id.", text=text),
        reason=reason,
    )


class _SubmitAdapter(HTTPAdapter):
    """Records whether a connection was made: until then none of the request has been sent.

    That covers unknown names, refused connections, failed TLS handshakes and failed proxy tunnels.
    """

    connected = False

    def get_connection_with_tls_context(
        self, *args: Any, **kwargs: Any
    ) -> urllib3.HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        adapter = self

        class Noting(pool.ConnectionCls):  # type: ignore[name-defined, misc]
            def connect(self) -> None:
                super().connect()
                adapter.connected = True
                # Otherwise the connect timeout would limit the upload of all pictures.
                self.timeout = SUBMIT_SECONDS
                self.sock.settimeout(self.timeout)

        pool.ConnectionCls = Noting
        return pool


def _bought(answer: Answer, payload: dict[str, Any]) -> str | None:
    location = answer.headers.get("Location", "")
    found = (find_task_id(text, payload, location, answer.headers) for text in answer.readings)
    return next(filter(None, found), None)


def _may_name(answer: Answer, payload: dict[str, Any]) -> bool:
    """Tell whether an answer may refer to a task although no id can be read in it."""
    if answer.is_cut or _breaks_off(answer.text):
        return True
    texts = (*answer.readings, answer.headers.get("Location", ""))
    # An empty field means that there is no id; this is about what might be one.
    told = (_EMPTY_ID.sub("", text) for text in texts)
    return any(mentions_id(text, payload, answer.headers) for text in told)


_EMPTY_ID = re.compile(r'"task_id"\s*:\s*(null|"")(?=\s*[,}])')


def _breaks_off(text: str) -> bool:
    """Tell whether a text is truncated JSON."""
    begun = text.lstrip("\ufeff \t\r\n\0")
    if not begun.startswith(("{", "[")):
        return False
    try:
        json.JSONDecoder(strict=False).raw_decode(begun)
    except (ValueError, RecursionError):
        return True
    return False


def _surely_refused(status: int, text: str, refused: ApiRefused) -> bool:
    """Tell whether an answer to a submit means for certain that no task was made."""
    if isinstance(refused, ServiceFailed | VideoBlocked):
        return False  # a task may have been made before it failed
    if 400 <= status < 500:
        return read_error_body(text) is not None or status in _GATE_STATUSES
    # Outside 4xx only a clear reason counts. "Too fast" is not one: it would be resent.
    return meaning_of(refused.reason) not in (ApiRefused, TooFast)


_GATE_STATUSES = {401, 403, 404, 407, 413, 429}
"""Statuses from a gateway in front of the API, as HTML or without a body: nothing got through."""


def _check_weight(request: requests.PreparedRequest) -> None:
    if int(request.headers["Content-Length"]) > MAX_BODY_BYTES:
        most = MAX_BODY_BYTES // 1_000_000
        raise RequestInvalid(Problem("", Text("The request is larger than {most} MB.", most=most)))
