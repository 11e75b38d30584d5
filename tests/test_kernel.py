"""`app.py` in a notebook: run by `%run`, pasted into a cell, and run again."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from page_fixtures import QUIET, free_port

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
        "PYTHONPATH": str(ROOT),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def run(place: Path, *cells: str) -> str:
    """Run cells in a kernel, and give all that they print."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(
        notebook,
        timeout=120,
        startup_timeout=60,
        kernel_name="python3",
        resources={"metadata": {"path": str(place)}},
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    return "".join(output.get("text", "") for output in outputs)


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
