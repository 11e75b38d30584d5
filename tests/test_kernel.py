"""`app.py` in a notebook: run by `%run`, pasted into a cell, and run again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import forked
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from page_fixtures import QUIET, free_port
from start_fixtures import start

from vidu_demo.settings import ROOT

APP = (ROOT / "app.py").read_text()
MAKE = """
from gradio_client import Client, handle_file
from PIL import Image
Image.new("RGB", (320, 240), (220, 30, 30)).save("red.png")
client = Client(demo.local_url, analytics_enabled=False, verbose=False)
said, video = client.predict(images=[handle_file("red.png")], prompt="Slow push-in.", duration=1,
                             resolution="540p", api_name="/generate")
client.close()
print("state:", said["state"], "port:", demo.server_port, "share:", demo.share)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, value in {
        **QUIET,
        "VIDU_DATA_DIR": str(tmp_path / "data"),
        "GRADIO_TEMP_DIR": str(tmp_path / "uploads"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "GRADIO_SERVER_PORT": str(free_port()),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@contextmanager
def kernel(place: Path) -> Iterator[BlockingKernelClient]:
    """A kernel that runs, and a client for it."""
    file, log = place / "kernel.json", place / "log"
    write_connection_file(str(file))
    process = start(forked.run_kernel, file, place, dict(os.environ), log, log)
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels(hb=False)  # on a busy machine it does not beat at once
    try:
        client.wait_for_ready(60)
        yield client
    finally:
        process.kill()
        process.join()
        client.stop_channels()
        client.context.term()


def run(place: Path, *cells: str) -> str:
    """Run cells in a kernel, and give all that they print."""
    said: list[str] = []
    with kernel(place) as client:
        for cell in cells:
            answer = client.execute_interactive(
                cell,
                timeout=120,
                output_hook=lambda message: said.append(message["content"].get("text", "")),
            )
            assert answer["content"]["status"] == "ok", answer["content"]
    return "".join(said)


RUN = f"%run {ROOT / 'app.py'}"


@pytest.mark.parametrize("start", [RUN, f"{RUN} --simulate", APP], ids=["run", "option", "pasted"])
def test_a_cell_comes_back_and_jobs_go_on(place: Path, start: str) -> None:
    said = run(place, start, MAKE)
    assert "state: done" in said
    assert "share: False" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("again", [RUN, APP], ids=["run", "pasted"])
def test_a_second_run_closes_the_first(place: Path, again: str) -> None:
    said = run(place, RUN, MAKE, again, MAKE)
    lines = [line for line in said.splitlines() if line.startswith("state:")]
    assert len(lines) == 2
    assert lines[0] == lines[1]  # on the same port
    assert "state: done" in lines[1]
    assert "same data folder" not in said


def test_in_a_kernel_it_does_not_share_by_itself(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio itself would, where it finds signs of a hosted notebook."""
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    assert "share: False" in run(place, RUN, MAKE)
