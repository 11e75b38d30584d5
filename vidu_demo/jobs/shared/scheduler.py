"""A scheduler for several processes on one PostgreSQL database, on top of procrastinate.

Procrastinate decides which process follows which job. For each open job there is a procrastinate
job with its id as the lock, and whoever runs that follows the job until it ends. Heartbeats show
which processes are alive, and what the others followed is queued again.

A follower remembers what the API has said, and its page is in the same process. So it is not each
step that is queued: the heap of the process runs them.
"""

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from procrastinate import App, JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.jobs import Job as QueuedJob
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg import Error as DriverError
from psycopg.conninfo import make_conninfo
from sqlalchemy.dialects import postgresql

from vidu_demo.api.text import Text
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import FOLLOWED, JobState
from vidu_demo.jobs.ledger import CHANGES, Ledger
from vidu_demo.jobs.scheduler import HeapScheduler, Listener, Step, StepKind
from vidu_demo.jobs.shared.forgotten import FORGOTTEN, ForgottenKeys
from vidu_demo.jobs.shared.polls import Held, Polls, TaskBusy
from vidu_demo.jobs.sql.database import MIGRATING, cause
from vidu_demo.jobs.sql.tables import MAY_WAIT, job_table, poll_table

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS, STALLED_SECONDS = 4.0, 14.0
"""How often a process says that it is alive, and after how long a silence it counts as gone."""
RESCUES = "* * * * * */4"
"""When one of the processes queues what nobody follows: a cron expression, its seconds last."""
RETRY_SECONDS = 1.0
"""Seconds until something is retried that the database, or another process, did not allow."""
LEFT = "left"
"""The queue of the jobs whose process is gone. Each process has another one for its own jobs."""
MAX_FOLLOWED = 100_000
"""Jobs that one process can follow: without a limit of its own, procrastinate's would count."""
_FOLLOW = "follow"
_CLOSE_SECONDS = 0.2
"""How long it may take to notice that this process stops."""

_job = job_table.c
_queued = sa.table(
    "procrastinate_jobs",
    sa.column("id", sa.BigInteger),
    sa.column("lock", sa.Text),
    sa.column("queue_name", sa.Text),
    sa.column("status", sa.Text),
)
_events = sa.table(
    "procrastinate_events",
    sa.column("job_id", sa.BigInteger),
    sa.column("type", sa.Text),
    sa.column("at", sa.DateTime(timezone=True)),
)


class SharedScheduler(HeapScheduler):
    """A scheduler for one of several processes.

    Args:
        ledger: The jobs, in PostgreSQL.
        backends: The APIs whose jobs are taken over.
        keys: True if visitors' jobs wait for their keys; otherwise they are taken over, too.
        changes: Told whose jobs other processes have changed.
        clock: Returns seconds, monotonic.
        wall: Returns Unix seconds.
        polls_per_second: The maximum, for all processes together.

    Raises:
        LedgerFailed: The database can't be used.
    """

    def __init__(
        self,
        ledger: Ledger,
        backends: Collection[str],
        keys: bool,
        changes: Changes,
        clock: Callable[[], float],
        wall: Callable[[], float],
        polls_per_second: float,
    ) -> None:
        super().__init__(clock, None)
        self._ledger, self._backends, self._changes = ledger, backends, changes
        self._wall = wall
        self._waiting = MAY_WAIT if keys else sa.false()
        self._polls = Polls(ledger.engine, polls_per_second)
        self._forgotten = ForgottenKeys(ledger.engine)
        self._own = secrets.token_hex(8)
        self._held: dict[str, Held] = {}
        self._ended: dict[Held, asyncio.Event] = {}
        self._database = _conninfo(ledger.engine.url)
        self._app = App(connector=PsycopgConnector(conninfo=self._database, min_size=1, max_size=4))
        self._app.task(name=_FOLLOW, pass_context=True)(self._follow)
        rescue = self._app.task(name="rescue", queue=LEFT, queueing_lock="rescue")(self._rescue)
        self._app.periodic(cron=RESCUES)(rescue)
        self._loop: asyncio.AbstractEventLoop
        self._worker: Worker | None = None
        self._engine = threading.Thread(target=self._run_engine, name="vidu-engine", daemon=True)
        _set_up(ledger)

    def open(self, listener: Listener) -> None:
        """Start. Steps that were put earlier wait for this."""
        self._listener = listener
        super().open(listener)
        self._engine.start()

    def close(self) -> None:
        """Finish the running steps and start no more. Other processes take the jobs over."""
        super().close()
        self._call(self._stop_worker)
        self._engine.join()
        self._polls.close()

    def assign(self, job_id: str) -> bool:
        """Queue a job for this process. What can't be queued now is taken over later."""
        if not self._closing.is_set():
            try:
                self._queue_jobs([job_id], self._own)
            except (LedgerFailed, ConnectorException) as error:
                log.warning("job %s has to wait: %s", job_id, error)
        return False

    def ended(self, job_id: str) -> None:
        """Note that this process no longer follows a job."""
        if held := self._held.pop(job_id, None):
            self._call(self._ended[held].set)

    def tell_forgotten(self, owner: str) -> None:
        """Have all other processes forget a visitor's key.

        Raises:
            KeyStays: They could not be told.
        """
        self._forgotten.tell(owner)

    def _call(self, do: Callable[[], object]) -> None:
        """Do something in procrastinate's thread, unless that has ended."""
        with suppress(RuntimeError, AttributeError):
            self._loop.call_soon_threadsafe(do)

    def _run(self, step: Step) -> None:
        match step.kind:
            case StepKind.SUBMIT:  # the ledger's claim tells whether it may be sent
                step.run()
            case StepKind.POLL:
                self._poll(step)
            case StepKind.DOWNLOAD:
                self._if_held(step, lambda held: 0.0 if self._polls.holds(held) else None)

    def _poll(self, step: Step) -> None:
        task_id, weight = step.lock, step.weight
        try:
            self._if_held(step, lambda held: self._polls.begin(task_id, weight, held))
        finally:
            with suppress(LedgerFailed):  # then the lock is gone with its session
                self._polls.end(task_id)

    def _if_held(self, step: Step, reserve: Callable[[Held], float | None]) -> None:
        """Run a step once its time has come, if this process still follows the job."""
        held, wait = self._held.get(step.job), None
        try:
            wait = reserve(held) if held else None
        except (LedgerFailed, TaskBusy):
            self.put(step, RETRY_SECONDS)
            return
        finally:
            if step.kind is StepKind.POLL:
                with self._changed:
                    self._queue.polls_from(self._clock() + (wait or 0.0))
                    self._changed.notify()
        if wait is None:
            self._listener.lose(step.job)
        elif not self._closing.wait(wait) and self._held.get(step.job) is held:
            step.run()

    def _stop_worker(self) -> None:
        if self._worker:
            self._worker.stop()  # type: ignore[no-untyped-call]

    def _run_engine(self) -> None:
        """Run procrastinate's worker, again and again if the database can't be reached."""
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._loop.set_exception_handler(_log)
            runner.run(self._work())

    async def _work(self) -> None:
        # Nothing here is stopped by cancelling it: a pool that is being opened would never end.
        listening = asyncio.create_task(self._listen())
        while not self._closing.is_set():
            try:
                async with self._app.open_async():
                    await self._rescue()
                    await self._run_worker()
            except (ConnectorException, sa.exc.SQLAlchemyError) as error:
                log.warning("the database can't be used for now: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
        await listening

    async def _run_worker(self) -> None:
        worker = self._worker = Worker(
            self._app,
            queues=[self._own, LEFT],
            concurrency=MAX_FOLLOWED,
            # A new job is announced, but an announcement may come while the worker is not waiting.
            fetch_job_polling_interval=RETRY_SECONDS,
            shutdown_graceful_timeout=0,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
        )
        if self._closing.is_set():  # it may have been before there was a worker to stop
            return
        try:
            await worker.run()  # type: ignore[no-untyped-call]
        finally:
            if worker.worker_id:  # what it followed need not wait until it counts as gone
                await self._app.job_manager.unregister_worker(worker.worker_id)

    async def _follow(self, context: JobContext, job: str) -> None:
        """Follow a job until it ends, or until this process loses it."""
        row, worker = context.job.id, context.job.worker_id
        held = Held(job, row or 0, worker or 0)
        ended = self._ended[held] = asyncio.Event()
        if earlier := self._held.get(job):
            self._ended[earlier].set()
        self._held[job] = held
        try:
            if await asyncio.to_thread(self._begin, job, context.job.queue == LEFT):
                await ended.wait()
        finally:
            del self._ended[held]
            if self._held.get(job) is held:
                del self._held[job]
                if not self._closing.is_set():
                    self._loop.run_in_executor(None, self._listener.lose, job)

    def _begin(self, job_id: str, left: bool) -> bool:
        job = self._ledger.get(job_id)
        if not job:
            return False
        return self._listener.take_over(job) if left else self._listener.begin(job)

    async def _rescue(self, timestamp: int = 0) -> None:  # noqa: ARG002 - procrastinate passes it
        """Queue every job that no process follows."""
        jobs = self._app.job_manager
        for stalled in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            with suppress(ConnectorException):  # another process was faster
                # A new one is queued instead, so that a process that goes on has lost it.
                await jobs.finish_job(stalled, Status.FAILED, delete_job=True)
        for unfetched in await asyncio.to_thread(self._unfetched):
            await jobs.cancel_job_by_id_async(unfetched, delete_job=True)
        left = await asyncio.to_thread(self._left)
        await asyncio.to_thread(self._queue_jobs, left, LEFT)

    def _unfetched(self) -> Sequence[int]:
        """List what is queued for a process that does not fetch it."""
        since = sa.func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, STALLED_SECONDS)
        query = sa.select(_queued.c.id).where(
            _queued.c.id == _events.c.job_id,
            sa.cast(_queued.c.status, sa.Text) == "todo",
            _queued.c.queue_name != LEFT,
            sa.cast(_events.c.type, sa.Text) == "deferred",
            _events.c.at < since,
        )
        with self._ledger.engine.connect() as connection:
            return connection.scalars(query).all()

    def _left(self) -> Sequence[str]:
        """List the open jobs that are not queued, except those that wait for a visitor's key."""
        query = sa.select(_job.id).where(
            _job.backend.in_(self._backends),
            _job.state.in_(FOLLOWED),
            sa.not_(self._waiting),
            # A click that has just been written is queued next.
            (_job.state != JobState.PREPARED) | (_job.created < self._wall() - STALLED_SECONDS),
            ~sa.exists().where(_queued.c.lock == _job.id),
        )
        with self._ledger.engine.connect() as connection:
            return connection.scalars(query).all()

    def _queue_jobs(self, job_ids: Sequence[str], queue: str) -> None:
        queued = [
            QueuedJob(
                queue=queue,
                lock=each,
                queueing_lock=each,
                task_name=_FOLLOW,
                task_kwargs={"job": each},
            )
            for each in job_ids
        ]
        with suppress(AlreadyEnqueued), self._ledger.engine.begin() as connection:
            driver = connection.connection.driver_connection
            JobManager(SyncPsycopgConnector()).batch_defer_jobs(queued, connection=driver)

    async def _listen(self) -> None:
        """Hear of the changes that other processes make, and of the keys that they forget."""
        while not self._closing.is_set():
            try:
                async with await AsyncConnection.connect(self._database, autocommit=True) as link:
                    await link.execute(f"LISTEN {CHANGES}")
                    await link.execute(f"LISTEN {FORGOTTEN}")
                    # Some may have been missed. A key that was entered since is not meant, even if
                    # the database is slow to answer.
                    read_at = self._clock()
                    for owner, age in (await asyncio.to_thread(self._forgotten.ages)).items():
                        self._listener.hear_forgotten(owner, age + self._clock() - read_at)
                    self._changes.mark_all()
                    while not self._closing.is_set():
                        async for notice in link.notifies(timeout=_CLOSE_SECONDS):
                            self._hear(notice.channel, notice.payload)
            except (DriverError, sa.exc.SQLAlchemyError) as error:
                log.warning("changes by other processes can't be heard for now: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    def _hear(self, channel: str, payload: str) -> None:
        if channel == CHANGES:
            self._changes.mark(payload)
        elif owner := self._forgotten.heard(payload):
            self._listener.hear_forgotten(owner, 0.0)


def _set_up(ledger: Ledger) -> None:
    """Make procrastinate's tables, the one of forgotten keys, and the row of the poll rate."""
    try:
        with ledger.engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
            if not connection.scalar(sa.select(sa.func.to_regclass("procrastinate_jobs"))):
                driver: Any = connection.connection.driver_connection
                driver.execute(SchemaManager.get_schema())
            ForgottenKeys.set_up(connection)
            row = postgresql.insert(poll_table).values(id=1, next=0.0)
            connection.execute(row.on_conflict_do_nothing())
    except sa.exc.SQLAlchemyError as error:
        raise LedgerFailed(
            Text("The list of jobs can't be opened: {why}.", why=cause(error))
        ) from None


def _conninfo(url: sa.URL) -> str:
    """Return a database's address as libpq reads it."""
    known: dict[str, Any] = url.translate_connect_args(username="user", database="dbname")
    return make_conninfo(**known, **dict[str, Any](url.query))


def _log(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what went wrong with a job that this process no longer has, without its traceback."""
    log.warning("%s: %s", context["message"], context.get("exception"))
