"""The request body as text: written and read again, and whatever else can be pasted."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidu_demo import VideoRequest
from vidu_demo.ui.form import body

CHANGED = {
    "prompt": "Der Kater “blinzelt”.\nIt's late.",
    "duration": 3,
    "resolution": "540p",
    "seed": 42,
    "audio": True,
    "voice_id": "Japanese_OptimisticYouth",
    "bgm": True,
    "movement_amplitude": "high",
    "off_peak": True,
    "watermark": True,
}
URL = "https://example.com/a.jpg?sign=1"


def said(text: str, *files: Path) -> list[tuple[str, str]]:
    return [(problem.field, problem.message) for problem in body.read(text, files).problems]


def test_the_body_is_what_would_be_sent_and_says_the_same_when_it_is_read() -> None:
    files = [Path("/a/cat.jpg"), Path("/b/cat.jpg")]
    assert CHANGED.keys() == {*VideoRequest.SETTINGS}
    request = VideoRequest(images=[*files, URL], **CHANGED)
    text = body.write(request)
    names = ["cat.jpg", "cat-2.jpg", URL]
    assert json.loads(text) == request.payload(names)
    assert body.read(text, files) == (CHANGED, [0, 1, URL], ())


def test_what_is_left_out_has_its_default_but_pictures_stay() -> None:
    read = body.read('{"prompt": "A wave.", "seed": null}', [Path("cat.jpg")])
    assert read.settings == {**VideoRequest.DEFAULTS, "prompt": "A wave."}
    assert (read.images, read.problems) == (None, ())
    assert body.read('{"images": []}', [Path("cat.jpg")]).images == []


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"prompt": "It\'s late."}\n```',
        """curl -X POST https://example.com -H 'X: y' -d '{"prompt": "It'\\''s late."}' | jq""",
        'body = {"prompt": "It\'s late."}',
        ' \n{"prompt": "It\'s late."}\n ',
    ],
)
def test_a_body_is_found_in_what_it_was_copied_with(text: str) -> None:
    read = body.read(text, [])
    assert (read.settings["prompt"], read.problems) == ("It's late.", ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ("", "This is not a JSON object.")),
        ("[1, 2]", ("", "This is not a JSON object.")),
        ("{", ("", "This is not valid JSON: see line 1, column 2.")),
        ('{\n  "seed": 1,\n}', ("", "This is not valid JSON: see line 3, column 1.")),
        ('{"seed": 1} }', ("", "Something follows after the JSON object.")),
        ('{"seed": ' + "9" * 5000 + "}", ("", "This is not a JSON object.")),
        ('{"seed": ' + "[" * 100_000, ("", "This is not a JSON object.")),
        ("{" * 250_001, ("", "This is too long: at most 250000 characters are read.")),
        ('{"seed": NaN}', ("seed", "Seed must be a whole number.")),
        ('{"duration": 55}', ("duration", "Duration goes from 1 to 10; 55 is outside.")),
        ('{"duration": true}', ("duration", "Duration must be a whole number.")),
        ('{"duration": null}', ("duration", "Duration must be a whole number.")),
        ('{"audio": "loud"}', ("audio", "Sound is either on or off.")),
        (
            '{"resolution": "4k"}',
            ("resolution", "Resolution can be 540p, 720p, 1080p; “4k” is none of them."),
        ),
        ('{"prompt": 5}', ("prompt", "Prompt must be text.")),
        ('{"prompt": "\\ud800"}', ("prompt", "Prompt can't be read.")),
        ('{"music": true}', ("music", "There is no setting called music.")),
        ('{"images": "x"}', ("images", "Give the pictures as a list.")),
        ('{"images": [7]}', ("images", "“7” is not a picture URL.")),
        ('{"images": ["/etc/passwd"]}', ("images", "“/etc/passwd” is not a picture URL.")),
        (
            '{"images": [{"path": "cat.jpg"}]}',
            ("images", "“{'path': 'cat.jpg'}” is not a picture URL."),
        ),
        (
            f'{{"images": ["{URL}", "cat.jpg"]}}',
            ("images", "Name the uploaded pictures before the URLs."),
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_is_said_by_its_field(text: str, problem: tuple[str, str]) -> None:
    assert said(text, Path("cat.jpg")) == [problem]


def test_what_is_valid_is_taken_and_the_rest_is_not() -> None:
    read = body.read('{"duration": 55, "seed": 7, "model": "x"}', [])
    assert {problem.field for problem in read.problems} == {"duration", "model"}
    assert "duration" not in read.settings
    assert read.settings["seed"] == 7


@pytest.mark.parametrize("prompt", ['""', '" "', "null"])
def test_a_missing_prompt_is_not_wrong_yet(prompt: str) -> None:
    read = body.read(f'{{"prompt": {prompt}}}', [])
    assert (read.settings["prompt"], read.problems) == ("", ())


def test_an_unfinished_form_has_a_body() -> None:
    form: dict[str, Any] = {**VideoRequest.DEFAULTS, "prompt": "", "duration": 2.5, "seed": None}
    written = json.loads(body.write(VideoRequest.unchecked(images=[], **form)))
    assert (written["images"], written["prompt"], written["duration"]) == ([], "", 2.5)
    assert body.write(VideoRequest.unchecked(images=[], prompt="\ud800")).count("?") == 1
