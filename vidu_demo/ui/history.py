"""The visitor's own jobs, newest first. A click on one shows it."""

from collections.abc import Sequence
from html import escape

import gradio as gr

from vidu_demo.ledger import Job, JobState

MOST = 20
"""Rows shown; older jobs stay in the ledger."""

_STATES = {
    JobState.PREPARED: "being sent",
    JobState.SUBMITTING: "being sent",
    JobState.RUNNING: "running",
    JobState.SAVING: "being saved",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.NOT_SENT: "not sent, nothing charged",
    JobState.UNKNOWN: "unknown, may have been billed",
    JobState.STOPPED: "not watched, may be billed",
}

_TELL_WHICH = """
element.addEventListener('click', (event) => {
  const row = event.target.closest('[data-job]');
  if (row) trigger('click', {job: row.dataset.job});
});
"""


def component() -> gr.HTML:
    """Make the list. Its click event carries the job's id as `job`."""
    return gr.HTML(js_on_load=_TELL_WHICH, elem_id="history", padding=False)


def render(jobs: Sequence[Job], shown: str) -> str:
    """List the jobs, as HTML; `shown` is the id of the one that is open."""
    if not jobs:
        return ""
    rows = "".join(_row(job, current=job.id == shown) for job in jobs)
    return f'<h2 class="history-title">Your videos</h2><ol class="history">{rows}</ol>'


def _row(job: Job, *, current: bool) -> str:
    request = job.request
    prompt = request.get("prompt") or f"Task {job.task_id}"
    facts = [
        f"{request['duration']} s" if "duration" in request else "",
        request.get("resolution", ""),
        _STATES[job.state],
    ]
    marks = 'aria-current="true"' if current else ""
    return (
        f'<li><button type="button" data-job="{job.id}" data-state="{job.state}" {marks}>'
        f'<span class="prompt">{escape(prompt[:120])}</span>'
        f'<span class="facts">{escape(" · ".join(fact for fact in facts if fact))}</span>'
        "</button></li>"
    )
