"""The page: lays out its parts and wires their events to handlers.

The page only reads jobs, and every event is short, so a waiting visitor takes up no thread and no
place in the queue.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr
from starlette.routing import BaseRoute

from vidu_demo.api.run import Run, in_process
from vidu_demo.jobs.buying.budget import SpendingLimits
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui import Updates, faults, header, parts, programs, shell
from vidu_demo.ui.browser import elsewhere, own_key, permalink, watch
from vidu_demo.ui.browser.visitor import Visitors, browser_state
from vidu_demo.ui.buying import Buying
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.endpoints import Endpoints
from vidu_demo.ui.events import Events
from vidu_demo.ui.film.events import FilmEvents
from vidu_demo.ui.form.checkout import Checkout
from vidu_demo.ui.form.form import Form
from vidu_demo.ui.job.panel import Panel
from vidu_demo.ui.job.reuse import Action
from vidu_demo.ui.payer import WhoseKey
from vidu_demo.ui.reusing import Reusing
from vidu_demo.ui.sharing import watch_page
from vidu_demo.ui.sharing.takeaway import Takeaway

KEPT_FORM = "vidu-demo-form"
_TO_STATUS, _TO_FORM = "vidu.showing('#stage')", "vidu.showing('#pictures')"
_TO_PROMPT = "vidu.focusing('#prompt textarea')"
_TO_NEXT_PROMPT = "vidu.selecting('#prompt textarea')"
_ARRIVED = f"vidu.arrive({json.dumps(permalink.NAMES)})"


class Blocks(gr.Blocks):
    """A Gradio page with the plain routes that its scripts call."""

    routes: Sequence[BaseRoute] = ()


def build(
    runner: JobRunner,
    *,
    secret: bytes | None = None,
    limits: Callable[[], SpendingLimits] = SpendingLimits,
    proxied: bool = False,
    keeps: Callable[[], float | None] = lambda: None,
    run: Run = in_process,
) -> Blocks:
    """Build the page over a runner.

    Args:
        runner: Starts jobs and knows their state.
        secret: Signs the visitors' tokens. Without one, tokens are only valid for this page.
        limits: Returns the limits that the host has set.
        proxied: True if the host has named proxies in front of the app.
        keeps: Returns for how many days jobs are kept; None for good.
        run: Opens untrusted files: in this process, or a pool's `run`.
    """
    demo = Blocks(title=shell.TITLE, analytics_enabled=False, delete_cache=(3600, 86400))
    secret = secret or secrets.token_bytes()
    visitors, takeaway = Visitors(secret), Takeaway(runner, secret)
    checks = own_key.KeyChecks(runner)
    with demo:
        context = Context(demo, runner, visitors, run, limits, browser_state(), proxied, keeps)
        page = _Page(context)
        page.listen(takeaway)
        endpoints = Endpoints(context, checks).add()
    # Gradio's script looks all of these up whenever any call begins or ends.
    for listener in demo.fns.values():
        listener.show_progress_on = [page.header]
    description = programs.route(endpoints, demo, takes_keys=runner.takes_keys)
    demo.routes = [watch.route(runner), own_key.route(visitors, checks), takeaway.route()]
    demo.routes += [description, *watch_page.routes(runner)]
    return demo


class _Page:
    """The layout and the wiring."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.kept = gr.BrowserState({}, storage_key=KEPT_FORM, secret=KEPT_FORM)
        self.server_time = gr.Number(visible=False)
        # Right for nearly everyone; `welcome` corrects it.
        payer = WhoseKey.of(context.runner.usual_payer, local=False)
        faults.component()
        self.header = header.component(payer)
        self.own_key = own_key.component(context.runner)
        self.navigation = parts.component()
        with gr.Row(equal_height=False, elem_id="columns"):
            with gr.Column(scale=5, min_width=320, elem_id="make-part"):
                self.form = Form()
                self.checkout = Checkout()
            with gr.Column(scale=6, min_width=320, elem_id="watch-part"):
                self.panel = Panel(context.runner, context.visitor, context.keeps, self.form.recent)
        with gr.Column(elem_id="compare-part"):
            self.panel.add_compare()
        with gr.Column(elem_id="videos-part"):
            self.panel.add_videos()
            self.task_box = elsewhere.component()
        programs.link()

    def listen(self, takeaway: Takeaway) -> None:
        """Wire the events."""
        form, panel, context = self.form, self.panel, self._context
        events = Events(
            context, form, panel, self.header, self.navigation, self.own_key, self.server_time
        )
        buying = Buying(context, form, self.checkout, panel, panel.code, self.kept)
        # First: what else listens to a change waits until the listeners before it are done.
        self._arrive(events, buying)
        form.listen(context)
        panel.listen()
        lists = panel.history.list, panel.films.strip
        panel.stage.share.listen(context, takeaway, panel.tab, *lists)
        calls = panel.calls
        reading, asked = partial(events.read_calls, log=calls), calls.asked
        self._does(asked.change, reading, "read_calls", calls.outputs, {"asked": asked})
        self._does(self.own_key.submit, events.change_payer, "change_payer", events.payer_changed)
        self._buy(buying)
        self._show(events)
        self._reuse(Reusing(context, form, panel))
        FilmEvents(context, form, panel).listen(self._does)

    def _arrive(self, events: Events, buying: Buying) -> None:
        demo, panel = self._context.demo, self.panel
        kept = {"kept": self.kept, **panel.tab}
        bring = f"vidu.bringKept({json.dumps([*kept])})"
        welcome, welcomed = events.welcome, events.welcomed
        arrived = demo.load(welcome, inputs_kwargs=kept, outputs=welcomed, js=bring, **SHORT)
        arrived.then(None, [self.server_time], None, js=_ARRIVED)
        # `welcome` fills the form, so that the first review is of what the browser has kept.
        changes, filled_at = [*self.form.changes, panel.seen.change], self.form.filled_at
        arrived.failure(None, None, [filled_at], js="vidu.notFilled")
        gr.on(changes, None, [filled_at], [buying.due], js="vidu.formChanged", **SHORT)
        review = buying.due.change(
            buying.review,
            inputs_kwargs={
                "seen": panel.seen,
                "visible": buying.visible,
                "visitor": panel.visitor,
                **self.form.inputs,
            },
            outputs=buying.reviewed,
            js="vidu.beginReview",
            trigger_mode="always_last",
            **SHORT,
            **RAW,
        )
        review.success(None, js="vidu.endReview")
        review.failure(None, None, [buying.due], js="vidu.failReview")

    def _buy(self, buying: Buying) -> None:
        checkout, form, stage = self.checkout, self.form.inputs, self.panel.stage
        draft = partial(buying.submit, draft=True)
        for button, handler, name, inputs in (
            (checkout.run, buying.submit, "buy", {"offer": checkout.offer, **form}),
            (checkout.draft, draft, "buy_draft", {"offer": checkout.draft_offer, **form}),
            (checkout.simulate, buying.submit, "simulate", {"offer": checkout.simulation, **form}),
            (stage.anyway, buying.submit_again, "buy_again", {}),
            (stage.full, buying.submit_offer, "buy_in_full", {"offer": stage.full_offer}),
        ):
            self._does(button.click, handler, name, buying.bought, inputs, js=_TO_STATUS, **RAW)

    def _show(self, events: Events) -> None:
        panel = self.panel
        looking: dict[str, Any] = {"inputs_kwargs": panel.tab, **SHORT}
        looking["outputs"] = [*panel.drawn, panel.compare]
        # One click can follow another at once, and two countdowns can end together.
        choosing: dict[str, Any] = {**looking, "outputs": panel.outputs, "trigger_mode": "multiple"}
        board, history = panel.wall.board, panel.history
        clicks = [history.list.click, panel.stage.neighbours.click, board.click]
        for answer in (
            panel.watch.tick(events.refresh, **looking),
            history.search.change(events.refresh, api_name="search", **looking),
            history.starred.change(events.refresh, api_name="filter", **looking),
            gr.on(clicks, events.use_list, **choosing),
        ):
            answer.success(None, [panel.seen, panel.shown], None, js="vidu.refreshAgain")
        choosing["inputs_kwargs"] = {**panel.tab, "files": self.form.pictures.files}
        choosing["outputs"] = [*panel.outputs, self.form.filled_at]
        gr.on([history.list.delete, board.delete], events.delete, **choosing, **RAW)
        hanging = partial(gr.on, [panel.wall.jobs.change, panel.wall.due.change])
        self._does(hanging, panel.draw_wall, "draw_wall", [board], trigger_mode="always_last")
        sheet = {"inputs_kwargs": panel.tab, "outputs": [panel.wall.link], **SHORT}
        board.download(events.contact_sheet, **sheet)
        panel.compare.clear(None, None, panel.compare, js="vidu.nothing", **SHORT)
        panel.address.change(None, [panel.address], None, js="vidu.rememberTask")
        text, stage, view = {"text": self.task_box}, panel.stage, panel.outputs
        self._does(stage.stop.click, events.stop_watching, "stop_watching", view)
        self._does(stage.resume.click, events.watch_again, "watch_again", view)
        chosen = self.form.example
        self._does(chosen.change, events.show_example, "show_example", view, {"example": chosen})
        self._does(stage.compare.click, panel.beside, "compare", view)
        self._does(self.task_box.submit, events.open_task, "open_task", view, text, js=_TO_STATUS)

    def _reuse(self, reusing: Reusing) -> None:
        form = self.form
        settings = [form.pictures.news, *form.filled]
        self._does(self.checkout.price.click, reusing.undo, "undo", form.filled, form.inputs, **RAW)
        another = partial(reusing.use_settings, new_seed=True)
        repicture = partial(reusing.use_settings, pictures=False)
        buttons = self.panel.stage.reuse.buttons
        edits = [self.panel.wall.board.edit, self.panel.films.player.edit]
        going_on = {"inputs_kwargs": {**form.inputs, **self.panel.tab}, "outputs": form.filled}
        gone_on = gr.on(edits, reusing.go_on_from, js=_TO_FORM, **going_on, **SHORT, **RAW)
        for action, handler, name, outputs, js in (
            (Action.SAME, reusing.use_settings, "use_settings", settings, _TO_FORM),
            (Action.NEW_SEED, another, "use_settings_with_new_seed", settings, _TO_FORM),
            (Action.PROMPT, reusing.use_settings, "change_prompt", settings, _TO_PROMPT),
            (Action.PICTURE, repicture, "change_picture", settings, _TO_FORM),
            (Action.GO_ON, reusing.go_on, "go_on", form.filled, "vidu.goOn"),
        ):
            click = buttons[action].click
            at = {"at": self.panel.stage.reuse.at} if action is Action.GO_ON else {}
            inputs = {**at, **form.inputs}
            done = self._does(click, handler, name, outputs, inputs, js=js, **RAW)
            if action is Action.GO_ON:
                for each in (done, gone_on):
                    each.success(None, [form.settings["prompt"]], None, js=_TO_NEXT_PROMPT)

    def _does(
        self,
        event: Callable[..., Any],
        handler: Callable[..., Updates],
        name: str,
        outputs: Sequence[gr.blocks.Block],
        inputs: dict[str, Any] | None = None,
        **options: Any,
    ) -> gr.events.Dependency:
        """Call a handler with the tab, and show its errors over the page."""
        listener: gr.events.Dependency = event(
            self._context.handler(handler),
            inputs_kwargs={**(inputs or {}), **self.panel.tab},
            outputs=outputs,
            api_name=name,
            **SHORT,
            **options,
        )
        return listener
