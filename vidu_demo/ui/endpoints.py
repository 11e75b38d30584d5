"""The endpoints for programs, with the request's field names.

`/submit`, `/task` and `/estimate` answer at once; with `--mcp` they are the app's tools.
`/generate` waits for the video.
"""

import asyncio
import inspect
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import gradio as gr

from vidu_demo.api import pricing
from vidu_demo.api.errors import Problem, RequestInvalid, ViduError
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.variations import MAX_VIDEOS, Variations, labels, total_price
from vidu_demo.jobs.buying.budget import LimitReached, Paused
from vidu_demo.jobs.buying.keys import VisitorKeysNotAccepted
from vidu_demo.jobs.buying.orders import ONE
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.ledger import digest
from vidu_demo.jobs.runner import JobView
from vidu_demo.ui import programs
from vidu_demo.ui.browser.own_key import KEY_HEADER, KeyChecks
from vidu_demo.ui.context import RAW, Context
from vidu_demo.ui.form.sheet import widget
from vidu_demo.ui.form.uploads import from_files
from vidu_demo.ui.form.values import make_request
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.job import status

LOOK_SECONDS = 0.5
"""Seconds between looks at a job that `/generate` waits for."""
MAX_CONCURRENT = LIMITS.at_once
"""Calls of one endpoint that can run at the same time; further ones queue."""
TOOLS = ("/submit", "/task", "/estimate")
"""The endpoints that are MCP tools."""
_PRICED = tuple(field for field in VideoRequest.SETTINGS if field != "prompt")
_KEY = re.compile(r"[\x21-\x7e]{16,128}")
_NUMBERS = {str(number) for number in range(2, MAX_VIDEOS + 1)}
"""The numbers of the further videos of a click, as they stand in its jobs' keys."""


class IdempotencyKeyInvalid(ViduError):
    """An idempotency key can't be used."""

    what = "This is not a valid idempotency key, so nothing was sent."
    next_step = "Use 16 to 128 visible ASCII characters, such as a UUID."


class IdempotencyKeyUsed(ViduError):
    """An idempotency key was used before, for another request."""

    what = "This idempotency key was used for another request, so nothing was sent."
    next_step = "Use a new key for each video."


class NoSuchJob(ViduError):
    """No job has this name."""

    what = "There is no such job."
    next_step = "Use the `job` that /submit returned."


class Endpoints:
    """Adds the endpoints to a page. Their widgets are hidden; they only describe parameters.

    Args:
        context: What all handlers share.
        checks: Takes callers' keys.
    """

    def __init__(self, context: Context, checks: KeyChecks) -> None:
        self._context, self._runner, self._checks = context, context.runner, checks
        self._images = gr.File(label="Pictures", file_count="multiple", visible=False)
        self._urls = gr.Textbox(label="Picture URLs", visible=False)
        self._fields = [
            # Without I18N: programs would see the markers that it puts round labels.
            widget(field, label=VideoRequest.describe(field)["title"], elem_id=None, visible=False)
            for field in VideoRequest.SETTINGS
        ]
        self._update = gr.JSON(label="Status", visible=False)
        self._video = gr.File(label="Video", visible=False)

    def add(self) -> dict[str, Sequence[str]]:
        """Add all endpoints.

        Returns:
            The names of each one's parameters.
        """
        pictures, fields = ("images", "image_urls"), VideoRequest.SETTINGS
        form = [self._images, self._urls, *self._fields]
        key = gr.Textbox(label="Idempotency key", visible=False)
        job = gr.Textbox(label="Job", visible=False)
        varied = gr.Textbox(label="Variations", visible=False)
        both = [self._update, self._video]
        priced = [self._fields[fields.index(field)] for field in _PRICED]
        named = (*pictures, *fields, "idempotency_key", "variations")
        names: dict[str, Sequence[str]] = {}
        for act, parameters, inputs, outputs in (
            (self.submit, named, [*form, key, varied], [self._update]),
            (self.task, ("job",), [job], both),
            (self.estimate, (*_PRICED, "variations"), [*priced, varied], [self._update]),
            (self.generate, (*pictures, *fields), form, both),
        ):
            self._add(act, parameters, inputs, outputs)
            names[act.__name__] = parameters
        return names

    def _add(
        self,
        act: Callable[..., Any],
        names: Sequence[str],
        inputs: Sequence[gr.components.Component],
        outputs: Sequence[gr.components.Component],
    ) -> None:
        name = act.__name__
        gr.Button(visible=False).click(
            _named(act, names),
            list(inputs),
            list(outputs),
            api_name=name,
            api_description=programs.ABOUT[name],
            concurrency_limit=MAX_CONCURRENT,
            **RAW,
        )

    async def submit(self, caller: gr.Request, *values: Any) -> dict[str, Any]:
        """Start a video, which costs money unless simulated, and return at once; ask /task.

        With `variations` it starts several, and the answer lists them as `videos`.
        """
        *form, key, varied = values
        try:
            handle = str(key or secrets.token_hex(16))
            if not _KEY.fullmatch(handle):
                raise IdempotencyKeyInvalid
            requests = _variations(varied).requests(_request(form))
            owner = _owner(handle)
            jobs = await self._start(caller, requests, owner)
            if len(jobs) != len(requests) or not all(map(_same, requests, jobs)):
                raise IdempotencyKeyUsed
        except ViduError as error:
            raise self._for_programs(error) from None
        views = [self._runner.find(job.id, owner) or JobView(job, None) for job in jobs]
        names = [handle, *(f"{handle}:{number}" for number in range(2, len(jobs) + 1))]
        said = [{"job": n, **describe(view)} for n, view in zip(names, views, strict=True)]
        if len(jobs) == 1:
            return said[0]
        titles = labels([job.settings for job in jobs])
        return {**said[0], "videos": [{"label": t, **s} for t, s in zip(titles, said, strict=True)]}

    async def task(self, caller: gr.Request, job: Any) -> tuple[dict[str, Any], str | None]:
        """Return a job's status and, once it is done, its video. Free."""
        try:
            found, view = await asyncio.to_thread(self._find, str(job).strip())
            owner = view.job.owner
            if any(each.open for each in found) and await self._take_key(caller, owner):
                found, view = await asyncio.to_thread(self._find, str(job).strip())
                if not any(each.open for each in found):  # they have ended meanwhile
                    await self._forget_key(owner)
        except ViduError as error:
            raise self._for_programs(error) from None
        done = view.job.state is JobState.DONE and view.job.video
        video = str(self._runner.file(view.job, view.job.video or "")) if done else None
        return describe(view), video

    def _find(self, name: str) -> tuple[list[Job], JobView]:
        """Find a job by its name, and all jobs of its click.

        Raises:
            NoSuchJob: There is none.
        """
        for handle, number in ((name, ""), _parts(name)):
            owner = _owner(handle)
            found = self._runner.jobs(owner, most=MAX_VIDEOS)
            for job in found:
                if job.idempotency_key == owner + number and (
                    view := self._runner.find(job.id, owner)
                ):
                    return found, view
        raise NoSuchJob

    async def estimate(self, caller: gr.Request, *values: Any) -> dict[str, Any]:
        """Say what videos would cost, who pays, and whether they can be bought now. Free."""
        *settings, varied = values
        try:
            priced = dict(zip(_PRICED, settings, strict=True))
            variations = _variations(varied)
            pictures = len(variations.prompts) if variations.each_picture else 0
            urls = "\n".join(["https://example.com/a.jpg"] * max(1, pictures))
            requests = variations.requests(make_request([], urls, {"prompt": "x", **priced}))
            price = total_price(requests)
            own = Payer.VISITOR if KEY_HEADER in caller.headers else None
            if own and not self._runner.takes_keys:
                raise VisitorKeysNotAccepted
            who = self._context.who_buys(caller, "", own)
            spent = await asyncio.to_thread(
                self._runner.purchases.spent, "", who["address"], who["payer"]
            )
        except ViduError as error:
            raise self._for_programs(error) from None
        limits = who["limits"]
        reached, left = limits.reached(spent, price, len(requests)), limits.left(spent)
        return {
            "price_usd": float(price),
            "payer": self._context.whose_key(caller, who["payer"]),
            "price_list": pricing.DATED,
            "left_today_usd": None if left is None else float(left),
            "can_be_bought": reached is None,
            "message": f"{reached.what} {self._next_step(reached)}" if reached else "",
        }

    async def generate(
        self, caller: gr.Request, *values: Any
    ) -> AsyncIterator[tuple[dict[str, Any], str | None]]:
        """Make one video. Streams the job's status, then returns the file."""
        # A random owner that nobody else knows: callers see only the job they started.
        owner = secrets.token_hex(32)
        try:
            (job,) = await self._start(caller, [_request(values)], owner)
        except ViduError as error:
            raise self._for_programs(error) from None
        said = None
        while view := self._runner.find(job.id, owner):
            if (says := describe(view)) != said:
                said = says
                yield says, None
            if not view.job.open:
                break
            await asyncio.sleep(LOOK_SECONDS)
        if not view or view.job.state != JobState.DONE or not view.job.video:
            raise gr.Error(status.plain(view), print_exception=False)
        yield describe(view), str(self._runner.file(view.job, view.job.video))

    async def _start(
        self, caller: gr.Request, requests: Sequence[VideoRequest], owner: str
    ) -> list[Job]:
        """Start a caller's jobs, with their own key if they send one."""
        own = await self._take_key(caller, owner)
        try:
            jobs = await asyncio.to_thread(
                self._runner.purchases.start_all,
                requests,
                owner=owner,
                idempotency_key=owner,
                **self._context.who_buys(caller, owner, Payer.VISITOR if own else None),
            )
        except ViduError:
            if own:
                await self._forget_key(owner)
            raise
        if own and not any(job.open for job in jobs):  # it repeats a call whose jobs have ended
            await self._forget_key(owner)
        return jobs

    def _for_programs(self, error: ViduError) -> gr.Error:
        """Make the error that a program gets, in English."""
        error.next_step = self._next_step(error)
        return gr.Error(str(error), print_exception=False)

    def _next_step(self, error: ViduError) -> str:
        """Say what a program can do about an error."""
        steps = [error.next_step]
        if isinstance(error, LimitReached) and not isinstance(error, Paused):
            if self._runner.takes_keys:
                steps.append(f"Or send your own key as {KEY_HEADER}.")
            steps.append("The page also offers the simulator, which is free.")
        return " ".join(steps)

    async def _take_key(self, caller: gr.Request, owner: str) -> bool:
        """Take a caller's own key, if they send one; returns whether they do."""
        key = caller.headers.get(KEY_HEADER)
        if key is not None:
            await self._checks.take(key, owner, caller, one_call=True)
        return key is not None

    async def _forget_key(self, owner: str) -> None:
        with suppress(LedgerFailed):  # then another process has it for a day at most
            await asyncio.to_thread(self._runner.forget_key, owner)


def describe(view: JobView) -> dict[str, Any]:
    """Describe a job's status for programs."""
    job, task = view.job, view.task
    message, charged, next_step = status.outcome(job)
    if view.waits:
        message, charged, next_step = status.KEY_FORGOTTEN, "", f"Send it to /task as {KEY_HEADER}."
    return {
        "state": job.state,
        "task_id": job.task_id,
        "status": task.status if task else None,
        "progress": task.progress if task else None,
        "eta": task.eta if task else None,
        "seed": job.request.get("seed"),
        "price_usd": None if job.simulated else float(VideoRequest.unchecked(**job.request).price),
        "simulated": job.simulated,
        "message": " ".join(str(part) for part in (message, charged, next_step) if part),
    }


def _request(values: Sequence[Any]) -> VideoRequest:
    """Read a request from the values of the pictures and the fields.

    Raises:
        RequestInvalid: Something is missing or out of range.
    """
    uploaded, urls, *settings = values
    named = zip(VideoRequest.SETTINGS, settings, strict=True)
    return make_request(from_files(uploaded), urls, dict(named))


def _variations(value: Any) -> Variations:
    """Read what differs between the videos from JSON; one video if nothing is said.

    Raises:
        RequestInvalid: It can't be used.
    """
    if not value:
        return ONE
    try:
        return Variations.read(json.loads(value))
    except (ValueError, RecursionError):
        raise RequestInvalid(Problem("variations", "This is not valid JSON.")) from None


def _parts(name: str) -> tuple[str, str]:
    """Part the name of one of several videos into the click's and the end of its key."""
    handle, colon, number = name.rpartition(":")
    return (handle, colon + number) if number in _NUMBERS and handle else (name, "")


def _owner(handle: str) -> str:
    """Make the owner of a job from its name, so that only whoever knows the name finds the job."""
    return digest("program", handle)


def _same(request: VideoRequest, job: Job) -> bool:
    """Tell whether a job was made of these settings. A seed that was not given was picked."""
    wanted = request.model_dump(exclude={"images"}, exclude_none=True)
    return wanted.items() <= job.request.items() or not job.request


def _named(act: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Give a handler parameters of these names; all but the prompt and the job are optional."""

    async def call(*values: Any) -> Any:
        return await act(*values)

    async def stream(*values: Any) -> AsyncIterator[Any]:
        async for update in act(*values):
            yield update

    made = stream if inspect.isasyncgenfunction(act) else call
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = []
    if "caller" in inspect.signature(act).parameters:
        parameters.append(inspect.Parameter("caller", kind, annotation=gr.Request))
    for name in names:
        # Python needs a default after another default. Gradio still requires the prompt and the
        # job: only None, not an empty string, makes a parameter optional.
        default = (
            None if name in programs.HELP and name != "job" else VideoRequest.DEFAULTS.get(name, "")
        )
        parameters.append(inspect.Parameter(name, kind, default=default))
    made.__name__ = act.__name__
    made.__signature__ = inspect.Signature(parameters)  # type: ignore[union-attr]
    made.__annotations__ = {"caller": gr.Request} if parameters[0].name == "caller" else {}
    about = "\n".join(f"    {name}: {programs.describe(name)}" for name in names)
    made.__doc__ = f"{programs.ABOUT[act.__name__]}\n\nArgs:\n{about}\n"
    return made
