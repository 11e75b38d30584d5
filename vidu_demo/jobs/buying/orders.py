"""An order: what one click asks for, as it is kept in an offer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from vidu_demo.api.errors import Problem, RequestInvalid
from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.variations import Variations, total_price
from vidu_demo.jobs.films.film import Place

ONE = Variations()
MAX_ORDER = 100_000
"""Characters of JSON. Anyone can have offers written, and each holds an order."""


@dataclass(frozen=True)
class Order:
    """What one click asks for.

    Attributes:
        request: The form. Its pictures are files and URLs.
        variations: What differs between the videos.
        full: What the request is a draft of; None if it is no draft.
        parent: The id of the job that this one is made from, such as its draft; or empty.
        place: Where its first video goes in a film; None if in none.

    Raises:
        RequestInvalid: There are too many videos, one of their requests breaks a rule, or prompts
            and picture URLs are too long together.
    """

    request: VideoRequest
    variations: Variations = ONE
    full: VideoRequest | None = None
    parent: str = ""
    place: Place | None = None

    def __post_init__(self) -> None:
        _ = self.requests
        if len(json.dumps(self.fields)) > MAX_ORDER:
            raise RequestInvalid(
                Problem("images", "The prompts and picture URLs together are too long.")
            )

    @property
    def requests(self) -> list[VideoRequest]:
        """A request for each video."""
        return self.variations.requests(self.request)

    @property
    def price(self) -> Decimal:
        """The estimated price of all videos, in US dollars."""
        return total_price(self.requests)

    @property
    def fields(self) -> dict[str, Any]:
        """The order as JSON values."""
        return {
            "takes": self.variations.plain,  # the name is from when they were all that varied
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
            Variations.read(fields["takes"]),
            _from_json(full) if full else None,
            fields.get("parent", ""),
            Place.read(fields.get("place")),
        )


def prompts(fields: Mapping[str, Any]) -> list[str]:
    """List every prompt in the fields of an order."""
    return [fields["request"]["prompt"], *Variations.read(fields["takes"]).prompts]


def _as_json(request: VideoRequest) -> dict[str, Any]:
    settings = request.model_dump(exclude={"images"})
    return {**settings, "images": [str(image) for image in request.images]}


def _from_json(fields: Mapping[str, Any]) -> VideoRequest:
    images = [image if is_url(image) else Path(image) for image in fields["images"]]
    return VideoRequest(**{**fields, "images": images})
