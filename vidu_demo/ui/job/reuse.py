"""What to do with the open job: reuse it, change what was refused, or continue it."""

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


class Action(StrEnum):
    """A button, by its label."""

    SAME = "Use these settings"
    NEW_SEED = "With a new seed"
    PROMPT = "Change the prompt"
    PICTURE = "Choose another picture"
    GO_ON = "Continue from last frame"


_REFUSED: dict[type[ApiRefused], tuple[Action, ...]] = {
    PromptBlocked: (Action.PROMPT,),
    PictureBlocked: (Action.PICTURE,),
    PictureRejected: (Action.PICTURE,),
    VideoBlocked: (Action.PROMPT, Action.PICTURE),
}
"""What must change before sending again, by error; for other errors, nothing must."""
_IDS = {Action.GO_ON: "go-on"}


def meaning(job: Job) -> type[ApiRefused]:
    """Find the error behind a refused job; `ApiRefused` if it is unknown, or there was none.

    A row only keeps the message, which begins with the error's sentence and has the vendor's code.
    """
    for known in MEANINGS:
        if job.message.startswith(known.what):
            return known
    return meaning_of(job.message)


def actions(job: Job | None, *, video: bool) -> tuple[Action, ...]:
    """Choose the buttons for a job's state.

    Args:
        job: The open job, if there is one.
        video: True if its video exists.
    """
    if not job:
        return ()
    going_on = (Action.GO_ON,) if video and job.state is JobState.DONE else ()
    if not job.request:
        return going_on
    match job.state:
        case JobState.DONE | JobState.STOPPED:
            return (Action.SAME, Action.NEW_SEED, *going_on)
        case JobState.FAILED:
            return _REFUSED.get(meaning(job), (Action.SAME, Action.NEW_SEED))
        case JobState.NOT_SENT:  # this seed has not been used yet
            return _REFUSED.get(meaning(job), (Action.SAME,))
    # Unknown: it may be running, and with the seed that was picked for it, it would not be
    # recognised as the same request.
    return ()


class Reuse:
    """A button for each action.

    Attributes:
        at: When the paused frame is shown, in seconds of the video, as a click sends it.
    """

    def __init__(self) -> None:
        self.buttons: dict[Action, gr.Button] = {}
        self.at = gr.Number(visible=False)

    def add(self, *added: Action) -> None:
        """Add the buttons for some actions here."""
        for action in added:
            self.buttons[action] = gr.Button(
                I18N(action.value), size="sm", visible=False, elem_id=_IDS.get(action)
            )

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [*self.buttons.values()]

    def show(self, job: Job | None, video: Path | None) -> Updates:
        """Show the buttons that fit a job and its video."""
        fitting = actions(job, video=bool(video))
        return {
            button: gr.update(visible=action in fitting) for action, button in self.buttons.items()
        }
