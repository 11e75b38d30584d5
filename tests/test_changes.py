"""How an open page hears of changes: a plain route, and no look while nothing changes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from page_fixtures import DONE, RUNNING, App, Visitor
from playwright.sync_api import expect
from runner_fixtures import OTHER, OWNER, Bench, bench_over, shorten_waits, until

from vidu_demo.jobs import changes
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.job import JobState
from vidu_demo.simulator import Simulator
from vidu_demo.ui.browser.visitor import Visitors


@pytest.fixture
def bench(tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    with bench_over(tmp_path, clip) as made:
        yield made


def test_only_a_mark_gives_a_new_version() -> None:
    known = Changes()
    before = known.version("ann"), known.version("bob")
    assert before == (known.version("ann"), known.version("bob"))
    known.mark("ann")
    assert known.version("ann") != before[0]
    assert known.version("bob") == before[1]


def test_no_version_is_given_twice() -> None:
    known = Changes()
    seen = set()
    for _ in range(100):
        known.mark("ann")
        seen.add(known.version("ann"))
    assert len(seen) == 100
    assert Changes().version("ann") != Changes().version("ann")


def test_forgetting_looks_like_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_VISITORS", 3)
    known = Changes()
    seen = []
    for number in range(10):
        known.mark("ann")
        seen.append(known.version("ann"))
        for other in range(number):
            known.mark(f"other {other}")
            assert len(known._latest) <= 3
        seen.append(known.version("ann"))
    first_look = {version: place for place, version in enumerate(reversed(seen))}
    assert [*seen] == sorted(seen, key=lambda v: -first_look[v])  # no version ever comes back


def test_every_step_of_a_job_is_a_change(bench: Bench) -> None:
    bench.simulator.statuses = RUNNING
    seen = [bench.runner.version(OWNER)]

    def changed() -> None:
        until(lambda: bench.runner.version(OWNER) not in seen, "a new version")
        seen.append(bench.runner.version(OWNER))

    job = bench.start()
    bench.reaches(job, JobState.RUNNING)
    changed()
    bench.runner.stop(job.id, OWNER)
    changed()
    bench.simulator.statuses = None
    bench.runner.watch_again(job.id, OWNER)
    bench.done(job)
    changed()
    bench.runner.delete(job.id, OWNER)
    changed()
    assert bench.runner.version(OTHER).endswith("-0")


def test_an_answer_that_says_nothing_new_is_no_change(bench: Bench) -> None:
    bench.simulator.statuses = RUNNING
    job = bench.start()
    bench.reaches(job, JobState.RUNNING)
    until(lambda: bench.simulator.poll_count >= 3, "three polls")
    before, polls = bench.runner.version(OWNER), bench.simulator.poll_count
    until(lambda: bench.simulator.poll_count >= polls + 3, "three more")
    assert bench.runner.version(OWNER) == before


def test_the_route_tells_a_version_and_nothing_else(app: App) -> None:
    owner = Visitors(app.studio.secret).owner(app.token())
    answer = requests.get(f"{app.url}changes/{owner}", timeout=10)
    assert answer.text == app.studio.runner.version(owner)
    assert answer.headers["Cache-Control"] == "no-store"
    invented = requests.get(f"{app.url}changes/{'x' * 500}", timeout=10)
    assert invented.text == app.studio.runner.version("nobody")
    foreign = {"Origin": "https://evil.example"}
    assert (
        requests.post(f"{app.url}changes/{owner}", headers=foreign, timeout=10).status_code == 403
    )


def test_a_page_looks_only_when_something_has_changed(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    looks, asked = [], []
    is_look = app.calls("refresh")
    visitor.page.on("request", lambda request: is_look(request) and looks.append(request.url))
    visitor.page.on("response", lambda answer: "/changes/" in answer.url and asked.append(answer))
    api.statuses = RUNNING
    visitor.start(pngs["red"], prompt="Slow push-in")
    expect(visitor.headline).to_have_text("Processing · 99%")
    seen, before = len(asked), len(looks)
    assert before
    visitor.page.wait_for_event("response", lambda _: len(asked) >= seen + 4)
    assert len(looks) == before
    api.statuses = None
    expect(visitor.headline).to_have_text(DONE)
    seen = len(asked)
    expect(visitor.page.locator("#watch i")).to_have_count(0)
    visitor.page.wait_for_timeout(2_000)  # nothing is asked once nothing runs
    assert len(asked) <= seen + 1


def test_a_hidden_tab_hears_of_the_end(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true})"
    )
    visitor.start(pngs["red"], prompt="Slow push-in [2 s]")
    expect(visitor.page).to_have_title(re.compile("^Your video is done"), timeout=30_000)


def test_an_app_that_is_gone_for_a_while_is_asked_again(
    visitor: Visitor, pngs: dict[str, Path]
) -> None:
    visitor.page.route("**/changes/*", lambda route: route.abort())
    visitor.fill(pngs["red"], prompt="Slow push-in")
    with visitor.page.expect_event("requestfailed", lambda failed: "/changes/" in failed.url):
        visitor.make.click()
    visitor.page.unroute("**/changes/*")
    expect(visitor.headline).to_have_text(DONE)
