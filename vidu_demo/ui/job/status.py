"""The status place: where a job stands, in words; what was made, or what to do if it was not."""

from datetime import UTC, datetime
from html import escape

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.errors import TaskFailed, ViduError
from vidu_demo.api.task import TaskStatus
from vidu_demo.jobs.errors import DuplicateRequest, LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.runner import JobView
from vidu_demo.media.clip import Facts, differences
from vidu_demo.ui.i18n.words import Say, joined, seconds_spoken

STEPS = ("Preparing", "Submitted", "Queued", "Processing", "Saving", "Done")


def component() -> gr.HTML:
    """Make the status place."""
    return gr.HTML(js_on_load="vidu.status(element)", elem_id="status", padding=False)


def unreadable(error: LedgerFailed, say: Say) -> str:
    """Tell that nothing can be told for the moment; it says nothing about the videos."""
    body = _fault(say(error.what), say("No video is lost. This page looks again by itself."), "")
    return card("fault", say("Out of sight"), body)


def refused(error: ViduError, say: Say) -> str:
    """Tell that a click came to nothing, before anything was sent."""
    kind = "note" if isinstance(error, DuplicateRequest) else "fault"
    said = [problem.message for problem in getattr(error, "problems", ())] or [error.what]
    body = _fault(joined(said, say), say(error.charged.sentence), say(error.next_step))
    return card(kind, say("Not sent"), body)


def no_task_id(say: Say) -> str:
    """Tell that a text is no task's id, so that there is nothing to ask about."""
    body = _fault(say("This does not look like a task's id."), "", say("Copy it whole."))
    return card("note", say("Nothing to watch"), body)


def render(look: JobView, say: Say, *, gone: bool = False) -> str:
    """Say where a job stands, as HTML.

    Args:
        look: How it stands.
        say: The visitor's language.
        gone: True if its video was saved, and is no longer there.
    """
    job = look.job
    match job.state:
        case JobState.DONE:
            headline = say("Done")
            if job.took is not None:
                headline = say("Done in {time}").format(time=seconds_spoken(job.took, say))
            lost = _fault(say("Its file is no longer here."), "", say(_FETCH)) if gone else []
            body = [*lost, *_differences(look, say), _facts(look, say)]
            return card("done", headline, body)
        case JobState.FAILED | JobState.NOT_SENT | JobState.UNKNOWN | JobState.STOPPED:
            kind = "note" if job.state == JobState.STOPPED else "fault"
            body = [*_message(look, say), _asked(look, say), _facts(look, say)]
            return card(kind, say(_FAULTS[job.state]), body)
    step, headline = _progress(look, say)
    bar = "".join(
        f'<li class="{_step_class(number, step)}">{say(name)}</li>'
        for number, name in enumerate(STEPS)
    )
    started = job.submitted or job.created
    clock = (
        f'<span class="clock" data-started="{started:.1f}" data-seconds="{say("{seconds} s")}" '
        f'data-minutes="{say("{minutes} min {seconds} s")}"></span>'
    )
    percent = look.task.progress if look.task and job.state == JobState.RUNNING else None
    bar_value = f' value="{percent}" max="100"' if percent is not None else ""
    body = [
        f'<progress aria-label="{say("Progress")}"{bar_value}></progress>',
        f'<ol class="steps">{bar}</ol>',
        *_message(look, say, with_charge=False),
        _facts(look, say),
    ]
    return card("running", headline, body, clock)


_FETCH = "Fetch it again: that costs nothing, and works as long as the vendor keeps it."

_FAULTS = {
    JobState.FAILED: "No video was made",
    JobState.NOT_SENT: "Not submitted",
    JobState.UNKNOWN: "Unknown: it may have been bought",
    JobState.STOPPED: "No longer watched",
}


def without_video(state: JobState) -> str:
    """Say in a few words how a job ended that made no video."""
    return _FAULTS[state]


def _progress(look: JobView, say: Say) -> tuple[int, str]:
    """Find the step a job is at, and say it."""
    job, task = look
    match job.state:
        case JobState.PREPARED:
            return 0, say("Preparing the request")
        case JobState.SUBMITTING:
            return 0, say("Sending the request")
        case JobState.SAVING:
            return 4, say("Saving the video")
    if task is None:
        return 1, say("Submitted" if job.fingerprint else "Asking about the task")
    match task.status:
        case TaskStatus.QUEUED:
            words = [say("In the queue")]
        case TaskStatus.PROCESSING:
            words = [say("Processing")]
        case TaskStatus.SUCCEEDED:
            return 4, say("Made, waiting for its link")
        case _:
            words = [say("The API says “{status}”").format(status=task.status_text[:60])]
    if task.progress is not None:
        words.append(f"{task.progress}%")
    if task.eta is not None:
        words.append(say("about {time} left").format(time=seconds_spoken(task.eta, say)))
    return 2 if task.status == TaskStatus.QUEUED else 3, " · ".join(words)


def _step_class(number: int, current: int) -> str:
    return "past" if number < current else "now" if number == current else "next"


def _message(look: JobView, say: Say, *, with_charge: bool = True) -> list[str]:
    job = look.job
    what, money, next_step = told(job)
    return _fault(say(what), say(money) if with_charge else "", say(next_step))


def told(job: Job) -> tuple[str, str, str]:
    """Say what happened to a job, was it charged, what to do next. Simulated, it costs nothing."""
    money = job.charged.sentence if job.charged else ""
    if not job.simulated:
        return job.message, money, job.next_step
    money = "This was simulated, so nothing was charged." if money else ""
    return job.message, money, job.next_step.removesuffix(TaskFailed.next_step).strip()


def _differences(look: JobView, say: Say) -> list[str]:
    """What the file does not have that was asked for, or has that was not."""
    job = look.job
    if not job.facts:
        return []
    found = differences(job.request, Facts(**job.facts))
    return [f'<p class="difference">{escape(say(text))}</p>' for text in found]


def _asked(look: JobView, say: Say) -> str:
    """When and what was asked, to look it up at the vendor: the receipt of a job without an id."""
    job = look.job
    if job.state != JobState.UNKNOWN:
        return ""
    when = datetime.fromtimestamp(job.created, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    request = job.request
    sent = say("Sent at {time}: “{prompt}”, {seconds} s, {resolution}.").format(
        time=when,
        prompt=request["prompt"][:200],
        seconds=request["duration"],
        resolution=request["resolution"],
    )
    return f"<p>{escape(sent)}</p>"


def _fault(what: str, money: str, next_step: str) -> list[str]:
    """What happened, was it charged, what to do next."""
    lines = {"what": what, "charge": money, "next": next_step}
    return [f'<p class="{name}">{escape(text)}</p>' for name, text in lines.items() if text]


def _facts(look: JobView, say: Say) -> str:
    """The receipt, what was asked, and what the file really holds."""
    job = look.job
    rows = []
    if job.facts:
        facts = Facts(**job.facts)
        sound = say("with sound") if facts.audio else say("silent")
        holds = say("{size}, {seconds} s, {rate} frames a second, {sound}").format(
            size=f"{facts.width} × {facts.height}",
            seconds=f"{facts.seconds:.1f}",
            rate=f"{facts.frames_per_second:g}",
            sound=sound,
        )
        rows.append(("wide", say("Video"), holds))
    if prompt := job.request.get("prompt"):
        words = f'<span class="prompt">{escape(prompt)}</span>'
        rows.append(("wide", say("Prompt"), words))
    if (price := pricing.known(job.request)) is not None:
        rows.append(("", say("Estimate"), pricing.spoken(price)))
    if (seed := job.request.get("seed")) is not None:
        rows.append(("", say("Seed"), f"<code>{seed}</code>"))
    if job.task_id:
        task_id = escape(job.task_id, quote=True)
        receipt = (
            f'<code>{task_id}</code><button type="button" class="copy" '
            f'data-copy="{task_id}" data-copied="{say("Copied")}">{say("Copy")}</button>'
        )
        rows.append(("wide", say("Task"), receipt))
    listed = "".join(
        f'<div class="{width}"><dt>{name}</dt><dd>{value}</dd></div>' for width, name, value in rows
    )
    return f'<dl class="receipt">{listed}</dl>' if rows else ""


def card(kind: str, headline: str, body: list[str], aside: str = "") -> str:
    """Make a card: its kind sets its mark, and its headline is read out when it changes."""
    return (
        f'<div class="status {kind}"><div class="headline"><div role="status">'
        f"<h2>{escape(headline)}</h2></div>{aside}</div>{''.join(body)}</div>"
    )


def plain(look: JobView | None) -> str:
    """Say how a job ended without a video, as text."""
    if not look:
        return "This job is not known here."
    job = look.job
    parts = [
        f"{_FAULTS.get(job.state, job.state)}.",
        *told(job),
        f"Task {job.task_id}." if job.task_id else "",
    ]
    return " ".join(part for part in parts if part)
