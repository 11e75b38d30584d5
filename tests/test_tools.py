"""The linter, the formatter and the type checker, so that one command checks everything."""

import subprocess
import sys

import pytest

from vidu_demo.settings import ROOT

TOOLS = ["ruff check", "ruff format --check", "mypy"]


@pytest.mark.parametrize("command", TOOLS)
def test_tool_is_content(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
