"""A real process is killed for real, and started again with no browser open."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import forked
import pytest
from database_fixtures import connected, database_url
from runner_fixtures import KEY, plays
from start_fixtures import start

from vidu_demo.jobs.sql.tables import job_table
from vidu_demo.simulator import Fault, Simulator

PATIENCE = 60.0
"""Seconds for what a process should do at once, on a busy machine."""


@dataclass
class Desk:
    """A simulator, a data folder, and the process that is killed and started again."""

    simulator: Simulator
    folder: Path
    children: list[BaseProcess] = field(default_factory=list)

    def start(self, *prompts: str) -> None:
        """Start the app; it clicks once for each prompt. Back when it has."""
        environment = {
            name: text for name, text in os.environ.items() if "proxy" not in name.lower()
        }
        environment |= {
            "NOVITA_API_KEY": KEY,
            "NOVITA_BASE_URL": self.simulator.url,
            "VIDU_DATA_DIR": str(self.folder),
            "VIDU_DATABASE_URL": self.database,
            "VIDU_REQUESTS_PER_SECOND": "50",
        }
        self.desk, theirs = Pipe()
        log = self.folder.parent / "log"
        place = (self.folder.parent, environment, log, log)
        self.children.append(start(forked.run_studio, theirs, prompts, *place))
        theirs.close()
        assert self.desk.recv() == "ready"

    def kill(self) -> None:
        child = self.children[-1]
        child.kill()
        child.join()
        if os.name == "posix":
            assert child.exitcode == -signal.SIGKILL

    def stop(self) -> None:
        """End the app as a host does that is friendly."""
        child = self.children[-1]
        self.desk.send("stop")
        child.join(PATIENCE)
        assert child.exitcode == 0

    @property
    def database(self) -> str:
        return database_url(self.folder / "ledger.db")

    def rows(self) -> list[dict[str, Any]]:
        with connected(self.database) as connection:
            query = job_table.select().order_by(job_table.c.idempotency_key)
            return [dict(row) for row in connection.execute(query).mappings()]

    @property
    def row(self) -> dict[str, Any]:
        (only,) = self.rows()
        return only

    def until(self, true: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, f"it did not come to pass: {self.rows()}"
            time.sleep(0.01)

    def done(self, row: dict[str, Any]) -> None:
        """See that a row is done and its video is kept."""
        assert row["state"] == "done", row
        assert row["task_id"]
        assert plays(self.folder / "videos" / row["id"] / row["video"])


@pytest.fixture
def desk(tmp_path: Path, clip: bytes) -> Iterator[Desk]:
    with Simulator(KEY, seconds=0, clip=clip) as simulator:
        made = Desk(simulator, tmp_path / "data")
        yield made
        for child in made.children:
            child.kill()
            child.join()


def test_nothing_is_killed(desk: Desk) -> None:
    desk.start("one")
    desk.until(lambda: desk.row["state"] == "done")
    desk.stop()
    desk.done(desk.row)
    assert desk.simulator.submit_count == 1


@pytest.mark.parametrize("bought", [False, True], ids=["before", "after"])
def test_killed_between_the_request_and_its_answer(desk: Desk, bought: bool) -> None:
    """The one case that nobody can know. The page says so, and the request is never resent."""
    desk.simulator.faults["submit"] = [Fault(delay=600, after=bought)]
    desk.start("one")
    desk.until(lambda: desk.simulator.submit_count == 1)
    desk.until(lambda: desk.simulator.task_count == bought)
    desk.kill()
    assert desk.row["state"] == "submitting"
    assert desk.row["task_id"] is None
    for _ in range(2):
        desk.start("one")  # the browser sends the same click again
        desk.until(lambda: desk.row["state"] == "unknown")
        desk.kill()
    assert desk.row["charged"] == "unknown"
    assert "a task may be running without its id" in desk.row["message"]
    assert "Novita console" in desk.row["next_step"]
    assert desk.simulator.submit_count == 1
    assert desk.simulator.poll_count == 0


def test_killed_right_after_the_answer(desk: Desk) -> None:
    desk.start("one")
    desk.until(lambda: desk.row["task_id"])
    desk.kill()
    task_id = desk.row["task_id"]
    assert desk.row["state"] == "running"
    assert desk.simulator.poll_count == 0
    desk.start()
    desk.until(lambda: desk.row["state"] == "done")
    desk.done(desk.row)
    assert desk.row["task_id"] == task_id
    assert desk.simulator.submit_count == 1


def test_killed_during_a_poll(desk: Desk) -> None:
    desk.simulator.faults["poll"] = [Fault(delay=600)]
    desk.start("one")
    desk.until(lambda: desk.simulator.poll_count == 1)
    desk.kill()
    assert desk.row["state"] == "running"
    desk.start()
    desk.until(lambda: desk.row["state"] == "done")
    desk.done(desk.row)
    assert desk.simulator.submit_count == 1


def test_killed_during_the_download(desk: Desk) -> None:
    desk.simulator.faults["download"] = [Fault(delay=600)]
    desk.start("one")
    desk.until(lambda: desk.simulator.download_count == 1)
    desk.kill()
    assert desk.row["state"] == "saving"
    (desk.folder / "videos" / desk.row["id"] / "vidu.mp4.part").write_bytes(b"half a video")
    desk.start()
    desk.until(lambda: desk.row["state"] == "done")
    desk.done(desk.row)
    assert desk.simulator.submit_count == 1
    assert desk.simulator.download_count == 2


def test_killed_again_and_again(desk: Desk) -> None:
    """Five clicks and a kill after each, at other times; then it is left alone."""
    prompts = [f"number {n}" for n in range(5)]
    for number, prompt in enumerate(prompts):
        desk.start(prompt)
        time.sleep(0.004 * 4**number)
        desk.kill()
    desk.start()
    ended = ("done", "unknown", "not sent")
    desk.until(lambda: all(row["state"] in ended for row in desk.rows()))
    desk.stop()
    rows = desk.rows()
    assert [row["idempotency_key"] for row in rows] == prompts
    sent = [body["prompt"] for body in desk.simulator.submits if isinstance(body, dict)]
    assert len(sent) == len(set(sent)) == desk.simulator.submit_count <= 5
    for row in rows:
        if row["task_id"]:
            desk.done(row)
        elif row["state"] == "not sent":
            assert row["idempotency_key"] not in sent
        else:
            assert row["state"] == "unknown"
    assert rows[-1]["state"] == "done"
