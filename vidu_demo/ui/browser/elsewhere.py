"""Tasks that were bought elsewhere, as visitors name them: how many new ones they can open.

Anyone can name any number of tasks, and each becomes a row in the list of jobs.
"""

import time
from collections.abc import Callable
from typing import Any

import gradio as gr

from vidu_demo.api.errors import ViduError
from vidu_demo.jobs.job import Job
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui.guard.quota import HOUR, Allowance, Quota
from vidu_demo.ui.i18n.words import I18N

TASKS, ALL_TASKS = Allowance(0, 120, HOUR), Allowance(0, 2000, HOUR)
"""New tasks per hour: from one address, and from all together."""


def component() -> gr.Textbox:
    """Make the box for a task's id."""
    with gr.Accordion(I18N("Continue a task by its id"), open=False, elem_classes="fold"):
        return gr.Textbox(
            label=I18N("Task id"),
            info=I18N("Any task started with this key, here or elsewhere. Watching is free."),
            submit_btn=str(I18N("Watch")),
            elem_id="task",
        )


class TooManyTasks(ViduError):
    """Too many tasks were named from an address, or from all."""

    what = "Too many task ids have been entered, so this one was not opened."
    next_step = "Try again in an hour."


class Elsewhere:
    """Adopts tasks, as often as that is allowed.

    Args:
        runner: Follows them.
        clock: Returns the time in seconds.
    """

    def __init__(self, runner: JobRunner, clock: Callable[[], float] = time.monotonic) -> None:
        self._runner, self._quota = runner, Quota(TASKS, ALL_TASKS, clock)

    def adopt(self, task_id: str, *, owner: str, address: str, **about: Any) -> Job:
        """Follow a task; one that the visitor has already does not count.

        Args:
            task_id: The task.
            owner: The visitor.
            address: A digest of their IP address.
            about: As for `JobRunner.adopt`.

        Raises:
            TooManyTasks: Too many were adopted before; this one was not.
            ViduError: As for `JobRunner.adopt`.
        """
        if not self._runner.knows(task_id, owner) and not self._quota.spend(address, files=1):
            raise TooManyTasks
        return self._runner.adopt(task_id, owner=owner, address=address, **about)
