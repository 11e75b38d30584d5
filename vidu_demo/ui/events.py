"""The handlers that neither buy nor fill the form: arriving, opening and deleting jobs."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import gradio as gr

from vidu_demo.jobs.errors import LedgerFailed, TooManyOpen
from vidu_demo.ui import Updates, fresh, header, parts
from vidu_demo.ui.browser import own_key, permalink, receipts
from vidu_demo.ui.browser.elsewhere import Elsewhere, TooManyTasks
from vidu_demo.ui.browser.tab import Tab, ids
from vidu_demo.ui.browser.visitor import Unrecognised, signed_in
from vidu_demo.ui.context import Context
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.form import Form
from vidu_demo.ui.i18n.words import words_for
from vidu_demo.ui.job import status, wall
from vidu_demo.ui.job.calls import CallLog
from vidu_demo.ui.job.history import MAX_ROWS
from vidu_demo.ui.job.panel import Panel


class Events:
    """Handlers.

    Args:
        context: What the handlers share.
        form: The left side of the page.
        panel: The right side.
        header: The top of the page.
        navigation: Leads to the parts of the page.
        key_form: The form for the visitor's own key.
        server_time: Gives the browser the server's time.
    """

    def __init__(
        self,
        context: Context,
        form: Form,
        panel: Panel,
        header: gr.HTML,
        navigation: gr.HTML,
        key_form: gr.HTML,
        server_time: gr.Number,
    ) -> None:
        self._context, self._runner, self._visitors = context, context.runner, context.visitors
        self._form, self._panel, self._elsewhere = form, panel, Elsewhere(context.runner)
        self._header, self._navigation = header, navigation
        self._key_form, self._server_time = key_form, server_time

    @property
    def welcomed(self) -> list[gr.blocks.Block]:
        """The outputs of `welcome`."""
        form, panel = self._form, self._panel
        return [
            panel.visitor,
            self._server_time,
            self._navigation,
            *self._paying,
            *form.pictures.translated,
            *panel.stage.share.translated,
            *form.filled,
            *panel.outputs,
        ]

    def welcome(self, request: gr.Request, kept: Any, **values: Any) -> Updates:
        """Recognise the visitor; show their form and newest job, or whatever the link asks for."""
        say = words_for(request)
        state = self._visitors.recognise(values["visitor"], self._has_jobs)
        tab = Tab.read({**values, "visitor": state}, self._visitors, request)._replace(seen="")
        query = request.query_params
        job_id, fault = self._arrive(tab, receipts.task_id(query.get("task")))
        linked = permalink.read(query, query.getlist(permalink.PICTURES))
        limits = self._context.who_buys(request, tab.owner)["limits"]
        updates: Updates = {
            self._panel.visitor: state,
            self._server_time: time.time(),
            self._navigation: parts.render(say),
            **self._pay(tab),
            **self._form.pictures.translate(say),
            **self._panel.stage.share.translate(say),
            **self._form.restore(kept, limits.max_jobs, linked=linked),
            **self._panel.show(tab, job_id, fault=fault),
        }
        return fresh.changes(updates)

    @property
    def payer_changed(self) -> list[gr.blocks.Block]:
        """The outputs of `change_payer`."""
        return [*self._paying, *self._panel.outputs, self._form.filled_at]

    def change_payer(self, tab: Tab) -> Updates:
        """Say who pays now, and have the form reviewed again, for a new offer."""
        return {
            **self._pay(tab),
            **self._panel.show(tab, tab.shown, fault=tab.fault),
            **self._form.review_again(),
        }

    @property
    def _paying(self) -> list[gr.blocks.Block]:
        return [self._header, self._key_form]

    def _pay(self, tab: Tab) -> Updates:
        """Say who pays, and offer the form for the visitor's own key."""
        payer = self._context.whose_key(tab.request, self._runner.purchases.payer(tab.owner))
        return {
            self._header: header.render(payer, tab.say, signed_in(tab.request)),
            self._key_form: own_key.render(
                self._runner,
                tab.token,
                tab.owner,
                shared=bool(getattr(self._context.demo, "share_url", None)),
                say=tab.say,
            ),
        }

    def _has_films(self, visitor: Any, request: gr.Request) -> bool:
        try:
            return self._runner.films.any_of(self._visitors.owner(visitor, signed_in(request)))
        except (Unrecognised, LedgerFailed):  # `call` reports it
            return False

    def _has_jobs(self, owner: str) -> bool:
        try:
            return bool(self._runner.jobs(owner, most=1))
        except LedgerFailed:
            return False

    def _arrive(self, tab: Tab, task: str | None) -> tuple[str, str]:
        """Restore what the browser remembers.

        Returns:
            The id of the task's job, or of the newest job; and an error if there is none to show.
        """
        try:
            address = self._context.address(tab.request)
            who = {"owner": tab.owner, "address": address}
            receipts.restore(tab.receipts, self._runner, **who, adopt=self._elsewhere.adopt)
            if not task or self._runner.is_deleted(task, tab.owner):
                return self._panel.newest(tab), ""
            return self._elsewhere.adopt(task, **who).id, ""
        except LedgerFailed:  # the page reports this when it is drawn
            return "", ""
        except (TooManyOpen, TooManyTasks) as error:
            return "", status.refused(error, tab.say)

    async def refresh(self, request: gr.Request, **values: Any) -> Updates:
        """Refresh the visitor's jobs.

        This runs on the event loop because it reads for only a millisecond: with hundreds of pages
        open, each refresh would otherwise wake a thread. A search may read all of the visitor's
        prompts, and films and a long list take a while to draw, so they get one.
        """
        long = values.get("search") or values.get("starred") or values.get("pages") != "1"
        if long or self._has_films(values.get("visitor"), request):
            return await asyncio.to_thread(self._context.call, self._panel.refresh, request, values)
        return self._context.call(self._panel.refresh, request, values)

    def use_list(self, request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
        """Open, compare or star a job in the list or on the wall, list more, or change the wall."""
        do, job_id = (str(getattr(event, name, "")) for name in ("do", "job"))
        known = {"do": do, "job_id": job_id, "jobs": ids(getattr(event, "jobs", None))}
        return self._context.call(self._use, request, {**values, **known})

    def _use(self, tab: Tab, *, do: str, job_id: str, jobs: Sequence[str]) -> Updates:
        match do:
            case "compare":
                return self._panel.compare_with(tab, job_id)
            case "star" | "unstar":
                self._runner.star(job_id, tab.owner, starred=do == "star")
                return self._panel.refresh(tab)
            case "wall" | "close":
                return self._panel.show(tab, tab.shown, fault=tab.fault, on_wall=jobs)
            case "more":
                return self._panel.show_more(tab)
        return self._panel.show(tab, job_id)

    def contact_sheet(self, request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
        """Make a contact sheet of jobs, and lead to it."""
        values["jobs"] = ids(getattr(event, "jobs", None))
        return self._context.call(self._contact_sheet, request, values)

    def _contact_sheet(self, tab: Tab, *, jobs: Sequence[str]) -> Updates:
        found = [view.job for each in jobs if (view := self._runner.find(each, tab.owner))]
        link = self._panel.wall.link
        if not found:
            return {link: gr.skip()}
        run, turn = self._context.run, self._visitors.turn(tab.request)
        return {link: wall.sheet(found, self._runner, run, turn)}

    def delete(self, request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
        """Delete jobs, their pictures and videos, and their receipts in the browser.

        The form keeps its pictures, and is reviewed again: offers with a deleted prompt are gone.
        """
        values["jobs"] = getattr(event, "jobs", None)
        return self._context.call(self._delete, request, values)

    def _delete(self, tab: Tab, *, jobs: Any, files: Any) -> Updates:
        shown = tab.shown
        keep = [file.path for file in uploads.existing(uploads.paths(files))]
        for job_id in jobs[:MAX_ROWS] if isinstance(jobs, list) else ():
            view = self._runner.find(job_id, tab.owner) if isinstance(job_id, str) else None
            if view and self._runner.delete(job_id, tab.owner, keep):
                tab = tab._replace(receipts=receipts.without(tab.receipts, view.job))
        if shown and not self._runner.find(shown, tab.owner):
            tab, shown = tab._replace(seen=""), self._panel.newest(tab)
        updates = self._panel.show(tab, shown, fault=tab.fault)
        return {**updates, self._panel.receipts: tab.receipts, **self._form.review_again()}

    def open_task(self, tab: Tab, *, text: Any) -> Updates:
        """Follow a task by its id, wherever it was started."""
        if not str(text or "").strip():
            return self._panel.show(tab, tab.shown, fault=tab.fault)
        task = receipts.task_id(text)
        if not task:
            return self._panel.show(tab, "", fault=status.no_task_id(tab.say))
        address = self._context.address(tab.request)
        job = self._elsewhere.adopt(task, owner=tab.owner, address=address)
        self._runner.watch_again(job.id, tab.owner)
        return self._panel.show(tab, job.id)

    def show_example(self, tab: Tab, *, example: Any) -> Updates:
        """Show what was made of the example in the form, unless a job is being watched."""
        view = self._runner.find(tab.shown, tab.owner)
        if not example or (view and view.job.open):
            return {self._panel.seen: gr.skip()}
        return self._panel.show(tab, str(example))

    def stop_watching(self, tab: Tab) -> Updates:
        """Stop following the shown job; its task continues."""
        self._runner.stop(tab.shown, tab.owner)
        return self._panel.show(tab, tab.shown)

    def watch_again(self, tab: Tab) -> Updates:
        """Resume following the shown job, or fetch its video again."""
        self._runner.watch_again(tab.shown, tab.owner)
        return self._panel.show(tab, tab.shown)

    def read_calls(self, tab: Tab, *, asked: Any, log: CallLog) -> Updates:
        """Show the calls of the API for the shown job, if they are asked for."""
        if not asked:
            return log.unchanged
        return log.show(self._runner.calls(tab.shown, tab.owner) if tab.shown else None)
