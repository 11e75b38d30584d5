"""Why a click is turned away, or its job cannot be kept."""

from collections.abc import Sequence

from vidu_demo.api.errors import ViduError
from vidu_demo.api.text import Text
from vidu_demo.jobs.buying.offers import Offer
from vidu_demo.jobs.job import Job, JobState


class LedgerFailed(ViduError):
    """The ledger can't be read or written: the disk is full, read-only, or the file locked."""

    what = "The list of jobs can't be written, so nothing was sent."
    next_step = "The host of this app must free disk space or repair the data folder."


class DiskFull(ViduError):
    """The disk space that the host allows is used up."""

    what = "This app has no disk space left, so nothing was sent."
    next_step = "Delete some of your videos, or come back later."


class FilmNotReady(ViduError):
    """A part of a film is no video, or not yet."""

    what = "A part of this film is not finished, or its video is missing."
    next_step = "Wait for it, make it again, or remove it."


class TooManyFilms(ViduError):
    """This visitor has too many films.

    Args:
        most: How many that is.
    """

    next_step = "Delete one that you no longer need."

    def __init__(self, most: int) -> None:
        super().__init__(Text("You have {number} films, which is the limit.", number=most))


class JobDeleted(ViduError):
    """A page shows a job that is no longer there."""

    what = "This video has been deleted, perhaps in another tab."
    next_step = "Open another one."


class OfferExpired(ViduError):
    """An offer is too old, or was never made to this visitor."""

    what = "This price is no longer valid, so nothing was sent."
    next_step = "Check the price, then click again."


class PriceChanged(ViduError):
    """The form asks for more than the button says."""

    what = "The form had just changed, so nothing was sent."
    next_step = "Check the price, then click again."


class DuplicateRequest(ViduError):
    """The visitor's same request is running, or may be.

    Args:
        jobs: The jobs that were made of it.
        of: How many videos were asked for.

    Attributes:
        jobs: The jobs that were made of it.
        another: The offer of another one, knowing of these.
    """

    another: Offer | None = None
    what = "You already asked for this video, and it is not finished."
    next_step = "Wait for it, change something, or make a second one on purpose."

    def __init__(self, jobs: Sequence[Job], of: int) -> None:
        self.jobs = tuple(jobs)
        message: str | None = None
        next_step = None
        unknown = next((job for job in jobs if job.state is JobState.UNKNOWN), None)
        if unknown:
            message = (
                "You sent this same request before, and its answer was lost: a task may be running "
                "and billed."
            )
            next_step = "Look in the Novita console first. Sending it again could buy it twice."
        elif of > 1:
            message = Text(
                "Already asked for and not finished: {number} of these {of} videos.",
                number=len(jobs),
                of=of,
            )
        super().__init__(message, next_step=next_step, task_id=(unknown or jobs[0]).task_id)


class TooManyOpen(ViduError):
    """This visitor has too many unfinished jobs.

    Args:
        most: How many that is.
    """

    next_step = "Wait until some of them are finished, or stop watching some."

    def __init__(self, most: int) -> None:
        super().__init__(
            Text("You are already watching {number} tasks, which is the limit.", number=most)
        )
