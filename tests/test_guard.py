"""Who is let in, how much is read, and what no foreign page gets to see: over plain HTTP."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from page_fixtures import App

from vidu_demo.server.hosts import Host
from vidu_demo.ui.guard.door import Door
from vidu_demo.ui.guard.guard import Guard
from vidu_demo.ui.guard.limits import LIMITS
from vidu_demo.ui.guard.quota import Allowance, Quota

LOOPBACK = Door(
    loopback=True,
    name="127.0.0.1",
    allowed=(Host("videos.example.com"), Host(".below.example")),
    share_url=lambda: "https://abc.gradio.live",
)
ANYWHERE = Door(loopback=False, allowed=(Host("videos.example.com"),))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:7860",
        "LOCALHOST.",
        "[::1]:1",
        "127.1.2.3",
        "abc.gradio.live",
        "videos.example.com:8443",
        "a.below.example",
    ],
)
def test_known_names_are_answered_to(host: str) -> None:
    assert LOOPBACK.refuses("GET", [host], []) == ""


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["evil.example"],
        ["evil.example:7860"],
        ["127.0.0.1.evil.example"],
        ["localhost", "localhost"],
        ["localhost", "evil.example"],
        ["localhost, evil.example"],
        ["xabc.gradio.live"],
        ["below.example"],
        ["0.0.0.0:7860"],
        ["2130706433"],
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_other_names_are_not(method: str, hosts: list[str]) -> None:
    assert "VIDU_ALLOWED_HOSTS" in LOOPBACK.refuses(method, hosts, [])


def test_any_name_is_answered_to_on_the_network() -> None:
    for hosts in (["whatever.example"], ["192.168.1.5:7860"], []):
        assert ANYWHERE.refuses("GET", hosts, []) == ""
    assert ANYWHERE.refuses("GET", ["a.example", "b.example"], [])


OWN = [
    ("127.0.0.1:7860", "http://127.0.0.1:7860"),
    ("localhost:7860", "https://localhost:7860"),
    ("abc.gradio.live", "https://abc.gradio.live"),
    ("127.0.0.1:7860", "https://abc.gradio.live"),
    ("127.0.0.1:7860", "https://videos.example.com"),
    ("127.0.0.1:7860", "https://videos.example.com:8443"),
]
FOREIGN = [
    ["null"],
    [""],
    ["http://evil.example"],
    ["http://127.0.0.1:9"],
    ["http://localhost:7860"],
    ["http://127.0.0.1:7860", "http://127.0.0.1:7860"],
    ["file://"],
    ["chrome-extension://abc"],
]


@pytest.mark.parametrize(("host", "origin"), OWN)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_own_and_allowed_pages_may_change_something(method: str, host: str, origin: str) -> None:
    assert LOOPBACK.refuses(method, [host], [origin]) == ""


@pytest.mark.parametrize("origins", FOREIGN)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "MADE-UP"])
@pytest.mark.parametrize("door", [LOOPBACK, ANYWHERE])
def test_foreign_pages_may_not(door: Door, method: str, origins: list[str]) -> None:
    assert "VIDU_ALLOWED_HOSTS" in door.refuses(method, ["127.0.0.1:7860"], origins)
    assert door.refuses("GET", ["127.0.0.1:7860"], origins) == ""


def test_a_request_of_no_page_passes() -> None:
    assert LOOPBACK.refuses("POST", ["localhost"], []) == ""


# The running app


def talk(app: App, text: str) -> str:
    """Say something over a connection of its own and give the answer's head."""
    place = urlsplit(app.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as line:
        line.sendall(text.encode("latin-1"))
        return line.recv(2000).decode("latin-1")


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /config HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /gradio_api/run/predict HTTP/1.1\r\nHost: evil.example\r\n"
        "Content-Length: 2\r\n\r\n{}",
        "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n"
        "Content-Length: 0\r\n\r\n",
    ],
)
def test_strangers_names_get_nothing(app: App, head: str) -> None:
    status = talk(app, head).split(" ", 2)[1]
    assert status in ("400", "403", "404")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9"])
def test_no_foreign_page_is_named_in_an_answer(app: App, method: str, origin: str) -> None:
    answer = requests.request(
        method,
        app.url + "config",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        timeout=10,
    )
    assert [name for name in answer.headers if name.lower().startswith("access-control")] == []
    assert (answer.status_code == 403) == (method == "POST")


def test_the_page_itself_may(app: App) -> None:
    answer = requests.get(app.url + "config", headers={"Origin": app.url.rstrip("/")}, timeout=10)
    assert answer.headers["Access-Control-Allow-Origin"] == app.url.rstrip("/")


@pytest.mark.parametrize(
    "path",
    [
        "logout",
        "login",
        "gradio_api/token",
        "gradio_api/component_server",
        "gradio_api/process_recording",
        "gradio_api/vibe-code",
        "gradio_api/stream/a/b/1/playlist.m3u8",
        "gradio_api/profiling/clear",
        "gradio_api/mcp",
    ],
)
def test_what_the_page_does_not_need_is_closed(app: App, path: str) -> None:
    for method in ("GET", "POST"):
        assert requests.request(method, app.url + path, timeout=10).status_code == 404


ROUTES = ["gradio_api/run/predict", "gradio_api/queue/join", "gradio_api/cancel", "login", "config"]


def zeros(total: int) -> Iterator[bytes]:
    for _ in range(total // 2**16):
        yield bytes(2**16)


def memory() -> int:
    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize("path", ROUTES)
def test_large_bodies_are_refused_while_they_are_read(app: App, path: str) -> None:
    before = memory()
    answer = requests.post(app.url + path, data=zeros(200 * 2**20), timeout=120)
    assert answer.status_code in (404, 413)
    assert memory() - before < 50 * 2**20


def test_a_length_that_is_too_long_is_refused_before_it_is_read(app: App) -> None:
    head = (
        "POST /gradio_api/run/predict HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Length: {LIMITS.body + 1}\r\n\r\n"
    )
    assert " 413 " in talk(app, head)


def test_the_largest_honest_call_passes(app: App) -> None:
    prompt = "雨" * 5000
    receipts = [{"task": f"task-{n:020}", "request": {"prompt": prompt}} for n in range(20)]
    tab = {"visitor": {"token": "x" * 32}, "held": "x" * 32, "receipts": receipts}
    answer = requests.post(
        app.url + "gradio_api/run/predict",
        data=json.dumps(
            app.call_body("refresh", **tab),
            ensure_ascii=False,  # as a browser writes it
        ).encode(),
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code in (200, 500)  # the token is nobody's, and the answer can say so
    assert "bytes" not in answer.text


def test_invented_sessions_take_no_memory(app: App) -> None:
    listener = next(d for d in app.demo.config["dependencies"] if d["api_name"] == "tile")

    def visit(number: int) -> None:
        long = "雨" + "A" * (LIMITS.body - 1000)
        call = {"fn_index": listener["id"], "data": [None, long, "720p"]}
        answer = requests.post(
            app.url + "gradio_api/run/predict",
            json={**call, "session_hash": f"invented{number}"},
            timeout=60,
        )
        assert answer.status_code < 500

    for number in range(10):
        visit(number)
    before = memory()
    for number in range(300):
        visit(number)
    assert memory() - before < 400 * 2**20
    assert not app.demo.state_holder.session_data
    assert not any(block.stateful for block in app.demo.blocks.values())


# Uploads


@pytest.fixture
def little(app: App, monkeypatch: pytest.MonkeyPatch) -> Callable[[Quota], None]:
    """Gives the running app other accounts for uploads."""
    guard = app.demo.app.middleware_stack.app.app.app
    assert isinstance(guard, Guard)
    return lambda quota: monkeypatch.setattr(guard, "_quota", quota)


def upload(app: App, *sizes: int) -> requests.Response:
    files = [("files", (f"{n}.bin", bytes(size))) for n, size in enumerate(sizes)]
    return requests.post(app.url + "gradio_api/upload", files=files, timeout=60)


def accounts(size: int, files: int, together: int = 10**9) -> Quota:
    return Quota(Allowance(size, files, 60), Allowance(together, 10**6, 60), lambda: 0.0)


def left_behind(app: App) -> set[Path]:
    return {path for path in app.uploads.rglob("*") if path.is_file()}


def test_an_address_uploads_so_many_bytes(app: App, little: Callable[[Quota], None]) -> None:
    little(accounts(size=3_000_000, files=100))
    assert upload(app, 1_000_000).status_code == 200
    assert upload(app, 1_500_000).status_code == 200
    before = left_behind(app)
    refused = upload(app, 1_000_000)
    assert refused.status_code == 429
    assert "Try again in an hour" in refused.text
    assert left_behind(app) == before


def test_an_address_uploads_so_many_files(app: App, little: Callable[[Quota], None]) -> None:
    little(accounts(size=10**9, files=5))
    assert upload(app, 10, 10, 10).status_code == 200
    assert upload(app, 10, 10, 10).status_code == 429
    assert upload(app, 10, 10).status_code == 200


@pytest.mark.parametrize("name", ['filename="x.png"', 'filename ="x.png"', "FILENAME\t=x"])
def test_a_file_counts_however_it_is_spelled(
    app: App, little: Callable[[Quota], None], name: str
) -> None:
    little(accounts(size=10**9, files=2))
    part = f'--x\r\nContent-Disposition: form-data; name="files"; {name}\r\n\r\ny\r\n'
    body = f"{part * 3}--x--\r\n".encode()
    before = left_behind(app)
    for data in (body, (body[at : at + 7] for at in range(0, len(body), 7))):
        answer = requests.post(
            app.url + "gradio_api/upload",
            data=data,
            headers={"Content-Type": "multipart/form-data; boundary=x"},
            timeout=60,
        )
        assert answer.status_code == 429
    assert left_behind(app) == before


def test_all_together_upload_so_much(app: App, little: Callable[[Quota], None]) -> None:
    little(accounts(size=10**9, files=100, together=2_000_000))
    assert upload(app, 1_500_000).status_code == 200
    assert upload(app, 1_500_000).status_code == 429


def test_uploads_at_the_same_time_share_the_account(
    app: App, little: Callable[[Quota], None]
) -> None:
    little(accounts(size=5_000_000, files=100))
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(upload(app, 1_000_000).status_code))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The part that arrived of a refused one counts too, so there may be fewer.
    assert answers.count(200) <= 4
    assert set(answers) <= {200, 429}
    assert len(answers) == 12
