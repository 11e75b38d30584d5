"""Runs the notebook on the simulator and keeps its small outputs: `python -m docs.notebook`.

Code hosts show them. What only works where it was made is left out: players, frames, addresses,
warnings.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from docs import build
from vidu_demo.settings import ROOT

NOTEBOOK = ROOT / build.NOTEBOOK
SECONDS = 120
"""How long a cell can take on a slow machine."""


def main() -> None:
    """Run it and write it back."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    os.environ.pop("NOVITA_API_KEY", None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VIDU_DATA_DIR"] = str(Path(folder, "data"))
        NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(NOTEBOOK.parent)}},
        ).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_without_count(each) for each in cell.outputs if _shows_anywhere(each)]
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, NOTEBOOK)


def _shows_anywhere(output: Any) -> bool:
    live = "text/html" in output.get("data", {}) or "127.0.0.1" in str(output)
    return not live and output.get("name") != "stderr"


def _without_count(output: Any) -> Any:
    if "execution_count" in output:
        output.execution_count = None
    return output


if __name__ == "__main__":
    main()
