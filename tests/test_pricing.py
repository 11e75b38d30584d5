from decimal import Decimal

import pytest

from vidu_demo import VideoRequest
from vidu_demo.api import pricing

LIST = {
    "540p": {1: "0.04", 2: "0.05", 5: "0.125", 10: "0.25"},
    "720p": {1: "0.075", 2: "0.125", 5: "0.275", 10: "0.525"},
    "1080p": {1: "0.275", 2: "0.35", 5: "0.575", 10: "0.95"},
}
ROWS = [(size, s, Decimal(usd)) for size, prices in LIST.items() for s, usd in prices.items()]


@pytest.mark.parametrize(("resolution", "duration", "listed"), ROWS)
def test_the_list_is_followed_exactly(resolution: str, duration: int, listed: Decimal) -> None:
    def price(**more: bool) -> Decimal:
        settings = {"resolution": resolution, "duration": duration, **more}
        return VideoRequest(images=["x.jpg"], prompt="x", **settings).price

    assert price() == listed
    assert price(bgm=True, watermark=True) == listed
    assert price(audio=True) == listed + Decimal("0.075")
    assert price(off_peak=True) == listed / 2
    assert price(audio=True, off_peak=True) == (listed + Decimal("0.075")) / 2


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("0.04", "$0.04"),
        ("0.275", "$0.275"),
        ("0.525", "$0.525"),
        ("1", "$1.00"),
        ("0.35", "$0.35"),
    ],
)
def test_prices_are_written_to_the_last_digit(price: str, text: str) -> None:
    assert pricing.format_price(Decimal(price)) == text


def test_the_list_bears_its_date() -> None:
    assert pricing.DATED == "2026-11"
