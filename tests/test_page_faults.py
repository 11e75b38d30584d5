"""What is said over the page if a call of it fails: what happened, the money, what to do next.

It is the page's own card, in the visitor's language, and never a message of Gradio's.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_fixtures import App, Maker, Visitor, until
from playwright.sync_api import Locator, Route, expect

from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.purchases import Purchases
from vidu_demo.jobs.runner import JobRunner

CALLS = "**/gradio_api/run/**"
GRADIOS = ".toast-wrap"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def come(visit: Callable[..., Visitor]) -> Iterator[Callable[..., Visitor]]:
    """Add a visitor who may see the app fail."""
    visitors = []

    def come(**options: Any) -> Visitor:
        visitors.append(visit(**options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        expect(visitor.page.locator(GRADIOS)).not_to_be_visible()
        for word in ("Error", "Clear"):
            found = visitor.page.get_by_text(word, exact=True).or_(visitor.button(word))
            assert not any(place.is_visible() for place in found.all()), word
        visitor.failed.clear()


def card(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("alert")


def said(visitor: Visitor) -> list[str]:
    """The headline and the sentences of the card, once there is one."""
    expect(card(visitor).locator("h2")).to_be_visible()
    return card(visitor).locator("h2, p").all_inner_texts()


def answering(visitor: Visitor, status: int, text: str = "", **more: Any) -> None:
    """Answer each call of the page from now on in the app's place."""
    visitor.page.unroute(CALLS)

    def answer(route: Route) -> None:
        route.fulfill(status=status, body=text, **more)

    visitor.page.route(CALLS, answer)


def raising(problem: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise problem

    return fail


@pytest.mark.parametrize("window", ["laptop", "phone"])
def test_refusal_says_all_three_things_and_goes_once_the_call_works(
    come: Callable[..., Visitor],
    app: App,
    pngs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    window: str,
) -> None:
    visitor = come(**PHONE if window == "phone" else {})
    maker = Maker(app, visitor)
    maker.done(maker.start(pngs["red"], "Fly."))
    maker.show("Videos" if window == "phone" else "")
    expect(card(visitor)).to_be_attached()  # so that a screen reader hears what comes into it
    expect(card(visitor)).to_be_empty()
    star = visitor.rows.locator(".star")
    with monkeypatch.context() as patch:
        patch.setattr(JobRunner, "star", raising(LedgerFailed()))
        star.click()
        sentences = [
            "That didn't work",
            "The list of jobs can't be written, so nothing was sent.",
            "Nothing was charged.",
            "The host of this app must free disk space or repair the data folder.",
        ]
        assert said(visitor) == sentences
        expect(card(visitor)).to_be_in_viewport(ratio=1)
        card(visitor).get_by_role("button", name="Close").click()
        expect(card(visitor)).to_be_empty()
        star.click()  # a click is answered each time
        assert said(visitor) == sentences
    star.click()
    expect(card(visitor)).to_be_empty()
    expect(star).to_have_attribute("aria-pressed", "true")


def test_refusal_in_chinese(
    come: Callable[..., Visitor],
    app: App,
    pngs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = come(locale="zh-CN")
    maker = Maker(app, visitor)
    maker.done(maker.start(pngs["red"], "飞。"))
    maker.show()
    monkeypatch.setattr(JobRunner, "star", raising(LedgerFailed()))
    visitor.rows.locator(".star").click()
    assert said(visitor)[:3] == ["操作失败", "任务列表无法写入，所以没有发送。", "没有扣费。"]
    answering(visitor, 400)
    visitor.prompt.fill("x")
    expect(card(visitor)).to_contain_text("页面加载之后应用已更新")
    assert visitor.page.locator("html").get_attribute("lang") == "zh-CN"


def test_an_error_in_the_app_says_whether_a_click_may_have_been_charged(
    come: Callable[..., Visitor],
    app: App,
    pngs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = come()
    maker = Maker(app, visitor)
    maker.done(maker.start(pngs["red"], "Swim."))
    maker.show()
    secret = RuntimeError("/home/of/the/host")
    monkeypatch.setattr(JobRunner, "star", raising(secret))
    monkeypatch.setattr(Purchases, "buy", raising(secret))
    visitor.rows.locator(".star").click()
    assert said(visitor) == [
        "That didn't work",
        "Something in the app has failed.",
        "Nothing was charged.",
        "Try again. If that fails, too, load the page again: your form is kept.",
    ]
    visitor.fill(pngs["red"], prompt="Swim on.")
    visitor.make.click()
    expect(card(visitor)).to_contain_text("It may have been charged.")
    assert said(visitor) == [
        "Unknown: it may have been bought",
        "Something in the app has failed after your click.",
        "It may have been charged.",
        "Load the page again, and look at your videos before you click once more.",
    ]
    assert "/home/of" not in card(visitor).inner_text()


@pytest.mark.parametrize(
    ("status", "headline", "what"),
    [
        (400, "That didn't work", "The app has changed since this page was loaded"),
        (401, "You are signed out", "The app no longer knows who you are"),
        (413, "That didn't work", "This is more text than the app takes at once"),
    ],
)
def test_what_the_guard_refuses_is_said_in_words(
    come: Callable[..., Visitor], status: int, headline: str, what: str
) -> None:
    visitor = come()
    answering(visitor, status, "There is no such listener.")
    visitor.prompt.fill("x")
    sentences = said(visitor)
    assert sentences[0] == headline
    assert sentences[1] == f"{what}, so nothing was done."
    assert sentences[2] == "Nothing was charged."


def test_words_of_gradios_are_not_shown(come: Callable[..., Visitor]) -> None:
    visitor = come()
    answer = {"error": "<b>Value is not in the list</b>", "title": "Error", "visible": True}
    answering(visitor, 500, json.dumps(answer), content_type="application/json")
    visitor.prompt.fill("x")
    assert said(visitor)[1] == "Something in the app has failed."


@pytest.mark.parametrize("how", ["cut off", "a gateway answers"])
def test_lost_connection_is_told_until_the_app_is_back(
    come: Callable[..., Visitor], how: str
) -> None:
    visitor = come()
    visitor.prompt.fill("Kept.")
    expect(visitor.page.locator("#counter")).to_contain_text("5 of")  # the app knows it
    api = "**/gradio_api/**"

    def interfere(route: Route) -> None:
        if how == "cut off":
            route.abort()
        else:
            route.fulfill(status=502, body="<html>Bad gateway</html>")

    visitor.page.route(api, interfere)
    visitor.choice("540p").check()
    assert said(visitor) == [
        "Connection lost",
        "The app can't be reached at the moment.",
        "What you have bought goes on and is kept.",
        "This page loads again by itself, with your form, as soon as the app answers.",
    ]
    expect(card(visitor).get_by_role("button", name="Close")).not_to_be_visible()
    expect(visitor.page.locator(GRADIOS)).to_contain_text("Connection")  # which is hidden
    expect(visitor.page.locator(GRADIOS)).not_to_be_visible()
    with visitor.page.expect_navigation():
        visitor.page.unroute(api)
    expect(visitor.prompt).to_have_value("Kept.")
    expect(card(visitor)).to_be_empty()


def test_refresh_that_keeps_failing_is_told_once(
    come: Callable[..., Visitor], app: App, pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = come()
    maker = Maker(app, visitor)
    visitor.start(pngs["red"], prompt="Wait. [20 s]")
    looks: list[object] = []

    def fail(*_: Any, **__: Any) -> Any:
        looks.append(None)
        raise RuntimeError

    monkeypatch.setattr("vidu_demo.ui.job.panel.Panel.look", fail)
    maker.start(pngs["red"], "Another.")  # the page has something to look at
    assert said(visitor)[1] == "Something in the app has failed."
    card(visitor).get_by_role("button", name="Close").click()
    seen = len(looks)
    until(lambda: len(looks) > seen + 1)
    expect(card(visitor)).to_be_empty()
