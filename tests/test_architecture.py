"""The map of the code is accurate: packages, what they must not import, tests of the promises."""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from vidu_demo.settings import ROOT

PACKAGE = ROOT / "vidu_demo"
MAP = (ROOT / "docs" / "architecture.md").read_text()
ROOMS = sorted(p.parent.relative_to(ROOT).as_posix() for p in PACKAGE.rglob("*/__init__.py"))
HTTP = ("requests", "urllib3", "httpx", "http.client", "urllib.request")
SQL = ("sqlalchemy", "sqlite3", "psycopg", "procrastinate", "vidu_demo.jobs.sql")
PAGE = ("gradio", "fastapi", "starlette", "vidu_demo.ui")
APP = ("vidu_demo.server", "vidu_demo.settings", "vidu_demo.simulator", "vidu_demo.studio")
MAY_NOT = {
    "vidu_demo/api": (*PAGE, *SQL, *APP, "vidu_demo.jobs", "vidu_demo.media"),
    "vidu_demo/api/formats": (*HTTP, "vidu_demo.api.client", "vidu_demo.api.network"),
    "vidu_demo/api/mp4": (*HTTP, "vidu_demo.api.client", "vidu_demo.api.network"),
    "vidu_demo/api/network": ("vidu_demo.api.mp4", "vidu_demo.api.request", "vidu_demo.api.task"),
    "vidu_demo/media": (*PAGE, *SQL, *APP, *HTTP, "vidu_demo.jobs"),
    "vidu_demo/jobs": (*PAGE, *APP),
    "vidu_demo/jobs/buying": (*HTTP, *SQL),
    "vidu_demo/jobs/films": HTTP,
    "vidu_demo/jobs/shared": HTTP,
    "vidu_demo/jobs/sql": HTTP,
    "vidu_demo/server": ("gradio", "vidu_demo.jobs", "vidu_demo.ui"),
    "vidu_demo/snippets": PAGE,
    "vidu_demo/examples": PAGE,
    "vidu_demo/settings.py": PAGE,
    "vidu_demo/studio.py": PAGE,
    "vidu_demo/ui": (*HTTP, *SQL),
    "vidu_demo/ui/form": ("vidu_demo.jobs.runner", "vidu_demo.jobs.ledger"),
    "vidu_demo/ui/guard": ("vidu_demo.jobs",),
    "vidu_demo/ui/i18n": ("vidu_demo.jobs", "vidu_demo.ui.form", "vidu_demo.ui.job"),
    "vidu_demo/ui/sign_in": ("vidu_demo.jobs",),
    "vidu_demo/ui/static": ("vidu_demo.jobs",),
    "vidu_demo/ui/templates": ("vidu_demo.jobs",),
}
MOST_FILES = 22
"""In one folder, `__init__.py` included."""


def module(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def imports(name: str, *, late: bool = False) -> Iterator[str]:
    """What a module imports; if `late`, also inside functions, and only when it is asked for."""
    file = FILES[name]
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(file.read_text())
    todo: list[ast.AST] = list(ast.walk(tree)) if late else list(tree.body)
    while todo:
        match todo.pop():
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                base = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                home = ".".join([*base, *([source] if source else [])])
                for alias in names:
                    inner = f"{home}.{alias.name}"
                    yield inner if inner in FILES else home
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) if file.name == "__init__.py":
                pass  # what is imported when it is asked for
            case ast.If(body=body, orelse=orelse) | ast.Try(body=body, orelse=orelse) if not late:
                todo += [*body, *orelse]


@pytest.mark.parametrize("room", MAY_NOT)
def test_a_room_keeps_to_what_it_may_know(room: str) -> None:
    home = ROOT / room
    inside = [name for name, file in FILES.items() if file == home or home in file.parents]
    assert inside
    for name in inside:
        for known in imports(name, late=True):
            assert not known.startswith(MAY_NOT[room]), f"{name} imports {known}"


def test_the_simulator_knows_nothing_of_the_rest() -> None:
    for name in FILES:
        if name.startswith("vidu_demo.simulator"):
            known = [found for found in imports(name, late=True) if found.startswith("vidu_demo")]
            assert all(found.startswith("vidu_demo.simulator") for found in known), (name, known)


def test_no_import_goes_in_a_circle() -> None:
    known = {name: {found for found in imports(name) if found in FILES} for name in FILES}
    tuple(TopologicalSorter(known).static_order())  # raises CycleError


def test_import_of_the_package_brings_no_gradio() -> None:
    import subprocess

    program = "import sys, vidu_demo; vidu_demo.ViduClient; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_every_room_is_on_the_map_and_says_what_it_is_for() -> None:
    assert len(ROOMS) > 10
    for room in ROOMS:
        assert f"`{room}/`" in MAP, room
        said = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text()))
        assert said, room
        assert "nothing" in said, room


def test_the_map_is_a_line_for_each_room_and_names_where_to_start() -> None:
    table = MAP.partition("| --- | --- | --- | --- |\n")[2].partition("\n\n")[0]
    for row in table.splitlines():
        assert len(row) < 200, row
        rooms, _said, start, _ = (cell.strip() for cell in row.strip("|").split("|"))
        for room in re.findall(r"`([\w/]+/)`", rooms):
            for file in re.findall(r"`(\w+)`", start):
                assert (ROOT / room / f"{file}.py").is_file(), row


def test_no_room_is_crowded() -> None:
    crowded = {
        room: found
        for room in ("vidu_demo", *ROOMS)
        if (found := len(list((ROOT / room).glob("*.py")))) > MOST_FILES
    }
    assert crowded == {}


def test_the_page_is_laid_out_and_handled_in_short_files() -> None:
    files = [PACKAGE / "ui" / "page.py", *(PACKAGE / "ui").rglob("events.py")]
    assert len(files) == 3
    lengths = {file.relative_to(PACKAGE): file.read_text().count("\n") for file in files}
    assert {file: lines for file, lines in lengths.items() if lines >= 250} == {}


@pytest.mark.parametrize(
    ("page", "title"),
    [("architecture", "## The promises"), ("security", "## What is promised")],
)
def test_every_promise_names_a_test(page: str, title: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text()
    rows = text.partition(title)[2].partition("\n## ")[0].strip().splitlines()[2:]
    assert len(rows) > 5
    for row in rows:
        named = re.findall(r"`(tests/\w+\.py)(?:::(\w+))?`", row)
        assert named, row
        for file, test in named:
            text = (ROOT / file).read_text()
            assert f"def {test}(" in text if test else "def test_" in text, row


def test_every_file_that_keeps_a_promise_is_there() -> None:
    rows = MAP.partition("## The promises")[2].strip().splitlines()[2:]
    for file in re.findall(r"`((?:ui|api|jobs|media)/[\w/]+\.py)`", "\n".join(rows)):
        assert (PACKAGE / file).is_file(), file
