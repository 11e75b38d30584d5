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
from vidu_demo.jobs.search import LONGEST_SEARCH, Mark, Search
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.browser.tab import MAX_PAGES
from vidu_demo.ui.i18n.chinese import CHINESE
from vidu_demo.ui.i18n.words import I18N, Say, format_seconds

PAGE_ROWS = 48
"""Jobs on each page of the list."""
MAX_ROWS = PAGE_ROWS * MAX_PAGES
"""Jobs that the list can show; search finds older ones."""
MANY = 5
"""The search box is shown for more jobs than this."""

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
_WAITS, _WATCHED = "waits for your key", "watched"
_MONEY = {
    JobState.NOT_SENT: "nothing charged",
    JobState.UNKNOWN: "may have been billed",
    JobState.STOPPED: "may be billed",
}
_LABELS: tuple[tuple[str, JobState | Mark], ...] = (
    *((label, state) for state, label in _STATES.items()),
    (_WATCHED, JobState.RUNNING),
    (_WAITS, Mark.WAITS),
    ("Draft", Mark.DRAFT),
    ("Seed", Mark.SEED),
    ("simulated", Mark.SIMULATED),
    ("Starred", Mark.STARRED),
)


class History:
    """The list, its search box, and its filter.

    A click event carries `do`, and the job's id as `job` or several as `jobs`; a delete event the
    ids as `jobs`.

    Args:
        keeps: Returns for how many days jobs are kept; None for good.
    """

    def __init__(self, keeps: Callable[[], float | None]) -> None:
        self._keeps = keeps
        self.pages = gr.Textbox("1", visible=False)
        self.search = gr.Textbox(
            visible=False,
            label=I18N("Search your videos by prompt, seed, resolution, state or task id"),
            show_label=False,
            max_length=LONGEST_SEARCH,
            container=False,
            max_lines=1,
            placeholder=I18N("Search prompts, seeds, states"),
            elem_id="search",
        )
        self.starred = gr.Checkbox(
            visible=False,
            label=I18N("Starred"),
            container=False,
            min_width=0,
            elem_id="starred",
        )
        self.list = gr.HTML(
            # gr.HTML has the events that this names.
            js_on_load="vidu.history(element, trigger, 'take')",
            elem_id="history",
            padding=False,
        )

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self.search, self.starred, self.list]

    def show(
        self,
        jobs: Sequence[Job],
        shown: Job | None,
        searched: str,
        *,
        starred: bool,
        more: bool,
        counts: tuple[int, int] | None,
        still: Callable[[Job], Path | None],
        video: Callable[[Job], Path | None],
        waits: Callable[[Job], bool],
        say: Say,
    ) -> Updates:
        """List jobs.

        Args:
            jobs: The visitor's jobs, or those that match the search, as from `in_order`.
            shown: The open job.
            searched: The search text; empty if none.
            starred: True if only starred jobs are listed.
            more: True if there are more jobs to list.
            counts: How many jobs match the search, and how many there are.
            still: Returns the picture that stands for a job.
            video: Returns a job's video.
            waits: Tells whether a job waits for its visitor's key.
            say: The visitor's language.
        """
        cards = [
            _card(job, shown, still(job), video(job), say, waits=waits(job), joined=place > 0)
            for click in _clicks(jobs)
            for place, job in enumerate(click)
        ]
        return {
            self.search: gr.update(visible=len(jobs) > MANY or bool(searched) or starred),
            self.starred: gr.update(visible=starred or any(job.starred for job in jobs)),
            self.list: templates.render(
                "history.html",
                cards=cards,
                counts=counts,
                more=more and len(cards) < MAX_ROWS,
                kept=kept(self._keeps()),
                say=say,
            ),
        }


def search(text: str, *, starred: bool = False) -> Search:
    """Look for what a visitor enters in what cards show, in either language."""
    both = [(word, shown_for) for label, shown_for in _LABELS for word in (label, CHINESE[label])]
    return Search(text, both, starred)


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """Put the jobs of one click in the order of its takes or pictures; the clicks stay in theirs.

    Args:
        jobs: Newest first.
    """
    return [job for click in _clicks(jobs) for job in reversed(click)]


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


class _Card(NamedTuple):
    """What a card shows."""

    job: Job
    current: bool
    comparable: bool
    joined: bool
    still: Path | None
    video: Path | None
    prompt: str
    price: str
    facts: list[str]
    state: str
    money: str
    created: str


def _clicks(jobs: Sequence[Job]) -> list[list[Job]]:
    return [list(click) for _, click in groupby(jobs, lambda job: job.click)]


def _card(
    job: Job,
    shown: Job | None,
    still: Path | None,
    video: Path | None,
    say: Say,
    *,
    waits: bool,
    joined: bool,
) -> _Card:
    current = bool(shown and shown.id == job.id)
    return _Card(
        job,
        current,
        comparable=bool(video and shown and not current and shown.state == JobState.DONE),
        joined=joined,
        still=still,
        video=video,
        prompt=str(job.request.get("prompt") or f"{say('Task')} {job.task_id}"),
        price=_price(job),
        facts=_facts(job, say),
        state=say(state_of(job, waits=waits)),
        money="" if job.simulated else say(_MONEY.get(job.state, "")),
        created=datetime.fromtimestamp(job.created, UTC).isoformat(),
    )


def state_of(job: Job, *, waits: bool) -> str:
    """Say in a word or two how a job stands."""
    if waits:
        return _WAITS
    if job.only_an_id and job.state == JobState.RUNNING:  # whether it runs is not known yet
        return _WATCHED
    return _STATES[job.state]


def _price(job: Job) -> str:
    bought = job.state != JobState.NOT_SENT
    price = VideoRequest.unchecked(**job.request).known_price if bought else None
    return "" if price is None else pricing.format_price(price)


def _facts(job: Job, say: Say) -> list[str]:
    request = job.request
    facts = [
        say(format_seconds(request["duration"])) if "duration" in request else "",
        request.get("resolution", ""),
        f"{say('Seed')} {request['seed']}" if "seed" in request else "",
    ]
    return [fact for fact in facts if fact]
