"""Recent prompts: the visitor's own, without those of deleted jobs."""

from typing import Any

import gradio as gr
import pytest
from page_fixtures import App, Visitor
from playwright.sync_api import expect
from shelf_fixtures import Shelf, skip

from vidu_demo.jobs.job import Job, JobState
from vidu_demo.ui.form import recent


def job(prompt: str | None) -> Job:
    request = {} if prompt is None else {"prompt": prompt}
    return Job("1", "click", "f", "o", "there", request, JobState.DONE, 1.0)


def test_each_prompt_is_there_once_and_the_newest_first() -> None:
    prompts = ["B", "A", None, "B", "", "<i>\n“C”", *(f"D{n}" for n in range(9))]
    html = recent.render(map(job, prompts), str)
    assert html.count("<button") == recent.MAX_PROMPTS
    assert html.index(">B<") < html.index(">A<") < html.index(">&lt;i&gt;\n“C”<") < html.index("D0")
    assert recent.render([job(None)], str) == ""


@pytest.mark.parametrize(
    ("sent", "kept"), [("A.", "A."), ("", ""), (None, ""), ({"path": "x"}, ""), ("x" * 5001, "")]
)
def test_only_a_prompt_comes_back(sent: Any, kept: str) -> None:
    assert recent.pick(gr.EventData(None, {"prompt": sent})) == kept


def test_a_recent_prompt_goes_into_the_box_until_its_job_is_deleted(
    visitor: Visitor, app: App
) -> None:
    shown = visitor.page.locator("#recent button")
    expect(visitor.page.locator("#recent summary")).to_have_count(0)
    shelf = Shelf(app, visitor)
    shelf.put("first")
    shelf.open(shelf.put("second").id)
    visitor.page.get_by_text("Recent prompts").click()
    expect(shown).to_have_text(["The second.", "The first."])
    shown.last.click()
    expect(visitor.prompt).to_have_value("The first.")
    expect(visitor.prompt).to_be_focused()
    expect(shown.first).not_to_be_visible()

    visitor.row("The first.").get_by_role("button", name="Delete").click()
    skip(visitor.page, 8)
    expect(visitor.rows).to_have_count(1)
    expect(shown).to_have_text(["The second."])
    assert visitor.broken == []
