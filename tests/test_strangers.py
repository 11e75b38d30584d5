"""A stranger with plain HTTP, over every listener and endpoint of a hosted app."""

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import requests
from page_fixtures import KEY, App, serving, until
from test_spending_limits import FORM, LIMITS, ask, through

from vidu_demo.jobs.job import Job, Payer
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.search import EVERYTHING, Search
from vidu_demo.simulator import Simulator
from vidu_demo.ui.browser.elsewhere import TASKS
from vidu_demo.ui.browser.receipts import MAX_KEPT
from vidu_demo.ui.browser.visitor import STORAGE_KEY, Visitors

CANARY = "canary-7f3a91"
ENDPOINTS = ("submit", "task", "estimate", "generate")
HOME = "203.0.113.7"


@pytest.fixture
def hosted(app: App, tmp_path: Path) -> Iterator[App]:
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        yield stack.enter_context(serving(simulator, tmp_path, app.log, **LIMITS))


def values(listener: Any, visitor: Any, job: str, offer: str, files: list[str]) -> list[Any]:
    """What a stranger may send to a listener: a form that could be bought, and another's job."""
    form: dict[str, Any] = {**FORM, "urls": "https://example.com/a.jpg", "offer": offer}
    form |= {"image_urls": form["urls"], "shown": job, "held": offer, "text": job, "job": job}
    form |= {"files": [{"path": path} for path in files]}
    data = []
    parameters = [name for name in inspect.signature(listener.fn).parameters if name != "caller"]
    names = listener.input_keyword_names or parameters
    for block, name in zip(listener.inputs, names, strict=True):
        if isinstance(block, gr.BrowserState):
            data.append(visitor if block.storage_key == STORAGE_KEY else [])
        else:
            data.append(form.get(str(name), getattr(block, "value", None)))
    return data


def call(app: App, listener: Any, data: list[Any], job: str) -> requests.Response:
    event = {"do": "delete", "job": job, "index": 0, "value": None, "phrase": "x", "example": "x"}
    body = {
        "data": data,
        "fn_index": listener._id,
        "session_hash": "stranger",
        "event_data": event,
    }
    url = f"{app.url}gradio_api/run/predict"
    return requests.post(url, json=body, headers=through(HOME), timeout=30)


def test_a_stranger_buys_no_more_than_the_limits_allow_and_sees_nothing(hosted: App) -> None:
    api, victim = hosted.simulator, hosted.token()
    assert "error" not in ask(hosted, "198.51.100.1", victim, prompt=CANARY)
    until(lambda: hosted.studio.runner.open_jobs == 0)
    owner = Visitors(hosted.studio.secret).owner(victim)
    (job,) = hosted.studio.runner.jobs(owner)
    form = {**FORM, "urls": "https://example.com/a.jpg"}
    offer = hosted.offer(victim, **form)
    kept = {path: path.read_bytes() for path in hosted.studio.videos.rglob("*") if path.is_file()}
    secrets = (CANARY, str(job.task_id), victim["token"])
    fetched, name = hosted.token(), victim["token"].partition(".")[0]
    forged = [{"token": "x" * 32}, {"token": f"{name}.{'0' * 64}"}, {"token": [victim["token"]]}]
    tokens = [None, {}, *forged, fetched]
    own = hosted.offer(fetched, **form)
    files = [str(path) for path in kept] + ["/etc/passwd", str(hosted.data / "secret")]
    calls = 0
    for listener in list(hosted.demo.fns.values()):
        if not listener.fn:
            continue
        for token in tokens:
            for given in ([], files[:2], files[-2:]):
                theirs = own if token is fetched else offer
                data = values(listener, token, job.id, theirs, given)
                answer = call(hosted, listener, data, job.id)
                calls += 1
                assert answer.status_code in (200, 400, 500), (listener.api_name, answer.text)
                if answer.status_code == 500:  # how Gradio answers where a handler refuses
                    assert answer.json()["error"], listener.api_name
                assert not any(secret in answer.text for secret in secrets), listener.api_name
                if listener.api_name in (*ENDPOINTS, "welcome") or answer.status_code == 400:
                    continue
                refused = "Reload it." in answer.text
                reviewed = str(listener.api_name).startswith("review")
                assert refused or reviewed or token is fetched, (listener.api_name, answer.text)
    assert calls >= 500
    # The victim spent 4 of the 16 cents, and each visitor can spend 10.
    spent = hosted.studio.runner.spent("", "").all
    assert Decimal("0.04") < spent <= Decimal("0.14")
    until(lambda: api.submit_count == spent / Decimal("0.04"))
    assert hosted.studio.runner.jobs(owner) == [job]
    assert all(path.read_bytes() == held for path, held in kept.items())


def test_a_stranger_cannot_fill_the_disk_with_tasks(hosted: App) -> None:
    runner, visitor = hosted.studio.runner, hosted.token()
    backend = runner._accounts.backend(Payer.HOST)

    def welcome(start: int, address: str = HOME) -> None:
        kept = [
            {"task": f"task-{start + n:04d}", "backend": backend, "payer": Payer.HOST}
            for n in range(MAX_KEPT)
        ]
        hosted.call("welcome", headers=through(address), visitor=visitor, receipts=kept)

    for start in range(0, 2 * TASKS.files, MAX_KEPT):
        welcome(start)
    assert len(runner._ledger.states()) == TASKS.files
    welcome(0)  # what is known does not count
    question = {"headers": through(HOME), "visitor": visitor}
    assert "Too many task ids" in hosted.call("open_task", **question, text="task-9999")
    assert "Too many task ids" not in hosted.call("open_task", **question, text="task-0001")
    welcome(9000, "198.51.100.7")
    assert len(runner._ledger.states()) == TASKS.files + MAX_KEPT


def test_a_search_holds_nobody_else_up(hosted: App, monkeypatch: pytest.MonkeyPatch) -> None:
    on_the_loop: list[tuple[str, bool]] = []
    find = Ledger.for_owner

    def for_owner(
        ledger: Ledger, *who: str, search: Search = EVERYTHING, **options: Any
    ) -> list[Job]:
        on_the_loop.append((search.text, asyncio._get_running_loop() is not None))
        return find(ledger, *who, search=search, **options)

    monkeypatch.setattr(Ledger, "for_owner", for_owner)
    for search in ("", "a b c"):
        answer = hosted.call("search", visitor=hosted.token(), search=search)
        assert "data" in answer
    assert {(search, here) for search, here in on_the_loop if search} == {("a b c", False)}
    assert on_the_loop[0] == ("", True)
