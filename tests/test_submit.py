"""A submit that goes wrong, over real HTTP: it tells what became of the money."""

import gzip
import json
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from email.utils import formatdate
from time import time
from typing import Any

import pytest
import requests
from conftest import Clock
from http_fixtures import (
    HTML,
    PAYLOAD,
    SUBMIT,
    answering,
    at,
    closed_port,
    everything_about,
    raw_server,
    reason,
)

from vidu_demo import SubmitOutcomeUnknown, ViduClient
from vidu_demo.api import submit as submit_module
from vidu_demo.api.errors import ApiUnreachable, Charged, RequestInvalid
from vidu_demo.api.limits import MAX_ANSWER_BYTES
from vidu_demo.api.refusals import (
    AccountNotAllowed,
    ApiRefused,
    BalanceTooLow,
    KeyRejected,
    NotFound,
    PictureBlocked,
    PictureRejected,
    PromptBlocked,
    RequestRejected,
    TooFast,
)
from vidu_demo.simulator import Fault, Simulator


def unknown(error: SubmitOutcomeUnknown) -> None:
    assert type(error) is SubmitOutcomeUnknown
    assert error.charged is Charged.UNKNOWN
    assert "could buy it twice" in str(error)
    assert "simulated" not in everything_about(error)


@pytest.mark.parametrize(
    ("fault", "tasks"),
    [
        (Fault(reset=True), 0),
        (Fault(reset=True, after=True), 1),
        (Fault(status=500), 0),
        (Fault(status=500, after=True), 1),
        (Fault(status=500, body=reason("BILLING_FAILED")), 0),
        (Fault(status=400, body=reason("CREATE_TASK_FAILED")), 0),
        (Fault(status=502, body=HTML), 0),
        (Fault(status=503, body=reason("RATE_LIMIT_EXCEEDED")), 0),
        (Fault(status=503, headers={"Retry-After": "1"}), 0),
        (Fault(status=504, body=HTML, after=True), 1),
        (Fault(status=520, body=reason("?")), 0),
        (Fault(status=408, body=reason("?")), 0),
        (Fault(status=400, body=HTML), 0),
        (Fault(status=200, body=HTML, after=True), 1),
        (Fault(status=200, after=True), 1),
        (Fault(status=200, body={"ok": True}), 0),
        (Fault(status=200, body={"task_id": ""}), 0),
        (Fault(status=200, body={"task_id": None}), 0),
        (Fault(status=200, body={"task_id": True}), 0),
        (Fault(status=200, body=reason("RATE_LIMIT_EXCEEDED")), 0),
        (Fault(status=200, body="[" * 100_000), 0),
        (Fault(status=200, body=b"\xff\xfe\x00" * 1000), 0),
        (
            Fault(
                status=200, body=b'{"x": "' + b"y" * 2 * MAX_ANSWER_BYTES + b'", "task_id": "t"}'
            ),
            0,
        ),
        (Fault(status=200, body="x", headers={"Content-Encoding": "gzip"}), 0),
        (Fault(truncate=True), 1),
        (Fault(status=302, headers={"Location": SUBMIT}), 0),
        (Fault(status=307, headers={"Location": SUBMIT}), 0),
        (Fault(status=307, headers={"Location": "http://[broken"}), 0),
        (Fault(status=308, headers={"Location": "http://\xff"}), 0),
    ],
)
def test_a_lost_answer_is_never_asked_for_again(
    client: ViduClient, simulator: Simulator, clock: Clock, fault: Fault, tasks: int
) -> None:
    simulator.faults["submit"] = [fault]
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        client.post(PAYLOAD)
    unknown(caught.value)
    assert (simulator.submit_count, simulator.task_count) == (1, tasks)
    assert len(simulator.requests) == 1
    assert clock.slept == []


@pytest.mark.parametrize("after", [False, True])
def test_a_late_answer_is_a_lost_one(
    client: ViduClient, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(submit_module, "SUBMIT_SECONDS", 0.1)
    simulator.faults["submit"] = [Fault(delay=0.3, after=after)]
    with pytest.raises(SubmitOutcomeUnknown, match="ReadTimeout") as caught:
        client.post(PAYLOAD)
    unknown(caught.value)
    assert simulator.submit_count == 1


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (Fault(status=401), KeyRejected),
        (Fault(status=401, body=reason("INVALID_API_KEY")), KeyRejected),
        (Fault(status=403, body=reason("NOT_ENOUGH_BALANCE")), BalanceTooLow),
        (Fault(status=402, body=reason("BILLING_BALANCE_NOT_ENOUGH")), BalanceTooLow),
        (Fault(status=500, body=reason("NOT_ENOUGH_BALANCE")), BalanceTooLow),
        (Fault(status=200, body=reason("NOT_ENOUGH_BALANCE")), BalanceTooLow),
        (Fault(status=403, body=HTML), ApiRefused),
        (Fault(status=401, body=HTML), KeyRejected),
        (Fault(status=404, body=HTML), NotFound),
        (Fault(status=403, body=reason("NEED_REAL_NAME_VERIFY")), AccountNotAllowed),
        (Fault(status=400, body=reason("ILLEGAL_PROMPT")), PromptBlocked),
        (
            Fault(status=400, body={"error": {"code": 400, "message": "ILLEGAL_PROMPT"}}),
            PromptBlocked,
        ),
        (Fault(status=400, body=reason("ILLEGAL_IMAGE_CONTENT")), PictureBlocked),
        (Fault(status=400, body=reason("INVALID_IMAGE_SIZE")), PictureRejected),
        (Fault(status=413, body=HTML), PictureRejected),
        (Fault(status=400, body=reason("INVALID_REQUEST_BODY")), RequestRejected),
        (Fault(status=400, body={"error": "what is this?"}), RequestRejected),
        (Fault(status=404, body=reason("API_NOT_FOUND")), NotFound),
        (Fault(status=404), NotFound),
        (Fault(status=407, body=HTML), ApiRefused),
        (Fault(status=418, body=reason("TEAPOT")), ApiRefused),
    ],
)
def test_a_refusal_is_told_by_its_meaning_and_not_sent_again(
    client: ViduClient, simulator: Simulator, clock: Clock, fault: Fault, meaning: type[ApiRefused]
) -> None:
    simulator.faults["submit"] = [fault]
    with pytest.raises(ApiRefused) as caught:
        client.post(PAYLOAD)
    assert type(caught.value) is meaning
    assert caught.value.charged is Charged.NO
    assert (simulator.submit_count, simulator.task_count) == (1, 0)
    assert clock.slept == []


def test_a_key_in_the_answer_is_not_passed_on(simulator: Simulator, clock: Clock) -> None:
    client = at(simulator.url, clock, key="sk-5ecre7")
    body: dict[str, object] = {"reason": "INVALID_API_KEY sk-5ecre7", "message": "no sk-5ecre7"}
    simulator.faults["submit"] = [Fault(status=401, body=body)]
    with pytest.raises(KeyRejected) as caught:
        client.post(PAYLOAD)
    assert "5ecre7" not in everything_about(caught.value)


@pytest.mark.parametrize(
    ("body", "task_id"),
    [
        ({"task_id": " abc "}, "abc"),
        ({"task_id": 7}, "7"),
        ({"task_id": "abc", "more": [1], "reason": "AuditFailed"}, "abc"),
        ({"task": {"task_id": "abc"}}, "abc"),
        ({"data": {"task_id": "abc"}}, "abc"),
        (b'\xef\xbb\xbf{"task_id": "abc"}', "abc"),
        ('{"task_id": "é"}', "é"),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 500])
def test_an_id_is_kept_however_it_comes(
    client: ViduClient, simulator: Simulator, body: Any, task_id: str, status: int
) -> None:
    simulator.faults["submit"] = [Fault(status=status, body=body)]
    assert client.post(PAYLOAD) == task_id
    assert simulator.submit_count == 1


ANY = [200, 201, 302, 400, 401, 403, 404, 407, 413, 429, 500, 503]
TOO_FAST = {"reason": "RATE_LIMIT_EXCEEDED", "message": "slow down", "metadata": {"task_id": "abc"}}
NAMED = {
    "beside a reason": json.dumps({"task_id": "abc", **reason("ILLEGAL_PROMPT")}),
    "in the metadata": json.dumps(TOO_FAST),
    "in an error": json.dumps({"error": {"code": 500, "message": "?", "task": {"task_id": "abc"}}}),
    "text behind": '{"task_id": "abc"}\n<!-- edge -->',
    "text before": ')]}\',\n{"task_id": "abc"}',
    "in a page": "<html>{&quot;task_id&quot;: &quot;abc&quot;}</html>",
    "cut off": '{"task_id": "abc", "images": ["https://exam',
    "twice": '{"task_id": "abc", "task_id": null}',
    "UTF-16": '{"task_id": "abc"}'.encode("utf-16"),
    "gzip that says nothing": gzip.compress(b'{"task_id": "abc"}', mtime=0),
    "as text": "Too many requests, but task_id=abc was made",
    "as a list": '{"task_id": ["abc"]}',
    "in XML": "<r><task_id>abc</task_id></r>",
    "in a script": '<script>x = {task_id: "abc"}</script>',
    "escaped": '{"task\\u005fid": "abc"} trailing',
    "in camel case": '{"taskId": "abc"}',
    "padded": b'\0\0{"task_id": "abc"}\0',
    "padded by one": b'\0{"task_id": "abc" }',
    "too much behind": b'{"task_id": "abc", "x": "' + b"y" * 2 * MAX_ANSWER_BYTES + b'"}',
}


@pytest.mark.parametrize("body", NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("status", ANY)
def test_an_id_in_any_answer_is_a_receipt(
    client: ViduClient, simulator: Simulator, clock: Clock, body: Any, status: int
) -> None:
    simulator.faults["submit"] = [
        Fault(status=status, body=body, headers={"Location": "/x", "Retry-After": "1"})
    ]
    assert client.post(PAYLOAD) == "abc"
    assert (simulator.submit_count, len(simulator.requests)) == (1, 1)
    assert clock.slept == []


UNREADABLE = {
    "a sentence": "Too many requests, but the task id is abc",
    "a word": "task_id: abc",
    "in capitals": "TASK_ID abc",
    "several": '{"task_ids": ["abc", "def"]}',
    "an object": '{"taskId": {"value": "abc"}}',
    "inside": '{"task": {"id": "abc"}}',
    "half an id": '{"reason": "RATE_LIMIT_EXCEEDED", "task_id": "ab',
    "half an answer": '{"reason": "RATE_LIMIT_EXCEEDED", "met',
    "too much before": b"<p>" + b" " * 2 * MAX_ANSWER_BYTES + b'{"task_id": "abc"}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("status", ANY)
def test_an_answer_that_may_name_a_task_is_no_refusal(
    client: ViduClient, simulator: Simulator, clock: Clock, body: Any, status: int
) -> None:
    simulator.faults["submit"] = [Fault(status=status, body=body)]
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        client.post(PAYLOAD)
    unknown(caught.value)
    assert simulator.submit_count == 1
    assert clock.slept == []


def test_a_header_may_name_a_task(client: ViduClient, simulator: Simulator) -> None:
    simulator.faults["submit"] = [Fault(status=429, headers={"X-Task-Id": "abc"})]
    assert client.post(PAYLOAD) == "abc"
    simulator.faults["submit"] = [Fault(status=429, headers={"X-Task-Id": ""})]
    with pytest.raises(SubmitOutcomeUnknown):
        client.post(PAYLOAD)
    assert simulator.submit_count == 2


@pytest.mark.parametrize("status", [201, 303, 307])
def test_an_id_where_the_answer_leads_is_a_receipt(
    client: ViduClient, simulator: Simulator, status: int
) -> None:
    location = "/v3/async/task-result?task_id=abc"
    simulator.faults["submit"] = [Fault(status=status, headers={"Location": location})]
    assert client.post(PAYLOAD) == "abc"
    assert len(simulator.requests) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(b'{"task_id": "abc"}', mtime=0), {"Content-Encoding": "gzip"}),
        (
            gzip.compress(b'{"task_id": "abc", "x": "y"}', mtime=0)[:-9],
            {"Content-Encoding": "gzip"},
        ),
        (zlib.compress(b'{"task_id": "abc"}'), {"Content-Encoding": "deflate"}),
        (b'{"task_id": "abc"}', {"Content-Encoding": "gzip"}),
        (b'{"task_id": "abc"}', {"Content-Encoding": "br, gzip"}),
        (b'{"task_id": "abc"}', {"Content-Encoding": "nonsense"}),
    ],
)
def test_an_id_is_found_in_a_packed_answer(
    client: ViduClient, simulator: Simulator, body: bytes, headers: dict[str, str]
) -> None:
    simulator.faults["submit"] = [Fault(status=429, body=body, headers=headers)]
    assert client.post(PAYLOAD) == "abc"
    assert simulator.submit_count == 1
    assert simulator.requests[0].headers["Accept-Encoding"] == "identity"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"


@pytest.mark.parametrize("falls", ["silent", "closes", "resets"])
@pytest.mark.parametrize(
    ("came", "task_id"), [(b'{"task_id": "abc"', "abc"), (b'{"task_id": "ab', None)]
)
def test_an_answer_that_breaks_off_behind_the_id(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, falls: str, came: bytes, task_id: str | None
) -> None:
    over = threading.Event()
    requests_seen = []

    def half(connection: socket.socket) -> None:
        requests_seen.append(connection.recv(65536))
        connection.sendall(HEAD + came)
        if falls == "silent":
            over.wait(5)
        if falls == "resets":
            over.wait(0.1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    monkeypatch.setattr(submit_module, "SUBMIT_SECONDS", 0.5)
    with raw_server(half) as url:
        try:
            if task_id:
                assert at(url, clock).post(PAYLOAD) == task_id
            else:
                with pytest.raises(SubmitOutcomeUnknown) as caught:
                    at(url, clock).post(PAYLOAD)
                unknown(caught.value)
        finally:
            over.set()
    assert len(requests_seen) == 1
    assert clock.slept == []


def test_an_answer_byte_by_byte_holds_nobody_for_good(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def slow(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HEAD + b'{"task_id": "abc", ')
        try:
            while not over.wait(0.0002):
                connection.sendall(b" ")
        except OSError:
            pass

    monkeypatch.setattr(submit_module, "SUBMIT_SECONDS", 0.5)
    with raw_server(slow) as url:
        assert at(url, clock).post(PAYLOAD) == "abc"
        over.set()


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
def test_an_echo_of_the_prompt_is_no_receipt(
    client: ViduClient, simulator: Simulator, status: int
) -> None:
    payload = {**PAYLOAD, "prompt": 'a sign that reads {"task_id": "abc"}'}
    body = {**reason("ILLEGAL_PROMPT"), "request": payload}
    simulator.faults["submit"] = [Fault(status=status, body=body)]
    with pytest.raises(PromptBlocked):
        client.post(payload)
    assert simulator.submit_count == 1


def test_a_request_that_is_too_large_is_not_sent(client: ViduClient, simulator: Simulator) -> None:
    with pytest.raises(RequestInvalid, match="larger than 14 MB") as caught:
        client.post({**PAYLOAD, "images": ["https://a.b/c"] * 1_000_000})
    assert caught.value.charged is Charged.NO
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("header", "pauses"),
    [
        ({}, [2, 4, 8]),
        ({"Retry-After": "7"}, [7, 7, 7]),
        ({"Retry-After": "86400"}, [60, 60, 60]),
        ({"Retry-After": "soon"}, [2, 4, 8]),
        ({"Retry-After": "-1"}, [2, 4, 8]),
        ({"Retry-After": "Mon, 01 Jan 0001 00:00:00 -0000"}, [2, 4, 8]),
    ],
)
def test_too_fast_is_sent_again_at_the_pace_of_the_api(
    client: ViduClient, simulator: Simulator, clock: Clock, header: Any, pauses: list[float]
) -> None:
    turned_away = Fault(status=429, headers=header)
    simulator.faults["submit"] = [turned_away] * 3
    assert client.post(PAYLOAD)
    assert clock.slept == pauses
    assert (simulator.submit_count, simulator.task_count) == (4, 1)

    simulator.faults["submit"] = [turned_away] * 9
    with pytest.raises(TooFast) as caught:
        client.post(PAYLOAD)
    assert caught.value.charged is Charged.NO
    assert (simulator.submit_count, simulator.task_count) == (8, 1)


def test_a_date_to_come_back_at_is_read(
    client: ViduClient, simulator: Simulator, clock: Clock
) -> None:
    later = formatdate(time() + 30, usegmt=True)
    simulator.faults["submit"] = [Fault(status=429, headers={"Retry-After": later})]
    assert client.post(PAYLOAD)
    assert clock.slept == [pytest.approx(30, abs=2)]


def test_a_lost_answer_after_a_429_still_ends_it(client: ViduClient, simulator: Simulator) -> None:
    simulator.faults["submit"] = [Fault(status=429), Fault(reset=True, after=True)]
    with pytest.raises(SubmitOutcomeUnknown):
        client.post(PAYLOAD)
    assert (simulator.submit_count, simulator.task_count) == (2, 1)


@pytest.mark.parametrize(
    "address", ["closed", "http://nowhere.invalid", "htp://x", "x", "http://["]
)
def test_what_never_left_may_be_sent_again(
    clock: Clock, address: str, simulator: Simulator
) -> None:
    client = at(closed_port() if address == "closed" else address, clock)
    with pytest.raises(ApiUnreachable) as caught:
        client.post(PAYLOAD)
    assert caught.value.charged is Charged.NO
    assert clock.slept == [1, 2, 4]
    assert simulator.submit_count == 0
    assert "simulated" not in everything_about(caught.value)


def test_an_api_that_comes_back_gets_one_task(
    simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = at(closed_port(), clock)

    def back(seconds: float) -> None:
        clock.sleep(seconds)
        client.base_url = simulator.url

    monkeypatch.setattr(client, "_sleep", back)
    assert client.post(PAYLOAD)
    assert (clock.slept, simulator.submit_count) == ([1], 1)


def test_a_tunnel_that_a_proxy_refuses_means_nothing_was_sent(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_server(answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(ApiUnreachable) as caught:
            at("https://api.invalid", clock).post(PAYLOAD)
    assert caught.value.charged is Charged.NO


def test_a_handshake_that_fails_means_nothing_was_sent(clock: Clock) -> None:
    with raw_server(answering(b"not TLS at all\r\n\r\n")) as url, pytest.raises(ApiUnreachable):
        at(url.replace("http:", "https:"), clock).post(PAYLOAD)


@pytest.mark.parametrize("raw", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Len"])
def test_an_answer_that_is_no_http_is_a_lost_one(clock: Clock, raw: bytes) -> None:
    with raw_server(answering(raw)) as url, pytest.raises(SubmitOutcomeUnknown):
        at(url, clock).post(PAYLOAD)
    assert clock.slept == []


def test_an_upload_may_take_longer_than_connecting(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(connection: socket.socket) -> None:
        received = connection.recv(65536)
        threading.Event().wait(0.4)
        while not received.endswith(b"}"):
            received = connection.recv(2**20)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"task_id": 7}')

    monkeypatch.setattr(submit_module, "CONNECT_SECONDS", 0.1)
    with raw_server(slow) as url:
        assert at(url, clock).post({**PAYLOAD, "images": ["x" * 13_000_000]}) == "7"


def test_an_interrupt_says_what_may_have_happened(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(requests.Response, "iter_content", interrupted)
    with (
        raw_server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as url,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        at(url, clock).post(PAYLOAD)
    (note,) = caught.value.__notes__
    assert "a task may be running without its id" in note


def test_an_interrupt_behind_the_id_names_it(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    read = requests.Response.iter_content

    def interrupted(*how: Any) -> Iterator[bytes]:
        yield from read(*how)
        raise KeyboardInterrupt

    monkeypatch.setattr(requests.Response, "iter_content", interrupted)
    with (
        raw_server(answering(b'HTTP/1.1 200 OK\r\n\r\n{"task_id": "abc"')) as url,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        at(url, clock).post(PAYLOAD)
    assert caught.value.__notes__ == ["A task was bought: abc"]


def test_an_answer_without_end_is_not_read_to_its_end(clock: Clock) -> None:
    sent = []

    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                sent.append(connection.send(b" " * 2**16))
        except OSError:
            pass

    with raw_server(endless) as url, pytest.raises(SubmitOutcomeUnknown):
        at(url, clock).post(PAYLOAD)
    assert sum(sent) < 20 * MAX_ANSWER_BYTES


@pytest.mark.parametrize("empty", ["null", '""'])
def test_an_empty_id_beside_a_reason_is_a_refusal(
    client: ViduClient, simulator: Simulator, empty: str
) -> None:
    body = f'{{"code":403,"reason":"NOT_ENOUGH_BALANCE","message":"","task_id":{empty}}}'
    simulator.faults["submit"] = [Fault(403, body)]
    with pytest.raises(BalanceTooLow) as refused:
        client.post(PAYLOAD)
    assert refused.value.charged is Charged.NO
    assert simulator.submit_count == 1
