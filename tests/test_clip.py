"""A finished video file: what it holds, and its frames."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from clip_fixtures import (
    FILMS,
    FRAMES,
    MP4,
    NO_MP4,
    SETTINGS,
    Make,
    has_red,
    left,
    number_of,
    with_cover,
)
from PIL import Image

from vidu_demo.api.mp4 import video
from vidu_demo.media.clip import (
    ClipFailed,
    Facts,
    facts,
    first_frame,
    frame_at,
    last_frame,
    read_settings,
    still,
    write_settings,
)

# What it holds


def test_a_clip_is_what_was_asked_for(silent: Path, sounding: Path) -> None:
    assert facts(silent) == Facts(160, 90, 1.0, 24.0, audio=False)
    assert facts(sounding) == Facts(960, 540, 1.0, 24.0, audio=True)


@pytest.mark.parametrize("name", MP4)
def test_the_facts_of_other_films(film: Make, name: str) -> None:
    width, height = (48, 64) if name == "turned" else (64, 48)
    seconds = 4.66 if name == "variable rate" else FRAMES / 10
    found = facts(film(name))
    assert found.seconds == pytest.approx(seconds, abs=0.001)
    assert found.frames_per_second == round(FRAMES / seconds, 2)
    assert (found.width, found.height, found.audio) == (width, height, False)


@pytest.mark.parametrize("name", NO_MP4)
def test_times_are_milliseconds_there(film: Make, name: str) -> None:
    assert facts(film(name)) == Facts(64, 48, 2.0, 10.0, audio=False)


def test_a_cover_is_no_video(sounding: Path) -> None:
    assert facts(with_cover(sounding)).width == 960
    with pytest.raises(ClipFailed):
        first_frame(with_cover(sounding, song=True))


NO_VIDEOS = {
    "nothing": b"",
    "text": b"hello",
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nsilent.mp4\n",
    "a list of files": b"ffconcat version 1.0\nfile silent.mp4\n",
    "half a header": b"\0\0\0\x20ftypisom\0\0\2\0isom\0\0\0\x20moov",
}


@pytest.mark.parametrize("data", NO_VIDEOS.values(), ids=NO_VIDEOS)
def test_what_is_no_video(silent: Path, data: bytes) -> None:
    path = silent.with_name("other.mp4")
    path.write_bytes(data)
    for read in (facts, first_frame, last_frame):
        with pytest.raises(ClipFailed, match="This file can't be read as a video"):
            read(path)
    with pytest.raises(ClipFailed, match="can't be written into this video"):
        write_settings(path, SETTINGS)
    assert read_settings(path) is None
    assert path.read_bytes() == data
    assert left(path.parent) == ["other.mp4", "silent.mp4"]


@pytest.mark.parametrize("name", ["gone.mp4", ".", "x" * 300, "a\0b"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ClipFailed):
        facts(tmp_path / name)
    with pytest.raises(ClipFailed):
        write_settings(tmp_path / name, SETTINGS)
    assert read_settings(tmp_path / name) is None
    assert left(tmp_path) == []


def test_a_picture_is_no_video(tmp_path: Path, picture: Image.Image) -> None:
    picture.save(tmp_path / "picture.png")
    with pytest.raises(ClipFailed):
        first_frame(tmp_path / "picture.png")


# Its frames


@pytest.mark.parametrize("name", FILMS)
def test_the_first_and_the_last_frame(film: Make, name: str) -> None:
    path = film(name)
    assert number_of(first_frame(path)) == 0
    assert number_of(last_frame(path)) == FRAMES - 1


@pytest.mark.parametrize("name", FILMS)
def test_a_still_is_from_the_middle(film: Make, name: str) -> None:
    with Image.open(io.BytesIO(still(film(name), 32, "PNG"))) as small:
        assert small.size == ((24, 32) if name == "turned" else (32, 24))
        # Frames of a variable rate come ever more slowly here.
        assert number_of(small) == (12 if name == "variable rate" else FRAMES // 2)


@pytest.mark.parametrize("name", FILMS)
def test_the_frame_at_a_time(film: Make, name: str) -> None:
    path = film(name)
    begins = [n / 10 for n in range(FRAMES)]
    if name == "variable rate":
        begins = [n * (n + 5) / 100 for n in range(FRAMES)]
    for number in (0, 1, 7, FRAMES - 2):
        middle = (begins[number] + begins[number + 1]) / 2
        for time in (begins[number], middle, begins[number + 1] - 0.005):
            assert number_of(frame_at(path, time)) == number, time
    assert number_of(frame_at(path, 3600)) == FRAMES - 1


def test_a_frame_is_upright(film: Make) -> None:
    for frame in (first_frame(film("turned")), last_frame(film("turned"))):
        assert frame.size == (48, 64)
        assert has_red(frame, 44, 4)
        assert not has_red(frame, 4, 4)
    assert has_red(first_frame(film("B-frames")), 4, 4)


def test_a_cut_end(film: Make) -> None:
    path = film("intra only")
    path.write_bytes(path.read_bytes()[:-20])
    assert number_of(last_frame(path)) == FRAMES - 2
    assert number_of(first_frame(path)) == 0


def test_a_damaged_middle(film: Make) -> None:
    path = film("intra only")
    with av.open(path) as opened:
        packet = [*opened.demux(video=0)][FRAMES // 2]
    with path.open("rb+") as file:
        file.seek(packet.pos or 0)
        file.write(b"\xff" * packet.size)
    assert number_of(last_frame(path)) == FRAMES - 1


@pytest.mark.parametrize(
    ("height", "matrix", "named"),
    [
        (48, Colorspace.ITU601, False),
        (48, Colorspace.ITU709, True),
        (720, Colorspace.ITU709, False),
        (720, Colorspace.ITU601, True),
    ],
)
def test_colours_are_those_of_a_browser(
    tmp_path: Path, height: int, matrix: Colorspace, named: bool
) -> None:
    colour = (200, 60, 30)
    pixels = np.full((height, 64, 3), colour, np.uint8)
    planes = av.VideoFrame.from_ndarray(pixels).reformat(format="yuv420p", dst_colorspace=matrix)
    path = tmp_path / "colour.mp4"
    with av.open(path, "w") as film:
        video = film.add_stream("libx264", 10, options={"crf": "1"})
        video.width, video.height = 64, height
        if named:
            video.codec_context.colorspace = matrix
            video.codec_context.color_range = ColorRange.MPEG
        film.mux([*video.encode(planes), *video.encode(None)])
    assert first_frame(path).getpixel((30, 30)) == pytest.approx(colour, abs=3)


# Hostile ones


def test_a_file_with_too_many_tracks(tmp_path: Path) -> None:
    path = tmp_path / "tracks.mp4"
    with av.open(path, "w", format="mp4") as film:
        tracks = [film.add_stream("mpeg4", 10) for _ in range(40)]
        for track in tracks:
            track.width = track.height = 16
        for track in tracks:
            frame = av.VideoFrame(16, 16, "yuv420p")
            film.mux([*track.encode(frame), *track.encode(None)])
    for look in (facts, first_frame, last_frame):
        with pytest.raises(ClipFailed):
            look(path)
    assert read_settings(path) is None


def test_a_film_that_is_far_too_long(film: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film("B-frames")
    before = path.read_bytes()
    monkeypatch.setattr(video, "MAX_PACKETS", FRAMES - 1)
    for look in (facts, lambda path: write_settings(path, {})):
        with pytest.raises(ClipFailed):
            look(path)
    assert number_of(first_frame(path)) == 0
    assert path.read_bytes() == before


def test_frames_that_are_together_too_many_pixels(
    film: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "MAX_DECODED_PIXELS", 5 * 64 * 48)
    assert number_of(first_frame(film("B-frames"))) == 0
    with pytest.raises(ClipFailed, match="too long"):
        last_frame(film("B-frames"))
    assert number_of(last_frame(film("fragments"))) == FRAMES - 1  # its last key frame is near
    assert number_of(last_frame(film("intra only"))) == FRAMES - 1


def test_a_file_too_large_is_opened_by_nothing(silent: Path) -> None:
    with silent.open("ab") as file:
        file.truncate(video.MAX_VIDEO_BYTES + 1)
    for look in (facts, first_frame, last_frame):
        with pytest.raises(ClipFailed, match="larger than 200 MB"):
            look(silent)


def test_a_frame_too_large_to_be_decoded(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MAX_FRAME_PIXELS", 160 * 90 - 1)
    with pytest.raises(ClipFailed):
        first_frame(silent)
