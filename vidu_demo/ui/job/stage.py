"""The stage: the video, or the status in its place, and the row of actions below it."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from PIL import Image

from vidu_demo.api import pricing
from vidu_demo.api.text import Text
from vidu_demo.examples import Example
from vidu_demo.jobs.buying.offers import Offer
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.runner import JobView
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.form import examples
from vidu_demo.ui.i18n.words import I18N, Say, marked
from vidu_demo.ui.job import neighbours, notify, status
from vidu_demo.ui.job.reuse import Action, Reuse
from vidu_demo.ui.sharing.share import Share

_WIDE = 16, 9
"""The shape of the stage as long as there is no picture."""


class Stage:
    """The upper part of the right side. The style lays it out so that nothing moves."""

    def __init__(self) -> None:
        self.video = gr.Video(
            label=I18N("Video"),
            interactive=False,
            show_label=False,
            autoplay=True,
            loop=True,
            buttons=[],
            elem_id="video",
        )
        self.place = status.component()
        self.reuse, self.share = Reuse(), Share()
        self.full_offer = gr.Textbox(visible=False)
        with gr.Row(elem_id="choices"):
            self.neighbours = neighbours.component()
            self.reuse.add(Action.GO_ON, Action.PROMPT, Action.PICTURE)
            self.full = gr.Button(visible=False, size="sm", variant="primary", elem_id="full")
            self.compare = gr.Button(I18N("Compare"), size="sm", visible=False)
            self.save = gr.HTML(js_on_load="vidu.save(element)", elem_id="save", padding=False)
            self.stop = gr.Button(I18N("Stop watching"), size="sm", visible=False)
            self.resume = gr.Button(I18N("Resume watching"), size="sm", visible=False)
            self.anyway = gr.Button(size="sm", visible=False)
            gr.HTML(
                templates.render("more.html", say=marked),
                js_on_load="vidu.menu(element)",
                elem_id="more-actions",
                padding=False,
            )
            with gr.Column(elem_id="more-choices"):
                self.reuse.add(Action.SAME, Action.NEW_SEED)
                self.film = gr.Button(I18N("Start a film"), size="sm", visible=False)
                self.share.add_buttons()
                self.shown = gr.HTML(
                    js_on_load="vidu.shown(element)", elem_id="shown", padding=False
                )
            self.notify = notify.component()
        self.share.add_dialog()

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [
            self.video,
            self.place,
            self.full_offer,
            self.full,
            self.film,
            self.shown,
            self.compare,
            self.save,
            self.stop,
            self.resume,
            self.notify,
            *self.reuse.outputs,
        ]

    def show(
        self,
        view: JobView | None,
        fault: str,
        *,
        jobs: Sequence[Job],
        picture: Path | None,
        video: Path | None,
        video_shown: bool,
        comparable: bool,
        example: Example,
        say: Say,
    ) -> Updates:
        """Draw a job or an error; if there is neither, an example.

        Args:
            view: The job's state.
            fault: An error card.
            jobs: All of the visitor's jobs but those that wait for a key, for the notification.
            picture: A thumbnail of the job's picture.
            video: The finished video.
            video_shown: True if the tab already shows this video: sending it would restart it.
            comparable: True if there is a video to compare this one with.
            example: The example.
            say: The visitor's language.
        """
        job = view.job if view else None
        state = job.state if job else None
        gone = state == JobState.DONE and not video
        if fault:
            place = fault
        elif view:
            place = status.render(view, say, gone=gone)
        else:
            place = examples.describe(example, say)
            picture, video = example.thumbnail, example.video
        return {
            self.place: place + _screen(job, picture),
            self.notify: notify.render(jobs, say),
            self.compare: gr.update(visible=comparable),
            self.save: templates.render("save.html", video=video, say=say) if job and video else "",
            self.shown: templates.render("shown.html", job=job.id if job else "", say=say),
            self.stop: gr.update(visible=state in (JobState.RUNNING, JobState.SAVING)),
            self.resume: gr.update(
                value=say("Download again" if gone else "Resume watching"),
                visible=gone or state == JobState.STOPPED,
            ),
            self.video: gr.skip() if video_shown else gr.update(value=video, autoplay=bool(job)),
            **self.reuse.show(job, video if job else None),
        }

    def offer_in_full(self, offer: Offer | None, say: Say) -> Updates:
        """Offer to make in full what was a draft; hide the button if there is no offer."""
        if not offer:
            return {self.full_offer: "", self.full: gr.update(visible=False)}
        label = f"{say('Make in full')} · {pricing.format_price(offer.order.price)}"
        if offer.payer is Payer.SIMULATOR:
            label = say("Make in full for free")
        return {self.full_offer: offer.id, self.full: gr.update(value=label, visible=True)}

    def offer_film(self, *, startable: bool) -> Updates:
        """Offer to start a film with the open video."""
        return {self.film: gr.update(visible=startable)}

    def offer_another(self, held: Order | None, say: Say) -> Updates:
        """Offer to send what was held back; hide the button if there is nothing.

        Not part of `show`, because a late refresh must not hide it.
        """
        if not held:
            return {self.anyway: gr.update(visible=False)}
        number, price = len(held.requests), pricing.format_price(held.price)
        label = (
            Text("Make {number} more anyway", number=number)
            if number > 1
            else Text("Make a second one anyway")
        )
        return {self.anyway: gr.Button(f"{say(label)} · {price}", visible=True)}


def _screen(job: Job | None, picture: Path | None) -> str:
    """Give the stage the shape of the picture, and show the picture while the job runs."""
    shape = _WIDE
    if picture:
        with Image.open(picture) as opened:
            shape = opened.size
    elif job and job.facts:
        shape = job.facts["width"], job.facts["height"]
    running = picture if job and job.open else None
    return templates.render("screen.html", shape=shape, picture=running)
