"""The examples: their files, their requests, their licences."""

from itertools import chain
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from vidu_demo.api.images import prepare
from vidu_demo.api.request import VideoRequest
from vidu_demo.examples import EXAMPLES, MEDIA, Example
from vidu_demo.simulator.video.render import video_size

each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.picture.stem)


def size(example: Example) -> tuple[int, int]:
    with Image.open(example.picture) as picture:
        return picture.size


@each
def test_fills_the_form_with_a_request_that_needs_no_notice(example: Example) -> None:
    request = VideoRequest(images=[example.picture], **example.settings)
    assert request.notices() == []
    assert {"prompt", "duration", "resolution", "audio"} <= set(example.settings)
    assert 25 <= len(request.prompt.split()) <= 50
    picture = prepare(example.picture)
    assert (picture.width, picture.height) == size(example)


def test_names_and_pictures_are_told_apart() -> None:
    assert len({example.name for example in EXAMPLES}) == len(EXAMPLES)
    assert len({example.picture for example in EXAMPLES}) == len(EXAMPLES)


def test_the_common_shapes_are_there() -> None:
    ratios = {width / height for width, height in map(size, EXAMPLES)}
    assert {16 / 9, 9 / 16, 1.0} <= ratios


@each
def test_files_are_light(example: Example) -> None:
    assert example.picture.stat().st_size < 150_000
    assert example.thumbnail.stat().st_size < 6_000
    with Image.open(example.thumbnail) as thumbnail:
        assert thumbnail.height == pytest.approx(160, abs=1)
        width, height = size(example)
        assert thumbnail.width == pytest.approx(160 * width / height, abs=1)


def test_no_file_lies_about_unused() -> None:
    used = [(example.picture, example.thumbnail, example.video) for example in EXAMPLES]
    assert {path for path in MEDIA.rglob("*") if path.is_file()} == {*chain(*used)}


@each
def test_credit_says_who_and_under_which_licence(example: Example) -> None:
    if example.picture.stem in ("lake", "lighthouse", "boat"):
        assert "MIT" in example.credit
    else:
        assert "CC0" in example.credit
        assert "Photo" in example.credit


@each
def test_the_video_is_what_its_settings_ask_for(example: Example) -> None:
    assert example.video.stat().st_size < 160_000
    with av.open(example.video) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == video_size(size(example), "540p")
        frames = sum(1 for _ in container.decode(video))
        assert frames == example.settings["duration"] * video.average_rate
        assert bool(container.streams.audio) == example.settings["audio"]


@each
def test_the_video_begins_with_its_picture(example: Example) -> None:
    def small(image: Image.Image) -> Any:
        return np.asarray(image.resize((32, 18)), np.float32)

    with av.open(example.video) as container:
        first = small(next(container.decode(video=0)).to_image())

    def distance(other: Example) -> float:
        with Image.open(other.picture) as picture:
            return float(np.abs(first - small(picture)).mean())

    assert min(EXAMPLES, key=distance) is example


def test_one_is_shown_until_a_visitor_has_a_video() -> None:
    assert EXAMPLES[0] in EXAMPLES
    assert EXAMPLES[0].video == EXAMPLES[0].video
