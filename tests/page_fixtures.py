"""The app on a free port over a simulator, and a browser: for the tests of what people see.

The app is the real one: a runner, a ledger and files on disk, served by Gradio over loopback. It
is started once; each test comes as a new visitor. One visitor after another takes the same tab,
which still has the scripts of the page: it is cleaned between them.
"""

import base64
import gc
import hashlib
import io
import json
import logging
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import requests
from lasting_fixtures import Lasting
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from vidu_demo import VideoRequest
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.simulator.video import render as simulator_render
from vidu_demo.studio import Studio

KEY = "k-secret-3f9a1c"
OWN_KEYS = "k-canary-b81d07f3", "k-canary-4ce95a20"
"""Keys of visitors' own accounts."""
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The shell loads a page with two thirds of the work: it draws no window around it."""
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "NO_PROXY": "127.0.0.1,localhost",
}
"""Keeps Gradio from contacting anyone."""

PATIENCE = 30.0
"""Seconds to wait for what should be there at once, on a busy machine."""
SMALL = {"duration": 1, "resolution": "540p"}
RUNNING = ["TASK_STATUS_PROCESSING"]
"""What the simulator says about every task by default."""
SIZE = (320, 240)
FPS = 6
"""Frames a second of simulated videos."""
DONE = re.compile(r"^Done in \d+ s$")
COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220)}


IGNORED = [
    # `gradio.utils.safe_get_lock` opens event loops and never closes them; the two ends of the
    # pipe of such a loop are sockets of family 1.
    "ignore:unclosed event loop:ResourceWarning",
    r"ignore:unclosed <socket\.socket fd=\d+, family=1,:ResourceWarning",
    # Gradio asks pandas for an option that pandas is about to drop.
    "ignore:'future.no_silent_downcasting' is deprecated",
    "ignore:The copy keyword is deprecated",
]


def pytest_configure(config: pytest.Config) -> None:
    for warning in IGNORED:
        config.addinivalue_line("filterwarnings", warning)


# The app


@dataclass
class App:
    """The running app, and what is behind it."""

    url: str
    demo: Any
    studio: Studio
    simulator: Simulator
    data: Path
    uploads: Path
    log: list[str]

    def token(self) -> dict[str, str]:
        """What the browser of a new visitor keeps."""
        from vidu_demo.ui.browser.visitor import Visitors

        return Visitors(self.studio.secret).recognise({}, lambda _: False)

    def call_body(self, name: str, *, event: Any = None, **values: Any) -> dict[str, Any]:
        """What a browser sends to a listener: these values, and those of a new tab."""
        (listener,) = [fn for fn in self.demo.fns.values() if fn.api_name == name]
        known = {"shown": "", "seen": "", "fault": "", "search": "", "pages": "1", "receipts": []}
        known |= values
        assert values.keys() <= set(listener.input_keyword_names)
        data = [known.get(each) for each in listener.input_keyword_names]
        event = {"event_data": event}
        return {"data": data, "fn_index": listener._id, "session_hash": "stranger", **event}

    def listener(self, name: str) -> int:
        """Find a listener of the page by its name."""
        (found,) = [d["id"] for d in self.demo.config["dependencies"] if d["api_name"] == name]
        return int(found)

    def calls(self, name: str) -> Callable[[Request], bool]:
        """Tell the calls of a listener from other requests."""
        index = f'"fn_index":{self.listener(name)},'
        return lambda request: request.method == "POST" and index in (request.post_data or "")

    def call(
        self, name: str, *, headers: dict[str, str] | None = None, event: Any = None, **values: Any
    ) -> str:
        """Call a listener over plain HTTP, as anyone can."""
        body = self.call_body(name, event=event, **values)
        url = self.url + "gradio_api/run/predict"
        return requests.post(url, json=body, headers=headers, timeout=30).text

    def offer(self, visitor: dict[str, str], **form: Any) -> str:
        """Have a form reviewed over plain HTTP, and return the id of the offer to make it."""
        answer = json.loads(self.call("review", visitor=visitor, **form))
        _kept, _visible, offer, *_ = answer["data"]
        return str(offer)

    @property
    def videos(self) -> set[Path]:
        """Every finished video on disk."""
        return set(self.studio.videos.glob("*/*.mp4"))


def asked_by(request: Request) -> list[Any]:
    """Read what the browser sent to a listener."""
    return list(json.loads(request.post_data or "")["data"])


class _Keep(logging.Handler):
    """Keeps every line that anything logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def task_seconds(request: dict[str, Any]) -> float:
    """How long a task takes; a prompt can set it, as in "[20 s]"."""
    said = re.search(r"\[(\d+) s\]", request["prompt"])
    return float(said[1]) if said else 1.0


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("app")
    keep = _Keep()
    with ExitStack() as stack:
        stack.callback(gc.collect)  # Gradio's open loops, while `IGNORED` still holds
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in QUIET.items():
            patch.setenv(name, value)
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        logger = logging.getLogger()
        logger.addHandler(keep)
        stack.callback(logger.removeHandler, keep)
        patch.setattr(logger, "level", logging.INFO)

        simulator = stack.enter_context(Simulator(KEY, seconds=task_seconds, more_keys=OWN_KEYS))
        yield stack.enter_context(serving(simulator, folder, keep.lines))


@contextmanager
def serving(
    simulator: Simulator, folder: Path, lines: list[str], *, tools: bool = False, **settings: Any
) -> Iterator[App]:
    """Serve an app, with the simulator as its API."""
    from vidu_demo.ui.launch import launch
    from vidu_demo.ui.page import build

    chosen = Settings(
        api_key=KEY,
        base_url=simulator.url,
        data_dir=folder / "data",
        requests_per_second=50.0,
        **settings,
    )
    with ExitStack() as stack:
        studio = Studio(chosen)
        stack.callback(studio.close)
        demo = build(studio.runner, **studio.page_options)
        _, url, _ = launch(
            demo,
            videos=studio.videos,
            proxies=chosen.proxies,
            tools=tools,
            prevent_thread_lock=True,
            quiet=True,
            server_name="127.0.0.1",
            server_port=free_port(),
        )
        stack.callback(demo.close, verbose=False)
        yield App(url, demo, studio, simulator, chosen.data_dir, folder / "uploads", lines)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of videos that were rendered once, for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "rendered"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def _hurry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask about tasks, which take a second here, when they should be done. Render no video twice
    that differs in its words and its seed alone, and only a quarter of its frames: to render and
    to play them takes seconds, too.
    """
    if not {"app", "browser"} & set(request.fixturenames):
        return
    folder = request.getfixturevalue("rendered")

    def render(asked: dict[str, Any], path: Path, stopped: Callable[[], bool] = bool) -> None:
        size = simulator_render.SHORT_SIDES
        alike = json.dumps([without(asked, "prompt", "seed"), size], sort_keys=True)
        kept = folder / hashlib.sha256(alike.encode()).hexdigest()
        if not kept.exists():
            simulator_render.render(asked, path, stopped)
            path.replace(kept)
        shutil.copyfile(kept, path)

    monkeypatch.setattr("vidu_demo.simulator.store.render", render)
    monkeypatch.setattr(simulator_render, "FPS", FPS)
    monkeypatch.setattr("vidu_demo.jobs.follower.FIRST_WAIT", 1.1)
    monkeypatch.setattr("vidu_demo.api.pacing.LONGEST_GAP", 1.0)


@pytest.fixture
def api(app: App) -> Iterator[Simulator]:
    """The API's stand-in, as good as new after the test."""
    yield app.simulator
    for faults in app.simulator.faults.values():
        faults.clear()
    app.simulator.statuses = None
    app.simulator.speaks_progress = True


@pytest.fixture
def framable(app: App, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a site show the running app in a frame, until the end of the test."""

    def allow(site: str) -> None:
        served = app.demo.app
        monkeypatch.setattr(served, "front", replace(served.front, ancestors=(site,)))
        monkeypatch.setattr(served, "middleware_stack", None)  # Starlette then makes a new one

    return allow


@pytest.fixture(scope="module")
def caller(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A program that calls the app's endpoints."""
    from gradio_client import Client  # which takes a while

    downloads = tmp_path_factory.mktemp("downloads")
    client = Client(app.url, analytics_enabled=False, verbose=False, download_files=downloads)
    yield client
    client.close()


@pytest.fixture
def pngs(tmp_path: Path) -> dict[str, Path]:
    """One plain picture of each colour, so that a test can tell which one was sent first."""
    made = {}
    for name, colour in COLOURS.items():
        made[name] = tmp_path / f"{name}.png"
        Image.new("RGB", SIZE, colour).save(made[name])
    return made


def picture_of(body: Any) -> Image.Image:
    """Open the one picture that was sent."""
    (uri,) = body["images"]
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def without(body: Any, *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def until(holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for something that no browser shows, and give it back."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
    return found


# The browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        reason = "there is no browser: install Debian's package chromium-headless-shell"
        if os.environ.get("VIDU_BROWSER_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        # Whatever moves has the whole page painted 60 times a second.
        calm = partial(browser.new_context, reduced_motion="reduce")
        patch.setattr(browser, "new_context", calm)
        expect.set_options(timeout=PATIENCE * 1000)
        yield browser
        browser.close()


LAPTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
TABS = 4
"""How many tabs to keep for visitors to come. Each is a process of the browser's."""

REFUSED = """document.addEventListener('securitypolicyviolation', (event) =>
    refused(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));"""

_TYPED: tuple[Literal["spinbutton", "textbox", "combobox"], ...] = (
    "spinbutton",
    "textbox",
    "combobox",
)


class Visitor:
    """A visitor with a browser of their own: what they do, and the places they look at.

    Once they have left, they can come again as someone else.

    Attributes:
        asked: Every address that their pages have asked for.
        broken: Every error that a page's scripts did not catch.
        failed: Every address at which the app itself has failed.
        refused: Everything that the page's content policy has kept out.
        token: What the server knows them by.
    """

    def __init__(self, context: BrowserContext, url: str, **looks: Any) -> None:
        self.context, self.url = context, url
        context.expose_function("refused", self.keep_out)
        context.add_init_script(REFUSED)
        context.set_default_timeout(PATIENCE * 1000)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("response", lambda answer: answer.status >= 500 and self.fail(answer.url))
        context.on("weberror", lambda error: self.broken.append(str(error.error)))
        self.tab = context.new_page()
        self.devtools = context.new_cdp_session(self.tab)
        self.come(**looks)

    def come(
        self,
        viewport: ViewportSize = LAPTOP,
        color_scheme: Literal["light", "dark"] = "light",
        permissions: Sequence[str] = (),
    ) -> None:
        """Be a new visitor, with a window and permissions of their own."""
        self.asked: list[str] = []
        self.broken: list[str] = []
        self.failed: list[str] = []
        self.refused: list[str] = []
        self.page = self.tab
        self.tab.set_viewport_size(viewport)
        self.tab.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
        self.context.grant_permissions(permissions)
        self._load(self.page, self.url)

    def leave(self) -> None:
        """Leave nothing behind in the browser but what it has cached."""
        for page in self.context.pages:
            if page != self.tab:
                page.close()
        self.context.set_offline(False)
        self.context.clear_permissions()
        self.tab.mouse.move(-1, -1)
        # What a site stores in a tab can only be cleared there: on a page without scripts, which
        # could store something again.
        self.tab.goto(self.url + "robots.txt")
        origin = self.tab.evaluate("sessionStorage.clear(), window.name = '', origin")
        stored = {"origin": origin, "storageTypes": "all"}
        self.devtools.send("Storage.clearDataForOrigin", stored)
        self.context.clear_cookies()
        self.devtools.send("Page.resetNavigationHistory")

    def fail(self, url: str) -> None:
        self.failed.append(url)

    def keep_out(self, what: str) -> None:
        self.refused.append(what)

    def open(self, query: str = "") -> Page:
        """Open one more tab."""
        page = self.context.new_page()
        page.set_viewport_size(self.tab.viewport_size or LAPTOP)
        self._load(page, self.url + query)
        return page

    def _load(self, page: Page, url: str) -> None:
        predict = re.compile("/gradio_api/run/predict")
        with page.expect_response(predict, timeout=2 * PATIENCE * 1000) as welcome:
            page.goto(url)
        self.token = welcome.value.json()["data"][0]["token"]
        # The server has recognised the visitor and filled the form.
        expect(page.locator("#price strong")).to_be_visible()

    def overhear(self) -> list[str]:
        """Keep the text of every answer from now on, except videos."""
        answers: list[str] = []

        def keep(request: Request) -> None:
            response = request.response()
            if response and not response.headers.get("content-type", "").startswith("video"):
                answers.append(response.text())

        self.page.on("requestfinished", keep)
        return answers

    @property
    def elsewhere(self) -> list[str]:
        """Requests that would have left this machine."""
        return [
            url
            for url in self.asked
            if not url.startswith(("data:", "blob:")) and urlsplit(url).hostname != "127.0.0.1"
        ]

    @property
    def make(self) -> Locator:
        """The button, once it buys: before, its label says what is missing."""
        return self.page.locator("#make", has_text=re.compile(r"^\s*(Make|生成)"))

    @property
    def payer(self) -> Locator:
        return self.page.locator(".payer")

    @property
    def key_form(self) -> Locator:
        return self.page.locator("#own-key")

    def use_key(self, key: str, *, remember: bool = False) -> None:
        """Enter a key of one's own."""
        self.key_form.get_by_text("Use your own key", exact=True).click()
        self.key_form.get_by_label("Your Novita API key").fill(key)
        if remember:
            self.key_form.get_by_label("Remember on this device").check()
        self.button("Use this key").click()

    def forget_key(self) -> None:
        self.key_form.get_by_text("Your own key is in use", exact=True).click()
        self.button("Forget the key").click()

    @property
    def status(self) -> Locator:
        return self.page.locator("#status")

    @property
    def headline(self) -> Locator:
        return self.status.get_by_role("status")

    @property
    def details(self) -> Locator:
        return self.page.locator("#details")

    @property
    def task_id(self) -> Locator:
        return self.details.locator("dt:text-is('Task') + dd code")

    @property
    def seed(self) -> Locator:
        return self.details.locator("dt:text-is('Seed') + dd code")

    @property
    def facts(self) -> Locator:
        """What the file was measured to be."""
        return self.details.locator("dt:text-is('Video') + dd")

    @property
    def price(self) -> Locator:
        return self.page.locator("#price strong")

    @property
    def draft(self) -> Locator:
        return self.page.locator("#draft")

    @property
    def rows(self) -> Locator:
        return self.page.locator("#history .card")

    def row(self, prompt: str) -> Locator:
        return self.rows.filter(has_text=prompt)

    @property
    def video(self) -> Locator:
        return self.page.locator("#video video")

    @property
    def prompt(self) -> Locator:
        return self.page.locator("#prompt textarea")

    @property
    def thumbnails(self) -> Locator:
        return self.page.locator("#pictures .strip li")

    @property
    def tile(self) -> Locator:
        return self.page.locator("#tile")

    @property
    def said(self) -> Locator:
        """What is said about the pictures beside them."""
        return self.page.locator("#pictures .said")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        """Find a number or a text by the beginning of its label."""
        name = re.compile(f"^(number input for )?{label}")
        roles = [self.page.get_by_role(role, name=name) for role in _TYPED]
        return reduce(Locator.or_, roles)

    def choice(self, label: str) -> Locator:
        """Find a box to tick, or one of several options."""
        box = self.page.get_by_role("checkbox", name=label, exact=True)
        found = box.or_(self.page.get_by_role("radio", name=label, exact=True))
        return found.and_(self.page.locator(":not(#vary *)"))

    def value(self, setting: str, label: str) -> Locator:
        """Find one of the values of a setting that can vary."""
        return self.page.locator(f"#{setting}-values").get_by_label(label, exact=True)

    def copy(self, picture: Path) -> None:
        """Put a PNG on the clipboard."""
        self.page.evaluate(
            """async (data) => {
                const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
                const blob = new Blob([bytes], {type: 'image/png'});
                await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]);
            }""",
            base64.b64encode(picture.read_bytes()).decode(),
        )

    def upload(self, *files: Path) -> None:
        self.page.locator("#pictures input[type=file]").first.set_input_files(files)

    def fill(self, *files: Path, prompt: str) -> None:
        """Give pictures and a prompt, and wait until they are there."""
        self.upload(*files)
        expect(self.thumbnails).to_have_count(len(files))
        self.prompt.fill(prompt)
        expect(self.make).to_be_enabled()

    def choose(self, example: str) -> None:
        """Fill the form with an example, which is there as long as there is no picture."""
        remove = self.page.get_by_role("button", name=re.compile("^Remove( all)?$"))
        if remove.count():
            remove.last.click()
        self.button(example).click()

    def choose_smallest(self) -> None:
        self.field("Duration").fill("1")
        self.choice("540p").check()
        expect(self.price).to_contain_text("$0.04")

    def start(self, *files: Path, prompt: str) -> str:
        """Make a video, and give its task's id back as soon as it is shown."""
        self.fill(*files, prompt=prompt)
        self.make.click()
        return self.task_id.inner_text()

    def go_to(self, part: str) -> None:
        """Go to a part of the page, on a phone."""
        self.page.get_by_role("navigation").get_by_role("button", name=part).click()

    def more(self, action: str) -> None:
        """Choose an action from the menu below the video."""
        self.button("More").click()
        self.button(action).click()

    def open_tab(self, name: str) -> None:
        """Open a tab below the video."""
        self.page.get_by_role("tab", name=name, exact=True).click()

    def fold_out(self, name: str = "More settings") -> None:
        self.page.get_by_role("button", name=re.compile(f"^{name}")).click()


class Maker:
    """Has videos made for a visitor without a click."""

    def __init__(self, app: App, visitor: Visitor) -> None:
        from vidu_demo.ui.browser.visitor import Visitors

        self.runner, self.visitor = app.studio.runner, visitor
        self.owner = Visitors(app.studio.secret).owner({"token": visitor.token})

    def start(self, picture: Path, prompt: str, **settings: Any) -> str:
        request = VideoRequest(images=[picture], prompt=prompt, **{**SMALL, **settings})
        job = self.runner.purchases.start(
            request, owner=self.owner, idempotency_key=f"{self.owner} {prompt}"
        )
        return job.id

    def done(self, *jobs: str) -> list[Job]:
        """Wait for videos, and give their jobs back."""
        until(lambda: all(self.job(job).state == JobState.DONE for job in jobs))
        return [self.job(job) for job in jobs]

    def stop_all(self) -> None:
        """Watch nothing any more, so that no later test pays for it."""
        for job in self.runner.jobs(self.owner):
            self.runner.stop(job.id, self.owner)

    def show(self, part: str = "") -> None:
        """Have the page know of them; on a phone, in the part that lists them."""
        self.visitor.page.reload()
        if part:
            self.visitor.go_to(part)
        expect(self.visitor.rows.first).to_be_visible()

    def job(self, job: str) -> Job:
        view = self.runner.find(job, self.owner)
        assert view
        return view.job


@pytest.fixture(scope="session")
def gone() -> dict[str, Visitor]:
    """Visitors who have left, by what they came with, and in the order in which they left."""
    return {}


@pytest.fixture
def visit(
    browser: Browser,
    app: App,
    gone: dict[str, Visitor],
    lasting: Lasting,
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., Visitor]]:
    """Add a visitor. None of their requests may leave this machine, and no script may fail.

    They come to the tab of one who came with the same browser and has left. No tab is taken again
    that a test has changed for good, or in which a test has failed.
    """
    visitors: list[tuple[str, Visitor]] = []
    failures = request.session.testsfailed

    def come(url: str = app.url, script: str = "", **options: Any) -> Visitor:
        names = ("viewport", "color_scheme", "permissions")
        looks = {name: options.pop(name) for name in names if name in options}
        kind = json.dumps([url, script, options], sort_keys=True)
        if visitor := gone.pop(kind, None):
            visitors.append((kind, visitor))
            visitor.come(**looks)
            return visitor
        context = browser.new_context(**options)
        context.add_init_script(script)
        visitor = Visitor(context, url, **looks)
        visitors.append((kind, visitor))
        if not script:  # which could keep the tab from being cleaned
            lasting.accept(context)
        return visitor

    yield come
    for kind, visitor in visitors:
        spoilt = visitor.context in lasting.spoilt or request.session.testsfailed > failures
        if spoilt or visitor.tab.is_closed() or kind in gone:
            visitor.context.close()
        else:
            lasting.take_back(visitor.context)
            visitor.leave()
            gone[kind] = visitor
        Maker(app, visitor).stop_all()
        assert visitor.elsewhere == []
        assert visitor.broken == []
        assert visitor.failed == []
        assert visitor.refused == []
    while len(gone) > TABS:
        gone.pop(next(iter(gone))).context.close()


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()
