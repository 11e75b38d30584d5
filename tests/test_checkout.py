"""A click buys what its button says: takes, drafts, quick clicks and repeated requests."""

import json
import re
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from conftest import DEFAULTS
from page_fixtures import DONE, SMALL, App, Visitor, asked_by, until, without
from playwright.sync_api import expect

from vidu_demo.api.images import prepare
from vidu_demo.jobs.sql.tables import offer_table
from vidu_demo.simulator import Simulator


def test_quick_clicks_buy_one_video_and_none_on_an_expired_offer(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.choose_smallest()
    expect(visitor.price).to_have_text("Estimate $0.04")
    with sa.create_engine(app.studio.settings.ledger_url).begin() as ledger:
        ledger.execute(offer_table.update().values(expires=1.0))
    with visitor.page.expect_response(lambda answer: app.calls("review")(answer.request)):
        visitor.make.click()
    expect(visitor.headline).to_have_text("Not sent")
    expect(visitor.status).to_contain_text("This price is no longer valid, so nothing was sent.")
    expect(visitor.status).to_contain_text("Check the price, then click again.")
    assert api.submit_count == before

    visitor.make.evaluate("button => { for (let n = 0; n < 5; n++) button.click(); }")
    visitor.page.locator("button", has_text=re.compile("Make|Sending")).first.dispatch_event(
        "click"
    )
    expect(visitor.headline).to_have_text(DONE)
    assert api.submit_count == before + 1


def test_takes_buy_what_the_button_says_once(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.choose_smallest()
    visitor.fold_out()
    visitor.field("Seed").fill("7")
    visitor.choice("3").check()
    expect(visitor.price).to_have_text("Estimate $0.12 for 3 videos")
    make = visitor.button("Make 3 · $0.12")
    with visitor.page.expect_request(app.calls("buy")) as clicked:
        make.evaluate("button => { for (let n = 0; n < 5; n++) button.click(); }")
    expect(visitor.rows).to_have_count(3)
    expect(make).to_be_enabled()
    expect(visitor.page).to_have_title("Your video is done · Vidu Q2 Pro")
    bodies = api.submits[before:]
    assert sorted(body["seed"] for body in bodies) == [7, 8, 9]
    form = {**DEFAULTS, **SMALL, "images": [prepare(pngs["red"]).data_uri]}
    assert [without(body, "seed") for body in bodies] == [{**form, "prompt": "Slow push-in."}] * 3

    # The same click, sent again by a program or a proxy, after all is done.
    sent = json.loads(clicked.value.post_data or "")
    for _ in range(2):
        answer = requests.post(clicked.value.url, json=sent, timeout=10)
        assert answer.ok
    with visitor.page.expect_request(app.calls("welcome")) as asked:
        visitor.page.reload()
    expect(visitor.rows).to_have_count(3)
    assert api.submit_count == before + 3
    receipts = asked_by(asked.value)[-1]  # the browser has noted all of them
    assert sorted(receipt["request"]["seed"] for receipt in receipts) == [7, 8, 9]


def test_each_picture_makes_a_video(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.DOUBLE_CLICK_SECONDS", 0.1)
    before = api.submit_count
    visitor.fill(pngs["red"], pngs["green"], prompt="Slow push-in [600 s]")
    visitor.choose_smallest()
    visitor.choice("one per picture").check()
    expect(visitor.price).to_have_text("Estimate $0.08 for 2 videos")
    visitor.button("Make 2 · $0.08").click()
    until(lambda: api.submit_count == before + 2)
    pictures = [prepare(pngs[name]).data_uri for name in ("red", "green", "blue")]
    assert sorted(body["images"] for body in api.submits[before:]) == sorted(
        [picture] for picture in pictures[:2]
    )
    expect(visitor.make).to_be_enabled()

    # Of the next two, the second is being made already: nothing is sent, and both are offered.
    visitor.button("Remove all").click()
    expect(visitor.button("Add a picture")).to_be_visible()
    visitor.upload(pngs["blue"], pngs["green"])
    expect(visitor.thumbnails).to_have_count(2)
    only_first = "All pictures are sent, but only the first is known to be used."
    expect(visitor.page.get_by_text(only_first)).not_to_be_visible()
    visitor.button("Make 2 · $0.08").click()
    expect(visitor.headline).to_have_text("Not sent")
    expect(visitor.status).to_contain_text(
        "Already asked for and not finished: 1 of these 2 videos."
    )
    expect(visitor.status).to_contain_text("Nothing was charged.")
    expect(visitor.rows).to_have_count(2)
    assert api.submit_count == before + 2
    visitor.button("Make 2 more anyway · $0.08").dblclick()
    expect(visitor.rows).to_have_count(4)
    until(lambda: api.submit_count == before + 4)
    assert [body["images"] for body in sorted(api.submits[-2:], key=str)] == sorted(
        [[picture] for picture in pictures[1:]], key=str
    )
    visitor.page.wait_for_timeout(500)
    assert api.submit_count == before + 4


def test_click_buys_what_its_button_says_or_nothing(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.choose_smallest()
    # Quicker than the answer that names the new price.
    visitor.page.evaluate(
        """() => {
            document.querySelector('#takes input[value="4"]').click();
            document.querySelector('#make').click();
        }"""
    )
    expect(visitor.headline).to_have_text("Not sent")
    expect(visitor.status).to_contain_text("The form had just changed, so nothing was sent.")
    expect(visitor.price).to_have_text("Estimate $0.16 for 4 videos")
    assert api.submit_count == before
    # Buying less than announced is allowed.
    visitor.page.evaluate(
        """() => {
            document.querySelector('#takes input[value="2"]').click();
            document.querySelector('#make').click();
        }"""
    )
    expect(visitor.rows).to_have_count(2)
    until(lambda: api.submit_count == before + 2)


def test_draft_leaves_the_form_alone_and_a_second_one_is_what_was_held_back(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.DOUBLE_CLICK_SECONDS", 0.1)
    before = api.submit_count
    visitor.fill(pngs["green"], prompt="Slow orbit [600 s]")
    visitor.choice("2").check()
    visitor.fold_out()
    visitor.field("Seed").fill("11")
    visitor.choice("Watermark").check()
    expect(visitor.price).to_have_text("Estimate $0.55 for 2 videos")
    expect(visitor.draft).to_have_text("Draft $0.075")
    visitor.draft.click()
    expect(visitor.task_id).to_be_visible()
    (draft,) = api.submits[before:]
    assert draft == {
        **DEFAULTS,
        "images": [prepare(pngs["green"]).data_uri],
        "prompt": "Slow orbit [600 s]",
        "seed": 11,
        "watermark": True,
        "duration": 3,
        "resolution": "540p",
    }
    expect(visitor.field("Duration")).to_have_value("5")
    expect(visitor.field("Seed")).to_have_value("11")
    expect(visitor.choice("720p")).to_be_checked()
    expect(visitor.price).to_have_text("Estimate $0.55 for 2 videos")

    visitor.draft.click()
    expect(visitor.headline).to_have_text("Not sent")
    visitor.prompt.fill("Something else.")
    visitor.choice("1080p").check()
    expect(visitor.price).to_have_text("Estimate $1.15 for 2 videos")
    visitor.button("Make a second one anyway · $0.075").click()
    expect(visitor.rows).to_have_count(2)
    expect(visitor.button("Make a second one anyway · $0.075")).not_to_be_visible()
    until(lambda: api.submit_count == before + 2)
    assert api.submits[-1] == draft

    visitor.choice("540p").check()
    visitor.field("Duration").fill("3")
    expect(visitor.draft).not_to_be_visible()


def test_who_has_no_name_buys_nothing(app: App, api: Simulator) -> None:
    """Nobody could find what they would buy."""
    before = api.submit_count
    form = {"urls": "https://example.com/a.jpg", "prompt": "Push-in.", "duration": 1}
    form |= {"resolution": "540p", "audio": False, "voice_id": "", "bgm": False, "takes": 1}
    form |= {"movement_amplitude": "auto", "off_peak": False, "watermark": False}
    token = app.token()["token"]
    click = {"offer": app.offer({"token": token}, **form), **form}
    forged = ["", "x" * 8, "\ud800" * 30, "A" * 24, token[:-1], token[1:], token + "0", f".{token}"]
    forged += [token.replace(".", "A."), token.partition(".")[0], "." + "0" * 64]
    for state in ({}, [], 7, {"token": [token]}, *({"token": text} for text in forged)):
        answer = app.call("buy", visitor=state, **click)
        assert "Reload it." in answer
    assert api.submit_count == before
    assert "error" not in app.call("buy", visitor={"token": token}, **click)
    until(lambda: api.submit_count == before + 1)
