"""The frames of a video: a camera moves over one picture.

The picture is enlarged and split into luma and chroma planes once; each frame is then only cut out
of the planes, with subpixel accuracy.
"""

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from . import camera, overlay

Plane = Image.Image
GREY = 128  # of the two chroma planes


def frames(
    request: dict[str, Any], picture: Image.Image, size: tuple[int, int], seed: int, count: int
) -> Iterator[av.VideoFrame]:
    """Cut the frames of a video.

    Args:
        request: A checked request body.
        picture: What the camera moves over.
        size: Width and height of the video, both even.
        seed: Decides the camera's direction, 0 or more.
        count: How many frames, 2 or more.
    """
    amplitude = request.get("movement_amplitude", "auto")
    view = camera.move(amplitude, seed)
    overlays = overlay.overlays(size, request.get("watermark", False))
    planes = _planes(overlay.without(picture), size, camera.closest(amplitude))
    for number in range(count):
        box = view(number / (count - 1))
        cut = [
            _cut(plane, box, size, scale) for plane, scale in zip(planes, (1, 2, 2), strict=True)
        ]
        for each in overlays:
            _draw(each, cut)
        joined = np.frombuffer(b"".join(plane.tobytes() for plane in cut), np.uint8)
        frame = av.VideoFrame.from_ndarray(joined.reshape(-1, size[0]), format="yuv420p")
        frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
        frame.pts = number
        yield frame


def _planes(picture: Image.Image, size: tuple[int, int], closest: float) -> list[Plane]:
    """Split the picture into planes, large enough for the closest view to have full resolution."""
    width, height = (2 * round(side / closest / 2) for side in size)
    large = picture.resize((width, height), Image.Resampling.LANCZOS)
    frame = av.VideoFrame.from_ndarray(np.asarray(large), format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    joined = frame.to_ndarray().reshape(-1)
    found = []
    for scale in (1, 2, 2):
        area = (width // scale) * (height // scale)
        plane, joined = joined[:area], joined[area:]
        found.append(Image.fromarray(plane.reshape(height // scale, width // scale)))
    return found


def _cut(plane: Plane, box: camera.Box, size: tuple[int, int], scale: int) -> Plane:
    left, top, right, bottom = box
    return plane.resize(
        (size[0] // scale, size[1] // scale),
        Image.Resampling.BICUBIC,
        (left * plane.width, top * plane.height, right * plane.width, bottom * plane.height),
    )


def _draw(drawing: overlay.Overlay, cut: list[Plane]) -> None:
    x, y = drawing.corner
    cut[0].paste(drawing.grey, (x, y), drawing.mask)
    half = drawing.mask.reduce(2)
    for plane in cut[1:]:
        plane.paste(GREY, (x // 2, y // 2, x // 2 + half.width, y // 2 + half.height), half)
