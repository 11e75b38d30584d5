"""A stranger with plain HTTP, over every listener and endpoint of a hosted app."""

import asyncio
import inspect
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import requests
from mcp import ClientSession
from page_fixtures import KEY, App, serving, until
from test_mcp import call as call_tool
from test_mcp import using
from test_spending_limits import FORM, LIMITS, ask, through

from vidu_demo import ui
from vidu_demo.api import variations
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.films.film import Part
from vidu_demo.jobs.job import Job, Payer
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.jobs.search import EVERYTHING, Search
from vidu_demo.simulator import Simulator
from vidu_demo.ui.browser.elsewhere import TASKS
from vidu_demo.ui.browser.own_key import KEY_HEADER, VISITOR_HEADER
from vidu_demo.ui.browser.receipts import MAX_KEPT
from vidu_demo.ui.browser.visitor import Visitors

URL = "https://example.com/a.jpg"
CANARY = "canary-7f3a91"
ENDPOINTS = ("submit", "task", "estimate", "generate")
HOME = "203.0.113.7"
UI = Path(ui.__file__).parent
ACTIONS = sorted(
    {
        action
        for file in (*UI.glob("templates/*.html"), *UI.glob("static/*.js"))
        for action in re.findall(r"""data-do=["']?([\w-]+)|\bdo: '([\w-]+)'""", file.read_text())
        for action in filter(None, action)
    }
)
"""Everything that a click on the page can ask for."""
VARIED = {"prompts", *(f"{field}_values" for field in variations.VARIED)}
AS_IT_IS = {"number", "seed", "voice_id", "typed", "read", "filling", "starred", "at", *VARIED}
"""Inputs that name nothing of anybody's: they are sent as the page has them."""


@pytest.fixture
def hosted(app: App, tmp_path: Path) -> Iterator[App]:
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        yield stack.enter_context(serving(simulator, tmp_path, app.log, tools=True, **LIMITS))


class Walk:
    """A stranger who sends to every listener what is another visitor's.

    Attributes:
        job: The other visitor's, whose prompt is the canary.
        owner: The other visitor.
        secrets: What no answer may contain.
        unknown: Inputs and event fields that the walk knows no value for. Teach it: they may name
            what is another visitor's.
        reached: What each listener has asked the runner for: methods, with their first argument.
        offers: The offers that were made for each of the two.
    """

    def __init__(self, app: App, session: requests.Session, patch: pytest.MonkeyPatch) -> None:
        self.app, self.session, self.runner = app, session, app.studio.runner
        victim = app.token()
        assert "error" not in ask(app, "198.51.100.1", victim, prompt=CANARY)
        until(lambda: self.runner.open_jobs == 0)
        visitors = Visitors(app.studio.secret)
        self.owner = visitors.owner(victim)
        (self.job,) = self.runner.jobs(self.owner)
        self.film = self.runner.films.begin(self.owner, [Part(self.job.id)])
        self.link = self.runner.share(self.job.id, self.owner)
        assert self.link
        videos = app.studio.videos
        self.kept = {path: path.read_bytes() for path in videos.rglob("*") if path.is_file()}
        self.files = [*map(str, self.kept), "/etc/passwd", str(app.data / "secret")]
        self.secrets = (CANARY, str(self.job.task_id), victim["token"], self.owner, self.link)
        name = victim["token"].partition(".")[0]
        self.forged: list[Any] = [None, {}, {"token": "x" * 32}, {"token": f"{name}.{'0' * 64}"}]
        self.forged.append({"token": [victim["token"]]})
        self.fetched = app.token()
        self.stranger = visitors.owner(self.fetched)
        self.unknown: set[str] = set()
        self.reached: dict[str, set[tuple[str, str]]] = {}
        self.offers: dict[str, set[str]] = {self.owner: set(), self.stranger: set()}
        self.calls, self._name, self._read = 1, "", set[str]()  # seeds: 0 stands for any
        self.untaken = self.offer(self.owner)
        for method in GUARDED:
            patch.setattr(self.runner, method, self._spied(self.runner, method))
        purchases = self.runner.purchases
        patch.setattr(purchases, "buy", self._spied(purchases, "buy"))
        getter = gr.EventData.__getattr__

        def get(event: gr.EventData, field: str) -> Any:
            self._read.add(field)
            return getter(event, field)

        patch.setattr(gr.EventData, "__getattr__", get)

    def _spied(self, owned: Any, method: str) -> Callable[..., Any]:
        real = getattr(owned, method)

        def spy(first: str, *others: Any, **options: Any) -> Any:
            self.reached.setdefault(self._name, set()).add((method, first))
            return real(first, *others, **options)

        return spy

    @property
    def listeners(self) -> list[Any]:
        return [listener for listener in self.app.demo.fns.values() if listener.fn]

    def offer(self, owner: str) -> tuple[str, int]:
        """Make an offer that nobody has taken; gives its id and its seed."""
        form = {name: value for name, value in FORM.items() if name != "takes"}
        order = Order(VideoRequest(images=[URL], **form, seed=self.calls))
        made = self.runner.purchases.offer(order, owner=owner, payer=Payer.HOST)
        self.offers[owner].add(made.id)
        return made.id, self.calls

    def event(self, action: str, files: list[str]) -> dict[str, Any]:
        """What comes with an event: the other visitor's in every field."""
        job = self.job.id
        event: dict[str, Any] = {"do": action, "job": job, "jobs": [job], "example": job}
        event |= {"phrase": "x", "prompt": job, "way": "crop", "take": 0, "at": 0.1}
        event |= {"film": self.film.id}
        # The guard refuses a path that is not of an upload, so it comes only with such.
        return event | ({"path": files[0], "paths": files} if files else {})

    def data(self, listener: Any, visitor: Any, offer: str, seed: int, files: list[str]) -> Any:
        """A value for each input: a form that could be bought, and another's job."""
        job, pictures = self.job.id, [{"path": path} for path in files]
        form = {**FORM, "urls": URL, "image_urls": URL, "files": pictures, "seed": seed}
        place = {"part": job, "instead": True, "end": None, "film": self.film.id}
        receipt = {"task": job, "backend": self.job.backend, "payer": "host", "request": {}}
        known = {
            **form,
            "kept": form,
            "json": json.dumps({**FORM, "images": files or [URL]}),
            "images": pictures,
            "idempotency_key": None,
            "visitor": visitor,
            "receipts": [{**receipt, "created": 1.0}],
            "shown": job,
            "seen": f"{job} running",
            "fault": job,
            "text": job,
            "job": job,
            "held": offer,
            "offer": offer,
            "example": job,
            "asked": "1",
            "search": CANARY[:6],
            "pages": "2",
            "wall": job,
            "film": self.film.id,
            "arrangement": {
                "film": self.film.id,
                "parts": [{"job": job, "start": 0.1, "end": 0.2}],
            },
            "link": {"picture": "", "parent": job, "place": place},
            "dropped": {"path": files[0]} if files else None,
            "variations": None,
            "visible": [],
        }
        data = []
        for block, name in zip(listener.inputs, inputs(listener), strict=True):
            if name not in known and name not in AS_IT_IS:
                self.unknown.add(f"{listener.api_name}: {name}")
            names_a_job = isinstance(block, gr.Textbox) and name not in AS_IT_IS
            usual = job if names_a_job else getattr(block, "value", None)
            data.append(known.get(name, usual))
        return data

    def call(
        self, listener: Any, visitor: Any, owner: str, files: list[str], action: str = "open"
    ) -> requests.Response:
        """Call a listener with an offer of one of the two visitors; the stranger's is a new one."""
        self.calls += 1
        self._name = listener.api_name
        offer, seed = self.untaken
        if not {"held", "offer"} & {*inputs(listener)}:
            seed = self.calls
        elif owner == self.stranger:
            offer, seed = self.offer(owner)
        event = self.event(action, files)
        body = {
            "data": self.data(listener, visitor, offer, seed, files),
            "fn_index": listener._id,
            "session_hash": "stranger",
            "event_data": event,
        }
        url = f"{self.app.url}gradio_api/run/predict"
        answer = self.session.post(url, json=body, headers=through(HOME), timeout=30)
        given = {*event, "path", "paths"}
        self.unknown |= {f"{listener.api_name}: event.{name}" for name in self._read - given}
        assert answer.status_code in (200, 400, 500), (listener.api_name, answer.text)
        if answer.status_code == 500:  # how Gradio answers where a handler refuses
            assert answer.json()["error"], listener.api_name
        self.tells_nothing(answer.text, listener.api_name)
        return answer

    def everything(self, listener: Any) -> None:
        """Call a listener with each token, with files and without, and for every action."""
        self._read.clear()
        some = self.files[:2], self.files[-2:]
        for visitor in self.forged:
            for files in ([], *some):
                answer = self.call(listener, visitor, self.owner, files)
                if listener.api_name in (*ENDPOINTS, "welcome") or answer.status_code == 400:
                    continue
                reviewed = str(listener.api_name).startswith("review")
                assert "Reload it." in answer.text or reviewed, (listener.api_name, answer.text)
        for owner in (self.owner, self.stranger):
            for files in ([], *some):
                self.call(listener, self.fetched, owner, files)
        if "do" in self._read:
            for action in ACTIONS:
                self.call(listener, self.fetched, self.owner, [], action)
        untaken, _seed = self.untaken
        assert self.runner._ledger.open_offer(untaken, self.owner, time.time()), listener.api_name

    def tells_nothing(self, text: str, who: Any) -> None:
        assert not any(secret in text for secret in self.secrets), who

    def changed_nothing(self) -> None:
        assert self.runner.jobs(self.owner) == [self.job]
        assert self.runner.films.all_of(self.owner) == [self.film]
        assert self.runner.link(self.job) == self.link
        assert all(path.read_bytes() == held for path, held in self.kept.items())


def inputs(listener: Any) -> list[str]:
    """Name the inputs of a listener."""
    parameters = inspect.signature(listener.fn).parameters
    return listener.input_keyword_names or [name for name in parameters if name != "caller"]


GUARDED = {
    name
    for name, method in inspect.getmembers(JobRunner, inspect.isfunction)
    if [*inspect.signature(method).parameters][1:3] == ["job_id", "owner"]
}
"""The runner's methods that serve a visitor one of their jobs."""


@pytest.fixture
def walk(hosted: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    with requests.Session() as session:
        session.trust_env = False  # it would look for proxies before each call
        yield Walk(hosted, session, monkeypatch)


def test_a_stranger_buys_no_more_than_the_limits_allow_and_sees_nothing(walk: Walk) -> None:
    for listener in walk.listeners:
        walk.everything(listener)
    assert walk.calls >= 500
    assert walk.unknown == set()
    # The victim spent 4 of the 16 cents, and each visitor can spend 10.
    spent = walk.runner.purchases.spent("", "").all
    assert spent == Decimal("0.12")
    until(lambda: walk.app.simulator.submit_count == 3)
    walk.changed_nothing()

    # It was not another check that has held the stranger up.
    everywhere = set().union(*walk.reached.values())
    # A job is looked for before it is deleted or shared.
    looked = GUARDED - {"delete", "share", "unshare"}
    assert {method for method, first in everywhere if first == walk.job.id} == looked
    asked = ("delete", "use_list", "use_settings", "go_on", "compare", "show_example", "share")
    for name in (*asked, "contact_sheet", "draw_wall", "start_film", "film"):
        assert ("find", walk.job.id) in walk.reached[name], name
    assert ("calls", walk.job.id) in walk.reached["read_calls"]
    for name in ("buy", "buy_draft", "simulate", "buy_again", "buy_in_full"):
        taken = {first for method, first in walk.reached[name] if method == "buy"}
        assert taken & walk.offers[walk.owner], name
        assert taken & walk.offers[walk.stranger], name


def test_no_method_of_the_runner_serves_a_job_to_a_stranger(walk: Walk) -> None:
    assert {"find", "calls", "delete", "stop", "watch_again"} <= GUARDED
    for name in GUARDED:
        for owner in (walk.stranger, "", walk.owner[:-1]):
            options = {"starred": True} if name == "star" else {}
            assert not getattr(walk.runner, name)(walk.job.id, owner, **options), name
    walk.changed_nothing()


def test_every_other_route_to_a_listener_is_no_better(walk: Walk) -> None:
    address, headers = f"{walk.app.url}gradio_api/", through(HOME)
    answered = set()

    def stop(call: dict[str, Any], event: str) -> None:
        for route in ("cancel", "reset"):
            about = {**call, "event_id": event}
            answer = walk.session.post(address + route, json=about, timeout=30)
            walk.tells_nothing(answer.text, route)

    for listener in walk.listeners:
        name = listener.api_name
        _offer, seed = walk.offer(walk.owner)
        data = walk.data(listener, walk.fetched, _offer, seed, [])
        body = {"data": data, "event_data": walk.event("open", [])}
        numbered = {**body, "fn_index": listener._id, "session_hash": "stranger"}
        named = {**body, "fn_index": listener._id}
        for route, sent, result in (
            ("api/predict", numbered, ""),
            (f"run/{name}", named, ""),
            (f"api/{name}", named, ""),
            ("queue/join", numbered, "queue/data?session_hash=stranger"),
            (f"call/{name}", body, f"call/{name}/"),
            (f"call/v2/{name}", dict(enumerate(map(str, data))), f"call/{name}/"),
            (f"call/v2/{name}", {"job": walk.job.id}, f"call/{name}/"),
        ):
            answer = walk.session.post(address + route, json=sent, headers=headers, timeout=30)
            said = answer.text
            if answer.ok and result:
                event = answer.json()["event_id"]
                at = result + event if result.endswith("/") else result
                said += walk.session.get(address + at, headers=headers, timeout=60).text
                stop(numbered, event)
            if answer.ok:
                answered.add(route.removesuffix(f"/{name}"))
            walk.tells_nothing(said, route)
        stop(numbered, walk.job.id)
    assert answered == {"api/predict", "run", "api", "queue/join", "call", "call/v2"}
    assert walk.runner.purchases.spent("", "").all <= Decimal("0.12")
    walk.changed_nothing()


def test_other_ways_in_are_no_better(walk: Walk) -> None:
    address, runner = walk.app.url, walk.runner
    runner.take_key(KEY, walk.owner)
    for token in (walk.owner, walk.job.id, *(str(each) for each in walk.forged)):
        for method in ("POST", "DELETE"):
            headers = {VISITOR_HEADER: token, KEY_HEADER: "wrong"}
            answer = requests.request(method, f"{address}key", headers=headers, timeout=30)
            assert answer.status_code == 401
            walk.tells_nothing(answer.text, "key")
    headers = {VISITOR_HEADER: walk.fetched["token"]}
    assert requests.delete(f"{address}key", headers=headers, timeout=30).ok
    assert runner.purchases.payer(walk.owner) is Payer.VISITOR
    assert runner.purchases.payer(walk.stranger) is Payer.HOST

    for name in (walk.owner, walk.job.id, str(walk.job.task_id), "", "x" * 5000):
        answer = requests.get(f"{address}changes/{name}", timeout=30)
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9]+", answer.text) or answer.status_code == 404

    async def ask_tools(session: ClientSession) -> list[Any]:
        names = (walk.job.id, walk.owner, str(walk.job.task_id), walk.job.idempotency_key)
        return [await call_tool(session, "task", job=name) for name in names]

    for said in using(walk.app, ask_tools):
        assert "There is no such job." in said
    walk.changed_nothing()


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
    common = {"headers": through(HOME), "visitor": visitor}
    assert "Too many task ids" in hosted.call("open_task", **common, text="task-9999")
    assert "Too many task ids" not in hosted.call("open_task", **common, text="task-0001")
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
