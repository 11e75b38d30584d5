"""The visitor's own jobs, newest first: search, open, compare, download, delete."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.ledger import LONGEST_SEARCH
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.i18n.words import I18N, Say, format_seconds

MAX_ROWS = 50
"""Rows shown; search finds older jobs."""
MANY = 5
"""The search box is shown for more rows than this."""

_STATES = {
    JobState.PREPARED: "sending",
    JobState.SUBMITTING: "sending",
    JobState.RUNNING: "running",
    JobState.SAVING: "saving",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.NOT_SENT: "not made",
    JobState.UNKNOWN: "unknown",
    JobState.STOPPED: "not watched",
}
_MONEY = {
    JobState.NOT_SENT: "nothing charged",
    JobState.UNKNOWN: "may have been billed",
    JobState.STOPPED: "may be billed",
}


class History:
    """The list and its search box. A click event carries `do`, and the job's id as `job`.

    Args:
        keeps: Returns for how many days jobs are kept; None for good.
    """

    def __init__(self, keeps: Callable[[], float | None]) -> None:
        self._keeps = keeps
        self.search = gr.Textbox(
            visible=False,
            label=I18N("Search your videos by prompt or task id"),
            show_label=False,
            max_length=LONGEST_SEARCH,
            container=False,
            max_lines=1,
            placeholder=I18N("Search by prompt or task id"),
            elem_id="search",
        )
        self.list = gr.HTML(
            js_on_load="vidu.history(element, trigger)", elem_id="history", padding=False
        )

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self.search, self.list]

    def show(
        self,
        jobs: Sequence[Job],
        shown: Job | None,
        searched: str,
        thumbnail: Callable[[Job], Path | None],
        video: Callable[[Job], Path | None],
        waits: Callable[[Job], bool],
        say: Say,
    ) -> Updates:
        """List jobs.

        Args:
            jobs: The visitor's jobs, or those that match the search.
            shown: The open job.
            searched: The search text; empty if none.
            thumbnail: Returns a job's thumbnail.
            video: Returns a job's video.
            waits: Tells whether a job waits for its visitor's key.
            say: The visitor's language.
        """
        if not jobs and not searched:
            return {self.list: "", self.search: gr.update(visible=False)}
        rows = [_row(job, shown, thumbnail(job), video(job), say, waits=waits(job)) for job in jobs]
        return {
            self.search: gr.update(visible=len(jobs) > MANY or bool(searched)),
            self.list: templates.render(
                "history.html", rows=rows, kept=kept(self._keeps()), say=say
            ),
        }


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """Put the jobs of one click in the order of its takes or pictures; the clicks stay in theirs.

    Args:
        jobs: Newest first.
    """
    clicks = groupby(jobs, lambda job: job.click)
    return [job for _, click in clicks for job in reversed(list(click))]


def kept(days: float | None) -> str:
    """Say how long jobs are kept."""
    if days is None:
        return "Pictures and videos are kept until you delete them."
    if days == 1:
        return "Pictures, videos and prompts are deleted a day after a video is made."
    return Text(
        "Pictures, videos and prompts are deleted {days} days after a video is made.",
        days=f"{days:g}",
    )


class _Row(NamedTuple):
    """What a row shows."""

    job: Job
    current: bool
    comparable: bool
    thumbnail: Path | None
    video: Path | None
    prompt: str
    price: str
    facts: list[str]
    created: str


def _row(
    job: Job,
    shown: Job | None,
    thumbnail: Path | None,
    video: Path | None,
    say: Say,
    *,
    waits: bool,
) -> _Row:
    current = bool(shown and shown.id == job.id)
    return _Row(
        job,
        current,
        comparable=bool(video and shown and not current and shown.state == JobState.DONE),
        thumbnail=thumbnail,
        video=video,
        prompt=str(job.request.get("prompt") or f"{say('Task')} {job.task_id}"),
        price=_price(job),
        facts=_facts(job, say, waits=waits),
        created=datetime.fromtimestamp(job.created, UTC).isoformat(),
    )


def _state(job: Job, *, waits: bool) -> str:
    if waits:
        return "waits for your key"
    if job.only_an_id and job.state == JobState.RUNNING:  # whether it runs is not known yet
        return "watched"
    return _STATES[job.state]


def _price(job: Job) -> str:
    bought = job.state != JobState.NOT_SENT
    price = VideoRequest.unchecked(**job.request).known_price if bought else None
    return "" if price is None else pricing.format_price(price)


def _facts(job: Job, say: Say, *, waits: bool) -> list[str]:
    request = job.request
    facts = [
        say(format_seconds(request["duration"])) if "duration" in request else "",
        request.get("resolution", ""),
        f"{say('Seed')} {request['seed']}" if "seed" in request else "",
        say("simulated") if job.simulated else "",
        say(_state(job, waits=waits)),
        say(_MONEY.get(job.state, "")) if not job.simulated else "",
    ]
    return [fact for fact in facts if fact]
