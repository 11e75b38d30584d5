"""The composition root: builds everything behind the page from the settings.

The simulator stands in for the API if the host's key pays nothing, and stands by if it does.
"""

import os
import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vidu_demo.api.client import ViduClient
from vidu_demo.api.errors import ViduError
from vidu_demo.examples import EXAMPLES
from vidu_demo.jobs.buying.accounts import Account, Accounts
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.films.joins import Joins
from vidu_demo.jobs.job import SIMULATOR, Payer
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.retention import DAYS_FOR_STRANGERS, Retention
from vidu_demo.jobs.room import Room
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.media.pool import WorkerPool
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator

_START_SECONDS = 30.0
"""How long one of several processes waits for another that is starting on the same data."""


class DataInUse(ViduError):
    """Another run of the app is using the same data: each job must have only one follower."""

    what = "Another run of this app is using the same data folder."
    next_step = "Stop that one, or give this one another folder with VIDU_DATA_DIR."


class Studio:
    """A running job runner and everything it needs.

    Args:
        settings: The environment.
        simulate: Use only the simulator, even if there is a key.

    Attributes:
        settings: The environment.
        retention: Deletes what is older than its term.
        runner: Follows the jobs.
        simulated: True if no model is used for visitors who have no key of their own.
        videos: The folder of the jobs.
        secret: Signs the visitors' tokens; survives restarts.
        pool: Opens untrusted files in separate processes.

    Raises:
        DataInUse: Another run of the app is using the data folder.
        LedgerFailed: The ledger can't be opened.
    """

    def __init__(self, settings: Settings, *, simulate: bool = False) -> None:
        self.settings, self.simulated = settings, simulate or not settings.host_pays
        self.videos = settings.data_dir / "videos"
        with ExitStack() as stack:
            lock = _lock(settings.data_dir, _START_SECONDS if settings.shared else 0.0)
            stack.callback(lock.release)
            self.secret = _secret(settings.data_dir / "secret")
            ledger = Ledger(settings.ledger_url)
            stack.callback(ledger.close)
            if settings.shared:
                lock.release()  # two that start together must not make two secrets
            simulator = Simulator(folder=settings.data_dir / "simulator", remember=False)
            stack.enter_context(simulator)
            client = ViduClient(simulator.key, simulator.url)
            stack.callback(client.close)
            accounts = {Payer.SIMULATOR: Account(SIMULATOR, client)}
            if not simulate:
                client = ViduClient(
                    settings.api_key, settings.base_url, media_hosts=settings.media_hosts
                )
                stack.callback(client.close)
                if settings.api_key:  # it may have bought jobs earlier
                    accounts[Payer.HOST] = Account(client.base_url, client)
                if settings.visitors_pay:
                    accounts[Payer.VISITOR] = Account(client.base_url, client)
            pays = Payer.SIMULATOR if self.simulated else Payer.HOST
            copies = _copies(settings.data_dir, stack)
            room = Room(settings.data_dir, copies, settings.max_bytes)
            self.pool = WorkerPool()
            stack.callback(self.pool.close)
            self.runner = JobRunner(
                ledger,
                Accounts(accounts, pays),
                videos=self.videos,
                room=room,
                public=[example.picture for example in EXAMPLES],
                delete_simulated=simulator.delete,
                requests_per_second=settings.requests_per_second,
                run=self.pool.run,
                joins=Joins(room=room),
            ).open()
            stack.callback(self.runner.close)
            self.retention = Retention(
                self.runner, room, days=settings.retention_days, prune=simulator.prune
            ).open()
            stack.callback(self.retention.close)
            self._parts = stack.pop_all()

    @property
    def page_options(self) -> dict[str, Any]:
        """Keyword arguments for `ui.page.build`."""
        return {
            "secret": self.secret,
            "limits": lambda: self.settings.limits,
            "proxied": bool(self.settings.proxies),
            "keeps": lambda: self.retention.days,
            "run": self.pool.run,
        }

    def use_public_defaults(self) -> None:
        """Use the defaults for an app that strangers can reach: jobs are kept for a week."""
        self.retention.days = self.settings.retention_days or DAYS_FOR_STRANGERS

    def close(self) -> None:
        """Stop following jobs. The next start resumes them."""
        self._parts.close()


def _secret(file: Path) -> bytes:
    """Read the data folder's secret, or create it on the first start."""
    try:
        if not file.exists():
            part = file.with_suffix(".part")
            part.touch(mode=0o600)
            part.write_bytes(secrets.token_bytes())
            part.replace(file)
        return file.read_bytes()
    except OSError as error:
        raise LedgerFailed(f"The data folder can't be used: {error.strerror}.") from None


def _copies(folder: Path, stack: ExitStack) -> Path:
    """Return the folder of uploads and copies, and tell Gradio, which reads the environment."""
    name = "GRADIO_TEMP_DIR"
    if not os.environ.get(name):
        os.environ[name] = str((folder / "uploads").absolute())
        stack.callback(os.environ.pop, name, None)
    return Path(os.environ[name])


def _lock(folder: Path, wait: float) -> FileLock:
    lock = FileLock(folder / "in-use.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait)
    except Timeout:
        raise DataInUse from None
    except OSError as error:
        raise LedgerFailed(f"The data folder can't be used: {error.strerror}.") from None
    return lock
