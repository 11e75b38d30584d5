"""Takes videos along as a zip: a handler checks who asks and for what, a plain route sends it.

What the handler gives the browser is a signed ticket, because a download has no other way to say
who asks.
"""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from vidu_demo.api.errors import ViduError
from vidu_demo.jobs import takeaway
from vidu_demo.jobs.job import Job
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.jobs.takeaway import TakeawayTooLarge, Taken
from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import Say, words_for
from vidu_demo.ui.job import details, settings

SECONDS = 300
"""How long a ticket is valid."""


class Takeaway:
    """Makes tickets and sends zips.

    Args:
        runner: Knows the jobs.
        secret: Signs the tickets.
    """

    def __init__(self, runner: JobRunner, secret: bytes) -> None:
        self._runner = runner
        self._tickets = URLSafeTimedSerializer(secret, salt="take along")

    def url(self, job_ids: Any, owner: str) -> str:
        """Return the URL, relative to the page, of a zip of some of a visitor's videos.

        Args:
            job_ids: What the browser sends.
            owner: The visitor.

        Raises:
            TakeawayTooLarge, NothingToTake: There is too much, or nothing.
        """
        wanted = job_ids if isinstance(job_ids, list) else []
        if len(wanted) > takeaway.MAX_JOBS:
            raise TakeawayTooLarge
        jobs = self._jobs([job_id for job_id in wanted if isinstance(job_id, str)], owner)
        takeaway.pack(jobs, self._runner.file)
        return f"take-along/{self._tickets.dumps([owner, *(job.id for job in jobs)])}"

    def route(self) -> Route:
        """Make the route that sends a zip."""

        async def take_along(request: Request) -> Response:
            return await run_in_threadpool(self._answer, request)

        return Route("/take-along/{ticket}", take_along)

    def _answer(self, request: Request) -> Response:
        say = words_for(request)
        try:
            owner, *job_ids = self._tickets.loads(request.path_params["ticket"], max_age=SECONDS)
            taken = takeaway.pack(self._jobs(job_ids, owner), self._runner.file)
        except (BadData, ViduError):
            text = "This download is no longer available. Start it again on the page."
            return PlainTextResponse(say(text), HTTPStatus.GONE)
        name = f"vidu-{time.strftime('%Y-%m-%d', time.gmtime())}.zip"
        return StreamingResponse(
            takeaway.stream(taken, self._runner.file, index(taken, say)),
            media_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )

    def _jobs(self, job_ids: Sequence[str], owner: str) -> list[Job]:
        views = (self._runner.find(job_id, owner) for job_id in dict.fromkeys(job_ids))
        return [view.job for view in views if view]


def index(taken: Sequence[Taken], say: Say) -> str:
    """Render the page that plays the videos of a zip, without the app and without a network."""
    rows = [(each, details.in_a_line(each.job, say), _settings(each.job, say)) for each in taken]
    return templates.render("taken.html", taken=rows, say=say)


def _settings(job: Job, say: Callable[[str], str]) -> list[tuple[str, str]]:
    words = settings.in_words(job, say)
    return [
        (settings.title(field, say), words[field])
        for field, value in job.settings.items()
        if field not in ("prompt", "seed") and value != ""
    ]
