"""The page: puts the parts together and wires them to the runner.

A page only looks at jobs. Every event is short; nobody's waiting holds a thread or a queue slot.
"""

import json
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.errors import ViduError
from vidu_demo.images import is_url
from vidu_demo.jobs import JobRunner
from vidu_demo.ledger import Job, JobState, LedgerFailed
from vidu_demo.ui import (
    Updates,
    again,
    api,
    compare,
    examples,
    file_url,
    heading,
    history,
    links,
    pictures,
    receipts,
    status,
    visitor,
)
from vidu_demo.ui.code import Code
from vidu_demo.ui.form import Form
from vidu_demo.ui.pay import Pay
from vidu_demo.ui.payer import Payer
from vidu_demo.ui.result import Result
from vidu_demo.ui.words import I18N, Say, speaker

KEPT_FORM = "vidu-demo-form"

SHORT: dict[str, Any] = {
    "queue": False,
    "api_visibility": "private",
    "show_progress": "hidden",
}
"""Options of every listener of the page: short events that take no slot of the queue."""

FASTEST_LOOK, SLOWEST_LOOK = 1.0, 6.0
"""Seconds between two looks of one page at its jobs: the more jobs run, the calmer."""
LOOKS_PER_SECOND = 60.0

# The click's name is drawn in the browser: whatever is sent again later is recognised by it. On a
# phone the status stands below the form, so it is brought into view.
_NEW_CLICK = """(click, ...rest) => {
  document.querySelector('#status').scrollIntoView({behavior: 'smooth', block: 'nearest'});
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(''), ...rest];
}"""

# What a link to a form has brought is in the form now: a reload must not bring it again.
_ARRIVED = """(now) => {
  window.viduClockAhead = Date.now() / 1000 - now;
  const address = new URL(window.location);
  NAMES.forEach((name) => address.searchParams.delete(name));
  window.history.replaceState(window.history.state, '', address);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.repeat || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    document.querySelector('#make').click();
  });
}""".replace("NAMES", json.dumps(links.NAMES))

# With the task in the address, a reload or a copied link leads back to it.
_PUT_IN_ADDRESS = """(task) => {
  const address = new URL(window.location);
  if (task) address.searchParams.set('task', task); else address.searchParams.delete('task');
  window.history.replaceState(window.history.state, '', address);
}"""


class Tab(NamedTuple):
    """What a browser tab sends along with every event.

    Attributes:
        visitor: What the browser keeps of the visitor.
        language: What the browser asks for, as in `Accept-Language`.
        shown: The id of the job that is open, or empty.
        seen: What the tab has last drawn of the open job: its id and state.
        fault: The error card that stands there instead of a job, or empty.
        search: What the visitor searches their videos for.
        slips: The browser's list of task ids.
    """

    visitor: Any
    language: str
    shown: str
    seen: str
    fault: str
    search: str
    slips: Any

    @property
    def owner(self) -> str:
        """The visitor's digest."""
        return visitor.owner(self.visitor)

    @property
    def say(self) -> Say:
        """The visitor's language."""
        return speaker(self.language or "")


TAB = len(Tab._fields)


def build(runner: JobRunner, *, simulated: bool) -> gr.Blocks:
    """Build the page over a runner.

    Args:
        runner: Starts jobs and knows how they stand.
        simulated: True if no model is used, which the page then says.
    """
    demo = gr.Blocks(title="Vidu Q2 Pro", analytics_enabled=False, delete_cache=(3600, 86400))
    with demo:
        _Page(demo, runner, simulated=simulated).listen()
    return demo


class _Page:
    """The widgets, and what happens when they are used."""

    def __init__(self, demo: gr.Blocks, runner: JobRunner, *, simulated: bool) -> None:
        self.demo, self.runner, self.simulated = demo, runner, simulated
        self.visitor = visitor.browser_state()
        self.kept = gr.BrowserState({}, storage_key=KEPT_FORM, secret=KEPT_FORM)
        self.slips = receipts.browser_state()
        self.click = gr.Textbox(visible=False)
        self.language = gr.Textbox(visible=False)
        self.shown = gr.Textbox(visible=False)
        self.seen = gr.Textbox(visible=False)
        self.fault = gr.Textbox(visible=False)
        self.address = gr.Textbox(visible=False)
        self.server_time = gr.Number(visible=False)
        self.timer = gr.Timer(FASTEST_LOOK, active=False)

        self.heading = gr.HTML(padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self.form = Form()
                self.pay = Pay()
            with gr.Column(scale=6, min_width=320):
                self.result = Result()
                self.again = again.Again()
                self.compare = compare.component()
                self.history = history.History()
                self.code = Code()
                with gr.Accordion(
                    I18N("Continue a task by its id"), open=False, elem_classes="fold"
                ):
                    self.task_box = gr.Textbox(
                        label=I18N("Task id"),
                        info=I18N("Of a task started anywhere with this key. Watching is free."),
                        submit_btn=str(I18N("Watch")),
                    )
        api.add_generate(runner)

    @property
    def tab(self) -> list[gr.components.Component]:
        """The inputs that make a `Tab`."""
        return [
            self.visitor,
            self.language,
            self.shown,
            self.seen,
            self.fault,
            self.history.search,
            self.slips,
        ]

    @property
    def chosen(self) -> list[gr.blocks.Block]:
        """What the visitor has chosen to see. No tick may change it: one could be late."""
        return [self.shown, self.fault, self.result.anyway, self.compare]

    @property
    def drawn(self) -> list[gr.blocks.Block]:
        """How that stands."""
        return [
            self.seen,
            self.address,
            self.timer,
            self.slips,
            *self.result.outputs,
            *self.again.outputs,
            *self.history.outputs,
        ]

    @property
    def view(self) -> list[gr.blocks.Block]:
        """The outputs of `show`."""
        return [*self.chosen, *self.drawn]

    def listen(self) -> None:
        """Wire the events."""
        form = self.form
        reviewing: dict[str, Any] = {
            "fn": self.review,
            "inputs": [self.language, self.seen, *form.inputs],
            "outputs": [
                self.kept,
                *self.pay.outputs,
                *form.reviewed,
                *self.code.outputs,
            ],
            **SHORT,
        }
        arrived = self.demo.load(
            self.welcome,
            [self.kept, *self.tab],
            [
                self.visitor,
                self.language,
                self.server_time,
                self.heading,
                form.examples,
                *form.filled,
                *self.view,
            ],
            **SHORT,
        )
        arrived.then(None, [self.server_time], None, js=_ARRIVED)
        self.demo.load(None, None, None, js=pictures.CATCH_DROPS)
        arrived.then(**reviewing)
        changes = [*form.changes, self.seen.change]
        gr.on(changes, trigger_mode="always_last", **reviewing)
        form.listen(self.language, SHORT)
        self.code.listen()
        for button, name, handler in (
            (self.pay.run, "submit", self.submit),
            (self.pay.draft, "submit_draft", partial(self.submit, draft=True)),
            (self.result.anyway, "submit_again", partial(self.submit, anyway=True)),
        ):
            button.click(
                handler,
                [self.click, *self.tab, *form.inputs],
                self.view,
                api_name=name,
                js=_NEW_CLICK,
                **SHORT,
            )
        gr.on([self.timer.tick, self.result.bell.tick], self.look, self.tab, self.drawn, **SHORT)
        self.result.stop.click(self.stop_watching, self.tab, self.view, **SHORT)
        self.result.resume.click(self.watch_again, self.tab, self.view, **SHORT)
        self.history.list.click(self.use_list, self.tab, self.view, **SHORT)
        self.history.search.change(self.look, self.tab, self.drawn, **SHORT)
        self.compare.clear(lambda: "", None, self.compare, **SHORT)
        self.task_box.submit(self.open_task, [self.task_box, *self.tab], self.view, **SHORT)
        self.address.change(None, [self.address], None, js=_PUT_IN_ADDRESS)
        self.again.same.click(self.use_settings, self.tab, form.filled, **SHORT)
        self.again.new_seed.click(
            partial(self.use_settings, new_seed=True),
            self.tab,
            form.filled,
            api_name="use_settings_with_new_seed",
            **SHORT,
        )
        pictures_only = [form.pictures.gallery, form.pictures.urls]
        self.again.go_on.click(self.go_on, self.tab, pictures_only, **SHORT)

    def welcome(self, request: gr.Request, kept: Any, *values: Any) -> Updates:
        """Recognise the visitor; show their form and their newest job, or what was linked to."""
        state = visitor.recognise(values[0])
        language = request.headers.get("accept-language", "")
        tab = Tab(*values)._replace(visitor=state, language=language, seen="")
        receipts.restore(tab.slips, self.runner, tab.owner)
        newest = next(iter(self.runner.jobs(tab.owner, most=1)), None)
        query = request.query_params
        task = receipts.task_id(query.get("task"))
        job = self.runner.adopt(task, owner=tab.owner) if task else newest
        payer = Payer.of(request, simulated=self.simulated)
        return {
            self.visitor: state,
            self.language: language,
            self.server_time: time.time(),
            self.heading: heading.render(payer, tab.say),
            self.form.examples: examples.strip(tab.say),
            **self.form.restore(links.read(query, query.getlist(links.PICTURES)) or kept),
            **self.show(tab, job.id if job else ""),
        }

    def review(
        self, request: gr.Request, language: str | None, seen: str | None, *values: Any
    ) -> Updates:
        """Say what is missing, what has no effect and what it will cost."""
        say = speaker(language or "")
        filled = self.form.read(values)
        sketch = filled.sketch()
        return {
            self.kept: self.form.keep(filled),
            **self.pay.review(
                filled,
                Payer.of(request, simulated=self.simulated),
                self.runner.usual_wait(sketch),
                sending=(seen or "").endswith((JobState.PREPARED, JobState.SUBMITTING)),
                say=say,
            ),
            **self.form.review(sketch, say),
            **self.code.review(sketch),
        }

    def submit(
        self, nonce: str, *values: Any, draft: bool = False, anyway: bool = False
    ) -> Updates:
        """Start the jobs of one deliberate click."""
        tab = Tab(*values[:TAB])
        filled = self.form.read(values[TAB:])
        started: list[Job] = []
        try:
            for take, request in enumerate([filled.draft()] if draft else filled.requests(), 1):
                click = f"{tab.owner}:{nonce[:32]}:{take}"
                started.append(
                    self.runner.start(
                        request, owner=tab.owner, click=click, again=anyway, take=take
                    )
                )
        except ViduError as error:
            if not started:
                return self.show(tab, "", error=error)
            partly = status.partly_sent(len(started), error, tab.say)
            return self.show(tab, started[0].id, fault=partly)
        return self.show(tab, started[0].id)

    async def look(self, *values: Any) -> Updates:
        """See how the visitor's jobs stand.

        On the event loop, since it reads only for a millisecond: hundreds of pages that look at
        once would else each wake a thread.
        """
        tab = Tab(*values)
        view = self.show(tab, tab.shown, fault=tab.fault)
        return {widget: view[widget] for widget in self.drawn if widget in view}

    def use_list(self, event: gr.EventData, *values: Any) -> Updates:
        """Open, compare or delete a job of the list."""
        tab, job_id = Tab(*values), str(event.job)
        match event.do:
            case "compare":
                return self.show(tab, tab.shown, beside=job_id)
            case "delete":
                return self.forget(tab, job_id)
        return self.show(tab, job_id)

    def forget(self, tab: Tab, job_id: str) -> Updates:
        """Delete a job with its pictures and its video, and its receipt in the browser."""
        look = self.runner.look(job_id, tab.owner)
        if look and self.runner.forget(job_id, tab.owner):
            tab = tab._replace(slips=receipts.without(tab.slips, look.job))
        left = "" if job_id == tab.shown else tab.shown
        return {**self.show(tab._replace(seen=""), left), self.slips: tab.slips}

    def open_task(self, text: str, *values: Any) -> Updates:
        """Follow a task by its id, wherever it was started."""
        tab = Tab(*values)
        task = receipts.task_id(text)
        if not task:
            return self.show(tab, "", fault=status.no_task_id(tab.say))
        job = self.runner.adopt(task, owner=tab.owner)
        self.runner.watch_again(job.id, tab.owner)
        return self.show(tab, job.id)

    def stop_watching(self, *values: Any) -> Updates:
        """Stop following the shown job; its task goes on."""
        tab = Tab(*values)
        self.runner.stop(tab.shown, tab.owner)
        return self.show(tab, tab.shown)

    def watch_again(self, *values: Any) -> Updates:
        """Go on following the shown job."""
        tab = Tab(*values)
        self.runner.watch_again(tab.shown, tab.owner)
        return self.show(tab, tab.shown)

    def use_settings(self, *values: Any, new_seed: bool = False) -> Updates:
        """Fill the form with the shown job's pictures and settings."""
        tab = Tab(*values)
        look = self.runner.look(tab.shown, tab.owner)
        if not look:
            return {self.form.more: gr.skip()}
        job = look.job
        images = job.request.get("images", [])
        files = [str(self.runner.file(job, name)) for name in images if not is_url(name)]
        return self.form.fill(
            {**job.request, "seed": None} if new_seed else job.request,
            [file for file in files if Path(file).is_file()],
            "\n".join(filter(is_url, images)),
        )

    def go_on(self, *values: Any) -> Updates:
        """Make the last frame of the shown video the form's only picture."""
        tab, form = Tab(*values), self.form.pictures
        look = self.runner.look(tab.shown, tab.owner)
        if not look or not (video := self._video(look.job)):
            return {form.gallery: gr.skip()}
        folder = Path(form.gallery.GRADIO_CACHE) / look.job.id
        return {form.gallery: [(str(again.last_frame(video, folder)), None)], form.urls: ""}

    def show(
        self,
        tab: Tab,
        job_id: str,
        *,
        error: ViduError | None = None,
        fault: str = "",
        beside: str = "",
    ) -> Updates:
        """Draw a job, an error where there is none, or else the example."""
        say = tab.say
        jobs: list[Job] = []
        found = None
        look = other = None
        try:
            jobs = self.runner.jobs(tab.owner, most=history.MOST)
            if tab.search:
                found = self.runner.jobs(tab.owner, most=history.MOST, search=tab.search)
            look = self.runner.look(job_id, tab.owner) if job_id else None
            other = self.runner.look(beside, tab.owner) if beside else None
        except LedgerFailed as failure:
            error = failure
        job = look.job if look else None
        fault = status.refused(error, say) if error else fault
        seen = f"{job.id} {job.state}" if job else "fault" if fault else "example"
        slips = receipts.with_jobs(tab.slips, jobs)
        calm = self.runner.open_jobs / LOOKS_PER_SECOND
        comparison = ""
        if job and other and self._video(job) and self._video(other.job):
            alike = compare.same_pictures(job, other.job, self.runner.file)
            comparison = compare.render(job, other.job, self._video_url, alike, say)
        return {
            self.shown: job.id if job else "",
            self.fault: fault,
            self.compare: comparison,
            self.seen: seen,
            self.address: (job.task_id or "") if job else "",
            self.timer: gr.Timer(
                min(SLOWEST_LOOK, max(FASTEST_LOOK, calm)), active=any(j.open for j in jobs)
            ),
            self.slips: gr.skip() if slips is None else slips,
            **self.result.offer_another(error),
            **self.result.show(
                look,
                fault,
                jobs=jobs,
                picture=self.runner.thumbnail(job) if job else None,
                video=self._video(job) if job else None,
                seen=seen == tab.seen,
                say=say,
            ),
            **self.again.show(job),
            **self.history.show(
                jobs if found is None else found,
                job,
                tab.search or "",
                self.runner.thumbnail,
                self._video,
                say,
            ),
        }

    def _video(self, job: Job) -> Path | None:
        return self.runner.file(job, job.video) if job.video else None

    def _video_url(self, job: Job) -> str:
        return file_url(self.runner.file(job, job.video or ""))
