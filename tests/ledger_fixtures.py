"""A ledger on a real database."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from database_fixtures import database_url

from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.ledger import Ledger

ASKED = {"images": ["picture-1.png"], "prompt": "“ü” 🐈", "duration": 5, "resolution": "720p"}
ASKED |= {"off_peak": False, "seed": 3}

VERSION_1 = """
CREATE TABLE jobs (
    id VARCHAR(32) NOT NULL PRIMARY KEY, click VARCHAR(128) NOT NULL UNIQUE,
    fingerprint VARCHAR(64) NOT NULL, owner VARCHAR(64) NOT NULL, backend VARCHAR(200) NOT NULL,
    request JSON NOT NULL, state VARCHAR(16) NOT NULL, created DOUBLE PRECISION NOT NULL,
    submitted DOUBLE PRECISION, finished DOUBLE PRECISION, task_id VARCHAR(200),
    message TEXT NOT NULL, next_step TEXT NOT NULL, charged VARCHAR(8), video VARCHAR(200)
);
CREATE TABLE repeated_clicks (
    click VARCHAR(128) NOT NULL PRIMARY KEY,
    job VARCHAR(32) NOT NULL REFERENCES jobs (id)
);
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE INDEX ix_jobs_fingerprint ON jobs (fingerprint);
CREATE INDEX ix_jobs_state ON jobs (state);
CREATE INDEX ix_jobs_task_id ON jobs (task_id);
CREATE INDEX ix_jobs_owner ON jobs (owner);
INSERT INTO schema_version VALUES (1);
INSERT INTO jobs VALUES ('1', 'click-1', 'f', 'me', 'there',
    '{"prompt": "x", "duration": 5, "resolution": "720p", "off_peak": false}',
    'done', 1.0, 2.0, 62.0, 'task-1', '', '', NULL, 'vidu.mp4');
INSERT INTO jobs VALUES ('2', 'click-2', 'e', 'me', 'there', '{"prompt": "y"}',
    'stopped', 2.0, 3.0, NULL, 'task-2', 'You stopped.', 'Watch.', 'unknown', NULL);
INSERT INTO repeated_clicks VALUES ('click-3', '1');
"""
"""A database as the first version of the app made it."""


def job(name: str = "1", **changes: Any) -> Job:
    given = Job(
        id=name * 32,
        idempotency_key=f"click-{name}",
        fingerprint="f" * 64,
        owner="o" * 64,
        backend="there",
        request=dict(ASKED),
        state=JobState.PREPARED,
        created=1_700_000_000.25,
    )
    return replace(given, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(database_url(path))) as opened:
        yield opened


def add(ledger: Ledger, made: Job) -> Job:
    (written,) = ledger.add([made])
    return written
