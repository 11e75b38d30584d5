"""The wall: the takes of a click, or other videos, in a grid that plays in sync."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from vidu_demo.api.run import Run
from vidu_demo.api.variations import differing, labels
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.runner import JobRunner, JobView
from vidu_demo.media.contact_sheet import Cell as SheetCell
from vidu_demo.media.contact_sheet import contact_sheet
from vidu_demo.ui import templates
from vidu_demo.ui.form import uploads
from vidu_demo.ui.i18n.words import Say
from vidu_demo.ui.job import history, settings

_TITLED = ("seed", "audio", "bgm", "movement_amplitude", "off_peak", "watermark", "voice_id")
"""Settings whose value says nothing without their name."""
LONGEST_LABEL = 90
"""Characters of a prompt in a label."""


class _Cell(NamedTuple):
    """What a cell shows."""

    job: Job
    current: bool
    still: Path | None
    video: Path | None
    percent: int | None
    state: str
    label: list[str]


class Wall:
    """The widgets.

    A click event of the board carries `do`, and a job's id as `job`; a delete event and a download
    event the ids as `jobs`; an edit event, to continue a video, its id as `job`.

    Attributes:
        jobs: The ids of the jobs on the wall, separated by spaces.
        due: Changes when the wall has to be drawn again. It is drawn by a listener of its own, one
            drawing after the other: a late refresh of the page would bring back a wall that was
            closed, or hide one that has just been opened.
        board: The grid.
        link: Leads to a contact sheet that was made.
    """

    def __init__(self) -> None:
        self.jobs, self.due = gr.Textbox("", visible=False), gr.Textbox("", visible=False)
        self.board = gr.HTML(
            js_on_load="vidu.wall(element, trigger, watch)", elem_id="wall", padding=False
        )
        self.link = gr.HTML(
            js_on_load="vidu.fetched(element, watch)", elem_id="contact-sheet", padding=False
        )


def render(
    views: Sequence[JobView],
    shown: str,
    *,
    still: Callable[[Job], Path | None],
    video: Callable[[Job], Path | None],
    say: Say,
) -> str:
    """Draw the wall, as HTML; nothing if there are no jobs.

    Args:
        views: The state of each job.
        shown: The open job's id.
        still: Returns the picture that stands for a job.
        video: Returns a job's video.
        say: The visitor's language.
    """
    views = [view for view in views if view.job.state is not JobState.NOT_FOUND]
    if not views:
        return ""
    jobs = [view.job for view in views]
    cells = [
        _Cell(
            job,
            shown == job.id,
            still(job),
            video(job),
            view.task.progress if view.task and job.state == JobState.RUNNING else None,
            say(history.state_of(job, waits=view.waits)),
            label,
        )
        for job, view, label in zip(jobs, views, in_words(jobs, say), strict=True)
    ]
    return templates.render("wall.html", cells=cells, say=say)


def in_words(jobs: Sequence[Job], say: Say) -> list[list[str]]:
    """Say for each job how it differs from the others."""
    apart = differing([job.settings for job in jobs])
    return [
        [_word(field, settings.in_words(job, say)[field], say) for field in fields]
        for job, fields in zip(jobs, apart, strict=True)
    ]


def _word(field: str, value: str, say: Say) -> str:
    if field in _TITLED:
        return f"{settings.title(field, say)} {value}"
    return value if len(value) <= LONGEST_LABEL else value[:LONGEST_LABEL] + "…"


def sheet(jobs: Sequence[Job], runner: JobRunner, run: Run, visitor: str) -> str:
    """Save a contact sheet of jobs as a PNG, and link to it.

    Args:
        jobs: The jobs, at least one.
        runner: Gives the stills, and deletes the sheet with any of the jobs.
        run: Opens the stills.
        visitor: Who asks; visitors take turns.
    """
    said = labels([job.settings for job in jobs])
    cells = [SheetCell(runner.still(job), label) for job, label in zip(jobs, said, strict=True)]
    file = uploads.new_file("contact-sheet.png")
    file.path.write_bytes(run(contact_sheet, cells, visitor=visitor))
    for job in jobs:
        runner.note_copy(job, file.path)
    return templates.render("sheet.html", file=file.path)
