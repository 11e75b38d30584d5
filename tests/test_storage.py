"""A browser that stores nothing for the page: it still works, and says so."""

import http.server
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from page_fixtures import DONE, RUNNING, App, Visitor
from playwright.sync_api import Browser, expect

from vidu_demo.simulator import Simulator

pytestmark = pytest.mark.usefixtures("small_videos")

UNKEPT = "This browser doesn't let the page store anything"
DENIED = """
for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {
    get() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
  });
"""
MISSING = """
for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {get: () => null});
"""
FULL = """
Storage.prototype.setItem = () => { throw new DOMException('Full.', 'QuotaExceededError'); };
"""
UNREADABLE = """
Storage.prototype.getItem = () => { throw new DOMException('Broken.', 'InvalidStateError'); };
"""

COUNT_CHIMES = """
window.chimes = 0;
AudioContext.prototype.createOscillator = function () {
  window.chimes += 1;
  return new OscillatorNode(this);
};
"""


@pytest.mark.parametrize(
    "script",
    [DENIED, MISSING, FULL, UNREADABLE],
    ids=["denied", "missing", "full", "unreadable"],
)
def test_a_click_still_buys_and_is_followed_until_the_bell_rings(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path], script: str
) -> None:
    visitor = visit(script=script + COUNT_CHIMES)
    expect(visitor.page.get_by_text(UNKEPT)).to_be_visible()
    api.statuses = RUNNING
    for number, prompt in enumerate(("The first one.", "The second one.")):
        visitor.fill(pngs["red"], prompt=prompt)
        visitor.make.click()
        expect(visitor.details).to_contain_text(prompt)
        if not number:
            visitor.choice("Tell me when it is done").check()
            assert visitor.page.evaluate("chimes") == 2
        api.statuses = None
        expect(visitor.headline).to_have_text(DONE)
        if not number:
            visitor.page.wait_for_function("chimes === 4")
        # The tab knows the visitor again with each event, so it lists all that is theirs.
        expect(visitor.rows).to_have_count(number + 1)
        visitor.button("Remove").click()
        expect(visitor.thumbnails).to_have_count(0)
    visitor.rows.last.locator(".open").click()
    expect(visitor.details).to_contain_text("The first one.")


def test_who_is_kept_is_told_nothing_even_once_the_storage_is_full(
    visit: Callable[..., Visitor],
) -> None:
    visitor = visit()
    expect(visitor.page.get_by_text(UNKEPT)).to_be_hidden()
    visitor.page.context.add_init_script(FULL)
    known = visitor.token
    visitor.page = visitor.open()
    assert visitor.token == known
    expect(visitor.page.get_by_text(UNKEPT)).to_be_hidden()


def test_it_is_said_in_chinese(app: App) -> None:
    page = app.call("welcome", headers={"Accept-Language": "zh-CN"})
    assert "浏览器不允许本页面保存数据" in page
    assert UNKEPT not in page


@pytest.fixture
def host(app: App, tmp_path: Path, framable: Callable[[str], None]) -> Iterator[str]:
    """A page of another site with the app in a frame."""
    (tmp_path / "index.html").write_text(
        f'<iframe src="{app.url}" style="width: 1300px; height: 1600px"></iframe>'
    )

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        site = f"http://localhost:{server.server_port}"
        framable(site)
        yield f"{site}/"
        server.shutdown()
        thread.join()


def test_in_a_frame_without_storage(browser: Browser, host: str, pngs: dict[str, Path]) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1700})
    broken: list[str] = []
    context.on("weberror", lambda error: broken.append(str(error.error)))
    context.add_init_script(f"if (self !== top) {{{DENIED}}}")
    page = context.new_page()
    page.goto(host)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text(UNKEPT)).to_be_visible()
    frame.locator("#pictures input[type=file]").first.set_input_files(pngs["red"])
    frame.locator("#prompt textarea").fill("Slow push-in.")
    frame.locator("#make", has_text="Make").click()
    expect(frame.locator("#status").get_by_role("status")).to_have_text(DONE)
    context.close()
    assert broken == []
