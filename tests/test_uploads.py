"""Files on the machine: nobody can get one that was not uploaded, in any way."""

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import DEFAULTS
from page_fixtures import SMALL, App
from PIL import Image
from urllib3 import PoolManager

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.images import MAX_FILE_BYTES
from vidu_demo.examples import EXAMPLES
from vidu_demo.simulator import Simulator
from vidu_demo.ui.form import uploads

MISSING = "This picture is no longer available. Add it again."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The upload folder, with one uploaded file in it."""
    made = tmp_path / "uploads"
    (made / "abc").mkdir(parents=True)
    Image.new("RGB", (64, 48), "teal").save(made / "abc" / "cat.png")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(made))
    return made


def test_an_uploaded_file_passes(folder: Path) -> None:
    for path in (folder / "abc" / "cat.png", folder / "abc" / ".." / "abc" / "cat.png"):
        checked = uploads.check(str(path))
        assert checked.path == folder / "abc" / "cat.png"
        assert os.fspath(checked) == str(checked) == str(folder / "abc" / "cat.png")


def outside(folder: Path) -> Iterator[object]:
    other = folder.parent / "secret.png"
    Image.new("RGB", (64, 48), "red").save(other)
    (folder / "link.png").symlink_to(other)
    (folder / "abc" / "door").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    yield from (str(other), f"{folder}/../secret.png", f"{folder}/link.png", f"{folder}/pipe")
    yield from (f"{folder}/abc/door/secret.png", f"{folder}-2/x.png", str(folder), "", "/", ".")
    yield from (
        "/etc/passwd",
        "/etc/passwd-no",
        "/dev/zero",
        "/proc/self/mem",
        "abc/cat.png",
    )
    yield from ("a\0b", "x" * 5000, "\ud800", f"file://{folder}/abc/cat.png", "http://127.0.0.1/")
    yield from (None, 7, True, [], {}, {"path": "x"}, ["/etc/passwd"], b"/etc/passwd")


def test_nothing_else_does_and_what_exists_is_not_told(folder: Path) -> None:
    for path in outside(folder):
        with pytest.raises(PictureInvalid) as refused:
            uploads.check(path)
        assert refused.value.what == MISSING, path
        assert refused.value.__cause__ is None


def test_a_file_has_a_size_limit(folder: Path) -> None:
    large = folder / "large.png"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(PictureInvalid, match="larger than 50 MB"):
        uploads.check(str(large))


def test_a_socket_is_no_file(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s"))
        with pytest.raises(PictureInvalid):
            uploads.check(str(folder / "s"))


@pytest.mark.parametrize(
    "value", ["x", {"path": "x"}, [None], ["x"], [{}], [{"path": ["x"]}], [{"path": 7}]]
)
def test_any_list_of_pictures_can_come(folder: Path, value: Any) -> None:
    assert folder
    found = uploads.paths(value)
    assert found == ([""] if isinstance(value, list) else [])
    assert uploads.existing(found) == []
    if isinstance(value, list):
        with pytest.raises(PictureInvalid):
            uploads.from_files(value)


def test_a_form_holds_a_number_of_pictures(folder: Path) -> None:
    item = {"path": f"{folder}/abc/cat.png"}
    assert len(uploads.from_files([item] * uploads.MAX_PICTURES)) == uploads.MAX_PICTURES
    with pytest.raises(PictureInvalid, match="Up to 20 pictures"):
        uploads.from_files([item] * (uploads.MAX_PICTURES + 1))
    assert len(uploads.paths([item] * 999)) == uploads.MAX_PICTURES
    assert len(uploads.existing([item["path"]] * 999)) == uploads.MAX_PICTURES


def test_new_files_take_nobodys_place(folder: Path) -> None:
    one, other = uploads.new_file("cat.png"), uploads.new_file("cat.png")
    assert one.path.name == other.path.name == "cat.png"
    assert one.path.parent != other.path.parent
    assert {one.path.parent.parent, other.path.parent.parent} == {folder}


# Over plain HTTP, on every listener


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A private picture on this machine, in a folder that Gradio would serve from."""
    path = tmp_path / "holiday.jpg"
    Image.new("RGB", (640, 360), (1, 2, 3)).save(path)
    return path


def shapes(path: str) -> Iterator[Any]:
    """What Gradio takes for a file, and what it does not look at."""
    meta = {"_type": "gradio.FileData"}
    for file in ({"path": path}, {"path": path, "meta": meta}, {"path": path, "url": path}):
        yield from ([{"image": file, "caption": None}], [{"video": file, "caption": None}])
        yield from (file, [file], {"token": file}, {"files": [path], "prompt": file})
        yield from ([{"task": "abcdef1", "x": file}], {"told": [file], "draft": file})
    update = {"__type__": "update", "value": {"path": path, "meta": meta}}
    yield from (update, [update], path)


def test_no_event_adds_a_file_that_was_not_uploaded(app: App, secret: Path) -> None:
    visitor = app.token()
    for event in ({"paths": [str(secret)]}, {"paths": str(secret)}, {"paths": [[str(secret)]]}):
        told = json.loads(app.call("take_up", visitor=visitor, event=event))
        assert told["data"][0]["files"] == [], event
    told = app.call("fit", visitor=visitor, event={"way": "pad", "path": str(secret)})
    assert told == "This is not an uploaded file."


HOLDERS = ("html", "file", "browserstate", "json")
"""Widgets whose value is more than a text or a number."""


def calls(app: App, path: str) -> Iterator[tuple[int, list[Any]]]:
    """Send every shape to every widget that can hold a file, one at a time and all at once."""
    kinds = {part["id"]: part for part in app.demo.config["components"]}
    for listener in app.demo.config["dependencies"]:
        inputs = [kinds[part] for part in listener["inputs"]]
        honest = [part["props"].get("value") for part in inputs]
        first = 0
        if inputs and inputs[0]["type"] == "browserstate":
            honest[0], first = app.token(), 1
        for shape in shapes(path):
            yield listener["id"], [*honest[:first], *[shape] * (len(inputs) - first)]
            for place, part in enumerate(inputs):
                if part["type"] in HOLDERS:
                    yield listener["id"], [*honest[:place], shape, *honest[place + 1 :]]


def test_no_listener_gives_a_file_that_was_not_uploaded(
    app: App, api: Simulator, secret: Path
) -> None:
    before, content = api.submit_count, secret.read_bytes()
    known = set(app.uploads.rglob("*"))
    url = app.url + "gradio_api/run/predict"
    with PoolManager(timeout=30) as web:
        for listener, data in calls(app, str(secret)):
            body = {"fn_index": listener, "data": data, "session_hash": "stranger"}
            told = web.request("POST", url, json=body, retries=False).data.decode()
            assert "data:image/jpeg" not in told, data
            assert not re.search('file=[^"]*holiday', told), data
    new = [path for path in set(app.uploads.rglob("*")) - known if path.is_file()]
    assert [path.name for path in new if path.read_bytes() == content] == []
    assert {path.name for path in new} <= {EXAMPLES[0].video.name}
    assert api.submit_count == before
    assert secret.read_bytes() == content
    assert list(secret.parent.iterdir()) == [secret]


def test_the_app_knows_which_uploads_are_in_a_form(app: App) -> None:
    upload = app.uploads / "a hash" / "photo.png"
    upload.parent.mkdir(parents=True)
    Image.new("RGB", (400, 300)).save(upload)
    visitor, forms = app.token(), app.studio.runner.forms
    form = {**DEFAULTS, "urls": "", "prompt": "Push-in.", **SMALL, "takes": 1}
    app.offer(visitor, files=uploads.as_files([upload]), **form)
    assert upload in forms.of_others("")
    app.offer(visitor, files=[], **form)
    assert upload not in forms.of_others("")
