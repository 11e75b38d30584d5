"""The handlers that buy: the review of the form, with its price, and the clicks."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from vidu_demo.api.errors import ViduError
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.errors import DuplicateRequest
from vidu_demo.jobs.job import JobState
from vidu_demo.ui import Updates
from vidu_demo.ui.browser.tab import Tab
from vidu_demo.ui.context import Context
from vidu_demo.ui.form.checkout import Checkout
from vidu_demo.ui.form.form import Form
from vidu_demo.ui.i18n.words import words_for
from vidu_demo.ui.job.code import Code
from vidu_demo.ui.job.panel import Panel


class Buying:
    """Handlers for the review of the form and for every button that buys.

    Args:
        context: What the handlers share.
        form: Holds what the visitor asks for.
        checkout: Shows what it costs.
        panel: Shows the result.
        code: Shows the form as code.
        kept: Keeps the form across reloads.

    Attributes:
        number: Which review the last answer belongs to.
    """

    def __init__(
        self,
        context: Context,
        form: Form,
        checkout: Checkout,
        panel: Panel,
        code: Code,
        kept: gr.BrowserState,
    ) -> None:
        self._context, self._form, self._checkout = context, form, checkout
        self._panel, self._code, self._kept = panel, code, kept
        self.number = gr.Number(visible=False)

    @property
    def reviewed(self) -> list[gr.blocks.Block]:
        """The outputs of `review`."""
        form, checkout, code = self._form, self._checkout, self._code
        return [self.number, self._kept, *checkout.outputs, *form.reviewed, *code.outputs]

    def review(self, request: gr.Request, number: Any, seen: Any, **values: Any) -> Updates:
        """Show what is missing, what has no effect, and the price."""
        say = words_for(request)
        filled = self._form.read(values, self._context.opener(request))
        return {
            self.number: number if isinstance(number, int) else 0,
            self._kept: self._form.keep(filled),
            **self._checkout.review(
                filled,
                self._context.payer(request),
                self._context.runner.usual_wait(filled.unchecked()),
                sending=str(seen).endswith((JobState.PREPARED, JobState.SUBMITTING)),
                say=say,
            ),
            **self._form.review(filled, say),
            **self._code.review(filled.first()),
        }

    def submit(
        self, tab: Tab, *, nonce: Any, announced: Any, draft: bool = False, **values: Any
    ) -> Updates:
        """Start the jobs of one click."""
        filled = self._form.read(values, self._context.opener(tab.request))
        try:
            requests = [filled.draft()] if draft else filled.requests()
            self._checkout.check(announced, requests, draft=draft)
        except ViduError as error:
            return self._panel.refuse(tab, error)
        return self._buy(tab, nonce, requests, {"draft": draft, **self._form.keep(filled)}, ())

    def submit_again(self, tab: Tab, *, nonce: Any) -> Updates:
        """Send exactly what was held back, whatever the form says now."""
        held = tab.held if isinstance(tab.held, dict) else {}
        filled = self._form.recall(held, self._context.opener(tab.request))
        draft, known = held.get("draft") is True, held.get("acknowledged")
        requests = [filled.draft()] if draft else filled.requests()
        acknowledged = [str(job) for job in known] if isinstance(known, list) else []
        form = {"draft": draft, **self._form.keep(filled)}
        return self._buy(tab, nonce, requests, form, acknowledged)

    def _buy(
        self,
        tab: Tab,
        nonce: Any,
        requests: list[VideoRequest],
        form: dict[str, Any],
        acknowledged: Sequence[str],
    ) -> Updates:
        try:
            jobs = self._context.runner.start_all(
                requests,
                owner=tab.owner,
                idempotency_key=f"{tab.owner}:{str(nonce)[:32]}",
                acknowledged=acknowledged,
                **self._context.who_buys(tab.request),
            )
        except DuplicateRequest as error:
            return {
                **self._panel.refuse(tab, error),
                self._panel.held: {**form, "acknowledged": [job.id for job in error.jobs]},
                **self._panel.result.offer_another(requests, tab.say),
            }
        except ViduError as error:
            return self._panel.refuse(tab, error)
        return self._panel.show(tab, jobs[0].id)
