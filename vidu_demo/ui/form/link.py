"""What the form's first picture comes from, if a video is continued with it or made again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from vidu_demo.jobs.films.film import Place, is_id


@dataclass(frozen=True)
class Link:
    """Goes with the form, for as long as its first picture stays.

    Attributes:
        picture: The picture, as a path or a URL; empty for none.
        parent: The id of the job that the next video is made from; or empty.
        place: Where the next video goes in a film.
    """

    picture: str
    parent: str
    place: Place

    @classmethod
    def read(cls, sent: Any) -> Self | None:
        """Read what a browser sends, which can be anything; None if it is no link."""
        match sent:
            case {"picture": str(picture), "parent": str(parent), "place": place}:
                read = Place.read(place)
                return cls(picture, parent if is_id(parent) else "", read) if read else None
        return None

    @property
    def fields(self) -> dict[str, Any]:
        """The link as JSON values."""
        return asdict(self)

    def holds(self, images: Sequence[Any]) -> bool:
        """Tell whether it still belongs to a form with these pictures."""
        return not self.picture or [str(image) for image in images[:1]] == [self.picture]
