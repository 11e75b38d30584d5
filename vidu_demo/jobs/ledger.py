"""The durable list of jobs: who requested what, and what became of it.

Every job is a row before its request leaves, and the task id is committed before anything else
happens with it.
"""

import hashlib
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields, replace
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from vidu_demo.api.errors import Charged
from vidu_demo.api.text import Text
from vidu_demo.api.variations import MAX_VIDEOS
from vidu_demo.jobs.answers import Entry, merge
from vidu_demo.jobs.buying.budget import DaysSpending, SpendingLimits, Spent
from vidu_demo.jobs.buying.offers import OFFER_SECONDS, Offer
from vidu_demo.jobs.buying.orders import Order, prompts
from vidu_demo.jobs.errors import LedgerFailed, OfferExpired
from vidu_demo.jobs.films import film_record
from vidu_demo.jobs.job import FOLLOWED, Job, JobState, Payer
from vidu_demo.jobs.search import EVERYTHING, Search
from vidu_demo.jobs.sql import spending
from vidu_demo.jobs.sql.database import cause, connect, empty_log
from vidu_demo.jobs.sql.search import conditions
from vidu_demo.jobs.sql.tables import (
    MAY_WAIT,
    answer_table,
    job_table,
    link_table,
    offer_table,
    repeat_table,
)

MAX_OFFERS, MAX_ALL_OFFERS = 50, 4000
"""Open offers per visitor, and of all visitors; beyond that, the oldest go."""
NO_LIMITS = SpendingLimits()

_MAX_DURATIONS = 50
_RECENT = 1000
"""Finished jobs to search for durations, so that a long list takes no longer."""
_LONGEST_DURATION = 1800.0
"""Seconds. A longer task was not watched to its end: the app was off, or the visitor stopped."""

CHANGES = "vidu_changes"
"""The PostgreSQL channel that says whose jobs have changed."""
_CLICKS = 0x76696475 << 32
"""The first number of the PostgreSQL locks of visitors' clicks."""

_answers, _job, _offer = answer_table.c, job_table.c, offer_table.c


class Ledger:
    """The jobs, in a database.

    Args:
        url: An SQLAlchemy URL, as an object or as text. The folder of an SQLite file is created
            if necessary.

    Raises:
        LedgerFailed: From any method, if the database can't be used.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self._engine = connect(url)
        # At most half of the engine's connections, as whoever holds one goes on to use another.
        self._click_locks = [threading.Lock() for _ in range(7 if self.shared else 64)]

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    @property
    def engine(self) -> sa.Engine:
        """The database."""
        return self._engine

    @property
    def shared(self) -> bool:
        """True if several processes can use it at once."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def one_click(self, owner: str) -> Iterator[None]:
        """Run one click of a visitor's at a time, in all processes."""
        number = crc32(owner.encode())
        with self._click_locks[number % len(self._click_locks)]:
            if not self.shared:
                yield
                return
            with self.writing() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLICKS + number)))
                yield

    @contextmanager
    def changing(self, owner: str) -> Iterator[sa.Connection]:
        """Run the block in one transaction that changes what a visitor's pages show."""
        with self.writing() as connection:
            yield connection
            self._announce(connection, owner)

    def among(self, owner: str, ids: Collection[str]) -> dict[str, Job]:
        """Find those of a visitor's jobs that have these ids."""
        return {job.id: job for job in self._find(_job.id.in_(ids), _job.owner == owner)}

    def offer(self, offer: Offer) -> Offer:
        """Write an offer, unless the visitor has the same one with more than half its time left.

        Returns:
            The new offer, or the earlier one.
        """
        same = (_offer.owner == offer.owner, _offer.fingerprint == offer.fingerprint)
        fresh = _offer.expires > offer.expires - OFFER_SECONDS / 2
        with self.reading() as connection:
            earlier = connection.execute(offer_table.select().where(*same, fresh)).first()
            if earlier:
                return replace(offer, id=earlier.id, expires=earlier.expires)
        with self.writing() as connection:
            connection.execute(offer_table.delete().where(_offer.id.in_(_stale_offers(offer))))
            row = {field.name: getattr(offer, field.name) for field in fields(offer)}
            row |= {"fingerprint": offer.fingerprint, "ordered": row.pop("order").fields}
            connection.execute(offer_table.insert().values(row))
        return offer

    def open_offer(self, offer_id: str, owner: str, now: float) -> Offer | None:
        """Find a visitor's offer that has neither expired nor been taken.

        Args:
            offer_id: The offer's id.
            owner: The visitor.
            now: Unix seconds.
        """
        valid = (_offer.id == offer_id, _offer.owner == owner, _offer.expires > now)
        with self.reading() as connection:
            row = connection.execute(offer_table.select().where(*valid)).mappings().first()
        if not row:
            return None
        known = {field.name: row[field.name] for field in fields(Offer) if field.name in row}
        known["acknowledged"] = tuple(row["acknowledged"])
        known["payer"] = Payer(row["payer"])
        return Offer(**known, order=Order.read(row["ordered"]))

    def add(
        self, jobs: Sequence[Job], limits: SpendingLimits = NO_LIMITS, *, offered: bool = False
    ) -> list[Job]:
        """Write the jobs of one click, all or none; if the click is a repeat, find its jobs.

        Args:
            jobs: The jobs. Their price is added to the day's spending.
            limits: What can be spent of the host's key.
            offered: True if the click's idempotency key is an offer's id. The offer is taken in
                the same transaction.

        Returns:
            The jobs in the ledger: the earlier ones if the click is a repeat.

        Raises:
            OfferExpired: The offer is not open any more, and no click has taken it.
            LimitReached: The limits don't allow it; nothing was written.
        """
        key = jobs[0].idempotency_key
        try:
            with self.writing() as connection:
                if offered and not _take(connection, key, jobs[0].created):
                    raise OfferExpired
                spending.spend(connection, jobs, limits)
                connection.execute(job_table.insert().values([asdict(job) for job in jobs]))
                self._announce(connection, jobs[0].owner)
        except (sa.exc.IntegrityError, OfferExpired) as error:
            if found := self.by_key(key):
                return found
            if isinstance(error, OfferExpired):
                raise
            raise LedgerFailed from None
        return list(jobs)

    def claim(self, job: Job, **changes: Any) -> bool:
        """Change a job if its state is still the known one.

        Returns:
            False if its state has changed: only one caller, in any process, gets True.
        """
        return self._update(job, changes, _job.state == job.state)

    def change(self, job: Job, *, answers: Sequence[Entry] = (), **changes: Any) -> Job | None:
        """Change a job if its state is still the known one; returns once committed.

        A task's id that comes late is kept even if another process has taken it for lost.

        Args:
            job: The job.
            answers: What the API answered since the last change; kept in the same transaction.
            changes: The fields that change.

        Returns:
            The changed job; None if its state has changed.
        """
        known = _job.state == job.state
        if changes.get("task_id"):
            known |= sa.and_(_job.state == JobState.UNKNOWN, _job.task_id.is_(None))
        if not self._update(job, changes, known, answers):
            return None
        changed = replace(job, **changes)
        return replace(changed, price=0) if changed.state is JobState.NOT_SENT else changed

    def keep_answers(self, job_id: str, answers: Sequence[Entry]) -> None:
        """Keep what the API answered about a job that has not changed."""
        there = job_table.select().where(_job.id == job_id, _job.state != JobState.DELETED)
        with self.writing() as connection:
            if connection.execute(there.with_for_update()).first():
                _keep_answers(connection, job_id, answers)

    def answers(self, job_id: str) -> tuple[Entry, ...]:
        """Return what the API answered about a job, oldest first."""
        with self.reading() as connection:
            return _read_answers(connection, job_id)

    def delete(self, job: Job) -> bool:
        """Delete a job, unless its state has changed.

        An empty row stays behind, so that a late repeat of its click still buys nothing, and a
        receipt in a browser can't bring its task back. Only `by_key`, `is_deleted` and `states`
        find it.
        """
        empty: dict[str, Any] = {
            "fingerprint": digest(job.task_id) if job.task_id else "",
            "request": {},
            "state": JobState.DELETED,
            "message": "",
            "next_step": "",
            # `finished` stays: it tells whether the task may still be running at the vendor.
            **dict.fromkeys(("submitted", "task_id", "charged", "video", "facts", "full")),
        }
        if not job.fingerprint:
            # A task from elsewhere was not bought by this click, so it can be followed again.
            empty["idempotency_key"] = job.id
        deleted = self.claim(job, **empty)
        if deleted:
            empty_log(self._engine)
        return deleted

    def get(self, job_id: str) -> Job | None:
        """Find a job by its id."""
        return next(iter(self._find(_job.id == job_id)), None)

    def by_key(self, key: str) -> list[Job]:
        """List the jobs of a click, or those it repeats, including deleted ones.

        They are in the order in which they were requested.
        """
        repeated = sa.select(repeat_table.c.job).where(repeat_table.c.idempotency_key == key)
        # By full key, so that the index is used: a prefix search would scan every row.
        keys = [key, *(f"{key}:{number}" for number in range(2, MAX_VIDEOS + 1))]
        made = sa.select(_job.id).where(_job.idempotency_key.in_(keys))
        # A union, because PostgreSQL would read all rows for an OR with a subquery.
        return self._find(_job.id.in_(sa.union(made, repeated)), deleted=True)[::-1]

    def alias(self, key: str, job: Job) -> None:
        """Link a click to a job that another click made; its offer, if any, is taken."""
        with suppress(sa.exc.IntegrityError), self.writing() as connection:  # already linked
            _take(connection, key, job.created)
            connection.execute(repeat_table.insert().values(idempotency_key=key, job=job.id))

    def by_task(self, owner: str, backend: str, task_id: str) -> Job | None:
        """Find a visitor's job for a task."""
        return next(iter(self._find(*_of(owner, backend), _job.task_id == task_id)), None)

    def is_deleted(self, owner: str, backend: str, task_id: str) -> bool:
        """Tell whether a visitor has deleted their job for a task."""
        emptied = (_job.state == JobState.DELETED, _job.fingerprint == digest(task_id))
        return bool(self._find(*_of(owner, backend), *emptied, limit=1, deleted=True))

    def same_request(self, owner: str, backend: str, fingerprint: str) -> list[Job]:
        """List a visitor's jobs with the same request, newest first."""
        return self._find(*_of(owner, backend), _job.fingerprint == fingerprint)

    def for_owner(
        self, owner: str, *backends: str, most: int, search: Search = EVERYTHING
    ) -> list[Job]:
        """List a visitor's latest jobs, newest first, except those whose task does not exist.

        Args:
            owner: The visitor.
            backends: The APIs they were sent to.
            most: How many to list.
            search: What they look for.
        """
        return self._find(*_listed(owner, backends, search), limit=most)

    def count(self, owner: str, *backends: str, search: Search = EVERYTHING) -> int:
        """Count what `for_owner` lists if there is no limit."""
        there = (*_listed(owner, backends, search), _job.state != JobState.DELETED)
        with self.reading() as connection:
            query = sa.select(sa.func.count()).select_from(job_table).where(*there)
            return connection.scalars(query).one()

    def followed(self, *backends: str) -> list[Job]:
        """List the jobs at these APIs that the runner has to work on, newest first."""
        return self._find(_job.backend.in_(backends), _job.state.in_(FOLLOWED))

    def count_open(self, *, owner: str = "", address: str = "") -> int:
        """Count the unfinished jobs of a visitor or, if given, from an address."""
        whose = _job.address == address if address else _job.owner == owner
        query = sa.select(sa.func.count()).where(whose, _job.state.in_(FOLLOWED))
        with self.reading() as connection:
            return connection.scalar(query) or 0

    def count_followed(self, *backends: str) -> int:
        """Count the unfinished jobs, except those that may wait for their visitor's key."""
        followed = (_job.backend.in_(backends), _job.state.in_(FOLLOWED), sa.not_(MAY_WAIT))
        query = sa.select(sa.func.count()).where(*followed)
        with self.reading() as connection:
            return connection.scalar(query) or 0

    def paid_by_visitor(self, owner: str, *backends: str) -> list[Job]:
        """List a visitor's jobs that need their own key to go on, newest first."""
        return self._find(_job.owner == owner, _job.backend.in_(backends), MAY_WAIT)

    def ended_before(self, then: float, longest: float) -> list[Job]:
        """List the jobs that ended before a time, on all backends, except deleted ones.

        One that waits for its visitor's key may wait forever, so it counts from its click. One that
        has not ended counts as if its task had taken as long as any can.

        Args:
            then: Unix seconds.
            longest: The seconds that a task can take.
        """
        ended = sa.func.coalesce(_job.finished, _job.created) < then
        overdue = _job.created < then - longest
        return self._find(ended, sa.or_(_job.state.not_in(FOLLOWED), MAY_WAIT, overdue))

    def delete_expired_offers(self, now: float) -> None:
        """Delete the offers that have expired, with the prompts in them."""
        with self.writing() as connection:
            expired = connection.execute(offer_table.delete().where(_offer.expires <= now)).rowcount
        if expired:
            empty_log(self._engine)

    def states(self) -> dict[str, JobState]:
        """Return the state of every job by id, for all backends and including deleted jobs."""
        with self.reading() as connection:
            rows = connection.execute(sa.select(_job.id, _job.state))
            return {job_id: JobState(state) for job_id, state in rows}

    def durations(self, backend: str, duration: int, resolution: str) -> list[float]:
        """List how long the latest similar videos took, in seconds, without off-peak ones.

        Args:
            backend: The API they were sent to.
            duration: Seconds of video.
            resolution: Such as `720p`.
        """
        recent = (
            sa.select(_job.created, _job.submitted, _job.finished, _job.request)
            .where(_job.backend == backend, _job.state == JobState.DONE)
            .order_by(_job.created.desc())
            .limit(_RECENT)
            .subquery()
            .c
        )
        like = (
            recent.request["duration"].as_integer() == duration,
            recent.request["resolution"].as_string() == resolution,
            recent.request["off_peak"].as_boolean().is_(False),
        )
        took = recent.finished - recent.submitted
        query = sa.select(took).where(took.is_not(None), *like).order_by(recent.created.desc())
        with self.reading() as connection:
            latest = connection.scalars(query.limit(_MAX_DURATIONS))
            return [seconds for seconds in latest if 0 < seconds <= _LONGEST_DURATION]

    def spent(self, now: float, owner: str, address: str, backend: str) -> Spent:
        """Return what was spent of the host's key today, by all and by one visitor.

        Args:
            now: The time, in Unix seconds.
            owner: The visitor.
            address: A digest of their IP address; empty if unknown.
            backend: The API that the host's key is for.
        """
        with self.reading() as connection:
            return spending.spent(connection, now, owner, address, backend)

    def spending(self) -> list[DaysSpending]:
        """List what was spent of the host's key, by day and visitor."""
        with self.reading() as connection:
            return spending.by_day(connection)

    def _find(
        self,
        *conditions: sa.ColumnElement[bool],
        limit: int | None = None,
        deleted: bool = False,
    ) -> list[Job]:
        query = job_table.select().where(*conditions).order_by(_job.created.desc()).limit(limit)
        if not deleted:
            query = query.where(_job.state != JobState.DELETED)
        with self.reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def _update(
        self,
        job: Job,
        changes: dict[str, Any],
        if_so: sa.ColumnElement[bool],
        answers: Sequence[Entry] = (),
    ) -> bool:
        """Commit changes to a job if a condition holds; returns whether it did.

        The price of a job that turns out not to have been sent is returned to its day.
        """
        update = job_table.update().where(_job.id == job.id, if_so).values(changes)
        with self.writing() as connection:
            updated = connection.execute(update).rowcount == 1
            if updated and changes.get("state") is JobState.NOT_SENT:
                spending.give_back(connection, job.id)
            if updated and changes.get("state") is JobState.DELETED:
                _delete_traces(connection, job)
            elif updated:
                _keep_answers(connection, job.id, answers)
            if updated:
                self._announce(connection, job.owner)
            return updated

    def _announce(self, connection: sa.Connection, owner: str) -> None:
        """Tell the other processes that a visitor's jobs have changed, once this is committed."""
        if self.shared:
            connection.execute(sa.select(sa.func.pg_notify(CHANGES, owner)))

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection for queries."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise LedgerFailed(
                Text("The list of jobs can't be read: {why}.", why=cause(error))
            ) from None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Run the block in one transaction."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.IntegrityError:
            raise
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise LedgerFailed(
                Text("The list of jobs can't be written: {why}.", why=cause(error))
            ) from None


def digest(*parts: str) -> str:
    """Make one name from several parts without revealing them."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _of(owner: str, backend: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _job.owner == owner, _job.backend == backend


def _listed(
    owner: str, backends: Collection[str], search: Search
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _job.owner == owner,
        _job.backend.in_(backends),
        _job.state != JobState.NOT_FOUND,
        *conditions(search),
    )


def _read(row: sa.RowMapping) -> Job:
    charged = row["charged"]
    enums = {"state": JobState(row["state"]), "charged": Charged(charged) if charged else None}
    return Job(**{**row, **enums, "payer": Payer(row["payer"])})


def _read_answers(connection: sa.Connection, job_id: str) -> tuple[Entry, ...]:
    entries = connection.scalar(sa.select(_answers.entries).where(_answers.job == job_id))
    return tuple(Entry(**fields) for fields in entries or ())


def _keep_answers(connection: sa.Connection, job_id: str, answers: Sequence[Entry]) -> None:
    """Add to a job's answers. Its row is locked, as it has just been written or selected."""
    if not answers:
        return
    earlier = _read_answers(connection, job_id)
    entries = [entry.fields for entry in merge(earlier, answers)]
    if earlier:
        update = answer_table.update().where(_answers.job == job_id)
        connection.execute(update.values(entries=entries))
    else:
        connection.execute(answer_table.insert().values(job=job_id, entries=entries))


def _delete_traces(connection: sa.Connection, job: Job) -> None:
    """Delete what other tables hold of a job: answers, parts, its link, offers with its prompt."""
    film_record.remove_job(connection, job)
    connection.execute(answer_table.delete().where(_answers.job == job.id))
    connection.execute(link_table.delete().where(link_table.c.job == job.id))
    made = sa.select(_offer.id, _offer.ordered).where(_offer.owner == job.owner)
    prompt = job.request.get("prompt", "")
    with_it = [id_ for id_, ordered in connection.execute(made) if prompt in prompts(ordered)]
    connection.execute(offer_table.delete().where(_offer.id.in_(with_it)))


def _stale_offers(new: Offer) -> sa.Select[tuple[str]]:
    """Select expired offers, and those that leave no room for a new one."""
    newest = sa.select(_offer.id).order_by(_offer.expires.desc())
    return (
        sa.select(_offer.id)
        .where(
            sa.or_(
                _offer.expires <= new.expires - OFFER_SECONDS,
                _offer.id.in_(newest.where(_offer.owner == new.owner).offset(MAX_OFFERS - 1)),
                _offer.id.in_(newest.offset(MAX_ALL_OFFERS - 1)),
            )
        )
        # Otherwise two visitors' reviews could wait for each other's rows.
        .with_for_update(skip_locked=True)
    )


def _take(connection: sa.Connection, offer_id: str, now: float) -> bool:
    """Delete an open offer; returns whether there was one."""
    open_ = (_offer.id == offer_id, _offer.expires > now)
    return connection.execute(offer_table.delete().where(*open_)).rowcount == 1
