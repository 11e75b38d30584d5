import pytest

from vidu_demo import VideoRequest
from vidu_demo.api.errors import RequestInvalid
from vidu_demo.jobs.takes import EACH_PICTURE, MAX_VIDEOS, plan


def request(**settings: object) -> VideoRequest:
    return VideoRequest(**{"images": ["a.png"], "prompt": "Push-in.", **settings})


@pytest.mark.parametrize(
    ("seed", "seeds"),
    [
        (7, [7, 8, 9]),
        (2147483646, [2147483646, 2147483647, 1]),
        (None, [None, None, None]),
        (0, [0, 0, 0]),
    ],
)
def test_takes_differ_by_nothing_but_their_seed(seed: int | None, seeds: list[int | None]) -> None:
    form = request(seed=seed)
    takes = plan(form, 3)
    assert [take.seed for take in takes] == seeds
    assert all(take.model_copy(update={"seed": seed}) == form for take in takes)


def test_each_picture_makes_a_video_of_its_own() -> None:
    form = request(images=["a.png", "b.png", "https://example.com/c.png"], seed=5)
    takes = plan(form, EACH_PICTURE)
    assert [take.images for take in takes] == [["a.png"], ["b.png"], ["https://example.com/c.png"]]
    assert {take.seed for take in takes} == {5}


@pytest.mark.parametrize("takes", [0, 5, -1, "two", None, 1.5])
def test_other_numbers_buy_nothing(takes: int | str) -> None:
    with pytest.raises(RequestInvalid, match="up to 4 takes"):
        plan(request(), takes)


def test_one_click_buys_a_limited_number() -> None:
    plan(request(images=["a.png"] * MAX_VIDEOS), EACH_PICTURE)
    with pytest.raises(RequestInvalid, match="up to 12 pictures"):
        plan(request(images=["a.png"] * (MAX_VIDEOS + 1)), EACH_PICTURE)


def test_draft_is_as_cheap_as_it_gets() -> None:
    assert request(duration=3, resolution="540p").is_draft
    assert request(duration=1, resolution="540p").is_draft
    assert not request(duration=4, resolution="540p").is_draft
    assert not request(duration=3, resolution="720p").is_draft
