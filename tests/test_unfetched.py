"""What a client asks for and never fetches takes up no more than so much memory."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import requests
from gradio import routes
from page_fixtures import App, until

from vidu_demo.ui.guard import unfetched

FEW = 5


def estimate(app: App, session: str) -> str:
    listener = app.listener("estimate")
    data = [1, "540p", None, False, "", False, "auto", False, False, ""]
    body = {"data": data, "fn_index": listener}
    answer = requests.post(
        f"{app.url}gradio_api/queue/join", json={**body, "session_hash": session}, timeout=30
    )
    answer.raise_for_status()
    return str(answer.json()["event_id"])


def test_messages_that_nobody_fetches_are_bounded(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfetched, "MESSAGES", FEW)
    monkeypatch.setattr(unfetched, "EVENTS", FEW)
    queue, session = app.demo._queue, "never fetches"
    events = [estimate(app, session) for _ in range(3 * FEW)]
    until(lambda: not queue.event_ids_to_events.keys() & events)
    assert queue.pending_messages_per_session[session].qsize() == FEW
    assert len(queue.pending_event_ids_session[session]) == FEW


def test_the_session_with_the_most_messages_loses_them(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = app.demo._queue
    events = [estimate(app, "greedy") for _ in range(FEW)]
    until(lambda: not queue.event_ids_to_events.keys() & events)
    monkeypatch.setattr(unfetched, "ALL_MESSAGES", FEW)
    last = estimate(app, "modest")
    assert queue.pending_messages_per_session["greedy"].empty()
    with requests.get(
        f"{app.url}gradio_api/queue/data?session_hash=modest", stream=True, timeout=30
    ) as answer:
        said = answer.text
    assert last in said
    assert '"success":true' in said


def test_sessions_that_nobody_fetches_are_bounded(app: App) -> None:
    queue = app.demo._queue
    for kept in (queue.pending_messages_per_session, queue.pending_event_ids_session):
        assert kept.max_size == unfetched.SESSIONS


def test_uploads_whose_progress_nobody_fetches_are_bounded(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfetched, "UPLOADS", FEW)
    monkeypatch.setattr(routes, "file_upload_statuses", unfetched.UploadProgress())
    for number in range(3 * FEW):
        requests.post(
            f"{app.url}gradio_api/upload?upload_id=upload-{number}",
            files={"files": (f"{number}.txt", str(number))},
            timeout=30,
        ).raise_for_status()
    last = f"{app.url}gradio_api/upload_progress?upload_id=upload-{3 * FEW - 1}"
    assert '"msg": "done"' in requests.get(last, timeout=30).text
    assert len(routes.file_upload_statuses) <= FEW  # type: ignore[arg-type]


def test_made_up_uploads_are_bounded(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfetched, "UPLOADS", FEW)
    monkeypatch.setattr(routes, "file_upload_statuses", unfetched.UploadProgress())
    made_up = f"{app.url}gradio_api/upload_progress?upload_id=made-up-"
    with ThreadPoolExecutor(3 * FEW) as together:
        get = partial(requests.get, timeout=30)
        answers = together.map(get, [f"{made_up}{number}" for number in range(3 * FEW)])
        assert {answer.status_code for answer in answers} == {404}
    assert len(routes.file_upload_statuses) == FEW  # type: ignore[arg-type]
