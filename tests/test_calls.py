"""The calls of the API for the open video, on the page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from page_fixtures import App, Visitor, until
from playwright.sync_api import Locator, Request, expect

FOLD = "Request and answers"


def copied(visitor: Visitor, place: Locator) -> Any:
    place.get_by_role("button", name="Copy").click()
    until(lambda: visitor.page.evaluate("navigator.clipboard.readText()") != "before")
    text = visitor.page.evaluate("navigator.clipboard.readText()")
    visitor.page.evaluate("navigator.clipboard.writeText('before')")
    return json.loads(text)


def test_request_and_answers_can_be_copied(
    visit: Callable[..., Visitor], app: App, pngs: dict[str, Path]
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    reads: list[Request] = []
    is_read = app.calls("read_calls")
    visitor.page.on("request", lambda sent: reads.append(sent) if is_read(sent) else None)
    task_id = visitor.start(pngs["red"], prompt="Slow push-in")
    expect(visitor.video).to_be_visible()
    assert not reads  # nothing is read for a closed fold

    calls = visitor.page.locator("#calls")
    expect(calls.locator(".cm-editor")).to_have_count(0)
    visitor.page.evaluate("navigator.clipboard.writeText('before')")
    visitor.fold_out(FOLD)
    expect(calls.locator(".cm-content").nth(1)).to_contain_text(task_id)
    request, answers = calls.locator(".block:has(.cm-editor)").all()[-2:]

    body = copied(visitor, request)
    assert body["prompt"] == "Slow push-in"
    assert body["images"][0].startswith("data:image/png;base64,… (")
    submitted, *_, finished = copied(visitor, answers)
    assert submitted["answer"] == {"task_id": task_id}
    assert finished["answer"]["videos"][0]["video_url"].endswith(f"/files/{task_id}.mp4?…")

    visitor.fill(pngs["blue"], prompt="Pan left [fail]")
    visitor.make.click()
    expect(calls.locator(".cm-content").nth(1)).to_contain_text("TaskPromptPolicyViolation")
    expect(calls.locator(".cm-content").nth(1)).not_to_contain_text(task_id)


def test_the_code_makes_as_many_videos_as_the_form(
    visit: Callable[..., Visitor], pngs: dict[str, Path]
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.fill(pngs["red"], pngs["blue"], prompt="Slow push-in")
    visitor.fold_out("This form as code")
    visitor.page.get_by_role("tab", name="JavaScript").click()
    copy = visitor.page.get_by_role("tabpanel").get_by_role("button", name="Copy")

    def written() -> str:
        copy.click()
        return str(visitor.page.evaluate("navigator.clipboard.readText()"))

    until(lambda: written().endswith("\nawait make(payload);\n"))
    takes = visitor.page.locator("#takes")
    takes.get_by_text("one per picture").click()
    each = "for (const image of payload.images) await make({ ...payload, images: [image] });\n"
    until(lambda: written().endswith(each))
    takes.get_by_text("3", exact=True).click()
    until(lambda: written().endswith("for (const video of [1, 2, 3]) await make(payload);\n"))
