"""What to do with the video that is open: use its settings again, or go on from its end."""

from pathlib import Path

import gradio as gr

from vidu_demo import clip
from vidu_demo.ledger import Job, JobState
from vidu_demo.ui import Updates
from vidu_demo.ui.words import I18N


class Again:
    """A row of buttons below the video."""

    def __init__(self) -> None:
        with gr.Row(visible=False, elem_id="again") as self.row:
            self.same = gr.Button(I18N("Use these settings"), size="sm")
            self.new_seed = gr.Button(I18N("Same with a new seed"), size="sm")
            self.go_on = gr.Button(I18N("Go on from the last frame"), size="sm")

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self.row, self.go_on]

    def show(self, job: Job | None) -> Updates:
        """Offer what can be done with a job."""
        return {
            self.row: gr.Row(visible=bool(job and job.request and not job.open)),
            self.go_on: gr.Button(visible=bool(job and job.state == JobState.DONE)),
        }


def last_frame(video: Path, folder: Path) -> Path:
    """Save the last frame of a video as a picture, which may become the first of the next."""
    path = folder / f"{video.stem}-last.png"
    folder.mkdir(parents=True, exist_ok=True)
    clip.last_frame(video).save(path)
    return path
