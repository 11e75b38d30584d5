"""Several videos from one form: takes with different seeds, or one video per picture."""

from collections.abc import Iterable
from decimal import Decimal

from vidu_demo.api.errors import Problem, RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text

MAX_TAKES = 4
EACH_PICTURE = "each"
"""One video per picture, instead of a number of takes."""
MAX_VIDEOS = 12
"""Videos that one click can buy with one video per picture."""


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
