"""What Vidu Q2 Pro can be sent: each field once, with its type, limits, default and notices.

The form, the payload, the checks, the API's description and the table in the docs are all made
from `VideoRequest`. Limits and defaults are the vendor's page's; what the page leaves out was
collected from Vidu's own reference and from resellers of the same model, 2026-11.
"""

import os
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from vidu_demo.api.errors import RequestInvalid
from vidu_demo.api.images import ImageInput
from vidu_demo.api.limits import MAX_ADDRESS, MAX_ADDRESSES, MAX_VOICE
from vidu_demo.api.pricing import estimate
from vidu_demo.api.problems import problem
from vidu_demo.api.responses import writable
from vidu_demo.api.text import Text
from vidu_demo.api.visible import is_visible

Resolution = Literal["540p", "720p", "1080p"]
MovementAmplitude = Literal["auto", "small", "medium", "high"]


def _no_bool(value: object) -> object:
    """Refuse True for 1, which pydantic accepts; text or a float that stands for an int is fine."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "True is not a number")
    return value


def _writable(text: str) -> str:
    """Refuse lone surrogates and NUL: they can't be sent, stored or shown."""
    if writable(text) != text:
        raise PydanticCustomError("string_unicode", "not a character")
    return text


def _some_visible(text: str) -> str:
    """Refuse a prompt that shows nothing: the vendor would charge for it."""
    if not any(map(is_visible, text)):
        raise PydanticCustomError("invisible", "nothing to see")
    return text


def _addresses(images: list[ImageInput]) -> list[ImageInput]:
    """Refuse what `_writable` refuses, in a URL."""
    for image in images:
        if isinstance(image, str):
            _writable(image)
    return images


def _limited(images: list[ImageInput]) -> list[ImageInput]:
    """Limit the length of all addresses and paths together; files are measured when prepared."""
    named = [
        len(os.fspath(i)) for i in images if isinstance(i, str | os.PathLike) if not _is_data(i)
    ]
    if max(named, default=0) > MAX_ADDRESS or sum(named) > MAX_ADDRESSES:
        raise PydanticCustomError("addresses_too_long", "more than a request carries")
    return images


def _is_data(image: str | os.PathLike[str]) -> bool:
    return isinstance(image, str) and image[:5].lower() == "data:"


class Notice(NamedTuple):
    """A fact about a choice.

    Attributes:
        field: The field that it concerns.
        text: The fact, in a sentence.
        risky: True if the API may refuse the request for it.
    """

    field: str
    text: str
    risky: bool = False


class VideoRequest(BaseModel):
    """A request for one video. Every rule is checked when it is made.

    Attributes:
        SETTINGS: Every field but the pictures, in the order the form shows them.
        DEFAULTS: The default of each field that has one.
        MODEL: The model's name.
        PATH: Where the API takes such requests.
        DRAFT: What a draft is made with, whatever the request says: short and cheap.
        LARGEST_SEED: The largest seed that the model takes.
        LONG_PROMPT: Characters that every source accepts; Vidu itself takes up to 5000 now
            (2026-11).

    Raises:
        RequestInvalid: A field breaks its rule; it lists every problem, and nothing was sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    SETTINGS: ClassVar[tuple[str, ...]]
    DEFAULTS: ClassVar[dict[str, Any]]
    _SCHEMA: ClassVar[dict[str, dict[str, Any]]]
    MODEL: ClassVar[str] = "vidu-q2-pro"
    PATH: ClassVar[str] = "/v3/async/vidu-q2-pro-img2video"
    DRAFT: ClassVar[dict[str, Any]] = {"duration": 3, "resolution": "540p"}
    LARGEST_SEED: ClassVar[int] = 2147483647
    LONG_PROMPT: ClassVar[int] = 2000

    images: Annotated[
        list[ImageInput],
        AfterValidator(_addresses),
        AfterValidator(_limited),
        WithJsonSchema({"type": "array", "items": {"type": "string"}}),
    ] = Field(
        min_length=1,
        title="Pictures",
        description="The first picture becomes the first frame, and the video keeps its shape.",
        json_schema_extra={"ask": "Add a picture"},
        repr=False,  # megabytes, or links that may be secret
    )
    prompt: Annotated[str, AfterValidator(_some_visible), AfterValidator(_writable)] = Field(
        pattern=r"\S",
        max_length=5000,
        title="Prompt",
        description="What should happen: one action, what reacts to it, one camera move.",
        json_schema_extra={"ask": "Write a prompt"},
    )
    duration: Annotated[int, BeforeValidator(_no_bool)] = Field(
        5, ge=1, le=10, title="Duration", description="Length of the video in seconds."
    )
    resolution: Resolution = Field(
        "720p", title="Resolution", description="The shorter side of the video, in pixels."
    )
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED), BeforeValidator(_no_bool)] | None = Field(
        None,
        title="Seed",
        description="The same seed gives a similar video. Left empty, one is picked and shown.",
    )
    audio: bool = Field(
        False,
        title="Sound",
        description="Speech and background sound; without it the video is silent.",
    )
    voice_id: Annotated[str, AfterValidator(_writable)] = Field(
        "",
        max_length=MAX_VOICE,
        title="Voice",
        description="Who speaks, by the voice's id. Left empty, the model chooses.",
        examples=[
            "English_Graceful_Lady",
            "English_Aussie_Bloke",
            "Chinese (Mandarin)_News_Anchor",
            "Japanese_OptimisticYouth",
        ],
    )
    bgm: bool = Field(False, title="Music", description="Background music.")
    movement_amplitude: MovementAmplitude = Field(
        "auto",
        title="Movement",
        description="How strongly things move. By Vidu's own reference, Q2 models do not use it.",
    )
    off_peak: bool = Field(
        False,
        title="Off-peak",
        description="About half the price; done within 48 hours, or cancelled and refunded.",
    )
    watermark: bool = Field(
        False, title="Watermark", description="A fixed text, “AI generated”, in the video."
    )

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            fields = {field: cls.describe(field) for field in cls.model_fields}
            problems = dict.fromkeys(problem(detail, fields) for detail in error.errors())
        raise RequestInvalid(*problems)

    @classmethod
    def unchecked(cls, **known: Any) -> "VideoRequest":
        """Make a request of what is known: of a form being filled in, or of a task from elsewhere.

        Nothing is checked. A field that is not known is None.
        """
        return cls.model_construct(**{**dict.fromkeys(cls.model_fields), **known})

    @classmethod
    def describe(cls, field: str) -> dict[str, Any]:
        """Describe a field as JSON Schema: title, description, default, limits, options."""
        description = cls._SCHEMA[field]
        variants = [v for v in description.get("anyOf", []) if v.get("type") != "null"]
        return {**description, **(variants[0] if variants else {})}

    @classmethod
    def valid_or_default(cls, setting: str, value: Any) -> Any:
        """Give a value back as the setting has it if it is within its limits, else the default."""
        try:
            return getattr(cls(**{"images": ["x"], "prompt": "x", setting: value}), setting)
        except RequestInvalid:
            return cls.DEFAULTS.get(setting)

    @property
    def price(self) -> Decimal:
        """What the video costs by estimate, in US dollars."""
        return estimate(self.duration, self.resolution, audio=self.audio, off_peak=self.off_peak)

    @property
    def known_price(self) -> Decimal | None:
        """The price; None where an unchecked request does not say enough for one."""
        try:
            return self.price
        except (KeyError, TypeError):
            return None

    @property
    def is_draft(self) -> bool:
        """True if its draft would be no shorter and no smaller."""
        longer = self.duration > int(self.DRAFT["duration"])
        return not longer and self.resolution == self.DRAFT["resolution"]

    def draft(self) -> Self:
        """Make the same request, but short and cheap."""
        return self.model_copy(update=self.DRAFT)

    def payload(self, images: list[str]) -> dict[str, object]:
        """Make the JSON body of the submit call.

        Args:
            images: The pictures as they are sent: URLs and data URIs.
        """
        # Without warnings: an unchecked request holds whatever it was given.
        settings = self.model_dump(exclude={"images"}, exclude_none=True, warnings=False)
        if not any(map(is_visible, self.voice_id or "")):
            settings.pop("voice_id", None)
        return {"images": images, **settings}

    def notices(self) -> list[Notice]:
        """List the choices that have no effect, or not the one that they seem to have.

        They are still sent as chosen. This also works on an unchecked request.
        """
        found = []
        if len(self.images or []) > 1:
            found.append(
                Notice("images", "All pictures are sent, but only the first is known to be used.")
            )
        if len(self.prompt or "") > self.LONG_PROMPT:
            found.append(
                Notice(
                    "prompt",
                    Text(
                        "Most sources name {limit} characters as the limit.",
                        limit=self.LONG_PROMPT,
                    ),
                )
            )
        if self.seed == 0:
            found.append(Notice("seed", "0 means random to the model, so it can't be repeated."))
        if self.voice_id and not self.audio:
            found.append(Notice("voice_id", "A voice has no effect without sound."))
        if self.bgm and self.duration in (9, 10):
            found.append(Notice("bgm", "Music has no effect on videos of 9 and 10 seconds."))
        if self.movement_amplitude not in (None, "auto"):
            found.append(
                Notice("movement_amplitude", "Q2 models are documented to ignore this setting.")
            )
        if self.off_peak and self.audio:
            found.append(
                Notice(
                    "off_peak",
                    "Off-peak is not offered together with sound, so this may be refused.",
                    risky=True,
                )
            )
        return found


VideoRequest._SCHEMA = VideoRequest.model_json_schema()["properties"]
VideoRequest.SETTINGS = tuple(field for field in VideoRequest.model_fields if field != "images")
VideoRequest.DEFAULTS = {
    field: about["default"] for field, about in VideoRequest._SCHEMA.items() if "default" in about
}
