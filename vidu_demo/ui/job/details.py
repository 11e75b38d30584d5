"""What was asked for, what it costs, and what is really in the file."""

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text
from vidu_demo.examples import Example
from vidu_demo.jobs.job import Job
from vidu_demo.media.clip import Facts
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, format_seconds
from vidu_demo.ui.job import settings

_APART = ("prompt", "seed")
"""Settings with a line of their own."""


def component() -> gr.HTML:
    """Make the empty component."""
    return gr.HTML(js_on_load="vidu.details(element)", elem_id="details", padding=False)


def render(job: Job, say: Say) -> str:
    """List everything about a job, as HTML."""
    words = settings.in_words(job, say)
    return templates.render(
        "details.html",
        prompt=job.request.get("prompt"),
        measured=_measured(job, say),
        price=_price(job),
        simulated=job.simulated,
        seed=job.request.get("seed"),
        full=job.full and [say(format_seconds(job.full["duration"])), job.full["resolution"]],
        task_id=job.task_id,
        settings=[
            (settings.title(field, say), words[field])
            for field, value in job.settings.items()
            if field not in _APART and value != ""
        ],
        say=say,
    )


def of_example(example: Example, kept: str, say: Say) -> str:
    """Say what an example was made from, and what will be here.

    Args:
        example: The example.
        kept: How long the visitor's own videos are kept.
        say: The visitor's language.
    """
    return templates.render("example_details.html", settings=example.settings, kept=kept, say=say)


def in_a_line(job: Job, say: Say) -> list[str]:
    """Sum up a finished job in a few facts."""
    facts, price, seed = job.facts and Facts(**job.facts), _price(job), job.request.get("seed")
    line = measured(facts, say) if facts else []
    if seed is not None:
        line.append(say(Text("seed {number}", number=seed)))
    if price:
        line.append(say(Text("would cost {amount}", amount=price)) if job.simulated else price)
    return line


def measured(facts: Facts, say: Say) -> list[str]:
    """Sum up what a file was measured to be."""
    return [_size(facts), say(_length(facts)), say(_sound(facts))]


def _price(job: Job) -> str:
    price = VideoRequest.unchecked(**job.request).known_price
    return "" if price is None else pricing.format_price(price)


def _measured(job: Job, say: Say) -> str:
    """Word what the file was measured to be; empty if it was not."""
    if not job.facts:
        return ""
    facts = Facts(**job.facts)
    measured = Text(
        "{size}, {seconds}, {rate} fps, {sound}",
        size=_size(facts),
        seconds=_length(facts),
        rate=f"{facts.frames_per_second:g}",
        sound=_sound(facts),
    )
    return say(measured)


def _size(facts: Facts) -> str:
    return f"{facts.width} × {facts.height}"


def _length(facts: Facts) -> Text:
    return Text("{seconds} s", seconds=f"{facts.seconds:.1f}")


def _sound(facts: Facts) -> Text:
    return Text("with sound" if facts.audio else "silent")
