"""Nothing can be bought, read or uploaded without signing in: over plain HTTP and in a browser."""

import asyncio
import hmac
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import pytest
import requests
from conftest import Clock
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError
from page_fixtures import App, Visitor, free_port
from playwright.sync_api import expect
from starlette.routing import BaseRoute

from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.ui.sign_in.gate import COOKIE, Gate
from vidu_demo.ui.sign_in.password import Password
from vidu_demo.ui.sign_in.slowdown import FORGOTTEN_AFTER, FREE, LONGEST, Slowdown

WORD = "open sesame"


@contextmanager
def gated(app: App, gate: Gate, **options: Any) -> Iterator[App]:
    """Serve the page once more, behind a gate."""
    from vidu_demo.ui.launch import launch
    from vidu_demo.ui.page import build

    demo = build(app.studio.runner, secret=app.studio.secret)
    _, url, _ = launch(
        demo,
        videos=app.studio.videos,
        gate=gate,
        prevent_thread_lock=True,
        quiet=True,
        server_name="127.0.0.1",
        server_port=free_port(),
        **options,
    )
    yield replace(app, url=url, demo=demo)
    demo.close(verbose=False)


def gate(app: App, word: str = WORD, clock: Callable[[], float] = lambda: 0.0) -> Gate:
    return Gate(Password(word, clock), app.studio.secret, space=False)


@pytest.fixture(scope="module")
def locked(app: App) -> Iterator[App]:
    with gated(app, gate(app)) as made:
        yield made


def sign_in(app: App, word: str = WORD, name: str = "Ada") -> requests.Session:
    session = requests.Session()
    form = {"username": name, "password": word}
    session.post(app.url + "login", data=form, timeout=10)
    return session


# Without signing in


def paths(routes: list[BaseRoute]) -> Iterator[str]:
    """Every path of an app, with something for each of its parameters."""
    for route in routes:
        if path := getattr(route, "path", ""):
            yield path.replace(":path}", "}").format_map(Anything())
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", []
        )
        for below in paths(inner):
            yield path + below
            yield f"/gradio_api{below}"


class Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "x"


METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


def shut(app: App, session: requests.Session) -> None:
    """See that no route tells anything, but for the page that asks for a sign-in."""
    (video,) = list(Path("vidu_demo/examples/media").resolve().rglob("*.mp4"))[:1]
    known = {
        *paths(app.demo.app.routes),
        f"/changes/{'0' * 64}",
        f"/gradio_api/file={video}",
        "/gradio_api/mcp/",
        "/nothing",
        "//config",
        "/config/../config",
    }
    assert len(known) > 40
    own = ("/gradio_api/startup-events", "/login", "/logout")
    for path in sorted(known):
        for method in METHODS:
            answer = session.request(method, app.url.rstrip("/") + path, timeout=10)
            assert "gradio_config" not in answer.text
            if not path.startswith(own):
                assert answer.status_code == 401, (method, path)
                assert path == "/" or answer.text in ("", "Sign in first."), (method, path)


def call_everything(app: App, session: requests.Session) -> None:
    """Call every listener on every route for calls."""
    for index, listener in app.demo.fns.items():
        data = [None] * len(listener.inputs)
        body = {"data": data, "fn_index": index, "session_hash": "stranger", "event_data": {}}
        for route in (
            "run/predict",
            "api/predict",
            "queue/join",
            f"run/{listener.api_name}",
            f"call/{listener.api_name}",
            f"call/v2/{listener.api_name}",
        ):
            answer = session.post(f"{app.url}gradio_api/{route}", json=body, timeout=10)
            assert (answer.status_code, answer.text) == (401, "Sign in first."), route


def forged(app: App) -> Iterator[dict[str, str]]:
    """Cookies that were not issued here, or for another password."""
    real = sign_in(app).cookies[COOKIE]
    yield {}
    yield {COOKIE: "null"}
    yield {COOKIE: real[:-9] + ("A" if real[-9] != "A" else "B") + real[-8:]}
    yield {COOKIE: b64encode(b'{"name": "Eve"}').decode() + real[real.index(".") :]}
    yield {COOKIE: real.partition(".")[0]}
    yield {f"access-token-{app.demo.app.cookie_id}": "x", "session": real}


def test_nothing_is_told_and_nothing_bought(locked: App, api: Simulator) -> None:
    before, files = api.submit_count, set(locked.uploads.rglob("*"))
    for cookies in forged(locked):
        session = requests.Session()
        session.trust_env = False  # it would look for proxies and passwords before each call
        session.cookies.update(cookies)
        call_everything(locked, session)
        sent = session.post(
            f"{locked.url}gradio_api/upload", files={"files": ("x.png", b"x")}, timeout=10
        )
        assert sent.status_code == 401
    shut(locked, requests.Session())
    assert api.submit_count == before
    assert set(locked.uploads.rglob("*")) == files


def test_another_password_signs_everybody_out(app: App, locked: App) -> None:
    session = sign_in(locked)
    assert session.get(locked.url + "config", timeout=10).status_code == 200
    with gated(app, gate(app, "another")) as changed:
        assert session.get(changed.url + "config", timeout=10).status_code == 401
        assert sign_in(changed, "another").get(changed.url + "config", timeout=10).ok


def test_a_mounted_page_is_locked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from asgi_fixtures import served
    from fastapi import FastAPI

    from vidu_demo.ui import mount

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    outer = FastAPI()

    @outer.get("/hello")
    def hello() -> str:
        return "hello"

    settings = Settings(data_dir=tmp_path / "data", password=WORD)
    with served(mount(outer, "/videos", settings=settings, simulate=True)) as url:
        assert requests.get(f"{url}/hello", timeout=10).json() == "hello"
        page = requests.get(f"{url}/videos/?task=abc", timeout=10)
        assert page.status_code == 401
        assert 'action="login?task=abc"' in page.text
        for path in ("config", "gradio_api/info", "changes/x"):
            assert requests.get(f"{url}/videos/{path}", timeout=10).status_code == 401
        session = requests.Session()
        answer = session.post(
            f"{url}/videos/login?task=abc",
            data={"password": WORD},
            headers={"Accept": "text/html"},
            timeout=10,
        )
        assert answer.url == f"{url}/videos/?task=abc"
        assert "gradio_config" in answer.text


def test_without_a_password_there_is_no_sign_in(app: App) -> None:
    for path in ("login", "login/huggingface", "logout"):
        assert requests.post(app.url + path, data={"password": ""}, timeout=10).status_code == 404


# Signing in


def test_a_wrong_password_is_refused(app: App) -> None:
    with gated(app, gate(app)) as made:
        for form in ({}, {"password": ""}, {"password": WORD + "x"}, {"x": WORD}):
            answer = requests.post(made.url + "login", data=form, timeout=10)
            assert answer.status_code == 401, form
            assert "Wrong password." in answer.text
            assert "Set-Cookie" not in answer.headers


def test_a_foreign_page_cannot_sign_anybody_in_or_out(locked: App) -> None:
    foreign = {"Origin": "http://evil.example"}
    for path in ("login", "logout"):
        answer = requests.post(
            locked.url + path, data={"password": WORD}, headers=foreign, timeout=10
        )
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers


def test_many_wrong_passwords_have_to_wait(app: App, clock: Clock) -> None:
    with gated(app, gate(app, clock=clock)) as made:

        def attempt(word: str) -> requests.Response:
            return requests.post(made.url + "login", data={"password": word}, timeout=10)

        for _ in range(FREE):
            assert attempt("x").status_code == 401
        refused = attempt(WORD)
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "1"
        assert "Try again in 1 s." in refused.text
        clock.now += 1
        assert attempt("x").status_code == 401
        assert attempt(WORD).headers["Retry-After"] == "2"
        clock.now += 2
        assert attempt(WORD).status_code == 200
        assert attempt("x").status_code == 401


def test_passwords_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def spy(given: bytes, known: bytes) -> bool:
        compared.append((given, known))
        return compare(given, known)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    password, words = Password(WORD), ("", "o", WORD[:-1], WORD, WORD * 1000)
    assert [password._matches(word) for word in words] == [word == WORD for word in words]
    assert len(compared) == len(words)  # whatever is wrong with it
    # Neither how long a password is shows, nor where it differs.
    assert {(len(given), known) for given, known in compared} == {
        (32, sha256(WORD.encode()).digest())
    }


def test_slowing_down_holds_nobody_else_up(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[float] = []
    sleep = time.sleep

    def watched(seconds: float) -> None:
        # Playwright's loop runs in the test's own thread.
        if asyncio._get_running_loop() and current_thread() is not main_thread():
            held.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", watched)
    with gated(app, gate(app)) as made, ThreadPoolExecutor(20) as pool:
        address = made.url + "login"
        wrong = {"password": "x"}
        attempts = [pool.submit(requests.post, address, wrong, timeout=30) for _ in range(20)]
        assert requests.get(made.url, timeout=30).status_code == 401
        # Refused, and not delayed: the clock stands still, so a wait would not end.
        statuses = Counter(attempt.result().status_code for attempt in attempts)
    assert statuses == {401: FREE, 429: 20 - FREE}
    assert held == []


def test_waits_double_and_are_forgotten(clock: Clock) -> None:
    slowdown = Slowdown(clock)
    waits = []
    for _ in range(FREE + 12):
        slowdown.failed("192.0.2.1")
        waits.append(slowdown.wait("192.0.2.1"))
    assert waits[:FREE] == [0] * (FREE - 1) + [1]
    assert waits[FREE : FREE + 3] == [2, 4, 8]
    assert waits[-1] == LONGEST
    assert slowdown.wait("192.0.2.2") == 0
    slowdown.failed("2001:db8::1")
    assert len(slowdown) == 2
    clock.now += FORGOTTEN_AFTER
    slowdown.failed("2001:db8::2")
    assert len(slowdown) == 1
    assert slowdown.wait("192.0.2.1") == 0


def test_an_address_is_forgotten_after_its_own_last_try(clock: Clock) -> None:
    slowdown = Slowdown(clock)
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        slowdown.failed(address)
        clock.now += 10
    clock.now += FORGOTTEN_AFTER - 20
    slowdown.failed("192.0.2.3")
    assert len(slowdown) == 2


def test_addresses_of_one_network_wait_together(clock: Clock) -> None:
    slowdown = Slowdown(clock)
    for number in range(FREE):
        slowdown.failed(f"2001:db8::{number}")
    assert slowdown.wait("2001:db8::ffff") == 1
    assert slowdown.wait("2001:db8:0:1::1") == 0


def test_programs_sign_in(locked: App, tmp_path: Path) -> None:
    options = {"analytics_enabled": False, "verbose": False, "download_files": tmp_path}
    with pytest.raises(AuthenticationError):
        Client(locked.url, **options)
    with pytest.raises(AuthenticationError):
        Client(locked.url, auth=("ada", "wrong"), **options)
    client = Client(locked.url, auth=("ada", WORD), **options)
    said, video = client.predict(
        image_urls="https://example.com/a.jpg",
        prompt="x",
        duration=1,
        resolution="540p",
        api_name="/generate",
    )
    client.close()
    assert said["state"] == "done"
    assert Path(video).is_file()


# In a browser


def test_the_page_behind_a_password(browser: Any, locked: App, pngs: dict[str, Path]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(locked.url + "?duration=3")
    page.get_by_label("Password").fill("wrong")
    page.get_by_label("Your name").fill("Ada <b>")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong password.")
    page.get_by_label("Your name").fill("Ada <b>")
    page.get_by_label("Password").fill(WORD)
    with page.expect_response(lambda answer: answer.ok and "?duration=3" in answer.url):
        page.get_by_role("button", name="Sign in").click()
    page.goto("about:blank")  # a page that still loads can't be closed every time

    visitor = Visitor(context, locked.url)
    expect(visitor.page.locator(".account")).to_contain_text("Signed in as Ada <b>.")
    visitor.choose_smallest()
    visitor.start(pngs["red"], prompt="Slow push-in.")
    expect(visitor.headline).to_contain_text("Done in")
    visitor.button("Sign out").click()
    expect(visitor.page.get_by_label("Password")).to_be_visible()
    assert visitor.context.cookies() == []
    assert visitor.refused == []
    assert visitor.broken == []
    context.close()


def test_it_asks_in_chinese(browser: Any, locked: App) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(locked.url)
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    assert page.get_by_text("密码").is_visible()
    context.close()


# Settings


def test_the_terminal_says_who_can_spend() -> None:
    from vidu_demo.ui.launch import spending

    for settings, who in (
        (Settings(password=WORD), "Visitors who sign in"),
        (Settings(sign_in="huggingface"), "Visitors who sign in"),
        (Settings(), "Strangers"),
    ):
        assert spending(settings, strangers=True).startswith(f"{who} can spend up to $5")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"VIDU_SIGN_IN": "google"}, "VIDU_SIGN_IN must be huggingface"),
        ({"VIDU_SIGN_IN": "huggingface", "VIDU_PASSWORD": "x"}, "together"),
        ({"VIDU_SIGN_IN_ALLOWED": "ada"}, "VIDU_SIGN_IN_ALLOWED needs"),
        ({"VIDU_FRAME_ANCESTORS": "https://a.example; script-src *"}, "VIDU_FRAME_ANCESTORS"),
        ({"VIDU_FRAME_ANCESTORS": "https://a.example,"}, "VIDU_FRAME_ANCESTORS"),
    ],
)
def test_settings_that_make_no_sense_are_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings.from_environment(given)


def test_settings_are_lists() -> None:
    settings = Settings.from_environment(
        {
            "VIDU_SIGN_IN": "huggingface",
            "VIDU_SIGN_IN_ALLOWED": "ada, Grace",
            "VIDU_FRAME_ANCESTORS": "https://a.example, *.b.example:8443,https://c.example:*",
        }
    )
    assert settings.allowed_users == ("ada", "Grace")
    assert settings.ancestors == ("https://a.example", "*.b.example:8443", "https://c.example:*")
    assert WORD not in repr(Settings(password=WORD))
    assert Settings().allowed_users == Settings().ancestors == ()
