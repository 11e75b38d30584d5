"""The pay bar: the price, what to know about it, and the buttons that buy or simulate."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.errors import Problem, RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text, joined
from vidu_demo.jobs.buying.budget import LimitReached, Paused, SpendingLimits, Spent
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.form.values import FormValues
from vidu_demo.ui.i18n.words import I18N, Say, format_seconds
from vidu_demo.ui.payer import WhoseKey


class Checkout:
    """The bar below the form, which sticks to the bottom of the window and keeps its height."""

    def __init__(self) -> None:
        self.offer, self.draft_offer, self.simulation = (
            gr.Textbox(visible=False) for _ in range(3)
        )
        with gr.Row(elem_id="checkout"):
            self.price = gr.HTML(
                js_on_load="vidu.buttons(element, trigger, 'undo')", elem_id="price", padding=False
            )
            self.draft = gr.Button(visible=False, size="lg", elem_id="draft")
            self.simulate = gr.Button(
                I18N("Simulate for free"),
                visible=False,
                size="lg",
                elem_id="simulate",
            )
            self.run = gr.Button(
                I18N("Add a picture"),
                variant="primary",
                interactive=False,
                size="lg",
                elem_id="make",
            )

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `review` gives values for."""
        offers = [self.offer, self.draft_offer, self.simulation]
        return [*offers, self.price, self.draft, self.simulate, self.run]

    def review(
        self,
        filled: FormValues,
        payer: WhoseKey,
        usual: float | None,
        *,
        limits: SpendingLimits,
        spent: Spent,
        takes_keys: bool,
        offer: Callable[[Order], str],
        simulation: Callable[[Order], str],
        no_room: Callable[[Order], str],
        sending: bool,
        say: Say,
    ) -> Updates:
        """Show what is missing, or what a click buys and costs.

        Args:
            filled: The form.
            payer: Who pays.
            usual: How long such a video usually takes, in seconds, if known.
            limits: What can be spent of the host's key.
            spent: What was spent of it today.
            takes_keys: True if the visitor could pay with their own key instead.
            offer: Makes an offer and returns its id.
            simulation: Offers to simulate it instead, and returns the offer's id; empty if that
                can't be done now.
            no_room: Says why it would not be put into the film that it continues; or empty.
            sending: True while an earlier click is on its way to the API.
            say: The visitor's language.
        """
        order = draft = reached = missing = None
        simulated = ""
        try:
            order = filled.order()
            reached = limits.reached(spent, order.price, len(order.requests))
            draft = None if order.requests[0].is_draft else filled.draft()
        except RequestInvalid as error:
            missing = error.problems[0]
        if order and reached and not isinstance(reached, Paused):
            simulated = simulation(order)
        if draft and limits.reached(spent, draft.price, 1):
            draft = None
        about = _about(payer, usual, limits.left(spent), draft=bool(draft))
        alerts = _alerts(filled, reached, takes_keys=takes_keys)
        if order and (left_out := no_room(order)):
            alerts.append(left_out)
        return {
            self.offer: offer(order) if order else "",
            self.draft_offer: offer(draft) if draft else "",
            self.simulation: simulated,
            self.simulate: gr.update(visible=bool(simulated)),
            self.price: templates.render(
                "price.html",
                simulated=payer is WhoseKey.NOBODY,
                missing=_place(missing, filled) if missing else "",
                summary=say(joined(alerts or about)),
                alerts=alerts,
                about=about,
                filling=filled.filling,
                now=filled.keep(),
                say=say,
                **_priced(filled, order),
            ),
            self.draft: gr.update(
                value=say(Text("Draft {price}", price=_cost(draft, payer))) if draft else "",
                visible=bool(draft),
            ),
            self.run: _run_button(order, missing, reached, payer, sending=sending, say=say),
        }


def _place(missing: Problem, filled: FormValues) -> str:
    """Tell where to fix a problem: at a field, or at the picture URLs."""
    return "urls" if missing.field == "images" and filled.urls.strip() else missing.field


def _alerts(filled: FormValues, reached: LimitReached | None, *, takes_keys: bool) -> list[str]:
    """Say why the host's limits forbid a click and what to do instead, or what may be refused."""
    if not reached:
        return [notice.text for notice in filled.first().notices() if notice.risky]
    said = [reached.what, reached.next_step]
    if takes_keys and not isinstance(reached, Paused):
        said.append("Or use your own key: see the top of the page.")
    return said


def _about(
    payer: WhoseKey, usual: float | None, left: Decimal | None, *, draft: bool
) -> Sequence[str]:
    """Say what to know about a price."""
    about = [payer.reminder]
    if draft:
        seconds, resolution = VideoRequest.DRAFT["duration"], VideoRequest.DRAFT["resolution"]
        about.append(
            Text(
                "A draft is {duration} s at {resolution}.", duration=seconds, resolution=resolution
            )
        )
    about.append(Text("Vidu's price list, {date}.", date=pricing.DATED))
    if usual:
        about.append(Text("Usually takes {time} here.", time=format_seconds(usual)))
    if left is not None:
        amount = pricing.format_price(left)
        about.append(Text("{left} left for you until midnight UTC.", left=amount))
    return about


def _priced(filled: FormValues, order: Order | None) -> dict[str, Any]:
    """Price the form, finished or not; the amount is empty while a number is being typed."""
    prices = [request.price for request in order.requests] if order else _unfinished(filled)
    return {
        "amount": pricing.format_price(sum(prices, start=Decimal())) if prices else "",
        "videos": len(prices),
    }


def _unfinished(filled: FormValues) -> list[Decimal]:
    try:
        plan = filled.variations.unchecked(filled.unchecked())
    except (RequestInvalid, TypeError):
        return []
    prices = [request.known_price for request in plan]
    return [price for price in prices if price is not None] if None not in prices else []


def _run_button(
    order: Order | None,
    missing: Problem | None,
    reached: LimitReached | None,
    payer: WhoseKey,
    *,
    sending: bool,
    say: Say,
) -> dict[str, Any]:
    """Label the button; while something is missing, a click on it leads there."""
    if sending:
        return gr.update(value=say("Sending…"), interactive=False)
    if missing:
        return gr.update(value=say(missing.message).rstrip(".。"), interactive=True)
    if reached or not order:
        return gr.update(value=say(reached.label) if reached else "", interactive=False)
    number, cost = len(order.requests), _cost(order, payer)
    label = (
        Text("Make {number} · {price}", number=number, price=cost)
        if number > 1
        else Text("Make {price}", price=cost)
    )
    return gr.update(value=say(label), interactive=True)


def _cost(order: Order, payer: WhoseKey) -> str:
    """Name the price on a button; in the simulator it would read as a charge."""
    return Text("for free") if payer is WhoseKey.NOBODY else pricing.format_price(order.price)
