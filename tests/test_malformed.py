"""Calls that no page would make: each costs a line at debug and never a traceback."""

import io
import json
import logging
import re
import string
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import requests
from page_fixtures import App
from PIL import Image
from urllib3 import PoolManager

CALLS = 60
"""Calls of each listener."""


def some(random: Random, depth: int = 3) -> Any:
    """Make any JSON value."""
    makers: list[Callable[[], Any]] = [
        lambda: None,
        lambda: random.random() < 0.5,
        lambda: random.choice([0, -1, 1, 7, 2**31, 2**63, -(2**70), 10**300]),
        lambda: random.choice([0.5, -1e308, 1e-9]),
        lambda: random.choice(["", "x", "../../etc/passwd", "\0", "雨", "A" * 5000, "1", "720p"]),
        lambda: "".join(random.choices(string.printable, k=9)),
        lambda: {"path": random.choice(["/etc/passwd", "", "http://127.0.0.1:9/", 7, None])},
        lambda: {
            "path": "http://127.0.0.1:9/x.png",
            "url": "http://127.0.0.1:9/x.png",
            "meta": {"_type": "gradio.FileData"},
        },
        lambda: [{"image": {"path": "/etc/passwd"}, "caption": None}],
    ]
    if depth:
        makers += [
            lambda: [some(random, depth - 1) for _ in range(random.randrange(4))],
            lambda: {
                random.choice(["token", "do", "job", "prompt", "files", "image", "x"]): some(
                    random, depth - 1
                )
                for _ in range(random.randrange(3))
            },
        ]
    return random.choice(makers)()


def likely(random: Random, block: Any) -> Any:
    """Make a value that a widget might take, or not quite."""
    kind = type(block).__name__
    if kind in ("HTML", "File"):
        return random.choice([None, [], [{}], [{"path": None}], [7], "x"])
    if kind in ("Number", "Slider"):
        return random.choice([None, 0, 3, -5, 10**12, 2.5, "3"])
    if kind == "Radio":
        return random.choice([*(value for _name, value in block.choices), None, "none of them"])
    if kind == "Checkbox":
        return random.choice([True, False, None])
    if kind in ("BrowserState", "JSON"):
        return random.choice([{}, None, {"token": "x" * 32}, some(random)])
    return random.choice(["", "x", None, "A wave.", "zh", "\ud800"])


def calls(app: App, listener: dict[str, Any], random: Random) -> dict[str, Any]:
    blocks = [app.demo.blocks[index] for index in listener["inputs"]]
    data: Any = [
        likely(random, block) if random.random() < 0.97 else some(random) for block in blocks
    ]
    if random.random() < 0.1:
        data = random.choice([data[1:], [*data, 1], None, 7, {}, "x"])
    return {
        "data": data,
        "fn_index": random.choice([listener["id"]] * 40 + [None, -1, 10**6, "x", 2.5]),
        "session_hash": random.choice([*["s1", "s2", "s3", None] * 10, "", "x" * 500, 7]),
        "event_data": random.choice([None, {}, {"index": 0, "value": None}, some(random)]),
        "trigger_id": random.choice([None, 0, 10**6, *listener["inputs"][:1]]),
    }


@pytest.fixture
def quiet(
    app: App, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Callable[[], None]:
    """Gives what to call at the end: nothing was printed or logged but lines at debug."""
    caplog.set_level(logging.DEBUG, "vidu_demo")
    before = len(app.log)

    def check() -> None:
        said = "\n".join([*capfd.readouterr(), *app.log[before:]])
        assert "Traceback" not in said
        loud = [r for r in caplog.records if r.levelno > logging.INFO]
        assert [r.getMessage() for r in loud if "guard" in r.name] == []

    return check


def names(app: App) -> list[dict[str, Any]]:
    return [listener for listener in app.demo.config["dependencies"] if listener["backend_fn"]]


def test_listeners_bear_anything(app: App, quiet: Callable[[], None]) -> None:
    random = Random(8)  # noqa: S311
    answers = []
    with PoolManager(headers={"Content-Type": "application/json"}, timeout=30) as web:
        for listener in names(app):
            for _ in range(CALLS):
                call = calls(app, listener, random)
                route = "queue/join" if listener["queue"] is not False else "run/predict"
                url = f"{app.url}gradio_api/{route}"
                answer = web.request("POST", url, body=json.dumps(call), retries=False)
                answers.append((answer.status, listener["api_name"], answer.data[:200], call))
    quiet()
    failed = [answer for answer in answers if answer[0] >= 500 and b'"error":null' in answer[2]]
    assert failed == []
    assert {status for status, *_ in answers} >= {200, 400}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"x"',
        '{"data": [NaN]}',
        '{"data": []}',
        '{"fn_index": 0}',
        '{"fn_index": 1e400, "data": []}',
        '{"fn_index": true, "data": []}',
        "[" * 100_000,
        '{"data": [' + "[" * 900 + "]" * 900 + "]}",
        '{"data": ' + "[" + "[]," * 60_000 + "[]]}",
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize(
    "route", ["run/predict", "api/predict", "queue/join", "call/generate", "call/v2/generate"]
)
def test_broken_bodies_are_refused(
    app: App, quiet: Callable[[], None], route: str, body: str | bytes
) -> None:
    answer = requests.post(
        f"{app.url}gradio_api/{route}",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    assert 400 <= answer.status_code < 500, answer.text
    quiet()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "gradio_api/queue/data"),
        ("GET", "gradio_api/queue/data?session_hash=nobody"),
        ("GET", "gradio_api/call/generate/nothing"),
        ("GET", "gradio_api/file="),
        ("GET", "gradio_api/file=%00"),
        ("GET", "gradio_api/file=" + "x" * 3000),
        ("GET", "gradio_api/file=..%2f..%2fetc%2fpasswd"),
        ("GET", "gradio_api/file=%ff%fe"),
        ("GET", "gradio_api/upload_progress?upload_id=x"),
        ("GET", "gradio_api/custom_component/x/client/component/y"),
        ("GET", "assets/%00"),
        ("GET", "static/../../x"),
        ("GET", "theme.css?x=%ff"),
        ("GET", "?task=%00&__theme=%ff"),
        ("GET", "openapi.json"),
        ("GET", "gradio_api/openapi.json"),
        ("GET", "gradio_api/info?page=x"),
        ("GET", "config?page=x"),
        ("GET", "?deep_link=x"),
        ("POST", "gradio_api/cancel"),
        ("POST", "gradio_api/reset"),
        ("POST", "gradio_api/upload"),
        ("POST", "gradio_api/call/nobody"),
        ("POST", "gradio_api/call/v2/nobody"),
        ("POST", "gradio_api/component_server"),
        ("DELETE", "gradio_api/run/predict"),
        ("PUT", ""),
        ("TRACE", "config"),
    ],
)
def test_strange_routes_are_answered(
    app: App, quiet: Callable[[], None], method: str, path: str
) -> None:
    with requests.request(
        method, app.url + path, data="{}" if method == "POST" else None, timeout=10, stream=True
    ) as answer:
        assert answer.status_code < 500, answer.text
        answer.raw.read(1000)
    quiet()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\ny\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\ny\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
            + b"a" * 5000
            + b'"\r\n\r\ny\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x; charset=nothing",
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="\0"'
            b"\r\n\r\ny\r\n--x--\r\n",
        ),
        ("application/json", b"{}"),
        ("", b""),
    ],
)
def test_broken_uploads_are_answered(
    app: App, quiet: Callable[[], None], kind: str, body: bytes
) -> None:
    answer = requests.post(
        f"{app.url}gradio_api/upload", data=body, headers={"Content-Type": kind}, timeout=10
    )
    assert answer.status_code < 500, answer.text
    quiet()


def test_a_file_of_the_machine_is_no_upload(app: App, tmp_path: Any) -> None:
    """Whatever form it is named in, and wherever in the call."""
    Image.new("RGB", (64, 48)).save(tmp_path / "private.png")
    path = str(tmp_path / "private.png")
    listener = next(d for d in names(app) if d["api_name"] == "tile")
    marked = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for files in (
        [{"path": path}],
        [marked],
        [{**marked, "path": f"{app.uploads}/../private.png"}],
        [{"image": marked, "caption": None}],
    ):
        answer = requests.post(
            f"{app.url}gradio_api/run/predict",
            json={"fn_index": listener["id"], "data": [files, "", "720p"]},
            timeout=10,
        )
        assert answer.status_code == 400
        assert not re.search("data:image", answer.text)


# Shapes of a file


META = {"_type": "gradio.FileData"}


def no_files(path: str) -> list[Any]:
    file = {"path": path, "meta": META}
    return [
        [{"path": path}],
        [{"image": file, "caption": None}],
        [{"image": file, "video": file}],
        [{**file, "more": {**file, "size": "big"}}],
        [{**file, "path": path[: -len("a.png")] + "a" * 300}],
        [{**file, "meta": 7}],
        [{**file, "meta": None}],
        [{**file, "size": "big"}],
        [{**file, "url": 5}],
        [{**file, "orig_name": [1]}],
        [{**file, "is_stream": "x"}],
        [{**file, "mime_type": 5}],
        file,
    ]


def no_notes(path: str) -> list[Any]:
    """What a browser would not keep: Gradio reads a file's description wherever it is."""
    return [
        {"token": "x", "files": [{"path": path, "meta": META, "url": 5}]},
        {"token": {"path": path, "meta": 7}},
    ]


SHAPES: dict[str, Callable[[str], list[Any]]] = {
    "html": no_files,
    "file": no_files,
    "browserstate": no_notes,
    "json": no_notes,
}
HONEST = {"textbox": "A wave.", "radio": "720p", "slider": 5, "number": 1, "checkbox": False}


def honest(app: App, listener: dict[str, Any]) -> tuple[list[str], list[Any]]:
    """Give the kinds of a listener's widgets, and a value for each."""
    parts = {part["id"]: part["type"] for part in app.demo.config["components"]}
    kinds = [parts[part] for part in listener["inputs"]]
    return kinds, [HONEST.get(kind) for kind in kinds]


def uploaded(app: App) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480)).save(buffer, "PNG")
    files = {"files": ("a.png", buffer.getvalue())}
    answer = requests.post(f"{app.url}gradio_api/upload", files=files, timeout=10)
    return str(answer.json()[0])


def test_what_is_no_file_is_refused_on_every_listener(app: App, quiet: Callable[[], None]) -> None:
    path, seen = uploaded(app), set()
    with requests.Session() as session:
        for listener in names(app):
            kinds, data = honest(app, listener)
            for place, kind in enumerate(kinds):
                for shape in SHAPES[kind](path) if kind in SHAPES else ():
                    body = {
                        "fn_index": listener["id"],
                        "data": [*data[:place], shape, *data[place + 1 :]],
                        "session_hash": "stranger",
                        "event_data": {"index": 0, "value": None},
                    }
                    url = f"{app.url}gradio_api/run/predict"
                    answer = session.post(url, json=body, timeout=30)
                    assert answer.status_code == 400, (listener["api_name"], shape, answer.text)
                    seen.add(listener["api_name"])
    assert seen >= {
        "tile",
        "review",
        "buy",
        "buy_draft",
        "generate",
    }
    quiet()


def test_an_uploaded_picture_is_taken(app: App, quiet: Callable[[], None]) -> None:
    path = uploaded(app)
    for file in ({"path": path, "meta": META}, {"path": path, "meta": META, "orig_name": "a.png"}):
        body = {"data": [[file], "", "720p", app.token()]}
        answer = requests.post(f"{app.url}gradio_api/run/tile", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        assert "First frame as sent" in answer.text
    quiet()


# Who is called


@pytest.mark.parametrize("route", ["run/predict", "api/predict", "queue/join", "run/{}", "call/{}"])
def test_what_only_the_browser_runs_is_refused(
    app: App, quiet: Callable[[], None], route: str
) -> None:
    scripts = [d for d in app.demo.config["dependencies"] if not d["backend_fn"]]
    assert scripts
    for listener in scripts:
        body = {
            "fn_index": listener["id"],
            "data": honest(app, listener)[1],
            "session_hash": "stranger",
        }
        url = f"{app.url}gradio_api/{route.format(listener['api_name'])}"
        assert requests.post(url, json=body, timeout=10).status_code == 400, listener
        if "{}" in route:
            del body["fn_index"]
            assert requests.post(url, json=body, timeout=10).status_code == 400, listener
    quiet()


@pytest.mark.parametrize(
    "route", ["call/generate", "call/generate/", "run/generate", "api/generate"]
)
def test_a_body_calls_no_other_listener_than_its_route(
    app: App, quiet: Callable[[], None], route: str
) -> None:
    for listener in names(app):
        if listener["api_name"] == "generate":
            continue
        body = {"fn_index": listener["id"], "data": honest(app, listener)[1]}
        answer = requests.post(f"{app.url}gradio_api/{route}", json=body, timeout=10)
        assert answer.status_code == 400, listener["api_name"]
    quiet()


def test_a_call_by_name_brings_no_event(app: App, quiet: Callable[[], None]) -> None:
    """Gradio would drop it, and the listener would fail."""
    for name in ("fit", "press"):
        listener = next(d for d in names(app) if d["api_name"] == name)
        body = {
            "data": honest(app, listener)[1],
            "event_data": {"index": 0, "value": None, "words": ""},
        }
        answer = requests.post(f"{app.url}gradio_api/call/{name}", json=body, timeout=10)
        assert answer.status_code == 400, name
    quiet()
