"""What is said over the page if a call of it fails: what happened, the money, what to do next.

It is the page's own card, in the visitor's language, and never a message of Gradio's.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_fixtures import LAPTOP, PHONE, App, Maker, Visitor, until
from playwright.sync_api import Locator, Route, expect

from vidu_demo.jobs.buying.purchases import Purchases
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.runner import JobRunner

pytestmark = pytest.mark.usefixtures("small_videos")

CALLS = "**/gradio_api/run/**"
GRADIOS = ".toast-wrap"
GUARDS = "There is no such listener."


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


def test_refusal_says_all_three_things_and_goes_once_the_call_works(
    come: Callable[..., Visitor], app: App, pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = come()
    maker = Maker(app, visitor)
    maker.done(maker.start(pngs["red"], "Fly."))
    maker.show()
    expect(card(visitor)).to_be_attached()  # so that a screen reader hears what comes into it
    expect(card(visitor)).to_be_empty()
    star = visitor.rows.locator(".star")
    sentences = [
        "That didn't work",
        "The list of jobs can't be written, so nothing was sent.",
        "Nothing was charged.",
        "The host of this app must free disk space or repair the data folder.",
    ]
    with monkeypatch.context() as patch:
        patch.setattr(JobRunner, "star", raising(LedgerFailed()))
        for window in (LAPTOP, PHONE):
            visitor.page.set_viewport_size(window)
            if window == PHONE:
                visitor.go_to("Videos")
            star.click()  # a click is answered each time
            assert said(visitor) == sentences
            expect(card(visitor)).to_be_in_viewport(ratio=1)
            card(visitor).get_by_role("button", name="Close").click()
            expect(card(visitor)).to_be_empty()
        patch.setattr(JobRunner, "star", raising(RuntimeError("/home/of/the/host")))
        star.click()
        assert said(visitor) == [
            "That didn't work",
            "Something in the app has failed.",
            "Nothing was charged.",
            "Try again. If that fails, too, load the page again: your form is kept.",
        ]
    star.click()
    expect(card(visitor)).to_be_empty()
    expect(star).to_have_attribute("aria-pressed", "true")


def test_it_is_said_in_chinese(
    come: Callable[..., Visitor], app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobRunner, "star", raising(LedgerFailed()))
    chinese = {"Accept-Language": "zh-CN"}
    event = {"do": "star", "job": "x"}
    refused = app.call("use_list", headers=chinese, event=event, visitor=app.token())
    for sentence in ("操作失败", "任务列表无法写入，所以没有发送。", "没有扣费。"):
        assert sentence in refused
    visitor = come(locale="zh-CN")
    answering(visitor, 400)
    visitor.prompt.fill("x")
    expect(card(visitor)).to_contain_text("页面加载之后应用已更新")
    assert visitor.page.locator("html").get_attribute("lang") == "zh-CN"


def test_an_error_in_the_app_after_a_click_says_that_it_may_have_been_charged(
    come: Callable[..., Visitor], pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = come()
    monkeypatch.setattr(Purchases, "buy", raising(RuntimeError("/home/of/the/host")))
    visitor.fill(pngs["red"], prompt="Swim.")
    visitor.make.click()
    assert said(visitor) == [
        "Unknown: it may have been bought",
        "Something in the app has failed after your click.",
        "It may have been charged.",
        "Load the page again, and look at your videos before you click once more.",
    ]
    assert "/home/of" not in card(visitor).inner_text()


def test_an_answer_that_is_no_card_of_the_apps_is_said_in_the_pages_own_words(
    come: Callable[..., Visitor],
) -> None:
    """What the guard refuses, and a message of Gradio's."""
    visitor = come()
    gradios = json.dumps({"error": "<b>Value is not in the list</b>", "title": "Error"})
    for status, text, headline, what in (
        (400, GUARDS, "That didn't work", "The app has changed since this page was loaded"),
        (401, GUARDS, "You are signed out", "The app no longer knows who you are"),
        (413, GUARDS, "That didn't work", "This is more text than the app takes at once"),
        (500, gradios, "That didn't work", "Something in the app has failed"),
    ):
        answering(visitor, status, text)
        visitor.prompt.fill(f"{status}")
        expect(card(visitor)).to_contain_text(what)
        done = "" if status == 500 else ", so nothing was done"
        assert said(visitor)[:3] == [headline, f"{what}{done}.", "Nothing was charged."]


def test_lost_connection_is_told_until_the_app_is_back(come: Callable[..., Visitor]) -> None:
    visitor = come()
    api = "**/gradio_api/**"
    ways: list[tuple[str, Callable[[Route], None]]] = [
        ("540p", lambda route: route.abort()),
        ("1080p", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>")),
    ]
    prompt = "Kept."
    visitor.prompt.fill(prompt)
    for choice, interfere in ways:
        known = f"{len(prompt)} of"
        expect(visitor.page.locator("#counter")).to_contain_text(known)
        visitor.page.route(api, interfere)
        visitor.choice(choice).check()
        assert said(visitor) == [
            "Connection lost",
            "The app can't be reached at the moment.",
            "Videos that you have bought will still be made and saved.",
            "As soon as the app answers, this page loads again, with your pictures and prompt.",
        ]
        expect(card(visitor).get_by_role("button", name="Close")).not_to_be_visible()
        expect(visitor.page.locator(GRADIOS)).to_contain_text("Connection")  # which is hidden
        expect(visitor.page.locator(GRADIOS)).not_to_be_visible()
        prompt += " And what is typed meanwhile."
        visitor.prompt.fill(prompt)
        with visitor.page.expect_navigation():
            visitor.page.unroute(api)
        expect(visitor.prompt).to_have_value(prompt)
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

    monkeypatch.setattr("vidu_demo.ui.job.panel.Panel.refresh", fail)
    maker.start(pngs["red"], "Another.")  # the page has something to look at
    assert said(visitor)[1] == "Something in the app has failed."
    card(visitor).get_by_role("button", name="Close").click()
    seen = len(looks)
    until(lambda: len(looks) > seen + 1)
    expect(card(visitor)).to_be_empty()
