"""What an app says where strangers can reach it, and where only this machine can."""

from pathlib import Path
from typing import Any

import pytest
import requests
from page_fixtures import KEY, App, serving
from starlette.types import Receive, Scope, Send
from start_fixtures import running

from vidu_demo.simulator import Simulator
from vidu_demo.ui.browser.visitor import STORAGE_KEY
from vidu_demo.ui.guard import front

EVERYWHERE = "0.0.0.0"  # noqa: S104 - that is what this is about
LISTED = "Your videos"


class Page:
    """A visitor with plain HTTP, who knows of the page only what it publishes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.config = requests.get(f"{url}/config", timeout=10).json()
        self.token: Any = None
        self.token = self.call("welcome").json()["data"][0]

    def call(self, name: str, **values: str) -> requests.Response:
        """Call a listener with the token, and with values for components by their `elem_id`."""
        (known,) = [each for each in self.config["dependencies"] if each["api_name"] == name]
        about = {each["id"]: each["props"] for each in self.config["components"]}
        data = [
            self.token
            if about[each].get("storage_key") == STORAGE_KEY
            else values.get(about[each].get("elem_id") or "")
            for each in known["inputs"]
        ]
        body = {"data": data, "fn_index": known["id"], "session_hash": "stranger"}
        return requests.post(f"{self.url}/gradio_api/run/predict", json=body, timeout=30)


@pytest.mark.parametrize(
    ("host", "spent", "kept"),
    [
        (
            EVERYWHERE,
            "Strangers can spend up to $5.00 a day with your key: $1.00 each, $0.60 per click, "
            "2 videos at once.",
            "Pictures, videos and prompts are deleted 7 days after a video is made.",
        ),
        (
            "127.0.0.1",
            "Only this machine can reach the app, so only the limits that you set apply.",
            "Pictures and videos are kept until you delete them.",
        ),
    ],
    ids=["everywhere", "here"],
)
def test_terminal_and_page_say_what_strangers_can_spend_and_how_long_things_are_kept(
    tmp_path: Path, host: str, spent: str, kept: str
) -> None:
    with Simulator(KEY, seconds=0) as api:
        given = {"NOVITA_API_KEY": KEY, "NOVITA_BASE_URL": api.url}
        with running(tmp_path, "--host", host, **given) as (url, _):
            log = (tmp_path / "log").read_text()
            assert log.count(spent) == log.count(spent.partition(",")[0]) == 1
            assert log.count("can spend") == (host == EVERYWHERE)
            page = Page(url)
            for name, values in (("welcome", {}), ("open_task", {"task": "task-0001"})):
                shown = page.call(name, **values).json()["data"]
                parts = [str(part) for part in shown if kept in str(part)]
                # On the stage as long as there is no video, and then below the list of them.
                assert [LISTED in part for part in parts] == [name != "welcome"]


def test_a_named_proxy_makes_everybody_a_stranger(app: App, tmp_path: Path) -> None:
    """What a proxy does not say, the app cannot know: nobody counts as being on its machine."""
    with Simulator(KEY, seconds=0) as api:
        for number, (proxies, can_be_bought) in enumerate((("127.0.0.1", False), ("", True))):
            folder = tmp_path / str(number)
            with serving(api, folder, app.log, trusted_proxies=proxies) as made:
                url = f"{made.url}gradio_api/call/v2/estimate"
                asked = {"duration": 10, "resolution": "1080p"}
                event = requests.post(url, json=asked, timeout=30).json()["event_id"]
                url = f"{made.url}gradio_api/call/estimate/{event}"
                answer = requests.get(url, timeout=30).text
                assert f'"can_be_bought": {str(can_be_bought).lower()}' in answer


@pytest.mark.parametrize(
    ("connection", "forwarded", "counted"),
    [
        ("10.1.2.3", "1.1.1.1, 203.0.113.7", "203.0.113.7"),  # the first of the two is made up
        ("172.16.0.9", "203.0.113.7", "203.0.113.7"),
        ("10.1.2.3", "203.0.113.7, 192.168.0.5", "203.0.113.7"),  # two proxies
        # If the assumption about a Space's proxy is wrong, all count as one.
        ("100.64.0.1", "1.1.1.1, 203.0.113.7", "100.64.0.1"),
        ("100.64.0.1", "198.51.100.1", "100.64.0.1"),
        ("127.0.0.1", "198.51.100.1", "127.0.0.1"),
        ("8.8.8.8", "10.1.2.3, 198.51.100.1", "8.8.8.8"),
    ],
)
def test_on_a_space_only_private_proxies_tell_an_address(
    monkeypatch: pytest.MonkeyPatch, connection: str, forwarded: str, counted: str
) -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"][0])

    scope = {
        "type": "http",
        "client": (connection, 5),
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    for space, address in (("ada/vidu-demo", counted), (None, connection)):
        monkeypatch.setattr(front, "get_space", lambda space=space: space)
        # A copy, since the address is changed in place. Nothing here waits, so one step is all.
        with pytest.raises(StopIteration):
            front.trust_proxies(app, ())({**scope}, Any, Any).send(None)
        assert seen.pop() == address
