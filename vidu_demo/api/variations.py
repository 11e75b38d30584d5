"""Several videos from one request: takes, pictures, prompts, and values of a setting or two.

What a click makes is the product of a few lists, in this order: the pictures or the prompts, the
values of each setting, and last the takes, which differ by their seeds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import product
from typing import Any, Self

from vidu_demo.api.errors import Problem, RequestInvalid
from vidu_demo.api.images import ImageInput
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text

MAX_TAKES = 4
MAX_VIDEOS = 12
"""Videos that one click can buy."""
MAX_VARIED = 2
"""Settings that can vary at once, besides the seed."""
VARIED = ("duration", "resolution", "audio", "movement_amplitude")
"""The settings of which several values can be given."""
EACH_PICTURE = "each"
"""Stands for one video per picture where nothing else varies."""


@dataclass(frozen=True)
class Variations:
    """What differs between the videos of one click. By default, there is one video.

    Attributes:
        takes: How often each is made, with different seeds: 1 to `MAX_TAKES`.
        each_picture: Each picture makes videos of its own, instead of one video from all.
        prompts: One for each picture if each makes its own; otherwise each makes videos of its
            own. If empty, the request's prompt is used.
        duration: Lengths in seconds; if empty, the request's is used. Likewise the other settings.
        resolution: Resolutions.
        audio: With sound or without.
        movement_amplitude: Movements.

    Raises:
        RequestInvalid: A value is of the wrong kind, or more than `MAX_VARIED` settings vary.
    """

    takes: int = 1
    each_picture: bool = False
    prompts: Sequence[str] = ()
    duration: Sequence[int] = ()
    resolution: Sequence[str] = ()
    audio: Sequence[bool] = ()
    movement_amplitude: Sequence[str] = ()

    def __post_init__(self) -> None:
        if isinstance(self.takes, bool) or self.takes not in range(1, MAX_TAKES + 1):
            raise _invalid(Text("One click makes up to {most} takes.", most=MAX_TAKES))
        if not isinstance(self.each_picture, bool):
            raise _invalid(Text("{title} is either on or off.", title="each_picture"))
        for name in ("prompts", *VARIED):
            object.__setattr__(self, name, _values(name, getattr(self, name)))
        object.__setattr__(self, "takes", int(self.takes))
        varied = [name for name in VARIED if getattr(self, name)]
        if len(varied) + bool(self.prompts and not self.each_picture) > MAX_VARIED:
            raise _invalid(Text("At most {most} settings can vary at once.", most=MAX_VARIED))

    @classmethod
    def read(cls, value: Any) -> Self:
        """Read `plain`, or what a person or a program wrote like it.

        Raises:
            RequestInvalid: It is something else.
        """
        if value == EACH_PICTURE:
            return cls(each_picture=True)
        if not isinstance(value, Mapping):
            return cls(value)
        known = {field.name for field in fields(cls)}
        for name in value:
            if name not in known:
                raise _invalid(Text("There is no setting called {name}.", name=str(name)[:50]))
        return cls(**value)

    @property
    def plain(self) -> int | str | dict[str, Any]:
        """The same as a JSON value: the takes, `EACH_PICTURE`, or an object with what varies."""
        lists = {name: list(v) if (v := getattr(self, name)) else None for name in _LISTS}
        listed: dict[str, Any] = {name: values for name, values in lists.items() if values}
        if self.each_picture and not listed and self.takes == 1:
            return EACH_PICTURE
        if not self.each_picture and not listed:
            return self.takes
        return {"takes": self.takes, "each_picture": self.each_picture, **listed}

    @property
    def varied(self) -> tuple[str, ...]:
        """The settings whose own value in the request is not used."""
        prompt = ("prompt",) if self.prompts else ()
        return (*prompt, *(name for name in VARIED if getattr(self, name)))

    def requests(self, request: VideoRequest) -> list[VideoRequest]:
        """List the requests for all videos, each checked.

        Args:
            request: What they have in common.

        Raises:
            RequestInvalid: There are too many, or one breaks a rule.
        """
        given = dict(request)
        return [VideoRequest(**{**given, **changes}) for changes in self.changes(request)]

    def unchecked(self, request: VideoRequest) -> list[VideoRequest]:
        """List the requests of an unfinished form, to read their prices.

        Raises:
            RequestInvalid: There are too many, or the prompts don't match the pictures.
        """
        return [request.model_copy(update=changes) for changes in self.changes(request)]

    def changes(self, request: VideoRequest) -> list[dict[str, Any]]:
        """List for each video what it has instead of the request's own values.

        Raises:
            RequestInvalid: There are too many, or the prompts don't match the pictures.
        """
        lists: list[Sequence[dict[str, Any]]] = [
            self._sources(request.images or []),
            *([{name: value} for value in getattr(self, name)] for name in VARIED),
            [*_seeds(request.seed, self.takes)],
        ]
        lists = [values for values in lists if values]
        number = math.prod(map(len, lists))
        if number > MAX_VIDEOS:
            raise _invalid(
                Text(
                    "One click makes up to {most} videos; this would make {number}.",
                    most=MAX_VIDEOS,
                    number=number,
                )
            )
        return [{k: v for part in parts for k, v in part.items()} for parts in product(*lists)]

    def _sources(self, images: Sequence[ImageInput]) -> list[dict[str, Any]]:
        """List the pictures, each with its prompt, or only the prompts."""
        if not self.each_picture:
            return [{"prompt": prompt} for prompt in self.prompts]
        if self.prompts and len(self.prompts) != len(images):
            raise _invalid(
                Text(
                    "Each picture needs a prompt of its own: there are {pictures} pictures and "
                    "{prompts} prompts.",
                    pictures=len(images),
                    prompts=len(self.prompts),
                )
            )
        prompts = [{"prompt": prompt} for prompt in self.prompts] or [{}] * len(images)
        return [
            {"images": [image], **prompt} for image, prompt in zip(images, prompts, strict=True)
        ]


_LISTS = ("prompts", *VARIED)


def total_price(requests: Sequence[VideoRequest]) -> Decimal:
    """Add up the estimated price of several videos, in US dollars."""
    return sum((request.price for request in requests), start=Decimal())


def differing(videos: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tell several videos apart by the settings that are not the same in all of them.

    Args:
        videos: Their settings, by field; a field can be missing.

    Returns:
        For each, those settings, in the form's order, as far as they are known.
    """
    apart = [
        field
        for field in VideoRequest.SETTINGS
        if len({str(settings.get(field)) for settings in videos}) > 1
    ]
    return [{f: settings[f] for f in apart if f in settings} for settings in videos]


def labels(videos: Sequence[Mapping[str, Any]]) -> list[str]:
    """Label several videos by what differs, in a few characters that every font has.

    A prompt is named by its number, as it can be long and in any script.

    Args:
        videos: As for `differing`.
    """
    prompts = [*dict.fromkeys(str(settings.get("prompt")) for settings in videos)]
    return [
        " · ".join(
            _short(field, value, prompts.index(str(value)) + 1 if field == "prompt" else 0)
            for field, value in apart.items()
        )
        for apart in differing(videos)
    ]


def _short(field: str, value: Any, number: int) -> str:
    match field, value:
        case "prompt", _:
            return f"prompt {number}"
        case "duration", _:
            return f"{value} s"
        case "resolution", str():
            return value
        case "audio", bool():
            return "sound" if value else "silent"
        case _, bool():
            return f"{field} {'on' if value else 'off'}"
        case _:
            return f"{field.removesuffix('_amplitude')} {value}"


def _seeds(seed: int | None, takes: int) -> Iterator[dict[str, Any]]:
    """List a seed for each take. Where none is given, and for 0, one is picked later."""
    for number in range(takes):
        largest = VideoRequest.LARGEST_SEED
        yield {"seed": (seed + number - 1) % largest + 1} if seed else {}


def _values(name: str, values: Any) -> tuple[Any, ...]:
    """Check the list of a field's values, and drop what is in it twice."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise _invalid(Text("Give the values of {name} as a list.", name=name))
    if not all(isinstance(value, str | int | float) for value in values):
        raise _invalid(Text("Give the values of {name} as a list.", name=name))
    if name == "prompts":  # one for each picture, perhaps, so two can be the same
        return tuple(str(value) for value in values)
    return tuple(dict.fromkeys(values))


def _invalid(message: str) -> RequestInvalid:
    return RequestInvalid(Problem("variations", message))
