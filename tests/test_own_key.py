"""A visitor's own key on the page and for programs: what it does, and where it never is."""

import base64
import gc
import os
import secrets
import types
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import DEFAULTS, refusing
from fastapi import FastAPI
from gradio_client import Client
from gradio_client.exceptions import AppError
from page_fixtures import KEY, OWN_KEYS, SMALL, App, Visitor, serving, until
from playwright.sync_api import Locator, expect
from runner_fixtures import Always
from starlette.testclient import TestClient

from vidu_demo.jobs.buying.keys import KeyStays
from vidu_demo.jobs.job import JobState, Payer
from vidu_demo.jobs.ledger import digest
from vidu_demo.settings import Settings
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.studio import Studio
from vidu_demo.ui.browser.own_key import CHECKS, FORGETS
from vidu_demo.ui.browser.visitor import Visitors
from vidu_demo.ui.job import status

OWN, OTHERS = OWN_KEYS
FREE = "Videos are made by Vidu Q2 Pro at Novita and charged to your key."
PAID = "Videos are made by Vidu Q2 Pro at Novita and charged to your own key."
STORED = "vidu-demo-own-key"


def owner_of(app: App, visitor: Visitor) -> str:
    return Visitors(app.studio.secret).owner({"token": visitor.token})


def stored(visitor: Visitor) -> str:
    return str(visitor.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])"))


def said(visitor: Visitor) -> Locator:
    return visitor.key_form.locator(".said")


def key_route(app: App, method: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, app.url + "key", headers=named, timeout=30)


# On the page


def test_a_visitor_pays_with_their_own_key_until_they_have_it_forgotten(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before, other = api.tasks_of_key.copy(), app.token()
    expect(visitor.payer).to_have_text(FREE)
    visitor.use_key(OWN)
    expect(visitor.payer).to_have_text(PAID)
    expect(visitor.page.locator("#price")).to_contain_text("Charged to your own key.")
    visitor.choose_smallest()
    task = visitor.start(pngs["red"], prompt="Slow push-in [600 s]")
    assert api.tasks_of_key[OWN] == before[OWN] + 1
    assert OWN not in stored(visitor)

    assert FREE in app.call("welcome", visitor=other)
    owner = Visitors(app.studio.secret).owner(other)
    assert app.studio.runner.purchases.payer(owner) is Payer.HOST

    visitor.forget_key()
    expect(visitor.payer).to_have_text(FREE)
    expect(visitor.page.locator("#price")).to_contain_text("Charged to your key.")
    expect(visitor.headline).to_have_text("Waiting for your key")
    expect(visitor.status).to_contain_text("Nothing is sent twice.")
    expect(visitor.row("Slow push-in")).to_contain_text("waits for your key")
    visitor.page.reload()
    expect(visitor.headline).to_have_text("Waiting for your key")
    expect(visitor.task_id).to_have_text(task)

    api.statuses = ["TASK_STATUS_SUCCEED"]
    visitor.use_key(OWN)
    expect(visitor.headline).to_contain_text("Done")
    assert api.tasks_of_key - before == {OWN: 1}


def test_a_remembered_key_is_sent_again_and_can_be_forgotten(visitor: Visitor, app: App) -> None:
    visitor.use_key(OWN, remember=True)
    expect(visitor.payer).to_have_text(PAID)
    assert visitor.page.evaluate(f"localStorage.getItem('{STORED}')") == OWN
    app.studio.runner.forget_key(owner_of(app, visitor))  # as a restart does
    visitor.page.reload()
    expect(visitor.payer).to_have_text(PAID)
    assert app.studio.runner.purchases.payer(owner_of(app, visitor)) is Payer.VISITOR
    visitor.page.reload()
    visitor.key_form.get_by_text("Your own key is in use", exact=True).click()
    expect(visitor.key_form).to_contain_text("This browser remembers it, too.")
    visitor.button("Forget the key").click()
    expect(visitor.payer).to_have_text(FREE)
    assert OWN not in stored(visitor)
    visitor.page.reload()
    expect(visitor.payer).to_have_text(FREE)


def test_a_key_that_is_not_taken_says_why_and_stays_nowhere(
    visitor: Visitor, app: App, api: Simulator
) -> None:
    visitor.use_key("wrong", remember=True)
    expect(said(visitor)).to_contain_text("The API did not accept the key.")
    expect(said(visitor)).to_contain_text("Check your key at Novita, and enter it again.")
    box = visitor.key_form.get_by_label("Your Novita API key")
    for key, fault, text in (
        (OWN, Fault(reset=True), "The API could not be reached, so the key was not accepted."),
        (OWN, refusing(403, "NOT_ENOUGH_BALANCE"), "too little balance"),
        (OWN, refusing(403, "NEED_REAL_NAME_VERIFY"), "may not use this model"),
        ("schlüssel", None, "contains a character that no key has"),
    ):
        api.faults["poll"] = [fault]
        box.fill(key)
        visitor.button("Use this key").click()
        expect(said(visitor)).to_contain_text(text)
    api.faults["poll"] = []
    expect(visitor.payer).to_have_text(FREE)
    assert STORED not in stored(visitor)
    assert app.studio.runner.purchases.payer(owner_of(app, visitor)) is Payer.HOST


def test_enter_in_the_key_box_buys_nothing(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.use_key("wrong")
    expect(said(visitor)).to_contain_text("did not accept")
    box = visitor.key_form.get_by_label("Your Novita API key")
    box.fill(OWN)
    box.press("Control+Enter")
    box.press("Enter")
    expect(visitor.payer).to_have_text(PAID)
    assert api.submit_count == before
    expect(visitor.headline).to_have_text("An example")


def test_a_page_without_its_script_sends_no_key(app: App) -> None:
    """The form's input has no name, so that the browser itself would send nothing of it."""
    page = app.call("welcome")
    assert "own-key" in page
    form = page[page.index("<form") : page.index("</form>")]
    assert 'method=\\"post\\"' in form
    assert "name=" not in form


def test_a_shared_page_says_who_sees_the_key(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    warning = "link through Gradio"
    assert warning not in app.call("welcome")
    monkeypatch.setattr(app.demo, "share_url", "https://abc.gradio.live")
    assert warning in app.call("welcome")


# The route


def test_the_route_needs_the_visitors_own_token(app: App) -> None:
    visitor, forged = app.token()["token"], f"{'x' * 32}.{'0' * 64}"
    owner = Visitors(app.studio.secret).owner({"token": visitor})
    for method in ("POST", "DELETE"):
        for token in (forged, owner, ""):
            answer = key_route(app, method, X_Novita_Key=OWN, X_Vidu_Visitor=token)
            assert answer.status_code == 401
        assert key_route(app, method, X_Novita_Key=OWN).status_code == 401
    assert app.studio.runner.purchases.payer(owner) is Payer.HOST

    answer = key_route(app, "POST", X_Novita_Key=OWN, X_Vidu_Visitor=visitor)
    assert (answer.status_code, answer.text) == (200, "Accepted.")
    assert answer.headers["Cache-Control"] == "no-store"
    assert app.studio.runner.purchases.payer(owner) is Payer.VISITOR
    answer = key_route(app, "DELETE", X_Vidu_Visitor=visitor)
    assert (answer.status_code, answer.text) == (200, "Forgotten.")
    assert app.studio.runner.purchases.payer(owner) is Payer.HOST
    assert key_route(app, "GET", X_Vidu_Visitor=visitor).status_code in (404, 405)


def test_the_route_says_that_other_processes_may_still_have_the_key(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = app.token()["token"]
    assert key_route(app, "POST", X_Novita_Key=OWN, X_Vidu_Visitor=token).ok

    def unheard(*_: Any) -> None:
        raise KeyStays

    monkeypatch.setattr(app.studio.runner._followers._scheduler, "tell_forgotten", unheard)
    answer = key_route(app, "DELETE", X_Vidu_Visitor=token)
    assert (answer.status_code, answer.text) == (424, f"{KeyStays.what} {KeyStays.next_step}")
    owner = Visitors(app.studio.secret).owner({"token": token})
    assert app.studio.runner.purchases.payer(owner) is Payer.HOST


def test_nobody_can_have_the_api_asked_about_keys_without_end(app: App, tmp_path: Path) -> None:
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        made = stack.enter_context(serving(simulator, tmp_path, app.log))
        answers = [
            key_route(made, "POST", X_Novita_Key=f"wrong-{n}", X_Vidu_Visitor=made.token()["token"])
            for n in range(CHECKS.files + 5)
        ]
        assert [answer.status_code for answer in answers] == [403] * CHECKS.files + [429] * 5
        assert answers[-1].text.endswith("Try again in an hour.")
        assert simulator.poll_count == CHECKS.files


def test_nobody_can_have_the_other_processes_told_without_end(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        made = stack.enter_context(serving(simulator, tmp_path, app.log))
        told: list[str] = []
        scheduler = made.studio.runner._followers._scheduler
        monkeypatch.setattr(scheduler, "tell_forgotten", told.append)
        known = made.token()["token"]
        assert key_route(made, "POST", X_Novita_Key=KEY, X_Vidu_Visitor=known).ok
        answers = [
            key_route(made, "DELETE", X_Vidu_Visitor=made.token()["token"])
            for _ in range(FORGETS.files + 5)
        ]
        assert [answer.status_code for answer in answers] == [200] * FORGETS.files + [424] * 5
        assert len(told) == FORGETS.files
        answer = key_route(made, "DELETE", X_Vidu_Visitor=known)  # who gave a key is always heard
        assert (answer.status_code, answer.text) == (200, "Forgotten.")
        assert len(told) == FORGETS.files + 1


def test_another_site_can_neither_set_nor_forget_a_key(app: App) -> None:
    visitor = app.token()["token"]
    owner = Visitors(app.studio.secret).owner({"token": visitor})
    evil = {"Origin": "https://evil.example", "X_Vidu_Visitor": visitor, "X_Novita_Key": OWN}
    assert key_route(app, "POST", **evil).status_code == 403
    assert app.studio.runner.purchases.payer(owner) is Payer.HOST
    assert key_route(app, "POST", X_Novita_Key=OWN, X_Vidu_Visitor=visitor).ok
    assert key_route(app, "DELETE", **evil).status_code == 403
    assert app.studio.runner.purchases.payer(owner) is Payer.VISITOR


@pytest.mark.parametrize(
    ("key", "fault", "status"),
    [
        ("wrong", None, 403),
        ("", None, 403),
        (OWN, Fault(reset=True), 424),
        (OWN, refusing(500, "GET_RESULT_FAILED"), 424),
    ],
)
def test_the_answer_says_why_not_in_the_visitors_language(
    app: App, api: Simulator, key: str, fault: Fault | None, status: int
) -> None:
    api.faults["poll"] = [fault]
    headers = {"X_Vidu_Visitor": app.token()["token"], "Accept_Language": "zh-CN"}
    answer = key_route(app, "POST", X_Novita_Key=key, **headers)
    assert answer.status_code == status
    assert any("一" <= letter <= "鿿" for letter in answer.text)
    assert key not in answer.text or not key


@pytest.mark.parametrize("goes", [False, True])
def test_a_key_that_comes_or_goes_during_a_click_does_not_change_who_pays(
    app: App, api: Simulator, monkeypatch: pytest.MonkeyPatch, goes: bool
) -> None:
    """Otherwise the host would pay for what no limit holds back, as for a visitor's key."""
    runner, visitor, before = app.studio.runner, app.token(), api.submit_count
    owner = Visitors(app.studio.secret).owner(visitor)
    form = {**DEFAULTS, "urls": "https://example.com/a.jpg", "prompt": "x", **SMALL, "takes": 1}
    offer = app.offer(visitor, **form)
    if goes:
        runner.take_key(OWN, owner)
    buy = runner.purchases.buy

    def meanwhile(*about: Any, **options: Any) -> Any:
        runner.forget_key(owner) if goes else runner.take_key(OWN, owner)
        return buy(*about, **options)

    monkeypatch.setattr(runner.purchases, "buy", meanwhile)
    answer = app.call("buy", visitor=visitor, offer=offer, **form)
    monkeypatch.undo()
    if goes:
        assert "This price is no longer valid" in answer
        assert runner.jobs(owner) == []
    else:
        until(lambda: runner.jobs(owner)[0].state == JobState.DONE)
        assert runner.jobs(owner)[0].payer is Payer.HOST
    assert api.submit_count == before + (not goes)


def test_a_mounted_page_takes_keys_below_its_path(tmp_path: Path) -> None:
    from vidu_demo.ui import mount

    outer, origin = FastAPI(), {"Origin": "http://testserver"}
    with Simulator(KEY, more_keys=[OWN]) as api:
        settings = Settings(base_url=api.url, data_dir=tmp_path)
        mount(outer, "/videos", settings=settings)
        with TestClient(outer) as browser:
            visitors = Visitors((tmp_path / "secret").read_bytes())
            headers = {"X-Vidu-Visitor": visitors.recognise({}, lambda _: False)["token"]}
            for key, status in ((OWN, 200), ("wrong", 403)):
                sent = {**headers, **origin, "X-Novita-Key": key}
                assert browser.post("/videos/key", headers=sent).status_code == status
            assert browser.delete("/videos/key", headers=headers).text == "Forgotten."


# Programs


def generate(app: App, key: str, **fields: Any) -> str:
    client = Client(app.url, analytics_enabled=False, verbose=False, headers={"X-Novita-Key": key})
    try:
        asked = {"image_urls": "https://example.com/a.jpg", "prompt": "x", **SMALL, **fields}
        return str(client.predict(**asked, api_name="/generate"))
    finally:
        client.close()


def test_programs_pay_with_a_header(app: App, api: Simulator) -> None:
    before, kept = api.tasks_of_key.copy(), len(app.studio.runner._accounts._keys)
    assert "'state': 'done'" in generate(app, OTHERS)
    assert api.tasks_of_key - before == {OTHERS: 1}
    assert len(app.studio.runner._accounts._keys) == kept


def test_a_programs_wrong_key_buys_nothing_for_anyone(app: App, api: Simulator) -> None:
    before = api.submit_count
    for key in ("wrong", "k" * 501):
        with pytest.raises(AppError, match="Nothing was charged"):
            generate(app, key)
    assert api.submit_count == before


def call(app: App, name: str, key: str | None = None, **values: Any) -> Any:
    headers = {} if key is None else {"X-Novita-Key": key}
    client = Client(app.url, headers=headers, analytics_enabled=False, verbose=False)
    try:
        return client.predict(api_name=name, **values)
    finally:
        client.close()


def test_programs_have_keys_checked_no_more_often(app: App, tmp_path: Path) -> None:
    asked = {"image_urls": "https://example.com/a.jpg", "prompt": "x", **SMALL}
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0, more_keys=[OWN]))
        made = stack.enter_context(serving(simulator, tmp_path, app.log))
        for n in range(CHECKS.files - 2):
            token = made.token()["token"]
            key_route(made, "POST", X_Novita_Key=f"wrong-{n}", X_Vidu_Visitor=token)
        with pytest.raises(AppError, match="did not accept the key"):
            call(made, "/submit", "wrong", **asked)
        simulator.statuses = ["TASK_STATUS_PROCESSING"]
        job = call(made, "/submit", OWN, **asked)["job"]
        with pytest.raises(AppError, match="Too many keys have been entered"):
            call(made, "/submit", "wrong", **asked)
        # The key that pays for a job is not checked again whenever the job is asked about.
        until(lambda: call(made, "/task", OWN, job=job)[0]["state"] == "running")
        with pytest.raises(AppError, match="Too many keys have been entered"):
            call(made, "/task", "wrong", job=job)


def test_a_program_goes_on_with_its_key_after_it_was_gone(app: App, api: Simulator) -> None:
    before, runner = api.tasks_of_key.copy(), app.studio.runner
    api.statuses = ["TASK_STATUS_PROCESSING"]
    asked = {"image_urls": "https://example.com/a.jpg", "prompt": "x", **SMALL}
    job = call(app, "/submit", OTHERS, **asked)["job"]
    until(lambda: call(app, "/task", OTHERS, job=job)[0]["state"] == "running")
    runner.forget_key(digest("program", job))  # as a restart does
    message = call(app, "/task", job=job)[0]["message"]
    assert message == f"{status.KEY_FORGOTTEN} Send it to /task as X-Novita-Key."
    api.statuses = None
    until(lambda: call(app, "/task", OTHERS, job=job)[1])
    assert api.tasks_of_key - before == {OTHERS: 1}
    assert runner.purchases.payer(digest("program", job)) is Payer.HOST


def test_a_programs_key_goes_with_its_job_though_nobody_asks_about_it(
    app: App, api: Simulator
) -> None:
    runner, name = app.studio.runner, secrets.token_hex(16)
    keys, owner = runner._accounts._keys, digest("program", name)
    asked = {"image_urls": "https://example.com/a.jpg", "prompt": "x", **SMALL}
    api.statuses = ["TASK_STATUS_PROCESSING"]
    call(app, "/submit", OTHERS, **asked, idempotency_key=name)
    until(lambda: runner.jobs(owner)[0].state is JobState.RUNNING)
    assert keys.has(owner)
    api.statuses = None
    until(lambda: runner.jobs(owner)[0].state is JobState.DONE)
    until(lambda: not keys.has(owner))
    before = api.submit_count
    assert call(app, "/submit", OTHERS, **asked, idempotency_key=name)["state"] == "done"
    assert call(app, "/task", OTHERS, job=name)[0]["state"] == "done"
    assert not keys.has(owner)
    assert api.submit_count == before


def test_an_estimate_says_that_ones_own_key_pays(app: App) -> None:
    assert call(app, "/estimate", **SMALL)["payer"] == "your key"
    own = call(app, "/estimate", OWN, **SMALL)
    assert (own["payer"], own["can_be_bought"]) == ("your own key", True)


# Whose keys pay


@pytest.mark.parametrize(
    ("keys", "key", "usual", "takes"),
    [
        ("both", "k", Payer.HOST, True),
        ("both", "", Payer.SIMULATOR, True),
        ("visitor", "k", Payer.SIMULATOR, True),
        ("visitor", "", Payer.SIMULATOR, True),
        ("host", "k", Payer.HOST, False),
        ("host", "", Payer.SIMULATOR, False),
    ],
)
def test_the_host_says_whose_keys_pay(
    tmp_path: Path, keys: str, key: str, usual: Payer, takes: bool
) -> None:
    around = {"VIDU_DATA_DIR": f"{tmp_path}", "VIDU_KEYS": keys, "NOVITA_API_KEY": key}
    studio = Studio(Settings.from_environment(around))
    try:
        assert studio.runner.purchases.payer("somebody") is studio.runner.usual_payer is usual
        assert studio.runner.takes_keys is takes
        assert studio.simulated is (usual is Payer.SIMULATOR)
    finally:
        studio.close()


def test_an_unknown_choice_of_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="VIDU_KEYS must be host, visitor or both, not 'mine'"):
        Settings.from_environment({"VIDU_KEYS": "mine"})


def test_a_visitors_key_works_beside_the_simulator(tmp_path: Path, clip: bytes) -> None:
    from vidu_demo.api.request import VideoRequest

    request = VideoRequest(images=["https://example.com/a.jpg"], prompt="x", **SMALL)
    with Simulator(KEY, clip=clip, seconds=0, more_keys=[OWN]) as api:
        settings = Settings(
            api_key=KEY, keys="visitor", base_url=api.url, data_dir=tmp_path / "data"
        )
        studio = Studio(settings)
        runner = studio.runner
        try:
            free = runner.purchases.start(request, owner="free", idempotency_key="1")
            runner.take_key(OWN, "pays")
            paid = runner.purchases.start(request, owner="pays", idempotency_key="2")
            owners = ("free", "pays")
            until(lambda: all(runner.jobs(owner)[0].state == JobState.DONE for owner in owners))
            assert (free.payer, paid.payer) == (Payer.SIMULATOR, Payer.VISITOR)
            assert api.tasks_of_key == {OWN: 1}
            runner.take_key(OWN, "free")
            runner.purchases.start(request, owner="free", idempotency_key="3")
            assert len(runner.jobs("free")) == 2  # what was simulated stays listed
        finally:
            studio.close()


# Where a key never is


def test_a_visitors_key_appears_nowhere(
    visit: Callable[..., Visitor], app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor = visit()
    answers, sent = visitor.overhear(), []
    visitor.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    # Always: the poll of another test's job may come first.
    api.faults["poll"] = Always([refusing(401, "INVALID_API_KEY", f"no such key as {OWN}")])
    visitor.use_key(OWN)
    expect(said(visitor)).to_contain_text("no such key as [key]")
    api.faults["poll"] = []
    visitor.button("Use this key").click()
    expect(visitor.payer).to_have_text(PAID)
    visitor.choose_smallest()
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.make.click()
    expect(visitor.headline).to_contain_text("Done in")
    me, owner = {"token": visitor.token}, owner_of(app, visitor)
    for prompt, fault in (
        ("[no balance]", None),
        ("A lost answer.", Fault(reset=True, after=True)),
        ("A refusal.", refusing(400, "INVALID_REQUEST_BODY", f"Bearer {OWN} is not enough")),
        ("A failure.", Fault(500, f"<html>{OWN}</html>")),
    ):
        api.faults["submit"] = [fault]
        form = {**DEFAULTS, "urls": "https://example.com/a.jpg", **SMALL, "takes": 1}
        form["prompt"] = prompt
        answers.append(app.call("buy", visitor=me, offer=app.offer(me, **form), **form))
        headline = (
            "Unknown: it may have been bought" if fault and fault.status != 400 else "Not submitted"
        )
        job = app.studio.runner.jobs(owner)[0].id
        look = partial(app.call, "refresh", visitor=me, shown=job)
        until(lambda look=look, told=headline: told in look())
        answers.append(look())
        assert prompt in answers[-1]
    api.faults["poll"] = Always([refusing(403, "ACCESS_DENY", f"not for {OWN}")])
    visitor.prompt.fill("A refused poll.")
    visitor.make.click()
    expect(visitor.status).to_contain_text("not for [key]")
    api.faults["poll"] = []
    visitor.page.reload()
    expect(visitor.payer).to_have_text(PAID)
    assert f"Bearer {OWN}" in {r.headers.get("Authorization") for r in api.requests}

    other = app.token()
    pages = [
        requests.get(app.url + path, timeout=10).text
        for path in ("", "config", "gradio_api/info", "gradio_api/app_id", "theme.css")
    ]
    pages += [app.call(name, visitor=other) for name in ("welcome", "refresh", "review")]
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    sessions = [repr(vars(app.demo)), repr(vars(app.demo.app.state_holder))]
    everything = [*answers, *sent, *pages, *environment, *sessions, stored(visitor), *visitor.asked]
    everything += [visitor.page.content(), *app.log]
    assert any("Slow push-in" in text for text in everything)
    forms = [OWN, base64.b64encode(OWN.encode()).decode()[:-4], OWN[::-1]]
    for form in forms:
        assert not [text for text in everything if form in text]
        for folder in (app.data, app.uploads):
            for path in folder.rglob("*"):
                if path.is_file():
                    assert form.encode() not in path.read_bytes(), path


def holds(thing: Any, key: str) -> bool:
    held = gc.get_referents(thing)
    return any(
        key in value if isinstance(value, str) else key.encode() in value
        for value in held
        if isinstance(value, str | bytes)
    )


def holders(key: str) -> list[str]:
    """The kinds of objects in this process, the app's and the test's, that hold a key."""
    gc.collect()
    this_search = types.FrameType | types.CellType
    found = (thing for thing in gc.get_objects() if not isinstance(thing, this_search))
    return [type(thing).__name__ for thing in found if holds(thing, key)]


def test_nothing_in_the_process_holds_a_key_that_is_forgotten(app: App, api: Simulator) -> None:
    key, token, known = secrets.token_hex(16), app.token()["token"], api.keys
    api.keys = (*known, key)
    generate(app, key)
    assert key_route(app, "POST", X_Novita_Key=key, X_Vidu_Visitor=token).ok
    form = {**DEFAULTS, "urls": "https://example.com/a.jpg", "prompt": "x", **SMALL, "takes": 1}
    visitor = {"token": token}
    app.call("buy", visitor=visitor, offer=app.offer(visitor, **form), **form)
    runner, owner = app.studio.runner, Visitors(app.studio.secret).owner(visitor)
    until(lambda: runner.jobs(owner) and runner.jobs(owner)[0].state == JobState.DONE)
    assert api.tasks_of_key.pop(key) == 2

    # What the API itself remembers does not count.
    api.keys = known
    api.requests.clear()
    api._accounts.clear()
    until(lambda: holders(key) == ["SecretStr"])
    assert key_route(app, "DELETE", X_Vidu_Visitor=token).ok
    until(lambda: not holders(key))
