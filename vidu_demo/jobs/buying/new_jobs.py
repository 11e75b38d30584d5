"""Makes the jobs of a click and their folders, before they go into the ledger."""

import hashlib
import math
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from vidu_demo.api.images import Picture, prepare_all
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run
from vidu_demo.jobs import files
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.ledger import digest


def new_jobs(
    requests: Sequence[VideoRequest],
    *,
    idempotency_key: str,
    owner: str,
    address: str,
    backend: str,
    payer: Payer,
    videos: Path,
    random: Callable[[], float],
    run: Run,
    full: VideoRequest | None = None,
    parent: str = "",
) -> list[Job]:
    """Prepare the jobs of one click, all or none. Their `created` is still 0.

    Args:
        requests: The requests. A seed is picked for those without one, for all the same, so that
            they can be compared; those that are alike get one each.
        idempotency_key: The click's key. The first job gets it, the others with a number added.
        owner: The visitor.
        address: A digest of the visitor's IP address; empty if unknown.
        backend: The API the jobs will be sent to.
        payer: Whose key they will be sent with.
        videos: The folder that gets a folder for each job.
        random: Returns a number in [0, 1).
        run: Decodes the pictures.
        full: What the request is a draft of, if it is one.
        parent: The id of the job that they are made from, or empty.

    Raises:
        PictureInvalid: A picture can't be sent.
        LedgerFailed: The disk is full or can't be written.
    """
    visitor = address or owner
    pictures = _prepare(requests, run, visitor)
    seeds = [*islice(_seeds(random), len(requests))]
    jobs: list[Job] = []
    try:
        for number, (request, (fingerprint, take)) in enumerate(
            zip(requests, _fingerprints(requests, pictures), strict=True), 1
        ):
            seed = seeds[take - 1] if request.seed is None else request.seed
            job = Job(
                id=secrets.token_hex(16),
                idempotency_key=idempotency_key if number == 1 else f"{idempotency_key}:{number}",
                fingerprint=fingerprint,
                owner=owner,
                backend=backend,
                request={},
                state=JobState.PREPARED,
                created=0,
                address=address,
                price=math.ceil(1000 * request.price) if payer is Payer.HOST else 0,
                payer=payer,
                full=full.model_dump(exclude={"images"}, exclude_none=True) if full else None,
                parent=parent,
            )
            jobs.append(job)
            job.request.update(
                files.keep(
                    videos / job.id,
                    request.model_copy(update={"seed": seed}),
                    pictures[number - 1],
                    run=run,
                    visitor=visitor,
                )
            )
    except BaseException:
        for job in jobs:
            files.delete(videos / job.id)
        raise
    return jobs


def adopted_job(
    task_id: str,
    *,
    owner: str,
    address: str,
    backend: str,
    payer: Payer,
    request: dict[str, Any],
    created: float,
) -> Job:
    """Make a job for a task that was bought elsewhere or lost with an earlier disk."""
    return Job(
        id=secrets.token_hex(16),
        idempotency_key=digest(owner, backend, task_id),
        fingerprint="",
        owner=owner,
        backend=backend,
        request=request,
        state=JobState.RUNNING,
        created=created,
        submitted=created,
        task_id=task_id,
        address=address,
        payer=payer,
    )


def _prepare(requests: Sequence[VideoRequest], run: Run, visitor: str) -> list[list[Picture | str]]:
    """Prepare the pictures of each request; takes of the same form share theirs."""
    prepared: list[list[Picture | str]] = []
    for place, request in enumerate(requests):
        if place and request.images == requests[place - 1].images:
            prepared.append(prepared[-1])
        else:
            prepared.append(prepare_all(request.images, run=run, visitor=visitor))
    return prepared


def _fingerprints(
    requests: Sequence[VideoRequest], prepared: Sequence[list[Picture | str]]
) -> list[tuple[str, int]]:
    """Digest the requests, with seeds as given, and tell which take of the same each is.

    If one click asks for the same thing several times, each job gets its own fingerprint.
    """
    times, prints = Counter[str](), []
    for request, pictures in zip(requests, prepared, strict=True):
        hasher = hashlib.sha256(request.model_dump_json(exclude={"images"}).encode())
        for picture in pictures:
            data = picture.data if isinstance(picture, Picture) else picture.encode()
            hasher.update(hashlib.sha256(data).digest())
        fingerprint = hasher.hexdigest()
        times[fingerprint] += 1
        if times[fingerprint] > 1:
            hasher.update(f"take {times[fingerprint]}".encode())
        prints.append((hasher.hexdigest(), times[fingerprint]))
    return prints


def _seeds(random: Callable[[], float]) -> Iterator[int]:
    while True:
        yield 1 + int(random() * VideoRequest.LARGEST_SEED)
