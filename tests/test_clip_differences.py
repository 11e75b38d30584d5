"""Where a video is not what was asked for."""

from typing import Any

import pytest

from vidu_demo.media.clip import (
    Facts,
    differences,
)

MADE = Facts(1280, 720, 5.04, 24.0, audio=False)
LOUD = Facts(1280, 720, 5.04, 24.0, audio=True)
ASKED = {"duration": 5, "resolution": "720p", "audio": False, "bgm": False}


@pytest.mark.parametrize("made", [MADE, LOUD])
@pytest.mark.parametrize("asked", [{}, {"prompt": "x"}, {"duration": None, "resolution": None}])
def test_what_was_not_asked_for_is_not_missed(asked: dict[str, Any], made: Facts) -> None:
    assert differences(asked, made) == []


@pytest.mark.parametrize("seconds", [4.5, 5.04, 5.5])
def test_a_length_that_will_do(seconds: float) -> None:
    assert differences(ASKED, Facts(1280, 720, seconds, 24.0, audio=False)) == []


@pytest.mark.parametrize(("seconds", "said"), [(4.0, "4.0"), (4.41, "4.4"), (8.04, "8.0")])
def test_another_length(seconds: float, said: str) -> None:
    assert differences(ASKED, Facts(1280, 720, seconds, 24.0, audio=False)) == [
        f"Asked for 5 s; the video is {said} s long."
    ]


@pytest.mark.parametrize(
    ("resolution", "width", "height"),
    [
        ("540p", 960, 544),
        ("540p", 528, 928),
        ("720p", 720, 720),
        ("1080p", 1088, 1920),
        ("1080p", 4320, 1080),
    ],
)
def test_a_size_that_will_do(resolution: str, width: int, height: int) -> None:
    assert differences({"resolution": resolution}, Facts(width, height, 5, 24, audio=False)) == []


@pytest.mark.parametrize(("width", "height"), [(960, 540), (1280, 704), (736, 1280), (1920, 1080)])
def test_another_size(width: int, height: int) -> None:
    assert differences({"resolution": "720p"}, Facts(width, height, 5, 24, audio=False)) == [
        f"Asked for 720p; the video is {width} × {height} pixels."
    ]


SOUND = "Asked for sound; the video has no audio track."
MUSIC = "Asked for music; the video has no audio track."
SILENCE = "Asked for a silent video; this one has an audio track."


@pytest.mark.parametrize(
    ("asked", "when_silent", "when_loud"),
    [
        ({"audio": True, "bgm": False}, [SOUND], []),
        ({"audio": True, "bgm": True}, [SOUND], []),
        ({"audio": False, "bgm": True, "duration": 8}, [MUSIC], []),
        ({"audio": False, "bgm": True, "duration": 9}, [], []),
        ({"audio": False, "bgm": True, "duration": 10}, [], []),
        ({"audio": False, "bgm": False}, [], [SILENCE]),
        ({"audio": False}, [], []),
        ({"bgm": False}, [], []),
    ],
)
def test_sound_and_music(
    asked: dict[str, Any], when_silent: list[str], when_loud: list[str]
) -> None:
    seconds = asked.get("duration", 5)
    assert differences(asked, Facts(1280, 720, seconds, 24, audio=False)) == when_silent
    assert differences(asked, Facts(1280, 720, seconds, 24, audio=True)) == when_loud


def test_all_differences_are_named() -> None:
    asked = {**ASKED, "images": ["picture-1.jpg"], "prompt": "x", "audio": True}
    assert len(differences(asked, Facts(960, 540, 4, 24, audio=False))) == 3
