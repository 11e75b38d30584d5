"""The page of one video, for whoever has the link to it: `?watch=…` on the app's own address.

It is plain HTML without a script, so it can't buy anything: it issues no token, and calls nothing.
"""

from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from vidu_demo.api.errors import ViduError
from vidu_demo.api.mp4.video import ClipFailed
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import Job
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.media.clip import Facts
from vidu_demo.ui import templates
from vidu_demo.ui.browser import permalink
from vidu_demo.ui.i18n.words import Say, words_for
from vidu_demo.ui.job import details, settings

NAME = "watch"
"""The name of a link's id in the app's address."""
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
# A player asks for a video piece by piece, and each time the link is checked again.
_VIDEO_HEADERS = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}


class _WithLink(Route):
    """A route that only takes requests whose query has a link."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave the app's own page to Gradio."""
        match, child = super().matches(scope)
        if match is not Match.NONE and NAME not in Request(scope).query_params:
            return Match.NONE, {}
        return match, child


def routes(runner: JobRunner) -> list[BaseRoute]:
    """Make the routes of the page and of its video."""

    async def page(request: Request) -> Response:
        return await run_in_threadpool(_page, request)

    async def video(request: Request) -> Response:
        return await run_in_threadpool(_video, request)

    def _page(request: Request) -> Response:
        say, link = words_for(request), request.query_params[NAME]
        job = _job(runner, link)
        html = _render(job, link, say) if job else _nothing(say)
        return HTMLResponse(html, HTTPStatus.OK if job else HTTPStatus.NOT_FOUND, _HEADERS)

    def _video(request: Request) -> Response:
        job = _job(runner, request.path_params["link"])
        path = runner.plain_video(job) if job else None
        if not path:
            text = words_for(request)("There is no video at this link")
            return PlainTextResponse(text, HTTPStatus.NOT_FOUND, _HEADERS)
        return FileResponse(path, media_type="video/mp4", headers=_VIDEO_HEADERS)

    return [_WithLink("/", page), Route(f"/{NAME}/{{link}}/video.mp4", video)]


def _job(runner: JobRunner, link: str) -> Job | None:
    """Find the job that a link leads to, if its video is there."""
    try:
        job = runner.shared(link)
        return job if job and runner.plain_video(job) else None
    except (ViduError, ClipFailed):
        return None


def _render(job: Job, link: str, say: Say) -> str:
    words = settings.in_words(job, say)
    request = VideoRequest.unchecked(images=[], **job.settings)
    return templates.render(
        "watched.html",
        video=f"{NAME}/{link}/video.mp4",
        prompt=job.request.get("prompt"),
        facts=details.measured(Facts(**job.facts), say) if job.facts else [],
        simulated=job.simulated,
        settings=[
            (settings.title(field, say), words[field])
            for field, value in job.settings.items()
            if field != "prompt" and value not in ("", None)
        ],
        query=permalink.write(request) if job.settings else "",
        say=say,
    )


def _nothing(say: Say) -> str:
    return templates.render("watched.html", video="", say=say)
