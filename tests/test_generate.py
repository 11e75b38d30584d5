"""The endpoint `/generate`, called as people's programs call it: with `gradio_client`."""

import json
import time
from pathlib import Path
from typing import Any

import av
import pytest
from conftest import DEFAULTS
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from page_fixtures import FPS, KEY, App

from vidu_demo.api.images import prepare
from vidu_demo.api.request import VideoRequest
from vidu_demo.simulator import Fault, Simulator

SMALL = {"duration": 1, "resolution": "540p"}


def generate(caller: Client, **arguments: Any) -> tuple[dict[str, Any], str]:
    """Call the endpoint and wait for its end."""
    said, video = caller.predict(api_name="/generate", **arguments)
    return said, video


def test_it_bears_the_requests_names(caller: Client) -> None:
    described = caller.view_api(return_format="dict", print_info=False)
    assert list(described["named_endpoints"]) == ["/submit", "/task", "/estimate", "/generate"]
    assert described["unnamed_endpoints"] == {}
    parameters = described["named_endpoints"]["/generate"]["parameters"]
    names = [parameter["parameter_name"] for parameter in parameters]
    assert names == ["images", "image_urls", *VideoRequest.SETTINGS]
    needed = [p["parameter_name"] for p in parameters if not p["parameter_has_default"]]
    assert needed == ["prompt"]
    defaults = {p["parameter_name"]: p["parameter_default"] for p in parameters}
    assert {name: defaults[name] for name in DEFAULTS} == DEFAULTS


def test_pictures_and_a_prompt_are_enough(
    caller: Client, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    pictures = [handle_file(pngs["red"]), handle_file(pngs["blue"])]
    said, video = generate(caller, images=pictures, prompt="Slow push-in.")
    (body,) = api.submits[before:]
    assert body == {
        "images": [prepare(pngs["red"]).data_uri, prepare(pngs["blue"]).data_uri],
        "prompt": "Slow push-in.",
        "seed": said["seed"],
        **DEFAULTS,
    }
    assert said["state"] == "done"
    assert said["message"] == ""
    assert Path(video).name.endswith(f"-seed{said['seed']}-5s.mp4")
    with av.open(video) as opened:
        stream = opened.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert min(stream.width, stream.height) == 720
    assert [path.read_bytes() for path in app.videos if path.name == Path(video).name] == [
        Path(video).read_bytes()
    ]


def test_addresses_are_enough_for_pictures(caller: Client, api: Simulator) -> None:
    before = api.submit_count
    urls = "https://example.com/cat.jpg\nhttps://example.com/dog.jpg"
    generate(caller, image_urls=urls, prompt="Slow push-in.", **SMALL)
    (body,) = api.submits[before:]
    assert body["images"] == urls.splitlines()


def test_every_field_arrives_as_it_was_given(
    caller: Client, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    fields = {
        "prompt": "The cat blinks.",
        "duration": 2,
        "resolution": "540p",
        "seed": 42,
        "audio": True,
        "voice_id": "Japanese_OptimisticYouth",
        "bgm": True,
        "movement_amplitude": "small",
        "off_peak": False,
        "watermark": True,
    }
    said, _video = generate(
        caller,
        images=[handle_file(pngs["green"])],
        image_urls="https://example.com/cat.jpg",
        **fields,
    )
    (body,) = api.submits[before:]
    picture = prepare(pngs["green"]).data_uri
    assert body == {"images": [picture, "https://example.com/cat.jpg"], **fields}
    assert said["seed"] == 42


def test_it_says_where_the_task_stands_and_ends_with_the_video(
    caller: Client, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    job = caller.submit(
        images=[handle_file(pngs["red"])],
        prompt="Slow push-in [6 s]",
        **SMALL,
        api_name="/generate",
    )
    said = list(job)
    assert len(said) > 3
    updates, videos = zip(*said, strict=True)
    assert [video for video in videos[:-1] if video] == []
    with av.open(videos[-1]) as opened:
        assert opened.streams.video[0].frames == FPS
    states = list(dict.fromkeys(update["state"] for update in updates))
    assert [state for state in states if state not in ("prepared", "submitting", "saving")] == [
        "running",
        "done",
    ]
    (task_id,) = {update["task_id"] for update in updates if update["task_id"]}
    assert api.polls_of[task_id] >= 2
    percents = [update["progress"] for update in updates if update["progress"] is not None]
    assert percents == sorted(percents)
    assert 0 < percents[0] < 100
    assert api.submit_count == before + 1
    assert KEY not in json.dumps(said)
    assert "q-sign" not in json.dumps(said)


WRONG = {
    "no picture": ({"prompt": "x"}, "Add a picture. Nothing was charged."),
    "no prompt": (
        {"image_urls": "https://example.com/cat.jpg", "prompt": " "},
        "Write a prompt. Nothing was charged.",
    ),
    "a path": (
        {"image_urls": "/etc/passwd", "prompt": "x"},
        "“/etc/passwd” is not a picture URL. Nothing was charged.",
    ),
    "a seed": (
        {"image_urls": "https://example.com/cat.jpg", "prompt": "x", "seed": -1},
        "Seed goes from 0 to 2147483647; -1 is outside. Nothing was charged.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_explained_and_not_sent(caller: Client, api: Simulator, name: str) -> None:
    arguments, said = WRONG[name]
    before = api.submit_count
    with pytest.raises(AppError) as failed:
        generate(caller, **arguments)
    assert str(failed.value).startswith(said)
    assert api.submit_count == before


@pytest.mark.parametrize(
    "arguments", [{"duration": 11}, {"resolution": "4k"}, {"movement_amplitude": "large"}]
)
def test_values_outside_their_limits_are_not_sent(
    caller: Client, api: Simulator, arguments: dict[str, Any]
) -> None:
    before = api.submit_count
    (value,) = arguments.values()
    with pytest.raises(AppError, match=str(value)):
        generate(caller, image_urls="https://example.com/cat.jpg", prompt="x", **arguments)
    assert api.submit_count == before


def test_refusal_says_what_charged_and_what_next(
    caller: Client, api: Simulator, pngs: dict[str, Path]
) -> None:
    body = {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "no", "metadata": {}}
    api.faults["submit"] = [Fault(403, body)]
    before = api.submit_count
    with pytest.raises(AppError) as failed:
        generate(caller, images=[handle_file(pngs["red"])], prompt="Slow push-in.")
    assert str(failed.value) == (
        "Not submitted. The account behind the key has too little balance. It said "
        "“NOT_ENOUGH_BALANCE: no”. Nothing was charged. "
        "Top it up at Novita, or choose a shorter or smaller video."
    )
    assert api.submit_count == before + 1


def test_lost_answer_is_never_sent_again(
    caller: Client, api: Simulator, pngs: dict[str, Path]
) -> None:
    api.faults["submit"] = [Fault(reset=True, after=True)]
    before = api.submit_count
    with pytest.raises(AppError, match="It may have been charged"):
        generate(caller, images=[handle_file(pngs["red"])], prompt="Slow push-in.")
    assert api.submit_count == before + 1


def test_failed_task_says_why_and_its_id(caller: Client, api: Simulator) -> None:
    with pytest.raises(AppError) as failed:
        generate(caller, image_urls="https://example.com/cat.jpg", prompt="[fail]", **SMALL)
    assert "TaskPromptPolicyViolation" in str(failed.value)
    assert "It may have been charged." in str(failed.value)
    (task_id,) = {task for task in api.polls_of if task in str(failed.value)}
    assert task_id


def test_caller_that_goes_away_stops_nothing(
    app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before, videos = api.submit_count, app.videos
    client = Client(app.url, analytics_enabled=False, verbose=False)
    client.submit(
        images=[handle_file(pngs["red"])],
        prompt="Slow push-in [2 s]",
        **SMALL,
        api_name="/generate",
    )
    while api.submit_count == before:
        time.sleep(0.05)
    client.close()
    end = time.monotonic() + 15
    while app.videos == videos:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert api.submit_count == before + 1
