"""The status place as HTML, without a browser."""

from dataclasses import replace

import pytest

from vidu_demo.api.errors import Charged
from vidu_demo.api.task import Task, TaskStatus
from vidu_demo.jobs.job import SIMULATOR, Job, JobState
from vidu_demo.jobs.runner import JobView
from vidu_demo.ui.job import details, status

JOB = Job(
    id="1" * 32,
    idempotency_key="click",
    fingerprint="f" * 64,
    owner="o" * 64,
    backend="https://api.example.com",
    request={"prompt": "<b>hi</b>", "duration": 5, "resolution": "720p", "seed": 7},
    state=JobState.RUNNING,
    created=1_700_000_000.0,
    submitted=1_700_000_001.0,
    task_id="task-1",
)


@pytest.mark.parametrize(
    ("task", "headline", "bar"),
    [
        (None, "Submitted", "<progress aria-label"),
        (Task("t", TaskStatus.QUEUED), "In the queue", '"Progress"></progress>'),
        (Task("t", TaskStatus.PROCESSING), "Processing</h2>", '"Progress"></progress>'),
        (
            Task("t", TaskStatus.PROCESSING, progress=42, eta=65),
            "Processing\u00a0· 42%\u00a0· about 1 min 5 s left",
            ' value="42" max="100"',
        ),
        (
            Task("t", TaskStatus.UNKNOWN, "TASK_STATUS_<DREAMING>"),
            "The API says “TASK_STATUS_&lt;DREAMING&gt;”",
            '"Progress"></progress>',
        ),
    ],
)
def test_running_says_only_what_the_api_says(task: Task | None, headline: str, bar: str) -> None:
    html = status.render(JobView(JOB, task), str)
    assert headline in html
    assert bar in html
    assert 'data-started="1700000001.0"' in html


def test_money_is_said_as_it_is_known() -> None:
    failed = replace(
        JOB, state=JobState.FAILED, message="It failed.", charged=Charged.UNKNOWN, next_step="Wait."
    )
    html = status.render(JobView(failed, None), str)
    assert html.index("It failed.") < html.index("It may have been charged.") < html.index("Wait.")
    html = status.render(JobView(replace(failed, backend=SIMULATOR), None), str)
    assert "This was simulated, so nothing was charged." in html
    assert "may have been" not in html
    html = details.render(replace(JOB, backend=SIMULATOR), str)
    assert "<dt>Would cost</dt><dd>$0.275</dd>" in html
    assert "Estimate" not in html
    assert "<dt>Estimate</dt><dd>$0.275</dd>" in details.render(JOB, str)


def test_unknown_says_when_and_what_was_asked() -> None:
    unknown = replace(JOB, state=JobState.UNKNOWN, task_id=None, submitted=None)
    html = status.render(JobView(unknown, None), str)
    assert "Sent at 2023-11-14 22:13:20 UTC: “&lt;b&gt;hi&lt;/b&gt;”, 5 s, 720p." in html


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 s"), (34.4, "34 s"), (60, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_time_in_words(seconds: float, words: str) -> None:
    assert status.format_seconds(seconds) == words
