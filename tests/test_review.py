"""When the form is reviewed: once for what changes together, and after every change."""

import json
from typing import Any

from page_fixtures import App, Visitor, asked_by, until
from playwright.sync_api import Request, Route, expect


def prompt_in(app: App, request: Request) -> str:
    """Read the prompt that a review is of."""
    (listener,) = [fn for fn in app.demo.fns.values() if fn.api_name == "review"]
    return str(asked_by(request)[listener.input_keyword_names.index("prompt")])


def test_a_new_page_has_its_form_reviewed_once(visitor: Visitor, app: App) -> None:
    review, asked = app.calls("review"), list[Request]()
    visitor.page.on("request", lambda request: asked.append(request) if review(request) else None)
    with visitor.page.expect_response(lambda answer: review(answer.request)):
        visitor.prompt.fill("The cat blinks.")
    asked.clear()
    visitor.page.reload()
    expect(visitor.price).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")
    assert [prompt_in(app, request) for request in asked] == ["The cat blinks."]


def test_what_changes_during_a_review_is_reviewed_after_it(visitor: Visitor, app: App) -> None:
    review, held, asked = app.calls("review"), list[Route](), list[str]()

    def hold_first(route: Route) -> None:
        if review(route.request):
            asked.append(prompt_in(app, route.request))
        if review(route.request) and not held:
            held.append(route)
        else:
            route.continue_()

    visitor.page.route("**/predict", hold_first)
    for fails in (False, True):
        visitor.prompt.fill("One.")
        until(lambda: visitor.page.wait_for_timeout(20) or held)
        visitor.prompt.fill("Two.")
        visitor.prompt.fill("Three.")
        visitor.page.wait_for_function("vidu.reviews.due")
        (route,) = held
        route.fulfill(status=429, body="{}") if fails else route.continue_()
        visitor.page.evaluate("vidu.reviewed()")
        until(lambda: visitor.page.wait_for_timeout(20) or asked[-1] == "Three.")
        assert asked[0] == "One."
        held.clear()
        asked.clear()


def test_a_form_that_was_not_filled_is_reviewed_all_the_same(visitor: Visitor, app: App) -> None:
    welcome = app.calls("welcome")
    visitor.page.route(
        "**/predict",
        lambda route: (
            route.fulfill(status=429, body="{}") if welcome(route.request) else route.continue_()
        ),
    )
    visitor.page.reload()
    expect(visitor.price).to_be_visible()
    visitor.choice("540p").check()
    expect(visitor.price).to_have_text("Estimate $0.125")


def test_what_is_hidden_is_not_hidden_again(app: App) -> None:
    """For each such update, Gradio's script goes through the whole page."""
    visitor = app.token()

    def review(prompt: str, visible: Any = None) -> tuple[list[int], list[bool]]:
        """Return which widgets are visible now, and what is shown or hidden for that."""
        answer = json.loads(app.call("review", visitor=visitor, prompt=prompt, visible=visible))
        updates = [each for each in answer["data"] if isinstance(each, dict)]
        return answer["data"][1], [each["visible"] for each in updates if "visible" in each]

    before, told = review("x")
    assert (before, told) == ([], [])
    (notice,), told = review("x" * 3000, before)
    assert told == [True]
    assert app.demo.blocks[notice].visible is False
    assert review("x" * 4000, [notice]) == ([notice], [])
    assert review("x", [notice]) == ([], [False])
    assert review("x", "nonsense") == ([], [])
