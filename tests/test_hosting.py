"""The Dockerfile fits the project, as far as that shows without Docker."""

import json
import re
import subprocess
import sys
import tomllib
from urllib.parse import urlsplit

from page_fixtures import App, free_port

from vidu_demo.settings import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
PORT = "7860"


def instruction(name: str) -> str:
    (only,) = re.findall(rf"^{name} .*", DOCKERFILE, re.MULTILINE)
    return str(only)


def test_a_container_has_all_that_the_app_needs() -> None:
    copied = {source for source, _ in re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)}
    assert copied == {"requirements.txt", "app.py", "vidu_demo"}
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied


def test_a_container_has_the_python_that_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = project["requires-python"].removeprefix(">=")
    assert instruction("FROM") == f"FROM python:{lowest}-slim"


def test_the_app_is_not_root_in_a_container() -> None:
    assert instruction("USER") == "USER vidu"
    assert DOCKERFILE.index("USER vidu") < DOCKERFILE.index("\nCMD")


def test_the_health_check_tells_a_running_app(app: App) -> None:
    program, *arguments = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])
    assert program == "python"

    def check(port: int | None) -> int:
        command = [argument.replace(PORT, str(port)) for argument in arguments]
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, timeout=60, check=False
        )
        return done.returncode

    assert check(urlsplit(app.url).port) == 0
    assert check(free_port()) == 1
    start = json.loads(instruction("CMD").removeprefix("CMD "))
    assert start[-2:] == ["--port", PORT]
    assert instruction("EXPOSE") == f"EXPOSE {PORT}"
