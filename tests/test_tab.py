"""One visitor after another in the same tab: each is a new one."""

from collections.abc import Callable
from typing import Any

from lasting_fixtures import Lasting
from page_fixtures import LAPTOP, Visitor
from playwright.sync_api import Request, expect

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


def test_nothing_that_was_asked_of_a_tab_stays(visitor: Visitor, lasting: Lasting) -> None:
    heard: list[Request] = []

    def hear(request: Request) -> None:
        heard.append(request)

    visitor.page.on("request", hear)
    visitor.context.on("request", hear)
    visitor.page.route("**/*", lambda route: route.abort())
    visitor.context.route("**/*", lambda route: route.abort())
    visitor.context.set_offline(True)
    visitor.context.grant_permissions(["notifications"])
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.page.emulate_media(color_scheme="dark")
    lasting.take_back(visitor.context)
    visitor.leave()
    visitor.come()
    assert heard == []
    assert visitor.asked
    assert visitor.page.evaluate("Notification.permission") != "granted"
    assert visitor.page.evaluate("[innerWidth, innerHeight]") == list(LAPTOP.values())
    assert not visitor.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert visitor.context not in lasting.spoilt


FOR_GOOD: dict[str, Callable[[Visitor], Any]] = {
    "script": lambda visitor: visitor.context.add_init_script("0"),
    "clock": lambda visitor: visitor.page.clock,
}


def test_a_tab_that_was_changed_for_good_is_noticed(visitor: Visitor, lasting: Lasting) -> None:
    for what, change in FOR_GOOD.items():
        assert visitor.context not in lasting.spoilt
        change(visitor)
        assert visitor.context in lasting.spoilt, what
        lasting.accept(visitor.context)
    lasting.spoilt.add(visitor.context)
