"""The client over real HTTP, with the simulator at the other end."""

import logging
import random
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Clock
from http_fixtures import PAYLOAD, SUBMIT, at, closed_port, everything_about

from vidu_demo import SubmitOutcomeUnknown, Task, TaskFailed, TaskStatus, VideoRequest, ViduClient
from vidu_demo.api.errors import Charged, KeyMissing, PictureInvalid, ViduError
from vidu_demo.api.refusals import NotFound
from vidu_demo.simulator import Fault, Simulator

# What goes out


def test_the_exact_request(client: ViduClient, simulator: Simulator, picture: Any) -> None:
    link = "https://example.com/a.png?x=%7E"
    client.submit(VideoRequest(images=[link, picture], prompt="“push-in”", seed=7))
    (sent,) = simulator.submits
    assert isinstance(sent, dict)
    first, second = sent.pop("images")
    assert first == link
    assert second.startswith("data:image/png;base64,")
    assert sent == {
        "prompt": "“push-in”",
        "duration": 5,
        "resolution": "720p",
        "seed": 7,
        "audio": False,
        "bgm": False,
        "movement_amplitude": "auto",
        "off_peak": False,
        "watermark": False,
    }
    (record,) = simulator.requests
    assert (record.method, record.target) == ("POST", SUBMIT)
    assert record.headers["Content-Type"] == "application/json"
    assert record.headers["Authorization"] == "Bearer simulated"


def test_the_exact_poll(client: ViduClient, simulator: Simulator) -> None:
    with pytest.raises(NotFound):
        client.get("a/b &c=é")
    (record,) = simulator.requests
    assert record.target == "/v3/async/task-result?task_id=a%2Fb%20%26c%3D%C3%A9"
    assert record.headers["Authorization"] == "Bearer simulated"


@pytest.mark.parametrize("task_id", ["", "\ud800", "x\r\ny", "../..", "x" * 5000])
def test_any_id_can_be_polled(client: ViduClient, task_id: str) -> None:
    with pytest.raises(NotFound):
        client.get(task_id)


def test_key_and_address_come_from_the_environment(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ViduClient("k").base_url == "https://api.novita.ai"
    monkeypatch.setenv("NOVITA_API_KEY", " simulated\n")
    monkeypatch.setenv("NOVITA_BASE_URL", f" {simulator.url}/\n")
    client = ViduClient()
    assert client.post(PAYLOAD)
    assert simulator.task_count == 1
    assert repr(client) == f"ViduClient(base_url='{simulator.url}')"


def test_a_netrc_does_not_replace_the_key(
    client: ViduClient, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client.get(client.post(PAYLOAD))
    assert {r.headers["Authorization"] for r in simulator.requests} == {"Bearer simulated"}


def test_a_proxy_does_not_stand_before_this_machine(
    client: ViduClient, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    monkeypatch.setenv("http_proxy", closed_port())
    assert client.get(client.post(PAYLOAD)).task_id
    assert simulator.submit_count == 1


@pytest.mark.parametrize("key", ["", "two\nlines", "clé"])
def test_without_a_usable_key_nothing_is_sent(
    simulator: Simulator, clock: Clock, key: str, request_: VideoRequest
) -> None:
    client = at(simulator.url, clock, key)
    for ask in (
        lambda: client.submit(request_),
        lambda: client.get("t"),
        lambda: next(client.watch("t")),
    ):
        with pytest.raises(KeyMissing) as caught:
            ask()
        assert caught.value.charged is Charged.NO
        assert not key or key not in everything_about(caught.value)
    assert simulator.requests == []


def test_a_picture_that_cannot_be_sent(client: ViduClient, simulator: Simulator) -> None:
    with pytest.raises(PictureInvalid, match="no picture file"):
        client.submit(VideoRequest(images=["gone.jpg"], prompt="x"))
    assert simulator.submit_count == 0


# The client as a whole


def test_the_callers_random_numbers_stay_theirs(
    simulator: Simulator, clock: Clock, request_: VideoRequest
) -> None:
    before = random.getstate()
    with closing(
        ViduClient(simulator.key, simulator.url, clock=clock, sleep=clock.sleep)
    ) as client:
        *_, last = client.generate(request_)
    assert last.status is TaskStatus.SUCCEEDED
    assert random.getstate() == before


def test_cookies_are_not_kept(client: ViduClient, simulator: Simulator) -> None:
    simulator.faults["poll"] = [Fault(headers={"Set-Cookie": "who=me"})]
    task_id = client.post(PAYLOAD)
    client.get(task_id)
    client.get(task_id)
    assert [record.headers["Cookie"] for record in simulator.requests] == [None] * 3


def test_many_threads_may_poll_at_once(client: ViduClient) -> None:
    task_id = client.post(PAYLOAD)
    answers: list[Task] = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.get(task_id))) for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [task.task_id for task in answers] == [task_id] * 24


def test_neither_key_nor_link_is_logged(
    client: ViduClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        *_, last = client.generate(VideoRequest(**PAYLOAD))
        client.download(last, tmp_path)
    assert SUBMIT in caplog.text  # the libraries do log
    assert "/files/" in caplog.text
    assert "Bearer" not in caplog.text
    assert "q-sign" not in caplog.text
    assert str(last.video_url).partition("?")[2] not in caplog.text


def test_every_error_is_a_vidu_error() -> None:
    assert issubclass(SubmitOutcomeUnknown, ViduError)
    assert issubclass(TaskFailed, ViduError)
