"""The wall: what it shows, and its use by keyboard, mouse and touch."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from page_fixtures import RUNNING, SMALL, App, Visitor, until
from PIL import Image
from playwright.sync_api import Locator, expect
from shelf_fixtures import Shelf, skip, small_clip
from test_compare import JOB, like

from vidu_demo.api.task import Task
from vidu_demo.jobs.job import JobState
from vidu_demo.jobs.runner import JobView
from vidu_demo.simulator import Simulator
from vidu_demo.ui.browser.tab import MAX_ON_WALL, ids
from vidu_demo.ui.i18n.words import speaker
from vidu_demo.ui.job import wall

pytestmark = pytest.mark.usefixtures("small_videos")

# What it shows


def drawn(*views: JobView, shown: str = "") -> str:
    return wall.render(
        views,
        shown,
        still=lambda _: None,
        video=lambda job: Path(f"/{job.video}") if job.state is JobState.DONE else None,
        say=str,
    )


def test_cells_say_what_differs() -> None:
    other = like(seed=8, duration=5, audio=True, prompt="Pan <b>left</b>.")
    assert wall.in_words([JOB, other], str) == [
        ["Slow push-in.", "3 s", "Seed 7", "Sound off"],
        ["Pan <b>left</b>.", "5 s", "Seed 8", "Sound on"],
    ]
    chinese = wall.in_words([JOB, other], speaker("zh-CN"))
    assert chinese[1][2:] == ["种子 8", "声音 开"]
    assert wall.in_words([JOB, like()], str) == [[], []]
    html = drawn(JobView(JOB, None), JobView(other, None))
    assert "Pan &lt;b&gt;left&lt;/b&gt;." in html
    assert html.count("<video") == 2


def test_each_cell_has_its_own_progress() -> None:
    running = replace(JOB, id="3" * 32, state=JobState.RUNNING, video=None)
    body = {"task": {"status": "TASK_STATUS_PROCESSING", "progress_percent": 40}}
    html = drawn(JobView(running, Task.read(body, "t")), JobView(JOB, None))
    assert html.count("<progress") == html.count('value="40"') == 1
    assert "running" in html
    assert html.count('data-do="discard"') == html.count('data-do="star"') == 1


def test_an_empty_wall_is_nothing() -> None:
    assert drawn() == drawn(JobView(replace(JOB, state=JobState.NOT_FOUND), None)) == ""


@pytest.mark.parametrize("sent", [None, 7, "abc", {"a": 1}, [1, None, {"path": "x"}]])
def test_anything_may_be_sent_as_its_jobs(sent: Any) -> None:
    assert ids(sent) == ()


def test_it_has_room_for_one_click() -> None:
    assert ids([str(number) for number in range(99)]) == tuple(map(str, range(MAX_ON_WALL)))
    assert ids(["a", "a", "b"]) == ("a", "b")


def test_nobody_sees_or_changes_the_videos_of_others(away: Shelf, app: App) -> None:
    job = away.play("heron")
    stranger = app.token()
    for event in (
        {"do": "wall", "jobs": [job.id]},
        {"do": "star", "job": job.id},
        {"do": "compare", "job": job.id},
    ):
        assert "heron" not in app.call("use_list", visitor=stranger, event=event)
    for name, event in (("go_on_from", {"job": job.id}), ("contact_sheet", {"jobs": [job.id]})):
        said = app.call(name, visitor=stranger, event=event, wall=job.id, shown=job.id)
        assert job.id not in said
    assert not away.job(job.id).starred


# By keyboard, mouse and touch


def cells(visitor: Visitor) -> Locator:
    return visitor.page.locator("#wall .cell")


def playing(visitor: Visitor) -> list[float]:
    times = "all => all.filter(each => !each.paused).map(each => each.currentTime)"
    found: list[float] = visitor.page.locator("#wall video").evaluate_all(times)
    return found


def test_the_takes_of_a_click_by_keyboard(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path], tmp_path: Path
) -> None:
    page, before = visitor.page, api.submit_count
    api.statuses = RUNNING
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.choose_smallest()
    visitor.fold_out("Variations")
    for seconds in ("1", "2", "3"):
        visitor.value("duration", seconds).check()
    expect(visitor.price).to_have_text(re.compile("for 3 videos"))
    page.locator("#make", has_text="Make 3").click()
    expect(cells(visitor)).to_have_count(3)
    until(lambda: api.submit_count == before + 3)
    expect(cells(visitor).locator("progress")).to_have_count(3)
    expect(cells(visitor).locator(".label span:first-child")).to_have_text(["1 s", "2 s", "3 s"])
    expect(cells(visitor).nth(0).locator(".face")).to_be_focused()
    api.statuses = None
    expect(page.locator("#wall video")).to_have_count(3)

    visitor.button("Play all").click()
    page.wait_for_function(
        "[...document.querySelectorAll('#wall video')].every(each => each.currentTime > 0)"
    )
    page.wait_for_function(
        "document.querySelectorAll('#wall video')[2].currentTime > 1.2"
    )  # the longest leads, and the shortest waits at its end
    page.evaluate("{ for (const each of document.querySelectorAll('#wall video')) each.mine = 1 }")
    (*_, lead) = playing(visitor)
    page.keyboard.press("Escape")
    cells(visitor).nth(0).locator(".face").focus()
    page.keyboard.press("ArrowRight")
    expect(cells(visitor).nth(1).locator(".face")).to_be_focused()
    page.keyboard.press("s")
    stars = page.locator("#wall .star[aria-pressed=true]")
    expect(stars).to_have_count(1)
    expect(page.locator("#history .star[aria-pressed=true]")).to_have_count(1)
    kept = "all => all.filter(each => each.mine).length"
    assert page.locator("#wall video").evaluate_all(kept) == 3
    assert playing(visitor), lead  # the refresh has stopped nothing
    expect(cells(visitor).nth(1).locator(".face")).to_be_focused()
    visitor.button("Pause").click()
    expect(visitor.button("Play all")).to_be_visible()
    assert playing(visitor) == []

    page.locator("#wall .face").first.focus()
    page.keyboard.press("3")
    third = cells(visitor).nth(2)
    expect(third.locator("[aria-current]")).to_be_visible()
    expect(visitor.facts).to_contain_text("3.0 s")
    third.locator(".face").focus()
    page.keyboard.press("x")
    said = page.locator("#wall-leaving")
    expect(said).to_have_text(re.compile("1 video will be deleted in [78] s."))
    expect(third).to_have_attribute("inert", "")
    expect(cells(visitor).nth(1).locator(".face")).to_be_focused()
    page.locator("#wall .leaving button").click()
    expect(said).to_be_hidden()
    expect(third).not_to_have_attribute("inert", "")
    third.locator(".face").focus()
    with page.expect_request(app.calls("delete")):
        page.keyboard.press("x")
        skip(page, 8)
    expect(cells(visitor)).to_have_count(2)
    expect(visitor.rows).to_have_count(2)

    visitor.prompt.focus()
    page.keyboard.type("1xs")  # which is text here
    expect(visitor.prompt).to_have_value(re.compile("1xs"))
    expect(cells(visitor)).to_have_count(2)
    with page.expect_download() as started:
        visitor.button("Contact sheet").click()
    started.value.save_as(tmp_path / "sheet.png")
    assert started.value.suggested_filename == "contact-sheet.png"
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > sheet.height
    page.locator("#wall .close").click()
    expect(page.locator("#wall")).to_be_hidden()
    page.locator("#neighbours").get_by_role("button", name="Wall").click()
    expect(cells(visitor)).to_have_count(2)


def test_selected_videos_by_mouse(visitor: Visitor, app: App) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    *_, newest = [shelf.play(name) for name in ("heron", "otter", "lynx")]
    shelf.open(newest.id)
    button = page.locator(".selection").get_by_role("button", name="Wall")
    for name in ("heron", "otter"):
        expect(button).to_be_hidden()
        visitor.row(name).get_by_role("checkbox").check()
    button.click()
    expect(cells(visitor)).to_have_count(2)
    expect(cells(visitor).locator(".label")).to_contain_text(["The otter.", "The heron."])
    cells(visitor).nth(0).hover()
    until(lambda: len(playing(visitor)) == 1)
    cells(visitor).nth(1).hover()
    until(lambda: len(playing(visitor)) == 1)
    page.mouse.move(0, 0)
    until(lambda: playing(visitor) == [])

    page.reload()
    expect(cells(visitor).locator(".label")).to_contain_text(["The otter.", "The heron."])
    assert page.evaluate("scrollY") == 0  # as it would be without the wall
    cells(visitor).nth(0).get_by_role("button", name="Compare").click()
    expect(page.locator("#compare video")).to_have_count(2)
    expect(cells(visitor)).to_have_count(2)
    cells(visitor).nth(1).get_by_role("button", name="Continue").click()
    expect(visitor.prompt).to_have_value("The heron.")
    expect(visitor.thumbnails).to_have_count(1)
    page.locator("#wall .close").click()
    expect(cells(visitor)).to_have_count(0)
    page.reload()
    expect(visitor.rows).to_have_count(3)
    expect(cells(visitor)).to_have_count(0)


def test_drafts_are_made_in_full_where_the_price_stands(
    visitor: Visitor, app: App, api: Simulator
) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    shelf.play("other one")
    full = {"prompt": "A draft.", "duration": 5, "resolution": "720p"}
    asked = {**full, **SMALL, "images": ["https://example.com/photo.jpg"], "seed": 5}
    draft = shelf.put("draft", small_clip(5, 1), request=asked, full=full)
    shelf.open(draft.id)
    before = api.submit_count
    for row in (0, 1):
        visitor.rows.nth(row).get_by_role("checkbox").check()
    page.locator(".selection").get_by_role("button", name="Wall").click()
    expect(cells(visitor).get_by_role("button", name="Make in full")).to_have_count(1)
    visitor.row("The other").locator(".open").click()
    expect(visitor.details).to_contain_text("The other one.")
    cells(visitor).get_by_role("button", name="Make in full").click()
    expect(page.locator("#full")).to_be_focused()
    expect(page.locator("#full")).to_contain_text("$0.275")
    assert api.submit_count == before


def test_by_touch(visit: Callable[..., Visitor], app: App) -> None:
    phone = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    shelf, page = Shelf(app, phone), phone.page
    shelf.play("heron")
    shelf.open(shelf.play("otter").id)
    phone.go_to("Videos")
    page.get_by_label("Select all").tap()
    page.locator(".selection").get_by_role("button", name="Wall").tap()
    expect(cells(phone)).to_have_count(2)
    expect(page.locator("#wall")).to_be_visible()  # in Watch
    expect(phone.rows.first).to_be_hidden()
    cells(phone).nth(0).get_by_role("button", name="Star").tap()
    expect(page.locator("#wall .star[aria-pressed=true]")).to_have_count(1)
    cells(phone).nth(1).get_by_role("button", name="Delete").tap()
    page.locator("#wall .leaving button").tap()
    expect(page.locator("#wall-leaving")).to_be_hidden()
    phone.button("Play all").tap()
    until(lambda: len(playing(phone)) > 0)
    cells(phone).nth(1).locator(".face").tap()
    expect(cells(phone).nth(1).locator("[aria-current]")).to_be_visible()
    cells(phone).nth(0).get_by_role("button", name="Delete").tap()
    skip(page, 8)
    expect(cells(phone)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
