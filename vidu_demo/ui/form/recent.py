"""The visitor's recent prompts: a click puts one into the box."""

from collections.abc import Iterable

import gradio as gr

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import Job
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say

MAX_PROMPTS = 8
"""Prompts shown."""


def component() -> gr.HTML:
    """Make the list. Its click event carries the `prompt`."""
    return gr.HTML(js_on_load="vidu.recent(element, trigger)", elem_id="recent", padding=False)


def render(jobs: Iterable[Job], say: Say) -> str:
    """Show the different prompts of the latest jobs, as HTML; empty if there are none.

    Args:
        jobs: The visitor's jobs, newest first.
        say: The visitor's language.
    """
    prompts = dict.fromkeys(job.request.get("prompt", "") for job in jobs)
    shown = [prompt for prompt in prompts if prompt][:MAX_PROMPTS]
    return templates.render("recent.html", prompts=shown, say=say) if shown else ""


def pick(event: gr.EventData) -> str:
    """Return the clicked prompt."""
    return str(VideoRequest.valid_or_default("prompt", getattr(event, "prompt", "")) or "")
