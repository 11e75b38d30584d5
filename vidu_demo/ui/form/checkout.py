"""The price, and the buttons for the video, for a draft of it, and for a simulated one."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.errors import RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text, joined
from vidu_demo.jobs import takes
from vidu_demo.jobs.budget import LimitReached, Limits, Paused, Spent
from vidu_demo.jobs.takes import Order
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.form.form import FormValues
from vidu_demo.ui.i18n.words import I18N, Say, format_seconds
from vidu_demo.ui.payer import WhoseKey


class Checkout:
    """The row at the bottom of the form, which sticks to the bottom of the window."""

    def __init__(self) -> None:
        self.offer, self.draft_offer, self.simulation = (
            gr.Textbox(visible=False) for _ in range(3)
        )
        with gr.Row(elem_id="checkout", equal_height=True):
            self.price = gr.HTML(elem_id="price", padding=False)
            self.draft = gr.Button(visible=False, size="lg", elem_id="draft")
            self.simulate = gr.Button(
                I18N("Try it on the simulator: free, no model"),
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
        limits: Limits,
        spent: Spent,
        takes_keys: bool,
        offer: Callable[[Order], str],
        simulation: Callable[[Order], str],
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
            sending: True while an earlier click is on its way to the API.
            say: The visitor's language.
        """
        order = draft = reached = None
        missing = simulated = ""
        try:
            order = filled.order()
            draft = None if order.requests[0].is_draft else filled.draft()
        except RequestInvalid as error:
            missing = error.problems[0].message
        requests = order.requests if order else []
        if order and (reached := limits.reached(spent, order.price, len(requests))):
            missing = reached.label
            simulated = "" if isinstance(reached, Paused) else simulation(order)
        if draft and limits.reached(spent, draft.price, 1):
            draft = None
        cheap = f"{say('Draft first')} · {pricing.format_price(draft.price)}" if draft else ""
        about = _about(payer, usual, limits.left(spent))
        refused = _refused(reached, takes_keys=takes_keys) if reached else []
        return {
            self.offer: offer(order) if order else "",
            self.draft_offer: offer(draft) if draft else "",
            self.simulation: simulated,
            self.price: _price(filled, requests, payer, about, refused, say),
            self.draft: gr.Button(cheap, visible=bool(draft)),
            self.simulate: gr.Button(visible=bool(simulated)),
            self.run: _run_button(missing, len(requests), sending=sending, say=say),
        }


def _refused(reached: LimitReached, *, takes_keys: bool) -> list[str]:
    """Say why the host's limits forbid a click, and what to do instead."""
    said = [reached.what, reached.next_step]
    if takes_keys and not isinstance(reached, Paused):
        said.append("Or use your own key: see the top of the page.")
    return said


def _about(payer: WhoseKey, usual: float | None, left: Decimal | None) -> list[str]:
    """Say what to know about a price."""
    about = [Text("Vidu's price list, {date}.", date=pricing.DATED), payer.reminder]
    if usual:
        about.append(Text("Usually takes {time} here.", time=format_seconds(usual)))
    if left is not None:
        amount = pricing.format_price(left)
        about.append(Text("{left} left for you until midnight UTC.", left=amount))
    return about


def _price(
    filled: FormValues,
    requests: Sequence[VideoRequest],
    payer: WhoseKey,
    about: Sequence[str],
    refused: Sequence[str],
    say: Say,
) -> str:
    prices = [request.price for request in requests] or _unfinished(filled)
    if not prices:
        return ""
    amount = pricing.format_price(sum(prices, start=Decimal()))
    several = say(Text(" for {number} videos", number=len(prices))) if prices[1:] else ""
    return templates.render(
        "price.html",
        simulated=payer is WhoseKey.NOBODY,
        amount=amount,
        several=several,
        about=say(joined(about)),
        refused=say(joined(refused)) if refused else "",
        say=say,
    )


def _unfinished(filled: FormValues) -> list[Decimal]:
    """Price an unfinished form; empty while a number is still being typed."""
    try:
        plan = takes.plan(filled.unchecked(), filled.takes)
    except (RequestInvalid, TypeError):
        return []
    prices = [request.known_price for request in plan]
    return [price for price in prices if price is not None] if None not in prices else []


def _run_button(missing: str, count: int, *, sending: bool, say: Say) -> gr.Button:
    if sending:
        return gr.Button(say("Sending…"), interactive=False)
    if missing:
        return gr.Button(say(missing).rstrip(".。"), interactive=False)
    label = Text("Make {number} videos", number=count) if count > 1 else Text("Make the video")
    return gr.Button(say(label), interactive=True)
