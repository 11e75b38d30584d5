"""The price, and the two buttons that buy: the video, or a draft of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.errors import RequestInvalid, ViduError
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text, joined
from vidu_demo.jobs import takes
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.form.form import FormValues
from vidu_demo.ui.i18n.words import I18N, Say, format_seconds
from vidu_demo.ui.payer import Payer


class PriceChanged(ViduError):
    """The form asks for more than the button says."""

    what = "The form had just changed, so nothing was sent."
    next_step = "Check the price, then click again."


class Checkout:
    """The row at the bottom of the form, which sticks to the bottom of the window."""

    def __init__(self) -> None:
        self.announced = gr.JSON(visible=False)
        with gr.Row(elem_id="checkout", equal_height=True):
            self.price = gr.HTML(elem_id="price", padding=False)
            self.draft = gr.Button(visible=False, size="lg", elem_id="draft")
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
        return [self.announced, self.price, self.draft, self.run]

    def review(
        self, filled: FormValues, payer: Payer, usual: float | None, *, sending: bool, say: Say
    ) -> Updates:
        """Show what is missing, or what a click buys and costs.

        Args:
            filled: The form.
            payer: Who pays.
            usual: How long such a video usually takes, in seconds, if known.
            sending: True while an earlier click is on its way to the API.
            say: The visitor's language.
        """
        try:
            requests, missing = filled.requests(), ""
        except RequestInvalid as error:
            requests, missing = [], error.problems[0].message
        draft = [filled.draft()] if requests and not requests[0].is_draft else []
        cheap = f"{say('Draft first')} · {pricing.format_price(takes.total_price(draft))}"
        return {
            self.announced: {"videos": _offer(requests), "draft": _offer(draft)},
            self.price: _price(filled, requests, payer, usual, say),
            self.draft: gr.Button(cheap, visible=bool(draft)),
            self.run: _run_button(missing, len(requests), sending=sending, say=say),
        }

    @staticmethod
    def check(
        announced: dict[str, Any] | None, requests: Sequence[VideoRequest], *, draft: bool
    ) -> None:
        """Check that a click buys no more than its button says.

        If `review` has not answered yet, the button is still about the form before its last
        change.

        Raises:
            PriceChanged: The click would buy more videos, or more expensive ones.
        """
        known = announced if isinstance(announced, dict) else {}
        offered = known.get("draft" if draft else "videos")
        number, mills = _offer(requests)
        match offered:
            case [int(most), int(highest)] if number <= most and mills <= highest:
                return
        raise PriceChanged


def _offer(requests: Sequence[VideoRequest]) -> list[int]:
    """Sum up an offer: the number of videos, and the price in thousandths of a dollar."""
    return [len(requests), round(1000 * takes.total_price(requests))]


def _price(
    filled: FormValues,
    requests: Sequence[VideoRequest],
    payer: Payer,
    usual: float | None,
    say: Say,
) -> str:
    prices = [request.price for request in requests] or _unfinished(filled)
    if not prices:
        return ""
    amount = pricing.format_price(sum(prices, start=Decimal()))
    several = say(Text(" for {number} videos", number=len(prices))) if prices[1:] else ""
    about = [Text("Vidu's price list, {date}.", date=pricing.DATED), payer.reminder]
    if usual:
        about.append(Text("Usually takes {time} here.", time=format_seconds(usual)))
    return templates.render(
        "price.html",
        simulated=payer is Payer.NOBODY,
        amount=amount,
        several=several,
        about=say(joined(about)),
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
