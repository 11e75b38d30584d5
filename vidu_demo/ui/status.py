"""The status place: where a job stands, in words; what was made, or what to do if it was not."""

from datetime import UTC, datetime
from html import escape

import gradio as gr

from vidu_demo import pricing
from vidu_demo.clip import Facts, differences
from vidu_demo.errors import ViduError
from vidu_demo.jobs import AskedAlready, Look
from vidu_demo.ledger import JobState
from vidu_demo.studio import SIMULATOR
from vidu_demo.task import TaskStatus
from vidu_demo.ui.words import Say

STEPS = ("Preparing", "Submitted", "Queued", "Processing", "Saving", "Done")

# The elapsed time ticks here and not through the server. `data-started` is in server time, so the
# difference of the two clocks, measured when the page loads, is taken off.
_TICK_AND_COPY = """
const tick = () => {
  const now = Date.now() / 1000 - (window.viduClockAhead || 0);
  element.querySelectorAll('[data-started]').forEach((place) => {
    const seconds = Math.max(0, Math.floor(now - Number(place.dataset.started)));
    const minutes = Math.floor(seconds / 60);
    const text = minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
    if (place.textContent !== text) place.textContent = text;
  });
};
setInterval(tick, 500);
new MutationObserver(tick).observe(element, {childList: true, subtree: true});
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const done = () => { button.textContent = button.dataset.copied; };
  if (navigator.clipboard) return navigator.clipboard.writeText(button.dataset.copy).then(done);
  getSelection().selectAllChildren(button.previousElementSibling);
  document.execCommand('copy');
  done();
});
"""


def component() -> gr.HTML:
    """Make the status place."""
    return gr.HTML(js_on_load=_TICK_AND_COPY, elem_id="status", padding=False)


def refused(error: ViduError, say: Say) -> str:
    """Tell that a click came to nothing, before anything was sent."""
    kind = "note" if isinstance(error, AskedAlready) else "fault"
    body = _fault(say(error.what), say(error.charged.sentence), say(error.next_step))
    return card(kind, say("Not sent"), body)


def render(look: Look, say: Say) -> str:
    """Say where a job stands, as HTML."""
    job = look.job
    match job.state:
        case JobState.DONE:
            took = seconds_spoken((job.finished or job.created) - (job.submitted or job.created))
            body = [*_differences(look, say), _facts(look, say)]
            return card("done", say("Done in {time}").format(time=took), body)
        case JobState.FAILED | JobState.NOT_SENT | JobState.UNKNOWN | JobState.STOPPED:
            kind = "note" if job.state == JobState.STOPPED else "fault"
            body = [*_message(look, say), _asked(look), _facts(look, say)]
            return card(kind, say(_FAULTS[job.state]), body)
    step, headline = _progress(look, say)
    bar = "".join(
        f'<li class="{_step_class(number, step)}">{say(name)}</li>'
        for number, name in enumerate(STEPS)
    )
    started = job.submitted or job.created
    clock = f'<span class="clock" data-started="{started:.1f}"></span>'
    percent = look.task.progress if look.task and job.state == JobState.RUNNING else None
    bar_value = f' value="{percent}" max="100"' if percent is not None else ""
    body = [
        f'<progress aria-label="{say("Progress")}"{bar_value}></progress>',
        f'<ol class="steps">{bar}</ol>',
        *_message(look, say, with_charge=False),
        _facts(look, say),
    ]
    return card("running", headline, body, clock)


_FAULTS = {
    JobState.FAILED: "No video was made",
    JobState.NOT_SENT: "Nothing was bought",
    JobState.UNKNOWN: "Unknown: it may have been bought",
    JobState.STOPPED: "No longer watched",
}


def _progress(look: Look, say: Say) -> tuple[int, str]:
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
        words.append(f"{task.progress} %")
    if task.eta is not None:
        words.append(say("about {time} left").format(time=seconds_spoken(task.eta)))
    return 2 if task.status == TaskStatus.QUEUED else 3, " · ".join(words)


def seconds_spoken(seconds: float) -> str:
    """Write a length of time in words, such as `34 s` or `2 min 5 s`."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _step_class(number: int, current: int) -> str:
    return "past" if number < current else "now" if number == current else "next"


def _message(look: Look, say: Say, *, with_charge: bool = True) -> list[str]:
    job = look.job
    money = job.charged.sentence if job.charged and with_charge else ""
    if money and job.backend == SIMULATOR:
        money = "This was simulated, so nothing was charged."
    return _fault(say(job.message), say(money), say(job.next_step))


def _differences(look: Look, say: Say) -> list[str]:
    """What the file does not have that was asked for, or has that was not."""
    job = look.job
    if not job.facts:
        return []
    found = differences(job.request, Facts(**job.facts))
    return [f'<p class="difference">{escape(say(text))}</p>' for text in found]


def _asked(look: Look) -> str:
    """When and what was asked, to look it up at the vendor: the receipt of a job without an id."""
    job = look.job
    if job.state != JobState.UNKNOWN:
        return ""
    when = datetime.fromtimestamp(job.created, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    request = job.request
    what = f"“{request['prompt'][:200]}”, {request['duration']} s, {request['resolution']}"
    return f"<p>Sent at {when}: {escape(what)}.</p>"


def _fault(what: str, money: str, next_step: str) -> list[str]:
    """What happened, was it charged, what to do next."""
    lines = {"what": what, "charge": money, "next": next_step}
    return [f'<p class="{name}">{escape(text)}</p>' for name, text in lines.items() if text]


def _facts(look: Look, say: Say) -> str:
    """The receipt, what was asked, and what the file really holds."""
    job = look.job
    rows = []
    if job.facts:
        facts = Facts(**job.facts)
        sound = say("with sound") if facts.audio else say("silent")
        size = f"{facts.width} × {facts.height}, {facts.seconds:.1f} s"
        rate = say("{rate} frames a second").format(rate=f"{facts.frames_per_second:g}")
        rows.append((say("Video"), f"{size}, {rate}, {sound}"))
    if prompt := job.request.get("prompt"):
        rows.append((say("Prompt"), f'<span class="prompt">{escape(prompt)}</span>'))
    if (price := pricing.known(job.request)) is not None:
        rows.append((say("Estimate"), pricing.spoken(price)))
    if (seed := job.request.get("seed")) is not None:
        rows.append((say("Seed"), f"<code>{seed}</code>"))
    if job.task_id:
        task_id = escape(job.task_id, quote=True)
        rows.append(
            (
                say("Task"),
                f'<code>{task_id}</code><button type="button" class="copy" '
                f'data-copy="{task_id}" data-copied="{say("Copied")}">{say("Copy")}</button>',
            )
        )
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    return f'<dl class="receipt">{listed}</dl>' if rows else ""


def card(kind: str, headline: str, body: list[str], aside: str = "") -> str:
    """Make a card: its kind sets its mark, and its headline is read out when it changes."""
    return (
        f'<div class="status {kind}"><div class="headline"><h2 role="status">{escape(headline)}'
        f"</h2>{aside}</div>{''.join(body)}</div>"
    )


def plain(look: Look | None) -> str:
    """Say how a job ended without a video, as text."""
    if not look:
        return "This job is not known here."
    job = look.job
    parts = [
        f"{_FAULTS.get(job.state, job.state)}.",
        job.message,
        job.charged.sentence if job.charged else "",
        job.next_step,
        f"Task {job.task_id}." if job.task_id else "",
    ]
    return " ".join(part for part in parts if part)
