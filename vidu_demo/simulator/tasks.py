"""A task and its progress."""

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
        created: When it was accepted, in Unix seconds.
        length: The minimum number of seconds it takes.
        failure: The reason it will fail with; empty for a task that succeeds.
    """

    task_id: str
    created: float
    length: float
    failure: str = ""


class Progress(NamedTuple):
    """A task's progress: its status, percent from 0 to 100, and seconds left."""

    status: str
    percent: int
    eta: int


def progress(age: float, length: float, rendered: bool) -> Progress:
    """Compute a task's progress.

    Args:
        age: Seconds since it was accepted.
        length: The minimum number of seconds it takes.
        rendered: Whether its video is ready; until then it is never done.
    """
    if age >= length:
        return Progress(SUCCEED, 100, 0) if rendered else Progress(PROCESSING, 99, 1)
    eta = math.ceil(length - age)
    queued = QUEUED_SHARE * length
    if age < queued:
        return Progress(QUEUED, 0, eta)
    percent = int(100 * (age - queued) / (length - queued))
    return Progress(PROCESSING, min(percent, 99), eta)
