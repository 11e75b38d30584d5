"""A task, and how far along it is."""

import math
from dataclasses import dataclass
from typing import NamedTuple

QUEUED = "TASK_STATUS_QUEUED"
PROCESSING = "TASK_STATUS_PROCESSING"
SUCCEED = "TASK_STATUS_SUCCEED"
FAILED = "TASK_STATUS_FAILED"

QUEUED_SHARE = 0.15  # of a task's length


@dataclass(frozen=True)
class SimulatedTask:
    """One accepted request; the request itself stays on disk, since pictures are large.

    Attributes:
        task_id: Its id.
        created: When it was accepted, in seconds since the epoch.
        length: Seconds it takes at least.
        failure: The reason it will fail with; empty for a task that succeeds.
    """

    task_id: str
    created: float
    length: float
    failure: str = ""


class Progress(NamedTuple):
    """How far along a task is: its status, percent from 0 to 100, and seconds left."""

    status: str
    percent: int
    eta: int


def progress(age: float, length: float, rendered: bool) -> Progress:
    """Work out how far along a task is, from nothing but these facts.

    Args:
        age: Seconds since it was accepted.
        length: Seconds it takes at least.
        rendered: Whether its video is ready; without it no age is enough.
    """
    if age >= length:
        return Progress(SUCCEED, 100, 0) if rendered else Progress(PROCESSING, 99, 1)
    eta = math.ceil(length - age)
    queued = QUEUED_SHARE * length
    if age < queued:
        return Progress(QUEUED, 0, eta)
    percent = int(100 * (age - queued) / (length - queued))
    return Progress(PROCESSING, min(percent, 99), eta)
