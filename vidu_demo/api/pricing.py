"""A dated price list, and estimates from it.

The list is Vidu's, collected 2026-11. We could not find Novita's own price for this model, so every
figure is an estimate and is always shown as one, with its date.
"""

from decimal import Decimal

DATED = "2026-11"

_FIRST_SECOND = {"540p": Decimal("0.04"), "720p": Decimal("0.075"), "1080p": Decimal("0.275")}
_EACH_FURTHER = {"720p": Decimal("0.05"), "1080p": Decimal("0.075")}
_540P_PER_SECOND = Decimal("0.025")
_AUDIO = Decimal("0.075")
_OFF_PEAK = Decimal("0.5")


def estimate(duration: int, resolution: str, *, audio: bool, off_peak: bool) -> Decimal:
    """Estimate what a video costs, in US dollars.

    Music and watermark are free; off-peak is taken as half price ("about half" in the list).

    Raises:
        KeyError: The list does not have this resolution.
        TypeError: The duration is not a number.
    """
    if duration == 1:
        price = _FIRST_SECOND[resolution]
    elif resolution == "540p":
        price = _540P_PER_SECOND * duration
    else:
        price = _FIRST_SECOND[resolution] + _EACH_FURTHER[resolution] * (duration - 1)
    if audio:
        price += _AUDIO
    return price * _OFF_PEAK if off_peak else price


def format_price(price: Decimal) -> str:
    """Format a price with two decimals, or three if needed, such as `$0.275`."""
    return "$" + f"{price:.3f}".removesuffix("0")
