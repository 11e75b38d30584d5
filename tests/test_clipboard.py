"""Copying, where a browser or a frame allows it and where it does not."""

import re
from collections.abc import Callable
from pathlib import Path

from page_fixtures import App, Visitor, until
from playwright.sync_api import Route, expect

INSECURE = "Object.defineProperty(navigator, 'clipboard', {value: undefined});"


FRAMED = (
    "if (window.Clipboard)"
    "  Clipboard.prototype.writeText = () => Promise.reject(new DOMException('No.'));"
)


NO_COPY = "document.execCommand = () => false;"


def test_task_id_can_be_copied(visit: Callable[..., Visitor], pngs: dict[str, Path]) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    task_id = visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    assert re.fullmatch(r"[0-9a-f-]{36}", task_id)
    visitor.button("Copy").click()
    expect(visitor.button("Copied")).to_be_visible()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == task_id


def test_copying_a_link_says_so_and_what_it_leaves_out(
    visit: Callable[..., Visitor], app: App, pngs: dict[str, Path]
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    said, copied = visitor.page.locator("#link [role=status]"), "navigator.clipboard.readText()"
    visitor.prompt.fill("Slow orbit.")
    visitor.open_tab("Code")
    copy = visitor.button("Copy a link to this form")
    expect(visitor.button("Add a picture")).to_be_enabled()
    copy.click()
    expect(said).to_have_text("Link copied.")
    assert visitor.page.evaluate(copied) == f"{app.url}?prompt=Slow+orbit."

    visitor.upload(pngs["red"])
    expect(said).to_be_empty()
    visitor.fold_out("Or use picture URLs")
    urls = "https://example.com/b.png\nhttps://example.com/a.png?token=1"
    visitor.field("Picture URLs").fill(urls)
    expect(visitor.make).to_be_enabled()
    until(lambda: copy.click() or "?" in said.inner_text())
    expect(said).to_have_text(
        "Link copied. Uploaded pictures are not in it. "
        "Picture URLs with “?” or “@” are not in it, because they may be secret."
    )
    link = visitor.page.evaluate(copied)
    assert link == f"{app.url}?prompt=Slow+orbit.&image=https%3A%2F%2Fexample.com%2Fb.png"


def test_link_copied_right_after_typing_is_of_what_was_typed(
    visit: Callable[..., Visitor], app: App
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    said, copied = visitor.page.locator("#link [role=status]"), "navigator.clipboard.readText()"
    visitor.open_tab("Code")
    review, held = app.calls("review"), list[Route]()

    def hold_first(route: Route) -> None:
        if review(route.request) and not held:
            held.append(route)
        else:
            route.continue_()

    visitor.page.route("**/predict", hold_first)
    visitor.prompt.fill("Slow orbit.")
    visitor.button("Copy a link to this form").click()
    until(lambda: visitor.page.wait_for_timeout(50) or held)
    expect(said).to_be_empty()
    (route,) = held
    route.continue_()
    expect(said).to_have_text("Link copied.")
    assert visitor.page.evaluate(copied) == f"{app.url}?prompt=Slow+orbit."

    # A review of the same form leaves the note alone.
    with visitor.page.expect_response(lambda response: review(response.request)):
        visitor.choice("2").check()
    expect(visitor.price).to_contain_text("for 2 videos")
    expect(said).to_have_text("Link copied.")
    visitor.prompt.fill("Slow push-in.")
    expect(said).to_be_empty()


def test_without_the_clipboard_it_is_copied_another_way_or_shown(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    task = visitor.start(pngs["red"], prompt="A < B & C [600 s]")
    link = visitor.page.locator("#link code")
    for script in (INSECURE, FRAMED):
        if script == FRAMED:
            visitor.page.reload()
            expect(visitor.task_id).to_have_text(task)
        visitor.page.evaluate(f"() => {{ {script} {NO_COPY} }}")
        visitor.button("Copy").click()
        until(lambda: visitor.page.evaluate("String(getSelection())") == task)
        expect(visitor.button("Copied")).to_have_count(0)
        visitor.open_tab("Code")
        visitor.button("Copy a link to this form").click()
        expect(link).to_have_text(re.compile(re.escape(app.url)))

        visitor.page.evaluate("delete document.execCommand")
        visitor.button("Copy a link to this form").click()
        expect(link).to_have_count(0)
        expect(visitor.page.locator("#link [role=status]")).to_contain_text("Link copied.")
        visitor.open_tab("Details")
        visitor.button("Copy").click()
        expect(visitor.button("Copied")).to_be_visible()
