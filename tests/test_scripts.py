"""The page's scripts: each is valid by itself, and what Python calls is there."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vidu_demo.settings import ROOT
from vidu_demo.ui.static import head

UI = ROOT / "vidu_demo" / "ui"
SCRIPTS = sorted(UI.glob("static/*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_valid_by_itself(script: Path) -> None:
    done = subprocess.run(
        ["node", "--check", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def calls() -> Iterator[str]:
    """Every script that Python names, such as `vidu.status(element)`."""
    for file in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and str(node.value).startswith("vidu."):
                yield str(node.value)


def test_what_is_called_is_there_and_nothing_else() -> None:
    text = "".join(script.read_text() for script in SCRIPTS)
    called = {re.match(r"vidu\.(\w+)", call)[1] for call in calls()}  # type: ignore[index]
    given = re.findall(r"^vidu\.(\w+) = ", text, re.MULTILINE)
    assert len(called) > 15
    assert called <= set(given)
    assert len(given) == len(set(given))
    used = re.findall(r"vidu\.(\w+)(?! = )\b", text)
    assert set(given) == called | (set(used) & set(given))


def test_no_script_stands_in_python() -> None:
    """A call of one function is as much as Python may write."""
    for call in calls():
        assert re.fullmatch(r"vidu\.\w+(\([\w .,'#]*\)?)?", call), call
    for file in UI.rglob("*.py"):
        assert not re.search(r"=>|\bdocument\.|addEventListener", file.read_text()), file


def test_they_can_stand_in_a_page() -> None:
    assert not any("</" in script.read_text() for script in SCRIPTS)
    assert head().count("<script>") == head().count("</script>") == len(SCRIPTS) + 2
