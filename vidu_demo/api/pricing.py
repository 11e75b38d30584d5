"""The dated price list, and an estimate made from it.

The list is Vidu's, collected 2026-11. Novita's own price for this model was not found, so every
figure is an estimate and is always shown as one, with its date.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from vidu_demo.api.request import FIELDS, VideoRequest

DATED = "2026-11"

_FIRST_SECOND = {"540p": Decimal("0.04"), "720p": Decimal("0.075"), "1080p": Decimal("0.275")}
_EACH_FURTHER = {"720p": Decimal("0.05"), "1080p": Decimal("0.075")}
_540P_PER_SECOND = Decimal("0.025")
_AUDIO = Decimal("0.075")
_OFF_PEAK = Decimal("0.5")


def estimate(request: VideoRequest) -> Decimal:
    """Estimate what a video costs, in US dollars.

    Music and a watermark add nothing; off-peak is taken as half ("about half" in the list).
    """
    seconds = request.duration
    if seconds == 1:
        price = _FIRST_SECOND[request.resolution]
    elif request.resolution == "540p":
        price = _540P_PER_SECOND * seconds
    else:
        price = _FIRST_SECOND[request.resolution] + _EACH_FURTHER[request.resolution] * (
            seconds - 1
        )
    if request.audio:
        price += _AUDIO
    return price * _OFF_PEAK if request.off_peak else price


def total(requests: Iterable[VideoRequest]) -> Decimal:
    """Estimate what several videos cost together, in US dollars."""
    return sum(map(estimate, requests), start=Decimal())


def known(request: Mapping[str, Any]) -> Decimal | None:
    """Estimate where enough is known: None for a form that is being filled, or a task from afar."""
    try:
        return estimate(VideoRequest.model_construct(**{**dict.fromkeys(FIELDS), **request}))
    except (KeyError, TypeError):
        return None


def spoken(price: Decimal) -> str:
    """Write a price with two decimals, or three where there are three, such as `$0.275`."""
    return "$" + f"{price:.3f}".removesuffix("0")
