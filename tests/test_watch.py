"""Watching a task to its end, over real HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Clock
from http_fixtures import HTML, PAYLOAD, at, closed_port, reason

from vidu_demo import TaskFailed, TaskStatus, VideoRequest, ViduClient
from vidu_demo.api import client as client_module
from vidu_demo.api.errors import (
    ApiUnreachable,
    Charged,
    ContactLost,
    StatusUnknown,
    StillRunning,
    VideoMissing,
)
from vidu_demo.api.pacing import MAX_FAILURES, MAX_MISSING, MAX_ODD_ANSWERS
from vidu_demo.api.refusals import (
    AccountNotAllowed,
    ApiRefused,
    KeyRejected,
    NotFound,
    PromptBlocked,
    RequestRejected,
)
from vidu_demo.simulator import Fault, Simulator


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


def test_a_task_that_stays_unknown_is_not_polled_for_ever(
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
    with pytest.raises(StillRunning, match="may still be running") as caught:
        list(tasks)
    assert caught.value.task_id == task_id
    assert clock() - start == pytest.approx(deadline)
    assert simulator.poll_count >= 1  # asked at the deadline, if not before


def test_a_video_that_is_ready_at_the_deadline_is_not_missed(client: ViduClient) -> None:
    *_, last = client.watch(client.post(PAYLOAD), deadline=20.001)
    assert last.video_url


def test_an_off_peak_task_is_polled_seldom(clock: Clock, clip: bytes) -> None:
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
