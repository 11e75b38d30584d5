"""What the benchmarks do to the app still works: they send what its listeners read."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
from page_fixtures import App

from benchmarks import waiting


def test_the_page_of_the_benchmarks_makes_a_video_and_sees_it_done(app: App) -> None:
    before = app.simulator.submit_count

    async def visit() -> waiting.Times:
        seen = waiting.App(None, app.url.rstrip("/"))
        async with httpx.AsyncClient() as client:
            seen.read(await client.get(f"{seen.url}/config"))
            page = waiting.Page(seen, client, waiting.Times())
            await page.arrive()
            await page.fill("The cat blinks.")
            await page.submit()
            async with asyncio.timeout(60):
                await page.follow("The cat blinks.")
            return page.times

    with ThreadPoolExecutor() as thread:  # Playwright runs a loop in this one
        times = thread.submit(lambda: asyncio.run(visit())).result()
    assert [*times.ended] == [*times.done] == ["The cat blinks."]
    assert app.simulator.submit_count == before + 1
