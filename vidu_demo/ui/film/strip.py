"""The strip under the stage: the parts of a film, what it costs, and the joined film."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from vidu_demo.api import pricing
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text
from vidu_demo.jobs.films.film import MAX_PARTS, SHORTEST, Film, Part
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.runner import JobView
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say
from vidu_demo.ui.job.history import state_of


class Clip(NamedTuple):
    """A part as it is shown.

    Attributes:
        part: The part.
        view: Its job's state; None if the visitor has none.
        still: The picture that stands for it, if any.
        video: Its video, if the file exists.
        length: Seconds of its video: as measured, else as asked for.
    """

    part: Part
    view: JobView | None
    still: Path | None
    video: Path | None
    length: float

    @property
    def left(self) -> float:
        """What is left of it, in seconds."""
        return self.part.length(self.length)

    @property
    def prompt(self) -> str:
        """Its prompt; empty if that is not known."""
        settings = self.view.job.request if self.view else self.part.settings or {}
        return str(settings.get("prompt") or "")

    @property
    def price(self) -> Decimal:
        """What it was estimated at; zero if that is not known."""
        if not self.view or self.view.job.state is JobState.NOT_SENT:
            return Decimal()
        return VideoRequest.unchecked(**self.view.job.request).known_price or Decimal()

    @property
    def percent(self) -> int | None:
        """How much of it is made, if the API says so."""
        running = self.view and self.view.job.state is JobState.RUNNING
        return self.view.task.progress if self.view and self.view.task and running else None

    def state(self, say: Say) -> str:
        """Say why it can't be played; empty if it can."""
        if self.video:
            return ""
        if not self.view:
            return say("gone")
        if self.view.job.state is JobState.DONE:
            return say("missing")
        if self.percent is not None:
            return f"{self.percent}%"
        return say(state_of(self.view.job, waits=self.view.waits))


def clips(
    film: Film,
    jobs: Mapping[str, JobView],
    still: Callable[[Job], Path | None],
    video: Callable[[Job], Path | None],
) -> list[Clip]:
    """Look at a film's parts.

    Args:
        film: The film.
        jobs: The state of its jobs, by id.
        still: Returns the picture that stands for a job.
        video: Returns a job's video.
    """
    found = []
    for part in film.parts:
        view = jobs.get(part.job)
        job = view.job if view else None
        asked = (job.request if job else part.settings or {}).get("duration")
        length = (job.facts or {}).get("seconds") if job else None
        found.append(
            Clip(
                part,
                view,
                still(job) if job else None,
                video(job) if job else None,
                float(length or asked or 0),
            )
        )
    return found


def sum_up(clips: list[Clip], say: Say) -> list[str]:
    """Sum up a film: how many parts, how long, and how much they were estimated at."""
    number, seconds = len(clips), sum(clip.left for clip in clips)
    price = sum((clip.price for clip in clips), start=Decimal())
    views = [clip.view for clip in clips if clip.view]
    simulated = bool(views) and all(view.job.simulated for view in views)
    amount = pricing.format_price(price)
    return [
        say(Text("{number} parts", number=number) if number != 1 else Text("1 part")),
        say(Text("{seconds} s", seconds=f"{seconds:.1f}")),
        *([say(Text("would cost {amount}", amount=amount)) if simulated else amount] * bool(price)),
    ]


def rival(film: Film, jobs: Mapping[str, JobView], shown: Job) -> int | None:
    """Find the part, from 0, that a job is another take of; None if there is none."""
    for place, part in enumerate(film.parts):
        view = jobs.get(part.job)
        if view and view.job.id != shown.id and _same_settings(view.job, shown):
            return place
    return None


def _same_settings(one: Job, other: Job) -> bool:
    """Tell takes of one click, of one part, and what was made instead of another."""
    same_parent = bool(one.parent) and one.parent == other.parent
    return one.click == other.click or same_parent or one.parent == other.id


def render(
    film: Film,
    clips: list[Clip],
    shown: Job | None,
    *,
    other: int | None,
    addable: bool,
    running: bool,
    joinable: bool,
    file: Path | None,
    say: Say,
) -> str:
    """Draw the strip as HTML.

    Args:
        film: The film.
        clips: Its parts.
        shown: The open job.
        other: The place of the part that the open job is another take of, if it is one.
        addable: True if the open job can be added.
        running: True while the film is being joined.
        joinable: True if this app can join films.
        file: The joined film, if there is one.
        say: The visitor's language.
    """
    current = film.place(shown.id) if shown else None
    joining = film.joining
    return templates.render(
        "film.html",
        film=film,
        clips=clips,
        current=current,
        chosen=clips[current] if current is not None else None,
        shortest=SHORTEST,
        other=other,
        addable=addable and current is None,
        full=len(clips) >= MAX_PARTS,
        shown=shown,
        playable=any(clip.video for clip in clips),
        unfinished=sum(not clip.video for clip in clips),
        joinable=joinable,
        percent=joining.percent if joining and running else None,
        fault=joining.fault if joining else "",
        file=file,
        summary=sum_up(clips, say),
        say=say,
    )
