"""From the first visit to a downloaded video: by keyboard alone, and on a phone."""

from collections.abc import Callable

import pytest
from page_fixtures import DONE, Visitor
from playwright.sync_api import Locator, expect

from vidu_demo.examples import EXAMPLES
from vidu_demo.simulator import Simulator

pytestmark = pytest.mark.usefixtures("small_videos")
FARTHEST = 90
"""Presses of Tab after which a place counts as out of reach."""


def tab_to(visitor: Visitor, place: Locator) -> None:
    """Press Tab until a place has the focus."""
    for _ in range(FARTHEST):
        if place.evaluate("place => place === document.activeElement"):
            return
        visitor.page.keyboard.press("Tab")
    raise AssertionError(f"{place} can't be reached with Tab")


def test_a_video_is_made_and_saved_by_keyboard_alone(visitor: Visitor, api: Simulator) -> None:
    before = api.submit_count
    tab_to(visitor, visitor.button("A cat looks up"))
    visitor.page.keyboard.press("Enter")
    expect(visitor.prompt).to_have_value(EXAMPLES[1].settings["prompt"])
    tab_to(visitor, visitor.prompt)
    visitor.page.keyboard.press("Control+a")
    visitor.page.keyboard.type("The cat yawns.")
    duration = visitor.page.get_by_role("slider")
    tab_to(visitor, duration)
    visitor.page.keyboard.press("Home")
    expect(visitor.price).to_contain_text("$0.115")
    visitor.page.keyboard.press("Control+Enter")
    expect(visitor.headline).to_have_text(DONE)
    (asked,) = api.submits[before:]
    assert (asked["prompt"], asked["duration"]) == ("The cat yawns.", 1)
    tab_to(visitor, visitor.page.locator("#save a"))
    with visitor.page.expect_download() as started:
        visitor.page.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".mp4")


def test_a_video_is_made_and_saved_on_a_phone(
    visit: Callable[..., Visitor], api: Simulator
) -> None:
    visitor = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    before = api.submit_count
    visitor.button("A cat looks up").tap()
    expect(visitor.prompt).to_have_value(EXAMPLES[1].settings["prompt"])
    expect(visitor.make).to_be_in_viewport()
    expect(visitor.video).to_be_hidden()
    visitor.make.tap()
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.video).to_be_in_viewport()
    expect(visitor.prompt).to_be_hidden()
    with visitor.page.expect_download() as started:
        visitor.page.locator("#save a").tap()
    assert started.value.suggested_filename.endswith(".mp4")
    visitor.go_to("Videos")
    expect(visitor.rows).to_have_count(1)
    visitor.go_to("Make")
    expect(visitor.prompt).to_be_visible()
    assert api.submit_count == before + 1
