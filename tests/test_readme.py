"""The README is accurate: it is compared with the code, and its code is run."""

import re
import sys
from pathlib import Path

import pytest
from conftest import run_program
from PIL import Image

from vidu_demo.settings import ROOT
from vidu_demo.simulator import Simulator

README = (ROOT / "README.md").read_text()
REQUIREMENTS = (ROOT / "requirements.txt").read_text()


def front_matter() -> dict[str, str]:
    matter = README.split("---\n")[1]
    lines = re.findall(r"^(\w+): (.+)$", matter, re.MULTILINE)
    return {name: value.strip('"') for name, value in lines}


def code(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_front_matter_is_a_spaces() -> None:
    matter = front_matter()
    assert f"gradio=={matter['sdk_version']}" in REQUIREMENTS.splitlines()
    assert matter["sdk"] == "gradio"
    assert len(matter["short_description"]) <= 60
    assert (ROOT / matter["app_file"]).is_file()
    assert (
        f'requires-python = ">={matter["python_version"]}"' in (ROOT / "pyproject.toml").read_text()
    )


def test_test_command_is_the_one_that_ci_runs() -> None:
    _run, test = code("sh")
    assert test.strip() in (ROOT / ".ci" / "run").read_text()


def test_client_code_runs_as_it_stands(tmp_path: Path) -> None:
    Image.new("RGB", (320, 240), (220, 30, 30)).save(tmp_path / "photo.jpg")
    (block,) = code("python")
    with Simulator(seconds=1.0) as simulator:
        done = run_program([sys.executable, "-c", block], tmp_path, simulator)
        assert done.returncode == 0, done.stderr
        assert simulator.submit_count == 1
    (video,) = (tmp_path / "videos").glob("*.mp4")
    assert done.stdout.splitlines()[-1] == str(video.relative_to(tmp_path))
    assert "succeeded" in done.stdout


@pytest.mark.parametrize("word", ["!\n", "simply", "powerful", "blazing"])
def test_words_are_calm(word: str) -> None:
    assert word not in README
