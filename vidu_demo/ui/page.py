"""The page: puts the parts together and wires them to the runner.

A page only looks at jobs. Every event is short; nobody's waiting holds a thread or a queue slot.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from vidu_demo.api.errors import PictureInvalid, ViduError
from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run, in_process
from vidu_demo.api.video import ClipFailed
from vidu_demo.jobs.budget import per_day
from vidu_demo.jobs.errors import DuplicateRequest, LedgerFailed, TooManyOpen
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui import Updates, endpoint, file_url, header
from vidu_demo.ui.browser import permalink, receipts, visitor
from vidu_demo.ui.browser.tab import TAB, Tab
from vidu_demo.ui.browser.visitor import Visitors
from vidu_demo.ui.form import examples, uploads
from vidu_demo.ui.form.checkout import Checkout
from vidu_demo.ui.form.form import RAW, Form
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.i18n.words import I18N, joined, speaker
from vidu_demo.ui.job import compare, history, reuse, status
from vidu_demo.ui.job.code import Code
from vidu_demo.ui.job.result import Result
from vidu_demo.ui.job.reuse import Offer
from vidu_demo.ui.local import is_local
from vidu_demo.ui.payer import Payer

KEPT_FORM = "vidu-demo-form"

SHORT: dict[str, Any] = {
    "queue": False,
    "api_visibility": "private",
    "show_progress": "hidden",
}
"""Options of every listener of the page: short events that take no slot of the queue."""

FASTEST_LOOK, SLOWEST_LOOK = 1.0, 6.0
"""Seconds between two looks of one page at its jobs."""
JOBS_PER_SECOND = 60.0
"""How many of all visitors' open jobs make the pages calmer by a second."""

_NOT_KEPT = "This job was not submitted, so its pictures were not kept. Those in the form stay."

_NEW_CLICK = f"vidu.nameClick({TAB})"
_TO_STATUS, _TO_FORM = "vidu.showing('#status')", "vidu.showing('#pictures')"
_TO_PROMPT = "vidu.focusing('#prompt textarea')"
_ARRIVED = f"vidu.arrive({json.dumps(permalink.NAMES)})"


def build(
    runner: JobRunner,
    *,
    simulated: bool,
    secret: bytes | None = None,
    budget: Decimal | None = None,
    run: Run = in_process,
) -> gr.Blocks:
    """Build the page over a runner.

    Args:
        runner: Starts jobs and knows how they stand.
        simulated: True if no model is used, which the page then says.
        secret: Signs the visitors' tokens. Without one they last as long as this page.
        budget: `VIDU_BUDGET_PER_DAY`, in US dollars; None if it is not set.
        run: Where files from outside are opened: in this process, or a pool's `run`.
    """
    demo = gr.Blocks(title="Vidu Q2 Pro", analytics_enabled=False, delete_cache=(3600, 86400))
    visitors = Visitors(secret or secrets.token_bytes())
    with demo:
        _Page(demo, runner, visitors, budget, run, simulated=simulated).listen()
    return demo


class _Page:
    """The widgets, and what happens when they are used."""

    def __init__(
        self,
        demo: gr.Blocks,
        runner: JobRunner,
        visitors: Visitors,
        budget: Decimal | None,
        run: Run,
        *,
        simulated: bool,
    ) -> None:
        self.demo, self.runner, self.simulated = demo, runner, simulated
        self.visitors, self.budget, self.run = visitors, budget, run
        self.visitor = visitor.browser_state()
        self.kept = gr.BrowserState({}, storage_key=KEPT_FORM, secret=KEPT_FORM)
        self.slips = receipts.browser_state()
        self.click = gr.Textbox(visible=False)
        self.language = gr.Textbox(visible=False)
        self.shown = gr.Textbox(visible=False)
        self.seen = gr.Textbox(visible=False)
        self.fault = gr.Textbox(visible=False)
        self.held = gr.JSON(visible=False)
        self.address = gr.Textbox(visible=False)
        self.server_time = gr.Number(visible=False)
        self.timer = gr.Timer(FASTEST_LOOK, active=False)

        self.header = gr.HTML(padding=False, elem_classes="heading-place")
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self.form = Form()
                self.pay = Checkout()
            with gr.Column(scale=6, min_width=320):
                self.result = Result()
                with self.result.choices:
                    self.reuse = reuse.Reuse()
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
                        elem_id="task",
                    )
        endpoint.add_generate(runner, self.who_buys)

    @property
    def tab(self) -> list[gr.components.Component]:
        """The inputs that make a `Tab`."""
        return [
            self.visitor,
            self.language,
            self.shown,
            self.seen,
            self.fault,
            self.held,
            self.history.search,
            self.slips,
        ]

    @property
    def chosen(self) -> list[gr.blocks.Block]:
        """What the visitor has chosen to see. No tick may change it: one could be late."""
        return [self.shown, self.fault, self.held, self.result.anyway, self.compare]

    @property
    def drawn(self) -> list[gr.blocks.Block]:
        """How that stands."""
        return [
            self.seen,
            self.address,
            self.timer,
            self.slips,
            *self.result.outputs,
            *self.reuse.outputs,
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
            **RAW,
        }
        arrived = self.demo.load(
            self.welcome,
            [self.kept, *self.tab],
            [
                self.visitor,
                self.language,
                self.server_time,
                self.header,
                form.examples,
                *form.filled,
                *self.view,
            ],
            **SHORT,
        )
        arrived.then(None, [self.server_time], None, js=_ARRIVED)
        self.demo.load(None, None, None, js="vidu.catchDrops")
        arrived.then(**reviewing)
        changes = [*form.changes, self.seen.change]
        gr.on(changes, trigger_mode="always_last", **reviewing)
        form.listen(self.language, self.opener, SHORT)
        self.code.listen()
        what = [self.pay.announced, *form.inputs]
        self._buys(self.pay.run, self.submit, "submit", what)
        self._buys(self.pay.draft, partial(self.submit, draft=True), "submit_draft", what)
        self._buys(self.result.anyway, self.submit_again, "submit_again", [])
        gr.on([self.timer.tick, self.result.bell.tick], self.look, self.tab, self.drawn, **SHORT)
        self.history.search.change(self.look, self.tab, self.drawn, **SHORT)
        self.history.list.click(self.use_list, self.tab, self.view, **SHORT)
        self.compare.clear(lambda: "", None, self.compare, **SHORT)
        self.address.change(None, [self.address], None, js="vidu.rememberTask")
        self._does(self.result.stop.click, self.stop_watching, "stop_watching", self.view)
        self._does(self.result.resume.click, self.watch_again, "watch_again", self.view)
        box = self.task_box
        self._does(box.submit, self.open_task, "open_task", self.view, [box], js=_TO_STATUS)
        pictures_only = [
            form.pictures.gallery,
            form.pictures.urls,
            *form.pictures.choice,
            form.takes,
            form.filled_at,
        ]
        settings = [form.pictures.note, *form.filled]
        another = partial(self.use_settings, new_seed=True)
        repicture = partial(self.use_settings, pictures=False)
        for offer, handler, name, outputs, js in (
            (Offer.SAME, self.use_settings, "use_settings", settings, _TO_FORM),
            (Offer.NEW_SEED, another, "use_settings_with_new_seed", settings, _TO_FORM),
            (Offer.PROMPT, self.use_settings, "change_prompt", settings, _TO_PROMPT),
            (Offer.PICTURE, repicture, "change_picture", settings, _TO_FORM),
            (Offer.GO_ON, self.go_on, "go_on", pictures_only, _TO_FORM),
        ):
            self._does(self.reuse.buttons[offer].click, handler, name, outputs, js=js)

    def _does(
        self,
        event: Callable[..., Any],
        handler: Callable[..., Updates],
        name: str,
        outputs: Sequence[gr.blocks.Block],
        inputs: Sequence[gr.components.Component] = (),
        **options: Any,
    ) -> None:
        """Have a handler called with the tab, and say over the page what goes wrong in it."""

        def told(request: gr.Request, *values: Any) -> Updates:
            return self._tell(handler, request, *values)

        event(told, [*self.tab, *inputs], outputs, api_name=name, **SHORT, **options)

    def _buys(
        self,
        button: gr.Button,
        handler: Callable[..., Updates],
        name: str,
        inputs: Sequence[gr.components.Component],
    ) -> None:
        inputs = [self.click, *inputs]
        self._does(button.click, handler, name, self.view, inputs, js=_NEW_CLICK, **RAW)

    def _tell(self, handler: Callable[..., Updates], request: gr.Request, *values: Any) -> Updates:
        try:
            return handler(Tab.read(values[:TAB], self.visitors, request), *values[TAB:])
        except ViduError as error:
            say = speaker(values[1])
            text = escape(joined([error.what, error.charged.sentence, error.next_step], say))
            raise gr.Error(
                text, duration=None, title=say("That did not work"), print_exception=False
            ) from None

    def opener(self, request: gr.Request) -> Opener:
        """Open files for whoever asks."""
        return Opener(self.run, self.visitors.turn(request))

    def who_buys(self, request: gr.Request) -> dict[str, Any]:
        """Say for the runner where a click comes from, and what may be spent in all on its day."""
        local = is_local(self.demo, request)
        return {
            "address": self.visitors.address(request),
            "budget": per_day(self.budget, local=local),
        }

    def welcome(self, request: gr.Request, kept: Any, *values: Any) -> Updates:
        """Recognise the visitor; show their form and their newest job, or what was linked to."""
        state = self.visitors.recognise(values[0], self._has_jobs)
        language = request.headers.get("accept-language", "")
        tab = Tab.read([state, *values[1:]], self.visitors, request)
        tab = tab._replace(language=language, seen="")
        query = request.query_params
        job_id, fault = self._arrive(tab, receipts.task_id(query.get("task")))
        payer = Payer.of(self.demo, request, simulated=self.simulated)
        return {
            self.visitor: state,
            self.language: language,
            self.server_time: time.time(),
            self.header: header.render(payer, tab.say),
            self.form.examples: examples.strip(tab.say),
            **self.form.restore(permalink.read(query, query.getlist(permalink.PICTURES)) or kept),
            **self.show(tab, job_id, fault=fault),
        }

    def _has_jobs(self, owner: str) -> bool:
        try:
            return bool(self.runner.jobs(owner, most=1))
        except LedgerFailed:
            return False

    def _arrive(self, tab: Tab, task: str | None) -> tuple[str, str]:
        """Take up what the browser knows.

        Returns:
            The job of a task, or else the newest; and what to say if there is none to show.
        """
        try:
            address = self.visitors.address(tab.request)
            receipts.restore(tab.slips, self.runner, owner=tab.owner, address=address)
            if not task:
                return self._newest(tab), ""
            return self.runner.adopt(task, owner=tab.owner, address=address).id, ""
        except LedgerFailed:  # the page says so when it is drawn
            return "", ""
        except TooManyOpen as error:
            return "", status.refused(error, tab.say)

    def review(self, request: gr.Request, language: Any, seen: Any, *values: Any) -> Updates:
        """Say what is missing, what has no effect and what it will cost."""
        say = speaker(language)
        filled = self.form.read(values, self.opener(request))
        return {
            self.kept: self.form.keep(filled),
            **self.pay.review(
                filled,
                Payer.of(self.demo, request, simulated=self.simulated),
                self.runner.usual_wait(filled.sketch()),
                sending=str(seen).endswith((JobState.PREPARED, JobState.SUBMITTING)),
                say=say,
            ),
            **self.form.review(filled, say),
            **self.code.review(filled.first()),
        }

    def submit(
        self, tab: Tab, nonce: str, announced: Any, *values: Any, draft: bool = False
    ) -> Updates:
        """Start the jobs of one deliberate click on a button."""
        filled = self.form.read(values, self.opener(tab.request))
        try:
            requests = [filled.draft()] if draft else filled.requests()
            self.pay.check(announced, requests, draft=draft)
        except ViduError as error:
            return self.show(tab, "", fault=status.refused(error, tab.say))
        return self._buy(tab, nonce, requests, {"draft": draft, **self.form.keep(filled)}, ())

    def submit_again(self, tab: Tab, nonce: str) -> Updates:
        """Send what was held back: just that, whatever the form says by now."""
        held = tab.held if isinstance(tab.held, dict) else {}
        filled = self.form.recall(held, self.opener(tab.request))
        draft, told = held.get("draft") is True, held.get("told")
        requests = [filled.draft()] if draft else filled.requests()
        known = [str(job) for job in told] if isinstance(told, list) else []
        return self._buy(tab, nonce, requests, {"draft": draft, **self.form.keep(filled)}, known)

    def _buy(
        self,
        tab: Tab,
        nonce: str,
        requests: list[VideoRequest],
        form: dict[str, Any],
        told: Sequence[str],
    ) -> Updates:
        try:
            jobs = self.runner.start_all(
                requests,
                owner=tab.owner,
                idempotency_key=f"{tab.owner}:{str(nonce)[:32]}",
                acknowledged=told,
                **self.who_buys(tab.request),
            )
        except DuplicateRequest as error:
            return {
                **self.show(tab, "", fault=status.refused(error, tab.say)),
                self.held: {**form, "told": [job.id for job in error.jobs]},
                **self.result.offer_another(requests, tab.say),
            }
        except ViduError as error:
            return self.show(tab, "", fault=status.refused(error, tab.say))
        return self.show(tab, jobs[0].id)

    async def look(self, request: gr.Request, *values: Any) -> Updates:
        """See how the visitor's jobs stand.

        On the event loop, since it reads only for a millisecond: hundreds of pages that look at
        once would else each wake a thread.
        """
        view = self._tell(lambda tab: self.show(tab, tab.shown, fault=tab.fault), request, *values)
        return {widget: view[widget] for widget in self.drawn if widget in view}

    def use_list(self, request: gr.Request, event: gr.EventData, *values: Any) -> Updates:
        """Open, compare or delete a job of the list."""
        do, job_id = (str(getattr(event, name, "")) for name in ("do", "job"))
        return self._tell(partial(self._use, do=do, job_id=job_id), request, *values)

    def _use(self, tab: Tab, *, do: str, job_id: str) -> Updates:
        match do:
            case "compare":
                return self.show(tab, tab.shown, beside=job_id)
            case "delete":
                return self.delete(tab, job_id)
        return self.show(tab, job_id)

    def delete(self, tab: Tab, job_id: str) -> Updates:
        """Delete a job with its pictures and its video, and its receipt in the browser."""
        look = self.runner.look(job_id, tab.owner)
        if look and self.runner.delete(job_id, tab.owner):
            tab = tab._replace(slips=receipts.without(tab.slips, look.job))
        left = self._newest(tab) if job_id == tab.shown else tab.shown
        return {**self.show(tab._replace(seen=""), left), self.slips: tab.slips}

    def open_task(self, tab: Tab, text: Any) -> Updates:
        """Follow a task by its id, wherever it was started."""
        if not str(text or "").strip():
            return self.show(tab, tab.shown, fault=tab.fault)
        task = receipts.task_id(text)
        if not task:
            return self.show(tab, "", fault=status.no_task_id(tab.say))
        address = self.visitors.address(tab.request)
        job = self.runner.adopt(task, owner=tab.owner, address=address)
        self.runner.watch_again(job.id, tab.owner)
        return self.show(tab, job.id)

    def stop_watching(self, tab: Tab) -> Updates:
        """Stop following the shown job; its task goes on."""
        self.runner.stop(tab.shown, tab.owner)
        return self.show(tab, tab.shown)

    def watch_again(self, tab: Tab) -> Updates:
        """Go on following the shown job, or fetch its video again."""
        self.runner.watch_again(tab.shown, tab.owner)
        return self.show(tab, tab.shown)

    def use_settings(self, tab: Tab, *, new_seed: bool = False, pictures: bool = True) -> Updates:
        """Fill the form with the shown job's settings, and with its pictures if they are wanted."""
        look = self.runner.look(tab.shown, tab.owner)
        if not look:
            return {self.form.more: gr.skip()}
        job = look.job
        images = job.request.get("images", []) if pictures else []
        files = [self.runner.file(job, name) for name in images if not is_url(name)]
        there = [file for file in files if file.is_file()]
        filled = self.form.fill(
            {**job.request, "seed": None} if new_seed else job.request,
            [(str(file), None) for file in there],
            "\n".join(filter(is_url, images)),
        )
        gone = there != files
        if gone:
            del filled[self.form.pictures.gallery]  # what is in it may be just these pictures
        note = gr.Markdown(tab.say(_NOT_KEPT) if gone else "", visible=gone)
        return {**filled, self.form.pictures.note: note}

    def go_on(self, tab: Tab) -> Updates:
        """Make the last frame of the shown video the form's only picture."""
        form = self.form.pictures
        look = self.runner.look(tab.shown, tab.owner)
        if not look or not (video := self._video(look.job)):
            return {form.gallery: gr.skip()}
        try:
            picture = self.opener(tab.request).last_frame(video)
        except (ClipFailed, PictureInvalid):
            raise ViduError(
                "The last frame of this video can't be read.", next_step="Use another picture."
            ) from None
        return {
            form.gallery: uploads.as_gallery([picture]),
            form.urls: "",
            **form.choose_none(),
            self.form.takes: 1,
            self.form.filled_at: str(time.time()),
        }

    def show(self, tab: Tab, job_id: str, *, fault: str = "", beside: str = "") -> Updates:
        """Draw a job, the card of an error where there is none, or else the example."""
        say = tab.say
        found = None
        try:
            jobs = self.runner.jobs(tab.owner, most=history.MOST)
            if tab.search:
                found = self.runner.jobs(tab.owner, most=history.MOST, search=tab.search)
            look = self.runner.look(job_id, tab.owner) if job_id else None
            other = self.runner.look(beside, tab.owner) if beside else None
        except LedgerFailed as error:
            return {
                self.shown: job_id,
                self.result.place: fault or status.unreadable(error, say),
                self.timer: gr.Timer(SLOWEST_LOOK, active=True),
            }
        job = look.job if look else None
        seen = f"{job.id} {job.state}" if job else "fault" if fault else "example"
        video = self._video(job) if job else None
        slips = receipts.with_jobs(tab.slips, jobs)
        calm = self.runner.open_jobs / JOBS_PER_SECOND
        running = any(j.open for j in [*jobs, *([job] if job else [])])
        comparison = ""
        if job and video and other and self._video(other.job):
            alike = compare.same_pictures(job, other.job, self.runner.file)
            comparison = compare.render(job, other.job, self._video_url, alike, say)
        return {
            self.shown: job.id if job else "",
            self.fault: fault,
            self.held: None,
            self.compare: comparison,
            self.seen: seen,
            self.address: (job.task_id or "") if job else "",
            self.timer: gr.update(value=min(SLOWEST_LOOK, max(FASTEST_LOOK, calm)), active=running),
            self.slips: gr.skip() if slips is None else slips,
            **self.result.offer_another([], say),
            **self.result.show(
                look,
                fault,
                jobs=jobs,
                picture=self.runner.thumbnail(job) if job else None,
                video=video,
                video_shown=seen == tab.seen,
                say=say,
            ),
            **self.reuse.show(job, video),
            **self.history.show(
                jobs if found is None else found,
                job,
                tab.search or "",
                self.runner.thumbnail,
                self._video,
                say,
            ),
        }

    def _newest(self, tab: Tab) -> str:
        return next((job.id for job in self.runner.jobs(tab.owner, most=1)), "")

    def _video(self, job: Job) -> Path | None:
        path = self.runner.file(job, job.video) if job.video else None
        return path if path and path.is_file() else None

    def _video_url(self, job: Job) -> str:
        return file_url(self.runner.file(job, job.video or ""))
