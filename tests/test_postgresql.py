"""The whole app, in one process, with its list of jobs in PostgreSQL."""

from pathlib import Path

import pytest
import requests
from database_fixtures import database_url, read
from gradio_client import Client, handle_file
from page_fixtures import until
from runner_fixtures import plays
from start_fixtures import running

from vidu_demo.ui import file_url

pytestmark = pytest.mark.database("postgresql")


def test_what_was_bought_is_there_after_a_kill(tmp_path: Path, pngs: dict[str, Path]) -> None:
    database = tmp_path / "ledger.db"
    where = {"VIDU_DATABASE_URL": database_url(database)}
    with running(tmp_path, afresh=True, **where) as (url, process):
        client = Client(url, analytics_enabled=False, verbose=False)
        client.submit(
            images=[handle_file(pngs["red"])],
            prompt="Slow push-in [5 s]",
            duration=1,
            resolution="540p",
            api_name="/generate",
        )
        until(lambda: read(database, "SELECT 1 FROM jobs WHERE task_id IS NOT NULL"))
        process.kill()
        process.join(20)
        ((task_id, state),) = read(database, "SELECT task_id, state FROM jobs")
        assert state == "running"
    with running(tmp_path, **where) as (url, _):
        until(lambda: read(database, "SELECT 1 FROM jobs WHERE state = 'done'"))
        ((job, kept_id, video),) = read(database, "SELECT id, task_id, video FROM jobs")
        assert kept_id == task_id
        path = tmp_path / "data" / "videos" / job / video
        assert plays(path)
        answer = requests.get(f"{url}/{file_url(path)}", timeout=10)
        assert answer.content == path.read_bytes()
    assert not (tmp_path / "data" / "ledger.db").exists()
