"""How long the page takes to start, compared with an empty Gradio app, and what moves meanwhile.

    python -m benchmarks.start [--starts 7] [--loads 15]

The two start in turn. Then both run at once, each in a process of its own, and a browser loads the
one and the other in turn, each time as a new visitor, in a laptop's window and in a phone's.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.async_api import Browser, async_playwright

from benchmarks.waiting import clip, running
from vidu_demo.simulator import Simulator

WINDOWS = {"laptop": (1440, 900), "phone": (390, 844)}
HEADING = "h1"
"""Shown by both pages: by ours before Gradio's script has run, by the empty one after that."""
READY = {"ours": "#make", "empty": HEADING}
"""Shown once Gradio's script has made the page."""

# How far things moved that were already visible; below 0.1 counts as good.
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) =>
  window.shifts.push([entry.value, entry.sources.map(({node}) => node?.id || node?.className)])
)).observe({type: 'layout-shift', buffered: true});
"""


@dataclass
class Loads:
    """What was measured of one app in one window.

    Attributes:
        heading: Seconds until the heading is visible, one for each load.
        ready: Seconds until the page can be used, one for each load.
        shift: The sum of layout shifts, one for each load.
        moved: The elements that moved, by their id or class.
    """

    heading: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    moved: Counter[str] = field(default_factory=Counter)


async def start(kind: str, simulator: Simulator, folder: Path) -> float:
    """Seconds from the start of an app's process to its first page."""
    began = time.perf_counter()
    async with running(kind, simulator, folder, rest=0) as app, httpx.AsyncClient() as client:
        (await client.get(app.url)).raise_for_status()
        return time.perf_counter() - began


async def measure_starts(starts: int, simulator: Simulator, folder: Path) -> None:
    """Start both apps in turn, and print a table."""
    seconds: dict[str, list[float]] = {"empty": [], "ours": []}
    for number in range(starts):
        for kind, found in seconds.items():
            found.append(await start(kind, simulator, folder / f"{kind}{number}"))
    base = statistics.median(seconds["empty"])
    print("| app | first page after, median | ratio |\n|---|---|---|")
    for kind, found in seconds.items():
        middle = statistics.median(found)
        print(f"| {kind} | {middle:.2f} s | {middle / base:.2f} |")


async def load(browser: Browser, kind: str, url: str, window: tuple[int, int], into: Loads) -> None:
    """Load a page as a new visitor."""
    context = await browser.new_context(viewport={"width": window[0], "height": window[1]})
    page = await context.new_page()
    await page.add_init_script(SHIFTS)
    await page.goto(url, wait_until="commit")
    await page.locator(HEADING).first.wait_for()
    into.heading.append(await page.evaluate("performance.now() / 1000"))
    await page.locator(READY[kind]).first.wait_for()
    into.ready.append(await page.evaluate("performance.now() / 1000"))
    await page.wait_for_load_state("networkidle")
    shifts = await page.evaluate("window.shifts")
    into.shift.append(sum(value for value, _ in shifts))
    into.moved.update(str(name) for _, names in shifts for name in names)
    await context.close()


async def measure(starts: int, loads: int) -> None:
    """Measure both apps in turn, and print the tables."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(clip=clip(Path(folder))) as simulator,
    ):
        await measure_starts(starts, simulator, Path(folder))
        async with (
            running("ours", simulator, Path(folder) / "ours") as ours,
            running("empty", simulator, Path(folder) / "empty") as empty,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(
                executable_path="/usr/bin/chromium",
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            print("\n| window | app | heading | ratio | ready | ratio | shift, worst | moved |")
            print("|---|---|---|---|---|---|---|---|")
            for name, window in WINDOWS.items():
                found = {"empty": Loads(), "ours": Loads()}
                for _ in range(loads):
                    for kind, app in (("empty", empty), ("ours", ours)):
                        await load(browser, kind, app.url, window, found[kind])
                none = found["empty"]
                base = statistics.median(none.heading), statistics.median(none.ready)
                for kind, seen in found.items():
                    heading, ready = statistics.median(seen.heading), statistics.median(seen.ready)
                    print(
                        f"| {name} | {kind} | {heading:.2f} s | {heading / base[0]:.2f} "
                        f"| {ready:.2f} s | {ready / base[1]:.2f} "
                        f"| {max(seen.shift):.3f} | {', '.join(seen.moved)} |"
                    )
            await browser.close()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--loads", type=int, default=15)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.starts, arguments.loads))


if __name__ == "__main__":
    main()
