"""The docs are accurate: they are compared with the code, and their code is run."""

import re
import subprocess
import sys
from dataclasses import fields
from inspect import getsource
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import run_program
from page_fixtures import QUIET, App
from PIL import Image

from docs import build
from vidu_demo.api.errors import ViduError
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import FOLLOWED, JobState
from vidu_demo.media import clip
from vidu_demo.settings import ROOT, Settings
from vidu_demo.simulator import Simulator

PAGES = {page.relative_to(ROOT).as_posix(): page.read_text() for page in build.PAGES}
GUIDE = {name: text for name, text in PAGES.items() if name != "README.md"}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SOURCES = "\n".join(path.read_text() for path in sorted((ROOT / "vidu_demo").rglob("*.py")))


def code(language: str) -> list[str]:
    """All blocks of a language in the guide."""
    blocks = BLOCK.findall("\n".join(GUIDE.values()))
    return [block for written, block in blocks if written == language]


def anchors(page: str) -> set[str]:
    """The anchors of a page, as GitHub derives them from headings."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def table(page: str, head: str) -> list[list[str]]:
    """The rows of the table on a page whose head begins like this."""
    rows = PAGES[page].partition(f"| {head} |")[2].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.parametrize("name", PAGES)
def test_made_parts_are_fresh(name: str) -> None:
    assert build.build(PAGES[name]) == PAGES[name], "run python -m docs.build"


def test_every_part_is_on_a_page() -> None:
    everything = "\n".join(PAGES.values())
    for part in build.PARTS:
        assert f"<!-- made by docs/build.py: {part} -->" in everything


def test_what_stands_by_hand_between_the_marks_is_replaced() -> None:
    page = "before <!-- made by docs/build.py: settings -->\nold\n<!-- end --> after"
    made = build.build(page)
    assert made.startswith("before <!-- made by docs/build.py: settings -->\n\n| variable |")
    assert made.endswith(" |\n\n<!-- end --> after")
    assert build.build(made) == made
    with pytest.raises(KeyError, match="setings"):
        build.build(page.replace("settings", "setings"))


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", BLOCK.sub("", PAGES[name])):
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.is_file(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_all_fields_and_notices_are_there() -> None:
    listed = [row[0].strip("`") for row in table("docs/reference.md", "field")]
    assert listed == [*VideoRequest.model_fields]
    told = table("docs/reference.md", "field | what the page says")
    assert len(told) == getsource(VideoRequest.notices).count("Notice(")


def test_prices_rise_with_length_and_size() -> None:
    rows = table("docs/reference.md", "length")
    prices = [[float(cell.removeprefix("$")) for cell in row[1:]] for row in rows]
    assert [row[0] for row in rows] == [f"{seconds} s" for seconds in range(1, 11)]
    assert {len(row) for row in prices} == {len(VideoRequest.describe("resolution")["enum"])}
    assert all(row == sorted(row) for row in prices)
    assert all(shorter[0] < longer[0] for shorter, longer in pairwise(prices))


def test_all_errors_are_there() -> None:
    def below(kind: type[ViduError]) -> set[type[ViduError]]:
        children = kind.__subclasses__()
        return {*children}.union(*map(below, children))

    known = {e.__name__ for e in below(ViduError) if e.__module__.startswith("vidu_demo.")}
    rows = table("docs/errors.md", "error | what happened")
    assert {row[0].strip("`") for row in rows} == known
    assert all(all(row) for row in rows)


def test_all_ends_of_a_job_are_there() -> None:
    rows = table("docs/errors.md", "state")
    assert [row[0].strip("`") for row in rows] == [s for s in JobState if s not in FOLLOWED]
    for _state, says, *_ in rows:
        assert says in SOURCES


@pytest.mark.parametrize("name", sorted(GUIDE.keys() - {"docs/pacing.md", "docs/waiting.md"}))
def test_bold_words_stand_on_the_page(name: str) -> None:
    for label in re.findall(r"\*\*(.+?)\*\*", BLOCK.sub("", GUIDE[name])):
        assert re.search(rf"[\"']{re.escape(label)}[\"']", SOURCES), label


@pytest.mark.parametrize("name", GUIDE)
def test_variables_exist(name: str) -> None:
    known = {about.metadata["env"] for about in fields(Settings)}
    assert set(re.findall(r"\b(?:VIDU|NOVITA)_[A-Z_]+\b", GUIDE[name])) <= known


def test_shell_code_can_be_read() -> None:
    shell = "\n".join(code("sh"))
    subprocess.run(["bash", "-n"], input=shell, text=True, check=True, timeout=10)


def test_options_of_the_commands_are_the_programs() -> None:
    programs = "".join((ROOT / file).read_text() for file in ("app.py", "vidu_demo/__main__.py"))
    options = re.findall(r'add_argument\(\s*"(--\w+)"', programs)
    named = set(re.findall(r"--[a-z]+[a-z-]*", "\n".join(GUIDE.values())))
    assert named - {"--no-proxy-headers"} == set(options)  # that one is uvicorn's


EACH = """
import sys
for block in sys.argv[1:]:
    exec(block, {"__name__": "__main__"})
    print("-- the end of a block")
"""
"""Runs blocks one after another; none sees what another has imported or named."""


def test_python_code_runs_as_it_stands(app: App, api: Simulator, tmp_path: Path) -> None:
    Image.new("RGB", (320, 240), (220, 30, 30)).save(tmp_path / "photo.jpg")

    def run(*blocks: str) -> list[str]:
        """Run blocks in one process, and give the last line that each prints."""
        done = run_program([sys.executable, "-c", EACH, *blocks], tmp_path, api, **QUIET)
        assert done.returncode == 0, done.stderr
        *said, _ = done.stdout.split("-- the end of a block\n")
        return [each.splitlines()[-1] for each in said]

    before = api.submit_count
    filming, fetching, mounting, starting, varying, calling = code("python")
    at = "http://127.0.0.1:7860", app.url
    called, started = run(calling.replace(*at), starting.replace(*at))
    task_id, seed, video = called.split()
    assert Path(video).name.endswith(f"-seed{seed}-3s.mp4")
    task_id, price, video = started.split()
    assert (price, Path(video).suffix) == ("0.075", ".mp4")
    shown = f"{mounting}\nprint(app.routes[-1].path)"
    varied, fetched, film, mounted = run(
        varying, fetching.replace("your-task-id", task_id), filming, shown
    )
    assert varied == "5 8 0.275"
    assert (tmp_path / fetched).read_bytes()[4:8] == b"ftyp"
    assert clip.facts(tmp_path / film).seconds == pytest.approx(2.0, abs=0.2)
    assert mounted == "/videos"
    assert api.submit_count == before + 4


@pytest.mark.parametrize("word", ["!\n", "simply", "powerful", "blazing"])
def test_words_are_calm(word: str) -> None:
    for page in GUIDE.values():
        assert word not in page
