"""The programs are run as a developer would run them, with the simulator as the API."""

import ast
import base64
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from conftest import need, run_program
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vidu_demo import VideoRequest, ViduClient
from vidu_demo.api.client import BASE_URL
from vidu_demo.api.images import prepare
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.snippets import ONCE, SNIPPETS, Loop, Snippet

KEY = "k-secret-5b2e9d"
NAME = """it's $(id) "quoted" \\ 猫.png"""
URL = "https://example.com/a.png?x=%7E&y=$1"
TRIPLES = "".join(map("".join, product("\\$`\"'\n{(%u", repeat=3)))
NASTY = "\nEOF\nJSON\n 你好 🎬 </script> ${x} $(id) §fields \x01\x7f\r\u2028" + TRIPLES
SETTINGS: dict[str, Any] = {
    "duration": 3,
    "resolution": "540p",
    "seed": 7,
    "audio": True,
    "voice_id": "Chinese (Mandarin)_News_Anchor",
    "bgm": True,
    "movement_amplitude": "high",
    "off_peak": True,
    "watermark": True,
}

CURL, REQUESTS, VIDU_DEMO, JAVASCRIPT = SNIPPETS
COMMANDS = {
    CURL: ("bash", "video.sh"),
    REQUESTS: (sys.executable, "video.py"),
    VIDU_DEMO: (sys.executable, "video.py"),
    JAVASCRIPT: ("node", "video.mjs"),
}
NEEDS = {CURL: ("bash", "curl"), JAVASCRIPT: ("node",)}

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture(params=SNIPPETS, ids=lambda snippet: snippet.label)
def snippet(request: pytest.FixtureRequest) -> Snippet:
    for program in NEEDS.get(request.param, ()):
        need(program)
    return request.param


@pytest.fixture
def api(clip: bytes) -> Iterator[Simulator]:
    with Simulator(KEY, seconds=0, clip=clip) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A developer's folder with the picture, which is too large for a command's argument."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    made = tmp_path / "developer"
    made.mkdir()
    Image.fromarray(noise).save(made / NAME)
    return made


@pytest.fixture
def run(snippet: Snippet, api: Simulator, folder: Path) -> Run:
    """Write a request's program, point it at the simulator, and run it without its pauses."""

    def run(request: VideoRequest, loop: Loop = ONCE, **environment: str) -> CompletedProcess[str]:
        text = snippet.write(request, loop)
        if snippet is VIDU_DEMO:
            text = text.replace("ViduClient()", "ViduClient(sleep=lambda _: None)")
        else:
            text, pauses = re.subn(r"(?im)^((const )?pause ?= ?)\d+", r"\g<1>0", text)
            assert pauses == 1
            text = text.replace(BASE_URL, api.url)
        command, name = COMMANDS[snippet]
        (folder / name).write_text(text, "utf-8")
        done = run_program([command, name], folder, api, **environment)
        assert KEY not in done.stdout + done.stderr
        return done

    return run


def test_says_which_variable_needs_the_key(run: Run, api: Simulator) -> None:
    done = run(VideoRequest(images=[NAME], prompt="Slow orbit."), NOVITA_API_KEY="")
    assert done.returncode == 1
    assert "NOVITA_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr
    assert api.submit_count == 0


def test_makes_the_video(
    snippet: Snippet, run: Run, api: Simulator, folder: Path, clip: bytes
) -> None:
    api.statuses = ["TASK_STATUS_PROCESSING", "TASK_STATUS_SUCCEED"]
    request = VideoRequest(images=["/uploads/of/people/" + NAME, URL], prompt=NASTY, **SETTINGS)
    done = run(request)
    assert done.returncode == 0, done.stderr

    picture = (folder / NAME).read_bytes()
    uri = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    if snippet is VIDU_DEMO:
        uri = prepare(picture).data_uri
    assert api.submits == [request.payload([uri, URL])]
    assert (api.submit_count, api.poll_count, api.download_count) == (1, 2, 1)

    (video,) = folder.glob("*.mp4")
    assert video.read_bytes() == clip
    assert video.stem in api.polls_of
    assert video.stem in done.stdout.splitlines()[0]
    assert "q-signature" not in done.stdout + done.stderr
    *asked, download = api.requests
    assert {record.headers["Authorization"] for record in asked} == {f"Bearer {KEY}"}
    assert "Authorization" not in download.headers


def test_stops_at_a_failed_task_with_the_reason(run: Run, api: Simulator) -> None:
    done = run(VideoRequest(images=[URL], prompt="[fail]"))
    assert done.returncode != 0
    (task_id,) = api.polls_of
    assert task_id in done.stdout.splitlines()[0]
    assert "TaskPromptPolicyViolation" in done.stderr
    assert "Traceback" not in done.stderr
    assert (api.submit_count, api.poll_count, api.download_count) == (1, 1, 0)


def test_stops_at_a_refusal_with_its_message(run: Run, api: Simulator) -> None:
    done = run(VideoRequest(images=[URL], prompt="[no balance]"))
    assert done.returncode != 0
    assert "insufficient balance" in done.stderr
    assert "Traceback" not in done.stderr
    assert (api.submit_count, api.poll_count) == (1, 0)


def test_a_lost_answer_is_not_asked_for_again(run: Run, api: Simulator) -> None:
    api.faults["submit"] = [Fault(reset=True, after=True)]
    done = run(VideoRequest(images=[URL], prompt="slow push-in"))
    assert done.returncode != 0
    assert (api.submit_count, api.task_count, api.poll_count) == (1, 1, 0)


def test_nothing_is_sent_without_the_picture(run: Run, api: Simulator) -> None:
    done = run(VideoRequest(images=[URL, "missing.png"], prompt="slow push-in"))
    assert done.returncode != 0
    assert "missing.png" in done.stderr
    assert api.requests == []


@pytest.mark.parametrize("snippet", [CURL], indirect=True, ids=[CURL.label])
def test_curl_reads_a_link_that_json_has_escaped(
    run: Run, api: Simulator, folder: Path, clip: bytes
) -> None:
    client = ViduClient(KEY, api.url)
    task_id = client.submit(VideoRequest(images=[URL], prompt="slow push-in"))
    link = client.get(task_id).video_url
    client.close()
    assert link
    task = {"task_id": task_id, "status": "TASK_STATUS_SUCCEED"}
    answer = json.dumps({"task": task, "videos": [{"video_url_ttl": "0", "video_url": link}]})
    escaped = answer.replace("&", "\\u0026").replace("=", "\\u003d").replace("/", "\\/")
    api.faults["submit"] = [Fault(status=200, body={"task_id": task_id})]
    api.faults["poll"] = [Fault(status=200, body=escaped)]
    done = run(VideoRequest(images=[URL], prompt="slow push-in"))
    assert done.returncode == 0, done.stderr
    assert (folder / f"{task_id}.mp4").read_bytes() == clip


# Several videos

ANOTHER = "another.png"


@pytest.mark.parametrize("seeds", [(7, 8, 9), ()], ids=["seeds", "no seed"])
def test_makes_several_takes(
    run: Run, api: Simulator, folder: Path, seeds: tuple[int, ...]
) -> None:
    request = VideoRequest(images=[NAME], prompt=NASTY, seed=7 if seeds else None)
    loop = Loop("seed", seeds) if seeds else Loop("", (1, 2, 3))
    done = run(request, loop)
    assert done.returncode == 0, done.stderr
    assert [body.get("seed") for body in bodies(api)] == list(seeds or [None] * 3)
    assert len({json.dumps({**body, "seed": 0}) for body in bodies(api)}) == 1
    assert len(list(folder.glob("*.mp4"))) == api.task_count == 3


def test_makes_a_video_of_each_picture(run: Run, api: Simulator, folder: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(folder / ANOTHER)
    request = VideoRequest(images=[NAME, URL, ANOTHER], prompt=NASTY, seed=7)
    done = run(request, Loop("images"))
    assert done.returncode == 0, done.stderr
    first, second, third = (body["images"] for body in bodies(api))
    assert second == [URL]
    assert len(first) == len(third) == 1
    assert first != third
    assert [len(body) for body in bodies(api)] == [len(request.payload([]))] * 3
    assert len(list(folder.glob("*.mp4"))) == 3


def test_makes_every_variation(run: Run, api: Simulator, folder: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(folder / ANOTHER)
    changes = tuple(
        {"images": place, "prompt": prompt, "audio": audio, "duration": duration, "seed": 7}
        for place, prompt in enumerate((NASTY, 'it\'s "two" $x', "三"))
        for audio, duration in ((False, 3), (True, 5))
    )
    request = VideoRequest(images=[NAME, URL, ANOTHER], prompt="Replaced.", resolution="540p")
    done = run(request, Loop("", changes=changes))
    assert done.returncode == 0, done.stderr
    names = ("prompt", "audio", "duration", "seed")
    assert [{name: body[name] for name in names} for body in bodies(api)] == [
        {name: change[name] for name in names} for change in changes
    ]
    pictures = [body["images"] for body in bodies(api)]
    assert all(len(each) == 1 for each in pictures)
    assert pictures[2:4] == [[URL], [URL]]
    assert pictures[0] == pictures[1] != pictures[4] == pictures[5]


def test_several_takes_stop_at_the_first_that_fails(run: Run, api: Simulator) -> None:
    done = run(VideoRequest(images=[URL], prompt="[fail]", seed=7), Loop("seed", (7, 8)))
    assert done.returncode != 0
    assert api.submit_count == 1


def bodies(api: Simulator) -> list[dict[str, Any]]:
    return [body for body in api.submits if isinstance(body, dict)]


# What is written, without running it


def settings_in(program: str) -> dict[str, Any]:
    """Read the request back from the program for vidu_demo."""
    calls = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call)]
    (call,) = [call for call in calls if ast.unparse(call.func) == "VideoRequest"]
    return {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}


@given(prompt=st.text(), voice=st.text(), seed=st.integers())
def test_any_text_survives_in_python(prompt: str, voice: str, seed: int) -> None:
    given = {"images": [URL], "prompt": prompt, "voice_id": voice, "seed": seed}
    request = VideoRequest.unchecked(**VideoRequest.DEFAULTS | given)
    assert settings_in(VIDU_DEMO.write(request)) == request.payload([URL])


@pytest.mark.parametrize(
    "settings",
    [{}, {"images": []}, dict.fromkeys(VideoRequest.model_fields)],
    ids=["nothing", "no picture", "every field None"],
)
def test_an_empty_form_is_a_program_to_be_completed(settings: dict[str, Any]) -> None:
    written = settings_in(VIDU_DEMO.write(VideoRequest.unchecked(**settings)))
    assert written.pop("images") == ["photo.jpg"]
    assert written.pop("prompt") == ""
    assert written == {field: VideoRequest.DEFAULTS.get(field) for field in written}
    assert {"duration", "resolution"} < set(written)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.label)
def test_what_is_out_of_range_is_written_as_it_is(snippet: Snippet) -> None:
    request = VideoRequest.unchecked(images=[], prompt="\ud800", duration=77, resolution="8k")
    text = snippet.write(request)
    assert "77" in text
    assert '"8k"' in text
    text.encode()


def test_files_of_one_name_are_told_apart(run: Run, api: Simulator, folder: Path) -> None:
    for name, colour in (("cat.png", "red"), ("cat-2.png", "blue")):
        Image.new("RGB", (64, 64), colour).save(folder / name)
    run(VideoRequest(images=["here/cat.png", "there/cat.png"], prompt="x"))
    (body,) = api.submits
    assert isinstance(body, dict)
    sent = [base64.b64decode(picture.partition(",")[2]) for picture in body["images"]]
    colours = [Image.open(io.BytesIO(data)).convert("RGB").getpixel((0, 0)) for data in sent]
    assert colours == [(255, 0, 0), (0, 0, 255)]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.label)
def test_a_picture_without_a_name_is_called_photo(snippet: Snippet) -> None:
    picture = Image.new("RGB", (8, 8))
    for image in (picture, b"bytes", "data:image/png;base64,AAAA", "/"):
        text = snippet.write(VideoRequest(images=[image], prompt="x"))
        assert "photo.jpg" in text
        assert "AAAA" not in text


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.JPEG", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.gif", "image/gif"),
        ("a.heic", "image/heif"),
        ("a.blp", "image/jpeg"),
        ("a", "image/jpeg"),
    ],
)
def test_type_of_a_picture_goes_by_its_suffix(name: str, mime: str) -> None:
    request = VideoRequest(images=[Path("/uploads") / name], prompt="x")
    for snippet in (CURL, REQUESTS, JAVASCRIPT):
        text = snippet.write(request)
        assert set(re.findall(r"image/[a-z]+", text)) == {mime}
        assert "/uploads" not in text


@pytest.mark.parametrize("snippet", [CURL, REQUESTS, JAVASCRIPT], ids=lambda s: s.label)
def test_off_peak_is_asked_about_seldom(snippet: Snippet) -> None:
    texts = [
        snippet.write(VideoRequest(images=[URL], prompt="x", off_peak=off_peak))
        for off_peak in (False, True)
    ]
    assert [re.findall(r"(?im)^.*pause ?= ?(\d+)", text) for text in texts] == [["5"], ["60"]]
