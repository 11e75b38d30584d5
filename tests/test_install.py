"""`pip install .` installs the package with all that it needs."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from vidu_demo.settings import ROOT

USE = """
import sys
from pathlib import Path
import vidu_demo
from vidu_demo import ViduClient, VideoRequest
from vidu_demo.examples import EXAMPLES
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.snippets import SNIPPETS
from vidu_demo.ui import mount
from vidu_demo.ui.static import STYLES, head

home = Path(vidu_demo.__file__).parent
assert home.is_relative_to(sys.argv[1]), home
assert all(example.picture.is_file() for example in EXAMPLES)
assert EXAMPLES[0].video.is_file()
assert all(style.is_file() for style in STYLES)
assert "vidu.status = " in head()
request = VideoRequest.unchecked(images=["x.jpg"], prompt="x")
assert all(snippet.write(request) for snippet in SNIPPETS)
assert Settings().data_dir == Path("data")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed from a copy of the source: a build leaves files in it."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    target = tmp_path_factory.mktemp("installed")
    hidden = shutil.ignore_patterns(".*", "data", "build", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=hidden)
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(target), "."],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_it_is_used_from_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE, str(installed)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "GRADIO_ANALYTICS_ENABLED": "False"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_file_of_the_package_is_there(installed: Path) -> None:
    def files(folder: Path) -> set[str]:
        return {
            str(path.relative_to(folder))
            for path in (folder / "vidu_demo").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    assert files(installed) == files(ROOT)
    assert {path.name for path in installed.iterdir() if "." not in path.name} <= {
        "vidu_demo",
        "bin",
    }


def test_the_dependencies_are_written_down_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["dependencies"]
    assert "dependencies" not in project["project"]
    read = project["tool"]["setuptools"]["dynamic"]["dependencies"]
    assert read == {"file": ["requirements.txt"]}


def test_the_installed_package_names_them(installed: Path) -> None:
    (metadata,) = installed.glob("vidu_demo-*.dist-info/METADATA")
    needed = [
        line.partition(": ")[2].replace(" ", "")
        for line in metadata.read_text().splitlines()
        if line.startswith("Requires-Dist") and "extra ==" not in line
    ]
    wanted = (ROOT / "requirements.txt").read_text().split()
    names = [set(line.replace(">=", ",>=").replace("==", ",==").split(",")) for line in wanted]
    assert len(needed) == len(names)
    for line, parts in zip(needed, names, strict=True):
        assert all(part.replace(">=", "") in line for part in parts), line
