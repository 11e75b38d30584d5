"""Shared by the tests: the simulator, a client for it, and a clock that never waits."""

import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from vidu_demo import VideoRequest, ViduClient
from vidu_demo.settings import ROOT
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.simulator.video.render import SHORT_SIDES, render

gc.disable()  # until the tests are collected: nothing before is garbage

pytest_plugins = [
    "clip_fixtures",
    "database_fixtures",
    "download_fixtures",
    "lasting_fixtures",
    "ledger_fixtures",
    "once_fixtures",
    "page_fixtures",
    "runner_fixtures",
    "shelf_fixtures",
    "simulator_fixtures",
]


# A busy machine is no fault of a test's.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def need(program: str) -> str:
    """Give the path of a program; without it the test is skipped, or fails where all must run."""
    if path := shutil.which(program):
        return path
    reason = f"there is no {program}: install it to run the tests that need it"
    if os.environ.get("VIDU_BROWSER_TESTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_xdist_auto_num_workers() -> int:
    """Run one test more at once than there are cores: they wait for part of their time.

    With more of them everything takes so long that patience runs out.
    """
    return min(8, (os.cpu_count() or 1) + 1)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


DEFAULTS = {
    "duration": 5,
    "resolution": "720p",
    "audio": False,
    "bgm": False,
    "movement_amplitude": "auto",
    "off_peak": False,
    "watermark": False,
}
"""What is sent of a request that names none of these."""


def refusing(status: int, reason: str, message: str = "") -> Fault:
    """The API's answer to a request that it refuses."""
    return Fault(status, {"code": status, "reason": reason, "message": message, "metadata": {}})


def run_program(
    command: list[str], folder: Path, api: Simulator, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program that people are given, as they would, but against the simulator."""
    return subprocess.run(
        command,
        cwd=folder,
        env={
            **os.environ,
            "NOVITA_API_KEY": api.key,
            "NOVITA_BASE_URL": api.url,
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": str(ROOT),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Clock:
    """Time that passes only where it is slept away."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real video, rendered once; small, since the tests read and copy it thousands of times."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    asked = {"images": ["https://example.com/photo.jpg"], "prompt": "x", "duration": 1, "seed": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SHORT_SIDES, "540p", 90)
        render(asked | {"resolution": "540p"}, path)
    return path.read_bytes()


@pytest.fixture
def simulator(clock: Clock, clip: bytes) -> Iterator[Simulator]:
    """A simulator whose tasks take 20 s of the test's clock."""
    with Simulator(seconds=20, clock=clock, clip=clip) as running:
        yield running


@pytest.fixture
def client(simulator: Simulator, clock: Clock) -> Iterator[ViduClient]:
    made = ViduClient(
        simulator.key, simulator.url, clock=clock, sleep=clock.sleep, random=lambda: 0.5
    )
    yield made
    made.close()


@pytest.fixture
def picture() -> Image.Image:
    """A small picture with something to see."""
    y, x = np.mgrid[0:48, 0:64]
    return Image.fromarray(np.stack([4 * x, 5 * y, x ^ y], axis=-1).astype(np.uint8))


@pytest.fixture
def request_(picture: Image.Image) -> VideoRequest:
    return VideoRequest(images=[picture], prompt="slow push-in", duration=1, resolution="540p")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own key, address and proxies out of the tests."""
    for name in (
        "NOVITA_API_KEY",
        "NOVITA_BASE_URL",
        "VIDU_MEDIA_HOSTS",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    return tmp_path / "videos"
