"""The host's limits: who can spend how much of the host's key. Pure arithmetic, in US dollars.

Prices are the estimates from `pricing`. The ledger applies `check` in the transaction that writes
the jobs, for the page and the endpoints alike.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from vidu_demo.api.errors import ViduError
from vidu_demo.api.pricing import format_price
from vidu_demo.api.text import Text


class LimitReached(ViduError):
    """The host's limits don't allow this now.

    Attributes:
        label: The same in a few words, for a button.
    """

    what = "The host's limits don't allow this now, so nothing was sent."
    next_step = "Come back later."
    label = "Not possible now"


class Paused(LimitReached):
    """The host lets nobody start a video at the moment."""

    what = "The host of this app has paused it, so nothing was sent."
    next_step = "Come back later. Videos that are already being made are finished and kept."
    label = "Paused by the host"


class TooExpensive(LimitReached):
    """One click would cost more than the host allows.

    Args:
        most: What one click can cost, in US dollars.
        price: What it would cost.
    """

    what = "This is more than one click can cost here, so nothing was sent."
    next_step = "Choose a shorter video, a lower resolution or fewer takes."

    def __init__(self, most: Decimal, price: Decimal) -> None:
        super().__init__(
            Text(
                "One click can cost up to {most} here, and this would cost {price}.",
                most=format_price(most),
                price=format_price(price),
            )
        )
        self.label = Text("Over {most} per click", most=format_price(most))


class TooManyAtOnce(LimitReached):
    """A visitor would have more videos under way than the host allows.

    Args:
        most: How many each visitor can have.
        running: How many this one has.
    """

    what = "This is more than each visitor can make at once here, so nothing was sent."
    next_step = "Wait until one is finished, or ask for fewer."

    def __init__(self, most: int, running: int) -> None:
        super().__init__(
            Text(
                "Each visitor can make up to {most} videos at once here. Yours not finished: "
                "{running}.",
                most=most,
                running=running,
            )
            if running
            else Text("Each visitor can make up to {most} videos at once here.", most=most)
        )
        self.label = Text("Up to {most} videos at once", most=most)


class BudgetUsedUp(LimitReached):
    """A click would cost more than is left of the day's budget.

    Args:
        budget: The day's budget, in US dollars.
        left: What is left of it.
        price: What the click would cost.
    """

    what = "Today's budget is used up, so nothing was sent."
    next_step = "Choose a cheaper video, or come back after midnight UTC."
    label = "Today's budget is used up"
    template = (
        "This would exceed today's budget: {left} of {budget} is left, and this would cost {price}."
    )

    def __init__(self, budget: Decimal, left: Decimal, price: Decimal) -> None:
        amounts = {"left": left, "budget": budget, "price": price}
        super().__init__(
            Text(self.template, **{name: format_price(each) for name, each in amounts.items()})
        )


class VisitorBudgetUsedUp(BudgetUsedUp):
    """The same for what one visitor can spend a day."""

    what = "Your budget for today is used up, so nothing was sent."
    label = "Your budget for today is used up"
    template = (
        "This would exceed your budget for today: {left} of {budget} is left, and this would cost "
        "{price}."
    )


@dataclass(frozen=True)
class SpendingLimits:
    """What can be spent of the host's key; None for no limit.

    Attributes:
        per_day: US dollars per day (UTC), by all visitors together.
        visitor_per_day: US dollars per day, by one visitor.
        max_price: US dollars for one click.
        max_jobs: Unfinished videos per visitor.
        paused: True if nothing can be started at all.
    """

    per_day: Decimal | None = None
    visitor_per_day: Decimal | None = None
    max_price: Decimal | None = None
    max_jobs: int | None = None
    paused: bool = False

    def or_defaults(self) -> "SpendingLimits":
        """Return the limits with what is not set filled in, for an app that strangers can reach."""
        unset = [about.name for about in fields(self) if getattr(self, about.name) is None]
        return replace(self, **{name: getattr(DEFAULTS, name) for name in unset})

    def check(self, spent: "Spent", price: Decimal, jobs: int) -> None:
        """Check whether a click can be paid with the host's key now.

        Args:
            spent: What has been spent before.
            price: What the click would cost, in US dollars; 0 if the host's key doesn't pay.
            jobs: How many videos it would make.

        Raises:
            LimitReached: It can't.
        """
        if self.paused:
            raise Paused
        if not price:
            return
        if self.max_price is not None and price > self.max_price:
            raise TooExpensive(self.max_price, price)
        self.check_jobs(spent.running, jobs)
        for budget, before, used_up in (
            (self.visitor_per_day, spent.visitor, VisitorBudgetUsedUp),
            (self.per_day, spent.all, BudgetUsedUp),
        ):
            if budget is not None and before + price > budget:
                raise used_up(budget, max(Decimal(), budget - before), price)

    def check_jobs(self, running: int, jobs: int) -> None:
        """Check whether a visitor may have more unfinished videos.

        Args:
            running: How many they have.
            jobs: How many more they want.

        Raises:
            TooManyAtOnce: They may not.
        """
        if self.max_jobs is not None and running + jobs > self.max_jobs:
            raise TooManyAtOnce(self.max_jobs, running)

    def reached(self, spent: "Spent", price: Decimal, jobs: int) -> LimitReached | None:
        """Return the limit that forbids a click, if any. The arguments are those of `check`."""
        try:
            self.check(spent, price, jobs)
        except LimitReached as reached:
            return reached
        return None

    def left(self, spent: "Spent") -> Decimal | None:
        """Return what a visitor can still spend today, in US dollars; None for no limit."""
        left = [
            max(Decimal(), budget - before)
            for budget, before in (
                (self.visitor_per_day, spent.visitor),
                (self.per_day, spent.all),
            )
            if budget is not None
        ]
        return min(left, default=None)


DEFAULTS = SpendingLimits(Decimal(5), Decimal(1), Decimal("0.60"), 2)
"""Limits for an app that strangers can reach, where the host sets none."""


@dataclass(frozen=True)
class Spent:
    """What was spent of the host's key today, in US dollars by estimate.

    Attributes:
        all: By all visitors together.
        visitor: By this visitor: by their token or from their address, whichever is more.
        running: Their unfinished videos, counted likewise.
    """

    all: Decimal = Decimal()
    visitor: Decimal = Decimal()
    running: int = 0


class DaysSpending(NamedTuple):
    """What was spent of the host's key on one day.

    Attributes:
        day: The day (UTC), such as `2026-11-25`.
        visitor: By whom: empty for all, else `visitor` or `address` and a part of their digest.
        spent: US dollars by estimate.
        videos: How many videos.
    """

    day: str
    visitor: str
    spent: Decimal
    videos: int


def counted(owner: str, address: str) -> list[str]:
    """List under which names a price is counted: all (empty), the visitor, and a known address."""
    named = {"visitor": owner, "address": address}
    return ["", *(f"{kind} {digest[:32]}" for kind, digest in named.items() if digest)]


def day_of(seconds: float) -> str:
    """Return the UTC day of a Unix time, such as `2026-11-25`."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
