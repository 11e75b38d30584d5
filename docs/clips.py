"""Renders the examples' videos with the simulator: `python -m docs.clips`.

They are small enough to come with the package. Render them again when an example changes.
"""

from vidu_demo.api.images import prepare
from vidu_demo.examples import EXAMPLES, VIDEO_RESOLUTION
from vidu_demo.simulator.video.render import render

CRF, SOUND_RATE = 35, 48_000


def main() -> None:
    """Render every video."""
    for example in EXAMPLES:
        request = {
            **example.settings,
            "images": [prepare(example.picture).data_uri],
            "resolution": VIDEO_RESOLUTION,
        }
        render(request, example.video, crf=CRF, sound_rate=SOUND_RATE)
        print(f"{example.video.name}: {example.video.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
