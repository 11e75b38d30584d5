"""One visitor after another in the same tab: each is a new one."""

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from page_fixtures import Visitor
from playwright.sync_api import BrowserContext, expect

KEEP = """async () => {
    localStorage.mine = sessionStorage.mine = window.name = 'kept';
    document.cookie = 'mine=kept';
    history.pushState(null, '', '?mine');
    await caches.open('mine');
    await new Promise((kept) => { indexedDB.open('mine').onsuccess = kept; });
}"""
KEPT = """async () => [
    Object.keys(localStorage), Object.keys(sessionStorage), window.name, document.cookie,
    history.length, await caches.keys(), await indexedDB.databases()]"""


def test_who_comes_to_a_tab_finds_nothing_of_who_left_it(visitor: Visitor) -> None:
    page, token, found = visitor.page, visitor.token, visitor.page.evaluate(KEPT)
    assert found[-2:] == [[], []]
    page.evaluate(KEEP)
    assert "kept" in page.evaluate(KEPT)
    visitor.prompt.fill("The cat blinks.")
    visitor.page = visitor.context.new_page()

    visitor.leave()
    assert visitor.context.pages == [page]
    visitor.come()
    assert visitor.page is page
    assert visitor.token != token
    assert page.evaluate(KEPT) == found
    assert visitor.context.cookies() == []
    expect(visitor.prompt).to_have_value("")
    assert visitor.url in visitor.asked
    assert visitor.url + "robots.txt" not in visitor.asked


CHANGES: dict[str, Callable[[Visitor], Any]] = {
    "script": lambda visitor: visitor.context.add_init_script("0"),
    "clock": lambda visitor: visitor.page.clock,
    "handler": lambda visitor: visitor.page.on("request", lambda _: None),
    "route": lambda visitor: visitor.page.route("**/x", lambda route: route.abort()),
    "size": lambda visitor: visitor.page.set_viewport_size({"width": 390, "height": 844}),
}


def test_a_tab_that_was_changed_for_good_is_noticed(
    visitor: Visitor, changed: WeakSet[BrowserContext]
) -> None:
    for what, change in CHANGES.items():
        assert visitor.context not in changed
        change(visitor)
        assert visitor.context in changed, what
        changed.discard(visitor.context)
    changed.add(visitor.context)
