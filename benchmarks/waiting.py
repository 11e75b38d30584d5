"""What waiting costs: open jobs in one process, pages looking at them, and a new visitor.

    python -m benchmarks.waiting [--jobs 1 100 300 1000] [--pages 300]

Two apps are measured in one run, each in a process of its own, against one simulator: this one,
and a straightforward Gradio app, where one sync generator submits, sleeps and polls until the video
is there. The pages are HTTP clients that do what a browser does: they poll at the pace that the
app sets, or hold the generator's event stream open.
"""

import argparse
import asyncio
import json
import math
import os
import re
import secrets
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from vidu_demo.simulator import Simulator
from vidu_demo.simulator.video.render import render

TASK_SECONDS = 75.0
MEASURED_SECONDS = 15.0
REQUESTS_PER_SECOND = 40.0
PICTURE = "https://example.com/picture.jpg"
NEW_VISITORS = 7
TICKS = 2000
"""One after the other, in an idle app, to see what one costs it."""
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class App:
    """A running app, seen from outside."""

    process: subprocess.Popen[bytes] | None
    url: str
    listeners: dict[str, int] = field(default_factory=dict)

    def read(self, config: httpx.Response) -> None:
        """Learn the listeners' numbers."""
        self.listeners = {d["api_name"]: d["id"] for d in config.json()["dependencies"]}

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        return self._status("VmRSS") / 1024

    @property
    def threads(self) -> int:
        """Number of threads."""
        return int(self._status("Threads"))

    @property
    def processor(self) -> float:
        """Seconds of one core used since the start."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / CLOCK_TICKS

    def _status(self, name: str) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return float(line.split()[1])
        raise KeyError(name)


@asynccontextmanager
async def running(kind: str, simulator: Simulator, folder: Path, rest: float = 2.0) -> Any:
    """Run an app in a process of its own, and let it come to rest for some seconds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "NOVITA_API_KEY": simulator.key,
        "NOVITA_BASE_URL": simulator.url,
        "VIDU_DATA_DIR": str(folder),
        "VIDU_REQUESTS_PER_SECOND": str(REQUESTS_PER_SECOND),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "HF_HUB_OFFLINE": "1",
        "GRADIO_SSR_MODE": "False",
    }
    program = ["app.py"] if kind == "ours" else ["-m", "benchmarks.others", kind]
    command = [sys.executable, *program, "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    app = App(process, f"http://127.0.0.1:{port}")
    try:
        async with httpx.AsyncClient() as client:
            while True:
                with suppress(httpx.TransportError):
                    app.read(await client.get(app.url + "/config"))
                    break
                await asyncio.sleep(0.05)
        await asyncio.sleep(rest)
        yield app
    finally:
        process.kill()
        process.wait()


@dataclass
class Times:
    """What the pages see, in seconds.

    Attributes:
        ticks: How long a tick takes in which nothing has changed.
        refreshes: How long a refresh takes.
        ended: By prompt, the Unix time at which a page shows that the task has ended.
        done: By prompt, the Unix time at which a page shows the video.
    """

    ticks: list[float] = field(default_factory=list)
    refreshes: list[float] = field(default_factory=list)
    ended: dict[str, float] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)


@dataclass
class Page:
    """A browser tab of this app."""

    app: App
    client: httpx.AsyncClient
    times: Times
    session: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    visitor: dict[str, str] = field(default_factory=dict)
    shown: str = ""
    seen: str = ""
    receipts: list[Any] = field(default_factory=list)
    watch: dict[str, str] = field(default_factory=dict)
    form: list[Any] = field(default_factory=list)
    offer: str = ""

    async def call(self, listener: str, *data: Any) -> list[Any]:
        """Trigger a listener that takes the tab, as the browser does."""
        here = [self.visitor, self.shown, self.seen]
        tab = [*here, "", "", "", False, "", "1", "", self.receipts]
        return await self.post(listener, *data, *tab)

    async def post(self, listener: str, *data: Any) -> list[Any]:
        """Trigger a listener."""
        body = {
            "data": list(data),
            "fn_index": self.app.listeners[listener],
            "session_hash": self.session,
            "event_data": None,
        }
        answer = await self.client.post(self.app.url + "/gradio_api/run/predict", json=body)
        answer.raise_for_status()
        return list(answer.json()["data"])

    def take(self, drawn: list[Any]) -> None:
        """Keep what came back, as the widgets do."""
        self.seen, _address, watch, receipts, *_result = drawn
        self.watch = dict(re.findall(r'data-(\w+)="([^"]*)"', watch))
        if isinstance(receipts, list):
            self.receipts = receipts

    async def arrive(self) -> None:
        """Load the page, which gives the visitor a token."""
        self.visitor, *_ = await self.call("welcome", {})

    async def fill(self, prompt: str) -> None:
        """Fill the form, and wait until the button says the price."""
        self.form = [[], PICTURE, prompt, 5, "720p", None, False, "", False, "auto"]
        self.form += [False, False, 1, "", [], [], [], [], "", "", None, None]
        reviewed = await self.post("review", self.seen, [], self.visitor, *self.form)
        _kept, _visible, self.offer, *_ = reviewed

    async def submit(self) -> None:
        """Click the button."""
        view = await self.call("buy", self.offer, *self.form)
        self.shown, _fault, _held, _anyway, _compare, _wall, _pages, _film, *drawn = view
        self.take(drawn)

    async def tick(self) -> None:
        """Ask whether anything has changed, and refresh only if it has."""
        began = time.perf_counter()
        answer = await self.client.get(f"{self.app.url}/{self.watch['changes']}")
        if answer.text == self.watch["version"]:
            self.times.ticks.append(time.perf_counter() - began)
            return
        began = time.perf_counter()
        self.take(await self.call("refresh"))
        self.times.refreshes.append(time.perf_counter() - began)

    async def follow(self, prompt: str) -> None:
        """Tick at the app's own pace until the video is there."""
        while self.watch:
            await asyncio.sleep(float(self.watch["seconds"]))
            await self.tick()
            if self.seen.endswith((" saving", " done")):
                self.times.ended.setdefault(prompt, time.time())
            if self.seen.endswith(" done"):
                self.times.done[prompt] = time.time()
                return


async def timed(act: Callable[[], Awaitable[Any]]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began


def quantile(values: list[float], share: float) -> float:
    """The value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


async def new_visitor(app: App) -> tuple[float, float]:
    """Median seconds of the page and of a click, for visitors who come now.

    They come from a process of their own: this one is busy with the other pages.
    """
    command = [sys.executable, "-m", "benchmarks.waiting", "--visit", app.url]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    page, click = json.loads(said)
    return page, click


async def visit(url: str) -> None:
    """Print what `new_visitor` gives."""
    app = App(None, url)
    async with httpx.AsyncClient(timeout=30) as client:
        app.read(await client.get(url + "/config"))
    pages, clicks = [], []
    for number in range(NEW_VISITORS):
        async with httpx.AsyncClient(timeout=30) as client:
            pages.append(await timed(lambda c=client: c.get(app.url + "/")))  # type: ignore[misc]
            if "buy" in app.listeners:
                page = Page(app, client, Times())
                await page.arrive()
                await page.fill(f"new {number}")
                clicks.append(await timed(page.submit))
            else:
                clicks.append(await plain_click(app, client))
    print(json.dumps([statistics.median(pages), statistics.median(clicks)]))


async def tick_cost(app: App, client: httpx.AsyncClient) -> float:
    """Seconds of the app's processor for an unchanged tick, and for its share of idling."""
    address, used = f"{app.url}/changes/{secrets.token_hex(16)}", app.processor
    for _ in range(TICKS):
        (await client.get(address)).raise_for_status()
    return (app.processor - used) / TICKS


async def plain_click(app: App, client: httpx.AsyncClient) -> float:
    """Seconds until the plain app starts a new visitor's event; infinity if not within 8 s."""
    started = asyncio.Event()
    task = asyncio.create_task(plain_page(app, client, "new", started))
    began = time.perf_counter()
    try:
        await asyncio.wait_for(started.wait(), 8)
        return time.perf_counter() - began
    except TimeoutError:
        return math.inf
    finally:
        task.cancel()


async def plain_page(
    app: App, client: httpx.AsyncClient, prompt: str, started: asyncio.Event
) -> None:
    """Hold the plain app's event stream open, as a browser does."""
    session = secrets.token_hex(6)
    body = {"data": [prompt], "fn_index": 0, "session_hash": session, "trigger_id": None}
    await client.post(app.url + "/gradio_api/queue/join", json=body)
    address = f"{app.url}/gradio_api/queue/data?session_hash={session}"
    async with client.stream("GET", address, timeout=None) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:") and json.loads(line[5:])["msg"] == "process_starts":
                started.set()


@dataclass
class Row:
    """One line of the table."""

    app: str
    jobs: int
    pages: int
    bought: int
    memory: float
    threads: int
    processor: float
    polls: float
    tick: float
    refresh: float
    way: float = math.nan
    lag: float = math.nan
    page: float = 0.0
    click: float = 0.0
    cost: float = math.nan

    def __str__(self) -> str:
        def ms(seconds: float) -> str:
            if math.isnan(seconds):
                return "-"
            return "none in 8 s" if seconds == math.inf else f"{seconds * 1000:.0f} ms"

        def s(seconds: float) -> str:
            return "-" if math.isnan(seconds) else f"{seconds:.1f} s"

        cost = "-" if math.isnan(self.cost) else f"{self.cost * 1000:.2f} ms"
        return (
            f"| {self.app} | {self.jobs} | {self.pages} | {self.bought} | {self.memory:+.0f} MB "
            f"| {self.threads} | {self.processor:.0%} | {self.polls:.1f} | {ms(self.tick)} "
            f"| {ms(self.refresh)} | {s(self.way)} | {s(self.lag)} | {ms(self.page)} "
            f"| {ms(self.click)} | {cost} |"
        )


HEAD = (
    "| app | jobs | pages | tasks running | memory above idle | threads | CPU of a core "
    "| polls a second | unchanged tick, median | refresh, p95 | way of a state to its page, p95 "
    "| lag of a video, p95 | page, new visitor | click, new visitor | unchanged tick, CPU |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


async def measure(kind: str, jobs: int, pages: int) -> Row:
    """Start an app, give it jobs and pages, and measure what they cost."""
    ends: dict[str, float] = {}

    def length(body: dict[str, Any]) -> float:
        ends[body["prompt"]] = time.time() + TASK_SECONDS
        return TASK_SECONDS

    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(clip=clip(Path(folder)), seconds=length, remember=False) as simulator,
    ):
        simulator.speaks_progress = False  # as in the one live capture
        limits = httpx.Limits(max_connections=2 * jobs + 50)
        async with (
            running(kind, simulator, Path(folder)) as app,
            httpx.AsyncClient(timeout=120, limits=limits) as client,
        ):
            idle = app.memory
            times = Times()
            if kind == "ours":
                watchers = await open_pages(app, client, jobs, pages, times)
            else:
                watchers = [
                    asyncio.create_task(plain_page(app, client, f"job {n}", asyncio.Event()))
                    for n in range(jobs)
                ]
            await asyncio.sleep(8)
            times.ticks.clear()
            times.refreshes.clear()
            polls, used, began = simulator.poll_count, app.processor, time.perf_counter()
            await asyncio.sleep(MEASURED_SECONDS)
            seconds = time.perf_counter() - began
            row = Row(
                app=kind,
                jobs=jobs,
                pages=len(watchers),
                bought=simulator.task_count,
                memory=app.memory - idle,
                threads=app.threads,
                processor=(app.processor - used) / seconds,
                polls=(simulator.poll_count - polls) / seconds,
                tick=quantile(times.ticks, 0.5),
                refresh=quantile(times.refreshes, 0.95),
            )
            row.page, row.click = await new_visitor(app)
            if kind == "ours" and not watchers:
                row.cost = await tick_cost(app, client)
            if kind == "ours" and watchers:
                await asyncio.wait(watchers, timeout=3 * TASK_SECONDS)
                finished = when_known(Path(folder))
                row.way = quantile([at - finished[p] for p, at in times.ended.items()], 0.95)
                row.lag = quantile([at - ends[p] for p, at in times.done.items()], 0.95)
                row.memory = max(row.memory, app.memory - idle)
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            return row


async def open_pages(
    app: App,
    client: httpx.AsyncClient,
    jobs: int,
    pages: int,
    times: Times,
) -> list[asyncio.Task[None]]:
    """Start jobs from tabs, and keep some of the tabs open."""
    tabs = {f"job {number}": Page(app, client, times) for number in range(jobs)}
    for batch in batched(tabs.items(), 50):
        await asyncio.gather(*(tab.arrive() for _, tab in batch))
        await asyncio.gather(*(tab.fill(prompt) for prompt, tab in batch))
        await asyncio.gather(*(tab.submit() for _, tab in batch))
    watched = list(tabs.items())[:pages]
    return [asyncio.create_task(tab.follow(prompt)) for prompt, tab in watched]


def when_known(folder: Path) -> dict[str, float]:
    """By prompt, the Unix time at which the app knew that the task had ended."""
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        rows = ledger.execute("SELECT request, finished FROM jobs WHERE finished IS NOT NULL")
        return {json.loads(request)["prompt"]: finished for request, finished in rows}


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Split into lists of a size."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def clip(folder: Path) -> bytes:
    """A small video, so that the simulator's rendering is not what is measured."""
    path = folder / "clip.mp4"
    render({"images": [PICTURE], "prompt": "x", "duration": 1, "resolution": "540p"}, path)
    return path.read_bytes()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, nargs="*", default=[0, 1, 100, 300, 1000])
    parser.add_argument("--plain", type=int, nargs="*", default=[0, 1, 100, 300])
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--visit", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.visit:
        asyncio.run(visit(arguments.visit))
        return
    print(HEAD, flush=True)
    for kind, sizes in (("ours", arguments.jobs), ("plain", arguments.plain)):
        for jobs in sizes:
            print(asyncio.run(measure(kind, jobs, arguments.pages)), flush=True)


if __name__ == "__main__":
    main()
