"""A visitor's list of videos: searching, opening, comparing, deleting; and only their own."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from page_fixtures import DONE, RUNNING, SMALL, App, Maker, Visitor, asked_by, until
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect
from shelf_fixtures import Shelf, skip

from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Simulator
from vidu_demo.ui.job.history import MANY


def hold(page: Page, which: Callable[[Request], bool], most: int = 1) -> list[Route]:
    """Hold back the first of some calls."""
    held: list[Route] = []

    def answer(route: Route) -> None:
        if which(route.request) and len(held) < most:
            held.append(route)
        else:
            route.fallback()

    page.route("**/run/predict*", answer)
    return held


def test_videos_are_found_downloaded_opened_and_compared(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    shelf = Shelf(app, visitor)
    names = ["heron", "otter", "badger", "marten", "lynx"]
    picture = "https://example.com/photo.jpg"
    done = [
        shelf.play(name, prompt=f"The {name} turns.", seed=2_000_000_000 + number, images=[picture])
        for number, name in enumerate(names, 1)
    ]
    api.statuses = RUNNING
    shelf.open(shelf.start(pngs["green"], "The last one."))
    expect(visitor.rows).to_have_count(6)
    search, found = visitor.page.locator("#search input"), visitor.page.locator(".history-head p")
    expect(found).to_have_text("")
    search.fill("HERON")
    expect(visitor.rows).to_have_count(1)
    expect(found).to_have_text("1 of 6")
    expect(visitor.rows).to_contain_text("The heron turns.")
    expect(visitor.status.locator("progress")).to_be_visible()
    api.statuses = None
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.rows).to_have_count(1)
    search.fill("no such animal")
    expect(visitor.page.locator("#history")).to_contain_text("No videos found.")
    expect(found).to_have_text("0 of 6")
    for text, count in (
        ("seed 2000000004", 1),
        ("540", 6),
        ("draft", 0),
        ("540p 已完成", 6),
        ("540p 完成", 0),
        ("badger done", 1),
        ("running", 0),
        (str(done[1].task_id), 1),
    ):
        search.fill(text)
        expect(found).to_have_text(f"{count} of 6")
        expect(visitor.rows).to_have_count(count)

    search.fill("heron")
    expect(visitor.rows).to_have_count(1)
    with visitor.page.expect_download() as started:
        visitor.row("heron").get_by_role("link", name="Download").click()
    (heron,) = (job for job in done if "heron" in job.request["prompt"])
    assert started.value.suggested_filename == heron.video
    started.value.save_as(tmp_path / "heron.mp4")
    kept = app.studio.videos / heron.id / str(heron.video)
    assert (tmp_path / "heron.mp4").read_bytes() == kept.read_bytes()
    visitor.row("heron").locator(".open").click()
    expect(visitor.details).to_contain_text("The heron turns.")
    expect(visitor.task_id).to_have_text(str(heron.task_id))
    search.fill("")
    expect(visitor.rows).to_have_count(6)

    visitor.row("otter").get_by_role("button", name="Compare").click()
    compare = visitor.page.locator("#compare")
    expect(compare.locator("video")).to_have_count(2)
    compare.locator("video").last.evaluate(
        "async v => { while (v.readyState < 2) await new Promise(r => setTimeout(r, 50)) }"
    )
    lines = [line.split("\t") for line in compare.locator("tbody tr").all_inner_texts()]
    assert [line for line in lines if line[0] != "Done in"] == [
        ["Prompt", "The heron turns.", "The otter turns."],
        ["Seed", "2000000001", "2000000002"],
    ]
    visitor.button("Close").click()
    expect(compare).to_be_empty()


_FIRST_OF_LINES = """lists => lists.flatMap(list => {
    const lines = new Map();
    for (const fact of list.children) {
        const top = Math.round(fact.getBoundingClientRect().bottom);
        if (!lines.has(top)) lines.set(top, fact);
    }
    const start = list.getBoundingClientRect().left + 10;
    return [...lines.values()].map(fact => {
        const dot = fact.querySelector('.dot');
        return !dot || dot.getBoundingClientRect().right - start < 3;
    });
})"""
"""Whether the facts that begin a line show no dot."""


NOON = datetime(2025, 3, 10, tzinfo=UTC)
"""In Auckland, it is one o'clock in the afternoon."""


def test_cards_stand_by_day_and_in_line(visit: Callable[..., Visitor], app: App) -> None:
    options = {"timezone_id": "Pacific/Auckland", "viewport": {"width": 360, "height": 740}}
    visitor = visit(**options)
    shelf, page = Shelf(app, visitor), visitor.page
    for name, hours, seed in (  # all on one day in UTC
        ("heron", 18.0, 7),
        ("otter", 14.5, 2_000_000_001),
        ("lynx", 11.5, 8),
        ("marten", 2.0, 2_000_000_002),
    ):
        asked = {**SMALL, "prompt": f"The {name}.", "seed": seed}
        job = shelf.put(name, created=NOON.timestamp() - 3600 * hours, request=asked)
    page.clock.set_fixed_time(NOON)
    shelf.open(job.id)
    visitor.go_to("Videos")
    days = page.locator("#history h3:visible")
    for later, said in (
        (0, ["Today", "Yesterday"]),
        (1, ["Yesterday", "March 9"]),
        (400, ["March 10, 2025", "March 9, 2025"]),
    ):
        page.clock.set_fixed_time(NOON + timedelta(days=later))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(days).to_have_text(said)
    first = "all => all.map(each => each.querySelector('h3, .prompt').textContent)"
    assert page.locator("#history li:visible").evaluate_all(first) == [
        *("March 10, 2025", "The marten.", "The lynx."),
        *("March 9, 2025", "The otter.", "The heron."),
    ]
    assert visitor.row("marten").locator("time").inner_text() == "11:00 AM"

    left = "all => all.map(each => each.getBoundingClientRect().left)"
    assert len({*page.locator("#history .estimate").evaluate_all(left)}) == 1
    begin = page.locator("#history .facts").evaluate_all(_FIRST_OF_LINES)
    assert len(begin) > 4  # some wrap
    assert all(begin)


def test_the_hint_fits_and_two_videos_stand_as_they_are_said_to_at_every_width(
    visitor: Visitor, app: App
) -> None:
    fits = """box => {
        const style = getComputedStyle(box);
        const pen = document.createElement('canvas').getContext('2d');
        pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        const beside = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
        return pen.measureText(box.placeholder).width <= box.clientWidth - beside;
    }"""
    shelf, page = Shelf(app, visitor), visitor.page
    for number in range(MANY - 1):
        shelf.put(f"take {number}")
    shelf.play("heron")
    shelf.open(shelf.play("otter").id)
    page.set_viewport_size({"width": 360, "height": 844})
    visitor.go_to("Videos")
    box = page.locator("#search input")
    for width in (360, 700, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        expect(box).to_be_visible()
        assert box.evaluate(fits), width

    visitor.row("heron").get_by_role("button", name="Compare").click()
    heads = page.locator("#compare thead th")
    expect(heads.get_by_text("Left", exact=True)).to_be_visible()
    expect(heads.get_by_text("Top", exact=True)).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(heads.get_by_text("Top", exact=True)).to_be_visible()  # one above the other
    expect(heads.get_by_text("Left", exact=True)).to_be_hidden()


def test_a_card_shows_the_whole_of_a_tall_video_from_its_middle(
    visitor: Visitor, app: App, pngs: dict[str, Path], tmp_path: Path
) -> None:
    maker = Shelf(app, visitor)
    Image.new("RGB", (180, 320), "teal").save(tmp_path / "tall.png")
    tall, failed = maker.start(tmp_path / "tall.png", "Tall."), maker.start(pngs["red"], "[fail]")
    maker.done(tall)
    until(lambda: maker.job(failed).state == JobState.FAILED)
    maker.open(tall)
    still = visitor.row("Tall.").locator("img")
    expect(still).to_have_attribute("src", re.compile(f"{tall}/still.webp$"))
    expect(visitor.row("[fail]").locator("img")).to_have_attribute(
        "src", re.compile(f"{failed}/thumbnail.webp$")
    )
    still.scroll_into_view_if_needed()
    visitor.page.wait_for_function("picture => picture.naturalWidth", arg=still.element_handle())
    assert still.evaluate("it => it.naturalHeight > it.naturalWidth")
    assert still.evaluate("it => getComputedStyle(it).objectFit") == "contain"
    visitor.page.locator("#history").evaluate(
        """list => list.querySelectorAll('*').forEach(one => {
            if (/auto|scroll/.test(getComputedStyle(one).overflowY)) throw one.outerHTML;
        })"""
    )


def test_a_list_says_what_will_be_in_it_and_then_shows_it_a_page_at_a_time(
    visitor: Visitor, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect(visitor.page.locator("#history")).to_contain_text("The videos you make will be listed")
    expect(visitor.page.locator("#search input")).to_be_hidden()

    monkeypatch.setattr("vidu_demo.ui.job.history.PAGE_ROWS", 3)
    shelf, more = Shelf(app, visitor), visitor.button("Show more")
    takes = [shelf.put(f"take {number}", created=1e9 + number) for number in range(7)]
    shelf.open(takes[-1].id)
    expect(visitor.rows).to_have_count(3)
    more.click()
    expect(visitor.rows).to_have_count(6)
    visitor.page.locator("#search input").fill("take")
    expect(visitor.page.locator(".history-head p")).to_have_text("7 of 7")
    more.click()
    expect(visitor.rows).to_have_count(7)
    expect(more).to_be_hidden()
    assert visitor.rows.last.locator(".prompt").inner_text() == "The take 0."


def test_a_refresh_that_brings_nothing_new_draws_nothing(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    shelf.put("heron")
    shelf.open(shelf.start(pngs["red"], "Slow orbit [600 s]"))
    expect(visitor.rows.first).to_contain_text("running")
    page.evaluate(
        """() => {
            window.drawn = [];
            const all = {childList: true, subtree: true, attributes: true, characterData: true};
            for (const place of document.querySelectorAll('.history-head, .neighbours'))
                new MutationObserver((list) => drawn.push(...list))
                    .observe(place.parentElement, all);
        }"""
    )
    with page.expect_response(lambda answer: app.calls("refresh")(answer.request)):
        shelf.runner._changes.mark(shelf.owner)
    page.wait_for_timeout(200)
    assert page.evaluate("drawn.length") == 0


def test_videos_of_one_click_are_listed_in_its_order(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    visitor.choose_smallest()
    visitor.fill(*pngs.values(), prompt="Slow orbit.")
    visitor.choice("one per picture").check()
    visitor.button("Make 3 · $0.12").click()
    expect(visitor.rows).to_have_count(3)
    jobs = app.studio.runner.jobs(Maker(app, visitor).owner)
    asked = [job.id for job in sorted(jobs, key=lambda job: job.idempotency_key)]
    rows = "all => all.map(each => each.dataset.job)"
    assert visitor.rows.evaluate_all(rows) == asked
    joined = "all => all.map(each => each.matches('.joined'))"
    assert visitor.rows.evaluate_all(joined) == [False, True, True]
    visitor.page.reload()
    expect(visitor.rows.first.locator("[aria-current]")).to_be_visible()


def test_a_delete_can_be_undone_and_then_is_for_good(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    stopped = shelf.start(pngs["red"], "No longer watched [600 s]")
    until(lambda: shelf.job(stopped).task_id)
    until(lambda: shelf.runner.stop(stopped, shelf.owner))
    kept = shelf.play("kept one", prompt="A video to keep.")
    gone = shelf.play("one that goes", prompt="A video to drop.")
    receipts = "localStorage.getItem('vidu-demo-tasks')"
    before = page.evaluate(receipts)
    shelf.open(gone.id)
    page.wait_for_function(f"before => {receipts} !== before", arg=before)
    expect(page).to_have_url(re.compile(f"task={gone.task_id}$"))
    folder = app.studio.videos / gone.id
    assert (folder / str(gone.video)).is_file()
    said, undo = page.locator("#leaving"), visitor.button("Undo")
    old_receipts = page.evaluate(receipts)

    may_run = visitor.row("No longer watched").get_by_role("button", name="Delete")
    may_run.click()
    expect(may_run).to_have_text("It may still be running. Delete?")
    visitor.prompt.focus()
    expect(may_run).to_have_text("Delete")
    expect(said).to_be_hidden()
    for _ in range(2):
        may_run.click()
    expect(said).to_have_text("1 video will be deleted in 8 s.")
    expect(undo).to_be_focused()
    undo.click()
    expect(said).to_be_hidden()

    delete = visitor.row("to drop").get_by_role("button", name="Delete")
    delete.click()
    expect(said).to_have_text(re.compile("1 video will be deleted in [1-7] s."))
    expect(visitor.row("to drop")).to_have_attribute("inert", "")
    page.reload()
    expect(visitor.rows).to_have_count(3)
    assert folder.exists()

    with page.expect_request(app.calls("delete")):
        delete.click()
        assert folder.exists()
        skip(page, 8)
    expect(visitor.rows).to_have_count(2)
    expect(visitor.rows.first).to_contain_text("A video to keep.")
    expect(page).to_have_url(re.compile(f"task={kept.task_id}$"))
    assert not folder.exists()
    with page.expect_request(app.calls("welcome")) as asked:
        page.reload()
    expect(visitor.task_id).to_have_text(str(kept.task_id))
    expect(visitor.rows).to_have_count(2)
    sent = asked_by(asked.value)[-1]
    assert [receipt["request"]["prompt"] for receipt in sent] == [
        "A video to keep.",
        "No longer watched [600 s]",
    ]
    # Another tab still had the receipt, and has written it back.
    page.evaluate("kept => localStorage.setItem('vidu-demo-tasks', kept)", old_receipts)
    page.reload()
    expect(visitor.task_id).to_have_text(str(kept.task_id))
    expect(visitor.rows).to_have_count(2)


@pytest.mark.usefixtures("small_videos")
def test_the_form_can_be_made_again_when_its_video_is_deleted(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    visitor.start(pngs["red"], prompt="The first try.")
    expect(visitor.headline).to_have_text(DONE)
    shelf = Shelf(app, visitor)
    shelf.open(shelf.put("heron").id)
    expect(visitor.row("The heron.")).to_be_visible()
    # The offers for its prompt go with it, so the form needs another one. Its pictures stay.
    with visitor.page.expect_response(lambda answer: app.calls("review")(answer.request)):
        visitor.row("The first try.").get_by_role("button", name="Delete").click()
        skip(visitor.page, 8)
    expect(visitor.row("The first try.")).to_have_count(0)
    visitor.page.evaluate("vidu.reviewed()")
    visitor.make.click()
    expect(visitor.row("The first try.")).to_have_attribute("data-state", "done")


def test_several_are_downloaded_and_deleted_together(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    names = ["heron", "otter", "badger", "marten", "lynx"]
    jobs = [shelf.put(name, created=1e9 - number) for number, name in enumerate(names)]
    shelf.put("lost", created=1e9 - 9, state=JobState.UNKNOWN, video=None)
    shelf.open(shelf.start(pngs["red"], "Still at it [600 s]"))
    boxes, chosen = page.locator(".pick input"), page.locator(".pick input:checked")
    expect(boxes).to_have_count(6)  # what runs can be neither downloaded nor deleted
    whole = page.get_by_role("checkbox", name="Select all")
    whole.check()
    expect(chosen).to_have_count(6)
    expect(visitor.button("Download 5")).to_be_visible()
    remove = visitor.button("Delete 6")
    remove.click()
    expect(page.get_by_text("Some may still be running. Delete?")).to_be_visible()
    whole.uncheck()
    expect(chosen).to_have_count(0)
    expect(page.locator("[data-do=download]")).to_be_hidden()

    visitor.row("otter").locator(".pick").click()
    visitor.row("marten").locator(".pick").click(modifiers=["Shift"])
    expect(chosen).to_have_count(3)
    assert whole.evaluate("box => box.indeterminate")
    found: list[str] = []
    page.on("download", lambda download: found.append(download.suggested_filename))
    visitor.button("Download 3").click()
    until(lambda: page.wait_for_timeout(50) or len(found) == 3)
    assert found == ["otter.mp4", "badger.mp4", "marten.mp4"]

    search = page.locator("#search input")
    search.fill("badger")
    expect(visitor.rows).to_have_count(1)
    expect(visitor.button("Delete 1")).to_be_visible()  # only what is in sight
    search.fill("")
    expect(visitor.rows).to_have_count(7)
    expect(chosen).to_have_count(1)
    visitor.row("otter").locator(".pick").click()
    asked: list[Any] = []
    page.on("request", lambda it: app.calls("delete")(it) and asked.append(it.post_data_json))
    visitor.button("Delete 2").click()
    expect(page.locator("#leaving")).to_have_text(re.compile("2 videos will be deleted in . s."))
    visitor.row("lynx").get_by_role("button", name="Delete").click()
    expect(page.locator("#leaving")).to_have_text("3 videos will be deleted in 8 s.")
    skip(page, 8)
    expect(visitor.rows).to_have_count(4)
    expect(page.locator("#leaving")).to_be_hidden()
    (told,) = asked
    assert len(told["event_data"]["jobs"]) == 3
    left = [job.request["prompt"] for job in shelf.runner.jobs(shelf.owner)]
    assert left == ["Still at it [600 s]", "The heron.", "The marten.", "The lost."]
    kept = [name for job, name in zip(jobs, names, strict=True) if (shelf.videos / job.id).exists()]
    assert kept == ["heron", "marten"]
    expect(visitor.row("Still at it").locator("[aria-current]")).to_be_visible()


def test_neighbours_are_a_key_away(visitor: Visitor, app: App) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    names = ["heron", "otter", "badger"]
    jobs = [shelf.play(name, prompt=f"The {name} turns.") for name in names]
    shelf.open(jobs[-1].id)
    before, after = visitor.button("Previous video"), visitor.button("Next video")
    shown = visitor.rows.filter(has=page.locator("[aria-current]")).locator(".prompt")
    expect(shown).to_have_text("The badger turns.")
    expect(before).to_be_disabled()
    after.click()
    expect(shown).to_have_text("The otter turns.")
    expect(visitor.details).to_contain_text("The otter turns.")
    page.locator("body").press("ArrowRight")
    expect(shown).to_have_text("The heron turns.")
    expect(after).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    expect(shown).to_have_text("The otter turns.")

    opened: list[str] = []
    page.on("request", lambda it: app.calls("use_list")(it) and opened.append(it.url))
    visitor.prompt.fill("A word.")
    visitor.prompt.press("ArrowLeft")
    visitor.video.focus()
    page.keyboard.press("ArrowRight")
    visitor.choice("720p").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_timeout(200)
    assert opened == []
    expect(shown).to_have_text("The otter turns.")


def test_list_that_cannot_be_read_claims_nothing_and_comes_back(
    visit: Callable[..., Visitor],
    app: App,
    api: Simulator,
    pngs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def locked(*_: Any, **__: Any) -> list[Job]:
        raise LedgerFailed("The list of jobs can't be read: it is locked.")

    monkeypatch.setattr("vidu_demo.ui.browser.watch.SLOWEST", 1.0)
    before, ledger = api.submit_count, app.studio.runner._ledger
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "for_owner", locked)
        visitor = visit()
        expect(visitor.headline).to_have_text("Status unavailable")
        expect(visitor.page.locator("h1")).to_be_visible()
    expect(visitor.headline).to_have_text("An example")
    visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "for_owner", locked)
        expect(visitor.headline).to_have_text("Status unavailable")
        expect(visitor.status).to_contain_text("No videos are lost.")
        expect(visitor.status).not_to_contain_text("charged")
        visitor.prompt.fill("Another one [600 s]")
        expect(visitor.make).to_be_enabled()
        visitor.make.click()
        until(lambda: api.submit_count == before + 2)
        expect(visitor.headline).to_have_text("Status unavailable")
    expect(visitor.rows).to_have_count(2)
    expect(visitor.status.locator("progress")).to_be_visible()
    expect(visitor.details.locator(".prompt")).to_have_text("Another one [600 s]")
    assert api.submit_count == before + 2


def test_a_link_to_a_task_says_that_one_more_is_too_many(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.MAX_OPEN", 0)
    visitor.page = visitor.open("?task=some-task-id")
    expect(visitor.status).to_contain_text("You are already watching 0 tasks")


def test_a_video_that_another_tab_has_deleted_stays_deleted(visitor: Visitor, app: App) -> None:
    shelf = Shelf(app, visitor)
    job = shelf.play("heron")
    app.studio.runner.delete(job.id, shelf.owner)
    visitor.page = visitor.open(f"?task={job.task_id}")
    expect(visitor.headline).to_have_text("An example")
    assert app.studio.runner.jobs(shelf.owner) == []


def test_a_delete_does_not_wait_for_another(visitor: Visitor, app: App) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    shelf.put("heron")
    shelf.open(shelf.put("otter").id)
    expect(visitor.rows).to_have_count(2)
    held = hold(page, app.calls("delete"), most=2)
    for number, name in enumerate(("heron", "otter"), 1):
        visitor.row(name).get_by_role("button", name="Delete").click()
        skip(page, 8)
        until(lambda number=number: page.wait_for_timeout(50) or len(held) == number)
    for route in held:
        route.continue_()
    expect(visitor.rows).to_have_count(0)


def test_a_late_answer_does_not_bring_back_the_video_before(visitor: Visitor, app: App) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    for number in range(MANY):
        shelf.put(f"lynx {number}")
    shelf.play("heron", prompt="The heron turns.")
    shelf.open(shelf.play("otter", prompt="The otter turns.").id)
    held = hold(page, app.calls("search"))
    page.locator("#search input").fill("turns")
    until(lambda: page.wait_for_timeout(50) or held)
    visitor.row("heron").locator(".open").click()
    expect(visitor.details.locator(".prompt")).to_have_text("The heron turns.")
    with page.expect_request(app.calls("refresh")):
        held[0].continue_()
    expect(visitor.details.locator(".prompt")).to_have_text("The heron turns.")
    shown = visitor.rows.filter(has=page.locator("[aria-current]")).locator(".prompt")
    expect(shown).to_have_text("The heron turns.")


def test_a_star_does_not_hold_up_the_next_click(visitor: Visitor, app: App) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    heron = shelf.play("heron", prompt="The heron turns.")
    shelf.open(shelf.play("otter", prompt="The otter turns.").id)
    held = hold(page, app.calls("use_list"))
    visitor.row("heron").get_by_role("button", name="Star").click()
    until(lambda: page.wait_for_timeout(50) or held)
    visitor.row("heron").locator(".open").click()
    expect(visitor.details.locator(".prompt")).to_have_text("The heron turns.")
    held[0].continue_()
    expect(visitor.row("heron").get_by_role("button", name="Star")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(visitor.details.locator(".prompt")).to_have_text("The heron turns.")
    assert app.studio.runner.jobs(shelf.owner)[-1].id == heron.id


@pytest.mark.parametrize(
    "action", ["Use these settings", "Continue from last frame", "Start a film"]
)
def test_what_another_tab_has_deleted_is_said_to_be_gone(
    visitor: Visitor, app: App, action: str
) -> None:
    shelf = Shelf(app, visitor)
    job = shelf.play("heron")
    shelf.open(job.id)
    app.studio.runner.delete(job.id, shelf.owner)
    if action == "Continue from last frame":
        visitor.button(action).click()
    else:
        visitor.more(action)
    expect(visitor.page.get_by_role("alert").filter(has_text="deleted")).to_contain_text(
        "This video has been deleted, perhaps in another tab."
    )
    assert len(visitor.failed) == 1
    visitor.failed.clear()


def test_video_whose_file_is_gone_is_fetched_again(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    maker = Shelf(app, visitor)
    (job,) = maker.done(maker.start(pngs["blue"], "Slow orbit."))
    before, folder = api.submit_count, app.studio.videos / job.id
    shutil.rmtree(folder)
    maker.open(job.id)
    expect(visitor.status).to_contain_text("The video file is missing.")
    expect(visitor.button("Continue from last frame")).not_to_be_visible()
    visitor.button("Download again").click()
    expect(visitor.video).to_be_visible()
    expect(visitor.headline).to_have_text(DONE)
    assert (folder / str(job.video)).is_file()
    assert api.submit_count == before


def test_jobs_of_others_stay_theirs(
    away: Maker, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    """Anyone can call any listener with the id of any job."""
    maker = away
    done = maker.start(pngs["blue"], "A secret wedding.", seed=770077)
    maker.done(done)
    api.statuses = RUNNING
    running = maker.start(pngs["blue"], "A secret funeral.", seed=78)
    until(lambda: maker.job(running).task_id)
    before, stranger = api.submit_count, app.token()
    for job in (done, running):
        tab = {"visitor": stranger, "shown": job}
        for name in (
            "refresh",
            "stop_watching",
            "watch_again",
            "use_settings",
            "use_settings_with_new_seed",
            "go_on",
        ):
            said = app.call(name, **tab)
            # A stranger's job and one that is deleted look the same.
            deleted = name in {"use_settings", "use_settings_with_new_seed", "go_on"}
            assert ("error" in said) is deleted, name
            assert ("This video has been deleted" in said) is deleted, name
            for secret in ("secret", "770077", str(maker.job(job).task_id), job + "/"):
                assert secret not in said.replace(f'"{job}"', ""), (name, secret)
        for do in ("open", "compare", "more", "delete"):
            said = app.call("use_list", event={"do": do, "job": job}, **tab)
            assert "error" not in said
            assert "secret" not in said
        for jobs in ([job], [[job], None, {"path": job}], job, None, {"a": 1}, ["x"] * 9999):
            said = app.call("delete", event={"jobs": jobs}, **tab)
            assert "error" not in said
            assert "secret" not in said
    assert maker.job(running).state == JobState.RUNNING
    assert maker.job(done).state == JobState.DONE
    assert (app.studio.videos / done).is_dir()
    assert api.submit_count == before
