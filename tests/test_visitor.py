"""Visitors' identity, and what strangers can spend, over plain HTTP."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from page_fixtures import App, free_port, until

from vidu_demo.jobs.buying.budget import SpendingLimits
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.ui.browser.visitor import Unrecognised, Visitors

SECRET = b"s" * 32
THROUGH_A_PROXY = {"X-Forwarded-For": "203.0.113.7"}
MUCH = {"duration": 10, "resolution": "1080p"}  # 0.95 each


def never(_owner: str) -> bool:
    return False


@pytest.fixture
def visitors() -> Visitors:
    return Visitors(SECRET)


def test_a_token_is_known_again_and_after_a_restart(visitors: Visitors) -> None:
    state = visitors.recognise(None, never)
    assert re.fullmatch(r"[\w-]{32}\.[0-9a-f]{64}", state["token"])
    assert visitors.recognise(state, never) == state
    assert visitors.owner(state) == Visitors(SECRET).owner(state)
    assert state["token"] not in visitors.owner(state)
    assert visitors.recognise(None, never) != state


def test_a_token_of_another_app_is_none(visitors: Visitors) -> None:
    other = Visitors(b"o" * 32).recognise(None, never)
    with pytest.raises(Unrecognised):
        visitors.owner(other)
    assert visitors.recognise(other, never) != other


def test_an_old_token_keeps_its_videos_and_only_that(visitors: Visitors) -> None:
    old = {"token": "x" * 32}
    asked: list[str] = []

    def known(owner: str) -> bool:
        asked.append(owner)
        return True

    signed = visitors.recognise(old, known)
    assert asked == [visitors.owner(signed)]
    assert visitors.recognise(old, never)["token"].partition(".")[0] != "x" * 32
    with pytest.raises(Unrecognised):
        visitors.owner(old)


@pytest.mark.parametrize(
    "state", [None, 7, [], {}, {"token": None}, {"token": 7}, {"token": ["x"]}]
)
def test_anything_may_come(visitors: Visitors, state: Any) -> None:
    with pytest.raises(Unrecognised):
        visitors.owner(state)
    assert visitors.owner(visitors.recognise(state, never))


def click(app: App, takes: Any, headers: dict[str, str] | None = None, **settings: Any) -> str:
    urls = "\n".join(f"https://example.com/{number}.jpg" for number in range(12))
    form = {"urls": urls, "prompt": "Push-in.", "duration": 1, "resolution": "540p"}
    form |= {"audio": False, "voice_id": "", "bgm": False, "movement_amplitude": "auto"}
    form |= {"off_peak": False, "watermark": False, "takes": takes, **settings}
    visitor = app.token()
    known = {"visitor": visitor, "offer": app.offer(visitor, **form)}
    return app.call("buy", headers=headers, **known, **form)


def test_strangers_spend_no_more_than_the_limits_by_default(app: App, api: Simulator) -> None:
    before = api.submit_count
    said = click(app, "each", THROUGH_A_PROXY, **MUCH)
    assert "One click can cost up to $0.60 here, and this would cost $11.40." in said
    assert "Nothing was charged." in said
    assert api.submit_count == before


@pytest.fixture
def limited(app: App) -> Iterator[App]:
    """The same app with a budget of 50 cents a day."""
    from vidu_demo.ui.launch import launch
    from vidu_demo.ui.page import build

    demo = build(
        app.studio.runner, secret=app.studio.secret, limits=lambda: SpendingLimits(Decimal("0.5"))
    )
    options = {"server_name": "127.0.0.1", "server_port": free_port(), "quiet": True}
    _, url, _ = launch(demo, videos=app.studio.videos, prevent_thread_lock=True, **options)
    yield replace(app, url=url, demo=demo)
    demo.close(verbose=False)


def test_a_budget_that_is_set_holds_on_this_machine_too(limited: App, api: Simulator) -> None:
    before = api.submit_count
    assert "of $0.50 is left, and this would cost $11.40." in click(limited, "each", **MUCH)
    client = Client(limited.url, analytics_enabled=False, verbose=False)
    said = r"^This would exceed today's budget: .* this would cost \$0.95"
    with pytest.raises(AppError, match=said):
        client.predict(
            image_urls="https://example.com/a.jpg", prompt="x", **MUCH, api_name="/generate"
        )
    client.close()
    assert api.submit_count == before


def test_who_is_at_the_machine_has_no_limit_by_default(app: App, api: Simulator) -> None:
    before = api.submit_count
    refused = {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "", "metadata": {}}
    api.faults["submit"] = [Fault(403, refused)] * 12  # so that nothing is rendered
    assert "budget" not in click(app, "each", **MUCH)
    until(lambda: api.submit_count == before + 12)
