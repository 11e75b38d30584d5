"""The soundtrack: soft chords for music, wind and bells for sound."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48000  # samples a second

Samples = NDArray[np.float32]
"""Two channels of samples, from -1 to 1."""

Mix = NDArray[np.float64]

CHORDS = ((0, 7, 12, 16), (-4, 3, 8, 15), (-7, 5, 12, 17), (-5, 2, 11, 14))  # in semitones
SCALE = (0, 2, 4, 7, 9, 12)
ROOT = 220.0  # Hz
NO_MUSIC_FROM = 9  # seconds: longer videos get no background music


def soundtrack(request: dict[str, Any], seed: int) -> Samples | None:
    """Make the sound for a request, or None if it asks for none.

    Args:
        request: A checked request body.
        seed: Decides the key and the notes, 0 or more.
    """
    duration = request["duration"]
    music = request.get("bgm", False) and duration < NO_MUSIC_FROM
    sounds = request.get("audio", False)
    if not music and not sounds:
        return None
    rng = np.random.default_rng(seed)
    mix = np.zeros((2, duration * RATE))
    if music:
        mix += 0.5 * _chords(duration, rng)
    if sounds:
        mix += 0.35 * _wind(duration, rng) + 0.5 * _bells(duration, rng)
    fade = np.minimum(1, np.arange(RATE // 3) / (RATE // 3))
    mix[:, : fade.size] *= fade
    mix[:, -fade.size :] *= fade[::-1]
    return np.tanh(mix).astype(np.float32)


def _chords(duration: int, rng: np.random.Generator) -> Mix:
    """Play four chords over the whole length, each voice a little apart in the two ears."""
    key = rng.integers(-4, 4)
    time = np.arange(duration * RATE) / RATE
    share = duration / len(CHORDS)
    sound = np.zeros((2, time.size))
    for number, chord in enumerate(CHORDS):
        # Each chord swells over its share and overlaps its neighbours.
        swell = np.exp(-((((time - (number + 0.5) * share) / share) * 1.3) ** 4))
        for semitone in chord:
            pitch = ROOT / 2 * 2 ** ((key + semitone) / 12)
            for ear, detune in enumerate((0.998, 1.002)):
                phase = 2 * np.pi * pitch * detune * time
                tone = np.sin(phase) + 0.3 * np.sin(2 * phase) + 0.08 * np.sin(3 * phase)
                sound[ear] += 0.16 * swell * tone
    return sound


def _wind(duration: int, rng: np.random.Generator) -> Mix:
    """Shape noise into a low rush that comes and goes."""
    size = duration * RATE
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    shape = frequency / (120 + frequency) / (1 + (frequency / 500) ** 2)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal((2, size))) * shape, size)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * (0.23 * np.arange(size) / RATE + rng.random()))
    rush: Mix = noise / np.abs(noise).max() * swell
    return rush


def _bells(duration: int, rng: np.random.Generator) -> Mix:
    """Strike a soft bell about once a second."""
    sound = np.zeros((2, duration * RATE))
    for second in range(duration):
        start = int((second + rng.uniform(0.1, 0.5)) * RATE)
        time = np.arange(sound.shape[1] - start) / RATE
        pitch = 2 * ROOT * 2 ** (rng.choice(SCALE) / 12)
        tone = np.sin(2 * np.pi * pitch * time) + 0.25 * np.sin(2 * np.pi * 2.76 * pitch * time)
        left = rng.uniform(0.3, 0.7)
        sound[:, start:] += 0.4 * np.exp(-4 * time) * tone * np.array([[left], [1 - left]])
    return sound
