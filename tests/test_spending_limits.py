"""The host's limits on spending as strangers meet them: over plain HTTP, and on the page."""

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import DEFAULTS
from gradio_client import Client
from gradio_client.exceptions import AppError
from page_fixtures import DONE, KEY, App, Visitor, serving, until
from playwright.sync_api import Browser, expect

from vidu_demo.jobs.job import JobState
from vidu_demo.simulator import Simulator

FORM = {**DEFAULTS, "duration": 1, "resolution": "540p", "takes": 1, "prompt": "Push-in."}
"""One video for 4 cents."""
LIMITS = {
    "budget_per_day": Decimal("0.16"),
    "visitor_budget_per_day": Decimal("0.10"),
    "max_price": Decimal("0.09"),
    "max_jobs_per_visitor": 2,
    "trusted_proxies": "127.0.0.1",
}


@pytest.fixture
def hosted(app: App, tmp_path: Path) -> Iterator[App]:
    """An app with low limits behind a proxy, over an API of its own."""
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        yield stack.enter_context(serving(simulator, tmp_path, app.log, **LIMITS))


def through(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def ask(app: App, address: str, visitor: dict[str, str] | None = None, **changes: Any) -> str:
    """Review the form and click, as a stranger who comes through the proxy."""
    form = {**FORM, "urls": "https://example.com/a.jpg", **changes}
    visitor = visitor or app.token()
    headers = through(address)
    offer = app.offer(visitor, **form)
    return app.call("buy", headers=headers, visitor=visitor, offer=offer, **form)


def finished(app: App) -> None:
    until(lambda: app.studio.runner.open_jobs == 0)


def test_strangers_stay_within_every_limit_whatever_they_send(hosted: App) -> None:
    api, me, home = hosted.simulator, hosted.token(), "203.0.113.7"
    assert "One click can cost up to $0.09 here" in ask(hosted, home, me, takes=3)
    api.statuses = ["TASK_STATUS_PROCESSING"]
    for seed in (1, 2):
        assert "error" not in ask(hosted, home, me, seed=seed)
    until(lambda: api.submit_count == 2)
    assert "Yours not finished: 2." in ask(hosted, home, me, seed=3)
    api.statuses = None
    finished(hosted)
    left = "$0.02 of $0.10 is left"
    assert left in ask(hosted, home, me, seed=3)  # the same token
    assert left in ask(hosted, "198.51.100.1", me, seed=3)  # from elsewhere
    assert left in ask(hosted, home, seed=3)  # another token from the same address
    assert left in ask(hosted, f"198.51.100.9, {home}", seed=3)  # the first of the two is made up
    assert "error" not in ask(hosted, "2001:db8::1", seed=3)
    finished(hosted)
    assert "error" not in ask(hosted, "2001:db8::2", seed=4)
    finished(hosted)
    assert "Your budget" not in ask(hosted, "2001:db8:0:1::1", seed=5)
    assert "$0.00 of $0.16 is left" in ask(hosted, "2001:db8:0:1::1", seed=5)
    assert api.submit_count == 4
    client = Client(
        hosted.url, headers=through("192.0.2.5"), analytics_enabled=False, verbose=False
    )
    with pytest.raises(AppError, match=r"\$0.00 of \$0.16 is left"):
        client.predict(
            image_urls="https://example.com/a.jpg",
            prompt="x",
            duration=1,
            resolution="540p",
            api_name="/generate",
        )
    client.close()
    assert api.submit_count == 4


def test_whoever_is_no_trusted_proxy_is_the_visitor(app: App, tmp_path: Path) -> None:
    """An app that names no proxies believes no header: all of them are one token, one address."""
    limits = {**LIMITS, "trusted_proxies": ""}
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        open_ = stack.enter_context(serving(simulator, tmp_path, app.log, **limits))
        me = open_.token()
        for seed in (1, 2):
            assert "error" not in ask(open_, f"203.0.113.{seed}", me, seed=seed)
            finished(open_)
        assert "$0.02 of $0.10 is left" in ask(open_, "203.0.113.3", me, seed=3)
        addresses = {job.address for job in open_.studio.runner.jobs(_owner(open_, me))}
        assert addresses == {""}


def _owner(app: App, visitor: dict[str, str]) -> str:
    from vidu_demo.ui.browser.visitor import Visitors

    return Visitors(app.studio.secret).owner(visitor)


def test_a_paused_app_starts_nothing_and_finishes_what_runs(hosted: App) -> None:
    api, me = hosted.simulator, hosted.token()
    api.statuses = ["TASK_STATUS_PROCESSING"]
    assert "error" not in ask(hosted, "203.0.113.7", me)
    until(lambda: api.submit_count == 1)
    (hosted.data / "PAUSED").touch()
    assert "The host of this app has paused it" in ask(hosted, "203.0.113.8", seed=3)
    api.statuses = None
    finished(hosted)
    (job,) = hosted.studio.runner.jobs(_owner(hosted, me))
    assert job.state is JobState.DONE
    (hosted.data / "PAUSED").unlink()
    assert "error" not in ask(hosted, "203.0.113.8", seed=3)
    until(lambda: api.submit_count == 2)


def test_page_shows_the_limits_before_a_click(
    hosted: App, browser: Browser, pngs: dict[str, Path]
) -> None:
    with browser.new_context() as context:
        visitor = Visitor(context, hosted.url)
        terms = visitor.page.locator("#price")
        visitor.upload(pngs["red"])
        visitor.prompt.fill("Slow push-in.")
        expect(visitor.button("Over $0.09 per click")).to_be_disabled()
        expect(terms).to_contain_text("One click can cost up to $0.09 here")
        expect(terms).to_contain_text("Choose a shorter video, a lower resolution or fewer takes.")
        expect(terms).to_contain_text("Or use your own key: see the top of the page.")
        expect(terms).to_contain_text("$0.10 left for you until midnight UTC.")
        expect(visitor.draft).to_have_text("Draft first · $0.075")
        expect(visitor.choice("2")).to_be_visible()
        expect(visitor.choice("3")).to_have_count(0)
        visitor.choose_smallest()
        visitor.make.click()
        expect(visitor.headline).to_have_text(DONE)
        expect(terms).to_contain_text("$0.06 left for you until midnight UTC.")
        visitor.choice("2").check()
        expect(visitor.button("Your budget for today is used up")).to_be_disabled()
        expect(terms).to_contain_text("$0.06 of $0.10 is left, and this would cost $0.08.")
        visitor.choice("1").check()
        expect(visitor.make).to_be_enabled()
        (hosted.data / "PAUSED").touch()
        visitor.prompt.fill("Another one.")
        expect(visitor.button("Paused by the host")).to_be_disabled()
        expect(visitor.draft).not_to_be_visible()
        assert visitor.broken == []
    assert hosted.simulator.submit_count == 1
