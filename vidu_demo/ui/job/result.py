"""The result of a click: the status, the buttons under it, and the video."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.text import Text
from vidu_demo.examples import FINISHED
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.runner import JobView
from vidu_demo.jobs.takes import Order
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.form import examples
from vidu_demo.ui.i18n.words import I18N, Say
from vidu_demo.ui.job import notify, status


class Result:
    """The upper part of the right side."""

    def __init__(self) -> None:
        self.place = status.component()
        with gr.Row(elem_id="choices") as self.choices:  # below the status
            self.notify = notify.component()
            self.stop = gr.Button(I18N("Stop watching"), size="sm", visible=False)
            self.resume = gr.Button(I18N("Resume watching"), size="sm", visible=False)
            self.anyway = gr.Button(size="sm", visible=False)
        self.video = gr.Video(
            label=I18N("Video"),
            interactive=False,
            show_label=False,
            autoplay=True,
            loop=True,
            buttons=["download"],
            height=420,
            elem_id="video",
        )

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self.place, self.notify, self.stop, self.resume, self.video]

    def show(
        self,
        look: JobView | None,
        fault: str,
        *,
        jobs: Sequence[Job],
        picture: Path | None,
        video: Path | None,
        video_shown: bool,
        kept: str,
        say: Say,
    ) -> Updates:
        """Draw a job or an error; if there is neither, the example.

        Args:
            look: The job's state.
            fault: An error card.
            jobs: All of the visitor's jobs but those that wait for a key, for the notification.
            picture: A thumbnail of the job's picture.
            video: The finished video.
            video_shown: True if the tab already shows this video: sending it would restart it.
            kept: How long videos are kept.
            say: The visitor's language.
        """
        state = look.job.state if look else None
        gone = state == JobState.DONE and not video
        label, example = I18N("Video"), False
        if fault:
            place = fault
        elif look:
            place = status.render(look, say, gone=gone) + _stage(look, picture)
        else:
            place = examples.finished(kept, say)
            video, label, example = FINISHED.clip, I18N("An example, made by the simulator"), True
        return {
            self.place: place,
            self.notify: notify.render(jobs, say),
            self.stop: gr.update(visible=state in (JobState.RUNNING, JobState.SAVING)),
            self.resume: gr.update(
                value=say("Download again" if gone else "Resume watching"),
                visible=gone or state == JobState.STOPPED,
            ),
            self.video: gr.skip()
            if video_shown
            # On the visitor's own video the label would only cover a corner.
            else gr.update(value=video, label=label, show_label=example, autoplay=not example),
        }

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


def _stage(look: JobView, picture: Path | None) -> str:
    """Show the picture, blurred, where the video will be."""
    if not picture or not look.job.open:
        return ""
    return templates.render("stage.html", picture=picture)
