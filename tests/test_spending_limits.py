"""The host's limits on spending as strangers meet them: over plain HTTP, and on the page."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import DEFAULTS
from gradio_client import Client
from gradio_client.exceptions import AppError
from page_fixtures import DONE, KEY, SMALL, App, Visitor, serving, until
from playwright.sync_api import Browser, expect

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.buying.budget import Spent
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.job import JobState, Payer
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.studio import Studio
from vidu_demo.ui.browser.own_key import KEY_HEADER

FORM = {**DEFAULTS, "duration": 1, "resolution": "540p", "takes": 1, "prompt": "Push-in."}
"""One video for 4 cents."""
LIMITS = {
    "budget_per_day": Decimal("0.16"),
    "visitor_budget_per_day": Decimal("0.10"),
    "max_price": Decimal("0.09"),
    "max_jobs_per_visitor": 2,
    "trusted_proxies": "127.0.0.1",
}


@pytest.fixture(autouse=True)
def _hurry_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a task of the app's own simulator take a second."""
    monkeypatch.setitem(Simulator.__init__.__kwdefaults__, "seconds", 1.0)


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


# The simulator instead


def simulation(app: App, address: str, visitor: dict[str, str], **changes: Any) -> tuple[str, Any]:
    """Review the form as a stranger; return the form and the offer to simulate it, if any."""
    form = {**FORM, "urls": "https://example.com/a.jpg", **changes}
    answer = app.call("review", headers=through(address), visitor=visitor, **form)
    return json.loads(answer)["data"][4], form


@pytest.fixture
def spent_up(app: App, tmp_path: Path) -> Iterator[App]:
    """An app whose budget is zero, and which takes no keys of visitors."""
    limits = {**LIMITS, "budget_per_day": Decimal(0), "keys": "host"}
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        yield stack.enter_context(serving(simulator, tmp_path, app.log, **limits))


def test_at_zero_the_page_offers_the_simulator(
    spent_up: App, browser: Browser, pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.DOUBLE_CLICK_SECONDS", 0.1)
    with browser.new_context() as context:
        visitor = Visitor(context, spent_up.url)
        simulate = visitor.button("Simulate for free")
        visitor.upload(pngs["red"])
        visitor.choose_smallest()
        expect(simulate).to_have_count(0)
        visitor.prompt.fill("Slow push-in.")
        expect(visitor.button("Today's budget is used up")).to_be_disabled()
        simulate.click()
        expect(visitor.headline).to_have_text(DONE)
        expect(visitor.details).to_contain_text("The simulator, without a model")
        expect(visitor.rows).to_contain_text("simulated")
        expect(visitor.page.locator("#video video")).to_be_visible()
        simulate.click()
        expect(visitor.rows).to_have_count(2)
        expect(visitor.headline).to_have_text(DONE)
        assert visitor.broken == []
        jobs = spent_up.studio.runner.jobs(_owner(spent_up, {"token": visitor.token}))
        assert {(job.payer, job.simulated, job.price) for job in jobs} == {
            (Payer.SIMULATOR, True, 0)
        }
        (spent_up.data / "PAUSED").touch()
        visitor.prompt.fill("Another one.")
        expect(visitor.button("Paused by the host")).to_be_disabled()
        expect(simulate).to_have_count(0)
    assert not spent_up.simulator.requests


def test_strangers_simulate_few_at_once_and_spend_nothing(spent_up: App) -> None:
    app, me, home = spent_up, spent_up.token(), "203.0.113.7"
    slow = "Push-in [600 s]"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vidu_demo.jobs.follower.FIRST_WAIT", 600.0)
        for seed in (1, 2):
            offer, form = simulation(app, home, me, prompt=slow, seed=seed)
            assert offer
            name = ("buy", "simulate")[seed - 1]  # whatever listener gets it
            answer = app.call(name, headers=through(home), visitor=me, offer=offer, **form)
            assert "error" not in answer
            again = app.call(name, headers=through(home), visitor=me, offer=offer, **form)
            assert "error" not in again  # and buys nothing
        # The offers are those of before: one for another visitor, and one for a paid video.
        other = app.token()
        stolen, form = simulation(app, "198.51.100.1", other, prompt=slow, seed=3)
        assert "Not sent" in app.call("simulate", visitor=me, offer=stolen, **form)
        paid = app.offer(me, **form)
        assert "$0.00 is left" in app.call("simulate", visitor=me, offer=paid, **form)
        # At most two at once, by token and by address.
        assert simulation(app, home, me, prompt=slow, seed=4)[0] == ""
        assert simulation(app, home, app.token(), prompt=slow, seed=4)[0] == ""
        late = app.call("simulate", headers=through(home), visitor=other, offer=stolen, **form)
        assert "Yours not finished: 2." in late
    assert len(app.studio.runner.jobs(_owner(app, me))) == 2
    assert app.studio.runner.purchases.spent(_owner(app, me), "") == Spent()
    assert not app.simulator.requests


def test_a_limit_that_is_set_holds_where_everything_is_simulated(app: App, tmp_path: Path) -> None:
    limits = {"keys": "visitor", "max_jobs_per_visitor": 1, "trusted_proxies": "127.0.0.1"}
    home, slow = "203.0.113.7", "Push-in [600 s]"
    form = {**FORM, "urls": "https://example.com/a.jpg", "prompt": slow}
    with ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(
            "vidu_demo.jobs.follower.FIRST_WAIT", 600.0
        )
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        open_ = stack.enter_context(serving(simulator, tmp_path, app.log, **limits))
        me, told = open_.token(), {"headers": through(home)}
        assert "Up to 1 videos at once" not in open_.call("review", **told, visitor=me, **form)
        assert "error" not in ask(open_, home, me, prompt=slow)
        for visitor, address in ((me, "198.51.100.1"), (open_.token(), home)):
            assert "Yours not finished: 1." in ask(open_, address, visitor, prompt=slow, seed=2)
        assert "Up to 1 videos at once" in open_.call("review", **told, visitor=me, **form, seed=2)
        client = Client(open_.url, **told, analytics_enabled=False, verbose=False)
        try:
            assert client.predict(**SMALL, api_name="/estimate")["can_be_bought"] is False
            with pytest.raises(AppError, match=r"Yours not finished: 1\."):
                client.predict(
                    image_urls=form["urls"], prompt=slow, **SMALL, seed=2, api_name="/submit"
                )
        finally:
            client.close()
        assert len(open_.studio.runner.jobs(_owner(open_, me))) == 1
        assert not simulator.requests


FREE = "The page also offers the simulator, which is free."


@pytest.mark.parametrize(
    ("served", "fields", "said"),
    [
        ("spent_up", {**SMALL}, f"after midnight UTC. {FREE}"),
        ("hosted", {}, f"fewer takes. Or send your own key as {KEY_HEADER}. {FREE}"),
    ],
)
def test_programs_hear_what_they_can_do_at_a_limit(
    request: pytest.FixtureRequest, served: str, fields: dict[str, Any], said: str
) -> None:
    app: App = request.getfixturevalue(served)
    client = Client(app.url, headers=through("192.0.2.5"), analytics_enabled=False, verbose=False)
    asked = {**fields, "image_urls": "https://example.com/a.jpg", "prompt": "x"}
    with pytest.raises(AppError, match=re.escape(said)):
        client.predict(**asked, api_name="/submit")
    assert client.predict(**fields, api_name="/estimate")["message"].endswith(said)
    client.close()
    assert not app.simulator.requests


def test_what_is_simulated_goes_on_after_a_restart(tmp_path: Path) -> None:
    request = VideoRequest(images=["https://example.com/a.jpg"], prompt="x", **SMALL)
    nobody = "http://127.0.0.1:9"  # nothing listens there
    settings = Settings(api_key=KEY, base_url=nobody, data_dir=tmp_path / "data")
    with closing(Studio(settings)) as studio:
        offer = studio.runner.purchases.offer(Order(request), owner="me", payer=Payer.SIMULATOR)
        (job,) = studio.runner.purchases.buy(offer.id, owner="me")
        until(lambda: studio.runner.jobs("me")[0].state is JobState.RUNNING)
    with closing(Studio(settings)) as studio:
        until(lambda: studio.runner.jobs("me")[0].state is JobState.DONE)
        (done,) = studio.runner.jobs("me")
        assert (done.id, done.simulated, done.message) == (job.id, True, "")
        assert studio.runner.file(done, done.video or "").is_file()


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
        expect(visitor.draft).to_have_text("Draft $0.075")
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
