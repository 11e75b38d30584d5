"""An offer: what one click can buy, for how much, and until when.

The form's review writes an offer. A click takes it in the transaction that writes its jobs, and a
taken offer is gone, so no repeat of the click, from whatever tab, can buy anything.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.job import Payer

OFFER_SECONDS = 6 * 3600.0
"""How long an offer is valid."""


@dataclass(frozen=True)
class Offer:
    """An open offer.

    Attributes:
        id: Unguessable; the idempotency key of the click that takes it.
        owner: The visitor it was made to, as a digest of their token.
        backend: The API it is for.
        payer: Who would pay.
        order: What would be made.
        acknowledged: Ids of jobs with the same requests that the visitor knows of.
        price: The estimated price of all videos, in thousandths of a US dollar.
        expires: When it ends, in Unix seconds.
    """

    id: str
    owner: str
    backend: str
    payer: Payer
    order: Order
    acknowledged: tuple[str, ...]
    price: int
    expires: float

    @classmethod
    def make(
        cls,
        order: Order,
        *,
        owner: str,
        backend: str,
        payer: Payer,
        acknowledged: Sequence[str],
        now: float,
    ) -> "Offer":
        """Make a new offer."""
        price = round(1000 * order.price)
        expires = now + OFFER_SECONDS
        id_ = secrets.token_hex(16)
        return cls(id_, owner, backend, payer, order, tuple(acknowledged), price, expires)

    @property
    def fingerprint(self) -> str:
        """A digest of all but the id and the time, to recognise the same offer."""
        same = [self.backend, self.payer, self.order.fields, self.acknowledged, self.price]
        return hashlib.sha256(json.dumps(same).encode()).hexdigest()

    def covers(self, order: Order) -> bool:
        """Tell whether an order is for no more videos, and no dearer.

        While the form changes, a click can come before the next review has answered: then it buys
        what the form says, unless that is more than the button said.
        """
        more = len(order.requests) > len(self.order.requests)
        return not more and round(1000 * order.price) <= self.price
