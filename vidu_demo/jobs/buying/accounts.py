"""Who pays for a visitor's videos, and the client that calls the API with the payer's key."""

from collections.abc import Mapping
from typing import NamedTuple

from vidu_demo.api.client import ViduClient
from vidu_demo.api.errors import KeyMissing, ViduError
from vidu_demo.api.refusals import NotFound, RequestRejected
from vidu_demo.jobs.buying.keys import KeyNotAccepted, Keys, VisitorKeysNotAccepted
from vidu_demo.jobs.job import Job, Payer

NO_TASK = "00000000-0000-0000-0000-000000000000"
"""The id of a task that does not exist, for checking a key at no cost."""
LONGEST_KEY = 500
"""Characters; several times what Novita's keys have."""


class Account(NamedTuple):
    """An API for one kind of payer.

    Attributes:
        backend: The API's name in the ledger.
        client: Calls it. For visitors it is copied with each one's key.
    """

    backend: str
    client: ViduClient


class Accounts:
    """The payers that an app serves.

    Args:
        accounts: An account for each payer whose jobs can be followed.
        default: Who pays for visitors who have given no key.
        keys: The visitors' keys; by default none yet.
    """

    def __init__(
        self, accounts: Mapping[Payer, Account], default: Payer, keys: Keys | None = None
    ) -> None:
        self._accounts, self.default = dict(accounts), default
        self._keys = keys or Keys()

    @property
    def takes_keys(self) -> bool:
        """True if visitors can pay with their own keys."""
        return Payer.VISITOR in self._accounts

    @property
    def backends(self) -> frozenset[str]:
        """The APIs whose jobs are listed and followed."""
        return frozenset(account.backend for account in self._accounts.values())

    def backend(self, payer: Payer) -> str:
        """Return the API that a payer's jobs are sent to.

        Raises:
            KeyMissing: This payer is not served.
        """
        if payer not in self._accounts:
            raise KeyMissing
        return self._accounts[payer].backend

    def serves(self, payer: Payer, backend: str) -> bool:
        """Tell whether a payer's jobs at an API can be followed."""
        return payer in self._accounts and self._accounts[payer].backend == backend

    def payer(self, owner: str) -> Payer:
        """Tell who pays for a visitor's next video: the visitor, if the app has their key."""
        return Payer.VISITOR if self.takes_keys and self._keys.has(owner) else self.default

    def client_for(self, job: Job) -> ViduClient:
        """Return the client to submit, poll and download a job with.

        Raises:
            KeyForgotten: The visitor pays, and the app does not have their key.
            VisitorKeysNotAccepted: The visitor pays, and the host no longer accepts their keys.
            KeyMissing: The host pays, and has set no key.
        """
        if not self.serves(job.payer, job.backend):
            raise VisitorKeysNotAccepted if job.payer is Payer.VISITOR else KeyMissing
        account = self._accounts[job.payer]
        if job.payer is not Payer.VISITOR:
            return account.client
        return account.client.with_key(self._keys.of(job.owner))

    def waits(self, job: Job) -> bool:
        """Tell whether a job can't go on until its visitor enters their key."""
        theirs = self.takes_keys and job.payer is Payer.VISITOR
        return theirs and job.awaits_task and not self._keys.has(job.owner)

    def is_kept(self, key: str, owner: str) -> bool:
        """Tell whether this very key is kept for a visitor."""
        return self.takes_keys and self._keys.is_kept(key.strip(), owner)

    def take_key(self, key: str, owner: str, *, one_call: bool = False) -> bool:
        """Keep a visitor's key, unless the API refuses it or can't be asked.

        The API is asked about a task that does not exist. If it only says so, it has not refused
        the key. Nothing more can be known before a video is bought.

        Args:
            key: The key.
            owner: The visitor.
            one_call: True to forget it when the jobs of their one call have ended.

        Returns:
            False if it was kept already.

        Raises:
            VisitorKeysNotAccepted: The host does not accept visitors' keys.
            KeyNotAccepted: It is too long, the API refused it, or the API could not be asked.
        """
        account, key = self._accounts.get(Payer.VISITOR), key.strip()
        if not account:
            raise VisitorKeysNotAccepted
        if self._keys.is_kept(key, owner):
            return False
        try:
            if len(key) > LONGEST_KEY:
                raise KeyMissing("This is too long for an API key.")
            account.client.with_key(key).get(NO_TASK)
        except (NotFound, RequestRejected):
            pass
        except ViduError as error:
            raise KeyNotAccepted(error) from None
        self._keys.keep(key, owner, one_call=one_call)
        return True

    def forget_key(self, owner: str, age: float = 0.0) -> None:
        """Forget a visitor's key, unless it was entered in the last `age` seconds.

        Their unfinished jobs wait until they enter it again.
        """
        self._keys.forget(owner, age)

    def is_used_up(self, job: Job) -> bool:
        """Tell whether a job has ended whose key is kept for the jobs of its call only."""
        return not job.open and self._keys.for_one_call(job.owner)
