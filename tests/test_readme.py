"""The README can't lie: what it says is compared with the code, and its code is run."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from PIL import Image

from vidu_demo.settings import ROOT, Settings
from vidu_demo.simulator import Simulator

README = (ROOT / "README.md").read_text()
REQUIREMENTS = (ROOT / "requirements.txt").read_text()


def front_matter() -> dict[str, str]:
    matter = README.split("---\n")[1]
    lines = re.findall(r"^(\w+): (.+)$", matter, re.MULTILINE)
    return {name: value.strip('"') for name, value in lines}


def code(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def settings_table() -> str:
    """The table as the code has it: paste it into the README when this test fails."""
    rows = ["| variable | meaning | default |", "| --- | --- | --- |"]
    for about in fields(Settings):
        default = about.default
        if isinstance(default, Path):
            default = default.relative_to(ROOT)
        shown = f"`{default}` |" if str(default) else "|"
        rows.append(f"| `{about.metadata['env']}` | {about.metadata['help']} | {shown}")
    return "\n".join(rows)


def test_front_matter_is_a_spaces() -> None:
    matter = front_matter()
    assert f"gradio=={matter['sdk_version']}" in REQUIREMENTS.splitlines()
    assert matter["sdk"] == "gradio"
    assert len(matter["short_description"]) <= 60
    assert (ROOT / matter["app_file"]).is_file()
    assert (
        f'requires-python = ">={matter["python_version"]}"' in (ROOT / "pyproject.toml").read_text()
    )


def test_settings_are_the_codes() -> None:
    assert settings_table() in README


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)
    assert len(links) >= 2
    for link in links:
        assert (ROOT / link).is_file(), link


def test_test_command_is_the_one_that_ci_runs() -> None:
    _run, test = code("sh")
    assert test.strip() in (ROOT / ".ci" / "run").read_text()


def test_client_code_runs_as_it_stands(tmp_path: Path) -> None:
    Image.new("RGB", (320, 240), (220, 30, 30)).save(tmp_path / "photo.jpg")
    (block,) = code("python")
    with Simulator(seconds=1.0) as simulator:
        environment = {
            **os.environ,
            "NOVITA_API_KEY": simulator.key,
            "NOVITA_BASE_URL": simulator.url,
            "PYTHONPATH": str(ROOT),
            "NO_PROXY": "127.0.0.1",
        }
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert simulator.submit_count == 1
    (video,) = (tmp_path / "videos").glob("*.mp4")
    assert done.stdout.splitlines()[-1] == str(video.relative_to(tmp_path))
    assert "succeeded" in done.stdout


@pytest.mark.parametrize("word", ["!\n", "simply", "powerful", "blazing"])
def test_words_are_calm(word: str) -> None:
    assert word not in README
