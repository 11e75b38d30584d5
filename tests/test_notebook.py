"""The notebook, run from top to bottom as a reader would."""

import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from page_fixtures import QUIET
from PIL import Image

from docs import build
from docs.notebook import NOTEBOOK
from vidu_demo.media.clip import facts
from vidu_demo.settings import ROOT

HURRY = """
from vidu_demo.api import client, pacing
from vidu_demo.simulator import Simulator
from vidu_demo.simulator.video import render

Simulator.__init__.__kwdefaults__["seconds"] = 0.5
client.FIRST_WAIT = pacing.SHORTEST_GAP = pacing.LONGEST_GAP = 0.1
render.SHORT_SIDES["540p"] = 90
"""
"""Run in the notebook once it finds the project: tasks take less time, and videos are small."""


@pytest.fixture
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_kept_outputs_are_small_stills_of_a_simulated_run(notebook: Any) -> None:
    nbformat.validate(notebook)
    assert NOTEBOOK.stat().st_size < 300_000
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert all(cell.get("execution_count") is None for cell in notebook.cells)
    assert notebook.metadata.language_info == {"name": "python"}  # whatever Python made them
    said = "".join(output.get("text", "") for output in outputs)
    assert "Simulated: no model is used and nothing is charged." in said
    data = [output.get("data", {}).get("image/jpeg") for output in outputs]
    stills = [Image.open(BytesIO(b64decode(jpeg))) for jpeg in data if jpeg]
    # The picture, several videos of it, and the parts of a film.
    assert [still.width for still in stills] == [960] * 3


def test_the_kept_outputs_tell_nothing_of_where_they_were_made(notebook: Any) -> None:
    for cell in notebook.cells:
        assert "execution" not in cell.metadata
        for output in cell.get("outputs", ()):
            shown = output.get("data", {})
            assert set(shown) <= {"text/plain", "text/markdown", "image/jpeg"}
            assert output.get("name", "stdout") == "stdout"
            told = output.get("text", "") + shown.get("text/markdown", "")
            assert not re.search(r"/\w|\\|127\.0\.0\.1|Bearer", told)


def test_the_addresses_are_those_of_the_project(notebook: Any) -> None:
    badge = build.colab()
    repository = badge.partition("/github/")[2].partition("/blob/")[0]
    assert badge in (ROOT / "README.md").read_text()
    assert badge in notebook.cells[0].source
    assert f'REPOSITORY = "https://github.com/{repository}"' in notebook.cells[1].source


def test_it_runs_from_top_to_bottom(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NOVITA_API_KEY", raising=False)
    monkeypatch.setenv("VIDU_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook.cells.insert(2, nbformat.v4.new_code_cell(HURRY))
    NotebookClient(
        notebook,
        timeout=90,
        startup_timeout=60,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    ).execute()

    shown = {
        cell.source: "".join(
            str(output.get("text", "")) + str(output.get("data", "")) for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    everything = "".join(shown.values())
    assert "Simulated: no model is used and nothing is charged." in everything
    assert "Estimate $0.075 (2026-11)" in everything
    assert "<video controls" in everything
    assert "data:video/mp4;base64," in everything
    assert "Write a prompt. Duration goes from 1 to 10; 60 is outside." in everything
    assert "<iframe" in everything or "http://127.0.0.1" in everything
    videos = list((tmp_path / "data" / "notebook").glob("*.mp4"))
    assert any(f"saved as `{video.name}`" in everything for video in videos)
    (film,) = (video for video in videos if video.name == "film.mp4")
    assert len(videos) - 1 == 7
    assert "`film.mp4` · 6.0 s" in everything
    assert facts(film).seconds == pytest.approx(6.0, abs=0.1)


def test_colab_is_the_only_place_where_it_fetches_anything(notebook: Any) -> None:
    fetching = [
        line
        for cell in notebook.cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if line.lstrip().startswith(("!", "%"))
    ]
    assert [line.split()[0] for line in fetching] == ["!git", "%pip"]
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    _before, guarded = first.split('if "google.colab" in sys.modules:\n')
    guarded, _after = guarded.split("\n\n", 1)
    assert all(line in guarded and line.startswith("    ") for line in fetching)
