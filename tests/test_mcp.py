"""The MCP tools, called with the official client."""

import ast
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import requests
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from page_fixtures import KEY, App, serving, until
from test_spending_limits import LIMITS, through

from vidu_demo.api.request import VideoRequest
from vidu_demo.simulator import Simulator
from vidu_demo.ui.guard.tools import ToolCalls
from vidu_demo.ui.launch import ToolsUnavailable, launch
from vidu_demo.ui.sign_in.gate import Gate
from vidu_demo.ui.sign_in.password import Password

URL = "https://example.com/cat.jpg"
SMALL = {"image_urls": URL, "prompt": "Push-in.", "duration": 1, "resolution": "540p"}
Session = Callable[[ClientSession], Awaitable[Any]]


@pytest.fixture(params=["", "ada/vidu-demo"])
def served(
    request: pytest.FixtureRequest, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[App, str]]:
    """An app with tools, at home and on a Space, and the prefix of their names."""
    prefix = ""
    if request.param:
        monkeypatch.setenv("SPACE_ID", request.param)
        monkeypatch.setattr("gradio.utils.get_space", lambda: request.param)
        prefix = "vidu_demo_"
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(KEY, seconds=0))
        made = serving(simulator, tmp_path, app.log, tools=True, **LIMITS)
        yield stack.enter_context(made), prefix


def using(app: App, act: Session, address: str = "203.0.113.7", **headers: str) -> Any:
    """Connect as an agent does, and let it act."""

    async def run() -> Any:
        url = f"{app.url}gradio_api/mcp/"
        async with (
            httpx.AsyncClient(headers=through(address) | headers, timeout=60) as client,
            streamable_http_client(url, http_client=client) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await act(session)

    with ThreadPoolExecutor(1) as thread:  # this one may run a browser's event loop
        return thread.submit(lambda: asyncio.run(run())).result()


async def call(session: ClientSession, tool: str, **arguments: Any) -> Any:
    """Call a tool; an error is its text."""
    answer = await session.call_tool(tool, arguments)
    text = answer.content[0].text  # type: ignore[union-attr]
    return text if answer.isError else ast.literal_eval(text)


def test_three_tools_and_nothing_else(served: tuple[App, str]) -> None:
    app, prefix = served

    async def listed(session: ClientSession) -> Any:
        return (await session.list_tools()).tools

    tools = {tool.name.removeprefix(prefix): tool for tool in using(app, listed)}
    assert list(tools) == ["submit", "task", "estimate"]
    assert "costs money" in str(tools["submit"].description)
    asked = tools["submit"].inputSchema["properties"]
    assert set(VideoRequest.SETTINGS) < set(asked)
    for name in VideoRequest.SETTINGS:
        assert VideoRequest.describe(name)["title"] in asked[name]["description"]

    async def others(session: ClientSession) -> list[Any]:
        names = ("generate", "welcome", "buy", "review", "refresh")
        return [await call(session, prefix + name) for name in names]

    for said in using(app, others):
        assert "Unknown tool" in said


def test_an_agent_makes_a_video_within_the_hosts_limits(served: tuple[App, str]) -> None:
    app, prefix = served

    async def make(session: ClientSession) -> Any:
        price = await call(session, f"{prefix}estimate", duration=1, resolution="540p")
        assert (price["price_usd"], price["can_be_bought"]) == (0.04, True)
        assert price["left_today_usd"] == 0.1
        said = await call(session, f"{prefix}submit", **SMALL)
        until(lambda: app.studio.runner.open_jobs == 0)
        return await call(session, f"{prefix}task", job=said["job"])

    status, video = using(app, make)
    assert status["state"] == "done"
    assert requests.get(video["url"], timeout=10).content[4:8] == b"ftyp"
    assert app.simulator.submit_count == 1

    async def more(session: ClientSession) -> list[Any]:
        said = []
        for seed in (1, 2):
            said.append(await call(session, f"{prefix}submit", **SMALL, seed=seed))
            until(lambda: app.studio.runner.open_jobs == 0)
        return said

    first, second = using(app, more)
    assert first["job"]
    assert "$0.02 of $0.10 is left" in second  # by address: a tool has no token
    assert app.simulator.submit_count == 2


def test_without_it_there_is_no_such_door(app: App) -> None:
    for path in ("mcp", "mcp/", "mcp/sse", "mcp/schema", "mcp/messages/"):
        answer = requests.get(f"{app.url}gradio_api/{path}", timeout=10)
        assert answer.status_code == 404, path


def test_nobody_can_say_that_they_come_from_elsewhere(served: tuple[App, str]) -> None:
    app, prefix = served

    async def buy(session: ClientSession) -> Any:
        return await call(session, f"{prefix}submit", **SMALL)

    said = using(app, buy)
    assert said["job"], said
    ends = [row.visitor for row in app.studio.runner._ledger.spending()]
    assert sum(visitor.startswith("address") for visitor in ends) == 1
    for forged in ("203.0.113.9", f"{'0' * 64} 203.0.113.9"):
        headers = {**through("203.0.113.7"), "X-Tool-Caller": forged}
        event = requests.post(
            f"{app.url}gradio_api/call/v2/submit", json=SMALL, headers=headers, timeout=30
        ).json()["event_id"]
        requests.get(f"{app.url}gradio_api/call/submit/{event}", timeout=30)
    ends = [row.visitor for row in app.studio.runner._ledger.spending()]
    assert sum(visitor.startswith("address") for visitor in ends) == 1


def test_the_callers_address_is_passed_on_and_cannot_be_forged() -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    calls = ToolCalls(app)

    def passed(path: str, address: str, *headers: tuple[bytes, bytes]) -> Any:
        scope = {"type": "http", "path": path, "client": (address, 1), "headers": [*headers]}
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(calls(scope, None, None))).result()  # type: ignore[arg-type]
        return seen[-1]

    marked = passed("/gradio_api/mcp/", "203.0.113.7")
    ((name, told),) = marked["headers"]
    assert marked["client"] == ("203.0.113.7", 1)
    inside = passed("/gradio_api/queue/join", "127.0.0.1", (name, told), (b"a", b"b"))
    assert inside["client"][0] == "203.0.113.7"
    assert inside["headers"] == [(b"a", b"b")]
    for forged in (b"198.51.100.1", told[:-1] + b"8", b"0" * 64 + b" 198.51.100.1", b"", b"\xff"):
        outside = passed("/gradio_api/queue/join", "203.0.113.9", (name, forged))
        assert outside["client"][0] == "203.0.113.9"
        assert outside["headers"] == []


def test_tools_that_cannot_be_offered_are_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = Gate(Password("x" * 20), b"secret", space=False)
    page = cast("Any", None)
    with pytest.raises(ToolsUnavailable, match="MCP tools can't sign in"):
        launch(page, videos=tmp_path, gate=gate, tools=True)
    monkeypatch.setattr("vidu_demo.ui.launch.find_spec", lambda _: None)
    with pytest.raises(ToolsUnavailable, match=r'pip install "gradio\[mcp\]"'):
        launch(page, videos=tmp_path, tools=True)
