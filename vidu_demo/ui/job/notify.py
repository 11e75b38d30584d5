"""Says when a video is done, even in a hidden tab: in the title and, if wanted, with a sound."""

from collections.abc import Sequence

import gradio as gr

from vidu_demo.api.text import Text
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say
from vidu_demo.ui.job import status


def component() -> gr.HTML:
    """Make the checkbox."""
    return gr.HTML(js_on_load="vidu.notify(element)", elem_id="notify", padding=False)


def render(jobs: Sequence[Job], say: Say) -> str:
    """Say how many jobs are open, and how the latest one to end turned out."""
    if not jobs:
        return ""
    left = sum(job.open for job in jobs)
    last = max(jobs, key=lambda job: 0.0 if job.open else job.finished or job.created)
    ended = ""
    if not last.open:
        done = last.state == JobState.DONE
        ended = say("Your video is done") if done else say(status.without_video(last.state))
    running = say("1 running" if left == 1 else Text("{number} running", number=left))
    return templates.render("notify.html", left=left, running=running, ended=ended, say=say)
