"""Reviews of the form that overlap: the button ends up at what the form says last."""

import json
import subprocess
from typing import Any

import pytest
from conftest import need
from page_fixtures import App

from vidu_demo.settings import ROOT

PROGRAM = """
globalThis.vidu = {};
require(process.argv[1]);
const said = [];
for (const [step, number] of JSON.parse(process.argv[2])) {
  if (step === 'begin') vidu.beginReview(null, 'form');
  else if (step === 'fail') vidu.failReview();
  else said.push(typeof vidu.endReview(number) === 'string');
}
console.log(JSON.stringify(said));
"""


def asked_again(*steps: tuple[str, int]) -> list[bool]:
    """Say for each answer whether the form is reviewed again."""
    script = ROOT / "vidu_demo" / "ui" / "static" / "review.js"
    command = [need("node"), "-e", PROGRAM, str(script), json.dumps(steps)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return list(json.loads(done.stdout))


BEGIN, FAIL = ("begin", 0), ("fail", 0)


@pytest.mark.parametrize(
    ("steps", "again"),
    [
        ([BEGIN, ("end", 1)], [False]),
        ([BEGIN, BEGIN, ("end", 1), ("end", 2)], [False, False]),
        ([BEGIN, BEGIN, ("end", 2), ("end", 1)], [False, True]),
        ([BEGIN, BEGIN, ("end", 2), ("end", 1), BEGIN, ("end", 3)], [False, True, False]),
        ([BEGIN, BEGIN, ("end", 2), FAIL, BEGIN, ("end", 3)], [False, False]),
    ],
)
def test_only_an_old_answer_that_comes_last_is_made_good(
    steps: list[tuple[str, int]], again: list[bool]
) -> None:
    assert asked_again(*steps) == again


def test_every_review_is_counted(app: App) -> None:
    listeners: dict[int, dict[str, Any]] = {d["id"]: d for d in app.demo.config["dependencies"]}
    reviews = [d for d in listeners.values() if str(d["api_name"]).startswith("review")]
    assert [d["js"] for d in reviews] == ["vidu.beginReview"] * 2
    for review in reviews:
        after = [d for d in listeners.values() if d["trigger_after"] == review["id"]]
        assert {d["js"] for d in after} == {"vidu.endReview", "vidu.failReview"}
