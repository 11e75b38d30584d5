"""The status card: a job's state in words, and what went wrong or what to do next."""

from datetime import UTC, datetime

import gradio as gr

from vidu_demo.api.errors import ViduError
from vidu_demo.api.refusals import TaskFailed
from vidu_demo.api.task import TaskStatus
from vidu_demo.api.text import Text
from vidu_demo.jobs.errors import DuplicateRequest, LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.runner import JobView
from vidu_demo.media.clip import Facts, differences
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, format_seconds
from vidu_demo.ui.job import details

STEPS = ("Preparing", "Submitted", "Queued", "Processing", "Saving", "Done")


def component() -> gr.HTML:
    """Make the status component."""
    return gr.HTML(js_on_load="vidu.status(element)", elem_id="status", padding=False)


def unreadable(error: LedgerFailed, say: Say) -> str:
    """Say that the status can't be read right now, which doesn't affect the videos."""
    comfort = say("No videos are lost. This page will try again by itself.")
    return _card("fault", say("Status unavailable"), say(error.what), comfort)


def refused(error: ViduError, say: Say) -> str:
    """Say that a click was refused before anything was sent."""
    kind = "note" if isinstance(error, DuplicateRequest) else "fault"
    charge = say(error.charged.sentence)
    return _card(kind, say("Not sent"), say(error.what), charge, say(error.next_step))


def no_task_id(say: Say) -> str:
    """Say that a text is not a task id."""
    what = say("This doesn't look like a task id.")
    return _card("note", say("Nothing to watch"), what, next_step=say("Copy the whole id."))


def render(view: JobView, say: Say, *, gone: bool = False) -> str:
    """Render a job's status as HTML.

    Args:
        view: The job's state.
        say: The visitor's language.
        gone: True if its video was saved but the file is missing.
    """
    job = view.job
    running, step, checking = job.open and not view.waits, 0, False
    what, charge, next_step = outcome(job)
    match job.state:
        case JobState.DONE:
            kind, headline, charge = "done", say("Done"), ""
            if job.took is not None:
                template = "Draft done in {time}" if job.full else "Done in {time}"
                headline = say(Text(template, time=format_seconds(job.took)))
            what, next_step = ("The video file is missing.", _DOWNLOAD_AGAIN) if gone else ("", "")
        case JobState.FAILED | JobState.NOT_SENT | JobState.UNKNOWN | JobState.STOPPED:
            kind = "note" if job.state == JobState.STOPPED else "fault"
            headline = say(_FAULTS[job.state])
        case JobState.NOT_FOUND:
            kind, headline, charge = "note", say(_FAULTS[job.state]), ""
        case _ if view.waits:
            kind, headline, charge = "note", say("Waiting for your key"), ""
            what, next_step = KEY_FORGOTTEN, _KEY_BACK
        case _:
            kind, charge = "running", ""
            step, headline = _progress(view, say)
            if checking := job.only_an_id and not view.task:
                what = what or _CHECKING
    return templates.render(
        "job.html",
        kind=kind,
        headline=headline,
        running=running,
        started=f"{job.submitted or job.created:.1f}",
        percent=view.task.progress if view.task and job.state == JobState.RUNNING else None,
        steps=[] if checking else STEPS,
        step=step,
        what=say(what),
        charge=say(charge),
        next_step=say(next_step),
        differences=_differences(job, say) if job.state == JobState.DONE else [],
        asked=_asked(job, say) if job.state == JobState.UNKNOWN else "",
        facts=details.in_a_line(job, say) if job.state == JobState.DONE else [],
        say=say,
    )


def _card(kind: str, headline: str, what: str, charge: str = "", next_step: str = "") -> str:
    return templates.render(
        "card.html", kind=kind, headline=headline, what=what, charge=charge, next_step=next_step
    )


KEY_FORGOTTEN = "This was bought with your own key, which the app no longer has."
_KEY_BACK = "Enter it again at the top of the page to continue. Nothing is sent twice."
_CHECKING = "The API can take half a minute to know a task that has just been started."
_DOWNLOAD_AGAIN = "Download again: that costs nothing, and works as long as the vendor keeps it."

_FAULTS = {
    JobState.FAILED: "No video was made",
    JobState.NOT_SENT: "Not submitted",
    JobState.UNKNOWN: "Unknown: it may have been bought",
    JobState.STOPPED: "No longer watched",
    JobState.NOT_FOUND: "Nothing to watch",
}


def without_video(state: JobState) -> str:
    """Say in a few words how a job without a video ended."""
    return _FAULTS[state]


def _progress(view: JobView, say: Say) -> tuple[int, str]:
    """Find the step that a job is at, and its headline."""
    job, task = view.job, view.task
    match job.state:
        case JobState.PREPARED:
            return 0, say("Preparing the request")
        case JobState.SUBMITTING:
            return 0, say("Sending the request")
        case JobState.SAVING:
            return 4, say("Saving the video")
    if task is None:
        return 1, say("Submitted" if job.fingerprint else "Checking the task")
    match task.status:
        case TaskStatus.QUEUED:
            words = [say("In the queue")]
        case TaskStatus.PROCESSING:
            words = [say("Processing")]
        case TaskStatus.SUCCEEDED:
            return 4, say("Made, waiting for the link")
        case _:
            words = [say(Text("The API says “{status}”", status=task.status_text[:60]))]
    if task.progress is not None:
        words.append(f"{task.progress}%")
    if task.eta is not None:
        words.append(say(Text("about {time} left", time=format_seconds(task.eta))))
    return 2 if task.status == TaskStatus.QUEUED else 3, "\u00a0· ".join(words)


def outcome(job: Job) -> tuple[str, str, str]:
    """Say what happened to a job, whether it was charged (never if simulated), and what to do."""
    money = job.charged.sentence if job.charged else ""
    if not job.simulated:
        return job.message, money, job.next_step
    money = "This was simulated, so nothing was charged." if money else ""
    return job.message, money, job.next_step.removesuffix(TaskFailed.next_step).strip()


def _differences(job: Job, say: Say) -> list[str]:
    """How the file differs from what was asked for."""
    return [say(text) for text in differences(job.request, Facts(**job.facts))] if job.facts else []


def _asked(job: Job, say: Say) -> str:
    """When it was sent and what it asked for, to look up a job without a task id at the vendor."""
    request = job.request
    asked = Text(
        "Sent at {time}: “{prompt}”, {seconds} s, {resolution}.",
        time=datetime.fromtimestamp(job.created, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        prompt=request["prompt"][:200],
        seconds=request["duration"],
        resolution=request["resolution"],
    )
    return say(asked)


def plain(view: JobView | None) -> str:
    """Say in plain text how a job without a video ended."""
    if not view:
        return "This app doesn't know this job."
    job = view.job
    parts = [
        f"{_FAULTS.get(job.state, job.state)}.",
        *outcome(job),
        f"Task {job.task_id}." if job.task_id else "",
    ]
    return " ".join(part for part in parts if part)
