"""How fast a new visitor's page comes while hundreds of pages are ticking.

    python -m benchmarks.load [--pages 300] [--visits 100]

A visitor loads `/` and asks for the page's first state, as a browser does, from a process of its
own: first from an idle app, then from the same app while every open page asks for changes at its
own pace and the app follows a job for each.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from benchmarks.waiting import App, Page, Times, clip, open_pages, quantile, running, timed
from vidu_demo.simulator import Simulator

TASK_SECONDS = 1800.0
"""So long that every page ticks until the end."""
SETTLE_SECONDS = 8.0
WARM_UP = 5
"""Visits before those that count."""
TARGET = 0.5
"""Seconds within which 95 of 100 visitors are to be answered."""
FIGURES = ("`/`", "first state")


async def visit(url: str, visits: int) -> None:
    """Print how long each visitor waits for `/` and for the first state, in seconds."""
    app = App(None, url)
    async with httpx.AsyncClient(timeout=60) as client:
        app.read(await client.get(url + "/config"))
    seconds = []
    for _ in range(WARM_UP + visits):
        async with httpx.AsyncClient(timeout=60) as client:
            page = Page(app, client, Times())
            loaded = await timed(lambda c=client: c.get(url + "/"))  # type: ignore[misc]
            seconds.append((loaded, await timed(page.arrive)))
    print(json.dumps(seconds[WARM_UP:]))


async def visitors(app: App, visits: int) -> list[list[float]]:
    """Send visitors, one after the other; their seconds for each of the figures."""
    command = [sys.executable, "-m", "benchmarks.load", "--url", app.url, "--visits", str(visits)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    return [list(figure) for figure in zip(*json.loads(said), strict=True)]


async def measure(pages: int, visits: int) -> bool:
    """Print the table; tell whether the target is met."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(clip=clip(Path(folder)), seconds=TASK_SECONDS, remember=False) as simulator,
    ):
        simulator.speaks_progress = False  # as in the one live capture
        limits = httpx.Limits(max_connections=2 * pages + 50)
        async with (
            running("ours", simulator, Path(folder)) as app,
            httpx.AsyncClient(timeout=120, limits=limits) as client,
        ):
            idle = await visitors(app, visits)
            times = Times()
            watchers = await open_pages(app, client, pages, pages, times)
            await asyncio.sleep(SETTLE_SECONDS)
            times.ticks.clear()
            loaded = await visitors(app, visits)
            ticks = len(times.ticks)
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
    print("| what | idle, median | idle, p95 | loaded, median | loaded, p95 | p95, ratio |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, before, under in zip(FIGURES, idle, loaded, strict=True):
        middles = (statistics.median(before), statistics.median(under))
        highs = (quantile(before, 0.95), quantile(under, 0.95))
        cells = [middles[0], highs[0], middles[1], highs[1]]
        shown = " | ".join(f"{1000 * seconds:.0f} ms" for seconds in cells)
        print(f"| {name} | {shown} | {highs[1] / highs[0]:.1f} |")
    print(f"\nMeanwhile, {pages} pages ticked {ticks} times. Each figure is of {visits} visitors.")
    return max(quantile(under, 0.95) for under in loaded) < TARGET


def main() -> None:
    """Measure, print the table, and fail if a visitor waits longer than the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--visits", type=int, default=100)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.url:
        asyncio.run(visit(arguments.url, arguments.visits))
    elif not asyncio.run(measure(arguments.pages, arguments.visits)):
        sys.exit(f"p95 is not under {TARGET * 1000:.0f} ms")


if __name__ == "__main__":
    main()
