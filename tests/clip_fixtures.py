"""Films of all kinds, to be opened as clips."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from vidu_demo.simulator.video.render import render

FRAMES = 20
SETTINGS = {
    "model": "vidu-q2-pro",
    "request": {"prompt": ("图🎈 “so” \"it\" 'is'\n\t\\ é\0</script>" * 250)[:5000], "seed": 7},
}

Make = Callable[[str], Path]


def encode(
    path: Path,
    pictures: Iterable[np.ndarray[Any, Any]],
    *,
    codec: str = "libx264",
    container: str = "mp4",
    options: dict[str, str] | None = None,
    movflags: str | None = None,
    times: list[int] | None = None,
    setup: Callable[[av.VideoStream], object] = lambda _: None,
) -> Path:
    """Make a film; `times` are in hundredths of a second."""
    flags = {} if movflags is None else {"movflags": movflags}
    with av.open(path, "w", format=container, options=flags) as film:
        video = film.add_stream(codec, 10, options=options or {})
        setup(video)
        for number, pixels in enumerate(pictures):
            if number == 0:
                video.height, video.width = pixels.shape[:2]
                if times:
                    video.codec_context.time_base = Fraction(1, 100)
            frame = av.VideoFrame.from_ndarray(pixels)
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 100)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


def greys() -> Iterable[np.ndarray[Any, Any]]:
    """Get frames whose grey tells their number, all with a red corner at the top left."""
    for number in range(FRAMES):
        pixels = np.full((48, 64, 3), 10 * number + 20, np.uint8)
        pixels[:16, :16] = (220, 0, 0)
        yield pixels


def number_of(frame: Image.Image) -> int:
    return round((frame.getpixel((frame.width // 2, frame.height // 2))[1] - 20) / 10)


def has_red(frame: Image.Image, x: int, y: int) -> bool:
    red, green, _ = frame.getpixel((x, y))
    return red > 150 and green < 80


def hvc1(video: av.VideoStream) -> None:
    video.codec_context.codec_tag = "hvc1"


FILMS: dict[str, dict[str, Any]] = {
    "B-frames": {"options": {"x264-params": "bframes=3:b-adapt=0"}},
    "variable rate": {"times": [k * k + 5 * k for k in range(FRAMES)]},
    "intra only": {"options": {"g": "1"}, "movflags": "+faststart"},
    "turned": {"setup": lambda video: video.set_display_rotation(-90)},
    "HEVC": {"codec": "libx265", "options": {"x265-params": "log-level=none"}, "setup": hvc1},
    "MOV": {"container": "mov"},
    "fragments": {"movflags": "frag_keyframe+empty_moov", "options": {"g": "5"}},
    "WebM": {"codec": "libvpx-vp9", "container": "webm", "options": {"deadline": "realtime"}},
    "Matroska": {"container": "matroska"},
}
NO_MP4 = ["WebM", "Matroska"]
MP4 = [name for name in FILMS if name not in NO_MP4]


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    folder = tmp_path_factory.mktemp("films")
    return cache(lambda name: encode(folder / name, greys(), **FILMS[name]).read_bytes())


@pytest.fixture
def film(tmp_path: Path, encoded: Callable[[str], bytes]) -> Make:
    def make(name: str) -> Path:
        path = tmp_path / "film.mp4"
        path.write_bytes(encoded(name))
        return path

    return make


@pytest.fixture
def silent(clip: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "silent.mp4"
    path.write_bytes(clip)
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "sound.mp4"
    asked = {"prompt": "x", "duration": 1, "resolution": "540p", "seed": 1, "audio": True}
    render({"images": ["https://example.com/photo.jpg"], **asked}, path)
    return path.read_bytes()


@pytest.fixture
def sounding(sound: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "sounding.mp4"
    path.write_bytes(sound)
    return path


def with_cover(path: Path, *, song: bool = False) -> Path:
    """Add cover art, as music shops do; a song has no other picture."""
    made = path.with_name("cover.mp4")
    with av.open(path) as source, av.open(made, "w", format="mp4") as film:
        tracks = {
            stream.index: film.add_stream_from_template(stream, opaque=True)
            for stream in source.streams
            if not song or stream.type == "audio"
        }
        cover = film.add_stream("png", 1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
        cover.disposition = Disposition.attached_pic
        pictures = [*cover.encode(av.VideoFrame(32, 32, "rgb24")), *cover.encode(None)]
        for packet in source.demux(*(source.streams[index] for index in tracks)):
            if packet.size:
                packet.stream = tracks[packet.stream_index]
                film.mux(packet)
        film.mux(pictures)
    return made


def tagged(path: Path, tags: dict[str, str], movflags: str = "+faststart") -> Path:
    made = path.with_name("tagged.mp4")
    with (
        av.open(path) as source,
        av.open(made, "w", format="mp4", options={"movflags": movflags}) as film,
    ):
        film.metadata.update(tags)
        track = film.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                film.mux(packet)
    return made


def tracks(path: Path) -> list[Any]:
    """List all that a player gets of the tracks, to the byte."""
    with av.open(path) as film:
        found: list[Any] = [
            (s.type, s.time_base, s.start_time, s.codec_context.codec_tag, s.disposition)
            for s in film.streams
        ]
        for packet in film.demux():
            sides = [(side.data_type, bytes(side)) for side in packet.iter_sidedata()]
            times = (packet.pts, packet.dts, packet.duration)
            found.append((packet.stream_index, times, packet.is_keyframe, bytes(packet), sides))
    return found


def tags(path: Path) -> dict[str, str]:
    with av.open(path) as film:
        return film.metadata


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
