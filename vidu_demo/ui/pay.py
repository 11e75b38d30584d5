"""What a click costs, and the two buttons that buy: the video itself, or a draft of it."""

import gradio as gr

from vidu_demo import pricing, takes
from vidu_demo.errors import RequestInvalid
from vidu_demo.request import VideoRequest
from vidu_demo.ui import Updates
from vidu_demo.ui.form import Filled
from vidu_demo.ui.payer import Payer
from vidu_demo.ui.words import I18N, Say, seconds_spoken


class Pay:
    """The row at the foot of the form. It sticks to the foot of the window."""

    def __init__(self) -> None:
        with gr.Row(elem_id="pay", equal_height=True):
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
        return [self.price, self.draft, self.run]

    def review(
        self, filled: Filled, payer: Payer, usual: float | None, *, sending: bool, say: Say
    ) -> Updates:
        """Say what is missing, or what a click will buy and what it costs.

        Args:
            filled: The form.
            payer: Who pays.
            usual: How many seconds such a video usually takes, if that is known.
            sending: True while an earlier click is on its way to the API.
            say: The visitor's language.
        """
        sketch, missing, count = filled.sketch(), "", 0
        try:
            count = len(filled.requests())
        except RequestInvalid as error:
            missing = error.problems[0].message
        return {
            self.price: _price(sketch, filled.takes, payer, usual, say),
            self.draft: _draft_button(sketch, ready=not missing, say=say),
            self.run: _run_button(missing, count, sending=sending, say=say),
        }


def _price(
    sketch: VideoRequest, count: int | str, payer: Payer, usual: float | None, say: Say
) -> str:
    try:
        prices = [pricing.known(dict(request)) for request in takes.plan(sketch, count)]
    except RequestInvalid:
        prices = []
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices):  # a number that is being typed
        return ""
    amount = pricing.spoken(sum(known, start=0 * known[0]))
    several = f" {say('for {number} videos').format(number=len(known))}" if known[1:] else ""
    about = [
        say("Vidu's price list, {date}.").format(date=pricing.DATED),
        say(payer.reminder),
    ]
    if usual:
        time_said = seconds_spoken(usual, say)
        about.append(say("Usually done in {time} here.").format(time=time_said))
    return (
        f'<div class="price"><strong>{say("Estimate")} {amount}{several}</strong>'
        f"<span>{' '.join(about)}</span></div>"
    )


def _run_button(missing: str, count: int, *, sending: bool, say: Say) -> gr.Button:
    if sending:
        return gr.Button(say("Sending…"), interactive=False)
    if missing:
        return gr.Button(say(missing).rstrip(".。"), interactive=False)
    label = (
        say("Make the video") if count == 1 else say("Make {number} videos").format(number=count)
    )
    return gr.Button(label, interactive=True)


def _draft_button(sketch: VideoRequest, *, ready: bool, say: Say) -> gr.Button:
    if not ready or takes.is_draft(sketch):
        return gr.Button(visible=False)
    price = pricing.estimate(sketch.model_copy(update=takes.DRAFT))
    return gr.Button(f"{say('Draft first')} · {pricing.spoken(price)}", visible=True)
