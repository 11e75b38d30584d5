"""The page: puts the parts together and wires them to the runner.

A page only looks at jobs. Every event is short; nobody's waiting holds a thread or a queue slot.
"""

import time
from typing import Any

import gradio as gr

from vidu_demo import pricing
from vidu_demo.errors import RequestInvalid, ViduError
from vidu_demo.jobs import JobRunner, Look
from vidu_demo.ledger import JobState
from vidu_demo.request import VideoRequest
from vidu_demo.ui import api, status, visitor
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
"""Seconds between two looks of one page at its job: the more jobs run, the calmer."""
LOOKS_PER_SECOND = 60.0

# Drawn in the browser, at the click: whatever is sent again later is recognised by it.
_NEW_CLICK = """(click, ...rest) => [
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0'))
    .join(''),
  ...rest]"""

_MEASURE_CLOCK = "(now) => { window.viduClockAhead = Date.now() / 1000 - now; }"


def build(runner: JobRunner, *, simulated: bool) -> gr.Blocks:
    """Build the page over a runner.

    Args:
        runner: Starts jobs and knows how they stand.
        simulated: True if no model is used, which the page then says.
    """
    demo = gr.Blocks(title="Vidu Q2 Pro", analytics_enabled=False, delete_cache=(3600, 86400))
    with demo:
        me = visitor.browser_state()
        kept = gr.BrowserState({}, storage_key=KEPT_FORM, secret=KEPT_FORM)
        click = gr.Textbox(visible=False)
        shown = gr.Textbox(visible=False)
        server_time = gr.Number(visible=False)
        timer = gr.Timer(FASTEST_LOOK, active=False)

        gr.HTML(_heading(simulated), padding=False)
        with gr.Row(equal_height=False, elem_id="desk"):
            with gr.Column(scale=5, min_width=320):
                form = Form()
                with gr.Row(elem_id="pay", equal_height=True):
                    price = gr.HTML(elem_id="price", padding=False)
                    run = gr.Button(
                        "Add a picture", variant="primary", interactive=False, size="lg"
                    )
            with gr.Column(scale=6, min_width=320):
                place = status.component()
                video = gr.Video(
                    label="Video",
                    interactive=False,
                    autoplay=True,
                    loop=True,
                    buttons=["download"],
                    height=420,
                    elem_id="video",
                )

        def review(label: str, *values: Any) -> list[Any]:
            """Say what is missing, what has no effect and what it will cost."""
            files, urls, settings = form.read(values)
            try:
                make_request(files, urls, settings)
                missing = ""
            except RequestInvalid as error:
                missing = error.problems[0].message
            sketch = draft([*files, *(urls or "").split()], settings)
            told = {notice.field: notice.text for notice in sketch.notices()}
            return [
                form.keep(values),
                gr.skip() if label == SENDING else _button(missing),
                _price(sketch, simulated=simulated),
                gr.Row(visible=len(files) > 1),
                *(
                    gr.Markdown(told.get(field, ""), visible=field in told)
                    for field in form.notices
                ),
            ]

        def submit(nonce: str, state: Any, *values: Any) -> tuple[Any, ...]:
            """Start one job for one deliberate click."""
            files, urls, settings = form.read(values)
            owner = visitor.owner(state)
            try:
                request = make_request(files, urls, settings)
                job = runner.start(request, owner=owner, click=f"{owner}:{nonce}")
            except ViduError as error:
                return (
                    gr.skip(),
                    status.refused(error),
                    gr.skip(),
                    gr.Timer(active=False),
                    gr.skip(),
                )
            return job.id, *_looks(Look(job, None), SENDING)

        def look(state: Any, job_id: str, label: str) -> tuple[Any, ...]:
            """See how the shown job stands."""
            found = runner.look(job_id, visitor.owner(state))
            if not found:
                return gr.skip(), gr.skip(), gr.Timer(active=False), gr.skip()
            return _looks(found, label)

        def welcome(state: Any, form_state: Any) -> tuple[Any, ...]:
            """Recognise the visitor; show their form and their newest job again."""
            state = visitor.recognise(state)
            owner = visitor.owner(state)
            newest = next(iter(runner.jobs(owner)), None)
            found = runner.look(newest.id, owner) if newest else None
            if found:
                view = found.job.id, *_looks(found, "")
            else:
                view = "", status.EMPTY, None, gr.Timer(active=False), gr.skip()
            return state, time.time(), *form.restore(form_state), *view

        def _looks(found: Look, label: str) -> tuple[Any, ...]:
            job = found.job
            sending = job.state in (JobState.PREPARED, JobState.SUBMITTING)
            if sending:
                button: Any = gr.Button(SENDING, interactive=False)
            else:
                button = _button("") if label == SENDING else gr.skip()
            done = job.state is JobState.DONE and job.video
            wait = min(SLOWEST_LOOK, max(FASTEST_LOOK, runner.open_jobs / LOOKS_PER_SECOND))
            return (
                status.render(found),
                str(runner.file(job, job.video)) if done and job.video else None,
                gr.Timer(wait, active=job.open),
                button,
            )

        view = [place, video, timer, run]
        reviewing: dict[str, Any] = {
            "fn": review,
            "inputs": [run, *form.inputs],
            "outputs": [kept, run, price, form.order, *form.notices.values()],
            **SHORT,
        }
        arrived = demo.load(
            welcome, [me, kept], [me, server_time, *form.inputs, shown, *view], **SHORT
        )
        arrived.then(None, [server_time], None, js=_MEASURE_CLOCK)
        arrived.then(**reviewing)
        gr.on(form.changes, trigger_mode="always_last", **reviewing)
        form.listen(SHORT)
        run.click(
            submit,
            [click, me, *form.inputs],
            [shown, *view],
            js=_NEW_CLICK,
            trigger_mode="once",
            **SHORT,
        )
        timer.tick(look, [me, shown, run], view, **SHORT)
        api.add_generate(runner, form)
    return demo


def _button(missing: str) -> gr.Button:
    return gr.Button(missing.removesuffix(".") or MAKE, interactive=not missing)


def _price(sketch: VideoRequest, *, simulated: bool) -> str:
    try:
        amount = pricing.spoken(pricing.estimate(sketch))
    except (KeyError, TypeError):  # a number that is being typed
        return ""
    paid = "Simulated: nothing is charged" if simulated else "Charged to this app's key"
    return (
        f'<div class="price"><strong>Estimate {amount}</strong>'
        f"<span>Vidu's price list, {pricing.DATED} · {paid}</span></div>"
    )


def _heading(simulated: bool) -> str:
    who = (
        "Simulated: videos are made on this machine, no model is used and nothing is charged."
        if simulated
        else "Videos are made by Vidu Q2 Pro at Novita and charged to this app's key."
    )
    return (
        '<header class="heading"><h1>Vidu Q2 Pro</h1>'
        "<p>A picture and a sentence become a video.</p>"
        f'<p class="payer {"simulated" if simulated else "paid"}">{who}</p></header>'
    )
