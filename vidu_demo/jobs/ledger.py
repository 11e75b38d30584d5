"""The durable list of jobs: what was asked, by whom, and what came of it.

Every job is a row before its request leaves, and the task id is committed before anything else
happens with it. SQLAlchemy Core, so that the same ledger can live in SQLite or PostgreSQL.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from vidu_demo.api.errors import Charged, ViduError
from vidu_demo.api.request import SETTINGS, schema
from vidu_demo.jobs.budget import BudgetUsedUp, day_of
from vidu_demo.jobs.takes import MOST_PICTURES

SIMULATOR = "simulator"
"""The simulator's name as a backend: its address changes at every start."""


class JobState(StrEnum):
    """Where a job stands. Only the first four go on by themselves."""

    PREPARED = "prepared"
    SUBMITTING = "submitting"
    RUNNING = "running"
    SAVING = "saving"
    DONE = "done"
    FAILED = "failed"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    DELETED = "deleted"


FOLLOWED = (JobState.PREPARED, JobState.SUBMITTING, JobState.RUNNING, JobState.SAVING)
"""The states that the runner works on."""


@dataclass(frozen=True)
class Job:
    """One deliberate click and what came of it. Times are Unix seconds.

    Attributes:
        id: Unguessable; names the job's folder.
        idempotency_key: Names the deliberate click it stands for, and behind a colon which of its
            videos it is from the second on; unique, so a repeated click finds its jobs.
        fingerprint: A digest of what was asked, to recognise the same request.
        owner: A digest of the visitor's token.
        backend: Whom it was sent to: the API's address, or `simulator`.
        request: The fields of the request; pictures as file names in the job's folder, or URLs.
            Incomplete for a task that was started elsewhere.
        state: Where it stands.
        created: When the visitor asked for it.
        submitted: When the API took it; None if it was not watched from there to its end.
        finished: When its end was seen; the video is saved after that.
        task_id: The receipt.
        message: What happened, if something did; empty if all is well.
        next_step: What the visitor can do about it.
        charged: What is known about the money, if there is a message.
        video: File name in the job's folder.
        facts: What the video's file was found to be, by the names of `clip.Facts`.
        address: A digest of the address that the visitor came from; empty if it is not known.
        price: What it counts in the day's budget, in thousandths of a US dollar; 0 if it was
            surely not charged.
    """

    id: str
    idempotency_key: str
    fingerprint: str
    owner: str
    backend: str
    request: dict[str, Any]
    state: JobState
    created: float
    submitted: float | None = None
    finished: float | None = None
    task_id: str | None = None
    message: str = ""
    next_step: str = ""
    charged: Charged | None = None
    video: str | None = None
    facts: dict[str, Any] | None = None
    address: str = ""
    price: int = 0

    @property
    def settings(self) -> dict[str, Any]:
        """What was asked, as far as it is known, without the pictures: links may be signed."""
        return {field: self.request[field] for field in SETTINGS if field in self.request}

    @property
    def simulated(self) -> bool:
        """True if no model was used and nothing can have been charged."""
        return self.backend == SIMULATOR

    @property
    def turn(self) -> str:
        """Who its files are opened for: by address where known, since tokens cost nothing."""
        return self.address or self.owner

    @property
    def took(self) -> float | None:
        """Seconds from the submit to the end; None if they were not watched here."""
        if not (self.fingerprint and self.submitted and self.finished):
            return None
        return self.finished - self.submitted

    @property
    def open(self) -> bool:
        """True while the runner works on it."""
        return self.state in FOLLOWED

    @property
    def may_run(self) -> bool:
        """True while its task runs at the vendor, or may run."""
        return self.open or self.state in (JobState.UNKNOWN, JobState.STOPPED)


class LedgerFailed(ViduError):
    """The ledger can't be read or written: the disk is full, read-only, or the file locked."""

    what = "The list of jobs can't be written, so nothing was sent."
    next_step = "The host of this app must free disk space or repair the data folder."


_metadata = sa.MetaData()

_jobs = sa.Table(
    "jobs",
    _metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("idempotency_key", sa.String(128), nullable=False, unique=True),
    sa.Column("fingerprint", sa.String(64), nullable=False, index=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("backend", sa.String(200), nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("submitted", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("task_id", sa.String(200), index=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("next_step", sa.Text, nullable=False),
    sa.Column("charged", sa.String(8)),
    sa.Column("video", sa.String(200)),
    sa.Column("facts", sa.JSON(none_as_null=True)),
    sa.Column("address", sa.String(64), nullable=False, index=True),
    sa.Column("price", sa.Integer, nullable=False),
)

_days = sa.Table(
    "days",
    _metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("spent", sa.Integer, nullable=False),
)

_repeats = sa.Table(
    "repeated_clicks",
    _metadata,
    sa.Column("idempotency_key", sa.String(128), primary_key=True),
    sa.Column("job", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
)

_versions = sa.Table("schema_version", _metadata, sa.Column("version", sa.Integer, nullable=False))


def _add_facts(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN facts JSON")


def _add_spending(connection: sa.Connection) -> None:
    for statement in (
        "ALTER TABLE jobs ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT ''",
        "ALTER TABLE jobs ADD COLUMN price INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX ix_jobs_address ON jobs (address)",
        "CREATE TABLE days (day VARCHAR(10) NOT NULL PRIMARY KEY, spent INTEGER NOT NULL)",
    ):
        connection.exec_driver_sql(statement)


def _name_idempotency_keys(connection: sa.Connection) -> None:
    for table in ("jobs", "repeated_clicks"):
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME COLUMN click TO idempotency_key")


MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (
    _add_facts,
    _add_spending,
    _name_idempotency_keys,
)
"""The step at index `n` lifts a database from version `n + 1` to `n + 2`. A step that has shipped
never changes; a new database starts with the tables above, at the latest version."""

LONGEST_SEARCH = int(schema("prompt")["maxLength"])
"""Characters."""
MOST_WORDS = 16
"""Words searched for: each is looked for in all of a visitor's prompts."""

_LATEST_WAITS = 50
_LONGEST_WAIT = 1800.0
"""Seconds. A longer one was not watched to its end: the app was off, or the visitor stopped."""


class Ledger:
    """The jobs, in a database.

    Args:
        url: An SQLAlchemy URL, as an object or as text. The folder of an SQLite file is made if
            it is missing.

    Raises:
        LedgerFailed: from any method, if the database can't be used.
    """

    def __init__(self, url: str | sa.URL) -> None:
        try:
            parsed = sa.make_url(url)
            self._engine = sa.create_engine(parsed)
        except ImportError as error:
            raise LedgerFailed(f"The database's driver is not installed: {error.name}.") from None
        except (sa.exc.ArgumentError, ValueError):  # whose text may hold the password
            raise LedgerFailed("VIDU_DATABASE_URL is no SQLAlchemy URL.") from None
        sqlite = parsed.get_backend_name() == "sqlite"
        if sqlite:
            if parsed.database in (None, "", ":memory:"):
                raise LedgerFailed("The list of jobs needs a file: in memory it would be lost.")
            try:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LedgerFailed(f"The data folder can't be made: {error.strerror}.") from None
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
        self._migrate()

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    def add(self, jobs: Sequence[Job], budget: Decimal | None = None) -> list[Job]:
        """Write the new jobs of one click, all or none, or find those that it has made already.

        Args:
            jobs: The jobs. Their price is added to what their day has cost.
            budget: What that day may cost in all, in US dollars; None for no limit.

        Returns:
            The jobs as they stand in the ledger: other ones if the click is a repeated one.

        Raises:
            BudgetUsedUp: They would cost more than is left of it; nothing was written.
        """
        try:
            with self._writing() as connection:
                self._spend(connection, jobs, budget)
                connection.execute(_jobs.insert().values([asdict(job) for job in jobs]))
        except sa.exc.IntegrityError:
            found = self.by_key(jobs[0].idempotency_key)
            if not found:
                raise LedgerFailed from None
            return found
        return list(jobs)

    def claim(self, job: Job, **changes: Any) -> bool:
        """Move a job on from the state it is known in.

        Returns:
            False if it has moved on already: of all callers, in whatever process, one gets True.
        """
        return self._update(changes, _jobs.c.id == job.id, _jobs.c.state == job.state) == 1

    def change(self, job: Job, **changes: Any) -> Job:
        """Commit changes to a job; returns once committed.

        A job that was deleted meanwhile stays deleted.
        """
        self._update(changes, _jobs.c.id == job.id, _jobs.c.state != JobState.DELETED)
        changed = replace(job, **changes)
        return replace(changed, price=0) if changed.state is JobState.NOT_SENT else changed

    def delete(self, job: Job) -> bool:
        """Delete a job, unless it has moved on from the state it is known in.

        Its row stays as a tombstone, emptied of what was asked and what came of it, since its
        click must still buy nothing if it is sent again late, and no browser's old note may bring
        its task back. Only `by_key`, `is_deleted` and `states` find it.
        """
        empty: dict[str, Any] = {
            "fingerprint": digest(job.task_id) if job.task_id else "",
            "request": {},
            "state": JobState.DELETED,
            "message": "",
            "next_step": "",
            **dict.fromkeys(("submitted", "finished", "task_id", "charged", "video", "facts")),
        }
        if not job.fingerprint:
            # A task from elsewhere was not bought by its click, and may be followed again.
            empty["idempotency_key"] = job.id
        return self.claim(job, **empty)

    def get(self, job_id: str) -> Job | None:
        """Find a job by its id."""
        return next(iter(self._find(_jobs.c.id == job_id)), None)

    def by_key(self, key: str) -> list[Job]:
        """List the jobs that a click has made, or was taken to stand for, even deleted ones.

        They come in the order they were asked for.
        """
        repeated = sa.select(_repeats.c.job).where(_repeats.c.idempotency_key == key)
        # By name, so that an index finds them: a prefix would be looked for in every row.
        names = [key, *(f"{key}:{number}" for number in range(2, MOST_PICTURES + 1))]
        mine = sa.or_(_jobs.c.idempotency_key.in_(names), _jobs.c.id.in_(repeated))
        return self._find(mine, deleted=True)[::-1]

    def repeat(self, key: str, job: Job) -> None:
        """Note that a click stands for a job that another one has made."""
        with suppress(sa.exc.IntegrityError), self._writing() as connection:  # noted already
            connection.execute(_repeats.insert().values(idempotency_key=key, job=job.id))

    def by_task(self, owner: str, backend: str, task_id: str) -> Job | None:
        """Find the job with which a visitor follows a task."""
        same = (_jobs.c.owner == owner, _jobs.c.backend == backend, _jobs.c.task_id == task_id)
        return next(iter(self._find(*same)), None)

    def is_deleted(self, owner: str, backend: str, task_id: str) -> bool:
        """Tell whether a visitor has deleted the job with which they followed a task."""
        same = (_jobs.c.owner == owner, _jobs.c.backend == backend)
        deleted = (_jobs.c.state == JobState.DELETED, _jobs.c.fingerprint == digest(task_id))
        return bool(self._find(*same, *deleted, limit=1, deleted=True))

    def same_request(self, owner: str, backend: str, fingerprint: str) -> list[Job]:
        """List a visitor's jobs of the same request, newest first."""
        return self._find(
            _jobs.c.owner == owner,
            _jobs.c.backend == backend,
            _jobs.c.fingerprint == fingerprint,
        )

    def for_owner(self, owner: str, backend: str, *, most: int, search: str = "") -> list[Job]:
        """List a visitor's latest jobs, newest first.

        Args:
            owner: The visitor.
            backend: Whom they were sent to.
            most: How many to list.
            search: Only jobs with all these words in their prompt or task id, in any case; of
                many words the first `MOST_WORDS` different ones.
        """
        if len(search) > LONGEST_SEARCH:  # in no prompt, and SQLite refuses such a pattern
            return []
        mine = [_jobs.c.owner == owner, _jobs.c.backend == backend]
        places = (_jobs.c.request["prompt"].as_string(), _jobs.c.task_id)
        mine.extend(
            sa.or_(*(text.icontains(word, autoescape=True) for text in places))
            for word in list(dict.fromkeys(search.split()))[:MOST_WORDS]
        )
        return self._find(*mine, limit=most)

    def followed(self, backend: str) -> list[Job]:
        """List the jobs that the runner has to work on, newest first."""
        return self._find(_jobs.c.backend == backend, _jobs.c.state.in_(FOLLOWED))

    def states(self) -> dict[str, JobState]:
        """Give the state of every job by its id, whatever its backend, even of deleted ones."""
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(sa.select(_jobs.c.id, _jobs.c.state))
                return {job_id: JobState(state) for job_id, state in rows}
        except sa.exc.SQLAlchemyError as error:
            raise LedgerFailed(f"The list of jobs can't be read: {_why(error)}.") from None

    def past_waits(self, backend: str, duration: int, resolution: str) -> list[float]:
        """List how long the latest like videos took, in seconds, without off-peak ones."""
        matching = (
            _jobs.c.backend == backend,
            _jobs.c.state == JobState.DONE,
            _jobs.c.submitted.is_not(None),
            _jobs.c.request["duration"].as_integer() == duration,
            _jobs.c.request["resolution"].as_string() == resolution,
            _jobs.c.request["off_peak"].as_boolean().is_(False),
        )
        jobs = self._find(*matching, limit=_LATEST_WAITS)
        waits = [job.finished - job.submitted for job in jobs if job.finished and job.submitted]
        return [wait for wait in waits if 0 < wait <= _LONGEST_WAIT]

    def _find(
        self,
        *conditions: sa.ColumnElement[bool],
        limit: int | None = None,
        deleted: bool = False,
    ) -> list[Job]:
        query = _jobs.select().where(*conditions).order_by(_jobs.c.created.desc()).limit(limit)
        if not deleted:
            query = query.where(_jobs.c.state != JobState.DELETED)
        try:
            with self._engine.connect() as connection:
                return [_job(row) for row in connection.execute(query).mappings()]
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise LedgerFailed(f"The list of jobs can't be read: {_why(error)}.") from None

    def spent(self, day: str) -> Decimal:
        """Tell what the jobs of a day cost by their estimates, in US dollars.

        Args:
            day: As `budget.day_of` names it.
        """
        query = sa.select(_days.c.spent).where(_days.c.day == day)
        with self._engine.connect() as connection:
            return _dollars(connection.scalar(query) or 0)

    def _spend(
        self, connection: sa.Connection, jobs: Sequence[Job], budget: Decimal | None
    ) -> None:
        """Add the jobs' price to their day, whose row stays locked until the end."""
        price, day = sum(job.price for job in jobs), day_of(jobs[0].created)
        if not price:
            return
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(_days).values(day=day, spent=0).on_conflict_do_nothing())
        after = _days.c.spent + price
        within = [] if budget is None else [after <= int(1000 * budget)]
        spend = _days.update().where(_days.c.day == day, *within).values(spent=after)
        if not connection.execute(spend).rowcount and budget is not None:
            spent = connection.scalar(sa.select(_days.c.spent).where(_days.c.day == day)) or 0
            left = max(Decimal(), budget - _dollars(spent))
            raise BudgetUsedUp(budget, left, _dollars(price))

    def _update(self, changes: dict[str, Any], *conditions: sa.ColumnElement[bool]) -> int:
        """Commit changes to a job; gives the number of rows that met the conditions.

        A job that turns out not to have been sent gives its price back to its day.
        """
        with self._writing() as connection:
            count = connection.execute(_jobs.update().where(*conditions).values(changes)).rowcount
            if count and changes.get("state") is JobState.NOT_SENT:
                _give_back(connection, conditions[0])
            return count

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Commit what is written inside, all or none."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.IntegrityError:
            raise
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise LedgerFailed(f"The list of jobs can't be written: {_why(error)}.") from None

    def _migrate(self) -> None:
        latest = len(MIGRATIONS) + 1
        try:
            with self._engine.begin() as connection:
                if self._engine.dialect.name == "sqlite":
                    # Else Python begins only after the tables were changed, and two apps that
                    # start at once would both change them.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                _versions.create(connection, checkfirst=True)
                # Locked, where the database knows such locks, until the steps are committed.
                version = connection.scalar(sa.select(_versions.c.version).with_for_update())
                if version is None:
                    _metadata.create_all(connection)
                    connection.execute(_versions.insert().values(version=latest))
                elif version > latest:
                    raise LedgerFailed("The list of jobs was made by a newer version of this app.")
                else:
                    for migrate in MIGRATIONS[version - 1 :]:
                        migrate(connection)
                    connection.execute(_versions.update().values(version=latest))
        except sa.exc.SQLAlchemyError as error:
            raise LedgerFailed(f"The list of jobs can't be opened: {_why(error)}.") from None


def _give_back(connection: sa.Connection, this_job: sa.ColumnElement[bool]) -> None:
    """Take a job's price off its day. The row is locked: it was written just before."""
    price, created = connection.execute(
        sa.select(_jobs.c.price, _jobs.c.created).where(this_job)
    ).one()
    day = _days.c.day == day_of(created)
    connection.execute(_days.update().where(day).values(spent=_days.c.spent - price))
    connection.execute(_jobs.update().where(this_job).values(price=0))


def _dollars(thousandths: int) -> Decimal:
    return Decimal(thousandths) / 1000


def digest(*parts: str) -> str:
    """Make one name of several parts that does not give them away."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _why(error: Exception) -> str:
    # Not the error itself: its text has the statement, and with it what was asked.
    return str(getattr(error, "orig", None) or type(error).__name__)


def _job(row: sa.RowMapping) -> Job:
    charged = row["charged"]
    return Job(
        **{
            **row,
            "state": JobState(row["state"]),
            "charged": Charged(charged) if charged else None,
        }
    )


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # WAL lets pages read while the runner writes; FULL makes a commit survive a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own knows ASCII only, and prompts are searched in any case of any script.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: object) -> str | None:
    return None if value is None else str(value).lower()
