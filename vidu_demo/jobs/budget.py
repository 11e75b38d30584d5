"""How much can be spent per day: pure arithmetic, in US dollars.

Prices are the estimates from `pricing`. The ledger enforces the budget in the transaction that
writes the jobs.
"""

from datetime import UTC, datetime
from decimal import Decimal

from vidu_demo.api.errors import ViduError
from vidu_demo.api.pricing import format_price
from vidu_demo.api.text import Text

DEFAULT_PER_DAY = Decimal(5)
"""US dollars for all visitors together, if strangers can reach a page with a real key."""


class BudgetUsedUp(ViduError):
    """A click would cost more than is left of the day's budget.

    Args:
        budget: The day's budget, in US dollars.
        left: What is left of it.
        price: What the click would cost.
    """

    what = "Today's budget is used up, so nothing was sent."
    next_step = "Choose a cheaper video, or come back after midnight UTC."

    def __init__(self, budget: Decimal, left: Decimal, price: Decimal) -> None:
        super().__init__(
            Text(
                "This would exceed today's budget: {left} of {budget} is left, and this would "
                "cost {price}.",
                left=format_price(left),
                budget=format_price(budget),
                price=format_price(price),
            )
        )


def per_day(chosen: Decimal | None, *, local: bool) -> Decimal | None:
    """Decide how much can be spent per day, in US dollars.

    Args:
        chosen: `VIDU_BUDGET_PER_DAY`, which always applies; None if it is not set.
        local: True if only this machine can reach the app.

    Returns:
        None for no limit.
    """
    if chosen is not None:
        return chosen
    return None if local else DEFAULT_PER_DAY


def day_of(seconds: float) -> str:
    """Return the UTC day of a Unix time, such as `2026-11-25`."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
