"""Waiting elsewhere: the title, the bell and the notification, and how long it usually takes."""

import re
from collections.abc import Callable
from pathlib import Path

from page_fixtures import DONE, RUNNING, App, Maker, Visitor
from playwright.sync_api import expect

from vidu_demo.simulator import Simulator

HEARD = """
window.chimes = 0;
window.AudioContext = class extends AudioContext {
  constructor() { super(); window.chimes += 1; }
};
window.told = [];
window.Notification = class {
  static permission = 'granted';
  static requestPermission() {}
  constructor(text) { window.told.push(text); }
};
window.away = false;
Object.defineProperty(document, 'hidden', {get: () => window.away});
Object.defineProperty(
  document, 'visibilityState', {get: () => window.away ? 'hidden' : 'visible'}
);
"""


def test_bell_rings_in_a_hidden_tab_too(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor = visit(script=HEARD)
    title = expect(visitor.page)
    title.to_have_title("Vidu Q2 Pro")
    api.statuses = RUNNING
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.choose_smallest()
    visitor.make.click()
    bell = visitor.page.get_by_role("checkbox", name="Tell me when it is done")
    expect(bell).not_to_be_checked()
    title.to_have_title("1 running · Vidu Q2 Pro")
    assert visitor.page.evaluate("chimes") == 0
    bell.check()
    assert visitor.page.evaluate("chimes") == 1  # so that one knows how it sounds
    visitor.page.reload()
    expect(bell).to_be_checked()
    title.to_have_title("1 running · Vidu Q2 Pro")
    assert visitor.page.evaluate("[chimes, told]") == [0, []]
    visitor.page.evaluate("away = true")
    api.statuses = None
    title.to_have_title("Your video is done · Vidu Q2 Pro")
    expect(visitor.headline).to_have_text(DONE)
    assert visitor.page.evaluate("[chimes, told]") == [1, ["Your video is done"]]
    visitor.page.evaluate("away = false; dispatchEvent(new Event('focus'))")
    title.to_have_title("Vidu Q2 Pro")

    visitor.prompt.fill("Slow pull-back [600 s]")
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    visitor.button("Stop watching").click()
    title.to_have_title("No longer watched · Vidu Q2 Pro")


MISSING = "delete window.AudioContext; delete window.Notification;"
THROWING = """
window.AudioContext = class { constructor() { throw new DOMException('Too many.'); } };
window.Notification = class {
  constructor() { throw new TypeError('Illegal.'); }
  static get permission() { return 'granted'; }
  static requestPermission() { return Promise.reject(new DOMException('No.')); }
};
Object.defineProperty(document, 'hidden', {get: () => true});
"""


def test_bell_counts_without_sound_and_notification(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor.upload(pngs["red"])
    bell = visitor.choice("Tell me when it is done")
    for prompt, script in (("Slow push-in.", MISSING), ("Slow pull-out.", THROWING)):
        visitor.page.evaluate(f"() => {{ {script} }}")
        api.statuses = RUNNING
        visitor.prompt.fill(prompt)
        visitor.make.click()
        expect(visitor.page).to_have_title(re.compile("^1 running"))
        bell.uncheck()
        bell.check()
        api.statuses = None
        expect(visitor.headline).to_have_text(DONE)
        expect(visitor.page).to_have_title(re.compile("^Your video is done"))


def test_usual_wait_is_said_after_three_like_videos(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    maker = Maker(app, visitor)
    like = {"duration": 4, "resolution": "540p"}  # nothing else here makes such videos
    maker.done(*(maker.start(pngs["red"], f"Number {n}.", **like) for n in range(2)))
    visitor.fill(pngs["red"], prompt="Number 3.")
    visitor.field("Duration").fill("4")
    visitor.choice("540p").check()
    expect(visitor.price).to_have_text("Estimate $0.10")
    said = visitor.page.locator("#price")
    expect(said).not_to_contain_text("Usually")
    visitor.make.click()
    expect(visitor.headline).to_have_text(DONE)
    expect(said).to_contain_text(re.compile(r"Usually takes \d+ s here\."))
    visitor.field("Duration").fill("6")
    expect(said).not_to_contain_text("Usually")
