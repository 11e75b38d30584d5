"""The handlers that buy: the review of the form, with its price, and the clicks."""

from contextlib import suppress
from typing import Any

import gradio as gr

from vidu_demo.api.errors import KeyMissing, ViduError
from vidu_demo.jobs.buying.budget import LimitReached, Spent
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import DuplicateRequest, LedgerFailed, OfferExpired
from vidu_demo.jobs.job import JobState, Payer
from vidu_demo.ui import Updates, fresh
from vidu_demo.ui.browser.tab import Tab
from vidu_demo.ui.browser.visitor import Unrecognised, signed_in
from vidu_demo.ui.context import Context
from vidu_demo.ui.form.checkout import Checkout
from vidu_demo.ui.form.form import Form
from vidu_demo.ui.form.values import FormValues
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
        due: Changes when the form has to be reviewed.
        visible: Which of the widgets that a review shows and hides are visible.
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
        self.due, self.visible = gr.Textbox(visible=False), gr.JSON(visible=False)

    @property
    def reviewed(self) -> list[gr.blocks.Block]:
        """The outputs of `review`."""
        form, checkout, code = self._form, self._checkout, self._code
        return [self._kept, self.visible, *checkout.outputs, *form.reviewed, *code.outputs]

    @property
    def bought(self) -> list[gr.blocks.Block]:
        """The outputs of every handler that buys."""
        return [*self._panel.outputs, self._form.filling, self._form.filled_at]

    def review(
        self, request: gr.Request, seen: Any, visible: Any, visitor: Any, **values: Any
    ) -> Updates:
        """Show what is missing, what has no effect, and the price; offer what can be bought."""
        runner, context = self._context.runner, self._context
        try:
            owner = context.visitors.owner(visitor, signed_in(request))
        except Unrecognised:  # the page is still loading: it is reviewed again when it has a token
            return {self.visible: gr.skip()}
        who = context.who_buys(request, owner)
        payer = who["payer"]

        def offer(order: Order, by: Payer = payer) -> str:
            try:
                return runner.purchases.offer(order, owner=owner, payer=by).id
            except LedgerFailed:  # a click says so
                return ""

        def simulation(order: Order) -> str:
            limits = context.who_buys(request, owner, Payer.SIMULATOR)["limits"]
            with suppress(LedgerFailed, LimitReached, KeyMissing):
                running = runner.purchases.spent(owner, who["address"], Payer.SIMULATOR).running
                limits.check_jobs(running, len(order.requests))
                return offer(order, Payer.SIMULATOR)
            return ""

        def no_room(order: Order) -> str:
            with suppress(LedgerFailed):
                if order.place:
                    return runner.films.no_room(owner, order.parent, order.place)
            return ""

        spent = Spent()
        with suppress(LedgerFailed):
            spent = runner.purchases.spent(owner, who["address"], payer)
        say = words_for(request)
        filled = FormValues.read(values, context.opener(request))
        runner.forms.note(owner, [file.path for file in filled.files])
        updates = {
            self._kept: filled.keep(),
            **self._checkout.review(
                filled,
                context.whose_key(request, payer),
                runner.usual_wait(filled.unchecked(), payer),
                limits=who["limits"],
                spent=spent,
                takes_keys=runner.takes_keys,
                offer=offer,
                simulation=simulation,
                no_room=no_room,
                sending=str(seen).endswith((JobState.PREPARED, JobState.SUBMITTING)),
                say=say,
            ),
            **self._form.review(filled, say),
            **self._code.review(filled.unchecked(), filled.variations, say),
        }
        return {
            self.visible: fresh.visible(updates),
            **fresh.changes(updates, visible if isinstance(visible, list) else None),
        }

    def submit(self, tab: Tab, *, offer: Any, draft: bool = False, **values: Any) -> Updates:
        """Buy what was offered, for what the form says."""
        filled = FormValues.read(values, self._context.opener(tab.request))
        try:
            return self._buy(tab, offer, filled.draft() if draft else filled.order())
        except ViduError as error:
            return self._refuse(tab, error)

    def submit_offer(self, tab: Tab, *, offer: Any) -> Updates:
        """Buy exactly what was offered, whatever the form says now."""
        try:
            return self._buy(tab, offer, None)
        except ViduError as error:
            return self._refuse(tab, error)

    def submit_again(self, tab: Tab) -> Updates:
        """Buy exactly what was held back."""
        return self.submit_offer(tab, offer=tab.held)

    def _buy(self, tab: Tab, offer: Any, order: Order | None) -> Updates:
        runner = self._context.runner
        payer = runner.purchases.payer(tab.owner, str(offer))
        who = self._context.who_buys(tab.request, tab.owner, payer)
        try:
            jobs = runner.purchases.buy(str(offer), order, owner=tab.owner, **who)
        except OfferExpired:
            if order:  # if the ledger can't be written, that is why there was no offer
                runner.purchases.offer(order, owner=tab.owner)
            raise
        several = [job.id for job in jobs] if len(jobs) > 1 else None
        updates = self._panel.show(tab, jobs[0].id, on_wall=several)
        return {**updates, self._form.filling: None}

    def _refuse(self, tab: Tab, error: ViduError) -> Updates:
        """Say why nothing was bought, and have the form reviewed again, for a new offer."""
        another = error.another if isinstance(error, DuplicateRequest) else None
        return {
            **self._panel.refuse(tab, error),
            **self._panel.offer_another(another, tab.say),
            **self._form.review_again(),
        }
