"""The page's scripts and templates: none stands in Python, and each is valid by itself."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need
from jinja2 import UndefinedError, nodes

from vidu_demo.settings import ROOT
from vidu_demo.ui import templates
from vidu_demo.ui.static import STYLES, head

UI = ROOT / "vidu_demo" / "ui"
SCRIPTS = sorted(UI.glob("static/*.js"))
WITH_OWN_FILES = ("head.html", "shell_head.html", "shell_body.html")
"""The templates that take the project's scripts and styles as they are."""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_valid_by_itself(script: Path) -> None:
    done = subprocess.run(
        [need("node"), "--check", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_stylesheet_is_used() -> None:
    assert {*STYLES, UI / "static" / "shell.css"} == {*UI.glob("static/*.css")}


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
    assert len(called) > 10
    assert called <= set(given)
    assert len(given) == len(set(given))
    heads = [(UI / "templates" / name).read_text() for name in ("head.html", "shell_head.html")]
    everywhere = text + "".join(heads)
    used = called | {*re.findall(r"vidu\.(\w+)\b(?! = )", everywhere)}
    assert set(given) <= used


def test_no_script_stands_in_python() -> None:
    """A call of one function is as much as Python may write."""
    for call in calls():
        assert re.fullmatch(r"vidu\.\w+(\([\w .,'#]*\)?)?", call), call
    for file in UI.rglob("*.py"):
        assert not re.search(r"=>|\bdocument\.|addEventListener", file.read_text()), file


TAG = re.compile(r"</?[a-z][a-z0-9-]*[\s/>]|<!--|</?[a-z]+$", re.IGNORECASE)


def strings(file: Path) -> Iterator[str]:
    """Every text in a file but the docstrings, those with gaps in their pieces."""
    docstrings = set()
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Expr(value=ast.Constant() as docstring):
                docstrings.add(docstring)
            case ast.Constant(value=str(text)) if node not in docstrings:
                yield text
            case ast.Constant(value=bytes(text)):
                yield text.decode("latin-1")


@pytest.mark.parametrize(
    "text", ["<b>", "a<br>", "<p class=", "</a>", "<a href='{}'>", "<i", "<b/>"]
)
def test_a_tag_is_known(text: str) -> None:
    assert TAG.search(text)


def test_no_tag_stands_in_python() -> None:
    found = {(file.name, text) for file in UI.rglob("*.py") for text in strings(file)}
    # What is looked for in Gradio's page: the place of the shell, and scripts.
    assert {file for file, text in found if TAG.search(text)} == {"shell.py", "policy.py"}
    assert sum(bool(TAG.search(text)) for _, text in found) == 2


def test_every_template_is_used_and_escapes() -> None:
    names = {file.name for file in UI.glob("templates/*.html")}
    used = {text for file in UI.rglob("*.py") for text in strings(file)}
    for name in names:
        source = (UI / "templates" / name).read_text()
        tree = templates.ENVIRONMENT.parse(source)
        used |= {node.template.value for node in tree.find_all((nodes.Extends, nodes.Include))}  # type: ignore[attr-defined]
        assert source.count("|safe") == (name in WITH_OWN_FILES), name
    assert names <= used
    with pytest.raises(UndefinedError):
        templates.render("screen.html")


def test_a_line_break_beside_a_tag_is_nothing() -> None:
    make = templates.ENVIRONMENT.from_string
    laid_out = """
      <ul>
        {% for name in names %}
          <li
            class="x">{{ name }}</li>
        {% endfor %}
      </ul>
      Two
      words"""
    assert make(laid_out).render(names="a<") == (
        '<ul><li class="x">a</li><li class="x">&lt;</li></ul> Two words'
    )


def test_what_fills_a_gap_is_escaped_but_for_markup() -> None:
    made = templates.ENVIRONMENT.from_string(
        "{% macro b(text) %}<b>{{ text }}</b>{% endmacro %}{{ '<{x}{y}>'|fill(x='&', y=b('<')) }}"
    )
    assert made.render() == "&lt;&amp;<b>&lt;</b>&gt;"


def test_they_can_stand_in_a_page() -> None:
    assert not any("</" in script.read_text() for script in SCRIPTS)
    assert head().count("<script>") == head().count("</script>") == len(SCRIPTS) + 2
