"""Sign-in with Hugging Face, as on a Space, against an OpenID provider on loopback."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
import httpx
import pytest
import requests
from conftest import DEFAULTS
from openid_fixtures import ACCESS, Provider, provider
from page_fixtures import OWN_KEYS, REFUSED, SMALL, App, until
from playwright.sync_api import Browser, expect
from starlette.requests import Request
from starlette.testclient import TestClient
from test_sign_in import call_everything, gated, shut

from vidu_demo import VideoRequest
from vidu_demo.jobs.job import JobState, Payer
from vidu_demo.server.hosts import Host
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.ui.browser.visitor import SIGNED_IN, SignedIn, Unrecognised, Visitors
from vidu_demo.ui.guard.front import gate as gate_of
from vidu_demo.ui.sign_in.gate import COOKIE, Gate
from vidu_demo.ui.sign_in.hugging_face import HuggingFace, SignInUnavailable

HOST = "ada-studio.hf.space"
SPACE = f"https://{HOST}"


@pytest.fixture(scope="module")
def hub() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture(autouse=True)
def _ada(hub: Provider) -> None:
    hub.user = "Ada"


@pytest.fixture(scope="module")
def space(app: App, hub: Provider) -> Iterator[App]:
    """The app as on a Space, where only Ada and Grace are let in."""
    sign_in = HuggingFace(hub.environment(f"{HOST}, studio.example"), ["ada", "Grace"])
    gate = Gate(sign_in, app.studio.secret, space=True)
    with gated(app, gate, allowed_hosts=[Host(HOST)]) as made:
        yield made


@pytest.fixture
def browse(space: App) -> Iterator[Callable[[], TestClient]]:
    """Makes browsers that reach the app by the Space's own address."""
    with ExitStack() as stack:

        def make() -> TestClient:
            client = TestClient(space.demo.app, base_url=SPACE, follow_redirects=False)
            return stack.enter_context(closing(client))

        yield make


def leave(client: TestClient, query: str = "") -> str:
    """Go to Hugging Face, and return where it sends the browser back to."""
    gone = client.get(f"/login/huggingface{query}")
    assert gone.status_code == 302
    back = requests.get(gone.headers["location"], allow_redirects=False, timeout=10)
    assert back.headers["location"].startswith(f"{SPACE}/login/callback?")
    return back.headers["location"]


def sign_in(client: TestClient, query: str = "") -> httpx.Response:
    return client.get(leave(client, query))


def test_the_way_there_and_back(browse: Callable[[], TestClient]) -> None:
    client = browse()
    asked = client.get("/?task=abc")
    assert asked.status_code == 401
    assert 'href="login/huggingface?task=abc"' in asked.text
    answer = sign_in(client, "?task=abc")
    assert answer.status_code == 303
    assert answer.headers["location"] == "../?task=abc"
    assert "gradio_config" in client.get("/").text
    flags = answer.headers["set-cookie"].lower()
    for flag in ("httponly", "samesite=none", "secure", "partitioned", "max-age=604800"):
        assert flag in flags
    assert ACCESS not in json.dumps(dict(client.cookies))
    assert client.post("/logout").status_code == 303
    assert client.get("/config").status_code == 401


def test_hugging_face_opens_in_a_tab_of_its_own(browse: Callable[[], TestClient]) -> None:
    framed = browse().get("/", headers={"Sec-Fetch-Dest": "iframe"})
    assert 'target="_blank"' in framed.text
    assert "_blank" not in browse().get("/").text


def test_only_users_on_the_list_are_let_in(browse: Callable[[], TestClient], hub: Provider) -> None:
    for user, status in (("ada", 303), ("GRACE", 303), ("Eve", 403), ("Ada2", 403)):
        hub.user = user
        client = browse()
        answer = sign_in(client)
        assert answer.status_code == status, user
        assert client.get("/config").status_code == (200 if status == 303 else 401)
    assert "Ada2 is not on this app&#39;s list." in answer.text
    assert 'href="../login/huggingface"' in answer.text


def test_a_shorter_list_holds_at_once(
    app: App, hub: Provider, browse: Callable[[], TestClient]
) -> None:
    client = browse()
    sign_in(client)
    shorter = HuggingFace(hub.environment(HOST), ["Grace"])
    cookies = {COOKIE: client.cookies[COOKIE]}
    with gated(app, Gate(shorter, app.studio.secret, space=True)) as made:
        assert requests.get(made.url + "config", cookies=cookies, timeout=10).status_code == 401
    anyone = HuggingFace(hub.environment(HOST))
    with gated(app, Gate(anyone, app.studio.secret, space=True)) as made:
        assert requests.get(made.url + "config", cookies=cookies, timeout=10).status_code == 200


@pytest.mark.parametrize("attack", ["another browser", "forged", "refused", "twice", "no code"])
def test_a_way_back_that_is_not_ours_signs_nobody_in(
    browse: Callable[[], TestClient], hub: Provider, attack: str
) -> None:
    client = browse()
    match attack:
        case "another browser":
            back = leave(browse())
        case "forged":
            back = leave(client).partition("&code")[0] + "&code=forged"
        case "refused":
            hub.user = ""
            back = leave(client)
        case "twice":
            back = leave(client)
            client.get(back)
            client.post("/logout")
        case _:
            back = "/login/callback"
    answer = client.get(back)
    assert answer.status_code == 502
    assert "Signing in with Hugging Face did not work. Try again." in answer.text
    assert client.get("/config").status_code == 401


def test_a_provider_that_is_down_is_reported(app: App, hub: Provider) -> None:
    environment = {**hub.environment(HOST), "OPENID_PROVIDER_URL": "http://127.0.0.1:9"}
    with gated(app, Gate(HuggingFace(environment), app.studio.secret, space=True)) as made:
        answer = requests.get(made.url + "login/huggingface", timeout=10)
        assert answer.status_code == 502


def test_nothing_is_told_and_nothing_bought(space: App, api: Simulator) -> None:
    before = api.submit_count
    call_everything(space, requests.Session())
    shut(space, requests.Session())
    assert api.submit_count == before


# Whose videos are whose


def call(space: App, client: TestClient, name: str, **values: Any) -> str:
    body = space.call_body(name, **values)
    answer = client.post("/gradio_api/run/predict", json=body)
    assert answer.status_code == 200
    return answer.text


def test_a_user_finds_their_videos_from_another_browser(
    space: App, browse: Callable[[], TestClient], hub: Provider
) -> None:
    owner = Visitors(b"").owner({}, SignedIn("ada", verified=True))
    runner = space.studio.runner
    request = VideoRequest(images=["https://example.com/a.jpg"], prompt="Ada's cat.", **SMALL)
    job = runner.purchases.start(request, owner=owner, idempotency_key=owner)
    until(lambda: runner.jobs(owner)[0].state == JobState.DONE)
    for user, sees in (("Ada", True), ("ADA", True), ("Grace", False)):
        hub.user = user
        client = browse()
        sign_in(client)
        said = call(space, client, "welcome", visitor={}, kept={})
        assert (job.id in said) == sees, user
        assert f"Signed in as {user}." in said
    runner.delete(job.id, owner)


def test_a_user_is_one_visitor_wherever_they_are() -> None:
    visitors = Visitors(b"secret")

    def address(host: str, who: SignedIn | None) -> str:
        scope = {"type": "http", "headers": [], "client": (host, 1), "state": {SIGNED_IN: who}}
        return visitors.address(gr.Request(Request(scope)))

    ada, grace = (SignedIn(name, verified=True) for name in ("Ada", "Grace"))
    home, work = "192.0.2.1", "192.0.2.2"
    assert address(home, ada) == address(work, ada._replace(name="ADA"))
    assert address(home, ada) != address(home, grace)
    assert address(home, ada._replace(verified=False)) == address(home, None) != address(work, None)


def test_a_name_that_is_not_verified_proves_nothing() -> None:
    visitors = Visitors(b"secret")
    state = visitors.recognise({}, lambda _: False)
    free = SignedIn("Ada", verified=False)
    assert visitors.owner(state, free) == visitors.owner(state)
    with pytest.raises(Unrecognised):
        visitors.owner({}, free)


def test_the_page_behind_hugging_face(browser: Browser, app: App, hub: Provider) -> None:
    """In a browser, without the Space's TLS."""
    gate = Gate(HuggingFace(hub.environment(HOST)), app.studio.secret, space=False)
    with gated(app, gate) as made, closing(browser.new_context()) as context:
        refused: list[str] = []
        context.expose_function("refused", lambda what: refused.append(what))  # noqa: PLW0108
        context.add_init_script(REFUSED)
        page = context.new_page()
        page.goto(made.url + "?duration=3")
        with page.expect_request(f"{SPACE}/login/callback?**") as back:
            page.get_by_role("link", name="Sign in with Hugging Face").click()
        page = context.new_page()
        page.goto(f"{made.url}login/callback?{urlsplit(back.value.url).query}")
        expect(page.locator(".account")).to_contain_text("Signed in as Ada.")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in with Hugging Face")).to_be_visible()
        assert refused == []


# Off a Space


def test_it_refuses_to_start_off_a_space(hub: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = hub.environment(HOST)
    for name in environment:
        left = {key: value for key, value in environment.items() if key not in (name, "SYSTEM")}
        if name != "SYSTEM":
            with pytest.raises(SignInUnavailable, match=name):
                HuggingFace(left)

    studio: Any = type("", (), {"secret": b"x", "settings": Settings(sign_in="huggingface")})
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert gate_of(studio)
    monkeypatch.setenv("SYSTEM", "laptop")
    with pytest.raises(SignInUnavailable, match="works only on a Hugging Face Space"):
        gate_of(studio)


def test_a_user_buys_in_every_browser_with_the_key_of_one(
    space: App, browse: Callable[[], TestClient], api: Simulator
) -> None:
    first, second = browse(), browse()
    for client in (first, second):
        sign_in(client)
    runner = space.studio.runner
    ada = Visitors(space.studio.secret).owner({}, SignedIn("Ada", True))
    theirs = {"Origin": SPACE, "X-Vidu-Visitor": space.token()["token"]}
    answer = first.post("/key", headers={**theirs, "X-Novita-Key": OWN_KEYS[0]})
    assert answer.text == "Accepted."
    assert runner.purchases.payer(ada) is Payer.VISITOR

    form = {**DEFAULTS, **SMALL, "urls": "https://example.com/a.jpg", "prompt": "x", "takes": 1}
    form["visitor"] = space.token()

    def call(name: str, **values: Any) -> httpx.Response:
        asked = space.call_body(name, **values)
        return second.post("/gradio_api/run/predict", json=asked, headers={"Origin": SPACE})

    before = api.tasks_of_key.copy()
    _kept, _visible, offer, *_ = call("review", **form).json()["data"]
    assert "error" not in call("buy", offer=offer, **form).json()
    until(lambda: runner.jobs(ada) and runner.jobs(ada)[0].state is JobState.DONE)
    assert api.tasks_of_key - before == {OWN_KEYS[0]: 1}
    theirs["X-Vidu-Visitor"] = space.token()["token"]
    assert second.delete("/key", headers=theirs).text == "Forgotten."
    assert runner.purchases.payer(ada) is Payer.HOST
