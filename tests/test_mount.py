"""The page mounted in another app, alone and behind proxies that cut a prefix off."""

import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from asgi_fixtures import served
from fastapi import FastAPI
from page_fixtures import IGNORED, KEY, QUIET, SIZE, Visitor, serving
from PIL import Image
from playwright.sync_api import Browser, expect
from playwright.sync_api import Response as Answer
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from vidu_demo.settings import ROOT, Settings
from vidu_demo.simulator import Simulator
from vidu_demo.studio import DataInUse, Studio
from vidu_demo.ui import mount
from vidu_demo.ui.browser.visitor import Visitors
from vidu_demo.ui.guard.front import UNKNOWN

pytestmark = [pytest.mark.filterwarnings(warning) for warning in IGNORED]
PREFIX = "/some/prefix"
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Spares each request a search for the machine's own: there is no TLS here."""
LOADED = """() => {
  const video = document.querySelector('#video video');
  const picture = document.querySelector('#history img');
  return video?.readyState >= 1 && !video.currentSrc.includes('finished') && picture?.naturalWidth;
}"""


def stripping(upstream: str) -> ASGIApp:
    """Make a proxy that passes on what is asked below `PREFIX`, without it."""

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        target = request.url.path.removeprefix(PREFIX)
        if target == request.url.path:
            await Response(status_code=404)(scope, receive, send)
            return
        query = f"?{request.url.query}" if request.url.query else ""
        dropped = ("content-length", "transfer-encoding")
        async with (
            httpx.AsyncClient(timeout=60, verify=NO_CERTIFICATES) as client,
            client.stream(
                request.method,
                upstream + httpx.URL(path=target).raw_path.decode() + query,
                headers=request.headers.raw,
                content=await request.body(),
            ) as answer,
        ):
            headers = {n: v for n, v in answer.headers.items() if n not in dropped}
            body = StreamingResponse(answer.aiter_raw(), answer.status_code, headers)
            await body(scope, receive, send)

    return proxy


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    prepare(tmp_path, monkeypatch)
    return Settings(data_dir=tmp_path / "data 100%?")


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> None:
    for name, value in {**QUIET, "GRADIO_TEMP_DIR": str(folder / "uploads")}.items():
        patch.setenv(name, value)
    patch.setattr("vidu_demo.studio.Simulator", partial(Simulator, seconds=0.5))


def house(settings: Settings, path: str = "/videos", root_path: str | None = None) -> FastAPI:
    """Make an app with a route of its own and the page mounted in it."""
    app = FastAPI()

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    return mount(app, path, settings=settings, simulate=True, root_path=root_path)


@dataclass
class Street:
    """One app, which can be served once more in other ways."""

    app: FastAPI
    url: str

    def served(self, **options: Any) -> AbstractContextManager[str]:
        return served(self.app, lifespan="off", **options)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("house")
    with pytest.MonkeyPatch.context() as patch:
        prepare(folder, patch)
        app = house(Settings(data_dir=folder / "data 100%?"))
        with served(app) as url:
            yield Street(app, url)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page behind a proxy that cuts off a prefix, of which only the page knows."""
    folder = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        prepare(folder, patch)
        app = house(Settings(data_dir=folder / "data"), root_path=f"{PREFIX}/videos")
        with served(app) as inner, served(stripping(inner)) as url:
            yield f"{url}{PREFIX}/videos/"


@pytest.fixture(scope="module")
def makes_a_video(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], None]]:
    """Makes a video as a new visitor of a page, and sees everything of it load."""
    picture = tmp_path_factory.mktemp("pictures") / "red.png"
    Image.new("RGB", SIZE, "red").save(picture)
    visitors: list[Visitor] = []
    with closing(browser.new_context()) as context:

        def make(url: str) -> None:
            if visitors:
                visitor = visitors[0]
                visitor.url = url
                visitor.come()
            else:
                visitors.append(visitor := Visitor(context, url))
            lost: list[str] = []

            def watch(answer: Answer) -> None:
                if answer.status >= 400:
                    lost.append(answer.url)

            context.on("response", watch)
            visitor.choose_smallest()
            visitor.start(picture, prompt="Slow push-in.")
            expect(visitor.headline).to_contain_text("Done in", timeout=60_000)
            visitor.page.locator("#history").scroll_into_view_if_needed()  # they load when seen
            visitor.page.wait_for_function(LOADED, timeout=60_000)
            assert lost == []
            context.remove_listener("response", watch)
            visitor.leave()
            assert visitor.broken == []
            assert visitor.elsewhere == []

        yield make


def test_videos_and_thumbnails_load(street: Street, makes_a_video: Callable[[str], None]) -> None:
    assert requests.get(f"{street.url}/hello", timeout=10).json() == "hello"
    assert requests.get(f"{street.url}/videos", timeout=10).url == f"{street.url}/videos/"
    makes_a_video(f"{street.url}/videos")


def test_a_path_with_a_slash_at_its_end_is_the_same(settings: Settings) -> None:
    with served(house(settings, "/videos/")) as url:
        for page in ("/videos", "/videos/"):
            answer = requests.get(url + page, params={"task": "abc"}, timeout=10)
            assert answer.url == f"{url}/videos/?task=abc"
            assert answer.status_code == 200


def test_the_app_behind_a_proxy_that_cuts_off_a_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, makes_a_video: Callable[[str], None]
) -> None:
    prepare(tmp_path, monkeypatch)
    monkeypatch.setenv("GRADIO_ROOT_PATH", PREFIX)
    with (
        Simulator(KEY, seconds=0.5) as simulator,
        serving(simulator, tmp_path, []) as app,
        served(stripping(app.url.rstrip("/"))) as url,
    ):
        makes_a_video(f"{url}{PREFIX}/")


def test_behind_a_proxy_that_cuts_off_a_prefix(
    street: Street, monkeypatch: pytest.MonkeyPatch, makes_a_video: Callable[[str], None]
) -> None:
    """The outer app is told of the prefix, as older FastAPI apps are."""
    monkeypatch.setattr(street.app, "root_path", PREFIX)
    with served(stripping(street.url)) as url:
        makes_a_video(f"{url}{PREFIX}/videos")


def test_behind_such_a_proxy_with_uvicorn_told(
    street: Street, makes_a_video: Callable[[str], None]
) -> None:
    with street.served(root_path=PREFIX) as inner, served(stripping(inner)) as url:
        makes_a_video(f"{url}{PREFIX}/videos")


def test_behind_such_a_proxy_with_only_the_page_told(
    told: str, makes_a_video: Callable[[str], None]
) -> None:
    makes_a_video(told.rstrip("/"))


def test_links_and_zips_are_answered_below_a_prefix(told: str) -> None:
    answer = requests.get(told, params={"watch": "x"}, timeout=10)
    assert answer.status_code == 404
    assert "There is no video at this link" in answer.text
    assert requests.get(f"{told}watch/x/video.mp4", timeout=10).status_code == 404
    assert requests.get(f"{told}take-along/x", timeout=10).status_code == 410
    assert "gradio" in requests.get(told, params={"task": "x"}, timeout=10).text


def test_what_launch_closes_is_closed(street: Street) -> None:
    url = street.url

    def status(method: str, path: str, **options: Any) -> int:
        answer = requests.request(method, f"{url}/videos/{path}", timeout=30, **options)
        return answer.status_code

    for path in (
        "gradio_api/deep_link?session_hash=x",
        "gradio_api/file=https://example.com/x.png",
        "gradio_api/run-history/records",
        "gradio_api/component_server",
        "monitoring",
        "logout",
        "runs",
    ):
        assert status("GET", path) == 404, path
    foreign = {"Origin": "http://evil.example"}
    assert status("POST", "gradio_api/run/predict", headers=foreign, data="{}") == 403
    assert status("POST", "gradio_api/run/predict", data=b" " * 10**6) == 413
    assert status("POST", "gradio_api/run/predict", data="{") == 400
    assert status("POST", "gradio_api/upload", files={"files": bytes(51 * 2**20)}) == 413
    config = requests.get(f"{url}/videos/config", timeout=10).json()
    assert config["run_history"] is False
    assert config["show_error"] is False
    assert requests.post(f"{url}/hello", headers=foreign, timeout=10).status_code == 405


def addresses(url: str, patch: pytest.MonkeyPatch, *forwarded: str) -> list[tuple[str, str]]:
    """Call an endpoint with each of these headers; where the calls came from, and its digest."""
    seen, address = [], Visitors.address

    def spy(visitors: Visitors, request: Any) -> str:
        seen.append((request.client.host, address(visitors, request)))
        return seen[-1][1]

    patch.setattr(Visitors, "address", spy)
    for header in forwarded:
        headers = {"X-Forwarded-For": header} if header else {}
        endpoint = f"{url}/videos/gradio_api/call/v2/estimate"
        event = requests.post(endpoint, json={}, headers=headers, timeout=30).json()["event_id"]
        answer = f"{url}/videos/gradio_api/call/estimate/{event}"
        assert "price_usd" in requests.get(answer, timeout=30).text
    return seen


FORGED = ("9.9.9.9", "8.8.8.8, 9.9.9.9:1234", "[2001:db8::1]:5", "2001:db8::1", "not an address")


def test_nobody_names_an_address_that_the_server_believes(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uvicorn believes this machine, on which a proxy may pass on whatever it is sent."""
    with street.served(forwarded_allow_ips="127.0.0.1") as url:
        seen = addresses(url, monkeypatch, *FORGED, "", "127.0.0.1")
    hosts, digests = zip(*seen, strict=True)
    assert hosts == (*[UNKNOWN] * len(FORGED), "127.0.0.1", UNKNOWN)
    assert len({*digests[: len(FORGED)]}) == 1  # they count as one visitor
    assert all(digests[: len(FORGED)])


def test_a_visitor_is_not_doubted_whose_address_is_their_connections(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    with street.served(proxy_headers=False) as url:
        seen = addresses(url, monkeypatch, *FORGED, "27.0.0.1", "127.0.0.11", "127.0.0.1.9")
    assert {host for host, _ in seen} == {"127.0.0.1"}


def test_a_proxy_that_is_named_is_believed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = house(replace(settings, trusted_proxies="127.0.0.1"))
    with served(app, proxy_headers=False) as url:
        believed = Street(app, url).served(forwarded_allow_ips="127.0.0.1")
        with believed as other:
            for server in (url, other):
                with monkeypatch.context() as patch:
                    seen = addresses(server, patch, "8.8.8.8, 9.9.9.9")
                assert [host for host, _ in seen] == ["9.9.9.9"]


def test_the_studio_is_closed_with_the_app(settings: Settings) -> None:
    app = house(settings)
    with pytest.raises(DataInUse):
        Studio(settings)
    with served(app):
        pass
    Studio(settings).close()


def test_the_lifespan_of_the_outer_app_stays(settings: Settings) -> None:
    seen = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, int]]:
        seen.append("begun")
        yield {"mine": 7}
        seen.append("ended")

    app = FastAPI(lifespan=lifespan)

    @app.get("/mine")
    def mine(request: Request) -> int:
        return int(request.state.mine)

    with served(mount(app, "/", settings=settings, simulate=True)) as url:
        assert requests.get(f"{url}/mine", timeout=10).json() == 7
        assert "gradio" in requests.get(url, timeout=10).text
    assert seen == ["begun", "ended"]


def test_the_library_knows_nothing_of_gradio() -> None:
    code = "import sys, vidu_demo; assert not {'gradio', 'fastapi'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
