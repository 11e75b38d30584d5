"""Several videos from one form: takes with different seeds, or one video per picture."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from vidu_demo.api.errors import Problem, RequestInvalid
from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text
from vidu_demo.jobs.sequences import Place

MAX_TAKES = 4
EACH_PICTURE = "each"
"""One video per picture, instead of a number of takes."""
MAX_VIDEOS = 12
"""Videos that one click can buy with one video per picture."""


@dataclass(frozen=True)
class Order:
    """What one click asks for.

    Attributes:
        request: The form. Its pictures are files and URLs.
        takes: How many videos, as `plan` expects it.
        full: What the request is a draft of; None if it is no draft.
        parent: The id of the job that this one is made from, such as its draft; or empty.
        place: Where its first video goes in a film; None if in none.

    Raises:
        RequestInvalid: There are too many videos, or `takes` is invalid.
    """

    request: VideoRequest
    takes: int | str = 1
    full: VideoRequest | None = None
    parent: str = ""
    place: Place | None = None

    def __post_init__(self) -> None:
        _ = self.requests

    @property
    def requests(self) -> list[VideoRequest]:
        """A request for each video."""
        return plan(self.request, self.takes)

    @property
    def price(self) -> Decimal:
        """The estimated price of all videos, in US dollars."""
        return total_price(self.requests)

    @property
    def fields(self) -> dict[str, Any]:
        """The order as JSON values."""
        return {
            "takes": self.takes,
            "request": _as_json(self.request),
            "full": self.full and _as_json(self.full),
            "parent": self.parent,
            "place": self.place and asdict(self.place),
        }

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Self:
        """Read `fields` again."""
        full = fields.get("full")
        return cls(
            _from_json(fields["request"]),
            fields["takes"],
            _from_json(full) if full else None,
            fields.get("parent", ""),
            Place.read(fields.get("place")),
        )


def plan(request: VideoRequest, takes: int | str) -> list[VideoRequest]:
    """List the requests of one click.

    Args:
        request: The form, finished or not.
        takes: 1 to `MAX_TAKES` videos with different seeds, or `EACH_PICTURE`.

    Raises:
        RequestInvalid: There are more pictures than one click can buy videos, or `takes` is
            invalid; nothing was sent.
    """
    if takes == EACH_PICTURE:
        if len(request.images) > MAX_VIDEOS:
            raise RequestInvalid(
                Problem(
                    "images",
                    Text("One click makes videos from up to {most} pictures.", most=MAX_VIDEOS),
                )
            )
        return [request.model_copy(update={"images": [image]}) for image in request.images]
    if not is_count(takes):
        raise RequestInvalid(
            Problem("images", Text("One click makes up to {most} takes.", most=MAX_TAKES))
        )
    return [_take(request, number) for number in range(int(takes))]


def total_price(requests: Iterable[VideoRequest]) -> Decimal:
    """Add up the estimated price of several videos, in US dollars."""
    return sum((request.price for request in requests), start=Decimal())


def _as_json(request: VideoRequest) -> dict[str, Any]:
    settings = request.model_dump(exclude={"images"})
    return {**settings, "images": [str(image) for image in request.images]}


def _from_json(fields: Mapping[str, Any]) -> VideoRequest:
    images = [image if is_url(image) else Path(image) for image in fields["images"]]
    return VideoRequest(**{**fields, "images": images})


def _take(request: VideoRequest, number: int) -> VideoRequest:
    if not request.seed:  # the runner picks a seed for each, or for 0 the model does
        return request
    seed = (request.seed + number - 1) % request.LARGEST_SEED + 1
    return request.model_copy(update={"seed": seed})


def is_count(takes: object) -> bool:
    """Tell whether `plan` accepts this as its `takes`."""
    if isinstance(takes, bool) or not isinstance(takes, int | str):
        return False
    return takes == EACH_PICTURE or takes in range(1, MAX_TAKES + 1)
