"""When a process may poll if others poll as well: one rate for all, and each task by one at a time.

Both are kept by PostgreSQL: the rate in a row, the tasks as locks of a session.
"""

import threading
from typing import Any, NamedTuple

import sqlalchemy as sa

from vidu_demo.api.text import Text
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import FOLLOWED
from vidu_demo.jobs.sql.database import cause
from vidu_demo.jobs.sql.tables import job_table, poll_table

IDLE_SECONDS = 60
"""A session that asks nothing for so long loses its locks: its process is gone or paused. A poll
takes half of it at most."""

_engine_row = sa.table(
    "procrastinate_jobs", sa.column("id", sa.BigInteger), sa.column("worker_id", sa.BigInteger)
).c
_now = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)


class TaskBusy(Exception):
    """Another process is polling the task."""


class Held(NamedTuple):
    """A job that a process follows.

    Attributes:
        job: Its id.
        row: The id of the procrastinate job for it.
        worker: The id of the procrastinate worker that runs that.
    """

    job: str
    row: int
    worker: int

    @property
    def still(self) -> sa.ColumnElement[bool]:
        """Select whether this is still so, and the job has not ended."""
        followed = sa.exists().where(
            _engine_row.id == self.row, _engine_row.worker_id == self.worker
        )
        open_ = sa.exists().where(job_table.c.id == self.job, job_table.c.state.in_(FOLLOWED))
        return sa.and_(followed, open_)


class Polls:
    """Spaces the polls of all processes. Thread-safe.

    Args:
        engine: The database.
        polls_per_second: The maximum, for all processes together.

    Raises:
        LedgerFailed: From any method, if the database can't be used.
    """

    def __init__(self, engine: sa.Engine, polls_per_second: float) -> None:
        self._engine, self._spacing = engine, 1.0 / polls_per_second
        self._connection: sa.Connection | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the session."""
        with self._lock:
            self._drop()

    def begin(self, task_id: str, weight: float, held: Held) -> float | None:
        """Reserve the next poll, for a task; `end` must follow unless this raises.

        Args:
            task_id: The task.
            weight: How many polls it counts as.
            held: Its job.

        Returns:
            Seconds until it may be sent; None if the process does not follow the job any more.

        Raises:
            TaskBusy: Another process is polling the task.
        """
        if not self._scalar(sa.select(sa.func.pg_try_advisory_lock(_number(task_id)))):
            raise TaskBusy
        cost, next_ = self._spacing * weight, poll_table.c.next
        reserve = poll_table.update().where(held.still).returning(next_ - cost - _now)
        wait = self._scalar(reserve.values(next=sa.func.greatest(next_, _now) + cost))
        return None if wait is None else max(0.0, wait)

    def end(self, task_id: str) -> None:
        """Let other processes poll a task."""
        self._scalar(sa.select(sa.func.pg_advisory_unlock(_number(task_id))))

    def holds(self, held: Held) -> bool:
        """Tell whether the process still follows a job that has not ended."""
        return bool(self._scalar(sa.select(held.still)))

    def _scalar(self, query: sa.Executable) -> Any:
        with self._lock:
            for attempt in range(2):  # the server may have ended the session
                try:
                    return self._session().execute(query).scalar()
                except sa.exc.DBAPIError as error:
                    self._drop()
                    if attempt:
                        why = Text("The list of jobs can't be read: {why}.", why=cause(error))
                        raise LedgerFailed(why) from None
        return None

    def _session(self) -> sa.Connection:
        if not self._connection:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()
            # A server that crashes may forget the latest slot: that does no harm.
            connection.exec_driver_sql("SET synchronous_commit = off")
            if (connection.dialect.server_version_info or ()) >= (14,):
                connection.exec_driver_sql(f"SET idle_session_timeout = '{IDLE_SECONDS}s'")
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def _number(task_id: str) -> sa.ColumnElement[int]:
    return sa.func.hashtextextended(task_id, 0)
