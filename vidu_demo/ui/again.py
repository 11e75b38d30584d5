"""What to do with the video that is open: use its settings again, or go on from its end."""

from pathlib import Path

import gradio as gr

from vidu_demo import clip
from vidu_demo.ledger import Job, JobState
from vidu_demo.ui import Updates, uploads
from vidu_demo.ui.uploads import UploadedFile
from vidu_demo.ui.words import I18N


class Again:
    """Three buttons."""

    def __init__(self) -> None:
        self.same = gr.Button(I18N("Use these settings"), size="sm", visible=False)
        self.new_seed = gr.Button(I18N("With a new seed"), size="sm", visible=False)
        self.go_on = gr.Button(I18N("Go on from the last frame"), size="sm", visible=False)

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self.same, self.new_seed, self.go_on]

    def show(self, job: Job | None, video: Path | None) -> Updates:
        """Offer what can be done with a job and its video."""
        known = bool(job and job.request and not job.open)
        done = bool(video and job and job.state == JobState.DONE)
        return {
            self.same: gr.update(visible=known),
            self.new_seed: gr.update(visible=known),
            self.go_on: gr.update(visible=done),
        }


def last_frame(video: Path) -> UploadedFile:
    """Save the last frame of a video as a picture, which may become the first of the next."""
    picture = uploads.new_file(f"{video.stem}-last.png")
    clip.last_frame(video).save(picture)
    return picture
