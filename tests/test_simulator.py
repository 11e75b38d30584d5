"""The simulator, asked over real HTTP."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from conftest import Clock
from simulator_fixtures import CLIP, Caller, Make, body, error, fetch

from vidu_demo.simulator import Fault, Simulator
from vidu_demo.simulator.tasks import progress

# The life of a task


def test_progress_is_a_function_of_age() -> None:
    assert progress(0, 100, False) == ("TASK_STATUS_QUEUED", 0, 100)
    assert progress(14.9, 100, True) == ("TASK_STATUS_QUEUED", 0, 86)
    assert progress(15, 100, True) == ("TASK_STATUS_PROCESSING", 0, 85)
    assert progress(57.5, 100, True) == ("TASK_STATUS_PROCESSING", 50, 43)
    assert progress(99.99, 100, True) == ("TASK_STATUS_PROCESSING", 99, 1)
    assert progress(500, 100, False) == ("TASK_STATUS_PROCESSING", 99, 1)
    assert progress(100, 100, True) == ("TASK_STATUS_SUCCEED", 100, 0)
    assert progress(0, 0, True) == ("TASK_STATUS_SUCCEED", 100, 0)
    assert progress(-5, 100, True).status == "TASK_STATUS_QUEUED"


def test_a_task_walks_to_its_video(quick: Caller, clock: Clock) -> None:
    task_id = quick.task()
    seen = []
    for clock.now in range(1_700_000_000, 1_700_000_101, 10):
        now = quick.poll(task_id).json()["task"]
        seen.append((now["status"].removeprefix("TASK_STATUS_"), now["progress_percent"]))
    assert seen[0] == ("QUEUED", 0)
    assert seen[2] == ("PROCESSING", 5)
    assert seen[-2] == ("PROCESSING", 88)
    assert seen[-1] == ("SUCCEED", 100)
    assert [percent for _, percent in seen] == sorted(percent for _, percent in seen)
    status, headers, content = fetch(quick.link(task_id))
    assert (status, content) == (200, CLIP)
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Length"] == str(len(CLIP))


def test_answers_have_the_shape_of_the_capture(quick: Caller, clock: Clock) -> None:
    task_id = quick.task()
    early = quick.poll(task_id).json()
    assert early["videos"] == []
    clock.now += 100
    done = quick.poll(task_id).json()
    link = done["videos"][0]["video_url"]
    assert done == {
        "audios": [],
        "extra": {},
        "images": [],
        "task": {
            "eta": 0,
            "progress_percent": 100,
            "reason": "",
            "status": "TASK_STATUS_SUCCEED",
            "task_id": task_id,
            "task_type": "VIDU_Q2_PRO_IMG2VIDEO",
        },
        "videos": [
            {
                "nsfw_detection_result": None,
                "video_type": "mp4",
                "video_url": link,
                "video_url_ttl": "0",
            }
        ],
    }
    assert link.startswith(f"{quick.simulator.url}/files/{task_id}.mp4?")
    assert "q-sign-time=1700000100%3B1700003700&q-key=a%2Fb%7Ec;d%7e&" in link


def test_seconds_may_depend_on_the_request(make: Make, clock: Clock) -> None:
    caller = make(seconds=lambda request: 10.0 * request["duration"], clock=clock, clip=CLIP)
    short, long = caller.task(duration=1), caller.task(duration=2)
    clock.now += 10
    assert (caller.status(short), caller.status(long)) == ("SUCCEED", "PROCESSING")


# Links


def test_links_are_compared_byte_for_byte(quick: Caller, clock: Clock) -> None:
    task_id = quick.task()
    clock.now += 100
    link = quick.link(task_id)
    target = link.removeprefix(quick.simulator.url)
    assert fetch(link)[0] == 200
    for old, new in (
        ("%7E", "~"),
        ("%7e", "%7E"),
        ("%3B", ";"),
        ("%3B", "%3b"),
        ("%2F", "/"),
        ("c;d", "c%3Bd"),
        ("q-sign-time=17", "q-sign-time=18"),
        ("/files/", "//files/"),
        (target[-1], ""),
    ):
        status, headers, content = fetch(link, target.replace(old, new))
        assert (status, headers["Content-Type"]) in (
            (403, "application/xml"),
            (404, "application/json"),
        )
        assert b"SignatureDoesNotMatch" in content or b"API_NOT_FOUND" in content
    # What `requests` turns it into is refused, too.
    assert quick.session.get(link, timeout=10).status_code == 403


def test_links_expire_and_come_fresh(quick: Caller, clock: Clock) -> None:
    quick.simulator.link_seconds = 60
    task_id = quick.task()
    clock.now += 100
    link = quick.link(task_id)
    clock.now += 59
    assert quick.link(task_id) == link
    assert fetch(link)[0] == 200
    clock.now += 1
    status, _, content = fetch(link)
    assert status == 403
    assert b"Request has expired" in content
    quick.simulator.fresh_links = False
    assert quick.link(task_id) == link
    quick.simulator.fresh_links = True
    fresh = quick.link(task_id)
    assert fresh != link
    assert fetch(fresh)[0] == 200


# Counters


def test_counters_and_records(quick: Caller, clock: Clock) -> None:
    simulator = quick.simulator
    first = quick.task(seed=1)
    quick.submit(prompt="")
    second = quick.task(seed=2)
    clock.now += 100
    quick.poll(first)
    link = quick.link(second)
    fetch(link)
    assert (simulator.submit_count, simulator.task_count) == (3, 2)
    assert (simulator.poll_count, simulator.download_count) == (2, 1)
    assert simulator.polls_of == {first: 1, second: 1}
    assert simulator.submits == [body(seed=1), body(prompt=""), body(seed=2)]
    assert [record.method for record in simulator.requests] == ["POST"] * 3 + ["GET"] * 3
    poll, download = simulator.requests[-2:]
    assert poll.target == f"/v3/async/task-result?task_id={second}"
    assert poll.headers["authorization"] == "Bearer simulated"
    assert poll.time == 1_700_000_100
    assert download.target == link.removeprefix(simulator.url)
    assert "Authorization" not in download.headers
    requests.get(link, headers=quick.headers, timeout=10)
    assert simulator.requests[-1].headers["AUTHORIZATION"] == "Bearer simulated"


def test_concurrent_polls_are_noticed(quick: Caller) -> None:
    task_id = quick.task()
    for _ in range(20):
        quick.poll(task_id)
    assert quick.simulator.max_concurrent_polls_of(task_id) == 1
    quick.simulator.faults["poll"] = [Fault(delay=0.2), Fault(delay=0.2)]
    url = f"{quick.simulator.url}/v3/async/task-result?task_id={task_id}"
    threads = [
        threading.Thread(target=requests.get, args=(url,), kwargs={"timeout": 10}) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quick.simulator.max_concurrent_polls_of(task_id) == 2
    assert quick.simulator.max_concurrent_polls_of("unknown") == 0


def test_it_can_forget(make: Make) -> None:
    caller = make(remember=False, clip=CLIP)
    caller.poll(caller.task())
    caller.poll("made up")
    assert (caller.simulator.requests, caller.simulator.submits) == ([], [])
    assert not caller.simulator.polls_of
    assert (caller.simulator.submit_count, caller.simulator.poll_count) == (1, 2)


# Restarts


def test_tasks_survive_a_restart(make: Make, clock: Clock, tmp_path: Path) -> None:
    old = make(folder=tmp_path, seconds=100, clock=clock)
    good, bad = old.task(), old.task(prompt="[fail]")
    clock.now += 50
    before = old.poll(good).json()
    port = urlsplit(old.simulator.url).port
    old.simulator.close()
    with pytest.raises(requests.ConnectionError):
        old.poll(good)
    (tmp_path / f"{good}.mp4").unlink(missing_ok=True)
    new = make(folder=tmp_path, seconds=1, clock=clock, port=port)
    assert new.poll(good).json() == before
    clock.now += 50
    content = new.video(good)
    assert content[4:8] == b"ftyp"
    assert new.status(bad) == "FAILED"
    link = new.link(good)
    new.simulator.close()
    make(folder=tmp_path, clock=clock, port=port)
    assert fetch(link) == (200, fetch(link)[1], content)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".json", ".mp4"]


def test_old_tasks_are_forgotten(make: Make, clock: Clock, tmp_path: Path) -> None:
    old = make(folder=tmp_path, seconds=0, clock=clock)
    task_id = old.task()
    old.video(task_id)
    old.simulator.close()
    clock.now += 24 * 3600 + 1
    new = make(folder=tmp_path, clock=clock)
    assert error(new.poll(task_id)) == (404, "TASK_NOT_FOUND")
    assert list(tmp_path.iterdir()) == []


def test_its_own_folder_goes_at_close(make: Make, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    caller = make()
    caller.task(duration=10, resolution="1080p")
    assert len(list(tmp_path.glob("*/*.json"))) == 1
    begun = time.monotonic()
    caller.simulator.close()
    assert time.monotonic() - begun < 2
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vidu_demo.simulator", "--seconds", "0", "--key", "k"]
    task_id = ""
    for _ in range(2):
        with subprocess.Popen(
            [*command, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            told = dict(each.split("=") for each in process.stdout.readline().split())
            url, key = told["NOVITA_BASE_URL"], told["NOVITA_API_KEY"]
            headers = {"Authorization": f"Bearer {key}"}
            if task_id:
                ask = f"{url}/v3/async/task-result?task_id={task_id}"
                answer = requests.get(ask, headers=headers, timeout=10)
            else:
                make_it = f"{url}/v3/async/vidu-q2-pro-img2video"
                answer = requests.post(make_it, json=body(), headers=headers, timeout=10)
                task_id = answer.json()["task_id"]
            process.kill()
    assert answer.status_code == 200
    assert answer.json()["task"]["task_id"] == task_id


def test_a_broken_rendering_fails_the_task(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("vidu_demo.simulator.store.render", explode)
    caller = make(seconds=0)
    task_id = caller.task()
    while caller.status(task_id) == "PROCESSING":
        time.sleep(0.01)
    task = caller.poll(task_id).json()["task"]
    assert (task["status"], task["reason"]) == ("TASK_STATUS_FAILED", "TASK_FAILED")


def test_no_address_before_the_start() -> None:
    simulator = Simulator()
    with pytest.raises(RuntimeError):
        assert simulator.url
    simulator.close()
    with simulator:
        assert simulator.url.startswith("http://127.0.0.1:")
