"""Disks that are full and ledgers that fail: no money is spent, and no id is lost."""

import logging
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from runner_fixtures import (
    OWNER,
    PROCESSING,
    Bench,
    locked,
    until,
)

from vidu_demo.api.errors import Charged
from vidu_demo.jobs import follower
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.job import JobState


def test_a_disk_that_is_nearly_full_is_told_before_money_is_spent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000_000))
    with pytest.raises(LedgerFailed, match="nearly full, so nothing was sent") as failed:
        bench.start()
    assert failed.value.charged is Charged.NO
    assert bench.simulator.submit_count == 0
    assert bench.runner.jobs(OWNER) == []
    assert list(bench.videos.iterdir()) == []  # and no picture stays behind


def test_a_folder_that_may_only_be_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", read_only)
    with pytest.raises(LedgerFailed, match=r"Read-only file system\), so nothing was sent"):
        bench.start()
    assert bench.simulator.submit_count == 0
    assert list(bench.videos.iterdir()) == []


def test_a_ledger_that_takes_no_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.ledger, "add", locked)
    with pytest.raises(LedgerFailed):
        bench.start()
    assert bench.simulator.submit_count == 0
    assert list(bench.videos.iterdir()) == []
    monkeypatch.undo()


def test_a_picture_that_is_gone_before_the_request_leaves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = follower.files.payload

    def vanish(folder: Path, kept: dict[str, Any]) -> dict[str, Any]:
        (folder / kept["images"][0]).unlink()
        return payload(folder, kept)

    monkeypatch.setattr(follower.files, "payload", vanish)
    ended = bench.reaches(bench.start(), JobState.NOT_SENT)
    assert "can't be read (No such file or directory), so nothing was sent" in ended.message
    assert ended.charged is Charged.NO
    assert bench.simulator.submit_count == 0


def test_a_ledger_that_fails_before_the_request_sends_nothing(bench: Bench) -> None:
    broken = True

    def fails(_: Any) -> None:
        if broken:
            locked()

    bench.ledger.before_write = fails
    job = bench.start()
    until(
        lambda: (view := bench.runner.find(job.id, OWNER)) and view.job.state is JobState.NOT_SENT
    )
    assert bench.row(job).state is JobState.PREPARED  # written down as soon as that works
    broken = False
    assert bench.reaches(job, JobState.NOT_SENT).charged is Charged.NO
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.simulator.submit_count == 0


def test_a_ledger_that_fails_after_the_request_loses_no_id(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def fails(changes: dict[str, Any]) -> None:
        if broken and "state" in changes and changes["state"] is not JobState.SUBMITTING:
            locked()

    bench.ledger.before_write = fails
    job = bench.start()
    until(lambda: (view := bench.runner.find(job.id, OWNER)) and view.job.task_id)
    view = bench.runner.find(job.id, OWNER)
    assert view
    task_id = view.job.task_id
    assert task_id
    assert bench.row(job).task_id is None

    def told() -> bool:
        critical = [record for record in caplog.records if record.levelno == logging.CRITICAL]
        return any(task_id in record.getMessage() for record in critical)

    until(told)  # the second receipt
    broken = False
    done = bench.done(job)
    assert done.task_id == task_id
    assert done.submitted
    assert bench.simulator.submit_count == 1


def test_a_ledger_that_cannot_be_read_does_not_hold_a_job_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learning from past waits helps but is not required."""
    monkeypatch.setattr(bench.ledger, "durations", locked)
    monkeypatch.setattr(follower, "TROUBLE_SECONDS", 600.0)
    bench.done(bench.start())
    assert bench.simulator.submit_count == 1


def test_a_stop_is_written_down_even_if_that_takes_a_while(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.ledger.before_write = locked
    stopped = bench.runner.stop(job.id, OWNER)
    assert stopped
    assert stopped.state is JobState.STOPPED
    assert bench.row(job).state is JobState.RUNNING
    bench.ledger.before_write = lambda _: None
    bench.reaches(job, JobState.STOPPED)


def test_a_stop_that_is_being_written_when_a_step_begins(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.simulator.statuses = [PROCESSING]
    job = bench.reaches(bench.start(), JobState.RUNNING)
    bench.ledger.before_write = lambda _: time.sleep(0.3)
    assert bench.runner.stop(job.id, OWNER)
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.row(job).state is JobState.STOPPED
    assert "not written down" not in caplog.text
