"""The simulator, asked over real HTTP."""

import base64
import http.client
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import numpy as np
import pytest
import requests
from PIL import Image

from vidu_demo.simulator import Fault, Simulator
from vidu_demo.simulator.tasks import progress
from vidu_demo.simulator.video.placeholder import placeholder
from vidu_demo.simulator.video.render import StoppedError, render
from vidu_demo.simulator.video.sound import RATE, soundtrack

CLIP = b"clip" * 1000


def data_uri(width: int = 320, height: int = 240, kind: str = "png") -> str:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x ^ y) % 256], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, kind)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


PICTURE = data_uri()


def body(**changes: Any) -> dict[str, Any]:
    base = {"images": [PICTURE], "prompt": "slow push-in", "duration": 1, "resolution": "540p"}
    return base | changes


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Caller:
    """A plain client, so that the simulator is not judged by the package's own."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.headers = {"Authorization": f"Bearer {simulator.key}"}

    def submit(self, request: Any = None, **changes: Any) -> requests.Response:
        return self.session.post(
            f"{self.simulator.url}/v3/async/vidu-q2-pro-img2video",
            json=body(**changes) if request is None else request,
            headers=self.headers,
            timeout=10,
        )

    def task(self, **changes: Any) -> str:
        answer = self.submit(**changes)
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["task_id"]
        return str(answer.json()["task_id"])

    def poll(self, task_id: str) -> requests.Response:
        return self.session.get(
            f"{self.simulator.url}/v3/async/task-result?task_id={task_id}",
            headers=self.headers,
            timeout=10,
        )

    def status(self, task_id: str) -> str:
        return str(self.poll(task_id).json()["task"]["status"]).removeprefix("TASK_STATUS_")

    def link(self, task_id: str) -> str:
        return str(self.poll(task_id).json()["videos"][0]["video_url"])

    def video(self, task_id: str) -> bytes:
        """Wait for the video and fetch it."""
        while self.status(task_id) in ("QUEUED", "PROCESSING"):
            time.sleep(0.01)
        status, _, content = fetch(self.link(task_id))
        assert status == 200
        return content


def fetch(link: str, target: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """Fetch a link byte for byte, as `requests` would not."""
    parts = urlsplit(link)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("GET", target if target is not None else f"{parts.path}?{parts.query}")
        with connection.getresponse() as response:
            return response.status, dict(response.getheaders()), response.read()


Make = Callable[..., Caller]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make a simulator with a client at it; all are closed at the end."""
    callers: list[Caller] = []

    def start(*args: Any, **options: Any) -> Caller:
        callers.append(Caller(Simulator(*args, **options).start()))
        return callers[-1]

    yield start
    for caller in callers:
        caller.session.close()
        caller.simulator.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quick(make: Make, clock: Clock) -> Caller:
    """A simulator whose tasks take 100 s of its own clock and are never rendered."""
    return make(seconds=100, clock=clock, clip=CLIP)


def error(answer: requests.Response) -> tuple[int, str]:
    found = answer.json()
    assert set(found) == {"code", "reason", "message", "metadata"}
    assert found["code"] == answer.status_code
    assert found["message"]
    assert found["metadata"] == {}
    return answer.status_code, found["reason"]


# The life of a task


def test_progress_is_a_function_of_age() -> None:
    assert progress(0, 100, False) == ("TASK_STATUS_QUEUED", 0, 100)
    assert progress(14.9, 100, True) == ("TASK_STATUS_QUEUED", 0, 86)
    assert progress(15, 100, True) == ("TASK_STATUS_PROCESSING", 0, 85)
    assert progress(57.5, 100, True) == ("TASK_STATUS_PROCESSING", 50, 43)
    assert progress(99.99, 100, True) == ("TASK_STATUS_PROCESSING", 99, 1)
    assert progress(500, 100, False) == ("TASK_STATUS_PROCESSING", 99, 1)
    assert progress(100, 100, True) == ("TASK_STATUS_SUCCEED", 100, 0)
    assert progress(0, 0, True) == ("TASK_STATUS_SUCCEED", 100, 0)
    assert progress(-5, 100, True).status == "TASK_STATUS_QUEUED"


def test_a_task_walks_to_its_video(quick: Caller, clock: Clock) -> None:
    task_id = quick.task()
    seen = []
    for clock.now in range(1_700_000_000, 1_700_000_101, 10):
        now = quick.poll(task_id).json()["task"]
        seen.append((now["status"].removeprefix("TASK_STATUS_"), now["progress_percent"]))
    assert seen[0] == ("QUEUED", 0)
    assert seen[2] == ("PROCESSING", 5)
    assert seen[-2] == ("PROCESSING", 88)
    assert seen[-1] == ("SUCCEED", 100)
    assert [percent for _, percent in seen] == sorted(percent for _, percent in seen)
    status, headers, content = fetch(quick.link(task_id))
    assert (status, content) == (200, CLIP)
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Length"] == str(len(CLIP))


def test_answers_have_the_shape_of_the_capture(quick: Caller, clock: Clock) -> None:
    task_id = quick.task()
    early = quick.poll(task_id).json()
    assert early["videos"] == []
    clock.now += 100
    done = quick.poll(task_id).json()
    link = done["videos"][0]["video_url"]
    assert done == {
        "audios": [],
        "extra": {},
        "images": [],
        "task": {
            "eta": 0,
            "progress_percent": 100,
            "reason": "",
            "status": "TASK_STATUS_SUCCEED",
            "task_id": task_id,
            "task_type": "VIDU_Q2_PRO_IMG2VIDEO",
        },
        "videos": [
            {
                "nsfw_detection_result": None,
                "video_type": "mp4",
                "video_url": link,
                "video_url_ttl": "0",
            }
        ],
    }
    assert link.startswith(f"{quick.simulator.url}/files/{task_id}.mp4?")
    assert "q-sign-time=1700000100%3B1700003700&q-key=a%2Fb%7Ec;d%7e&" in link


def test_seconds_may_depend_on_the_request(make: Make, clock: Clock) -> None:
    caller = make(seconds=lambda request: 10.0 * request["duration"], clock=clock, clip=CLIP)
    short, long = caller.task(duration=1), caller.task(duration=2)
    clock.now += 10
    assert (caller.status(short), caller.status(long)) == ("SUCCEED", "PROCESSING")


# What is turned away


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


# Links


def test_links_are_compared_byte_for_byte(quick: Caller, clock: Clock) -> None:
    task_id = quick.task()
    clock.now += 100
    link = quick.link(task_id)
    target = link.removeprefix(quick.simulator.url)
    assert fetch(link)[0] == 200
    for old, new in (
        ("%7E", "~"),
        ("%7e", "%7E"),
        ("%3B", ";"),
        ("%3B", "%3b"),
        ("%2F", "/"),
        ("c;d", "c%3Bd"),
        ("q-sign-time=17", "q-sign-time=18"),
        ("/files/", "//files/"),
        (target[-1], ""),
    ):
        status, headers, content = fetch(link, target.replace(old, new))
        assert (status, headers["Content-Type"]) in (
            (403, "application/xml"),
            (404, "application/json"),
        )
        assert b"SignatureDoesNotMatch" in content or b"API_NOT_FOUND" in content
    # What `requests` makes of it by itself is refused too.
    assert quick.session.get(link, timeout=10).status_code == 403


def test_links_expire_and_come_fresh(quick: Caller, clock: Clock) -> None:
    quick.simulator.link_seconds = 60
    task_id = quick.task()
    clock.now += 100
    link = quick.link(task_id)
    clock.now += 59
    assert quick.link(task_id) == link
    assert fetch(link)[0] == 200
    clock.now += 1
    status, _, content = fetch(link)
    assert status == 403
    assert b"Request has expired" in content
    quick.simulator.fresh_links = False
    assert quick.link(task_id) == link
    quick.simulator.fresh_links = True
    fresh = quick.link(task_id)
    assert fresh != link
    assert fetch(fresh)[0] == 200


# Counters


def test_counters_and_records(quick: Caller, clock: Clock) -> None:
    simulator = quick.simulator
    first = quick.task(seed=1)
    quick.submit(prompt="")
    second = quick.task(seed=2)
    clock.now += 100
    quick.poll(first)
    link = quick.link(second)
    fetch(link)
    assert (simulator.submit_count, simulator.task_count) == (3, 2)
    assert (simulator.poll_count, simulator.download_count) == (2, 1)
    assert simulator.polls_of == {first: 1, second: 1}
    assert simulator.submits == [body(seed=1), body(prompt=""), body(seed=2)]
    assert [record.method for record in simulator.requests] == ["POST"] * 3 + ["GET"] * 3
    poll, download = simulator.requests[-2:]
    assert poll.target == f"/v3/async/task-result?task_id={second}"
    assert poll.headers["authorization"] == "Bearer simulated"
    assert poll.time == 1_700_000_100
    assert download.target == link.removeprefix(simulator.url)
    assert "Authorization" not in download.headers
    requests.get(link, headers=quick.headers, timeout=10)
    assert simulator.requests[-1].headers["AUTHORIZATION"] == "Bearer simulated"


def test_concurrent_polls_are_noticed(quick: Caller) -> None:
    task_id = quick.task()
    for _ in range(20):
        quick.poll(task_id)
    assert quick.simulator.max_concurrent_polls_of(task_id) == 1
    quick.simulator.faults["poll"] = [Fault(delay=0.2), Fault(delay=0.2)]
    url = f"{quick.simulator.url}/v3/async/task-result?task_id={task_id}"
    threads = [
        threading.Thread(target=requests.get, args=(url,), kwargs={"timeout": 10}) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quick.simulator.max_concurrent_polls_of(task_id) == 2
    assert quick.simulator.max_concurrent_polls_of("unknown") == 0


def test_it_can_forget(make: Make) -> None:
    caller = make(remember=False, clip=CLIP)
    caller.poll(caller.task())
    assert (caller.simulator.requests, caller.simulator.submits) == ([], [])
    assert (caller.simulator.submit_count, caller.simulator.poll_count) == (1, 1)


# Knobs


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


# Restarts


def test_tasks_survive_a_restart(make: Make, clock: Clock, tmp_path: Path) -> None:
    old = make(folder=tmp_path, seconds=100, clock=clock)
    good, bad = old.task(), old.task(prompt="[fail]")
    clock.now += 50
    before = old.poll(good).json()
    port = urlsplit(old.simulator.url).port
    old.simulator.close()
    with pytest.raises(requests.ConnectionError):
        old.poll(good)
    (tmp_path / f"{good}.mp4").unlink(missing_ok=True)
    new = make(folder=tmp_path, seconds=1, clock=clock, port=port)
    assert new.poll(good).json() == before
    clock.now += 50
    content = new.video(good)
    assert content[4:8] == b"ftyp"
    assert new.status(bad) == "FAILED"
    link = new.link(good)
    new.simulator.close()
    make(folder=tmp_path, clock=clock, port=port)
    assert fetch(link) == (200, fetch(link)[1], content)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".json", ".mp4"]


def test_old_tasks_are_forgotten(make: Make, clock: Clock, tmp_path: Path) -> None:
    old = make(folder=tmp_path, seconds=0, clock=clock)
    task_id = old.task()
    old.video(task_id)
    old.simulator.close()
    clock.now += 24 * 3600 + 1
    new = make(folder=tmp_path, clock=clock)
    assert error(new.poll(task_id)) == (404, "TASK_NOT_FOUND")
    assert list(tmp_path.iterdir()) == []


def test_its_own_folder_goes_at_close(make: Make, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    caller = make()
    caller.task(duration=10, resolution="1080p")
    assert len(list(tmp_path.glob("*/*.json"))) == 1
    begun = time.monotonic()
    caller.simulator.close()
    assert time.monotonic() - begun < 2
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vidu_demo.simulator", "--seconds", "0", "--key", "k"]
    task_id = ""
    for _ in range(2):
        with subprocess.Popen(
            [*command, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            _, url, _, key = process.stdout.readline().split()
            headers = {"Authorization": f"Bearer {key}"}
            if task_id:
                ask = f"{url}/v3/async/task-result?task_id={task_id}"
                answer = requests.get(ask, headers=headers, timeout=10)
            else:
                make_it = f"{url}/v3/async/vidu-q2-pro-img2video"
                answer = requests.post(make_it, json=body(), headers=headers, timeout=10)
                task_id = answer.json()["task_id"]
            process.kill()
    assert answer.status_code == 200
    assert answer.json()["task"]["task_id"] == task_id


def test_a_broken_rendering_fails_the_task(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("vidu_demo.simulator.store.render", explode)
    caller = make(seconds=0)
    task_id = caller.task()
    while caller.status(task_id) == "PROCESSING":
        time.sleep(0.01)
    task = caller.poll(task_id).json()["task"]
    assert (task["status"], task["reason"]) == ("TASK_STATUS_FAILED", "TASK_FAILED")


def test_no_address_before_the_start() -> None:
    simulator = Simulator()
    with pytest.raises(RuntimeError):
        assert simulator.url
    simulator.close()
    with simulator:
        assert simulator.url.startswith("http://127.0.0.1:")


# Videos


def rendered(folder: Path, **changes: Any) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.mp4"
    render(body(**changes), path)
    return path


@pytest.mark.parametrize(
    ("picture", "resolution", "size"),
    [
        ((320, 240), "540p", (720, 540)),
        ((240, 320), "540p", (540, 720)),
        ((300, 211), "720p", (1024, 720)),
        ((100, 100), "1080p", (1080, 1080)),
        ((400, 100), "540p", (2160, 540)),
    ],
)
def test_the_video_is_as_asked(
    tmp_path: Path, picture: tuple[int, int], resolution: str, size: tuple[int, int]
) -> None:
    path = rendered(tmp_path, images=[data_uri(*picture)], resolution=resolution)
    with av.open(path) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == size
        assert (video.average_rate, video.frames) == (24, 24)
        assert container.duration == 1_000_000
        assert len(list(container.decode(video=0))) == 24
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert min(size) == int(resolution[:-1])
    assert abs(size[0] - size[1] * picture[0] / picture[1]) <= 1


def test_over_http_it_is_the_same_video(make: Make, tmp_path: Path) -> None:
    caller = make(seconds=0)
    assert caller.video(caller.task()) == rendered(tmp_path).read_bytes()


def test_same_request_same_bytes(tmp_path: Path) -> None:
    for changes in ({"seed": 7, "audio": True}, {"images": [data_uri(540, 722)]}):
        files = {rendered(tmp_path, **changes).read_bytes() for _ in range(3)}
        assert len(files) == 1


def test_what_changes_the_video(tmp_path: Path) -> None:
    variants: list[dict[str, Any]] = [
        {"seed": 7},
        {"seed": 8},
        {"seed": 7, "movement_amplitude": "small"},
        {"seed": 7, "movement_amplitude": "high"},
        {"seed": 7, "watermark": True},
        {},
        {"prompt": "another"},
    ]
    made = [rendered(tmp_path, **variant).read_bytes() for variant in variants]
    assert len(set(made)) == 7
    same: list[dict[str, Any]] = [{"seed": 7, "movement_amplitude": "medium"}, {"seed": 0}]
    medium, zero = (rendered(tmp_path, **variant).read_bytes() for variant in same)
    assert medium == made[0]
    assert zero == made[5]


def frames(path: Path) -> list[np.ndarray[Any, Any]]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


def test_the_move_is_as_strong_as_asked(tmp_path: Path) -> None:
    changes = []
    for amplitude in ("small", "medium", "high"):
        path = rendered(tmp_path, seed=3, movement_amplitude=amplitude)
        first, *_, last = frames(path)
        changes.append(np.abs(first - last).mean())
    assert changes[0] < changes[1] < changes[2]


def test_colours_are_kept(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 60)).save(buffer, "PNG")
    uri = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    with av.open(rendered(tmp_path, images=[uri])) as container:
        pixel = next(container.decode(video=0)).to_ndarray(format="rgb24")[100, 200]
    assert np.abs(pixel.astype(int) - (200, 30, 60)).max() <= 4


def test_what_is_written(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 90, 90)).save(buffer, "PNG")
    grey = [f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"]
    plain = frames(rendered(tmp_path, images=grey))
    marked = frames(rendered(tmp_path, images=grey, watermark=True))
    for frame in (plain[0], plain[-1], marked[0], marked[-1]):
        assert np.ptp(frame[480:, :200]) > 60, "the label is at the bottom left"
        assert np.ptp(frame[:480]) < 10
    assert np.ptp(plain[0][480:, 300:]) < 10
    assert np.ptp(marked[0][480:, 300:]) > 60, "the watermark is at the bottom right"


@pytest.mark.parametrize("wish", ["audio", "bgm"])
def test_sound_only_when_asked(tmp_path: Path, wish: str) -> None:
    with av.open(rendered(tmp_path, **{wish: True})) as container:
        sound = container.streams.audio[0]
        assert sound.codec_context.name == "aac"
        assert sound.duration is not None
        assert sound.time_base is not None
        assert sound.duration * sound.time_base == 1
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], 1)
    assert 0.02 < np.sqrt((samples**2).mean()) < 0.5


def test_music_has_no_effect_on_long_videos() -> None:
    for duration in (1, 8):
        music = soundtrack({"duration": duration, "bgm": True}, 1)
        assert music is not None
        assert music.shape == (2, duration * RATE)
        assert np.abs(music).max() < 1
    for duration in (9, 10):
        assert soundtrack({"duration": duration, "bgm": True}, 1) is None
        assert soundtrack({"duration": duration, "bgm": True, "audio": True}, 1) is not None
    assert soundtrack({"duration": 5}, 1) is None


def test_a_picture_by_address_gets_a_card(tmp_path: Path) -> None:
    path = rendered(tmp_path, images=["https://pictures.example.com/a.jpg?b=c"])
    with av.open(path) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (960, 540)
    assert placeholder("https://a.example").tobytes() != placeholder("https://b.example").tobytes()
    assert placeholder("http://" + "long-name." * 20 + "example/").size == (1920, 1080)


def test_rendering_can_be_called_off(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        render(body(duration=10), tmp_path / "x.mp4", lambda: True)
