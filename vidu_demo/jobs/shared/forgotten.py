"""Whose keys every process on a PostgreSQL database must forget, because their visitors said so.

A notification tells the processes that listen. A row tells one whose connection was lost meanwhile.
"""

import secrets

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from vidu_demo.jobs.buying.keys import KEEP_SECONDS, KeyStays

FORGOTTEN = "vidu_forgotten"
"""The PostgreSQL channel that says whose key was forgotten, and by which process."""

# It only concerns processes that run, so it belongs to no version of the ledger's tables.
_table = sa.Table(
    "forgotten_keys",
    sa.MetaData(),
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
)
_now = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)


class ForgottenKeys:
    """Tells the other processes whose keys to forget, and hears it from them. Thread-safe.

    Args:
        engine: The database.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine, self._own = engine, secrets.token_hex(8)

    @staticmethod
    def set_up(connection: sa.Connection) -> None:
        """Make the table, if there is none."""
        _table.create(connection, checkfirst=True)

    def tell(self, owner: str) -> None:
        """Have all other processes forget a visitor's key.

        Raises:
            KeyStays: The database can't be used.
        """
        row = postgresql.insert(_table).values(owner=owner, at=_now)
        row = row.on_conflict_do_update(index_elements=["owner"], set_={"at": row.excluded.at})
        try:
            with self._engine.begin() as connection:
                connection.execute(_table.delete().where(_table.c.at < _now - KEEP_SECONDS))
                connection.execute(row)
                connection.execute(sa.select(sa.func.pg_notify(FORGOTTEN, f"{self._own} {owner}")))
        except sa.exc.SQLAlchemyError:
            raise KeyStays from None

    def heard(self, payload: str) -> str:
        """Read a notification: whose key to forget; empty if this process has sent it."""
        process, _, owner = payload.partition(" ")
        return "" if process == self._own else owner

    def ages(self) -> dict[str, float]:
        """List the visitors whose keys were forgotten, and how many seconds ago.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database can't be used.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_table.c.owner, (_now - _table.c.at).label("age")))
            return {row.owner: row.age for row in rows}
