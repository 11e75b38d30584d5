"""The right side of the page: the open job, and the list of the visitor's videos."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vidu_demo.api.errors import ViduError
from vidu_demo.api.variations import MAX_VIDEOS
from vidu_demo.examples import EXAMPLES, Example
from vidu_demo.jobs.buying.offers import Offer
from vidu_demo.jobs.errors import JobDeleted, LedgerFailed
from vidu_demo.jobs.job import FOLLOWED, Job, JobState
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui import Updates, file_url
from vidu_demo.ui.browser import receipts, watch
from vidu_demo.ui.browser.tab import MAX_PAGES, Tab
from vidu_demo.ui.film.films import FilmWidgets
from vidu_demo.ui.form import examples, recent
from vidu_demo.ui.i18n.words import I18N, Say
from vidu_demo.ui.job import compare, details, history, neighbours, status, wall
from vidu_demo.ui.job.calls import CallLog
from vidu_demo.ui.job.code import Code
from vidu_demo.ui.job.stage import Stage


class Panel:
    """The widgets, and what to draw in them.

    Args:
        runner: Knows the jobs' state.
        visitor: Carries the visitor's token.
        keeps: Returns for how many days jobs are kept; None for good.
        prompts: Shows the recent prompts, beside the form's.
    """

    def __init__(
        self,
        runner: JobRunner,
        visitor: gr.BrowserState,
        keeps: Callable[[], float | None],
        prompts: gr.HTML,
    ) -> None:
        self._runner, self.visitor, self._keeps = runner, visitor, keeps
        self._prompts = prompts
        self.receipts = receipts.browser_state()
        self.shown = gr.Textbox(visible=False)
        self.seen = gr.Textbox(visible=False)
        self.fault = gr.Textbox(visible=False)
        self.held = gr.Textbox(visible=False)
        self.address = gr.Textbox(visible=False)
        self.watch = watch.component()
        self.films = FilmWidgets(runner, self.video)
        asked = gr.Textbox("", visible=False)
        with gr.Column(elem_id="stage"):
            self.stage = Stage()
            self.films.add_strip()
            with gr.Tabs(elem_id="about"):
                with gr.Tab(I18N("Details")) as self._details_tab:
                    self.details = details.component()
                self.calls = CallLog(asked)
                with gr.Tab(I18N("Code")) as self._code_tab:
                    self.code = Code()

    def add_compare(self) -> None:
        """Add the comparison here."""
        self.compare = compare.component()
        self.wall = wall.Wall()

    def add_videos(self) -> None:
        """Add the lists here."""
        self.films.add_list()
        self.history = history.History(self._keeps)

    def listen(self) -> None:
        """Wire the tabs, whose contents are only made when they are seen."""
        self.calls.listen(self.seen, leaving=[self._details_tab, self._code_tab])
        self.code.listen(self._code_tab)

    @property
    def tab(self) -> dict[str, Any]:
        """The inputs that make up a `Tab`, by name."""
        return {
            "visitor": self.visitor,
            "shown": self.shown,
            "seen": self.seen,
            "fault": self.fault,
            "held": self.held,
            "search": self.history.search,
            "starred": self.history.starred,
            "wall": self.wall.jobs,
            "pages": self.history.pages,
            "film": self.films.open,
            "receipts": self.receipts,
        }

    @property
    def chosen(self) -> list[gr.blocks.Block]:
        """What the visitor chose to see. Refreshes must not change it, since one could be late."""
        return [
            self.shown,
            self.fault,
            self.held,
            self.stage.anyway,
            self.compare,
            self.wall.jobs,
            self.history.pages,
            self.films.open,
        ]

    @property
    def drawn(self) -> list[gr.blocks.Block]:
        """What every refresh draws."""
        return [
            self.seen,
            self.address,
            self.watch,
            self.receipts,
            self._prompts,
            *self.stage.outputs,
            self.stage.neighbours,
            self.details,
            self.wall.due,
            *self.history.outputs,
            *self.films.outputs,
        ]

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """The outputs of `show`."""
        return [*self.chosen, *self.drawn]

    def refresh(self, tab: Tab) -> Updates:
        """Refresh the visitor's jobs. A draft's full video, once done, opens beside the draft."""
        updates = self.show(tab, tab.shown, fault=tab.fault)
        chosen = [self.compare] if updates.get(self.compare) else []
        return {widget: updates[widget] for widget in [*self.drawn, *chosen] if widget in updates}

    def show_more(self, tab: Tab) -> Updates:
        """List another page of the visitor's jobs."""
        pages = min(tab.pages + 1, MAX_PAGES)
        return {**self.refresh(tab._replace(pages=pages)), self.history.pages: str(pages)}

    def refuse(self, tab: Tab, error: ViduError) -> Updates:
        """Show that a click had no effect, and why."""
        return self.show(tab, "", fault=status.refused(error, tab.say))

    def offer_another(self, offer: Offer | None, say: Say) -> Updates:
        """Offer to make again what is being made; hide the button if there is no offer."""
        order = offer.order if offer else None
        return {
            self.held: offer.id if offer else "",
            **self.stage.offer_another(order, say),
        }

    def show(
        self,
        tab: Tab,
        job_id: str,
        *,
        fault: str = "",
        beside: str = "",
        on_wall: Sequence[str] | None = None,
    ) -> Updates:
        """Draw a job or an error card; if there is neither, an example.

        Args:
            tab: The visitor, and what they see now.
            job_id: The job's id, or an example's name; empty for none.
            fault: An error card.
            beside: The id of a job to compare it with.
            on_wall: The ids of the jobs on the wall; None to leave those that are there.
        """
        on_wall = tab.wall if on_wall is None else on_wall
        say = tab.say
        # Read before the jobs, which can then be newer but never older.
        version = self._runner.version(tab.owner)
        most, counts = tab.pages * history.PAGE_ROWS, None
        try:
            found = jobs = self._runner.jobs(tab.owner, most=most + 1)
            if tab.search or tab.starred:
                search = history.search(tab.search, starred=tab.starred)
                found = self._runner.jobs(tab.owner, most=most + 1, search=search)
                counts = self._runner.count(tab.owner, search), self._runner.count(tab.owner)
            view = self._runner.find(job_id, tab.owner) if job_id else None
            films = self.films.draw(tab, view.job if view else None, say=say)
            other = self._runner.find(beside, tab.owner) if beside else None
        except LedgerFailed as error:
            return {
                self.shown: job_id,
                self.stage.place: fault or status.unreadable(error, say),
                self.watch: watch.render(self._runner, tab.owner, ""),
            }
        job, listed = view.job if view else None, history.in_order(found[:most])
        if job and job.parent and _just_done(job, tab.seen):
            draft = self._runner.find(job.parent, tab.owner)
            other = draft if draft and job.is_in_full(draft.job) else other
        example = examples.find(job_id) or EXAMPLES[0]
        seen = f"{job.id} {job.state}" if job else "fault" if fault else example.name
        video = self.video(job) if job else None
        kept = receipts.with_jobs(tab.receipts, jobs)
        missing = job is not None and job.state == JobState.NOT_FOUND
        if job and missing:
            kept = receipts.without(tab.receipts if kept is None else kept, job)
        running = films.running or any(j.open for j in [*jobs, *([job] if job else [])])
        comparison = ""
        if job and video and other and self.video(other.job):
            pair = (other.job, job) if job.parent == other.job.id else (job, other.job)
            same_pictures = compare.same_pictures(*pair, self._runner.file)
            comparison = compare.render(*pair, self._video_url, same_pictures, say)
        return {
            self.shown: job.id if job else "" if fault else example.name,
            self.fault: fault,
            self.compare: comparison,
            self.wall.jobs: " ".join(on_wall),
            self.wall.due: f"{version} {job.id if job else ''}" if on_wall else "",
            self.seen: seen,
            self.address: (job.task_id or "") if job and not missing else "",
            self.watch: watch.render(self._runner, tab.owner, version) if running else "",
            self.receipts: gr.skip() if kept is None else kept,
            self._prompts: recent.render(jobs, say),
            **self.offer_another(None, say),
            **self.stage.show(
                view,
                fault,
                jobs=[job for job in jobs if not self._runner.waits(job)],
                picture=self._runner.thumbnail(job) if job else None,
                video=video,
                video_shown=seen == tab.seen,
                comparable=bool(job and video) and any(self._others(job, jobs)),
                example=example,
                say=say,
            ),
            **self.stage.offer_in_full(self._in_full(job, tab), say),
            **self.stage.offer_film(startable=bool(video) and not films.film),
            self.films.open: films.film.id if films.film else "",
            **films.updates,
            self.stage.neighbours: neighbours.render(listed, job, say),
            self.details: self._details_of(job, example, say) if job or not fault else "",
            **self.history.show(
                listed,
                job,
                tab.search,
                starred=tab.starred,
                more=len(found) > most,
                counts=counts,
                still=self._runner.still,
                video=self.video,
                waits=self._runner.waits,
                say=say,
            ),
        }

    def show_films(self, tab: Tab) -> Updates:
        """Draw the films only."""
        view = self._runner.find(tab.shown, tab.owner) if tab.shown else None
        return self.films.draw(tab, view.job if view else None, say=tab.say).updates

    def _details_of(self, job: Job | None, example: Example, say: Say) -> str:
        if job:
            return details.render(job, say)
        return details.of_example(example, history.kept(self._keeps()), say)

    def beside(self, tab: Tab) -> Updates:
        """Compare the shown video with the one that is most like it."""
        view = self._runner.find(tab.shown, tab.owner)
        jobs = self._runner.jobs(tab.owner, most=tab.pages * history.PAGE_ROWS)
        other = self._partner(view.job, history.in_order(jobs)) if view else None
        return self.show(tab, tab.shown, beside=other.id if other else "")

    def draw_wall(self, tab: Tab) -> Updates:
        """Draw the wall."""
        views = (self._runner.find(each, tab.owner) for each in tab.wall)
        board = wall.render(
            [view for view in views if view],
            tab.shown,
            still=self._runner.still,
            video=self.video,
            say=tab.say,
        )
        return {self.wall.board: board}

    def compare_with(self, tab: Tab, job_id: str) -> Updates:
        """Compare the shown video with another one; if it has none, show the other and its like."""
        view = self._runner.find(tab.shown, tab.owner)
        if view and self.video(view.job) and view.job.id != job_id:
            return self.show(tab, tab.shown, beside=job_id)
        return self.beside(tab._replace(shown=job_id))

    def _partner(self, job: Job, jobs: Sequence[Job]) -> Job | None:
        """Find the video to compare a job with: its draft, another take, or else the newest."""

        def likeness(other: Job) -> tuple[bool, bool]:
            return job.parent == other.id or other.parent == job.id, other.click == job.click

        return max(self._others(job, jobs), key=likeness, default=None)

    def _others(self, job: Job | None, jobs: Sequence[Job]) -> Iterator[Job]:
        """Find the other jobs that have a video, one by one: each is a look at the disk."""
        return (other for other in jobs if job and other.id != job.id and self.video(other))

    def _in_full(self, job: Job | None, tab: Tab) -> Offer | None:
        """Offer to make a finished draft in full."""
        try:
            order = self._runner.purchases.in_full(job) if job else None
            return self._runner.purchases.offer(order, owner=tab.owner) if order else None
        except LedgerFailed:  # the next drawing offers it again
            return None

    def job(self, tab: Tab) -> Job:
        """Return the shown job.

        Raises:
            JobDeleted: The visitor has no such job.
        """
        view = self._runner.find(tab.shown, tab.owner)
        if not view:
            raise JobDeleted
        return view.job

    def newest(self, tab: Tab) -> str:
        """Return the id of the first job of the visitor's newest click; empty if there is none."""
        jobs = self._runner.jobs(tab.owner, most=MAX_VIDEOS)
        return next((job.id for job in history.in_order(jobs)), "")

    def video(self, job: Job) -> Path | None:
        """Return a job's video, if the file exists."""
        path = self._runner.file(job, job.video) if job.video else None
        return path if path and path.is_file() else None

    def _video_url(self, job: Job) -> str:
        return file_url(self._runner.file(job, job.video or ""))


def _just_done(job: Job, seen: str) -> bool:
    """Tell whether a tab that was watching a job learns now that it is done."""
    return job.state is JobState.DONE and seen in (f"{job.id} {state}" for state in FOLLOWED)
