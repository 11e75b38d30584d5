"""The simulator's knobs to misbehave."""

import http.client
import threading
import time

import pytest
import requests
from conftest import Clock
from simulator_fixtures import CLIP, Caller, Make, error, fetch

from vidu_demo.simulator import Fault


def test_a_fault_answers_instead(quick: Caller) -> None:
    quick.simulator.faults["submit"] = [
        Fault(429, {"code": 429, "reason": "RATE_LIMIT_EXCEEDED"}, {"Retry-After": "7"}),
        Fault(502, "<html>bad gateway</html>"),
        None,
        Fault(200, b"\xff\xfe", {"Content-Type": "application/json"}),
    ]
    limited, gateway, good, broken, later = (quick.submit() for _ in range(5))
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert limited.json()["reason"] == "RATE_LIMIT_EXCEEDED"
    assert (gateway.status_code, gateway.text) == (502, "<html>bad gateway</html>")
    assert gateway.headers["Content-Type"] == "text/html"
    assert "task_id" in good.json()
    assert (broken.status_code, broken.content) == (200, b"\xff\xfe")
    assert broken.headers["Content-Type"] == "application/json"
    assert "task_id" in later.json()
    assert (quick.simulator.submit_count, quick.simulator.task_count) == (5, 2)


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_a_reset_before_or_after_the_work(quick: Caller, after: bool, made: int) -> None:
    quick.simulator.faults["submit"] = [Fault(reset=True, after=after)]
    with pytest.raises(requests.ConnectionError, match="reset"):
        quick.submit()
    assert (quick.simulator.submit_count, quick.simulator.task_count) == (1, made)
    assert len(quick.simulator.submits) == 1
    quick.task()


def test_an_answer_lost_after_the_work(quick: Caller) -> None:
    quick.simulator.faults["submit"] = [Fault(500, after=True)]
    assert quick.submit().status_code == 500
    assert quick.simulator.task_count == 1


def test_a_slow_answer_is_still_true(quick: Caller) -> None:
    quick.simulator.faults["poll"] = [Fault(delay=0.2)]
    task_id = quick.task()
    begun = time.monotonic()
    assert quick.status(task_id) == "QUEUED"
    assert time.monotonic() - begun >= 0.2


def test_close_does_not_wait_for_a_slow_answer(make: Make) -> None:
    caller = make(clip=CLIP)
    caller.simulator.faults["poll"] = [Fault(delay=60)]
    failures: list[Exception] = []

    def ask() -> None:
        try:
            caller.poll("x")
        except requests.ConnectionError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not caller.simulator.poll_count:
        time.sleep(0.01)
    caller.simulator.close()
    thread.join(5)
    assert len(failures) == 1


def test_truncated_files(quick: Caller, clock: Clock) -> None:
    task_id = quick.task()
    clock.now += 100
    quick.simulator.faults["download"] = [Fault(truncate=True)]
    with pytest.raises(http.client.IncompleteRead) as caught:
        fetch(quick.link(task_id))
    assert caught.value.partial == CLIP[: len(CLIP) // 2]
    assert fetch(quick.link(task_id))[2] == CLIP


def test_scripted_statuses(quick: Caller) -> None:
    script = ["TASK_STATUS_UNKNOWN", "TASK_STATUS_QUEUED", "TASK_STATUS_SUCCEED"]
    quick.simulator.statuses = script
    task_id = quick.task()
    answers = [quick.poll(task_id).json() for _ in range(4)]
    assert [answer["task"]["status"] for answer in answers] == [*script, script[-1]]
    assert [len(answer["videos"]) for answer in answers] == [0, 0, 1, 1]
    quick.simulator.statuses = ["TASK_STATUS_FAILED"]
    assert quick.poll(task_id).json()["task"]["reason"] == "TASK_FAILED"


def test_silent_progress(quick: Caller, clock: Clock) -> None:
    quick.simulator.speaks_progress = False
    task_id = quick.task()
    for _ in range(3):
        now = quick.poll(task_id).json()["task"]
        assert (now["eta"], now["progress_percent"]) == (0, 0)
        clock.now += 50


def test_late_visibility(quick: Caller) -> None:
    quick.simulator.visible_after = 2
    task_id = quick.task()
    assert error(quick.poll(task_id)) == (404, "TASK_NOT_FOUND")
    assert error(quick.poll(task_id)) == (404, "TASK_NOT_FOUND")
    assert quick.status(task_id) == "QUEUED"


def test_transformed_answers(quick: Caller) -> None:
    quick.simulator.transform = lambda answer: answer | {"videos": None, "more": "1"}
    answer = quick.poll(quick.task()).json()
    assert (answer["videos"], answer["more"]) == (None, "1")
