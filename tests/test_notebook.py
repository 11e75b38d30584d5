"""The notebook, run from top to bottom as a reader would."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from page_fixtures import QUIET

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"


@pytest.fixture
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_outputs_are_not_kept(notebook: Any) -> None:
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_it_runs_from_top_to_bottom(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NOVITA_API_KEY", raising=False)
    monkeypatch.setenv("VIDU_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
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
    (video,) = (tmp_path / "data" / "notebook").glob("*.mp4")
    assert f"saved as `{video.name}`" in everything


def test_colab_is_the_only_place_where_it_fetches_anything(notebook: Any) -> None:
    fetching = [
        line
        for cell in notebook.cells
        for line in cell.source.splitlines()
        if line.lstrip().startswith(("!", "%"))
    ]
    assert [line.split()[0] for line in fetching] == ["!git", "%pip"]
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    _before, guarded = first.split('if "google.colab" in sys.modules:\n')
    guarded, _after = guarded.split("\n\n", 1)
    assert all(line in guarded and line.startswith("    ") for line in fetching)
