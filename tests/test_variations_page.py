"""Variations on the page: what the form, the button and a reload make of them."""

import re
from pathlib import Path

from page_fixtures import App, Maker, Visitor, until
from playwright.sync_api import expect

from vidu_demo.api.images import prepare
from vidu_demo.simulator import Simulator


def test_each_picture_with_its_own_prompt(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before, page = api.submit_count, visitor.page
    visitor.upload(pngs["red"], pngs["green"])
    expect(visitor.thumbnails).to_have_count(2)
    visitor.choose_smallest()
    visitor.choice("one per picture").check()
    visitor.fold_out("Variations")
    prompts = page.get_by_label("Prompts, one per line")
    prompts.fill("The red one turns.")
    lacking = visitor.button(
        "Each picture needs a prompt of its own: there are 2 pictures and 1 prompts"
    )
    lacking.click()  # leads there
    assert api.submit_count == before
    prompts.fill("The red one turns.\n\n  The green one rests.  ")
    visitor.button("Make 2 · $0.08").click()
    until(lambda: api.submit_count == before + 2)
    asked = sorted((body["prompt"], body["images"]) for body in api.submits[before:])
    assert asked == [
        ("The green one rests.", [prepare(pngs["green"]).data_uri]),
        ("The red one turns.", [prepare(pngs["red"]).data_uri]),
    ]
    assert len({body["seed"] for body in api.submits[before:]}) == 1
    expect(page.locator("#wall .label")).to_contain_text(["red one turns", "green one rests"])


def test_what_varies_is_priced_kept_and_undone(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    page, before = visitor.page, api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    fold = page.get_by_role("button", name=re.compile("^Variations"))
    expect(page.locator("#duration-values")).to_be_hidden()  # no heavier for one video
    fold.click()
    for seconds in ("1", "2"):
        visitor.value("duration", seconds).check()
    for resolution in ("540p", "720p"):
        visitor.value("resolution", resolution).check()
    instead = page.get_by_text("The values under Variations are used instead.")
    expect(instead).to_have_count(2)
    visitor.choice("4").check()
    expect(visitor.button("One click makes up to 12 videos; this would make 16")).to_be_enabled()
    visitor.choice("3").check()
    expect(page.locator("#make")).to_contain_text(re.compile(r"^\s*Make 12 · \$"))
    label = page.locator("#make").inner_text()
    visitor.value("audio", "on").check()
    expect(visitor.button("At most 2 settings can vary at once")).to_be_enabled()
    visitor.value("audio", "on").uncheck()
    expect(page.locator("#make")).to_have_text(label)

    page.reload()
    expect(page.locator("#make")).to_have_text(label)
    expect(visitor.value("duration", "2")).to_be_checked()  # nothing paid for stays hidden
    expect(visitor.choice("3")).to_be_checked()
    visitor.choose("A cat looks up")
    expect(page.locator("#make")).to_contain_text(re.compile(r"^\s*Make \$"))
    expect(visitor.value("duration", "2")).not_to_be_checked()
    visitor.button("Undo").click()  # to the form without its picture
    expect(visitor.value("duration", "2")).to_be_checked()
    visitor.upload(pngs["red"])
    expect(page.locator("#make")).to_have_text(label)

    visitor.choice("1").check()
    for choice in ("720p", "540p"):
        visitor.value("resolution", choice).uncheck()
    page.evaluate("vidu.reviewed()")  # two of the changes before have the same label
    page.locator("#make", has_text="Make 2").click()
    until(lambda: api.submit_count == before + 2)
    assert sorted(body["duration"] for body in api.submits[before:]) == [1, 2]
    jobs = app.studio.runner.jobs(Maker(app, visitor).owner)
    assert len({job.click for job in jobs}) == 1
