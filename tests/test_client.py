"""The client over real HTTP, with the simulator at the other end."""

import gzip
import json
import logging
import random
import socket
import struct
import threading
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest
import requests
from conftest import Clock

from vidu_demo import SubmitOutcomeUnknown, Task, TaskFailed, TaskStatus, VideoRequest, ViduClient
from vidu_demo.api import client as client_module
from vidu_demo.api import submit as submit_module
from vidu_demo.api.errors import (
    AccountNotAllowed,
    ApiRefused,
    ApiUnreachable,
    BalanceTooLow,
    Charged,
    ContactLost,
    KeyMissing,
    KeyRejected,
    NotFound,
    PictureBlocked,
    PictureInvalid,
    PictureRejected,
    PromptBlocked,
    RequestInvalid,
    RequestRejected,
    StatusUnknown,
    StillRunning,
    TooFast,
    VideoMissing,
    ViduError,
)
from vidu_demo.api.limits import MAX_ANSWER_BYTES
from vidu_demo.api.pacing import MAX_FAILURES, MAX_MISSING, MAX_ODD_ANSWERS
from vidu_demo.simulator import Fault, Simulator

SUBMIT = "/v3/async/vidu-q2-pro-img2video"
HTML = "<html><h1>502 Bad Gateway</h1></html>"


def reason(code: str, status: int = 400) -> dict[str, object]:
    return {"code": status, "reason": code, "message": "words", "metadata": {}}


def everything_about(error: BaseException) -> str:
    """All that a traceback, a log or a tool that walks the chain could show of an error."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found:
        chain.append(found)
        found = found.__cause__ or found.__context__
    shown = "".join(traceback.format_exception(error))
    return shown + "".join(f"{link} {link!r} {vars(link)}" for link in chain)


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection at a time by hand, for what a proper server would not do."""
    listener = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                serve(connection)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def answering(raw: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(raw)

    return serve


def at(url: str, clock: Clock, key: str = "simulated") -> ViduClient:
    return ViduClient(key, url, clock=clock, sleep=clock.sleep, random=lambda: 0.5)


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


PAYLOAD = {"images": ["https://example.com/a.png"], "prompt": "x", "duration": 1}


# What goes out


def test_the_exact_request(client: ViduClient, simulator: Simulator, picture: Any) -> None:
    link = "https://example.com/a.png?x=%7E"
    client.submit(VideoRequest(images=[link, picture], prompt="“push-in”", seed=7))
    (sent,) = simulator.submits
    assert isinstance(sent, dict)
    first, second = sent.pop("images")
    assert first == link
    assert second.startswith("data:image/png;base64,")
    assert sent == {
        "prompt": "“push-in”",
        "duration": 5,
        "resolution": "720p",
        "seed": 7,
        "audio": False,
        "bgm": False,
        "movement_amplitude": "auto",
        "off_peak": False,
        "watermark": False,
    }
    (record,) = simulator.requests
    assert (record.method, record.target) == ("POST", SUBMIT)
    assert record.headers["Content-Type"] == "application/json"
    assert record.headers["Authorization"] == "Bearer simulated"


def test_the_exact_poll(client: ViduClient, simulator: Simulator) -> None:
    with pytest.raises(NotFound):
        client.get("a/b &c=é")
    (record,) = simulator.requests
    assert record.target == "/v3/async/task-result?task_id=a%2Fb%20%26c%3D%C3%A9"
    assert record.headers["Authorization"] == "Bearer simulated"


@pytest.mark.parametrize("task_id", ["", "\ud800", "x\r\ny", "../..", "x" * 5000])
def test_any_id_can_be_asked_about(client: ViduClient, task_id: str) -> None:
    with pytest.raises(NotFound):
        client.get(task_id)


def test_key_and_address_come_from_the_environment(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ViduClient("k").base_url == "https://api.novita.ai"
    monkeypatch.setenv("NOVITA_API_KEY", " simulated\n")
    monkeypatch.setenv("NOVITA_BASE_URL", f" {simulator.url}/\n")
    client = ViduClient()
    assert client.post(PAYLOAD)
    assert simulator.task_count == 1
    assert repr(client) == f"ViduClient(base_url='{simulator.url}')"


def test_a_netrc_does_not_replace_the_key(
    client: ViduClient, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client.get(client.post(PAYLOAD))
    assert {r.headers["Authorization"] for r in simulator.requests} == {"Bearer simulated"}


def test_a_proxy_does_not_stand_before_this_machine(
    client: ViduClient, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    monkeypatch.setenv("http_proxy", closed_port())
    assert client.get(client.post(PAYLOAD)).task_id
    assert simulator.submit_count == 1


@pytest.mark.parametrize("key", ["", "two\nlines", "clé"])
def test_without_a_usable_key_nothing_is_sent(
    simulator: Simulator, clock: Clock, key: str, request_: VideoRequest
) -> None:
    client = at(simulator.url, clock, key)
    for ask in (
        lambda: client.submit(request_),
        lambda: client.get("t"),
        lambda: next(client.watch("t")),
    ):
        with pytest.raises(KeyMissing) as caught:
            ask()
        assert caught.value.charged is Charged.NO
        assert not key or key not in everything_about(caught.value)
    assert simulator.requests == []


def test_a_picture_that_cannot_be_sent(client: ViduClient, simulator: Simulator) -> None:
    with pytest.raises(PictureInvalid, match="no picture file"):
        client.submit(VideoRequest(images=["gone.jpg"], prompt="x"))
    assert simulator.submit_count == 0


# A submit that goes wrong


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


# Watching


def test_the_callers_random_numbers_stay_theirs(
    simulator: Simulator, clock: Clock, request_: VideoRequest
) -> None:
    before = random.getstate()
    with closing(
        ViduClient(simulator.key, simulator.url, clock=clock, sleep=clock.sleep)
    ) as client:
        *_, last = client.generate(request_)
    assert last.status is TaskStatus.SUCCEEDED
    assert random.getstate() == before


def test_the_id_comes_before_any_poll_and_the_link_at_the_end(
    client: ViduClient, simulator: Simulator, request_: VideoRequest
) -> None:
    tasks = client.generate(request_)
    assert simulator.submit_count == 0
    first = next(tasks)
    assert (simulator.submit_count, simulator.poll_count) == (1, 0)
    assert (first.status, bool(first.task_id)) == (TaskStatus.SUBMITTED, True)
    rest = list(tasks)
    assert {task.task_id for task in rest} == {first.task_id}
    assert [task.finished for task in rest] == [False] * (len(rest) - 1) + [True]
    assert rest[-1].status is TaskStatus.SUCCEEDED
    assert str(rest[-1].video_url).startswith(simulator.url)
    assert len(rest) == simulator.poll_count
    assert (simulator.submit_count, simulator.task_count) == (1, 1)


BAD_ANSWERS = [
    Fault(reset=True),
    Fault(truncate=True),
    Fault(status=429),
    Fault(status=500),
    Fault(status=500, body=reason("GET_RESULT_FAILED")),
    Fault(status=502, body=HTML),
    Fault(status=520, body=reason("?")),
    Fault(status=408, body=reason("?")),
    Fault(status=403, body=HTML),
    Fault(status=200, body=HTML),
    Fault(status=200),
    Fault(status=200, body="[" * 100_000),
    Fault(status=200, body=b"\xff" * 2_000_000),
    Fault(status=200, body={"task": None}),
    Fault(status=200, body={"ok": True}),
    Fault(status=200, body=reason("TASK_FAILED")),
    Fault(status=200, body="x", headers={"Content-Encoding": "gzip"}),
    Fault(status=302, headers={"Location": "/elsewhere"}),
    Fault(status=302, headers={"Location": "http://[broken"}),
]


@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_a_poll_may_fail_but_not_for_ever(
    client: ViduClient, simulator: Simulator, fault: Fault
) -> None:
    task_id = client.post(PAYLOAD)
    simulator.faults["poll"] = [fault] * (MAX_FAILURES - 1)
    assert list(client.watch(task_id))[-1].video_url
    asked = simulator.poll_count
    simulator.faults["poll"] = [fault] * 99
    with pytest.raises(ContactLost) as caught:
        list(client.watch(task_id))
    assert simulator.poll_count - asked == MAX_FAILURES
    assert caught.value.task_id == task_id
    assert caught.value.charged is Charged.UNKNOWN
    assert len(simulator.requests) == simulator.poll_count + 1  # no redirect was followed
    assert simulator.submit_count == 1


def test_a_slow_answer_is_asked_for_again(
    client: ViduClient, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "GET_SECONDS", 0.1)
    task_id = client.post(PAYLOAD)
    simulator.faults["poll"] = [Fault(delay=0.3)]
    with pytest.raises(ApiUnreachable, match="not affected") as caught:
        client.get(task_id)
    assert (caught.value.task_id, caught.value.charged) == (task_id, Charged.UNKNOWN)
    assert list(client.watch(task_id))[-1].video_url


@pytest.mark.parametrize("status", [429, 503])
def test_a_watcher_waits_as_long_as_it_is_told(
    client: ViduClient, simulator: Simulator, clock: Clock, status: int
) -> None:
    task_id = client.post(PAYLOAD)
    simulator.faults["poll"] = [Fault(status=status, headers={"Retry-After": "33"})]
    next(client.watch(task_id))
    assert clock.slept == [2, 33]


@pytest.mark.parametrize("address", ["closed", "http://nowhere.invalid", "http://[", "http://a..b"])
def test_an_api_out_of_reach_is_told_as_such(clock: Clock, address: str) -> None:
    client = at(closed_port() if address == "closed" else address, clock)
    with pytest.raises(ApiUnreachable) as caught:
        client.get("t-1")
    assert caught.value.__context__ is None
    with pytest.raises(ContactLost):
        list(client.watch("t-1"))


def test_a_fresh_task_may_not_be_visible_at_once(client: ViduClient, simulator: Simulator) -> None:
    simulator.visible_after = MAX_MISSING - 1
    assert list(client.watch(client.post(PAYLOAD)))[-1].video_url


def test_a_task_that_stays_unknown_is_not_asked_about_for_ever(
    client: ViduClient, simulator: Simulator
) -> None:
    with pytest.raises(NotFound) as caught:
        list(client.watch("t-1"))
    assert simulator.poll_count == MAX_MISSING
    assert caught.value.task_id == "t-1"


def test_an_unknown_status_is_passed_on_but_not_for_ever(
    client: ViduClient, simulator: Simulator
) -> None:
    simulator.statuses = ["PAUSED", "TASK_STATUS_PROCESSING", "TASK_STATUS_SUCCEED"]
    tasks = list(client.watch(client.post(PAYLOAD)))
    assert [task.status_text for task in tasks] == simulator.statuses
    simulator.statuses = ["PAUSED"]
    asked = simulator.poll_count
    with pytest.raises(StatusUnknown, match="PAUSED") as caught:
        list(client.watch(client.post(PAYLOAD)))
    assert simulator.poll_count - asked == MAX_ODD_ANSWERS
    assert caught.value.task_id


def test_a_failed_task_says_why(client: ViduClient, simulator: Simulator) -> None:
    task_id = client.post({**PAYLOAD, "prompt": "[fail]"})
    seen = []
    with pytest.raises(TaskFailed, match="content check refused the prompt") as caught:
        seen.extend(client.watch(task_id))
    assert caught.value.meaning is PromptBlocked
    assert (caught.value.task_id, caught.value.reason) == (task_id, "TaskPromptPolicyViolation")
    assert simulator.submit_count == 1


def test_success_without_a_link_is_no_success(client: ViduClient, simulator: Simulator) -> None:
    simulator.statuses = ["TASK_STATUS_SUCCEED"]
    simulator.transform = lambda body: {**body, "videos": None}
    task_id = client.post(PAYLOAD)
    with pytest.raises(VideoMissing) as caught:
        list(client.watch(task_id))
    assert caught.value.task_id == task_id
    assert simulator.poll_count == MAX_MISSING


@pytest.mark.parametrize("deadline", [1, 7, 19.9])
def test_a_deadline_is_kept_and_tells_the_id(
    client: ViduClient, simulator: Simulator, clock: Clock, deadline: float
) -> None:
    tasks = client.generate(VideoRequest(**PAYLOAD), deadline=deadline)
    task_id, start = next(tasks).task_id, clock()
    with pytest.raises(StillRunning, match="may still run") as caught:
        list(tasks)
    assert caught.value.task_id == task_id
    assert clock() - start == pytest.approx(deadline)
    assert simulator.poll_count >= 1  # asked at the deadline, if not before


def test_a_video_that_is_ready_at_the_deadline_is_not_missed(client: ViduClient) -> None:
    *_, last = client.watch(client.post(PAYLOAD), deadline=20.001)
    assert last.video_url


def test_an_off_peak_task_is_asked_about_seldom(clock: Clock, clip: bytes) -> None:
    with Simulator(seconds=40 * 3600, clock=clock, clip=clip) as simulator:
        client = at(simulator.url, clock)
        *_, last = client.generate(VideoRequest(**PAYLOAD, off_peak=True))
        client.close()
        assert last.video_url
        assert simulator.poll_count < 300


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (Fault(status=401), KeyRejected),
        (Fault(status=403, body=reason("INVALID_API_KEY")), KeyRejected),
        (Fault(status=400, body=reason("INVALID_REQUEST_BODY")), RequestRejected),
        (Fault(status=200, body=reason("ACCESS_DENY")), AccountNotAllowed),
    ],
)
def test_a_refused_poll_ends_the_watching_at_once(
    client: ViduClient, simulator: Simulator, fault: Fault, meaning: type[ApiRefused]
) -> None:
    task_id = client.post(PAYLOAD)
    simulator.faults["poll"] = [fault]
    with pytest.raises(meaning) as caught:
        list(client.watch(task_id))
    assert (caught.value.task_id, caught.value.charged) == (task_id, Charged.UNKNOWN)
    assert simulator.poll_count == 1


@pytest.mark.parametrize(
    "drift",
    [
        lambda task: {**task, "eta": "3.5", "progress_percent": "50"},
        lambda task: {**task, "eta": "", "progress_percent": None},
        lambda task: {**task, "eta": [], "progress_percent": {}},
        lambda task: {"status": task["status"]},
        lambda task: {**task, "status": task["status"].lower()},
    ],
)
def test_types_may_drift(
    client: ViduClient, simulator: Simulator, drift: Callable[[Any], Any]
) -> None:
    def drifted(body: dict[str, Any]) -> dict[str, Any]:
        return {"task": drift(body["task"]), "videos": [None, *body["videos"]]}

    simulator.transform = drifted
    tasks = list(client.watch(client.post(PAYLOAD)))
    assert tasks[-1].video_url
    assert all(task.progress is None or 1 <= task.progress <= 99 for task in tasks)


def test_text_is_read_as_utf_8_whatever_the_headers_say(
    client: ViduClient, simulator: Simulator
) -> None:
    body = {"task": {"status": "TASK_STATUS_FAILED", "reason": "größer 图"}}
    raw = json.dumps(body, ensure_ascii=False).encode()
    simulator.faults["poll"] = [Fault(status=200, body=raw)]  # sent as text/html
    assert client.get("t-1").reason == "größer 图"


def test_cookies_are_not_kept(client: ViduClient, simulator: Simulator) -> None:
    simulator.faults["poll"] = [Fault(headers={"Set-Cookie": "who=me"})]
    task_id = client.post(PAYLOAD)
    client.get(task_id)
    client.get(task_id)
    assert [record.headers["Cookie"] for record in simulator.requests] == [None] * 3


def test_many_threads_may_ask_at_once(client: ViduClient) -> None:
    task_id = client.post(PAYLOAD)
    answers: list[Task] = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.get(task_id))) for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [task.task_id for task in answers] == [task_id] * 24


def test_neither_key_nor_link_is_logged(
    client: ViduClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        *_, last = client.generate(VideoRequest(**PAYLOAD))
        client.download(last, tmp_path)
    assert SUBMIT in caplog.text  # the libraries do log
    assert "/files/" in caplog.text
    assert "Bearer" not in caplog.text
    assert "q-sign" not in caplog.text
    assert str(last.video_url).partition("?")[2] not in caplog.text


def test_every_error_is_a_vidu_error() -> None:
    assert issubclass(SubmitOutcomeUnknown, ViduError)
    assert issubclass(TaskFailed, ViduError)


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
