"""How an open page learns of changes: it polls a plain route for a version."""

import gradio as gr
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui import templates

FASTEST, SLOWEST = 1.0, 6.0
"""Seconds between two polls by a page."""
JOBS_PER_SECOND = 300.0
"""Pages wait one more second between polls for this many open jobs, over all visitors."""


def component() -> gr.HTML:
    """Make the hidden component that polls. Its `tick` event asks for a refresh."""
    return gr.HTML(js_on_load="vidu.watch(element, trigger)", elem_id="watch", padding=False)


def render(runner: JobRunner, owner: str, version: str) -> str:
    """Tell the page what to poll and how often, as HTML.

    Args:
        runner: Follows the jobs.
        owner: The visitor's digest, which gives access to nothing but this version.
        version: The version that the page shows. If empty, it refreshes every time.
    """
    seconds = min(SLOWEST, max(FASTEST, runner.open_jobs / JOBS_PER_SECOND))
    return templates.render(
        "watch.html", owner=owner, version=version, seconds=seconds if version else SLOWEST
    )


def route(runner: JobRunner) -> Route:
    """Make the route that returns the version of a visitor's jobs."""

    async def changes(request: Request) -> PlainTextResponse:
        return PlainTextResponse(
            runner.version(request.path_params["owner"]), headers={"Cache-Control": "no-store"}
        )

    return Route("/changes/{owner}", changes)
