"""The app in a process of its own, as people start it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from page_fixtures import QUIET, free_port, until

from vidu_demo.settings import ROOT


def environment(folder: Path, **given: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "NOVITA" not in name}
    quiet = {name: value for name, value in QUIET.items() if "PROXY" not in name}
    for name in ("NO_PROXY", "no_proxy"):
        kept.pop(name, None)
    return {
        **kept,
        **quiet,
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "VIDU_DATA_DIR": str(folder / "data"),
        "PYTHONUNBUFFERED": "1",
        **given,
    }


@contextmanager
def running(
    folder: Path, *arguments: str, **given: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start the app; gives its address and its process."""
    port, log = free_port(), folder / "log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "--port", str(port), *arguments],
            cwd=folder,
            env=environment(folder, **given),
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        try:
            # This line comes last, when Gradio has asked the page itself.
            until(lambda: process.poll() is not None or "public link" in log.read_text(), 60)
            assert process.poll() is None, log.read_text()
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(20)
    assert "Traceback" not in log.read_text()


@contextmanager
def runs(folder: Path, *arguments: str, **given: str) -> Iterator[str]:
    """Start the app and give its address."""
    with running(folder, *arguments, **given) as (url, _process):
        yield url
