"""Buttons that open the videos before and after the open one in the list, or those of its click.

The arrow keys open the neighbours as well.
"""

from collections.abc import Sequence

import gradio as gr

from vidu_demo.jobs.job import Job
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say


def component() -> gr.HTML:
    """Make the buttons. A click event is like that of the list."""
    return gr.HTML(
        js_on_load="vidu.neighbours(element, trigger)", elem_id="neighbours", padding=False
    )


def render(jobs: Sequence[Job], shown: Job | None, say: Say) -> str:
    """Draw the buttons; nothing if the open job is not in the list, or alone in it.

    Args:
        jobs: The jobs as they are listed.
        shown: The open job.
        say: The visitor's language.
    """
    ids = [job.id for job in jobs]
    if not shown or shown.id not in ids or len(ids) == 1:
        return ""
    at = ids.index(shown.id)
    before, after = ids[max(0, at - 1) : at], ids[at + 1 : at + 2]
    click = [job.id for job in jobs if job.click == shown.click]
    return templates.render("neighbours.html", before=before, after=after, click=click, say=say)
