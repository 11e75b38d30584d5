"""What Gradio leaves open by default is closed, and the key stays where it belongs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from gradio_client import Client
from page_fixtures import KEY, App, Visitor, until
from playwright.sync_api import Request, expect

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import JobState
from vidu_demo.simulator import Simulator


def get(app: App, path: str, **options: Any) -> requests.Response:
    return requests.get(app.url.rstrip("/") + path, timeout=10, **options)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/deep_link/?session_hash=x",
        "/gradio_api/file=http://example.com/picture.png",
        "/gradio_api/file=https://example.com/picture.png",
        "/gradio_api/file%3Dhttps://example.com/picture.png",
        "/gradio_api/proxy=https://example.hf.space/file",
        "/monitoring",
        "/gradio_api/monitoring",
        "/gradio_api/monitoring/summary",
        "/gradio_api/run-history/records",
        "/runs",
    ],
)
def test_routes_that_would_publish_or_fetch_are_not_there(app: App, path: str) -> None:
    assert get(app, path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file/https://example.com/picture.png",
        "/gradio_api/file=HTTPS://example.com/picture.png",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/gradio_api/file=vidu_demo/settings.py",
    ],
)
def test_files_of_others_are_not_served(app: App, path: str) -> None:
    assert get(app, path).status_code in (403, 404)


def test_a_videos_url_does_not_open_the_notes_beside_it(app: App, pngs: dict[str, Path]) -> None:
    runner, owner = app.studio.runner, "n" * 64
    asked = VideoRequest(images=[pngs["red"]], prompt="x", duration=1, resolution="540p")
    job = runner.purchases.start(asked, owner=owner, idempotency_key="notes")
    (done,) = until(lambda: [j for j in runner.jobs(owner) if j.state is JobState.DONE])
    video = runner.file(job, done.video or "")
    assert get(app, f"/gradio_api/file={video}").status_code == 200
    notes = sorted(video.parent.glob("*.json"))
    assert len(notes) == 4
    for note in notes:
        for path in (f"{note}", f"{note}/", f"{note}".replace(".json", ".JSON"), f"/{note}"):
            assert get(app, f"/gradio_api/file={path}").status_code == 404


def test_neither_the_ledger_nor_a_list_of_videos_is_served(app: App) -> None:
    for path in (app.data / "ledger.db", app.data, app.studio.videos):
        assert get(app, f"/gradio_api/file={path}").status_code in (403, 404)


def test_run_history_and_errors_are_off(app: App) -> None:
    config = get(app, "/config").json()
    assert config["run_history"] is False
    assert config["show_error"] is False
    assert config["analytics_enabled"] is False


ENDPOINTS = ["submit", "task", "estimate", "generate"]


def test_every_listener_is_short_but_the_endpoints(app: App) -> None:
    from vidu_demo.ui.endpoints import MAX_CONCURRENT

    listeners = app.demo.config["dependencies"]
    assert len(listeners) > 5
    queued = [listener for listener in listeners if listener["queue"] is not False]
    assert [listener["api_name"] for listener in queued] == ENDPOINTS
    for listener in queued:
        assert app.demo.fns[listener["id"]].concurrency_limit == MAX_CONCURRENT
    public = [listener for listener in listeners if listener["api_visibility"] == "public"]
    assert public == queued
    assert app.demo.max_threads >= MAX_CONCURRENT > 1
    assert app.demo.max_file_size is not None


def test_sent_files_have_a_limit(app: App) -> None:
    too_large = {"files": ("picture.png", bytes(51 * 2**20), "image/png")}
    answer = requests.post(app.url + "gradio_api/upload", files=too_large, timeout=30)
    assert answer.status_code == 413


def test_key_and_links_appear_nowhere(
    visit: Callable[..., Visitor], app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor = visit()
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    answers = visitor.overhear()
    visitor.make.click()
    expect(visitor.headline).to_contain_text("Done in")
    visitor.prompt.fill("[no balance]")
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    assert f"Bearer {KEY}" in {r.headers.get("Authorization") for r in api.requests}

    stored = visitor.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "vidu-demo-visitor" in stored
    assert "run-history" not in stored
    assert any("Slow push-in" in answer for answer in answers)
    pages = [get(app, path).text for path in ("/", "/config", "/gradio_api/info")]
    everything = [*answers, *pages, stored, visitor.page.content(), *visitor.asked, *app.log]
    for text in everything:
        assert KEY not in text
        assert "q-sign" not in text
    for folder in (app.data, app.uploads):
        for path in folder.rglob("*"):
            if path.is_file():
                assert KEY.encode() not in path.read_bytes(), path
                assert b"q-sign" not in path.read_bytes(), path


def test_job_of_another_visitor_cannot_be_seen(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    """A page's own request about its job, repeated by someone else over plain HTTP."""
    (look,) = [d["id"] for d in app.demo.config["dependencies"] if d["api_name"] == "refresh"]

    def is_look(request: Request) -> bool:
        return request.method == "POST" and f'"fn_index":{look}' in (request.post_data or "")

    with visitor.page.expect_request(is_look) as seen:
        task_id = visitor.start(pngs["red"], prompt="A secret wedding [600 s]")
    asked = seen.value
    sent = json.loads(asked.post_data or "")
    token = sent["data"][0]["token"]
    assert len(token) >= 24

    def ask(state: Any) -> str:
        data = [state, *sent["data"][1:]]
        answer = requests.post(asked.url, json={**sent, "data": data}, timeout=10)
        assert KEY not in answer.text
        return answer.text

    assert task_id in ask({"token": token})
    for stranger in (app.token(), {"token": "x" * 32}, {"token": ""}, {}, None, {"token": [token]}):
        said = ask(stranger)
        assert task_id not in said
        assert "wedding" not in said


def test_page_asks_nobody_else(visitor: Visitor) -> None:
    """As no page of any test does: each visitor is asked about it when they leave."""
    assert len(visitor.asked) > 50
    assert visitor.elsewhere == []


def test_private_listeners_have_no_name_in_the_description(app: App) -> None:
    client = Client(app.url, analytics_enabled=False, verbose=False)
    described = client.view_api(return_format="dict", print_info=False)
    client.close()
    assert list(described["named_endpoints"]) == [f"/{name}" for name in ENDPOINTS]
    assert described["unnamed_endpoints"] == {}
