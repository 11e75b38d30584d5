"""A simulator with a plain client at it, for the simulator's own tests."""

import base64
import http.client
import io
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from conftest import Clock
from PIL import Image

from vidu_demo.simulator import Simulator

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
