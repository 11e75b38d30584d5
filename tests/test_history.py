"""A visitor's list of videos: searching, opening, comparing, deleting; and only their own."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from page_fixtures import DONE, RUNNING, App, Maker, Visitor, asked_by, until
from playwright.sync_api import expect

from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Simulator
from vidu_demo.ui.job.history import MANY


def test_videos_are_found_downloaded_opened_and_compared(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    maker = Maker(app, visitor)
    names = ["heron", "otter", "badger", "marten", "lynx"]
    done = maker.done(
        *(
            maker.start(pngs["red"], f"The {name} turns.", seed=number)
            for number, name in enumerate(names, 1)
        )
    )
    api.statuses = RUNNING
    maker.start(pngs["green"], "The last one.")
    maker.show()
    expect(visitor.rows).to_have_count(6)
    search = visitor.page.locator("#search input, #search textarea")
    search.fill("HERON")
    expect(visitor.rows).to_have_count(1)
    expect(visitor.rows).to_contain_text("The heron turns.")
    expect(visitor.status.locator("progress")).to_be_visible()
    api.statuses = None
    expect(visitor.headline).to_have_text(DONE)
    expect(visitor.rows).to_have_count(1)
    search.fill("no such animal")
    expect(visitor.page.locator("#history")).to_contain_text("No videos found.")

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
        ["Seed", "1", "2"],
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


def test_rows_say_when_and_stand_in_line(
    visit: Callable[..., Visitor], app: App, pngs: dict[str, Path]
) -> None:
    visitor = visit(viewport={"width": 390, "height": 844})
    maker = Maker(app, visitor)
    maker.done(
        maker.start(pngs["red"], "The heron turns.", seed=1),
        maker.start(pngs["red"], "The otter turns.", seed=2_000_000_001),
    )
    maker.show("Videos")
    when = visitor.rows.first.locator("time")
    expect(when).to_have_text(re.compile(r"^\d\d:\d\d( [AP]M)?$"))
    visitor.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=1))
    visitor.page.reload()
    visitor.go_to("Videos")
    expect(when).to_have_text(re.compile(r"^[A-Z][a-z]+ \d+(, \d{4})?, \d\d:\d\d( [AP]M)?$"))
    left = "all => all.map(each => each.getBoundingClientRect().left)"
    assert len({*visitor.page.locator("#history .estimate").evaluate_all(left)}) == 1
    begin = visitor.page.locator("#history .facts").evaluate_all(_FIRST_OF_LINES)
    assert len(begin) > 2  # some wrap
    assert all(begin)

    visitor.rows.last.get_by_role("button", name="Compare").click()
    heads = visitor.page.locator("#compare thead th")
    expect(heads.get_by_text("Top", exact=True)).to_be_visible()  # one above the other
    expect(heads.get_by_text("Left", exact=True)).to_be_hidden()
    visitor.page.set_viewport_size({"width": 1440, "height": 900})
    expect(heads.get_by_text("Left", exact=True)).to_be_visible()
    expect(heads.get_by_text("Top", exact=True)).to_be_hidden()


def test_search_says_all_that_it_finds_on_a_phone(
    visit: Callable[..., Visitor], app: App, pngs: dict[str, Path]
) -> None:
    visitor = visit(viewport={"width": 390, "height": 844})
    maker = Maker(app, visitor)
    maker.done(*(maker.start(pngs["red"], f"Take {number}.") for number in range(MANY + 1)))
    maker.show("Videos")
    fits = """box => {
        const style = getComputedStyle(box);
        const pen = document.createElement('canvas').getContext('2d');
        pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        const beside = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
        return pen.measureText(box.placeholder).width <= box.clientWidth - beside;
    }"""
    assert visitor.page.locator("#search :is(input, textarea)").evaluate(fits)


def test_videos_of_one_click_are_listed_in_its_order(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    visitor.choose_smallest()
    visitor.fill(*pngs.values(), prompt="Slow orbit.")
    visitor.choice("one per picture").check()
    visitor.button("Make 3 videos").click()
    expect(visitor.rows).to_have_count(3)
    jobs = app.studio.runner.jobs(Maker(app, visitor).owner)
    asked = [job.id for job in sorted(jobs, key=lambda job: job.idempotency_key)]
    rows = "all => all.map(each => each.dataset.job)"
    assert visitor.rows.evaluate_all(rows) == asked
    visitor.page.reload()
    expect(visitor.rows.first.locator("[aria-current]")).to_be_visible()


def test_deleting_asks_first_and_is_for_good(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    maker = Maker(app, visitor)
    stopped = maker.start(pngs["red"], "No longer watched [600 s]")
    until(lambda: maker.runner.stop(stopped, maker.owner))
    kept, gone = maker.done(
        maker.start(pngs["red"], "A video to keep."), maker.start(pngs["blue"], "A video to drop.")
    )
    maker.show()
    expect(visitor.page).to_have_url(re.compile(f"task={gone.task_id}$"))
    folder = app.studio.videos / gone.id
    assert (folder / str(gone.video)).is_file()

    may_run = visitor.row("No longer watched").get_by_role("button", name="Delete")
    old_receipts = visitor.page.evaluate("localStorage.getItem('vidu-demo-tasks')")
    may_run.click()
    expect(may_run).to_have_text("It may still be running. Delete?")
    delete = visitor.row("to drop").get_by_role("button", name="Delete")
    delete.click()
    expect(may_run).to_have_text("Delete")
    expect(delete).to_have_text("Really delete?")
    visitor.prompt.focus()
    expect(delete).to_have_text("Delete")
    delete.click()
    expect(visitor.rows).to_have_count(3)
    delete.click()
    expect(visitor.rows).to_have_count(2)
    expect(visitor.rows.first).to_contain_text("A video to keep.")
    expect(visitor.page).to_have_url(re.compile(f"task={kept.task_id}$"))
    assert not folder.exists()
    with visitor.page.expect_request(app.calls("welcome")) as asked:
        visitor.page.reload()
    expect(visitor.task_id).to_have_text(str(kept.task_id))
    expect(visitor.rows).to_have_count(2)
    receipts = asked_by(asked.value)[-1]
    assert [receipt["request"]["prompt"] for receipt in receipts] == [
        "A video to keep.",
        "No longer watched [600 s]",
    ]
    # Another tab still had the receipt, and has written it back.
    visitor.page.evaluate("kept => localStorage.setItem('vidu-demo-tasks', kept)", old_receipts)
    visitor.page.reload()
    expect(visitor.task_id).to_have_text(str(kept.task_id))
    expect(visitor.rows).to_have_count(2)


def test_list_that_cannot_be_read_claims_nothing_and_comes_back(
    visit: Callable[..., Visitor],
    app: App,
    api: Simulator,
    pngs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def locked(*_: Any, **__: Any) -> list[Job]:
        raise LedgerFailed("The list of jobs can't be read: it is locked.")

    before, ledger = api.submit_count, app.studio.runner._ledger
    visitor = visit()
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
        guest = visit()
        expect(guest.headline).to_have_text("Status unavailable")
        expect(guest.page.locator("h1")).to_be_visible()
    expect(visitor.rows).to_have_count(2)
    expect(visitor.status.locator("progress")).to_be_visible()
    expect(visitor.details.locator(".prompt")).to_have_text("Another one [600 s]")
    expect(guest.headline).to_have_text("An example")
    assert api.submit_count == before + 2


def test_a_link_to_a_task_says_that_one_more_is_too_many(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.runner.MAX_OPEN", 0)
    visitor.page = visitor.open("?task=some-task-id")
    expect(visitor.status).to_contain_text("You are already watching 0 tasks")


def test_video_whose_file_is_gone_is_fetched_again(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    maker = Maker(app, visitor)
    (job,) = maker.done(maker.start(pngs["blue"], "Slow orbit."))
    before, folder = api.submit_count, app.studio.videos / job.id
    shutil.rmtree(folder)
    maker.show()
    expect(visitor.status).to_contain_text("The video file is missing.")
    expect(visitor.button("Continue from last frame")).not_to_be_visible()
    visitor.button("Download again").click()
    expect(visitor.video).to_be_visible()
    expect(visitor.headline).to_have_text(DONE)
    assert (folder / str(job.video)).is_file()
    assert api.submit_count == before


def test_jobs_of_others_stay_theirs(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    """Anyone can call any listener with the id of any job."""
    maker = Maker(app, visitor)
    done = maker.start(pngs["blue"], "A secret wedding.", seed=770077)
    maker.done(done)
    api.statuses = RUNNING
    running = maker.start(pngs["blue"], "A secret funeral.", seed=78)
    until(lambda: maker.job(running).task_id)
    before, stranger = api.submit_count, app.token()
    for job in (done, running):
        tab = {"visitor": stranger, "shown": job}
        for name in (
            "look",
            "stop_watching",
            "watch_again",
            "use_settings",
            "use_settings_with_new_seed",
            "go_on",
        ):
            said = app.call(name, **tab)
            assert "error" not in said, name
            for secret in ("secret", "770077", str(maker.job(job).task_id), job + "/"):
                assert secret not in said.replace(f'"{job}"', ""), (name, secret)
        for do in ("open", "compare", "delete"):
            said = app.call("use_list", event={"do": do, "job": job}, **tab)
            assert "error" not in said
            assert "secret" not in said
    assert maker.job(running).state == JobState.RUNNING
    assert maker.job(done).state == JobState.DONE
    assert (app.studio.videos / done).is_dir()
    assert api.submit_count == before
