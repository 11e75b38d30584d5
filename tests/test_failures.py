"""Failed jobs: what happened, whether it was charged, and what the page offers next."""

import re
from html import unescape
from pathlib import Path

import pytest
from conftest import refusing
from page_fixtures import App, Visitor, until
from playwright.sync_api import expect

from vidu_demo import VideoRequest
from vidu_demo.jobs.runner import JobView
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.ui.job import status

FAULTS = {
    "no money": (
        refusing(403, "NOT_ENOUGH_BALANCE", "insufficient balance"),
        "Not submitted",
        "The account behind the key has too little balance.",
        "Nothing was charged.",
        "Top it up at Novita, or choose a shorter or smaller video.",
    ),
    "prompt": (
        refusing(400, "ILLEGAL_PROMPT"),
        "Not submitted",
        "The content check refused the prompt.",
        "Nothing was charged.",
        "Change the wording: sending the same again can get the account suspended.",
    ),
    "picture": (
        refusing(400, "INVALID_IMAGE_FORMAT"),
        "Not submitted",
        "The API could not use the picture.",
        "Nothing was charged.",
        "Try a smaller JPEG or PNG, or give the picture as a public URL.",
    ),
    "key": (
        refusing(401, "INVALID_API_KEY"),
        "Not submitted",
        "The API did not accept the key.",
        "Nothing was charged.",
        "Check NOVITA_API_KEY and start the app again.",
    ),
    "lost answer": (
        Fault(reset=True, after=True),
        "Unknown: it may have been bought",
        "a task may be running without its id.",
        "It may have been charged.",
        "Look in the Novita console before you send it again: that could buy it twice.",
    ),
    "fault of theirs": (
        Fault(502, "<html><h1>502 Bad Gateway</h1></html>"),
        "Unknown: it may have been bought",
        "a task may be running without its id.",
        "It may have been charged.",
        "Look in the Novita console before you send it again: that could buy it twice.",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_refusal_says_what_charged_and_what_next(app: App, api: Simulator, name: str) -> None:
    fault, headline, *sentences = FAULTS[name]
    api.faults["submit"] = [fault]
    before, runner, owner = api.submit_count, app.studio.runner, "f" * 64
    request = VideoRequest(images=["https://example.com/a.jpg"], prompt=f"Slow push-in: {name}.")
    job = runner.purchases.start(request, owner=owner, idempotency_key=f"refused: {name}")

    def ended() -> JobView | None:
        view = runner.find(job.id, owner)
        return view if view and not view.job.open else None

    card = status.render(until(ended), str)
    shown = unescape(card)
    assert f">{headline}</h2>" in shown
    assert [sentence for sentence in sentences if sentence not in shown] == []
    assert "Traceback" not in card
    assert "<h1>502" not in card
    assert api.submit_count == before + 1


def test_refusal_is_shown_and_the_form_can_be_sent_again(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor.upload(pngs["red"])
    for name in ("no money", "fault of theirs"):
        fault, headline, *sentences = FAULTS[name]
        api.faults["submit"] = [fault]
        before = api.submit_count
        visitor.prompt.fill(f"Slow push-in: {name}.")
        visitor.make.click()
        expect(visitor.headline).to_have_text(headline)
        for sentence in sentences:
            expect(visitor.status).to_contain_text(sentence)
        expect(visitor.make).to_be_enabled()
        content = visitor.page.content()
        assert "Traceback" not in content
        assert "<h1>502" not in content
        assert api.submit_count == before + 1


def test_failed_task_says_why_and_its_id(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in [fail]")
    visitor.make.click()
    expect(visitor.headline).to_have_text("No video was made")
    expect(visitor.status).to_contain_text(
        "The content check refused the prompt. It said “TaskPromptPolicyViolation”."
    )
    expect(visitor.status).to_contain_text("It may have been charged.")
    expect(visitor.status).to_contain_text("check the balance")
    expect(visitor.task_id).to_have_text(re.compile(r"^[0-9a-f-]{36}$"))
    assert api.submit_count == before + 1


def test_what_was_refused_is_offered_for_a_change_and_not_again(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.faults["submit"] = [refusing(400, "ILLEGAL_PROMPT")]
    visitor.fill(pngs["red"], prompt="Something that is refused.")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    expect(visitor.button("With a new seed")).to_be_hidden()
    expect(visitor.button("Use these settings")).to_be_hidden()
    visitor.prompt.fill("")
    visitor.button("Change the prompt").click()
    expect(visitor.prompt).to_have_value("Something that is refused.")
    expect(visitor.prompt).to_be_focused()
    expect(visitor.thumbnails).to_have_count(1)

    api.faults["submit"] = [refusing(400, "ILLEGAL_IMAGE_CONTENT")]
    visitor.prompt.fill("Slow push-in.")
    visitor.make.click()
    expect(visitor.details).to_contain_text("Slow push-in.")
    expect(visitor.headline).to_have_text("Not submitted")
    expect(visitor.button("With a new seed")).to_be_hidden()
    visitor.button("Choose another picture").click()
    expect(visitor.thumbnails).to_have_count(0)
    expect(visitor.prompt).to_have_value("Slow push-in.")
    expect(visitor.button("Add a picture")).to_be_enabled()
