"""A bench for the runner: a simulator, a ledger and a folder, over which runners come and go.

Everything is real: HTTP over loopback, a database, files. Only the waits are shortened.
"""

import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, SupportsIndex

import av
import pytest
from database_fixtures import database_url
from PIL import Image

from vidu_demo import Variations, VideoRequest, ViduClient
from vidu_demo.api import pacing
from vidu_demo.api.errors import ViduError
from vidu_demo.api.task import Task
from vidu_demo.jobs import follower, followers
from vidu_demo.jobs.buying.accounts import Account, Accounts
from vidu_demo.jobs.buying.purchases import Purchases
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import SIMULATOR, Job, JobState, Payer
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.jobs.shared import scheduler as shared_scheduler
from vidu_demo.simulator import Fault, Simulator

KEY = "k-secret-77c1e0"
OWNER, OTHER = "a" * 64, "b" * 64
FASTER = 200
"""How many times faster than in life polls follow each other."""
PATIENCE = 60.0
"""Seconds until a test says that something does not come to pass, on a busy machine."""


class QuickPacer(pacing.Pacer):
    """The real pacer, in a hurry."""

    def answered(self, task: Task, waited: float) -> pacing.Decision:
        return sooner(super().answered(task, waited), FASTER)

    def failed(self, error: ViduError) -> pacing.Decision:
        return sooner(super().failed(error), 10 * FASTER)


def sooner(decision: pacing.Decision, times: float) -> pacing.Decision:
    return decision if decision.wait is None else replace(decision, wait=decision.wait / times)


def shorten_waits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(follower, "Pacer", QuickPacer)
    patch.setattr(follower, "FIRST_WAIT", 0.01)
    patch.setattr(follower, "TROUBLE_SECONDS", 0.1)
    patch.setattr(follower, "LONGEST_SAVE_WAIT", 0.05)
    patch.setattr(follower, "WRITE_AGAIN_SECONDS", 0.05)
    patch.setattr(followers, "WRITE_AGAIN_SECONDS", 0.05)
    patch.setattr(shared_scheduler, "STALLED_SECONDS", 4.0)
    patch.setattr(shared_scheduler, "HEARTBEAT_SECONDS", 0.5)
    patch.setattr(shared_scheduler, "RESCUES", "* * * * * */1")
    patch.setattr(shared_scheduler, "RETRY_SECONDS", 0.1)


def until(true: Callable[[], Any], what: str = "") -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"it did not come to pass: {what}"
        time.sleep(0.005)  # the database is often what is asked


def picture(colour: str = "teal", *, exif: bool = False) -> bytes:
    buffer = io.BytesIO()
    image = Image.new("RGB", (64, 48), colour)
    tags = Image.Exif()
    if exif:
        tags[0x010E] = "a secret place"
        tags[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    image.save(buffer, "JPEG", exif=tags)
    return buffer.getvalue()


def plays(path: Path) -> bool:
    with av.open(str(path)) as container:
        return next(container.decode(video=0), None) is not None


class Always(list[Fault | None]):
    """A list of faults that has no end, until another takes its place."""

    def pop(self, index: SupportsIndex = 0) -> Fault | None:
        return self[index]


class PowerCut(BaseException):
    """Raised where the process is to die; nothing in the runner catches it."""


class FlakyLedger(Ledger):
    """A ledger whose writes can be made to fail, or to be the last thing that happens.

    Attributes:
        before_write: Called with what is about to be written; may raise.
        after_write: Called once it is committed; may raise.
    """

    before_write: Callable[[dict[str, Any]], None] = staticmethod(lambda _: None)
    after_write: Callable[[dict[str, Any]], None] = staticmethod(lambda _: None)

    def change(self, job: Job, **changes: Any) -> Job:
        self.before_write(changes)
        changed = super().change(job, **changes)
        self.after_write(changes)
        return changed

    def claim(self, job: Job, **changes: Any) -> bool:
        self.before_write(changes)
        claimed = super().claim(job, **changes)
        self.after_write(changes)
        return claimed


@cache
def _empty() -> bytes:
    """A ledger without jobs, as a new one is, but without the work of making its tables."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        Ledger(f"sqlite:///{file}").close()
        return file.read_bytes()


@dataclass
class Bench:
    """A simulator and a data folder, over which runners come and go as processes would."""

    simulator: Simulator
    folder: Path
    runners: list[JobRunner] = field(default_factory=list)
    ledgers: list[FlakyLedger] = field(default_factory=list)
    clients: list[ViduClient] = field(default_factory=list)

    @property
    def ledger(self) -> FlakyLedger:
        """The latest runner's."""
        return self.ledgers[-1]

    @property
    def runner(self) -> JobRunner:
        return self.runners[-1]

    @property
    def purchases(self) -> Purchases:
        return self.runner.purchases

    @property
    def videos(self) -> Path:
        return self.folder / "videos"

    def make(self, *, key: str = "", url: str = "", **options: Any) -> JobRunner:
        """Make a runner on the folder, and do not open it yet."""
        file = self.folder / "ledger.db"
        if not file.exists():
            self.folder.mkdir(exist_ok=True)
            file.write_bytes(_empty())
        self.ledgers.append(FlakyLedger(database_url(file)))
        self.clients.append(
            ViduClient(key or self.simulator.key, url or self.simulator.url, sleep=lambda _: None)
        )
        options = {"requests_per_second": 2000.0} | options
        client, backend = self.clients[-1], options.pop("backend", "there")
        payer = Payer.SIMULATOR if backend == SIMULATOR else Payer.HOST
        accounts = {payer: Account(backend, client)}
        if options.pop("visitors_pay", False):
            accounts[Payer.VISITOR] = Account(backend, client)
        served = Accounts(accounts, payer)
        made = JobRunner(self.ledger, served, videos=self.videos, **options)
        self.runners.append(made)
        return made

    def open(self, **options: Any) -> JobRunner:
        return self.make(**options).open()

    def reopen(self, **options: Any) -> JobRunner:
        """End the runner as a stop of the app does, and start the app again."""
        self.runner.close()
        return self.open(**options)

    def close(self) -> None:
        for runner in self.runners:
            # One that was never opened has no scheduler to wait for.
            with suppress(RuntimeError):
                runner.close()
        for client in self.clients:
            client.close()
        for ledger in self.ledgers:
            ledger.close()

    def request(self, **changes: Any) -> VideoRequest:
        settings = {"images": [picture()], "prompt": "slow push-in", "duration": 1, "seed": 7}
        return VideoRequest(**{**settings, "resolution": "540p", **changes})

    def start(
        self, click: str = "click", *, owner: str = OWNER, again: bool = False, **asked: Any
    ) -> Job:
        """Click; `again` stands for a visitor who knows of all their jobs and wants more."""
        acknowledged = (
            [job.id for job in self.ledger.for_owner(owner, "there", most=999)] if again else ()
        )
        return self.purchases.start(
            self.request(**asked), owner=owner, idempotency_key=click, acknowledged=acknowledged
        )

    def take(self, click: str, number: int, **asked: Any) -> list[Job]:
        """Click for several takes of one form."""
        requests = Variations(number).requests(self.request(**asked))
        return self.purchases.start_all(requests, owner=OWNER, idempotency_key=click)

    def row(self, job: Job) -> Job:
        """The job as it stands on the disk."""
        found = self.ledger.get(job.id)
        assert found
        return found

    def reaches(self, job: Job, *states: JobState) -> Job:
        """Wait until a job's row is in one of the states."""
        until(lambda: self.row(job).state in states, f"{job.id} in {states}")
        return self.row(job)

    def says(self, job: Job, text: str) -> Job:
        """Wait until a job's row says something."""
        until(lambda: text in self.row(job).message, f"{self.row(job)} says {text!r}")
        return self.row(job)

    def file(self, job: Job) -> Path:
        """The video that a job has kept, which plays."""
        assert job.video
        path = self.videos / job.id / job.video
        assert plays(path)
        return path

    def done(self, job: Job) -> Job:
        """Wait until a job is done and its video is kept."""
        done = self.reaches(job, JobState.DONE)
        self.file(done)
        return done


@contextmanager
def bench_over(
    folder: Path, clip: bytes, *, open_it: bool = True, **options: Any
) -> Iterator[Bench]:
    """A bench with a runner on it, over a simulator whose tasks take no time."""
    threads = set(threading.enumerate())
    with Simulator(KEY, clip=clip, **{"seconds": 0, **options}) as simulator:
        made = Bench(simulator, folder)
        try:
            if open_it:
                made.open()
            yield made
        finally:
            made.close()
    until(lambda: set(threading.enumerate()) <= threads, "every thread ends")


PROCESSING = "TASK_STATUS_PROCESSING"
SUCCEED = "TASK_STATUS_SUCCEED"


@pytest.fixture
def bench(tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    with bench_over(tmp_path / "data", clip) as made:
        yield made


class Wall:
    """A clock on the wall that can be set."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def task_in(bench: Bench, **changes: Any) -> str:
    """Buy a task outside of the runner."""
    asked = {"images": ["https://example.com/a.jpg"], "prompt": "x", "duration": 1}
    return bench.clients[-1].post({**asked, **changes})


def together(count: int, do: Callable[[int], Any]) -> list[Any]:
    """Do something from many threads at the same moment; errors are results."""
    ready = threading.Barrier(count)

    def one(number: int) -> Any:
        ready.wait()
        try:
            return do(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def locked(*_: Any, **__: Any) -> None:
    raise LedgerFailed("The list of jobs can't be written: database is locked.")
