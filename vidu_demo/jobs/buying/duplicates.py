"""Requests sent twice: a double click, or one that is still running."""

from collections.abc import Collection, Sequence

from vidu_demo.jobs.errors import DuplicateRequest
from vidu_demo.jobs.job import Job
from vidu_demo.jobs.ledger import Ledger


def double_click(
    ledger: Ledger,
    idempotency_key: str,
    jobs: Sequence[Job],
    acknowledged: Collection[str],
    within: float,
) -> list[Job]:
    """Find the jobs of a double click.

    Args:
        ledger: Where earlier jobs are.
        idempotency_key: The later click's.
        jobs: The jobs that the later click would start.
        acknowledged: Ids of earlier jobs that the visitor wants more of.
        within: Seconds within which the same request counts as the same click.

    Returns:
        The earlier click's jobs; empty if the later click asks for something new.

    Raises:
        DuplicateRequest: The same request is running, or may be.
    """
    earlier = [
        [
            job
            for job in ledger.same_request(new.owner, new.backend, new.fingerprint)
            if job.id not in acknowledged
        ]
        for new in jobs
    ]
    double = [
        found[0]
        for new, found in zip(jobs, earlier, strict=True)
        if found and 0 <= new.created - found[0].created < within
    ]
    may_run = double or [job for found in earlier for job in found if job.may_run]
    if not may_run:
        return []
    # If this click is sent again after those jobs end, it must still buy nothing.
    ledger.alias(idempotency_key, may_run[0])
    if len(double) == len(jobs):
        return double
    raise DuplicateRequest(may_run, len(jobs))
