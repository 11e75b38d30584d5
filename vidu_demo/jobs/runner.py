"""The job runner: follows every open job to its end, and knows every job.

It needs no open browser and keeps no visitor waiting.
"""

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vidu_demo.api.client import system_random
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run, in_process
from vidu_demo.api.task import Task
from vidu_demo.api.text import Text
from vidu_demo.jobs import files
from vidu_demo.jobs.answers import Entry
from vidu_demo.jobs.buying.accounts import Accounts
from vidu_demo.jobs.buying.new_jobs import adopted_job
from vidu_demo.jobs.buying.purchases import Purchases, check_open
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.durations import Durations
from vidu_demo.jobs.errors import (
    LedgerFailed,
)
from vidu_demo.jobs.films.films import Films
from vidu_demo.jobs.films.joins import Joins
from vidu_demo.jobs.follower import LONGEST_TASK, NOTHING_WRONG, Follower, Services
from vidu_demo.jobs.followers import Followers
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.links import Links
from vidu_demo.jobs.open_forms import OpenForms
from vidu_demo.jobs.room import Room
from vidu_demo.jobs.scheduler import HeapScheduler, Scheduler
from vidu_demo.jobs.search import EVERYTHING, Search
from vidu_demo.media import clip

LONGEST_CLICK = 3600.0
"""Seconds. A folder that is older and has no job is of a click that came to nothing."""


class JobView(NamedTuple):
    """What a page sees of a job.

    Attributes:
        job: Its row.
        task: The API's latest answer, if any.
        waits: True if it can't go on until its visitor enters their key.
    """

    job: Job
    task: Task | None
    waits: bool = False


class Calls(NamedTuple):
    """The calls of the API for a job.

    Attributes:
        request: The body of the submit, its pictures shortened; None if it was not sent from here.
        asked: The request that it was made of, with its pictures by the names they had, if it was.
        answers: What the API answered, oldest first.
    """

    request: dict[str, Any] | None
    asked: VideoRequest | None
    answers: tuple[Entry, ...]


class JobRunner:
    """Follows jobs in the background.

    Args:
        ledger: Stores the jobs.
        accounts: Knows who pays, and gives the clients. Jobs of other APIs are left alone.
        videos: The folder that gets a folder for each job.
        room: Limits the disk space; None for no limit.
        public: Pictures that all visitors can start from, so their copies stay.
        delete_simulated: Deletes what the simulator keeps of a task.
        requests_per_second: Maximum polls per second, for all jobs together.
        clock: Returns seconds, monotonic.
        wall: Returns Unix seconds.
        random: Returns a number in [0, 1).
        run: Opens pictures and videos: in this process, or a pool's `run`.
        joins: Joins films; None if none can be joined.

    Attributes:
        videos: The same folder.
        films: The visitors' films.
        purchases: Makes offers, and starts what is bought.
    """

    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts,
        *,
        videos: Path,
        room: Room | None = None,
        public: Sequence[Path] = (),
        delete_simulated: Callable[[str], object] = lambda _: None,
        requests_per_second: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = system_random,
        run: Run = in_process,
        joins: Joins | None = None,
    ) -> None:
        self.videos, self._accounts, self._room = videos, accounts, room
        self._delete_simulated, self._public = delete_simulated, public
        self._ledger, self._wall, self._random, self._run = ledger, wall, random, run
        self._links = Links(ledger)
        self.forms = OpenForms()
        self._durations = Durations(ledger)
        self._changes = Changes()
        self.films = Films(ledger, videos, self._changes, wall, joins)
        self._services = Services(
            ledger,
            accounts,
            self._durations,
            videos,
            clock,
            wall,
            random,
            self._changes,
            run,
        )
        self._followers = Followers(self._services, self._scheduler(requests_per_second))
        self.purchases = Purchases(
            ledger,
            accounts,
            self.films,
            self._followers.follow,
            videos=videos,
            room=room,
            wall=wall,
            random=random,
            run=run,
        )

    def open(self) -> "JobRunner":
        """Resume every job that an earlier run of the app, or a process that is gone, left open."""
        if not self._ledger.shared:
            for job in self._ledger.followed(*self._accounts.backends):
                self._followers.take_over(job)
        before = self._wall() - (LONGEST_CLICK if self._ledger.shared else 0)
        files.tidy(self.videos, self._ledger.states(), before)
        self.films.tidy()
        self._followers.open()
        return self

    def close(self) -> None:
        """Stop. Open jobs continue at the vendor; the next `open` resumes them."""
        self.films.close()
        self._followers.close()

    @property
    def takes_keys(self) -> bool:
        """True if visitors can pay with their own keys."""
        return self._accounts.takes_keys

    @property
    def usual_payer(self) -> Payer:
        """Who pays for visitors without a key of their own."""
        return self._accounts.default

    def is_kept(self, key: str, owner: str) -> bool:
        """Tell whether this very key is kept for a visitor, so that it need not be checked."""
        return self._accounts.is_kept(key, owner)

    def take_key(self, key: str, owner: str, *, one_call: bool = False) -> None:
        """Let a visitor pay with their own key, and resume the jobs that wait for it.

        Args:
            key: The key.
            owner: The visitor.
            one_call: True to forget it when the jobs of their one call have ended.

        Raises:
            VisitorKeysNotAccepted: The host does not accept visitors' keys.
            KeyNotAccepted: The API refused it, or could not be asked. An earlier one stays.
            LedgerFailed: The waiting jobs can't be read; the key was not kept.
        """
        if not self._accounts.take_key(key, owner, one_call=one_call):
            return
        try:
            for job in self._ledger.paid_by_visitor(owner, *self._accounts.backends):
                self._followers.resume(job.id)
        except LedgerFailed:
            self._accounts.forget_key(owner)
            raise
        self._changes.mark(owner)

    def forget_key(self, owner: str) -> None:
        """Forget a visitor's key. The jobs that run with it wait until they enter it again.

        Raises:
            KeyStays: Only this process has forgotten it, and others may have it.
        """
        self._followers.forget_key(owner)

    def adopt(
        self,
        task_id: str,
        *,
        owner: str,
        address: str = "",
        request: dict[str, Any] | None = None,
        created: float | None = None,
        payer: Payer | None = None,
    ) -> Job:
        """Follow a task that was bought elsewhere or lost with an earlier disk.

        Args:
            task_id: The task.
            owner: The visitor who wants to see it.
            address: A digest of their IP address.
            request: The settings, as far as known.
            created: When it was requested, in Unix seconds, if known.
            payer: Whose key it was bought with; by default, who pays for the next video.

        Raises:
            TooManyOpen: The visitor has too many unfinished jobs.
            LedgerFailed: The job can't be saved.
            KeyMissing: The payer is not served.
        """
        payer = payer or self.purchases.payer(owner)
        backend = self._accounts.backend(payer)
        with self._ledger.one_click(owner):
            if found := self._known(task_id, owner):
                if found.fingerprint or found.open or found.payer is payer:
                    return found
                return self._ledger.change(found, payer=payer, backend=backend) or found
            check_open(self._ledger, owner, address)
            now = self._wall()
            job = adopted_job(
                task_id,
                owner=owner,
                address=address,
                backend=backend,
                payer=payer,
                request=request or {},
                created=created if created is not None and 0 < created <= now else now,
            )
            (written,) = self._ledger.add([job])
        if written is job:
            self._followers.follow(job)
        return written

    def knows(self, task_id: str, owner: str) -> bool:
        """Tell whether a visitor has a job for a task."""
        return self._known(task_id, owner) is not None

    def is_deleted(self, task_id: str, owner: str, *backends: str) -> bool:
        """Tell whether a visitor has deleted their job for this task.

        Args:
            task_id: The task.
            owner: The visitor.
            backends: The APIs it may be a task of; by default, all that are served.
        """
        served = backends or self._accounts.backends
        return any(self._ledger.is_deleted(owner, backend, task_id) for backend in served)

    def serves(self, payer: Payer, backend: str) -> bool:
        """Tell whether a payer's jobs at an API can be followed."""
        return self._accounts.serves(payer, backend)

    def stop(self, job_id: str, owner: str) -> Job | None:
        """Stop watching a job. Its task continues at the vendor."""
        view = self.find(job_id, owner)
        if not view:
            return None
        # One that waits for a key is not followed, or it is in another process, which will notice.
        follower = self._followers.get(job_id) or Follower(view.job, self._services)
        return follower.job if follower.stop() else None

    def watch_again(self, job_id: str, owner: str) -> Job | None:
        """Resume a job that was stopped, or whose task was not found or not finished.

        A finished job is resumed if its video is missing, since the vendor may still have it.

        Raises:
            TooManyOpen: The visitor has too many unfinished jobs.
            LedgerFailed: The change can't be saved.
        """
        with self._ledger.one_click(owner):
            view = self.find(job_id, owner)
            job = view.job if view else None
            if not job or job.open or not job.task_id:
                return None
            if job.backend not in self._accounts.backends:
                return None
            done = job.state is JobState.DONE
            if done and self.file(job, job.video or "").is_file():
                return None
            check_open(self._ledger, owner, job.address)
            self._followers.let_go(job_id)
            written = self._ledger.get(job_id)
            job = written and self._ledger.change(
                written,
                # It may have ended unwatched, so how long it took can't be known.
                **{"state": JobState.SAVING} if done else _UNWATCHED,
                **NOTHING_WRONG,
            )
            if job:
                self._followers.follow(job)
        return job

    def star(self, job_id: str, owner: str, *, starred: bool) -> bool:
        """Mark a visitor's job as one of their best, or no longer.

        Returns:
            False if they have no such job, or it is open: then its row changes by itself.

        Raises:
            LedgerFailed: The ledger can't be written.
        """
        view = self.find(job_id, owner)
        if not view or view.job.open or not self._ledger.claim(view.job, starred=starred):
            return False
        self._changes.mark(owner)
        return True

    def delete(self, job_id: str, owner: str, keep: Iterable[Path] = ()) -> bool:
        """Delete a visitor's job for good, with its pictures and its video.

        Its task, which may still be running at the vendor, can be adopted again.

        Args:
            job_id: The job.
            owner: The visitor.
            keep: Uploads that stay although the job was made from them, since a form shows them.

        Returns:
            False if they have no such job, or it is open.

        Raises:
            LedgerFailed: The ledger can't be written; nothing was deleted.
        """
        with self._ledger.one_click(owner):
            view = self.find(job_id, owner)
            delete_film = self.films.deletion_with(job_id, owner)
            if not view or view.job.open or not self._ledger.delete(view.job):
                return False
            delete_film()
            self._followers.drop(job_id)
        self._changes.mark(owner)
        copies = self._room.copies if self._room else None
        shared = self.forms.of_others(owner)
        files.delete(self.videos / job_id, copies, [*keep, *self._public], shared)
        if view.job.simulated and view.job.task_id:
            self._delete_simulated(view.job.task_id)
        return True

    def delete_older(self, than: float) -> None:
        """Delete all visitors' jobs that ended before a time, with their files.

        Jobs that were bought before it with a visitor's key and wait for that key are deleted, too,
        and those that have not ended though no task can take so long.

        Args:
            than: Unix seconds.

        Raises:
            LedgerFailed: The ledger can't be read or written.
        """
        for job in self._ledger.ended_before(than, LONGEST_TASK):
            overdue = job.created < than - LONGEST_TASK
            if self.waits(job) or (overdue and job.awaits_task):
                self.stop(job.id, job.owner)
            elif overdue and job.open:
                self._ledger.change(job, state=JobState.STOPPED)
            self.delete(job.id, job.owner)
        self.films.drop_unknown_parts(than)

    def delete_expired_offers(self, now: float) -> None:
        """Delete the offers that have expired.

        Args:
            now: Unix seconds.

        Raises:
            LedgerFailed: The ledger can't be written.
        """
        self._ledger.delete_expired_offers(now)

    def find(self, job_id: str, owner: str) -> JobView | None:
        """Return the state of a visitor's job; None if it is not theirs."""
        follower = self._followers.get(job_id)
        job = follower.job if follower else self._ledger.get(job_id)
        if not job or not secrets.compare_digest(job.owner, owner):
            return None
        return JobView(job, follower.task if follower else None, self.waits(job))

    def among(self, ids: Collection[str], owner: str) -> dict[str, JobView]:
        """Return the state of those of a visitor's jobs that have these ids."""
        found = self._ledger.among(owner, ids)
        held = {job_id: self._followers.get(job_id) for job_id in found}
        return {
            job_id: JobView(follower.job, follower.task, self.waits(follower.job))
            if (follower := held[job_id])
            else JobView(job, None, self.waits(job))
            for job_id, job in found.items()
        }

    def calls(self, job_id: str, owner: str) -> Calls | None:
        """Return what was sent and answered about a visitor's job; None if it is not theirs.

        Raises:
            LedgerFailed: The ledger can't be read.
        """
        view = self.find(job_id, owner)
        if not view:
            return None
        job, follower = view.job, self._followers.get(job_id)
        answers = follower.answers if follower else self._ledger.answers(job_id)
        if not job.fingerprint:  # it was bought elsewhere
            return Calls(None, None, answers)
        folder = self.videos / job_id
        request = files.outline(folder, job.request)
        return Calls(request, files.as_asked(folder, job.request), answers)

    def waits(self, job: Job) -> bool:
        """Tell whether a job can't go on until its visitor enters their key."""
        return self._accounts.waits(job)

    def version(self, owner: str) -> str:
        """Return the version of a visitor's jobs. As long as it stays the same, so do the jobs."""
        return self._changes.version(owner)

    def jobs(self, owner: str, *, most: int = 50, search: Search = EVERYTHING) -> list[Job]:
        """List a visitor's latest jobs, newest first.

        Args:
            owner: The visitor.
            most: How many to list.
            search: What they look for.
        """
        backends = self._accounts.backends
        found = self._ledger.for_owner(owner, *backends, most=most, search=search)
        return [held.job if (held := self._followers.get(job.id)) else job for job in found]

    def count(self, owner: str, search: Search = EVERYTHING) -> int:
        """Count all of a visitor's jobs, or those that they look for."""
        return self._ledger.count(owner, *self._accounts.backends, search=search)

    def usual_wait(self, request: VideoRequest, payer: Payer | None = None) -> float | None:
        """Return how long videos of this length and resolution usually take here.

        Args:
            request: May be unchecked.
            payer: Who pays for it; by default the usual payer.

        Returns:
            The median in seconds; None off-peak, or if too few are known.
        """
        backend = self._accounts.backend(payer or self._accounts.default)
        return self._durations.usual(request, backend)

    @property
    def open_jobs(self) -> int:
        """The number of jobs being followed, by any process."""
        here = len(self._followers)
        if not self._ledger.shared:
            return here
        return max(here, self._ledger.count_followed(*self._accounts.backends))

    def file(self, job: Job, name: str) -> Path:
        """Return the path of a file in a job's folder."""
        return self.videos / job.id / name

    def thumbnail(self, job: Job) -> Path | None:
        """Return a thumbnail of a job's picture, if there is one."""
        path = self.file(job, files.THUMBNAIL)
        return path if path.is_file() else None

    def still(self, job: Job) -> Path | None:
        """Return a still from the middle of a job's video; without one, its thumbnail if any."""
        path = self.file(job, files.STILL)
        return path if path.is_file() else self.thumbnail(job)

    def share(self, job_id: str, owner: str) -> str | None:
        """Make a link to a visitor's finished video, unless there is one.

        The link shows a copy of the file without its settings: they name the task, which would
        outlive the link.

        Returns:
            The link's id; None if they have no such video.

        Raises:
            ClipFailed: The copy can't be made.
            LedgerFailed: The link can't be saved.
        """
        view = self.find(job_id, owner)
        if not view or not self.plain_video(view.job):
            return None
        link = self._links.make(job_id, self._wall())
        self._changes.mark(owner)
        return link

    def unshare(self, job_id: str, owner: str) -> None:
        """Revoke the link to a visitor's video.

        Raises:
            LedgerFailed: It can't be revoked now.
        """
        if self.find(job_id, owner):
            self._links.revoke(job_id)
            self._changes.mark(owner)

    def note_copy(self, job: Job, copy: Path) -> None:
        """Note that an uploaded file shows a job's video, so that it is deleted with the job."""
        files.note_upload(self.videos / job.id, copy)

    def link(self, job: Job) -> str | None:
        """Return the id of the link to a job, if there is one."""
        return self._links.of(job.id) if job.state is JobState.DONE else None

    def shared(self, link_id: str) -> Job | None:
        """Return the job that a link leads to, for anyone who has the link."""
        job_id = self._links.job(link_id)
        return self._ledger.get(job_id) if job_id else None

    def plain_video(self, job: Job) -> Path | None:
        """Return a copy of a job's video without its settings, and make it if necessary.

        Raises:
            ClipFailed: It can't be made.
            DiskFull: There is no room for it.
        """
        video = self.file(job, job.video or "")
        if job.state is not JobState.DONE or not video.is_file():
            return None
        plain = self.file(job, files.plain_name(video.name))
        if not plain.is_file():
            if self._room:
                self._room.check()
            self._run(clip.copy_without_settings, video, plain, visitor=job.turn)
        return plain

    def _known(self, task_id: str, owner: str) -> Job | None:
        """Find a visitor's job for a task, whoever paid for it."""
        backends = sorted(self._accounts.backends)
        found = (self._ledger.by_task(owner, backend, task_id) for backend in backends)
        return next(filter(None, found), None)

    def _scheduler(self, polls_per_second: float) -> Scheduler:
        if not self._ledger.shared:
            return HeapScheduler(self._services.clock, polls_per_second)
        try:
            from vidu_demo.jobs.shared.scheduler import SharedScheduler  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise LedgerFailed(
                Text("The database's driver is not installed: {name}.", name=error.name)
            ) from None
        return SharedScheduler(
            self._ledger,
            self._accounts.backends,
            self._accounts.takes_keys,
            self._changes,
            self._services.clock,
            self._wall,
            polls_per_second,
        )


_UNWATCHED: dict[str, Any] = {"state": JobState.RUNNING, "submitted": None, "finished": None}
