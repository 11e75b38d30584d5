"""Several processes share a database and a data folder; they are killed, paused and cut off."""

import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import forked
import pytest
from database_fixtures import connected, database_url
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from runner_fixtures import KEY, PATIENCE, plays
from start_fixtures import start

from vidu_demo.jobs.sql.tables import job_table
from vidu_demo.simulator import Fault, Simulator

pytestmark = pytest.mark.database("postgresql")

ALIVE = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '2 s'"
LEFT = (
    "SELECT count(*) FROM procrastinate_jobs LEFT JOIN procrastinate_workers w ON w.id = worker_id "
    "WHERE status = 'doing' AND coalesce(w.last_heartbeat < now() - interval '2 s', true)"
)
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


@dataclass
class Process:
    """One of the processes, which does as it is told."""

    child: BaseProcess
    desk: Connection
    given: list[str] = field(default_factory=list)
    """What was clicked."""
    unanswered: int = 1
    """What it has yet to say; at first, that it is ready."""

    def click(self, prompt: str) -> None:
        """Click, and do not wait for what comes of it."""
        self.given.append(prompt)
        self.unanswered += 1
        with suppress(OSError):  # it was killed
            self.desk.send(prompt)

    def answered(self) -> str:
        assert self.desk.poll(PATIENCE)
        self.unanswered -= 1
        return str(self.desk.recv())

    def signal(self, number: int) -> None:
        if self.child.is_alive() and self.child.pid:
            os.kill(self.child.pid, number)

    def kill(self) -> None:
        self.child.kill()
        self.child.join()


@dataclass
class Together:
    """A simulator, a database and a folder, on which processes come and go."""

    simulator: Simulator
    folder: Path
    rate: str = "50"
    processes: list[Process] = field(default_factory=list)

    def start(self, count: int = 1) -> Process:
        """Start processes at the same moment; gives the last one."""
        environment = {
            name: text for name, text in os.environ.items() if "proxy" not in name.lower()
        }
        environment |= {
            "NOVITA_API_KEY": KEY,
            "NOVITA_BASE_URL": self.simulator.url,
            "VIDU_DATA_DIR": str(self.folder / "data"),
            "VIDU_DATABASE_URL": self.database,
            "VIDU_REQUESTS_PER_SECOND": self.rate,
        }
        started = []
        for _ in range(count):
            mine, theirs = Pipe()
            log = self.folder / f"log {len(self.processes)}"
            child = start(forked.run_process, theirs, self.folder, environment, log, log)
            theirs.close()
            started.append(Process(child, mine))
            self.processes.append(started[-1])
        for process in started:
            assert process.answered() == "ready"
        return started[-1]

    @property
    def database(self) -> str:
        return database_url(self.folder / "ledger.db")

    def ask(self, query: str) -> Any:
        with connected(self.database) as connection:
            return connection.exec_driver_sql(query).scalar()

    def rows(self) -> list[dict[str, Any]]:
        with connected(self.database) as connection:
            query = job_table.select().order_by(job_table.c.created)
            return [dict(row) for row in connection.execute(query).mappings()]

    def until(self, true: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, f"it did not come to pass: {self.rows()}"
            time.sleep(0.02)

    def all_in(self, *states: str) -> bool:
        return {row["state"] for row in self.rows()} <= set(states)

    def file(self, row: dict[str, Any]) -> Path:
        return self.folder / "data" / "videos" / row["id"] / str(row["video"])


@contextmanager
def together(folder: Path, clip: bytes, **options: Any) -> Iterator[Together]:
    with Simulator(KEY, clip=clip, **{"seconds": 0, **options}) as simulator:
        made = Together(simulator, folder)
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()


@pytest.fixture
def three(tmp_path: Path, clip: bytes) -> Iterator[Together]:
    with together(tmp_path, clip) as made:
        made.start(3)
        yield made


def test_processes_that_start_together_sign_with_one_secret(three: Together) -> None:
    assert len((three.folder / "data" / "secret").read_bytes()) == 32
    three.until(lambda: three.ask(ALIVE) == 3)


def test_what_a_killed_process_followed_goes_on_elsewhere(three: Together) -> None:
    three.simulator.statuses = ["TASK_STATUS_PROCESSING"]
    doomed = three.processes[0]
    for number in range(4):
        doomed.click(f"number {number}")
        doomed.answered()
    three.until(lambda: all(row["task_id"] for row in three.rows()))
    doomed.kill()
    three.simulator.statuses = None
    three.until(lambda: three.all_in("done"))
    assert all(plays(three.file(row)) for row in three.rows())
    assert three.simulator.submit_count == 4


def test_what_another_process_is_sending_is_left_alone(three: Together) -> None:
    """Not even by one that starts meanwhile, and though the answer takes longer than a stall."""
    three.simulator.faults["submit"] = [Fault(delay=4, after=True)]
    three.processes[0].click("one")
    three.until(lambda: three.simulator.submit_count == 1)
    three.start()
    seen = set[str]()
    three.until(lambda: seen.update(row["state"] for row in three.rows()) or three.all_in("done"))
    assert "unknown" not in seen
    assert three.simulator.submit_count == 1


def test_killed_while_sending(three: Together) -> None:
    three.simulator.faults["submit"] = [Fault(delay=600, after=True)]
    three.processes[0].click("one")
    three.until(lambda: three.simulator.task_count == 1)
    three.processes[0].kill()
    three.until(lambda: three.all_in("unknown"))
    three.processes[1].click("one")  # the browser sends the same click again
    three.processes[1].answered()
    assert three.all_in("unknown")
    assert three.simulator.submit_count == 1


def test_an_id_that_comes_after_a_pause_is_kept(three: Together) -> None:
    """The process is taken for dead between the request and its answer, and goes on."""
    three.simulator.faults["submit"] = [Fault(delay=1, after=True)]
    paused = three.processes[0]
    paused.click("one")
    three.until(lambda: three.simulator.task_count == 1)
    paused.signal(signal.SIGSTOP)
    three.until(lambda: three.all_in("unknown"))
    paused.signal(signal.SIGCONT)
    three.until(lambda: three.all_in("done"))
    (row,) = three.rows()
    assert (row["message"], row["charged"]) == ("", None)
    assert plays(three.file(row))
    assert three.simulator.submit_count == 1


def test_a_stopped_process_hands_its_jobs_over_at_once(three: Together) -> None:
    three.simulator.statuses = ["TASK_STATUS_PROCESSING"]
    leaving = three.processes[0]
    leaving.click("one")
    leaving.answered()
    three.until(lambda: three.simulator.poll_count > 1)
    leaving.desk.send("")
    assert leaving.answered() == "closed"
    three.simulator.statuses = None
    three.until(lambda: three.all_in("done"))
    assert three.simulator.submit_count == 1


def test_the_rate_is_that_of_all_processes(tmp_path: Path, clip: bytes) -> None:
    with together(tmp_path, clip) as made:
        made.rate = "8"
        made.start(3)
        made.simulator.statuses = ["TASK_STATUS_PROCESSING"]
        for number in range(30):
            made.processes[number % 3].click(f"number {number}")
        made.until(lambda: made.simulator.poll_count > 0)
        began, before = time.monotonic(), made.simulator.poll_count
        made.until(lambda: made.simulator.poll_count - before >= 24)
        # One more may have been under way at either end.
        assert time.monotonic() - began >= (24 - 2) / 8


# Random schedules

Step = tuple[str, int]
STEPS = st.tuples(
    st.sampled_from(["click", "click", "click", "the same click", "kill", "pause", "cut", "slow"]),
    st.integers(0, 2),
)


@dataclass
class World(Together):
    """What is clicked, who is killed and what must come of it."""

    clicks: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    """The clicks of processes that were killed."""

    def __post_init__(self) -> None:
        self.start(3)

    def play(self, step: Step) -> None:
        what, number = step
        process = self.processes[number]
        match what:
            case "click":
                self.clicks.append(f"number {len(self.clicks)}")
                process.click(self.clicks[-1])
            case "the same click" if self.clicks:
                process.click(self.clicks[-1])
            case "kill":
                self.left.update(process.given)
                process.kill()
                self.start()
                self.processes[number] = self.processes.pop()
            case "pause":
                self.until(lambda: self.ask(ALIVE) == 3)
                process.signal(signal.SIGSTOP)
                self.until(lambda: self.ask(ALIVE) < 3 and not self.ask(LEFT))
                process.signal(signal.SIGCONT)
            case "cut":
                with suppress(Exception):  # its own connection is cut as well
                    self.ask(CUT)
            case "slow":
                self.simulator.faults["submit"].append(Fault(delay=0.5 * number, after=True))
        self.note()

    def note(self) -> None:
        """Note the ids in the ledger: none may ever be lost again."""
        for row in self.rows():
            if row["task_id"]:
                assert self.ids.setdefault(row["id"], row["task_id"]) == row["task_id"]

    def judge(self) -> None:
        for process in self.processes:
            while process.unanswered:
                process.answered()
        self.until(lambda: all(map(self.is_settled, self.rows())))
        self.note()
        submits = Counter(sent["prompt"] for sent in self.simulator.submits)
        assert set(submits.values()) <= {1}
        assert self.simulator.submit_count <= len(self.clicks)
        rows = self.rows()
        assert {row["request"]["prompt"] for row in rows} <= set(self.clicks)
        for row in rows:
            event(row["state"])
            assert row["task_id"] == self.ids.get(row["id"])
            if row["state"] == "not sent":
                assert not submits[row["request"]["prompt"]]

    def is_settled(self, row: dict[str, Any]) -> bool:
        """Tell whether a job has ended as it must.

        A request whose process was not killed can't stay unknown once it was sent: if the process
        was only paused, the task's id is still on its way.
        """
        match row["state"]:
            case "done":
                return plays(self.file(row))
            case "not sent":
                return True
            case "unknown":
                prompt = row["request"]["prompt"]
                sent = prompt in [each["prompt"] for each in self.simulator.submits]
                return not row["task_id"] and (prompt in self.left or not sent)
        return False


@example(steps=[("slow", 2), ("click", 0), ("kill", 0), ("the same click", 1)])
@example(steps=[("slow", 2), ("click", 0), ("pause", 0), ("click", 1), ("cut", 0)])
@settings(
    max_examples=4,
    phases=[Phase.explicit, Phase.generate],  # a shrunk example would take minutes
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=6, max_size=12))
def test_whatever_happens(steps: list[Step], request: pytest.FixtureRequest) -> None:
    """Submits ≤ clicks, no id lost, every success with its file."""
    clip = request.getfixturevalue("clip")  # an argument would be printed if the test fails
    folder = Path(tempfile.mkdtemp(prefix="vidu-test-"))
    try:
        with Simulator(KEY, seconds=0, clip=clip) as simulator:
            world = World(simulator, folder)
            try:
                for step in steps:
                    world.play(step)
                world.judge()
            finally:
                for process in world.processes:
                    process.signal(signal.SIGCONT)
                    process.kill()
    finally:
        shutil.rmtree(folder)
