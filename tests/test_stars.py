"""Stars: kept in the ledger, shown in the list, and what it can be filtered by."""

from page_fixtures import App, Visitor
from playwright.sync_api import expect
from runner_fixtures import OTHER, OWNER, Bench
from shelf_fixtures import Shelf

from vidu_demo.jobs.job import JobState
from vidu_demo.jobs.search import Search
from vidu_demo.ui.job import history


def test_a_star_is_kept_and_found(bench: Bench) -> None:
    first, second = bench.take("click", 2)
    for job in (first, second):
        bench.done(job)
    version = bench.runner.version(OWNER)
    assert bench.runner.star(first.id, OWNER, starred=True)
    assert bench.runner.version(OWNER) != version
    bench.reopen()
    for search in (Search("", starred=True), history.search("star"), history.search("已加星标")):
        assert [job.id for job in bench.runner.jobs(OWNER, search=search)] == [first.id]
    assert bench.runner.count(OWNER, Search("slow", starred=True)) == 1
    assert bench.runner.star(first.id, OWNER, starred=False)
    assert bench.runner.count(OWNER, Search("", starred=True)) == 0


def test_only_ones_own_finished_videos_can_be_starred(bench: Bench) -> None:
    bench.simulator.statuses = ["TASK_STATUS_PROCESSING"]
    job = bench.start()
    bench.reaches(job, JobState.RUNNING)
    assert not bench.runner.star(job.id, OWNER, starred=True)
    bench.simulator.statuses = None
    bench.done(job)
    assert not bench.runner.star(job.id, OTHER, starred=True)
    assert not bench.runner.star("0" * 32, OWNER, starred=True)
    assert not bench.row(job).starred
    assert bench.runner.star(job.id, OWNER, starred=True)
    assert bench.row(job).starred


def test_starred_videos_are_shown_and_listed_alone(visitor: Visitor, app: App) -> None:
    shelf, page = Shelf(app, visitor), visitor.page
    shelf.play("heron")
    shelf.open(shelf.play("otter").id)
    filter_ = page.get_by_role("checkbox", name="Starred")
    expect(filter_).to_be_hidden()
    heron = visitor.row("heron").get_by_role("button", name="Star")
    heron.click()
    expect(heron).to_have_attribute("aria-pressed", "true")
    expect(visitor.task_id).to_be_visible()  # the open video stays open
    filter_.check()
    expect(visitor.rows).to_have_count(1)
    expect(page.locator(".history-head p")).to_have_text("1 of 2")
    heron.click()
    expect(visitor.rows).to_have_count(0)
    filter_.click()
    expect(visitor.rows).to_have_count(2)
    expect(filter_).to_be_hidden()  # nothing is starred
