"""The calls of the API for the open video, on the page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import DEFAULTS
from page_fixtures import DONE, App, Visitor, until
from playwright.sync_api import Locator, Request, expect


def copied(visitor: Visitor, place: Locator) -> Any:
    place.get_by_role("button", name="Copy").click()
    until(lambda: visitor.page.evaluate("navigator.clipboard.readText()") != "before")
    text = visitor.page.evaluate("navigator.clipboard.readText()")
    visitor.page.evaluate("navigator.clipboard.writeText('before')")
    return json.loads(text)


def expect_tabs_to_stay_under_the_pointer(visitor: Visitor) -> None:
    """However long what they show is."""
    visitor.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    details = visitor.page.get_by_role("tab", name="Details", exact=True)

    def top() -> float:
        box = details.bounding_box()
        assert box
        return box["y"]

    before = top()
    for tab, shown in (("Request", "#request"), ("Answers", "#answers"), ("Details", "#details")):
        visitor.open_tab(tab)
        expect(visitor.page.locator(shown)).to_be_visible()
        until(lambda: abs(top() - before) < 2)


@pytest.mark.usefixtures("small_videos")
def test_request_and_answers_are_shown_in_place_and_can_be_copied(
    visit: Callable[..., Visitor], app: App, pngs: dict[str, Path]
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    reads: list[Request] = []
    is_read = app.calls("read_calls")
    visitor.page.on("request", lambda sent: reads.append(sent) if is_read(sent) else None)
    task_id = visitor.start(pngs["red"], prompt="Slow push-in")
    expect(visitor.video).to_be_visible()
    expect(visitor.headline).to_have_text(DONE)
    assert not reads  # nothing is read for closed tabs

    expect(visitor.page.locator(".cm-editor")).to_have_count(0)
    expect_tabs_to_stay_under_the_pointer(visitor)
    visitor.page.evaluate("navigator.clipboard.writeText('before')")
    request, answers = (visitor.page.locator(place) for place in ("#request", "#answers"))
    visitor.open_tab("Request")
    expect(request.locator(".cm-content")).to_contain_text("Slow push-in")

    body = copied(visitor, request)
    assert body["prompt"] == "Slow push-in"
    assert body["images"][0].startswith("data:image/png;base64,… (")
    visitor.open_tab("Answers")
    expect(answers.locator(".cm-content")).to_contain_text(task_id)
    submitted, *_, finished = copied(visitor, answers)
    assert submitted["answer"] == {"task_id": task_id}
    assert finished["answer"]["videos"][0]["video_url"].endswith(f"/files/{task_id}.mp4?…")

    # A program that makes this very video again, whatever the form says by now.
    visitor.choice("3").check()
    visitor.open_tab("Request")
    visitor.page.get_by_role("tab", name="curl", exact=True).click()
    program = visitor.page.locator("#about .cm-content:visible")
    expect(program).to_contain_text(f'"seed": {body["seed"]}')
    expect(program).to_contain_text("red.png")
    expect(program).not_to_contain_text("picture-1")
    visitor.page.get_by_role("tab", name="JSON", exact=True).click()
    visitor.open_tab("Answers")

    visitor.prompt.fill("Pan left [fail]")
    visitor.make.click()
    expect(answers.locator(".cm-content")).to_contain_text("TaskPromptPolicyViolation")
    expect(answers.locator(".cm-content")).not_to_contain_text(task_id)


@pytest.mark.parametrize(
    ("takes", "made"),
    [
        (1, "\nawait make(payload);"),
        (3, "for (const video of [1, 2, 3]) await make(payload);"),
        ("each", "for (const image of payload.images) await make("),
        ("lines", 'for (const change of [\n  { images: [payload.images[0]], prompt: "A." },'),
    ],
)
def test_the_code_makes_as_many_videos_as_the_form(app: App, takes: int | str, made: str) -> None:
    urls = "https://example.com/a.jpg\nhttps://example.com/b.jpg"
    form = {**DEFAULTS, "prompt": "Slow push-in.", "urls": urls, "takes": takes}
    if takes == "lines":
        form |= {"takes": "each", "prompts": "A.\n\n  B.  "}
    written = json.loads(app.call("review", visitor=app.token(), **form))["data"]
    assert any(isinstance(text, str) and made in text for text in written)
