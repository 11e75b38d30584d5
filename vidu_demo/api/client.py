"""The client: submit, get, watch, generate, download.

A submit spends money and has no idempotency key, so it is only resent if it certainly did not
reach the API, or was refused with a 429 that does not mention a task id. Everything else can be
repeated for free.
"""

import copy
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any, Self
from urllib.parse import quote

import requests
import urllib3
from requests.adapters import HTTPAdapter

from vidu_demo.api.download import fetch, target_file
from vidu_demo.api.errors import (
    ApiUnreachable,
    Charged,
    DownloadFailed,
    KeyMissing,
    StillRunning,
    VideoMissing,
    ViduError,
)
from vidu_demo.api.images import prepare_all
from vidu_demo.api.network.exchange import CONNECT_SECONDS, PLAIN, Answer, exchange
from vidu_demo.api.network.reach import Reach
from vidu_demo.api.pacing import FIRST_WAIT, TRANSIENT, Decision, Pacer
from vidu_demo.api.refusals import ApiRefused, ServiceFailed, TaskFailed, TooFast
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import read_error_body, read_json
from vidu_demo.api.submit import submit
from vidu_demo.api.task import Task, TaskStatus
from vidu_demo.api.text import Text
from vidu_demo.api.transcript import Observer, describe

log = logging.getLogger(__name__)

BASE_URL = "https://api.novita.ai"
RESULT_PATH = "/v3/async/task-result"

GET_SECONDS = 30.0
"""Timeout of a poll."""

SUBMIT_TRIES = 4
"""Attempts at a submit, if each certainly did not reach the API or got a 429."""
DOWNLOAD_PAUSES = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds between attempts at a download."""

system_random = SystemRandom().random
"""Random numbers in [0, 1) from the system: if a caller seeds Python's own `random`, their sequence
is left alone, and each video still gets a different seed."""


class ViduClient:
    """Talks to the API. Every error it raises derives from `ViduError`.

    Attributes:
        base_url: The API's address.
        reach: Where video links may lead.

    Args:
        api_key: The key; by default `NOVITA_API_KEY` from the environment.
        base_url: The address; by default `NOVITA_BASE_URL`, otherwise Novita's.
        media_hosts: Comma-separated hosts that videos can be downloaded from, besides public
            https hosts; by default `VIDU_MEDIA_HOSTS`.
        clock: Returns seconds, monotonic.
        sleep: Waits for a number of seconds.
        random: Returns a number in [0, 1).
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        media_hosts: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = system_random,
    ) -> None:
        self._key = (api_key or os.environ.get("NOVITA_API_KEY") or "").strip()
        address = base_url or os.environ.get("NOVITA_BASE_URL") or BASE_URL
        self.base_url = address.strip().rstrip("/")
        if media_hosts is None:
            media_hosts = os.environ.get("VIDU_MEDIA_HOSTS", "")
        self.reach = Reach.of(self.base_url, media_hosts)
        self._clock, self._sleep, self._random = clock, sleep, random
        self._observer: Observer | None = None
        self._polls = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=32)
        self._polls.mount("https://", adapter)
        self._polls.mount("http://", adapter)

    def __repr__(self) -> str:
        return f"ViduClient(base_url={self.base_url!r})"

    def with_key(self, api_key: str) -> Self:
        """Return the same client with another key. It shares this one's connections."""
        other = copy.copy(self)
        other._key = api_key.strip()
        return other

    def observed(self, by: Observer) -> Self:
        """Return the same client, telling of each of its submits and polls and what came back.

        Args:
            by: Called before the submit or poll returns or raises.
        """
        other = copy.copy(self)
        other._observer = by
        return other

    def close(self) -> None:
        """Close the connections kept open between polls."""
        self._polls.close()

    def submit(self, request: VideoRequest) -> str:
        """Prepare the pictures and buy one task.

        Returns:
            The task id: keep it, it is the receipt.

        Raises:
            PictureInvalid: A picture can't be sent; nothing was.
            SubmitOutcomeUnknown: The answer was lost, so a task may have been bought.
            ApiUnreachable: The API could not be reached; nothing was sent.
            ApiRefused: The API refused the request; the subclass says why.
        """
        pictures = prepare_all(request.images)
        return self.post(
            request.payload([p if isinstance(p, str) else p.data_uri for p in pictures])
        )

    def post(self, payload: dict[str, Any]) -> str:
        """Send a body from `VideoRequest.payload`. Raises what `submit` does.

        Raises:
            RequestInvalid: It is larger than `MAX_BODY_BYTES`; nothing was sent.
        """
        for attempt in range(1, SUBMIT_TRIES):
            try:
                return self._submit_once(payload)
            except ApiUnreachable:
                self._sleep(2.0 ** (attempt - 1))
            except TooFast as error:
                self._sleep(min(60.0, error.retry_after or 2.0**attempt))
        return self._submit_once(payload)

    def get(self, task_id: str) -> Task:
        """Poll a task once.

        Raises:
            ApiUnreachable: There was no answer; the task is not affected.
            ApiRefused: The API refused the poll; the subclass says why. An unreadable answer
                raises `ServiceFailed`.
        """
        answer, lost, start = Answer(), "", self._clock()
        path = f"{RESULT_PATH}?task_id={quote(task_id, '', errors='replace')}"
        try:
            request = self._polls.prepare_request(
                requests.Request(
                    "GET",
                    self.base_url + path,
                    headers=PLAIN,
                    auth=self._authorize,
                )
            )
            exchange(self._polls, request, (CONNECT_SECONDS, GET_SECONDS), answer)
        except _BROKEN as error:
            lost = type(error).__name__
        self._tell(f"GET {path}", start, answer, lost)
        if lost:  # raised here, so that no library's error is chained to it
            raise ApiUnreachable(
                Text("The API gave no answer about the task ({why}).", why=lost),
                charged=Charged.UNKNOWN,
                next_step="The task is not affected. Check again.",
                task_id=task_id,
            )
        text = answer.text
        body = read_json(text)
        if answer.status < 400 and isinstance(body, dict) and isinstance(body.get("task"), dict):
            return Task.read(body, task_id)
        refused = answer.refusal(secret=self._key, task_id=task_id)
        readable = read_error_body(text) is not None or answer.status in (401, 404, 429)
        if readable and (answer.status >= 400 or type(refused) is not ApiRefused):
            raise refused
        unreadable = ServiceFailed(
            "The API's answer about the task can't be read.",
            charged=Charged.UNKNOWN,
            task_id=task_id,
        )
        unreadable.retry_after = refused.retry_after
        raise unreadable

    def watch(
        self, task_id: str, *, deadline: float | None = None, off_peak: bool = False
    ) -> Iterator[Task]:
        """Poll a task until it ends, and yield every answer.

        Args:
            task_id: The task.
            deadline: Seconds after which to stop watching, after one last poll; by default none.
                The task continues.
            off_peak: True for a task that may take 48 hours and is polled rarely.

        Yields:
            Each answer; the last one is finished and has a `video_url`.

        Raises:
            TaskFailed: It ended without a video.
            StillRunning: The deadline passed.
            ContactLost: Too many polls in a row failed.
            StatusUnknown: An undocumented status came too often in a row.
            VideoMissing: It is done, but there is no link to a video.
            ApiRefused: The API refuses to answer about this task.
        """
        pacer = Pacer(task_id, self._random, off_peak=off_peak)
        start = self._clock()
        decision = Decision(FIRST_WAIT)
        while (wait := decision.wait) is not None:
            waited = self._clock() - start
            if deadline is not None and waited >= deadline:
                raise StillRunning(task_id, waited)
            self._sleep(wait if deadline is None else min(wait, deadline - waited))
            answer: Task | ViduError
            try:
                answer = self.get(task_id)
                decision = pacer.answered(answer, self._clock() - start)
            except (ApiUnreachable, ApiRefused) as error:
                answer, decision = error, pacer.failed(error)
            if decision.error:
                raise decision.error
            if isinstance(answer, Task):
                yield answer

    def generate(self, request: VideoRequest, *, deadline: float | None = None) -> Iterator[Task]:
        """Submit, then watch. The first item carries the task id, before any poll.

        Raises what `submit` and `watch` raise.
        """
        task_id = self.submit(request)
        yield Task(task_id)
        yield from self.watch(task_id, deadline=deadline, off_peak=request.off_peak)

    def download(self, task: Task | str, target: str | os.PathLike[str]) -> Path:
        """Download a finished task's video.

        The link is requested exactly as it is, without the key. Temporary failures are retried for
        about a minute, with a new link if the API gives one. Nothing is ever submitted.

        Args:
            task: A finished task, or its id.
            target: A file name, or a folder for `vidu-<task id>.mp4`. A name without a suffix, or
                ending in a slash, is a folder.

        Returns:
            The finished file.

        Raises:
            LinkExpired: The link no longer works, and neither does a new one.
            LinkRefused: The link does not lead to a public https address.
            DownloadFailed: The video could not be fetched, or is not a playable file.
            VideoMissing, TaskFailed, StillRunning: The task has no video (yet).
            ApiUnreachable, ApiRefused: It has no link, and the API could not be asked for one.
        """
        task = Task(task) if isinstance(task, str) else task
        path = target_file(task.task_id, target)
        for pause in DOWNLOAD_PAUSES:
            try:
                return self._download_once(task, path)
            except (DownloadFailed, VideoMissing, *TRANSIENT) as error:
                if isinstance(error, DownloadFailed) and not error.may_pass:
                    raise
                retry_after = getattr(error, "retry_after", None) or 0.0
            self._sleep(max(pause, min(60.0, retry_after)))
            if task.video_url:
                with suppress(ViduError):  # then the current link may still work
                    task = self._finished(task.task_id)
        return self._download_once(task, path)

    def _download_once(self, task: Task, path: Path) -> Path:
        if not task.video_url:
            task = self._finished(task.task_id)
        return fetch(task, path, reach=self.reach)

    def _finished(self, task_id: str) -> Task:
        task = self.get(task_id)
        if task.status is TaskStatus.FAILED:
            raise TaskFailed(task_id, task.reason)
        if not task.finished:
            raise StillRunning(task_id)
        if not task.video_url:
            raise VideoMissing(task_id=task_id)
        return task

    def _submit_once(self, payload: dict[str, Any]) -> str:
        return submit(
            self.base_url + VideoRequest.PATH,
            payload,
            authorize=self._authorize,
            secret=self._key,
            saw=partial(self._tell, f"POST {VideoRequest.PATH}", self._clock()),
        )

    def _tell(self, call: str, start: float, answer: Answer, lost: str) -> None:
        if not self._observer:
            return
        try:
            seconds = self._clock() - start
            self._observer(describe(call, answer, lost, seconds, self._key))
        except Exception:  # a bought task's id is still to be returned
            log.exception("an exchange could not be described")

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As an auth hook, since requests lets a .netrc entry override a plain header.
        if not self._key:
            raise KeyMissing
        if not re.fullmatch(r"[!-~]+", self._key):
            raise KeyMissing(
                "The API key contains a character that no key has, such as a line break."
            )
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
"""What a failed exchange raises, even one that could not start."""
