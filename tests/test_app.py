"""The app by its one command, without a key: as a newcomer starts it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from gradio_client import Client, handle_file
from page_fixtures import QUIET, free_port, until

from vidu_demo.settings import ROOT


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The app, started by its command; gives its address and what it prints."""
    port, log = free_port(), tmp_path / "log"
    environment = {name: value for name, value in os.environ.items() if "NOVITA" not in name}
    environment |= {
        **QUIET,
        "GRADIO_TEMP_DIR": str(tmp_path / "uploads"),
        "VIDU_DATA_DIR": str(tmp_path / "data"),
        "PYTHONUNBUFFERED": "1",
    }
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "--port", str(port)],
            cwd=tmp_path,
            env=environment,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        until(lambda: process.poll() is not None or "Running on" in log.read_text(), 60)
        yield f"http://127.0.0.1:{port}", log
        process.terminate()
        process.wait(20)


def test_newcomer_makes_a_video_with_no_key(
    started: tuple[str, Path], pngs: dict[str, Path]
) -> None:
    url, log = started
    assert "Simulated: videos are made on this machine, no model is used" in log.read_text()
    page = requests.get(url, timeout=10)
    assert page.status_code == 200
    client = Client(url, analytics_enabled=False, verbose=False)
    said, video = client.predict(
        images=[handle_file(pngs["red"])],
        prompt="Slow push-in.",
        duration=1,
        resolution="540p",
        api_name="/generate",
    )
    client.close()
    assert said["state"] == "done"
    assert Path(video).stat().st_size > 1000
    assert "Traceback" not in log.read_text()


def test_command_names_its_options() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for option in ("--share", "--host", "--port", "--simulate"):
        assert option in done.stdout
