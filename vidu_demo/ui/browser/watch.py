"""How an open page hears that something has changed: it asks a plain route for a version."""

import gradio as gr
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui import templates

FASTEST, SLOWEST = 1.0, 6.0
"""Seconds between two questions of one page."""
JOBS_PER_SECOND = 300.0
"""How many of all visitors' open jobs make the pages slower by a second."""


def component() -> gr.HTML:
    """Make the place that asks, out of sight. Its `tick` event wants the jobs looked at."""
    return gr.HTML(js_on_load="vidu.watch(element, trigger)", elem_id="watch", padding=False)


def render(runner: JobRunner, owner: str, version: str) -> str:
    """Say what to ask, and how often, as HTML.

    Args:
        runner: Follows the jobs.
        owner: The visitor; their digest gives nobody anything but this version.
        version: What the page shows. If empty, it looks every time.
    """
    seconds = min(SLOWEST, max(FASTEST, runner.open_jobs / JOBS_PER_SECOND))
    return templates.render(
        "watch.html", owner=owner, version=version, seconds=seconds if version else SLOWEST
    )


def route(runner: JobRunner) -> Route:
    """Make the route that answers with the version of a visitor's jobs."""

    async def changes(request: Request) -> PlainTextResponse:
        return PlainTextResponse(
            runner.version(request.path_params["owner"]), headers={"Cache-Control": "no-store"}
        )

    return Route("/changes/{owner}", changes)
