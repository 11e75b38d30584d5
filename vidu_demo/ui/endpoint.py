"""The `/generate` endpoint: the page for programs, with the request's field names."""

import asyncio
import inspect
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from vidu_demo.api.errors import ViduError
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import JobState, Payer
from vidu_demo.jobs.runner import JobRunner, JobView
from vidu_demo.ui.browser.own_key import KEY_HEADER
from vidu_demo.ui.context import RAW
from vidu_demo.ui.form.form import make_request, widget
from vidu_demo.ui.form.uploads import from_files
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.job import status

LOOK_SECONDS = 0.5
MAX_CONCURRENT = LIMITS.at_once
"""Calls that can run at the same time; further ones queue."""


def add_generate(runner: JobRunner, who_buys: Callable[[gr.Request, str], dict[str, Any]]) -> None:
    """Add the endpoint. Its widgets are hidden; they only describe its parameters.

    Args:
        runner: Makes the videos.
        who_buys: Gives the options of `runner.start` that depend on the caller, who is an owner.
    """
    images = gr.File(label="Pictures", file_count="multiple", visible=False)
    addresses = gr.Textbox(label="Picture URLs", visible=False)
    fields = [
        # Without I18N: programs would see the markers that it puts round labels.
        widget(field, label=VideoRequest.describe(field)["title"], visible=False)
        for field in VideoRequest.SETTINGS
    ]
    update = gr.JSON(label="Status", visible=False)
    video = gr.File(label="Video", visible=False)
    trigger = gr.Button(visible=False)

    async def generate(
        caller: gr.Request, *values: Any
    ) -> AsyncIterator[tuple[dict[str, Any], str | None]]:
        uploaded, urls, *settings = values
        # A random owner that nobody else knows: callers see only the job they started.
        owner = secrets.token_hex(32)
        try:
            files = from_files(uploaded)
            request = make_request(
                files, urls, dict(zip(VideoRequest.SETTINGS, settings, strict=True))
            )
            options: dict[str, Any] = {"owner": owner, "idempotency_key": owner}
            if (key := caller.headers.get(KEY_HEADER)) is not None:
                await asyncio.to_thread(runner.take_key, key, owner)
                options["payer"] = Payer.VISITOR
            options |= who_buys(caller, owner)
            job = await asyncio.to_thread(runner.start, request, **options)
        except ViduError as error:
            runner.forget_key(owner)
            raise gr.Error(str(error), print_exception=False) from None
        said = None
        while look := runner.look(job.id, owner):
            if (says := describe(look)) != said:
                said = says
                yield says, None
            if not look.job.open:
                runner.forget_key(owner)
                break
            await asyncio.sleep(LOOK_SECONDS)
        if not look or look.job.state != JobState.DONE or not look.job.video:
            raise gr.Error(status.plain(look), print_exception=False)
        yield describe(look), str(runner.file(look.job, look.job.video))

    generate.__signature__ = _signature()  # type: ignore[attr-defined]
    generate.__annotations__ = {"caller": gr.Request}
    trigger.click(
        generate,
        [images, addresses, *fields],
        [update, video],
        api_name="generate",
        api_description="Make one video. Streams the job's status, then returns the file.",
        concurrency_limit=MAX_CONCURRENT,
        **RAW,
    )


def describe(look: JobView) -> dict[str, Any]:
    """Describe a job's status for programs."""
    job, task = look.job, look.task
    return {
        "state": job.state,
        "task_id": job.task_id,
        "status": task.status if task else None,
        "progress": task.progress if task else None,
        "eta": task.eta if task else None,
        "seed": job.request.get("seed"),
        "message": job.message,
    }


def _signature() -> inspect.Signature:
    """The parameters, named as in the request; all but the prompt are optional."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("caller", kind, annotation=gr.Request)]
    parameters += [inspect.Parameter(name, kind, default=None) for name in ("images", "image_urls")]
    for field in VideoRequest.SETTINGS:
        # Python needs a default after another default. Gradio still requires the prompt: only
        # None, not an empty string, makes a parameter optional.
        default = VideoRequest.DEFAULTS.get(field, "")
        parameters.append(inspect.Parameter(field, kind, default=default))
    return inspect.Signature(parameters)
