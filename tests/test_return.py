"""Coming back: after a reload, a kill, a lost disk or a lost answer, nothing bought is lost."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import forked
import pytest
import requests
from page_fixtures import KEY, RUNNING, App, Visitor, free_port, until
from playwright.sync_api import Browser, Request, expect
from runner_fixtures import Always
from start_fixtures import APP, environment, start

from vidu_demo.simulator import Fault, Simulator
from vidu_demo.ui.browser.receipts import STORAGE_KEY

KEPT = f"(localStorage.getItem('{STORAGE_KEY}') ?? '').length"
"""How long the receipts are that the browser keeps: it encrypts them."""
LOST = Fault(reset=True, after=True)
"""The task is made, and its id gets lost on the way back."""


def history(visitor: Visitor) -> list[str]:
    return visitor.rows.all_inner_texts()


@pytest.fixture(autouse=True)
def _shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what people wait for."""
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.DOUBLE_CLICK_SECONDS", 0.3)
    monkeypatch.setattr("vidu_demo.api.pacing.MAX_MISSING", 3)


def test_stopping_to_watch_says_what_it_does_and_can_be_taken_back(
    visitor: Visitor, pngs: dict[str, Path], api: Simulator
) -> None:
    before = api.submit_count
    visitor.start(pngs["red"], prompt="stop me [3 s]")
    visitor.button("Stop watching").click()
    expect(visitor.headline).to_have_text("No longer watched")
    expect(visitor.status).to_contain_text("goes on at the vendor and may be billed")
    visitor.button("Resume watching").click()
    expect(visitor.headline).to_have_text("Done")
    assert api.submit_count == before + 1


def test_only_the_very_same_request_asks_before_it_is_bought_twice(
    visitor: Visitor, app: App, pngs: dict[str, Path], api: Simulator
) -> None:
    before = api.submit_count
    visitor.start(pngs["red"], prompt="one [20 s]")
    visitor.prompt.fill("another [20 s]")
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    until(lambda: api.submit_count == before + 2)
    expect(visitor.details.locator(".prompt")).to_have_text("another [20 s]")
    another = visitor.task_id.inner_text()
    expect(visitor.make).to_be_enabled()

    visitor.page.wait_for_timeout(400)  # later than a double click
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not sent")
    expect(visitor.status).to_contain_text("You already asked for this video")
    expect(visitor.status).to_contain_text("Nothing was charged.")
    assert api.submit_count == before + 2
    for _ in range(2):  # the page goes on looking, and the question stays
        with visitor.page.expect_event("requestfinished", app.calls("refresh")):
            pass
    expect(visitor.status).to_contain_text("You already asked for this video")
    visitor.page.get_by_role("button", name="Make a second one anyway").click()
    expect(visitor.task_id).not_to_have_text(another)
    assert api.submit_count == before + 3


def test_lost_answer_is_shown_as_unknown_and_never_sent_again(
    visitor: Visitor, pngs: dict[str, Path], api: Simulator
) -> None:
    before, tasks = api.submit_count, api.task_count
    api.faults["submit"].append(LOST)
    visitor.fill(pngs["red"], prompt="lost on the way")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Unknown: it may have been bought")
    expect(visitor.status).to_contain_text("It may have been charged.")
    expect(visitor.status).to_contain_text(
        re.compile(r"Sent at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
    )
    expect(visitor.status).to_contain_text("“lost on the way”, 5 s, 720p")
    expect(visitor.status).to_contain_text("Look in the Novita console")
    assert "unknown" in history(visitor)[0]
    assert "may have been billed" in history(visitor)[0]

    visitor.page.wait_for_timeout(400)
    visitor.make.click()
    expect(visitor.status).to_contain_text("a task may be running and billed")
    assert (api.submit_count, api.task_count) == (before + 1, tasks + 1)
    visitor.page.get_by_role("button", name="Make a second one anyway").click()
    until(lambda: api.submit_count == before + 2)


def test_link_to_a_task_shows_it_to_whoever_has_it(
    visitor: Visitor, pngs: dict[str, Path], api: Simulator
) -> None:
    task = visitor.start(pngs["red"], prompt="for you too")
    expect(visitor.headline).to_have_text(re.compile(r"^Done in"))
    expect(visitor.page).to_have_url(re.compile(f"[?&]task={task}$"))

    link, before = visitor.page.url, api.submit_count
    visitor.leave()  # and somebody else comes
    visitor.page.goto(link)
    expect(visitor.headline).to_have_text("Done")
    expect(visitor.video).to_be_visible()
    assert api.submit_count == before
    assert api.max_concurrent_polls_of(task) == 1


def watch(visitor: Visitor, task: str) -> None:
    visitor.field("Task id").fill(task)
    visitor.button("Watch").click()


def test_task_that_is_not_there_is_refused_once_and_not_listed(visitor: Visitor) -> None:
    visitor.fold_out("Continue a task by its id")
    for typed, says in (
        ("00000000-aaaa-bbbb-cccc-000000000000", "The API knows no such task"),
        ("../../etc/passwd", "doesn't look like a task id"),
    ):
        watch(visitor, typed)
        expect(visitor.headline).to_have_text("Nothing to watch")
        expect(visitor.status).to_contain_text(says)
        expect(visitor.status.locator("progress, .steps, .charge")).to_have_count(0)
        expect(visitor.rows).to_have_count(0)
        expect(visitor.page).not_to_have_url(re.compile("task="))
    visitor.page.reload()
    expect(visitor.headline).to_have_text("An example")
    expect(visitor.rows).to_have_count(0)


def elsewhere(api: Simulator) -> str:
    """Start a task without this app, and give its id back."""
    body = {"images": ["https://example.com/a.jpg"], "prompt": "elsewhere", "duration": 1}
    answer = requests.post(
        f"{api.url}/v3/async/vidu-q2-pro-img2video",
        json=body,
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=10,
    )
    return str(answer.json()["task_id"])


def test_task_from_elsewhere_is_continued_by_its_id_even_if_it_is_new(
    visitor: Visitor, api: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.fold_out("Continue a task by its id")
    watch(visitor, f"  {elsewhere(api)} ")
    expect(visitor.headline).to_have_text("Done")
    expect(visitor.video).to_be_visible()

    monkeypatch.setattr("vidu_demo.api.pacing.MAX_MISSING", 6)
    task = elsewhere(api)
    api.faults["poll"] = Always([Fault(404, {"reason": "TASK_NOT_FOUND"})])
    asked = api.polls_of[task]
    watch(visitor, task)
    until(lambda: api.polls_of[task] == asked + 1)
    expect(visitor.headline).to_have_text("Checking the task")
    expect(visitor.status).to_contain_text("The API can take half a minute")
    expect(visitor.status).not_to_contain_text("no such task")
    expect(visitor.status.locator(".steps")).to_have_count(0)
    expect(visitor.row(task)).to_contain_text("watched")
    api.faults["poll"] = []
    expect(visitor.headline).to_have_text("Done")
    expect(visitor.row(task)).to_contain_text("done")


def test_lost_network_is_forgiven(
    visitor: Visitor, app: App, pngs: dict[str, Path], api: Simulator
) -> None:
    before = api.submit_count
    visitor.start(pngs["red"], prompt="through a tunnel [2 s]")
    gone = visitor.page.expect_event("requestfailed", app.calls("refresh"))
    still_gone = visitor.page.expect_event("requestfailed", lambda call: "app_id" in call.url)
    with gone, still_gone:
        visitor.context.set_offline(True)
    visitor.context.set_offline(False)
    expect(visitor.headline).to_have_text(re.compile(r"^Done in"))
    assert api.submit_count == before + 1


# The real app, killed for real


class Child:
    """`app.py` in a process of its own."""

    def __init__(self, simulator: Simulator, data: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = data.parent
        self._environment = environment(
            data.parent, NOVITA_API_KEY=simulator.key, NOVITA_BASE_URL=simulator.url
        )
        self._process = None

    def start(self) -> None:
        nowhere = Path(os.devnull)
        place = (self._folder, self._environment, nowhere, nowhere)
        command = ["--port", str(self.port)]
        self._process = start(forked.run, APP, command, *place)
        until(self._answers, seconds=120)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.join()
            self._process = None

    def _answers(self) -> bool:
        try:
            return requests.get(self.url + "/config", timeout=5).ok
        except requests.ConnectionError:
            return False


def is_call(request: Request) -> bool:
    """Whether a page asks the app to do or to tell something."""
    return "/gradio_api/run/" in request.url


@contextmanager
def at(browser: Browser, child: Child) -> Iterator[Visitor]:
    context = browser.new_context()
    yield Visitor(context, child.url)
    context.close()


def test_killed_app_comes_back_to_the_open_page_even_without_its_disk(
    browser: Browser, tmp_path: Path, pngs: dict[str, Path]
) -> None:
    data = tmp_path / "data"
    with Simulator(KEY, seconds=1) as simulator:
        child = Child(simulator, data)
        try:
            child.start()
            with at(browser, child) as visitor:
                for bought, disk in enumerate(("forgets", "stays"), start=1):
                    prompt = f"through the kill, where the disk {disk}"
                    before = visitor.page.evaluate(KEPT)
                    simulator.statuses = RUNNING
                    visitor.start(pngs["red"], prompt=prompt)
                    expect(visitor.details.locator(".prompt")).to_have_text(prompt)
                    task = visitor.task_id.inner_text()
                    visitor.page.wait_for_function(f"{KEPT} > {before}")
                    with visitor.page.expect_event("requestfailed", is_call):
                        child.kill()
                    if disk == "forgets":
                        shutil.rmtree(data)
                    child.start()
                    simulator.statuses = None
                    expect(visitor.headline).to_have_text(re.compile(r"^Done"), timeout=40_000)
                    expect(visitor.task_id).to_have_text(task)
                    expect(visitor.video).to_be_visible()
                    expect(visitor.prompt).to_have_value(prompt)
                    assert prompt in history(visitor)[0]
                    assert len(list(data.glob("videos/*/*.mp4"))) == bought
                    assert simulator.submit_count == bought
        finally:
            child.kill()
