"""Finished videos that nothing has made: rows in the ledger, and small files, on a page's list.

They cost a fraction of what the simulator's do, and to have the page open one costs a fraction of
what loading it again does.
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest
from page_fixtures import SMALL, App, Maker, Visitor
from playwright.sync_api import Page, expect

from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.media.clip import facts
from vidu_demo.simulator.video.render import SHORT_SIDES, render


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Have the simulator make small videos: to draw, play and join larger ones takes a while."""
    for resolution in SHORT_SIDES:
        patch.setitem(SHORT_SIDES, resolution, 90)


@pytest.fixture
def small_videos(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def skip(page: Page, seconds: float) -> None:
    """Set a page's clock ahead, which it counts down to a delete by: nobody has to wait."""
    page.evaluate(
        "ms => { const now = Date.now; Date.now = () => now.call(Date) + ms; }", 1000 * seconds
    )


@cache
def small_clip(seed: int, seconds: int) -> bytes:
    """Render a video that plays; another seed makes other pictures."""
    asked = {"images": ["https://example.com/photo.jpg"], "prompt": "x", "resolution": "540p"}
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        path = Path(folder, "clip.mp4")
        render(asked | {"duration": seconds, "seed": seed}, path)
        return path.read_bytes()


class Shelf(Maker):
    """A visitor's list, to put videos on."""

    def __init__(self, app: App, visitor: Visitor) -> None:
        super().__init__(app, visitor)
        self.videos = app.studio.videos

    def put(self, name: str, clip: bytes = b"", **changes: Any) -> Job:
        """Put a video on the list; one without a clip does not play."""
        job = Job(
            id=hashlib.md5(f"{self.owner} {name}".encode()).hexdigest(),  # noqa: S324
            idempotency_key=f"{self.owner} {name}",
            fingerprint=name,
            owner=self.owner,
            backend=self.runner._accounts.backend(Payer.HOST),
            request={**SMALL, "prompt": f"The {name}.", "images": [], "seed": len(name)},
            state=JobState.DONE,
            created=time.time(),
            video=f"{name}.mp4",
        )
        job = replace(job, **changes)
        if job.video:
            (self.videos / job.id).mkdir(parents=True)
            path = self.videos / job.id / job.video
            path.write_bytes(clip or name.encode())
            job = replace(job, facts=asdict(facts(path)) if clip else None)
        (job,) = self.runner._ledger.add([job])
        return job

    def play(self, name: str, seconds: int = 1, **settings: Any) -> Job:
        """Put a video on the list that plays, and that was made from some settings."""
        now = time.time()
        seed = len(name)
        asked = {**SMALL, "prompt": f"The {name}.", "images": [], "seed": seed}
        return self.put(
            name,
            small_clip(seed, seconds),
            request=asked | {"duration": seconds} | settings,
            submitted=now - 1,
            finished=now,
            task_id=f"task-{hashlib.md5(f'{self.owner} {name}'.encode()).hexdigest()}",  # noqa: S324
        )

    def open(self, job: str) -> None:
        """Open a video as a click in the list does, before the page knows that it is there."""
        self.visitor.page.locator("#history").evaluate(
            """(list, job) => {
                const button = document.createElement('button');
                Object.assign(button.dataset, {do: 'open', job});
                list.querySelector('.history-head').append(button);
                button.click();
                button.remove();
            }""",
            job,
        )
        expect(self.visitor.rows.first).to_be_attached()


@pytest.fixture
def away(app: App) -> Iterator[Shelf]:
    """The list of a visitor whose browser is closed."""
    shelf = Shelf(app, cast("Visitor", SimpleNamespace(**app.token())))
    yield shelf
    shelf.stop_all()
