"""Films with a picture and a tone that tell where each frame and sample of a join is from."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

RATE = 48_000


@dataclass(frozen=True)
class Film:
    """A film of one grey, which is white for a moment while a tone sounds."""

    grey: int = 60
    tone: int | None = 440
    seconds: float = 1.0
    flash: float = 0.5
    size: tuple[int, int] = (160, 96)
    rate: Fraction | int = 24
    sound_rate: int = RATE
    layout: str = "stereo"
    turned: int = 0

    def make(self, path: Path) -> Path:
        with av.open(path, "w", format="mp4") as file:
            video = file.add_stream("libx264", self.rate, options={"preset": "ultrafast"})
            video.width, video.height = self.size
            video.codec_context.time_base = 1 / Fraction(self.rate)
            if self.turned:
                video.set_display_rotation(self.turned)
            sound = None
            if self.tone:
                sound = file.add_stream("aac", self.sound_rate, layout=self.layout)
            for number in range(round(self.seconds * self.rate)):
                lit = number == round(self.flash * self.rate)
                pixels = np.full((*self.size[::-1], 3), 235 if lit else self.grey, np.uint8)
                pixels[: self.size[1] // 4, : self.size[0] // 4, 1:] = 0  # the corner is red
                frame = av.VideoFrame.from_ndarray(pixels)
                frame.pts, frame.time_base = number, 1 / Fraction(self.rate)
                file.mux(video.encode(frame))
            if sound:
                time = np.arange(round(self.seconds * self.sound_rate)) / self.sound_rate
                wave = 0.1 * np.sin(2 * np.pi * self.tone * time)
                wave[(time >= self.flash) & (time < self.flash + 0.1)] *= 6
                channels = sound.layout.nb_channels
                frame = av.AudioFrame.from_ndarray(
                    np.tile(wave, (channels, 1)).astype(np.float32), "fltp", self.layout
                )
                frame.sample_rate = self.sound_rate
                frame.pts, frame.time_base = 0, Fraction(1, self.sound_rate)
                file.mux(sound.encode(frame))
                file.mux(sound.encode(None))
            file.mux(video.encode(None))
        return path


def films(folder: Path, made: Sequence[Film]) -> list[Path]:
    return [film.make(folder / f"film-{number}.mp4") for number, film in enumerate(made)]


@dataclass(frozen=True)
class Seen:
    """A film as a player shows it."""

    times: list[float]
    pictures: list[Image.Image]
    sound: NDArray[np.float32]
    streams: dict[str, Any]

    @property
    def greys(self) -> list[int]:
        """The middle of each frame."""
        width, height = self.pictures[0].size
        return [picture.getpixel((width // 2, height // 2))[1] for picture in self.pictures]

    def flashes(self) -> list[float]:
        lit = [grey > 200 for grey in self.greys]
        return [self.times[n] for n, now in enumerate(lit) if now and not (n and lit[n - 1])]

    def loudness(self, start: float, end: float) -> float:
        heard = self.sound[0, round(start * RATE) : round(end * RATE)]
        return float(np.sqrt(np.mean(heard**2)))

    def pitch(self, start: float, end: float) -> float:
        heard = self.sound[0, round(start * RATE) : round(end * RATE)]
        strength = abs(np.fft.rfft(heard * np.hanning(heard.size)))
        return float(np.fft.rfftfreq(heard.size, 1 / RATE)[strength.argmax()])

    def bangs(self) -> list[float]:
        """When the tone gets loud."""
        step = RATE // 200
        blocks = self.sound[0, : self.sound.shape[1] // step * step].reshape(-1, step)
        loud = abs(blocks).max(axis=1) > 0.35
        quiet = [not loud[max(0, n - 8) : n].any() for n in range(loud.size)]
        return [n / 200 for n in range(1, loud.size) if loud[n] and quiet[n]]


def watch(path: Path) -> Seen:
    times, pictures = [], []
    with av.open(path) as file:
        video = file.streams.video[0]
        streams: dict[str, Any] = {
            "codec": video.codec_context.name,
            "format": video.codec_context.pix_fmt,
            "rate": video.average_rate,
            "size": (video.width, video.height),
            "colours": video.codec_context.colorspace,
            "sound": [
                (s.codec_context.name, s.codec_context.sample_rate, s.layout.name)
                for s in file.streams.audio
            ],
        }
        for frame in file.decode(video=0):
            times.append(float(frame.pts * frame.time_base))
            pictures.append(frame.to_image())
    heard = [np.zeros((2, 0), np.float32)]
    with av.open(path) as file:
        if file.streams.audio:
            for frame in file.decode(audio=0):
                if len(heard) == 1 and frame.pts > 0:
                    heard.append(np.zeros((2, frame.pts), np.float32))
                heard.append(frame.to_ndarray())
    return Seen(times, pictures, np.concatenate(heard, axis=1), streams)
