"""Links to single videos: whoever has one can watch the video, until its owner revokes it."""

import re
import secrets

import sqlalchemy as sa

from vidu_demo.jobs.job import JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.sql.tables import job_table, link_table

_BYTES = 16
_ID = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}")
_link, _job = link_table.c, job_table.c


class Links:
    """The links in a ledger. Who may make or revoke one is checked by the caller.

    Args:
        ledger: Has them.

    Raises:
        LedgerFailed: From any method, if the database can't be used.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def make(self, job_id: str, now: float) -> str:
        """Make a link to a job, unless there is one.

        Args:
            job_id: The job.
            now: Unix seconds.

        Returns:
            The link's id, which can't be guessed.
        """
        row = {"id": secrets.token_hex(_BYTES), "job": job_id, "created": now}
        with self._ledger.reading() as connection:
            if found := _id_of(connection, job_id):
                return found
        try:
            with self._ledger.writing() as connection:
                connection.execute(link_table.insert().values(row))
        except sa.exc.IntegrityError:  # another tab was faster
            return self.of(job_id) or ""
        return str(row["id"])

    def of(self, job_id: str) -> str | None:
        """Return the id of the link to a job, if there is one."""
        with self._ledger.reading() as connection:
            return _id_of(connection, job_id)

    def job(self, link_id: str) -> str | None:
        """Return the id of the finished job that a link leads to; None if it leads nowhere.

        Args:
            link_id: Anything that someone has put into an address.
        """
        if not _ID.fullmatch(link_id):
            return None
        there = sa.and_(_link.job == _job.id, _job.state == JobState.DONE)
        query = sa.select(_link.job).join(job_table, there).where(_link.id == link_id)
        with self._ledger.reading() as connection:
            return connection.scalar(query)

    def revoke(self, job_id: str) -> None:
        """Delete the link to a job. It never works again; a new one gets another id."""
        with self._ledger.writing() as connection:
            connection.execute(link_table.delete().where(_link.job == job_id))


def _id_of(connection: sa.Connection, job_id: str) -> str | None:
    return connection.scalar(sa.select(_link.id).where(_link.job == job_id))
