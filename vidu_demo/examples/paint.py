"""Makes the examples' files anew, except for the photos: `python -m vidu_demo.examples.paint`."""

from typing import Any

from PIL import Image

from vidu_demo.examples import EXAMPLES, FINISHED, MEDIA, Example
from vidu_demo.examples.paintings import boat, lake, lighthouse
from vidu_demo.images import prepare
from vidu_demo.request import VideoRequest
from vidu_demo.simulator.render import render

PAINTERS = {
    MEDIA / "lake.jpg": lake.paint,
    MEDIA / "lighthouse.jpg": lighthouse.paint,
    MEDIA / "boat.jpg": boat.paint,
}
"""Who paints which file."""

JPEG: dict[str, Any] = {"quality": 85, "optimize": True, "progressive": True}
THUMBNAIL = 284, 160  # pixels, the most


def save_thumbnail(example: Example) -> None:
    """Save an example's picture small."""
    with Image.open(example.picture) as picture:
        picture.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
        picture.save(example.thumbnail, quality=60, method=6)


def save_clip() -> None:
    """Let the simulator make the finished example's video."""
    example = FINISHED.example
    request = VideoRequest(images=[example.picture], **example.settings)
    render(request.payload([prepare(example.picture).data_uri]), FINISHED.clip)


if __name__ == "__main__":
    for path, paint in PAINTERS.items():
        paint().save(path, **JPEG)
    for example in EXAMPLES:
        save_thumbnail(example)
    save_clip()
