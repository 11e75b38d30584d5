"""Example pictures with settings, and the simulator's videos. It knows nothing of Gradio."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

VIDEO_RESOLUTION = "540p"
"""The resolution of the examples' videos, whatever their settings say."""
MEDIA = Path(__file__).resolve().parent / "media"


@dataclass(frozen=True)
class Example:
    """A picture with the settings that go with it.

    Attributes:
        name: What the picture shows, in a few words.
        picture: The file of the picture.
        settings: Fields of `VideoRequest` other than `images`.
        credit: Who made the picture, and its licence.
    """

    name: str
    picture: Path
    settings: dict[str, Any]
    credit: str

    @property
    def thumbnail(self) -> Path:
        """The picture as a small WebP file."""
        return MEDIA / "thumbnails" / f"{self.picture.stem}.webp"

    @property
    def video(self) -> Path:
        """What the simulator made of it; `docs/clips.py` renders it."""
        return MEDIA / "videos" / f"{self.picture.stem}.mp4"


_PAINTED = "Painted for this project, under its MIT licence"

EXAMPLES: tuple[Example, ...] = (
    Example(
        "A fisherman rows across an evening lake",
        MEDIA / "lake.jpg",
        {
            "prompt": "The fisherman rows toward the setting sun. His oar breaks the golden "
            "reflection into slow rings, and mist drifts between the pines. Slow push-in. "
            "Oars creak, water drips, far away a loon calls.",
            "duration": 5,
            "resolution": "540p",
            "audio": True,
        },
        _PAINTED,
    ),
    Example(
        "A cat looks up",
        MEDIA / "cat.jpg",
        {
            "prompt": "The cat turns its head and looks straight at us. Its whiskers tremble, its "
            "ears swing forward, and light slides across its green eyes. Slow push-in. "
            "It purrs, then gives one soft meow.",
            "duration": 5,
            "resolution": "540p",  # the photo is small
            "audio": True,
        },
        "Photo of Chelsea the cat by Stefan van der Walt, CC0, "
        "from the sample pictures of scikit-image",
    ),
    Example(
        "A lighthouse sweeps the night",
        MEDIA / "lighthouse.jpg",
        {
            "prompt": "The lighthouse beam sweeps across the night. Where it passes, mist lights "
            "up and waves flash against the rock. The camera rises slowly along the tower. "
            "Surf rolls, wind hums, a distant foghorn answers.",
            "duration": 8,
            "resolution": "720p",
            "audio": True,
        },
        _PAINTED,
    ),
    Example(
        "Cream for the espresso",
        MEDIA / "coffee.jpg",
        {
            "prompt": "Cream pours into the espresso in a thin white ribbon. The crema parts and "
            "swirls, and steam curls up over the rim. Slow orbit around the cup. "
            "Cream trickles, cups clink, a café murmurs.",
            "duration": 5,
            "resolution": "720p",
            "audio": True,
        },
        "Photo by Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0, "
        "from the sample pictures of scikit-image",
    ),
    Example(
        "A paper boat in the rain",
        MEDIA / "boat.jpg",
        {
            "prompt": "The paper boat sets off across the puddle. Raindrops ring the water, its "
            "reflection shivers, and a maple leaf spins in its wake. The camera follows low "
            "behind it. Rain patters, far off a tram bell rings.",
            "duration": 6,
            "resolution": "720p",
            "audio": True,
            "bgm": True,
        },
        _PAINTED,
    ),
)
