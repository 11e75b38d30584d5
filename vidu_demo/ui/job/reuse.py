"""What to do with the job that is open: use it again, change what was refused, or go on."""

from enum import StrEnum
from pathlib import Path

import gradio as gr

from vidu_demo.api.refusals import (
    MEANINGS,
    ApiRefused,
    PictureBlocked,
    PictureRejected,
    PromptBlocked,
    VideoBlocked,
    meaning_of,
)
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.ui import Updates
from vidu_demo.ui.i18n.words import I18N


class Offer(StrEnum):
    """A button, by its label."""

    SAME = "Use these settings"
    NEW_SEED = "With a new seed"
    PROMPT = "Change the prompt"
    PICTURE = "Choose another picture"
    GO_ON = "Continue from last frame"


_REFUSED: dict[type[ApiRefused], tuple[Offer, ...]] = {
    PromptBlocked: (Offer.PROMPT,),
    PictureBlocked: (Offer.PICTURE,),
    PictureRejected: (Offer.PICTURE,),
    VideoBlocked: (Offer.PROMPT, Offer.PICTURE),
}
"""What has to change before anything is sent again. With every other meaning nothing has to."""


def meaning(job: Job) -> type[ApiRefused]:
    """Find what the refusal of a job means; `ApiRefused` where it is not known, or there is none.

    A row keeps a refusal's own sentence, which begins its message and names the vendor's code.
    """
    for known in MEANINGS:
        if job.message.startswith(known.what):
            return known
    return meaning_of(job.message)


def offers(job: Job | None, *, video: bool) -> tuple[Offer, ...]:
    """Say what fits how a job stands.

    Args:
        job: The job that is open, if there is one.
        video: True if its video is there.
    """
    if not job:
        return ()
    going_on = (Offer.GO_ON,) if video and job.state is JobState.DONE else ()
    if not job.request:
        return going_on
    match job.state:
        case JobState.DONE | JobState.STOPPED:
            return (Offer.SAME, Offer.NEW_SEED, *going_on)
        case JobState.FAILED:
            return _REFUSED.get(meaning(job), (Offer.SAME, Offer.NEW_SEED))
        case JobState.NOT_SENT:  # nothing came of this seed yet
            return _REFUSED.get(meaning(job), (Offer.SAME,))
    # Unknown: it may be running, and with the seed that was picked for it, it would not be known
    # as the same request.
    return ()


class Reuse:
    """A button for each offer."""

    def __init__(self) -> None:
        self.buttons = {
            offer: gr.Button(I18N(offer.value), size="sm", visible=False) for offer in Offer
        }

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [*self.buttons.values()]

    def show(self, job: Job | None, video: Path | None) -> Updates:
        """Offer what can be done with a job and its video."""
        fitting = offers(job, video=bool(video))
        return {
            button: gr.update(visible=offer in fitting) for offer, button in self.buttons.items()
        }
