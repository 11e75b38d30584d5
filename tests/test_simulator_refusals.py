"""What the simulator turns away, and how it words that."""

import json
from typing import Any

import pytest
from conftest import Clock
from PIL import Image
from simulator_fixtures import PICTURE, Caller, body, data_uri, error


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "MISSING_API_KEY"),
        ("Bearer ", "MISSING_API_KEY"),
        ("Bearer wrong", "INVALID_API_KEY"),
        ("Basic simulated", "INVALID_API_KEY"),
    ],
)
def test_keys(quick: Caller, header: str | None, reason: str) -> None:
    quick.headers = {} if header is None else {"Authorization": header}
    assert error(quick.submit()) == (401, reason)
    assert error(quick.poll("x")) == (401, reason)
    assert quick.simulator.task_count == 0


def test_unknown_tasks_and_paths(quick: Caller) -> None:
    url = quick.simulator.url
    assert error(quick.poll("unknown")) == (404, "TASK_NOT_FOUND")
    for method, path in (
        ("GET", "/"),
        ("GET", "/v3/async/vidu-q2-pro-img2video"),
        ("POST", "/v3/async/task-result"),
        ("DELETE", "/v3/async/task-result"),
    ):
        answer = quick.session.request(method, url + path, headers=quick.headers, timeout=10)
        assert error(answer) == (404, "API_NOT_FOUND")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("images", None),
        ("images", []),
        ("images", PICTURE),
        ("images", [1]),
        ("prompt", None),
        ("prompt", ""),
        ("prompt", "  "),
        ("prompt", 5),
        ("prompt", "x" * 5001),
        ("duration", None),
        ("duration", 0),
        ("duration", 11),
        ("duration", "5"),
        ("duration", 5.0),
        ("duration", True),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", 1.0),
        ("seed", "1"),
        ("seed", False),
        ("resolution", "360p"),
        ("resolution", None),
        ("resolution", ["540p"]),
        ("movement_amplitude", "large"),
        ("voice_id", 3),
        ("audio", 1),
        ("bgm", "true"),
        ("off_peak", None),
        ("watermark", 0),
    ],
)
def test_fields_out_of_their_limits(quick: Caller, field: str, value: Any) -> None:
    answer = quick.submit(**{field: value})
    assert error(answer) == (400, "INVALID_REQUEST_BODY")
    assert field in answer.json()["message"]
    assert quick.simulator.task_count == 0


@pytest.mark.parametrize("field", ["images", "prompt", "duration"])
def test_required_fields(quick: Caller, field: str) -> None:
    request = body()
    del request[field]
    assert error(quick.submit(request)) == (400, "INVALID_REQUEST_BODY")


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "x" * 5000},
        {"duration": 10},
        {"seed": None},
        {"seed": 0},
        {"seed": 2**31 - 1},
        {"voice_id": None, "audio": True},
        {"voice_id": "English_Graceful_Lady"},
        {"images": [PICTURE, "https://example.com/a.jpg"]},
        {"images": [data_uri(kind="jpeg"), data_uri(kind="webp")]},
        {"images": [data_uri(40, 10), data_uri(10, 40)]},
        {"movement_amplitude": "high", "resolution": "1080p"},
        {"a_new_field": 1},
    ],
)
def test_fields_within_their_limits(quick: Caller, changes: dict[str, Any]) -> None:
    quick.task(**changes)
    assert quick.simulator.submits == [body(**changes)]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("ftp://example.com/a.jpg", "INVALID_IMAGE_FORMAT"),
        ("http://", "INVALID_IMAGE_FORMAT"),
        ("http://[", "INVALID_IMAGE_FORMAT"),
        ("photo.jpg", "INVALID_IMAGE_FORMAT"),
        (PICTURE.replace("image/png", "image/gif"), "INVALID_IMAGE_FORMAT"),
        ("data:image/png;base64,!!!!", "INVALID_IMAGE_FORMAT"),
        ("data:image/png;base64,aGVsbG8=", "INVALID_IMAGE_FORMAT"),
        (PICTURE[: len(PICTURE) // 8 * 4], "INVALID_IMAGE_FORMAT"),
        (data_uri(41, 10), "INVALID_IMAGE_SIZE"),
        (data_uri(10, 41), "INVALID_IMAGE_SIZE"),
        ("data:image/png;base64," + "A" * 14_000_000, "IMAGE_FILE_EXCEEDS_MAX_SIZE"),
    ],
    ids=lambda value: value[:30],
)
def test_unusable_pictures(quick: Caller, image: str, reason: str) -> None:
    assert error(quick.submit(images=[image])) == (400, reason)
    assert error(quick.submit(images=[PICTURE, image])) == (400, reason)


def test_a_picture_with_too_many_pixels(quick: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 320 * 240 // 2 - 1)
    assert error(quick.submit()) == (400, "IMAGE_EXCEEDS_MAX_RESOLUTION")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b" " * (20 * 2**20 + 1)]
)
def test_bodies_that_are_no_request(quick: Caller, raw: bytes) -> None:
    headers = quick.headers | {"Content-Type": "application/json"}
    url = f"{quick.simulator.url}/v3/async/vidu-q2-pro-img2video"
    answer = quick.session.post(url, data=raw, headers=headers, timeout=10)
    assert error(answer) == (400, "INVALID_REQUEST_BODY")
    assert quick.task()  # the connection is still in step


def test_the_content_type_is_required(quick: Caller) -> None:
    url = f"{quick.simulator.url}/v3/async/vidu-q2-pro-img2video"
    answer = quick.session.post(url, data=json.dumps(body()), headers=quick.headers, timeout=10)
    assert error(answer) == (400, "INVALID_REQUEST_BODY")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("[refuse prompt]", (400, "ILLEGAL_PROMPT")),
        ("[refuse picture]", (400, "ILLEGAL_IMAGE_CONTENT")),
        ("[no balance]", (403, "NOT_ENOUGH_BALANCE")),
    ],
)
def test_magic_words(quick: Caller, word: str, expected: tuple[int, str]) -> None:
    assert error(quick.submit(prompt=f"a cat {word}")) == expected
    assert (quick.simulator.submit_count, quick.simulator.task_count) == (1, 0)


def test_a_task_that_fails(quick: Caller, clock: Clock) -> None:
    task_id = quick.task(prompt="a cat [fail]")
    clock.now += 99
    assert quick.status(task_id) == "PROCESSING"
    clock.now += 1
    answer = quick.poll(task_id).json()
    assert answer["task"]["status"] == "TASK_STATUS_FAILED"
    assert answer["task"]["reason"] == "TaskPromptPolicyViolation"
    assert answer["videos"] == []
