"""A program's own key, looked for wherever it must not be, with either database."""

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from conftest import refusing
from database_fixtures import connected, database_url
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from page_fixtures import KEY, OWN_KEYS, SMALL, App, serving, until
from test_mcp import call as call_tool
from test_mcp import using

from vidu_demo.jobs.job import JobState
from vidu_demo.jobs.ledger import digest
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.ui.browser.own_key import KEY_HEADER

OWN = OWN_KEYS[0]
ASKED = {"image_urls": "https://example.com/a.jpg", "prompt": "Slow push-in.", **SMALL}
DESCRIBED = (
    "",
    "config",
    "gradio_api/app_id",
    "gradio_api/info",
    "gradio_api/info?all_endpoints=true",
    "gradio_api/mcp/schema",
    "gradio_api/openapi.json",
    "gradio_api/startup-events",
    "openapi.json",
    "theme.css",
)
REFUSALS: dict[str, tuple[str, Fault]] = {
    "a refused key": ("poll", refusing(401, "INVALID_API_KEY", f"no such key as {OWN}")),
    "a key that can't be asked about": ("poll", Fault(500, f"<html>{OWN}</html>")),
    "a refusal": ("submit", refusing(400, "INVALID_REQUEST_BODY", f"Bearer {OWN} is not enough")),
    "a lost answer": ("submit", Fault(reset=True, after=True)),
    "a failure": ("submit", Fault(500, f"<html>{OWN}</html>")),
}


@pytest.fixture
def served(app: App, tmp_path: Path) -> Iterator[App]:
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0, more_keys=[OWN]))
        database = {"database_url": database_url(tmp_path / "data" / "ledger.db")}
        made = serving(simulator, tmp_path, app.log, tools=True, **database)
        yield stack.enter_context(made)


def rows(app: App, file: Path) -> dict[str, list[str]]:
    """Every row of every table, procrastinate's too."""
    known = sa.MetaData()
    known.reflect(app.studio.runner._ledger.engine)
    with connected(database_url(file)) as connection:
        return {
            table.name: [str(tuple(row)) for row in connection.execute(table.select())]
            for table in known.sorted_tables
        }


def test_a_programs_key_appears_nowhere(served: App, tmp_path: Path) -> None:
    app, api, runner = served, served.simulator, served.studio.runner
    said: list[str] = []
    database = tmp_path / "data" / "ledger.db"
    client = Client(
        app.url,
        headers={KEY_HEADER: OWN},
        analytics_enabled=False,
        verbose=False,
        download_files=tmp_path / "fetched",
    )

    def ask(name: str, **fields: Any) -> Any:
        try:
            answer = client.predict(api_name=name, **fields)
        except AppError as error:
            answer = str(error)
        said.append(str(answer))
        return answer

    def look_around() -> None:
        said.extend(requests.get(app.url + path, timeout=10).text for path in DESCRIBED)
        said.extend(row for table in rows(app, database).values() for row in table)

    # While a job is made with it, first its download fails.
    api.faults["download"] = [Fault(500, f"<html>{OWN}</html>"), Fault(truncate=True)]
    api.statuses = ["TASK_STATUS_PROCESSING"]
    job = ask("/submit", **ASKED)["job"]
    owner = digest("program", job)
    until(lambda: runner.jobs(owner)[0].state is JobState.RUNNING)
    ask("/task", job=job)
    ask("/estimate", **SMALL)
    look_around()
    api.statuses = None
    until(lambda: api.download_count)
    until(lambda: runner.open_jobs == 0)
    assert ask("/task", job=job)[1]
    assert api.download_count == 3

    for kind, fault in REFUSALS.values():
        api.faults[kind] = [fault]
        name = ("/submit", "/generate")[kind == "poll"]
        answer = ask(name, **{**ASKED, "prompt": f"{fault}".replace(OWN, "")[:99]})
        if isinstance(answer, dict):
            until(lambda: runner.open_jobs == 0)
            assert ask("/task", job=answer["job"])[0]["state"] in ("not sent", "unknown")
    assert any("[key]" in text for text in said)
    ask("/generate", **ASKED, seed=5)

    async def agent(session: ClientSession) -> list[Any]:
        tools = (await session.list_tools()).tools
        made = await call_tool(session, "submit", **ASKED, seed=6)
        return [tools, made, await call_tool(session, "task", job=made["job"])]

    said.append(str(using(app, agent, **{KEY_HEADER: OWN})))
    until(lambda: runner.open_jobs == 0)
    look_around()
    client.close()

    assert api.tasks_of_key.keys() == {OWN}  # it was used, and no other
    downloads = [record for record in api.requests if record.target.startswith("/files/")]
    assert downloads
    assert not any(OWN in str(record.headers) for record in downloads)
    said += [f"{name}={value}" for name, value in os.environ.items()]
    said += [repr(vars(app.demo)), repr(vars(app.demo.app.state_holder)), *app.log]
    assert sum("Slow push-in." in text for text in said) > 2
    assert len(rows(app, database)["jobs"]) >= 6
    forms = [OWN, base64.b64encode(OWN.encode()).decode()[:-4], OWN[::-1]]
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    for form in forms:
        assert not [text for text in said if form in text]
        assert not [path for path in kept if form.encode() in path.read_bytes()]


@pytest.mark.database("postgresql")
def test_it_was_looked_for_in_procrastinates_tables(served: App, tmp_path: Path) -> None:
    found = rows(served, tmp_path / "data" / "ledger.db")
    assert {"jobs", "offers", "procrastinate_jobs", "procrastinate_events"} <= found.keys()
