"""The pay bar keeps its height, covers nothing that has the focus, and leads to what is missing."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from page_fixtures import LAPTOP, PHONE, App, Visitor
from playwright.sync_api import ViewportSize, expect

from vidu_demo.simulator import Fault, Simulator

WINDOWS: dict[str, ViewportSize] = {
    "laptop": LAPTOP,
    "tablet": {"width": 1024, "height": 768},
    "phone": PHONE,
}

_WATCH = """() => {
    window.stops = [];
    document.addEventListener('keyup', ({key}) => {
        if (key !== 'Tab') return;
        const at = document.activeElement, bar = document.querySelector('#checkout');
        const [one, other] = [at, bar].map(each => each.getBoundingClientRect());
        const covered = one.bottom > other.top + 1 && one.top < other.bottom
            && one.right > other.left && one.left < other.right;
        stops.push({
            end: at === document.body,
            covered: at !== document.body && !bar.contains(at) && covered && at.outerHTML,
        });
    });
}"""
_STICKING_OUT = """bar => [...bar.querySelectorAll('strong, p, summary, #checkout > button')]
    .map(part => [part.getBoundingClientRect(), bar.getBoundingClientRect()])
    .filter(([part, bar]) => part.top < bar.top || part.bottom > bar.bottom
        || part.left < bar.left || part.right > bar.right).length"""


@pytest.mark.usefixtures("small_videos")
def test_the_bar_has_one_height(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    heights: dict[str, dict[str, float]] = {window: {} for window in WINDOWS}

    def measure(state: str) -> None:
        for window, size in WINDOWS.items():
            visitor.page.set_viewport_size(size)
            bar = visitor.page.locator("#checkout")
            box = bar.bounding_box()
            assert box
            heights[window][state] = box["height"]
            assert bar.evaluate(_STICKING_OUT) == 0, (window, state)
        visitor.page.set_viewport_size(WINDOWS["laptop"])

    measure("empty")
    visitor.upload(pngs["red"])
    expect(visitor.button("Write a prompt")).to_be_enabled()
    measure("no prompt")
    visitor.prompt.fill("Slow push-in.")
    expect(visitor.make).to_be_enabled()
    expect(visitor.draft).to_be_visible()
    measure("filled")
    visitor.fold_out()
    visitor.choice("Sound").check()
    visitor.choice("Off-peak").check()
    warning = visitor.page.locator("#price p", has_text="this may be refused.")
    expect(warning).to_be_attached()
    measure("risky")
    visitor.choice("Off-peak").uncheck()
    visitor.choice("540p").check()
    visitor.field("Duration").fill("3")
    expect(visitor.draft).not_to_be_visible()
    visitor.choice("4").check()
    expect(visitor.button("Make 4 · $0.60")).to_be_enabled()
    measure("four takes, no draft")
    visitor.choose("A cat looks up")
    expect(visitor.page.locator(".filling")).to_be_visible()
    visitor.choice("4").check()
    expect(visitor.button("Make 4 · $0.80")).to_be_enabled()
    measure("filled by an example")
    visitor.choice("1").check()
    visitor.field("Duration").fill("1")
    expect(visitor.button("Make $0.115")).to_be_enabled()
    api.faults["submit"] = [Fault(delay=4)]
    visitor.make.click()
    visitor.page.set_viewport_size(WINDOWS["phone"])
    visitor.go_to("Make")
    expect(visitor.button("Sending…")).to_be_disabled()
    measure("sending")
    expect(visitor.button("Sending…")).to_be_disabled()
    expect(visitor.make).to_be_enabled()
    try:
        (app.data / "PAUSED").touch()
        visitor.prompt.fill("Another one.")
        expect(visitor.button("Paused by the host")).to_be_disabled()
        measure("limit reached")
    finally:
        (app.data / "PAUSED").unlink()
    for window, found in heights.items():
        assert set(found.values()) == {64 if window == "phone" else 128}, (window, found)


def test_nothing_that_has_the_focus_is_under_the_bar(
    visitor: Visitor, pngs: dict[str, Path]
) -> None:
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.fold_out("Or use picture URLs")
    visitor.fold_out("Prompt ideas")
    visitor.fold_out()
    expect(visitor.choice("Watermark")).to_be_visible()
    visitor.page.evaluate(_WATCH)
    for window, size in WINDOWS.items():
        visitor.page.set_viewport_size(size)
        visitor.page.locator("h1").click()
        for key in ["Tab"] * 100 + ["Shift+Tab"] * 60:
            visitor.page.keyboard.press(key)
        stops = visitor.page.evaluate("stops.splice(0)")
        assert [at["covered"] for at in stops if at["covered"]] == [], window
        assert sum(not at["end"] for at in stops) > 100, window


def test_the_button_leads_to_what_is_missing(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    clicks: list[object] = []
    is_click = app.calls("buy")
    visitor.page.on("request", lambda request: is_click(request) and clicks.append(request))
    with visitor.page.expect_file_chooser() as chooser:
        visitor.button("Add a picture").click()
    chooser.value.set_files(pngs["red"])
    expect(visitor.thumbnails).to_have_count(1)
    visitor.button("Write a prompt").click()
    expect(visitor.prompt).to_be_focused()
    visitor.page.keyboard.type("Slow push-in.")
    expect(visitor.make).to_be_enabled()

    visitor.fold_out()
    visitor.field("Seed").fill("-1")
    visitor.fold_out()  # folded in again
    expect(visitor.field("Seed")).not_to_be_visible()
    visitor.button("Seed goes from 0 to 2147483647; -1 is outside").click()
    expect(visitor.field("Seed")).to_be_focused()
    visitor.page.keyboard.press("Control+Enter")
    expect(visitor.field("Seed")).to_be_focused()
    visitor.field("Seed").fill("")
    expect(visitor.make).to_be_enabled()
    visitor.fold_out("Or use picture URLs")
    visitor.field("Picture URLs").fill("cat.jpg")
    visitor.button("“cat.jpg” is not a picture URL").click()
    expect(visitor.field("Picture URLs")).to_be_focused()
    assert clicks == []
    assert api.submit_count == before


def test_the_keys_stand_on_the_button_where_there_are_keys(
    visitor: Visitor, pngs: dict[str, Path]
) -> None:
    def shown() -> str:
        expect(visitor.button("Make $0.275")).to_be_visible()  # its name is without the keys
        style = "button => getComputedStyle(button, '::after').content"
        return str(visitor.make.evaluate(style))

    visitor.fill(pngs["red"], prompt="Slow push-in.")
    assert "Ctrl+Enter" in shown()
    visitor.page.add_init_script(
        "Object.defineProperty(navigator, 'platform', {get: () => 'MacIntel'})"
    )
    visitor.page.reload()
    expect(visitor.page.locator(".vidu-mac")).to_be_attached()
    assert "⌘ Enter" in shown()


def test_a_phone_shows_no_keys_but_the_details(
    visit: Callable[..., Visitor], pngs: dict[str, Path]
) -> None:
    visitor = visit(viewport=WINDOWS["phone"], has_touch=True, is_mobile=True)
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    expect(visitor.button("Make $0.275")).to_be_visible()
    keys = visitor.make.evaluate("button => getComputedStyle(button, '::after').content")
    assert keys == "none"
    details = visitor.page.locator("#price ul")
    expect(details).not_to_be_visible()
    visitor.page.locator("#price summary").click()
    for words in (
        "Estimate $0.275",
        "Charged to your key.",
        "A draft is 3 s at 540p.",
        "Vidu's price list, 2026-11.",
    ):
        expect(details.get_by_text(words, exact=True)).to_be_in_viewport()


def test_a_group_of_radio_buttons_is_one_tab_stop(visitor: Visitor) -> None:
    keyboard = visitor.page.keyboard
    chosen = visitor.page.locator("#resolution input:focus")
    visitor.choice("720p").focus()
    keyboard.press("ArrowRight")
    expect(visitor.choice("1080p")).to_be_focused()
    expect(visitor.price).to_have_text("Estimate $0.575")
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    expect(visitor.choice("540p")).to_be_checked()
    expect(visitor.price).to_have_text("Estimate $0.125")
    keyboard.press("Tab")
    expect(chosen).to_have_count(0)
    keyboard.press("Shift+Tab")
    expect(chosen).to_have_value("540p")
    visitor.fold_out()
    groups = visitor.page.locator("#columns fieldset").evaluate_all(
        "groups => groups.map(group => [...group.querySelectorAll('input')].map(one => one.name))"
    )
    assert len(groups) > 3
    assert all(len(set(names)) == 1 for names in groups)
    assert len({names[0] for names in groups}) == len(groups)
    assert re.match("radio-", groups[0][0])
