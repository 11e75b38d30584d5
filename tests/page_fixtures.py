"""The app on a free port over a simulator, and a browser: for the tests of what people see.

The app is the real one: a runner, a ledger and files on disk, served by Gradio over loopback. It
is started once; each test comes as a new visitor, in a browser context of its own.
"""

import gc
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.studio import Studio

KEY = "k-secret-3f9a1c"
CHROMIUM = Path("/usr/bin/chromium")
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "NO_PROXY": "127.0.0.1,localhost",
}
"""What keeps Gradio from asking anybody anything."""

WAIT = 15_000
"""Milliseconds that a browser waits for what should be there at once, on a busy machine."""
SIZE = (320, 240)
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

    def question(self, name: str, *, event: Any = None, **values: Any) -> dict[str, Any]:
        """What a browser sends to a listener: these values, and those of a tab that is new."""
        (listener,) = [fn for fn in self.demo.fns.values() if fn.api_name == name]
        known = {"shown": "", "seen": "", "fault": "", "search": "", "receipts": [], **values}
        assert values.keys() <= set(listener.input_keyword_names)
        data = [known.get(each) for each in listener.input_keyword_names]
        event = {"event_data": event}
        return {"data": data, "fn_index": listener._id, "session_hash": "stranger", **event}

    @property
    def videos(self) -> set[Path]:
        """Every finished video on disk."""
        return set(self.studio.videos.glob("*/*.mp4"))


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
    """How long a task takes: a prompt may say it, as in "[20 s]"."""
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

        from vidu_demo.ui.launch import launch
        from vidu_demo.ui.page import build

        simulator = stack.enter_context(Simulator(KEY, seconds=task_seconds))
        settings = Settings(
            api_key=KEY,
            base_url=simulator.url,
            data_dir=folder / "data",
            requests_per_second=50.0,
        )
        studio = Studio(settings)
        stack.callback(studio.close)
        demo = build(studio.runner, **studio.page_options)
        _, url, _ = launch(
            demo,
            videos=studio.videos,
            prevent_thread_lock=True,
            quiet=True,
            server_name="127.0.0.1",
            server_port=free_port(),
        )
        stack.callback(demo.close, verbose=False)
        yield App(url, demo, studio, simulator, settings.data_dir, folder / "uploads", keep.lines)


@pytest.fixture
def api(app: App) -> Iterator[Simulator]:
    """The API's stand-in, as good as new after the test."""
    yield app.simulator
    for faults in app.simulator.faults.values():
        faults.clear()
    app.simulator.statuses = None
    app.simulator.speaks_progress = True


@pytest.fixture
def pngs(tmp_path: Path) -> dict[str, Path]:
    """One plain picture of each colour, so that a test can tell which one was sent first."""
    made = {}
    for name, colour in COLOURS.items():
        made[name] = tmp_path / f"{name}.png"
        Image.new("RGB", SIZE, colour).save(made[name])
    return made


def until(holds: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Wait for something that no browser shows, and give it back."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
    return found


# The browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"there is no {CHROMIUM}: install Debian's package chromium"
        if os.environ.get("VIDU_BROWSER_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        expect.set_options(timeout=WAIT)
        yield browser
        browser.close()


_TYPED: tuple[Literal["spinbutton", "textbox", "combobox"], ...] = (
    "spinbutton",
    "textbox",
    "combobox",
)


class Visitor:
    """A visitor with a browser of their own: what they do, and the places they look at.

    Attributes:
        asked: Every address that their pages have asked for.
        broken: Every error that a page's scripts did not catch.
        failed: Every address at which the app itself has failed.
        token: What the server knows them by.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.asked: list[str] = []
        self.broken: list[str] = []
        self.failed: list[str] = []
        context.set_default_timeout(WAIT)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("response", lambda answer: answer.status >= 500 and self.fail(answer.url))
        context.on("weberror", lambda error: self.broken.append(str(error.error)))
        self.page = self.open()

    def fail(self, url: str) -> None:
        self.failed.append(url)

    def open(self, query: str = "") -> Page:
        page = self.context.new_page()
        with page.expect_response(re.compile("/gradio_api/run/predict")) as welcome:
            page.goto(self.url + query)
        self.token = welcome.value.json()["data"][0]["token"]
        # The server has recognised the visitor and filled the form.
        expect(page.locator("#price strong")).to_be_visible()
        return page

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
        return self.button("Make the video")

    @property
    def status(self) -> Locator:
        return self.page.locator("#status")

    @property
    def headline(self) -> Locator:
        return self.status.get_by_role("status")

    @property
    def task_id(self) -> Locator:
        return self.status.locator("dt:text-is('Task') + dd code")

    @property
    def seed(self) -> Locator:
        return self.status.locator("dt:text-is('Seed') + dd code")

    @property
    def video(self) -> Locator:
        return self.page.locator("#video video")

    @property
    def prompt(self) -> Locator:
        return self.page.locator("#prompt textarea")

    @property
    def thumbnails(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile(r"^Thumbnail \d"))

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
        return box.or_(self.page.get_by_role("radio", name=label, exact=True))

    def upload(self, *files: Path) -> None:
        self.page.locator("#pictures input[type=file]").first.set_input_files(files)

    def fill(self, *files: Path, prompt: str) -> None:
        """Give pictures and a prompt, and wait until they are there."""
        self.upload(*files)
        expect(self.thumbnails).to_have_count(len(files))
        self.prompt.fill(prompt)
        expect(self.make).to_be_enabled()

    def start(self, *files: Path, prompt: str) -> str:
        """Make a video, and give its task's id back as soon as it is shown."""
        self.fill(*files, prompt=prompt)
        self.make.click()
        return self.task_id.inner_text()

    def fold_out(self, name: str = "More settings") -> None:
        self.page.get_by_role("button", name=re.compile(f"^{name}")).click()


@pytest.fixture
def visit(browser: Browser, app: App) -> Iterator[Callable[..., Visitor]]:
    """Let a visitor come. None of their requests may leave this machine; no script may fail."""
    visitors = []

    def come(url: str = app.url, script: str = "", **options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.add_init_script(script)
        visitors.append(Visitor(context, url))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()
        assert visitor.elsewhere == []
        assert visitor.broken == []
        assert visitor.failed == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()
