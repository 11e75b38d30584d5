"""The endpoints `/submit`, `/task` and `/estimate`, as programs call them."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import DEFAULTS
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from page_fixtures import App, until
from PIL import Image
from runner_fixtures import together

from vidu_demo.api.images import prepare
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.ledger import digest
from vidu_demo.simulator import Fault, Simulator

SMALL = {"duration": 1, "resolution": "540p"}
URL = "https://example.com/cat.jpg"
SECONDS = 30.0
"""In which each endpoint answers on a busy machine; the task takes 600."""


def submit(caller: Client, **asked: Any) -> dict[str, Any]:
    fields = {"image_urls": URL, "prompt": "Slow push-in.", **SMALL, **asked}
    answer = caller.predict(api_name="/submit", **fields)
    assert isinstance(answer, dict)
    return answer


def task(caller: Client, job: str) -> tuple[dict[str, Any], str | None]:
    said, video = caller.predict(job=job, api_name="/task")
    return said, video


def ended(caller: Client, app: App, job: str) -> tuple[dict[str, Any], str | None]:
    """Ask once all jobs of the call have ended."""
    owner = digest("program", job.partition(":")[0])
    until(lambda: not any(found.open for found in app.studio.runner.jobs(owner)))
    return task(caller, job)


def test_three_endpoints_are_described_with_the_requests_fields(caller: Client) -> None:
    described = caller.view_api(return_format="dict", print_info=False)["named_endpoints"]
    del described["/generate"]
    assert list(described) == ["/submit", "/task", "/estimate"]
    names = {
        path: [parameter["parameter_name"] for parameter in about["parameters"]]
        for path, about in described.items()
    }
    assert names == {
        "/submit": [
            *("images", "image_urls", *VideoRequest.SETTINGS, "idempotency_key", "variations")
        ],
        "/task": ["job"],
        "/estimate": [f for f in (*VideoRequest.SETTINGS, "variations") if f != "prompt"],
    }
    needed = [
        parameter["parameter_name"]
        for about in described.values()
        for parameter in about["parameters"]
        if not parameter["parameter_has_default"]
    ]
    assert needed == ["prompt", "job"]
    assert "costs money" in described["/submit"]["description"]
    assert "Free" in described["/task"]["description"]
    assert "Free" in described["/estimate"]["description"]


def test_submit_returns_at_once_and_task_brings_the_video(
    caller: Client, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    picture = handle_file(pngs["red"])
    said = submit(caller, images=[picture], image_urls=None, audio=True, seed=7)
    assert said["state"] in ("prepared", "submitting", "running")
    assert (said["price_usd"], said["simulated"], said["message"]) == (0.115, False, "")
    done, video = ended(caller, app, said["job"])
    (body,) = api.submits[before:]
    asked = {**DEFAULTS, **SMALL, "audio": True, "seed": 7, "prompt": "Slow push-in."}
    assert body == {"images": [prepare(pngs["red"]).data_uri], **asked}
    assert (done["state"], done["seed"], done["message"]) == ("done", 7, "")
    assert done["task_id"] in api.polls_of
    assert video
    assert Path(video).read_bytes() in [path.read_bytes() for path in app.videos]


def test_each_endpoint_answers_while_the_task_is_still_running(
    caller: Client, app: App, api: Simulator, tmp_path: Path
) -> None:
    runner, photo = app.studio.runner, tmp_path / "photo.jpg"
    Image.effect_noise((4000, 3000), 64).save(photo)
    pictures: tuple[dict[str, Any], ...] = (
        {"image_urls": URL},
        {"image_urls": None, "images": [handle_file(photo)]},
    )

    def soon(endpoint: str, **fields: Any) -> Any:
        return caller.submit(api_name=endpoint, **fields).result(timeout=SECONDS)

    for given in pictures:
        said = soon("/submit", prompt="Slow push-in [600 s]", **SMALL, **given)
        owner = digest("program", said["job"])
        (job,) = runner.jobs(owner)
        until(lambda owner=owner: api.polls_of[runner.jobs(owner)[0].task_id or ""])
        status, video = soon("/task", job=said["job"])
        assert (status["state"], video) == ("running", None)
        assert soon("/estimate", **SMALL)["price_usd"] == 0.04
        assert runner.stop(job.id, owner)  # so it has not ended until now


def test_a_key_buys_once_however_often_it_is_sent(caller: Client, app: App, api: Simulator) -> None:
    before, key = api.submit_count, str(uuid.uuid4())
    said = together(6, lambda _: submit(caller, idempotency_key=key))
    assert {answer["job"] for answer in said} == {key}
    done, _ = ended(caller, app, key)
    assert submit(caller, idempotency_key=key)["task_id"] == done["task_id"]
    with pytest.raises(AppError, match="used for another request, so nothing was sent"):
        submit(caller, idempotency_key=key, prompt="Something else.")
    assert api.submit_count == before + 1
    other = submit(caller, idempotency_key=str(uuid.uuid4()))
    ended(caller, app, other["job"])
    assert api.submit_count == before + 2


@pytest.mark.parametrize("key", ["short", "x" * 129, "with a space in it", "é" * 20])
def test_a_key_that_others_could_guess_is_refused(caller: Client, api: Simulator, key: str) -> None:
    before = api.submit_count
    with pytest.raises(AppError, match="16 to 128 visible ASCII characters"):
        submit(caller, idempotency_key=key)
    assert api.submit_count == before


def test_a_job_is_found_by_its_name_alone(caller: Client, app: App, api: Simulator) -> None:
    said = submit(caller)
    done, _ = ended(caller, app, said["job"])
    (job,) = [path.parent.name for path in app.videos if path.parent.name][-1:]
    for name in ("", "x" * 20, done["task_id"], job, said["job"][:-1]):
        with pytest.raises(AppError, match="There is no such job"):
            task(caller, name)
    assert api.faults["poll"] == []


def test_task_says_what_went_wrong(caller: Client, app: App, api: Simulator) -> None:
    body = {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "no", "metadata": {}}
    api.faults["submit"] = [Fault(403, body)]
    refused, _ = ended(caller, app, submit(caller)["job"])
    assert refused["state"] == "not sent"
    assert "too little balance" in refused["message"]
    assert "Nothing was charged. Top it up" in refused["message"]
    api.faults["submit"] = [Fault(reset=True, after=True)]
    lost, video = ended(caller, app, submit(caller)["job"])
    assert (lost["state"], video) == ("unknown", None)
    assert "It may have been charged." in lost["message"]


@pytest.mark.parametrize(
    ("settings", "price"),
    [({}, 0.275), ({"duration": 1, "resolution": "540p"}, 0.04), ({"off_peak": True}, 0.1375)],
)
def test_estimate_says_price_and_payer_and_buys_nothing(
    caller: Client, api: Simulator, settings: dict[str, Any], price: float
) -> None:
    before = api.submit_count
    said = caller.predict(api_name="/estimate", **settings)
    assert said["price_usd"] == pytest.approx(price, abs=0.001)
    assert (said["can_be_bought"], said["message"]) == (True, "")
    assert said["payer"] == "your key"
    assert said["left_today_usd"] is None
    assert api.submit_count == before


def test_estimate_knows_the_hosts_limits(app: App) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7"}
    client = Client(app.url, headers=headers, analytics_enabled=False, verbose=False)
    said = client.predict(duration=10, resolution="1080p", api_name="/estimate")
    client.close()
    assert said["can_be_bought"] is False
    assert said["payer"] == "the host's key"
    assert "One click can cost up to $0.60 here" in said["message"]
    assert 0 <= said["left_today_usd"] <= 1


def test_wrong_input_is_explained(caller: Client, api: Simulator) -> None:
    before = api.submit_count
    with pytest.raises(AppError, match=r"^Add a picture\. Nothing was charged\."):
        submit(caller, image_urls="")
    with pytest.raises(AppError, match=r"^Seed goes from 0 to 2147483647; -1 is outside"):
        submit(caller, seed=-1)
    with pytest.raises(AppError, match="11"):
        caller.predict(duration=11, api_name="/estimate")
    assert api.submit_count == before


def test_plain_http_is_enough(app: App, api: Simulator) -> None:
    before = api.submit_count
    asked = {"image_urls": URL, "prompt": "Slow push-in.", **SMALL}
    called = requests.post(f"{app.url}gradio_api/call/v2/submit", json=asked, timeout=30)
    event = called.json()["event_id"]
    answer = requests.get(f"{app.url}gradio_api/call/submit/{event}", timeout=30).text
    (said,) = json.loads(answer.partition("data: ")[2].splitlines()[0])
    assert said["job"]
    until(lambda: api.submit_count == before + 1)


def test_one_call_starts_several_videos(caller: Client, app: App, api: Simulator) -> None:
    before, key = api.submit_count, f"{uuid.uuid4()}"
    asked = json.dumps({"takes": 2, "duration": [1, 2]})
    estimate = caller.predict(variations=asked, resolution="540p", api_name="/estimate")
    said = submit(caller, seed=7, variations=asked, idempotency_key=key)
    assert [video["job"] for video in said["videos"]] == [key, *(f"{key}:{n}" for n in (2, 3, 4))]
    assert [video["label"] for video in said["videos"]] == [
        *("1 s · seed 7", "1 s · seed 8", "2 s · seed 7", "2 s · seed 8")
    ]
    prices = [video["price_usd"] for video in said["videos"]]
    assert estimate["price_usd"] == pytest.approx(sum(prices))
    done, video = ended(caller, app, f"{key}:4")
    assert (done["seed"], done["price_usd"]) == (8, prices[3])
    assert video
    assert ended(caller, app, key)[0]["seed"] == 7
    assert [body["duration"] for body in sorted(api.submits[before:], key=str)] == [1, 1, 2, 2]
    for other in (asked, "3", None):
        settings = {"seed": 9} if other == asked else {"seed": 7}
        with pytest.raises(AppError, match="used for another request"):
            submit(caller, variations=other, idempotency_key=key, **settings)
    assert submit(caller, seed=7, variations=asked, idempotency_key=key)["videos"]
    assert api.submit_count == before + 4
    with pytest.raises(AppError, match="There is no such job"):
        task(caller, f"{key}:5")


@pytest.mark.parametrize(
    ("varied", "said"),
    [
        (9, "One click makes up to 4 takes"),
        ({"takes": 4, "duration": [1, 2, 3, 4]}, "up to 12 videos; this would make 16"),
        ({"each_picture": True, "prompts": ["One.", "Two."]}, "Each picture needs a prompt"),
        ({"watermark": [True]}, "There is no setting called watermark"),
        ("{takes", "not valid JSON"),
        ("[" * 99_999, "not valid JSON"),
    ],
)
def test_what_varies_is_checked(caller: Client, api: Simulator, varied: Any, said: str) -> None:
    before = api.submit_count
    with pytest.raises(AppError, match=said):
        submit(caller, variations=varied if isinstance(varied, str) else json.dumps(varied))
    assert api.submit_count == before
