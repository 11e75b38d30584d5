import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidu_demo import Task, TaskStatus

CAPTURED = json.loads("""
{"audios": [], "extra": {}, "images": [],
 "task": {"eta": 0, "progress_percent": 0, "reason": "", "status": "TASK_STATUS_SUCCEED",
          "task_id": "abc", "task_type": "MINIMAX_HAILUO_02_6S_768P"},
 "videos": [{"nsfw_detection_result": null, "video_type": "mp4",
             "video_url": "https://h/v.mp4?q-sign-time=1%3B2&a=~", "video_url_ttl": "0"}]}
""")
LINK = "https://h/v.mp4?q-sign-time=1%3B2&a=~"


def running(**task: Any) -> Task:
    return Task.read({"task": {"status": "TASK_STATUS_PROCESSING", **task}}, "abc")


def test_the_captured_answer() -> None:
    task = Task.read(CAPTURED, "abc")
    assert task == Task("abc", TaskStatus.SUCCEEDED, "TASK_STATUS_SUCCEED", video_url=LINK)
    assert task.finished
    assert "sign" not in repr(task)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("TASK_STATUS_QUEUED", TaskStatus.QUEUED),
        ("TASK_STATUS_PROCESSING", TaskStatus.PROCESSING),
        ("TASK_STATUS_SUCCEED", TaskStatus.SUCCEEDED),
        ("TASK_STATUS_FAILED", TaskStatus.FAILED),
        (" task_status_queued\n", TaskStatus.QUEUED),
        ("TASK_STATUS_UNKNOWN", TaskStatus.UNKNOWN),
        ("PAUSED", TaskStatus.UNKNOWN),
        ("", TaskStatus.UNKNOWN),
    ],
)
def test_a_status_keeps_its_text(text: str, status: TaskStatus) -> None:
    task = Task.read({"task": {"status": text}}, "abc")
    assert (task.status, task.status_text) == (status, text)
    assert task.finished is (status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED))


@pytest.mark.parametrize(
    ("given_", "progress"),
    [
        (0, None),
        (1, 1),
        (42, 42),
        (42.9, 42),
        ("42", 42),
        ("42.5", 42),
        (100, 99),
        (1e300, 99),
        (10**4000, None),
        (-5, None),
        ("", None),
        (None, None),
        ("soon", None),
        ("nan", None),
        ([], None),
    ],
)
def test_progress_is_read_from_any_type(given_: Any, progress: int | None) -> None:
    assert running(progress_percent=given_).progress == progress


@pytest.mark.parametrize(
    ("given_", "eta"),
    [(0, None), (30, 30), ("30", 30), (0.5, 0.5), (-1, None), ("inf", None), ({}, None)],
)
def test_eta_is_read_from_any_type(given_: Any, eta: float | None) -> None:
    assert running(eta=given_).eta == eta


@pytest.mark.parametrize("status", ["TASK_STATUS_SUCCEED", "TASK_STATUS_FAILED"])
def test_a_finished_task_has_nothing_left(status: str) -> None:
    task = Task.read({"task": {"status": status, "eta": 5, "progress_percent": 50}}, "abc")
    assert (task.progress, task.eta) == (None, None)


@pytest.mark.parametrize(
    ("videos", "link"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ([None], None),
        ([{"video_url": ""}], None),
        ([{"video_url": None}], None),
        ([{"video_url": "ftp://h/v"}], None),
        ([{}, {"video_url": f" {LINK}\n"}], LINK),
        ([{"video_url": "HTTPS://h/v"}], "HTTPS://h/v"),
    ],
)
def test_only_a_usable_link_counts(videos: Any, link: str | None) -> None:
    body = {"task": {"status": "TASK_STATUS_SUCCEED"}, "videos": videos}
    assert Task.read(body, "abc").video_url == link


def test_what_no_database_takes_does_no_harm() -> None:
    task = running(reason="\ud83d!\0", status="\ud83d")
    assert f"{task.reason}{task.status_text}".encode() == b"?!??"


def test_the_id_that_was_asked_for_is_kept() -> None:
    assert running(task_id="another").task_id == "abc"


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("TASK_STATUS_"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "task": any_json
        | st.fixed_dictionaries(
            {},
            optional={
                "status": any_json
                | st.sampled_from(["QUEUED", "PROCESSING", "SUCCEED", "FAILED"]).map(
                    "TASK_STATUS_{}".format
                ),
                "progress_percent": any_json,
                "eta": any_json,
                "reason": any_json,
            },
        ),
        "videos": any_json | st.lists(st.fixed_dictionaries({"video_url": any_json})),
    },
)


@given(any_json | answers)
def test_any_json_can_be_read(body: Any) -> None:
    task = Task.read(body, "abc")
    assert task.task_id == "abc"
    assert task.progress is None or 1 <= task.progress <= 99
    assert task.eta is None or task.eta > 0
    assert task.finished is (task.status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED))
    assert not (task.finished and task.progress)
    assert task.status is not TaskStatus.SUBMITTED
