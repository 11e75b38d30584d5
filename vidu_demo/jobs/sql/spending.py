"""What was spent of the host's key, in the ledger's transactions.

`budget` decides what is allowed; this counts it, by day, visitor and address.
"""

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from vidu_demo.jobs.buying.budget import DaysSpending, SpendingLimits, Spent, counted, day_of
from vidu_demo.jobs.job import FOLLOWED, Job, JobState, Payer
from vidu_demo.jobs.sql.tables import job_table, spending_table

UNWATCHED_SECONDS = 3600.0
"""How long a task that nobody watches any more counts as running. Most take minutes."""

_job, _spending = job_table.c, spending_table.c


def spend(connection: sa.Connection, jobs: Sequence[Job], limits: SpendingLimits) -> None:
    """Add the jobs' price to the day's spending, if the limits allow it.

    Raises:
        LimitReached: They don't.
    """
    first, price = jobs[0], sum(job.price for job in jobs)
    if not price:
        limits.check(Spent(), Decimal(), len(jobs))
        if first.payer is Payer.SIMULATOR:
            running = _running(connection, first.created, first.owner, first.address, first.backend)
            limits.check_jobs(running, len(jobs))
        return
    day, visitors = day_of(first.created), counted(first.owner, first.address)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [{"day": day, "visitor": each, "spent": 0, "videos": 0} for each in visitors]
    connection.execute(insert(spending_table).values(rows).on_conflict_do_nothing())
    _lock(connection, day)
    before = spent(connection, first.created, first.owner, first.address, first.backend)
    limits.check(before, _dollars(price), len(jobs))
    _count(connection, day, visitors, price, len(jobs))


def spent(connection: sa.Connection, now: float, owner: str, address: str, backend: str) -> Spent:
    """Return what was spent of the host's key today, by all and by one visitor.

    Args:
        connection: The ledger's.
        now: Unix seconds.
        owner: The visitor.
        address: A digest of their IP address; empty if unknown.
        backend: The API that the host's key is for.
    """
    visitors = counted(owner, address)
    these = (_spending.day == day_of(now), _spending.visitor.in_(visitors))
    query = sa.select(_spending.visitor, _spending.spent).where(*these)
    by_visitor = {
        visitor: _dollars(thousandths) for visitor, thousandths in connection.execute(query)
    }
    return Spent(
        by_visitor.pop("", Decimal()),
        max(by_visitor.values(), default=Decimal()),
        _running(connection, now, owner, address, backend),
    )


def _running(connection: sa.Connection, now: float, owner: str, address: str, backend: str) -> int:
    """Count a visitor's unfinished videos, by token or by address, whichever is more."""
    # A visitor who stops watching a job, or deletes it then, does not stop its task.
    unwatched = sa.and_(
        _job.state.in_((JobState.STOPPED, JobState.DELETED)),
        _job.finished.is_(None),
        _job.created > now - UNWATCHED_SECONDS,
    )
    may_run = sa.or_(_job.state.in_(FOLLOWED), unwatched)
    # Tasks from elsewhere don't count.
    simulated = sa.and_(_job.payer == Payer.SIMULATOR, _job.fingerprint != "")
    these = (_job.backend == backend, may_run, sa.or_(_job.price > 0, simulated))
    running = [
        connection.scalar(sa.select(sa.func.count()).where(*these, mine)) or 0
        for mine in (_job.owner == owner, _job.address == address)[: 2 if address else 1]
    ]
    return max(running)


def by_day(connection: sa.Connection) -> list[DaysSpending]:
    """List what was spent of the host's key, by day and visitor."""
    rows = connection.execute(spending_table.select().order_by(_spending.day, _spending.visitor))
    return [DaysSpending(row.day, row.visitor, _dollars(row.spent), row.videos) for row in rows]


def give_back(connection: sa.Connection, job_id: str) -> None:
    """Take a job's price off its day. The row is locked, as it has just been written."""
    this = _job.id == job_id
    about = sa.select(_job.price, _job.idempotency_key, _job.owner, _job.address, _job.created)
    price, key, owner, address, created = connection.execute(about.where(this)).one()
    if price:
        # A click counts on the day of its first job; at midnight, the others may be of the next.
        # A colon may also be the caller's own.
        first = sa.select(_job.created).where(_job.idempotency_key == key.partition(":")[0])
        day = day_of(connection.scalar(first) or created)
        _lock(connection, day)
        _count(connection, day, counted(owner, address), -price, -1)
        connection.execute(job_table.update().where(this).values(price=0))


def _lock(connection: sa.Connection, day: str) -> None:
    """Lock a day's row of all visitors until the commit, so that clicks are counted one by one.

    It comes before the rows of visitors, so that no two transactions wait for each other.
    """
    everyone = spending_table.select().where(_spending.day == day, _spending.visitor == "")
    connection.execute(everyone.with_for_update())


def _count(
    connection: sa.Connection, day: str, visitors: Sequence[str], price: int, videos: int
) -> None:
    """Add to a day's spending."""
    these = (_spending.day == day, _spending.visitor.in_(visitors))
    more = {"spent": _spending.spent + price, "videos": _spending.videos + videos}
    connection.execute(spending_table.update().where(*these).values(more))


def _dollars(thousandths: int) -> Decimal:
    return Decimal(thousandths) / 1000
