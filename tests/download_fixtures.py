"""Shared by the tests of downloads: a file host that answers as told."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from http_fixtures import PAYLOAD, everything_about

from vidu_demo import Task, TaskStatus, ViduClient
from vidu_demo.api import download
from vidu_demo.api.errors import Charged, DownloadFailed, LinkRefused, ViduError
from vidu_demo.api.network.reach import Reach
from vidu_demo.simulator import Simulator
from vidu_demo.simulator.responses import Response as Answer
from vidu_demo.simulator.transport import Record, Server

fetch = partial(download.fetch, reach=Reach(loopback=True))
"""As for the simulator: the hosts here are on this machine."""
SECRET = "q-signature=5ecre7"  # noqa: S105


@pytest.fixture
def done(client: ViduClient, simulator: Simulator) -> Task:
    simulator.statuses = ["TASK_STATUS_SUCCEED"]
    return client.get(client.post(PAYLOAD))


class Host:
    """A host of files that answers what a test says, by target or always."""

    def __init__(self, clip: bytes) -> None:
        self.seen: list[Record] = []
        self.answers: dict[str, Answer] = {}
        self.always = Answer(200, clip, {"Content-Type": "video/mp4"})
        self.server = Server(0, self.respond, lambda: 0.0, 1000)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def respond(self, record: Record, _: bytes | None) -> Answer:
        self.seen.append(record)
        return self.answers.get(record.target, self.always)

    @property
    def targets(self) -> list[str]:
        return [record.target for record in self.seen]


@pytest.fixture
def host(clip: bytes) -> Iterator[Host]:
    made = Host(clip)
    yield made
    made.server.stop()


def finished(link: str, task_id: str = "t-1") -> Task:
    return Task(task_id, TaskStatus.SUCCEEDED, video_url=link)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def failing(act: Callable[[], object], words: str = "video") -> DownloadFailed:
    with pytest.raises(DownloadFailed, match=words) as caught:
        act()
    error = caught.value
    assert error.charged is Charged.YES
    assert error.task_id
    assert "5ecre7" not in everything_about(error)
    assert "q-sign" not in everything_about(error)
    assert error.__context__ is None or isinstance(error.__context__, ViduError)
    return error


def refused(act: Callable[[], object]) -> None:
    error = failing(act, "not a public https address")
    assert type(error) is LinkRefused
    assert "VIDU_MEDIA_HOSTS" in str(error)
