from pathlib import Path
from typing import Any

import pytest
from conftest import DEFAULTS
from PIL import Image

from vidu_demo import VideoRequest
from vidu_demo.api.errors import Charged, Problem, RequestInvalid

LEAST: dict[str, Any] = {"images": ["photo.jpg"], "prompt": "slow push-in"}


def problems(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(RequestInvalid) as caught:
        VideoRequest(**{**LEAST, **changes})
    assert caught.value.charged is Charged.NO
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return [(problem.field, problem.message) for problem in caught.value.problems]


def test_the_eleven_fields_of_the_page() -> None:
    assert set(VideoRequest.model_fields) == {
        *("images", "prompt", "duration", "resolution", "seed", "audio", "voice_id", "bgm"),
        *("movement_amplitude", "off_peak", "watermark"),
    }


def test_the_least_request_sends_every_default_but_those_that_mean_nothing() -> None:
    assert VideoRequest(**LEAST).payload(["https://example.com/a.png"]) == {
        "images": ["https://example.com/a.png"],
        "prompt": "slow push-in",
        **DEFAULTS,
    }


def test_every_choice_is_sent_as_chosen() -> None:
    chosen = {
        "prompt": "a\n“b”",
        "duration": 9,
        "resolution": "1080p",
        "seed": 0,
        "audio": True,
        "voice_id": "Chinese (Mandarin)_News_Anchor",
        "bgm": True,
        "movement_amplitude": "high",
        "off_peak": True,
        "watermark": True,
    }
    request = VideoRequest(images=["a.png", "b.png"], **chosen)
    assert request.payload(["A", "B"]) == {"images": ["A", "B"], **chosen}


def test_a_voice_of_spaces_is_none() -> None:
    assert "voice_id" not in VideoRequest(**LEAST, voice_id="  ").payload(["A"])
    assert "voice_id" not in VideoRequest(**LEAST, voice_id="\u200b").payload(["A"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": []}, "Add a picture."),
        ({"images": "photo.jpg"}, "Give the pictures as a list."),
        ({"images": None}, "Give the pictures as a list."),
        ({"images": [5]}, "A picture can be a path, a URL, bytes or a Pillow image."),
        ({"prompt": ""}, "Write a prompt."),
        ({"prompt": " \n\t"}, "Write a prompt."),
        ({"prompt": "\u200b\ufeff"}, "Write a prompt."),
        ({"prompt": "\u200d \u2060"}, "Write a prompt."),
        ({"prompt": "\u3164"}, "Write a prompt."),
        ({"prompt": "\u2800\u115f\u1160\uffa0"}, "Write a prompt."),
        ({"prompt": "\ufe0f\U000e0100\u034f"}, "Write a prompt."),
        ({"prompt": "\u061c\u180e\u00ad\U000e0041\x00"}, "Write a prompt."),
        ({"prompt": "\uffff\ufff0\u17b4\U0001d159"}, "Write a prompt."),
        ({"prompt": "x" * 5001}, "Shorten the prompt to 5000 characters; it has 5001."),
        ({"prompt": 7}, "Prompt must be text."),
        ({"duration": 0}, "Duration goes from 1 to 10; 0 is outside."),
        ({"duration": 11}, "Duration goes from 1 to 10; 11 is outside."),
        ({"duration": "11"}, "Duration goes from 1 to 10; 11 is outside."),
        ({"duration": 5.5}, "Duration must be a whole number."),
        ({"duration": "five"}, "Duration must be a whole number."),
        ({"duration": None}, "Duration must be a whole number."),
        ({"duration": True}, "Duration must be a whole number."),
        ({"duration": float("nan")}, "Duration must be a whole number."),
        ({"duration": "9" * 5000}, "Duration must be a whole number."),
        ({"duration": 10**5000}, "Duration goes from 1 to 10; this number is outside."),
        ({"seed": -1}, "Seed goes from 0 to 2147483647; -1 is outside."),
        ({"seed": 2**31}, "Seed goes from 0 to 2147483647; 2147483648 is outside."),
        ({"seed": False}, "Seed must be a whole number."),
        ({"resolution": 720}, "Resolution can be 540p, 720p, 1080p; “720” is none of them."),
        ({"resolution": "4k" * 99}, f"Resolution can be 540p, 720p, 1080p; “{'4k' * 25}…” is none"),
        (
            {"movement_amplitude": "large"},
            "Movement can be auto, small, medium, high; “large” is none of them.",
        ),
        ({"audio": "loud"}, "Sound is either on or off."),
        ({"audio": None}, "Sound is either on or off."),
        ({"bgm": 2}, "Music is either on or off."),
        ({"off_peak": []}, "Off-peak is either on or off."),
        ({"watermark": "©"}, "Watermark is either on or off."),
        ({"voice_id": None}, "Voice must be text."),
        ({"voice_id": "x" * 201}, "A voice's id has at most 200 characters."),
        ({"voice_id": "x\0"}, "Voice can't be read."),
        ({"voice_id": "\ud800"}, "Voice can't be read."),
        ({"prompt": "A wave.\0"}, "Prompt can't be read."),
        ({"prompt": "A wave.\ud800"}, "Prompt can't be read."),
        ({"images": ["https://a.b/\0"]}, "A picture can be a path, a URL, bytes or"),
        ({"images": ["https://a.b/\ud800"]}, "A picture can be a path, a URL, bytes or"),
        ({"images": ["https://a.b/c"] * 1_000_000}, "The addresses of the pictures are too long: "),
        ({"images": ["https://a.b/" + "c" * 8000]}, "The addresses of the pictures are too long: "),
        ({"images": [Path("x" * 9000)]}, "The addresses of the pictures are too long: "),
        ({"fps": 24}, "There is no setting called fps."),
    ],
)
def test_a_broken_rule_is_said_in_plain_words(changes: dict[str, Any], message: str) -> None:
    (field, said), *others = problems(**changes)
    assert not others
    assert field == next(iter(changes))
    assert said.startswith(message)


@pytest.mark.parametrize(
    "prompt",
    [
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "\u200bx",
        "猫",
        "!",
        "\U0001fae9",
    ],
)
def test_what_can_be_seen_is_a_prompt_and_stays_as_it_is(prompt: str) -> None:
    assert VideoRequest(**{**LEAST, "prompt": prompt}).payload(["A"])["prompt"] == prompt


def test_bounds_leave_room_for_what_people_send() -> None:
    signed = "https://bucket.example.com/picture.png?signature=" + "x" * 1500
    uri = "data:image/png;base64," + "A" * 10_000_000
    assert VideoRequest(**{**LEAST, "images": [signed] * 50 + [uri], "voice_id": "v" * 200})


def test_every_problem_is_listed_at_once() -> None:
    with pytest.raises(RequestInvalid) as caught:
        VideoRequest(duration=0, resolution="8k", seed="x")  # type: ignore[arg-type, call-arg]
    assert caught.value.problems == (
        Problem("images", "Add a picture."),
        Problem("prompt", "Write a prompt."),
        Problem("duration", "Duration goes from 1 to 10; 0 is outside."),
        Problem("resolution", "Resolution can be 540p, 720p, 1080p; “8k” is none of them."),
        Problem("seed", "Seed must be a whole number."),
    )
    assert str(caught.value).startswith("Add a picture. Write a prompt. Duration goes")
    assert "Nothing was charged." in str(caught.value)


def test_settings_that_are_no_settings_at_all() -> None:
    with pytest.raises(RequestInvalid, match=r"^Give the settings by their names\."):
        VideoRequest.model_validate(["photo.jpg"])


@pytest.mark.parametrize("duration", [5, 5.0, "5", "5.0"])
def test_numbers_are_taken_as_forms_and_json_give_them(duration: Any) -> None:
    taken = VideoRequest(**LEAST, duration=duration, seed=duration)
    assert (taken.duration, taken.seed) == (5, 5)
    assert (type(taken.duration), type(taken.seed)) == (int, int)


@pytest.mark.parametrize("seed", [None, 0, 2147483647])
def test_the_edges_of_a_seed(seed: int | None) -> None:
    request = VideoRequest(**LEAST, seed=seed)
    assert request.payload(["A"]).get("seed") == seed
    assert ("seed" in request.payload(["A"])) is (seed is not None)


@pytest.mark.parametrize("duration", range(1, 11))
def test_every_length_works(duration: int) -> None:
    assert VideoRequest(**LEAST, duration=duration).duration == duration


def notices(**changes: Any) -> list[str]:
    return [notice.field for notice in VideoRequest(**{**LEAST, **changes}).notices()]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"images": ["a", "b"]}, ["images"]),
        ({"prompt": "x" * 2000}, []),
        ({"prompt": "x" * 2001}, ["prompt"]),
        ({"prompt": "x" * 5000}, ["prompt"]),
        ({"seed": 0}, ["seed"]),
        ({"seed": 1}, []),
        ({"voice_id": "v"}, ["voice_id"]),
        ({"voice_id": "v", "audio": True}, []),
        ({"bgm": True, "duration": 8}, []),
        ({"bgm": True, "duration": 9}, ["bgm"]),
        ({"bgm": True, "duration": 10}, ["bgm"]),
        ({"movement_amplitude": "small"}, ["movement_amplitude"]),
        ({"off_peak": True}, []),
        ({"off_peak": True, "audio": True}, ["off_peak"]),
    ],
)
def test_a_choice_without_effect_is_noticed_not_refused(
    changes: dict[str, Any], fields: list[str]
) -> None:
    assert notices(**changes) == fields


def test_notices_work_on_a_form_that_is_not_complete() -> None:
    form = VideoRequest.unchecked(images=None, prompt=None, seed=0)
    assert [notice.field for notice in form.notices()] == ["seed"]


@pytest.mark.parametrize("field", VideoRequest.model_fields)
def test_every_field_describes_itself(field: str) -> None:
    about = VideoRequest.describe(field)
    assert about["title"]
    assert about["description"].endswith(".")


def test_the_schema_holds_limits_defaults_and_options() -> None:
    schema = VideoRequest.describe
    assert {k: schema("duration")[k] for k in ("type", "minimum", "maximum", "default")} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 10,
        "default": 5,
    }
    assert {k: schema("seed")[k] for k in ("type", "minimum", "maximum", "default")} == {
        "type": "integer",
        "minimum": 0,
        "maximum": 2147483647,
        "default": None,
    }
    assert schema("resolution")["enum"] == ["540p", "720p", "1080p"]
    assert schema("movement_amplitude")["enum"] == ["auto", "small", "medium", "high"]
    assert schema("prompt")["maxLength"] == 5000


def test_a_request_is_shown_without_its_pictures_and_cannot_be_changed() -> None:
    shown = repr(
        VideoRequest(images=["https://h/a.png?sig=1", b"123", Image.new("RGB", (1, 1))], prompt="x")
    )
    assert "sig" not in shown
    assert "123" not in shown
    with pytest.raises(ValueError, match="frozen"):
        VideoRequest(**LEAST).duration = 3  # type: ignore[misc]


@pytest.mark.parametrize("blank", ["\ufdd0", "\U00013441", "\u0378", "\ufffc", "\ufffe"])
def test_what_no_font_shows_is_no_prompt(blank: str) -> None:
    with pytest.raises(RequestInvalid):
        VideoRequest(images=["a.jpg"], prompt=blank * 3)
    assert VideoRequest(images=["a.jpg"], prompt=f"{blank}🐈")
