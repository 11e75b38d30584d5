"""The page: puts the parts together and wires them to the runner.

A page only looks at jobs. Every event is short; nobody's waiting holds a thread or a queue slot.
"""

import time
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo import pricing
from vidu_demo.errors import RequestInvalid, ViduError
from vidu_demo.jobs import AskedAlready, JobRunner
from vidu_demo.ledger import Job, JobState, LedgerFailed
from vidu_demo.request import VideoRequest
from vidu_demo.ui import api, history, receipts, status, visitor
from vidu_demo.ui.form import Form, draft, make_request

KEPT_FORM = "vidu-demo-form"
MAKE = "Make the video"
SENDING = "Sending…"

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

_MEASURE_CLOCK = "(now) => { window.viduClockAhead = Date.now() / 1000 - now; }"

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
        shown: The id of the job that is open, or empty.
        seen: The job and state that the tab has last drawn.
        fault: The error card that stands there instead of a job, or empty.
        label: The label of the button: it stays off while a request is being sent.
        slips: The browser's list of task ids.
    """

    visitor: Any
    shown: str
    seen: str
    fault: str
    label: str
    slips: Any

    @property
    def owner(self) -> str:
        """The visitor's digest."""
        return visitor.owner(self.visitor)


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
        self.shown = gr.Textbox(visible=False)
        self.seen = gr.Textbox(visible=False)
        self.fault = gr.Textbox(visible=False)
        self.address = gr.Textbox(visible=False)
        self.server_time = gr.Number(visible=False)
        self.timer = gr.Timer(FASTEST_LOOK, active=False)

        gr.HTML(_heading(simulated), padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self.form = Form()
                with gr.Row(elem_id="pay", equal_height=True):
                    self.price = gr.HTML(elem_id="price", padding=False)
                    self.run = gr.Button(
                        "Add a picture", variant="primary", interactive=False, size="lg"
                    )
            with gr.Column(scale=6, min_width=320):
                self.place = status.component()
                with gr.Row(elem_id="choices"):
                    self.stop = gr.Button("Stop watching", size="sm", visible=False)
                    self.resume = gr.Button("Resume watching", size="sm", visible=False)
                    self.anyway = gr.Button("Make a second one anyway", size="sm", visible=False)
                self.video = gr.Video(
                    label="Video",
                    interactive=False,
                    autoplay=True,
                    loop=True,
                    buttons=["download"],
                    height=420,
                    elem_id="video",
                )
                self.history = history.component()
                with gr.Accordion("Continue a task by its id", open=False, elem_classes="fold"):
                    self.task_box = gr.Textbox(
                        label="Task id",
                        info="Of a task started anywhere with this key. Watching costs nothing.",
                        submit_btn="Watch",
                    )
        api.add_generate(runner, self.form)

    @property
    def tab(self) -> list[gr.components.Component]:
        """The inputs that make a `Tab`."""
        return [self.visitor, self.shown, self.seen, self.fault, self.run, self.slips]

    @property
    def view(self) -> list[gr.components.Component]:
        """The outputs that `show` gives values for."""
        return [*self.chosen, *self.drawn]

    @property
    def chosen(self) -> list[gr.components.Component]:
        """What the visitor has chosen to see. No tick may change it: one could be late."""
        return [self.shown, self.fault, self.anyway]

    @property
    def drawn(self) -> list[gr.components.Component]:
        """How that stands."""
        return [
            self.seen,
            self.address,
            self.place,
            self.video,
            self.timer,
            self.run,
            self.stop,
            self.resume,
            self.history,
            self.slips,
        ]

    def listen(self) -> None:
        """Wire the events."""
        form = self.form
        reviewing: dict[str, Any] = {
            "fn": self.review,
            "inputs": [self.run, *form.inputs],
            "outputs": [self.kept, self.run, self.price, *form.reviewed],
            **SHORT,
        }
        arrived = self.demo.load(
            self.welcome,
            [self.kept, *self.tab],
            [self.visitor, self.server_time, *form.inputs, *self.view],
            **SHORT,
        )
        arrived.then(None, [self.server_time], None, js=_MEASURE_CLOCK)
        arrived.then(**reviewing)
        gr.on(form.changes, trigger_mode="always_last", **reviewing)
        form.listen(SHORT)
        for button, name, again in (
            (self.run, "submit", False),
            (self.anyway, "submit_again", True),
        ):
            button.click(
                partial(self.submit, again),
                [self.click, *self.tab, *form.inputs],
                self.view,
                api_name=name,
                js=_NEW_CLICK,
                **SHORT,
            )
        self.timer.tick(self.look, self.tab, self.drawn, **SHORT)
        self.stop.click(self.stop_watching, self.tab, self.view, **SHORT)
        self.resume.click(self.watch_again, self.tab, self.view, **SHORT)
        self.history.click(self.open_job, self.tab, self.view, **SHORT)
        self.task_box.submit(self.open_task, [self.task_box, *self.tab], self.view, **SHORT)
        self.address.change(None, [self.address], None, js=_PUT_IN_ADDRESS)

    def welcome(self, request: gr.Request, kept: Any, *values: Any) -> list[Any]:
        """Recognise the visitor; show their form and their newest job, or the one linked to."""
        state = visitor.recognise(values[0])
        tab = Tab(*values)._replace(visitor=state, seen="")
        receipts.restore(tab.slips, self.runner, tab.owner)
        newest = next(iter(self.runner.jobs(tab.owner, most=1)), None)
        task = receipts.task_id(request.query_params.get("task"))
        job = self.runner.adopt(task, owner=tab.owner) if task else newest
        view = self.show(tab, job.id if job else "")
        return [state, time.time(), *self.form.restore(kept), *view]

    def review(self, label: str, *values: Any) -> list[Any]:
        """Say what is missing, what has no effect and what it will cost."""
        files, urls, settings = self.form.read(values)
        try:
            make_request(files, urls, settings)
            missing = ""
        except RequestInvalid as error:
            missing = error.problems[0].message
        sketch = draft([*files, *(urls or "").split()], settings)
        return [
            self.form.keep(values),
            gr.skip() if label == SENDING else _button(missing),
            _price(sketch, simulated=self.simulated),
            *self.form.review(sketch),
        ]

    def submit(self, again: bool, nonce: str, *values: Any) -> list[Any]:
        """Start one job for one deliberate click."""
        tab = Tab(*values[:TAB])
        files, urls, settings = self.form.read(values[TAB:])
        try:
            request = make_request(files, urls, settings)
            click = f"{tab.owner}:{nonce[:32]}"
            job = self.runner.start(request, owner=tab.owner, click=click, again=again)
        except ViduError as error:
            return self.show(tab, "", error=error)
        return self.show(tab, job.id)

    async def look(self, *values: Any) -> list[Any]:
        """See how the visitor's jobs stand.

        On the event loop, since it reads only for a millisecond: hundreds of pages that look at
        once would else each wake a thread.
        """
        tab = Tab(*values)
        return self.show(tab, tab.shown, fault=tab.fault)[len(self.chosen) :]

    def open_job(self, event: gr.EventData, *values: Any) -> list[Any]:
        """Show a job from the list."""
        return self.show(Tab(*values), str(event.job))

    def open_task(self, text: str, *values: Any) -> list[Any]:
        """Follow a task by its id, wherever it was started."""
        tab = Tab(*values)
        task = receipts.task_id(text)
        if not task:
            wrong = ViduError("This does not look like a task's id.", next_step="Copy it whole.")
            return self.show(tab, "", error=wrong)
        job = self.runner.adopt(task, owner=tab.owner)
        self.runner.watch_again(job.id, tab.owner)
        return self.show(tab, job.id)

    def stop_watching(self, *values: Any) -> list[Any]:
        """Stop following the shown job; its task goes on."""
        tab = Tab(*values)
        self.runner.stop(tab.shown, tab.owner)
        return self.show(tab, tab.shown)

    def watch_again(self, *values: Any) -> list[Any]:
        """Go on following the shown job."""
        tab = Tab(*values)
        self.runner.watch_again(tab.shown, tab.owner)
        return self.show(tab, tab.shown)

    def show(
        self, tab: Tab, job_id: str, *, error: ViduError | None = None, fault: str = ""
    ) -> list[Any]:
        """Give the values of `view` for a job, or for an error where there is none."""
        jobs: list[Job] = []
        look = None
        try:
            jobs = self.runner.jobs(tab.owner, most=history.MOST)
            look = self.runner.look(job_id, tab.owner) if job_id else None
        except LedgerFailed as failure:
            error = failure
        job = look.job if look else None
        state = job.state if job else None
        sending = state in (JobState.PREPARED, JobState.SUBMITTING)
        seen = f"{job.id} {job.state}" if job else ""
        if sending:
            button: Any = gr.Button(SENDING, interactive=False)
        else:
            button = _button("") if tab.label == SENDING else gr.skip()
        fault = status.refused(error) if error else fault
        card = fault or (status.render(look) if look else gr.skip())
        video = str(self.runner.file(job, job.video)) if job and job.video else None
        slip = receipts.with_job(tab.slips, job) if job else None
        calm = self.runner.open_jobs / LOOKS_PER_SECOND
        return [
            job.id if job else "",
            fault,
            gr.Button(visible=isinstance(error, AskedAlready)),
            seen,
            (job.task_id or "") if job else "",
            card,
            # A video that is sent again would start anew.
            gr.skip() if seen == tab.seen and not error else video,
            gr.Timer(min(SLOWEST_LOOK, max(FASTEST_LOOK, calm)), active=any(j.open for j in jobs)),
            button,
            gr.Button(visible=state in (JobState.RUNNING, JobState.SAVING)),
            gr.Button(visible=state == JobState.STOPPED),
            history.render(jobs, job.id if job else ""),
            gr.skip() if slip is None else slip,
        ]


def _button(missing: str) -> gr.Button:
    return gr.Button(missing.removesuffix(".") or MAKE, interactive=not missing)


def _price(sketch: VideoRequest, *, simulated: bool) -> str:
    try:
        amount = pricing.spoken(pricing.estimate(sketch))
    except (KeyError, TypeError):  # a number that is being typed
        return ""
    paid = "Nothing is charged" if simulated else "Charged to this app's key"
    return (
        f'<div class="price"><strong>Estimate {amount}</strong>'
        f"<span>Vidu's price list, {pricing.DATED}. {paid}.</span></div>"
    )


def who_pays(*, simulated: bool) -> str:
    """Say in one line where videos come from and who pays."""
    if simulated:
        return (
            "Simulated: videos are made on this machine, no model is used and nothing is charged."
        )
    return "Videos are made by Vidu Q2 Pro at Novita and charged to this app's key."


def _heading(simulated: bool) -> str:
    return (
        '<header class="heading"><h1>Vidu Q2 Pro</h1>'
        "<p>A picture and a sentence become a video.</p>"
        f'<p class="payer {"simulated" if simulated else "paid"}">'
        f"{who_pays(simulated=simulated)}</p></header>"
    )
