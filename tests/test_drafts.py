"""A draft first, and then the same in full."""

import re
from pathlib import Path

import pytest
from conftest import DEFAULTS
from page_fixtures import Visitor, picture_of, until, without
from playwright.sync_api import expect
from runner_fixtures import OTHER, OWNER, Bench, picture

from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import OfferExpired
from vidu_demo.jobs.job import Job
from vidu_demo.simulator import Simulator


@pytest.fixture
def draft(bench: Bench, tmp_path: Path) -> Job:
    """A finished draft."""
    (tmp_path / "teal.png").write_bytes(picture())
    images = [tmp_path / "teal.png", "https://example.com/b.png"]
    full = bench.request(images=images, duration=5, resolution="720p", seed=None, watermark=True)
    offer = bench.purchases.offer(Order(full.draft(), full=full), owner=OWNER)
    (job,) = bench.purchases.buy(offer.id, owner=OWNER)
    return bench.done(job)


def test_a_draft_is_made_in_full_with_its_seed_and_pictures(bench: Bench, draft: Job) -> None:
    bench.reopen()
    order = bench.purchases.in_full(bench.row(draft))
    assert order
    offer = bench.purchases.offer(order, owner=OWNER)
    (made,) = bench.purchases.buy(offer.id, owner=OWNER)
    assert (made.parent, made.full) == (draft.id, None)
    bench.done(made)
    first, full = bench.simulator.submits
    assert full == {**first, "duration": 5, "resolution": "720p"}
    assert full["seed"] == draft.request["seed"]

    (again,) = bench.purchases.buy(offer.id, owner=OWNER)
    assert again.id == made.id
    assert bench.simulator.submit_count == 2


def test_only_a_finished_draft_of_ones_own_is_offered(bench: Bench, draft: Job) -> None:
    plain = bench.done(bench.start("plain"))
    assert bench.purchases.in_full(plain) is None
    running = bench.start("running", prompt="[600 s]")
    assert bench.purchases.in_full(bench.row(running)) is None
    order = bench.purchases.in_full(draft)
    assert order
    offer = bench.purchases.offer(order, owner=OWNER)
    with pytest.raises(OfferExpired):
        bench.purchases.buy(offer.id, owner=OTHER)


def test_a_deleted_draft_leaves_nothing_of_what_was_asked(bench: Bench, draft: Job) -> None:
    assert bench.runner.delete(draft.id, OWNER)
    (deleted,) = bench.ledger.by_key(draft.idempotency_key)
    assert (deleted.full, deleted.request) == (None, {})
    assert bench.purchases.in_full(deleted) is None


@pytest.mark.usefixtures("small_videos")
def test_the_full_video_comes_beside_its_draft(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["green"], prompt="Slow orbit.")
    visitor.field("Duration").fill("9")
    visitor.choice("540p").check()
    expect(visitor.price).to_contain_text("$0.225")
    visitor.draft.click()
    expect(visitor.headline).to_have_text(re.compile(r"^Draft done in \d+ s$"))
    expect(visitor.details).to_contain_text("Draft of9 s · 540p")
    expect(visitor.rows.locator(".draft")).to_have_text("Draft")
    visitor.prompt.fill("Something else.")
    full = visitor.page.locator("#full")
    expect(full).to_have_text("Make in full · $0.225")
    full.click()
    expect(visitor.headline).to_have_text(re.compile(r"^Done in \d+ s$"))
    expect(visitor.page.locator("#compare video")).to_have_count(2)
    expect(visitor.page.locator("#compare table")).to_contain_text("Duration3 s9 s")
    expect(visitor.rows.filter(has_text="9 s")).to_have_count(1)
    expect(visitor.rows.locator(".draft")).to_have_count(1)
    expect(full).to_be_hidden()
    draft, made = api.submits[before:]
    assert without(made, "images") == {
        **DEFAULTS,
        "prompt": "Slow orbit.",
        "duration": 9,
        "resolution": "540p",
        "seed": draft["seed"],
    }
    assert picture_of(made).tobytes() == picture_of(draft).tobytes()
    assert api.submit_count == before + 2
    visitor.row("Slow orbit.").first.locator(".open").click()
    until(lambda: visitor.page.locator("#compare video").count() == 0)
