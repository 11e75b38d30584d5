"""The sound of a joined video: one rate, two channels, fades, and silence where there is none."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidu_demo.api.mp4.video import bounded, open_video

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer

RATE = 48_000
"""Samples per second."""
FADE = RATE * 20 // 1000
"""Samples: 20 ms."""
BLOCK = RATE // 10
"""Samples of silence that are made at once."""
GAP = RATE // 20
"""Samples. Times that are less than this off are rounded, or a resampler's delay."""

Samples = NDArray[np.float32]
"""Two channels of samples, from -1 to 1."""


def track(container: "InputContainer") -> "AudioStream | None":
    """Find the first sound that can be decoded."""
    found = (stream for stream in container.streams.audio if stream.codec_context is not None)
    return next(found, None)


def heard(path: Path, begin: Fraction) -> Iterator[Samples]:
    """Decode the sound of a video, with silence where it has gaps.

    Args:
        path: The video.
        begin: When the first sample is heard, in seconds of the video's own clock.

    Raises:
        ClipFailed: It can't be read.
    """
    place = 0  # of the next sample
    with open_video(path) as container:
        for sound in _resampled(container):
            samples = sound.to_ndarray().astype(np.float32, copy=False)
            if len(samples) == 1:
                samples = np.repeat(samples, 2, axis=0)
            at = place
            if sound.pts is not None and sound.time_base is not None:
                at = round((sound.pts * sound.time_base - begin) * RATE)
            if place and abs(at - place) < GAP:
                at = place
            if at > place:
                yield from silence(at - place)
                place = at
            samples = samples[:, place - at :]
            if samples.shape[1]:
                yield samples
                place += samples.shape[1]


def _resampled(container: "InputContainer") -> Iterator["AudioFrame"]:
    """Decode all sound that can be decoded, at one rate.

    It is in two channels, or in one: FFmpeg would make two of one quieter than players do.
    """
    import av  # noqa: PLC0415 - it loads slowly

    stream = track(container)
    resampler: av.AudioResampler | None = None
    kind: tuple[object, ...] = ()
    for packet in bounded(container.demux(stream)) if stream else ():
        decoded: list[AudioFrame] = []
        with suppress(av.FFmpegError):  # packets after a damaged one may be fine again
            decoded = packet.decode()
        for frame in decoded:
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or now != kind:
                if resampler:
                    yield from _rest(resampler)
                layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
                resampler, kind = av.AudioResampler("fltp", layout, RATE), now
            yield from resampler.resample(frame)
    if resampler:
        yield from _rest(resampler)


def _rest(resampler: "AudioResampler") -> Iterator["AudioFrame"]:
    """Flush a resampler; one that had nothing to do returns the None that it is given."""
    yield from filter(None, resampler.resample(None))


def silence(samples: int) -> Iterator[Samples]:
    """Yield so many samples of silence, in blocks."""
    for done in range(0, samples, BLOCK):
        yield np.zeros((2, min(BLOCK, samples - done)), np.float32)


def exactly(blocks: Iterable[Samples], samples: int) -> Iterator[Samples]:
    """Cut sound off after so many samples, or fill it up with silence."""
    left = samples
    for block in blocks:
        if left <= block.shape[1]:
            break
        yield block
        left -= block.shape[1]
    else:
        yield from silence(left)
        return
    if left:
        yield block[:, :left]


def faded(
    blocks: Iterable[Samples], samples: int, *, begins: bool, ends: bool
) -> Iterator[Samples]:
    """Fade sound in and out, within its length.

    Args:
        blocks: The sound.
        samples: How many there are.
        begins: Whether to fade it in.
        ends: Whether to fade it out.
    """
    place = 0
    for block in blocks:
        places = np.arange(place, place + block.shape[1])
        place += block.shape[1]
        gain = np.ones(block.shape[1], np.float32)
        if begins:
            gain *= np.minimum(1, (places + 0.5) / FADE)
        if ends:
            gain *= np.minimum(1, (samples - places - 0.5) / FADE)
        yield (block * gain).astype(np.float32)


def frame(samples: Samples, place: int) -> "AudioFrame":
    """Make a frame for an encoder.

    Args:
        samples: The sound.
        place: The number of its first sample in the whole.
    """
    import av  # noqa: PLC0415

    made = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
    made.sample_rate, made.pts, made.time_base = RATE, place, Fraction(1, RATE)
    return made
