"""What one click makes of a form: the product of a few lists, written once for everyone."""

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_fixtures import OWNER, Bench

from vidu_demo import Variations, VideoRequest
from vidu_demo.api.errors import RequestInvalid
from vidu_demo.api.variations import (
    EACH_PICTURE,
    MAX_TAKES,
    MAX_VIDEOS,
    VARIED,
    differing,
    labels,
    total_price,
)
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import PriceChanged


def request(**settings: object) -> VideoRequest:
    return VideoRequest(**{"images": ["a.png"], "prompt": "Push-in.", **settings})


def told(**variations: Any) -> list[dict[str, Any]]:
    return Variations(**variations).changes(request(images=["a.png", "b.png"]))


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
    takes = Variations(3).requests(form)
    assert [take.seed for take in takes] == seeds
    assert all(take.model_copy(update={"seed": seed}) == form for take in takes)


def test_each_picture_makes_a_video_of_its_own() -> None:
    form = request(images=["a.png", "b.png", "https://example.com/c.png"], seed=5)
    made = Variations(each_picture=True).requests(form)
    assert [each.images for each in made] == [["a.png"], ["b.png"], ["https://example.com/c.png"]]
    assert {each.seed for each in made} == {5}


def test_each_picture_has_its_own_prompt() -> None:
    assert told(each_picture=True, prompts=["One.", "Two."]) == [
        {"images": ["a.png"], "prompt": "One."},
        {"images": ["b.png"], "prompt": "Two."},
    ]
    for prompts in (["One."], ["One.", "Two.", "Three."]):
        with pytest.raises(RequestInvalid, match=f"2 pictures and {len(prompts)} prompts"):
            told(each_picture=True, prompts=prompts)


def test_everything_is_combined_and_the_takes_last() -> None:
    form = request(seed=7)
    made = Variations(takes=2, prompts=["One.", "Two."], audio=[False, True]).requests(form)
    assert [(each.prompt, each.audio, each.seed) for each in made] == [
        ("One.", False, 7),
        ("One.", False, 8),
        ("One.", True, 7),
        ("One.", True, 8),
        ("Two.", False, 7),
        ("Two.", False, 8),
        ("Two.", True, 7),
        ("Two.", True, 8),
    ]
    assert total_price(made) == sum((each.price for each in made), Decimal())


@pytest.mark.parametrize("takes", [0, 5, -1, "two", None, 1.5, True, [], {"takes": 9}])
def test_other_numbers_buy_nothing(takes: Any) -> None:
    with pytest.raises(RequestInvalid, match="up to 4 takes"):
        Variations.read(takes)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"duration": [3, 5], "audio": [True], "prompts": ["One."]}, "At most 2 settings"),
        ({"duration": 3}, "as a list"),
        ({"resolution": "540p"}, "as a list"),
        ({"duration": [[3]]}, "as a list"),
        ({"prompts": [None]}, "as a list"),
        ({"each_picture": "yes"}, "on or off"),
        ({"images": []}, "no setting called images"),
    ],
)
def test_what_cannot_be_used_is_reported(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestInvalid, match=said):
        Variations.read(wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"duration": [3, 11]}, {"resolution": ["4k"]}, {"audio": ["loud"]}, {"prompts": ["  "]}],
)
def test_each_request_is_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid):
        Order(request(), Variations(**wrong))


def test_one_click_buys_a_limited_number() -> None:
    Order(request(images=["a.png"] * MAX_VIDEOS), Variations(each_picture=True))
    Order(request(), Variations(4, duration=[3, 4, 5]))
    many = Variations(each_picture=True)
    with pytest.raises(RequestInvalid, match="up to 12 videos; this would make 13"):
        Order(request(images=["a.png"] * (MAX_VIDEOS + 1)), many)
    with pytest.raises(RequestInvalid, match="this would make 16"):
        Order(request(), Variations(4, duration=[3, 4, 5, 6]))
    huge = Variations(4, prompts=["x"] * 10**5, resolution=["540p", "720p"])
    with pytest.raises(RequestInvalid, match="this would make 800000"):
        huge.changes(request())


_LISTS = {
    "duration": st.lists(st.integers(1, 10), max_size=3),
    "resolution": st.lists(st.sampled_from(["540p", "720p", "1080p"]), max_size=3),
    "audio": st.lists(st.booleans(), max_size=2),
    "prompts": st.lists(st.sampled_from(["One.", "两个"]), max_size=3),
}


@given(
    takes=st.integers(1, MAX_TAKES),
    each_picture=st.booleans(),
    lists=st.fixed_dictionaries({}, optional=_LISTS),
)
def test_an_order_is_written_and_read(
    takes: int, each_picture: bool, lists: dict[str, list[Any]]
) -> None:
    form = request(images=["https://example.com/a.png", "https://example.com/b.png"], seed=7)
    try:
        order = Order(form, Variations(takes, each_picture, **lists))
    except RequestInvalid:
        return
    again = Order.read(json.loads(json.dumps(order.fields)))
    assert again == order
    assert again.requests == order.requests
    assert 1 <= len(order.requests) <= MAX_VIDEOS
    assert len(labels([each.model_dump() for each in order.requests])) == len(order.requests)


@pytest.mark.parametrize(("kept", "number"), [(1, 1), (3, 3), (EACH_PICTURE, 2)])
def test_orders_from_before_are_read_and_written_alike(kept: int | str, number: int) -> None:
    asked = request(images=["https://example.com/a.png", "https://example.com/b.png"])
    old = {"takes": kept, "request": asked.model_dump(), "full": None, "parent": ""}
    order = Order.read(old)
    assert len(order.requests) == number
    assert order.fields == {**old, "place": None}


def test_videos_are_told_apart_by_what_differs() -> None:
    made = Variations(takes=2, duration=[3, 5]).requests(request(seed=7))
    settings = [each.model_dump(exclude={"images"}) for each in made]
    assert differing(settings)[1] == {"duration": 3, "seed": 8}
    assert labels(settings) == ["3 s · seed 7", "3 s · seed 8", "5 s · seed 7", "5 s · seed 8"]
    assert labels([settings[0]]) == [""]
    others = [
        {"prompt": "你好", "audio": True, "resolution": "540p", "movement_amplitude": "small"},
        {"prompt": "x", "audio": False, "resolution": "720p", "movement_amplitude": "auto"},
        {"seed": 5},
    ]
    assert labels(others) == [
        "prompt 1 · 540p · sound · movement small",
        "prompt 2 · 720p · silent · movement auto",
        "seed 5",
    ]


def test_what_varies_is_a_setting() -> None:
    assert set(VARIED) < set(VideoRequest.SETTINGS)


def test_takes_of_different_variations_share_their_seeds(bench: Bench) -> None:
    asked = bench.request(images=["https://example.com/a.jpg"])
    requests = Variations(takes=2, duration=[1, 2]).requests(asked)
    jobs = bench.purchases.start_all(requests, owner=OWNER, idempotency_key="click")
    seeds = [job.request["seed"] for job in jobs]
    assert [job.request["duration"] for job in jobs] == [1, 1, 2, 2]
    assert seeds[:2] == seeds[2:]
    assert set(Counter(seeds).values()) == {2}


def test_an_offer_holds_the_whole_plan_across_a_restart(bench: Bench) -> None:
    asked = bench.request(images=["https://example.com/a.jpg"])
    order = Order(asked, Variations(2, prompts=["One.", "Two."], audio=[True, False]))
    offer = bench.purchases.offer(order, owner=OWNER)
    assert offer.price == 1000 * order.price == sum(1000 * each.price for each in order.requests)
    bench.reopen()
    more = Order(asked, Variations(3, prompts=["One.", "Two."], audio=[True, False]))
    with pytest.raises(PriceChanged):
        bench.purchases.buy(offer.id, more, owner=OWNER)
    jobs = bench.purchases.buy(offer.id, owner=OWNER)
    assert [(job.request["prompt"], job.request["audio"], job.request["seed"]) for job in jobs] == [
        (prompt, audio, seed)
        for prompt in ("One.", "Two.")
        for audio in (True, False)
        for seed in (7, 8)
    ]
    again = bench.purchases.buy(offer.id, owner=OWNER)
    assert [job.id for job in again] == [job.id for job in jobs]
    for job in jobs:
        bench.done(job)
    assert bench.simulator.submit_count == 8


def test_a_deleted_video_s_prompt_is_in_no_offer(bench: Bench) -> None:
    asked = bench.request(images=["https://example.com/a.jpg"])
    offers = [
        bench.purchases.offer(Order(asked, Variations(prompts=prompts)), owner=OWNER)
        for prompts in (["One.", "Two."], ["One.", "Three."])
    ]
    done = bench.done(bench.start(prompt="Two."))
    assert bench.runner.delete(done.id, OWNER)
    left = [bench.ledger.open_offer(offer.id, OWNER, 0) for offer in offers]
    assert left == [None, offers[1]]


def test_draft_is_as_cheap_as_it_gets() -> None:
    assert request(duration=3, resolution="540p").is_draft
    assert request(duration=1, resolution="540p").is_draft
    assert not request(duration=4, resolution="540p").is_draft
    assert not request(duration=3, resolution="720p").is_draft
