"""Visitors' own keys, in memory only, and the errors about them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from pydantic import SecretStr

from vidu_demo.api.errors import ApiUnreachable, KeyMissing, ViduError
from vidu_demo.api.refusals import AccountNotAllowed, BalanceTooLow, KeyRejected, NotFound
from vidu_demo.jobs.errors import LedgerFailed

KEEP_SECONDS = 24 * 3600.0
"""How long an unused key is kept. A page that is open and a job that is polled use it."""
MAX_KEYS = 10_000
"""Keys kept; beyond that, the least recently used are forgotten."""


class KeyForgotten(KeyMissing):
    """The app does not have the visitor's key, or no longer has it."""

    what = "This app no longer has your key, so nothing was sent."
    next_step = "Enter it again, then click again."


class VisitorKeysNotAccepted(KeyMissing):
    """The host does not accept visitors' keys."""

    what = "This app does not accept visitors' keys."
    next_step = "Leave the key out, or ask whoever runs this app."


class KeyStays(LedgerFailed):
    """The other processes could not be told to forget a key."""

    what = "This process has forgotten the key, but others may still have it."
    next_step = "Try again in a minute."


class KeyNotAccepted(ViduError):
    """A key was not accepted.

    Args:
        cause: What went wrong when the API was asked about it.

    Attributes:
        refused: True if the API refused it, or it can't be a key; False if nothing is known.
    """

    what = "The key was not accepted."
    next_step = "Try again in a minute."

    def __init__(self, cause: ViduError) -> None:
        self.refused = isinstance(cause, _REFUSALS)
        what = cause.what
        if isinstance(cause, ApiUnreachable):
            what = "The API could not be reached, so the key was not accepted."
        elif not (self.refused or cause.reason):
            what = "The API's answer about the key can't be read."
        next_step = advice(cause) or type(cause).next_step
        super().__init__(what, next_step=next_step if self.refused else None)


_REFUSALS = KeyMissing, KeyRejected, AccountNotAllowed, BalanceTooLow


def advice(error: ViduError) -> str:
    """Say what a key's owner can do about an error; empty if its own next step is right.

    The errors about keys advise the host, who can change settings.
    """
    match error:
        case KeyForgotten() | VisitorKeysNotAccepted():
            return ""
        case KeyMissing():
            return "Enter the key as Novita shows it."
        case KeyRejected():
            return "Check your key at Novita, and enter it again."
        case NotFound():
            return "If it was bought with another key, enter that one to continue."
    return ""


class _Kept(NamedTuple):
    key: SecretStr
    since: float
    used: float
    one_call: bool


class Keys:
    """Visitors' keys by owner. Thread-safe.

    Args:
        clock: Returns seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # the least recently used first
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, key: str, owner: str, *, one_call: bool = False) -> None:
        """Keep a visitor's key, instead of any earlier one.

        Args:
            key: The key.
            owner: The visitor.
            one_call: True if it is for the jobs of one call, and of no use once they have ended.
        """
        now = self._clock()
        with self._lock:
            self._use(owner, _Kept(SecretStr(key), now, now, one_call))

    def forget(self, owner: str, age: float = 0.0) -> None:
        """Forget a visitor's key, unless it was kept in the last `age` seconds."""
        with self._lock:
            kept = self._kept.get(owner)
            if kept and kept.since <= self._clock() - age:
                del self._kept[owner]

    def for_one_call(self, owner: str) -> bool:
        """Tell whether a key is kept for the jobs of one call only. This does not use it."""
        with self._lock:
            kept = self._kept.get(owner)
            return kept is not None and kept.one_call

    def is_kept(self, key: str, owner: str) -> bool:
        """Tell whether a visitor's kept key is this one."""
        with self._lock:
            return self._find(owner) == SecretStr(key)

    def has(self, owner: str) -> bool:
        """Tell whether a visitor's key is kept."""
        with self._lock:
            return self._find(owner) is not None

    def of(self, owner: str) -> str:
        """Return a visitor's key.

        Raises:
            KeyForgotten: None is kept.
        """
        with self._lock:
            key = self._find(owner)
        if not key:
            raise KeyForgotten
        return key.get_secret_value()

    def _find(self, owner: str) -> SecretStr | None:
        self._drop_old()
        kept = self._kept.get(owner)
        if not kept:
            return None
        self._use(owner, kept._replace(used=self._clock()))
        return kept.key

    def _use(self, owner: str, kept: _Kept) -> None:
        self._kept[owner] = kept
        self._kept.move_to_end(owner)
        self._drop_old()

    def _drop_old(self) -> None:
        before = self._clock() - KEEP_SECONDS
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if len(self._kept) <= MAX_KEYS and oldest.used > before:
                return
            self._kept.popitem(last=False)
