"""Renders a real video: a slow camera move over the request's first picture.

The same request always gives the same bytes.
"""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from vidu_demo.simulator.validation import is_url

from . import data_uri
from .frames import frames
from .placeholder import placeholder
from .sound import RATE, Samples, soundtrack

FPS = 24
SHORT_SIDES = {"540p": 540, "720p": 720, "1080p": 1080}
OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}
X264 = {
    "preset": "veryfast",
    "x264-params": "mbtree=0",  # with it, some widths give different bytes every time
}
BT709 = 1  # the primaries and transfer curve, in H.264's tables


class StoppedError(Exception):
    """The rendering was cancelled."""


def render(
    request: dict[str, Any],
    path: Path,
    stopped: Callable[[], bool] = bool,
    *,
    crf: int = 23,
    sound_rate: int = 128_000,
) -> None:
    """Render a request to an MP4: H.264, and AAC if sound is requested.

    Args:
        request: A checked request body.
        path: Where to write it.
        stopped: Called before every frame; True cancels the rendering.
        crf: H.264's constant rate factor, 0 to 51: higher makes a smaller file.
        sound_rate: Bits of sound per second.

    Raises:
        StoppedError: It was cancelled; the file is unusable.
    """
    image = request["images"][0]
    picture = placeholder(image) if is_url(image) else data_uri.load(data_uri.decode(image))
    size = video_size(picture.size, request.get("resolution", "720p"))
    seed = request.get("seed") or _digest(request["prompt"] + image)
    sound = soundtrack(request, seed)
    with av.open(path, "w", format="mp4", options=OPTIONS) as container:
        video = _video_stream(container, size, crf)
        audio = None if sound is None else _audio_stream(container, sound_rate)
        for number, frame in enumerate(
            frames(request, picture, size, seed, FPS * request["duration"])
        ):
            if stopped():
                raise StoppedError
            container.mux(video.encode(frame))
            if audio and sound is not None and number % FPS == 0:
                container.mux(audio.encode(_second(sound, number // FPS)))
        container.mux(video.encode(None))
        if audio:
            container.mux(audio.encode(None))


def video_size(picture: tuple[int, int], resolution: str) -> tuple[int, int]:
    """Return the video's width and height, both even, for a picture and resolution."""
    short = SHORT_SIDES[resolution]
    width, height = (2 * round(short * side / min(picture) / 2) for side in picture)
    return width, height


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def _video_stream(container: OutputContainer, size: tuple[int, int], crf: int) -> VideoStream:
    stream = container.add_stream("libx264", FPS, options={**X264, "crf": str(crf)})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, FPS)
    context.gop_size = 2 * FPS
    context.thread_count = 1  # the bytes depend on it
    context.color_primaries = context.color_trc = BT709
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    return stream


def _audio_stream(container: OutputContainer, rate: int) -> AudioStream:
    stream = container.add_stream("aac", RATE, layout="stereo")
    stream.bit_rate = rate
    return stream


def _second(sound: Samples, number: int) -> av.AudioFrame:
    samples = sound[:, number * RATE : (number + 1) * RATE].copy()
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
    frame.sample_rate, frame.pts = RATE, number * RATE
    return frame
