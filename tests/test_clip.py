"""A finished video file: facts, frames, and the settings that travel in it."""

import json
import random
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from vidu_demo.api import container, video
from vidu_demo.media import clip
from vidu_demo.media.clip import (
    ClipFailed,
    Facts,
    differences,
    facts,
    first_frame,
    last_frame,
    read_settings,
    write_settings,
)
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
    """Add a cover picture, as music shops do; of a song nothing else is to be seen."""
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


# What it holds


def test_a_clip_is_what_was_asked_for(silent: Path, sounding: Path) -> None:
    assert facts(silent) == Facts(960, 540, 1.0, 24.0, audio=False)
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
    monkeypatch.setattr(video, "MAX_FRAME_PIXELS", 960 * 540 - 1)
    with pytest.raises(ClipFailed):
        first_frame(silent)


# What was asked for

MADE = Facts(1280, 720, 5.04, 24.0, audio=False)
LOUD = Facts(1280, 720, 5.04, 24.0, audio=True)
ASKED = {"duration": 5, "resolution": "720p", "audio": False, "bgm": False}


@pytest.mark.parametrize("made", [MADE, LOUD])
@pytest.mark.parametrize("asked", [{}, {"prompt": "x"}, {"duration": None, "resolution": None}])
def test_what_was_not_asked_for_is_not_missed(asked: dict[str, Any], made: Facts) -> None:
    assert differences(asked, made) == []


@pytest.mark.parametrize("seconds", [4.5, 5.04, 5.5])
def test_a_length_that_will_do(seconds: float) -> None:
    assert differences(ASKED, Facts(1280, 720, seconds, 24.0, audio=False)) == []


@pytest.mark.parametrize(("seconds", "said"), [(4.0, "4.0"), (4.41, "4.4"), (8.04, "8.0")])
def test_another_length(seconds: float, said: str) -> None:
    assert differences(ASKED, Facts(1280, 720, seconds, 24.0, audio=False)) == [
        f"Asked for 5 s; the video is {said} s long."
    ]


@pytest.mark.parametrize(
    ("resolution", "width", "height"),
    [
        ("540p", 960, 544),
        ("540p", 528, 928),
        ("720p", 720, 720),
        ("1080p", 1088, 1920),
        ("1080p", 4320, 1080),
    ],
)
def test_a_size_that_will_do(resolution: str, width: int, height: int) -> None:
    assert differences({"resolution": resolution}, Facts(width, height, 5, 24, audio=False)) == []


@pytest.mark.parametrize(("width", "height"), [(960, 540), (1280, 704), (736, 1280), (1920, 1080)])
def test_another_size(width: int, height: int) -> None:
    assert differences({"resolution": "720p"}, Facts(width, height, 5, 24, audio=False)) == [
        f"Asked for 720p; the video is {width} × {height} pixels."
    ]


SOUND = "Asked for sound; the video has no audio track."
MUSIC = "Asked for music; the video has no audio track."
SILENCE = "Asked for a silent video; this one has an audio track."


@pytest.mark.parametrize(
    ("asked", "when_silent", "when_loud"),
    [
        ({"audio": True, "bgm": False}, [SOUND], []),
        ({"audio": True, "bgm": True}, [SOUND], []),
        ({"audio": False, "bgm": True, "duration": 8}, [MUSIC], []),
        ({"audio": False, "bgm": True, "duration": 9}, [], []),
        ({"audio": False, "bgm": True, "duration": 10}, [], []),
        ({"audio": False, "bgm": False}, [], [SILENCE]),
        ({"audio": False}, [], []),
        ({"bgm": False}, [], []),
    ],
)
def test_sound_and_music(
    asked: dict[str, Any], when_silent: list[str], when_loud: list[str]
) -> None:
    seconds = asked.get("duration", 5)
    assert differences(asked, Facts(1280, 720, seconds, 24, audio=False)) == when_silent
    assert differences(asked, Facts(1280, 720, seconds, 24, audio=True)) == when_loud


def test_all_differences_are_named() -> None:
    asked = {**ASKED, "images": ["picture-1.jpg"], "prompt": "x", "audio": True}
    assert len(differences(asked, Facts(960, 540, 4, 24, audio=False))) == 3


# Its settings


def test_settings_travel_in_the_comment(silent: Path, sounding: Path) -> None:
    for path in (silent, sounding):
        before = tracks(path)
        assert read_settings(path) is None
        write_settings(path, SETTINGS)
        assert read_settings(path) == SETTINGS
        assert json.loads(tags(path)["comment"]) == SETTINGS
        assert "图🎈" in tags(path)["comment"]
        assert tracks(path) == before
        data = path.read_bytes()
        assert b"\xa9cmt" in data
        assert data.index(b"moov") < data.index(b"mdat")
    assert left(silent.parent) == ["silent.mp4", "sounding.mp4"]


@pytest.mark.parametrize("name", MP4)
def test_settings_in_other_films(film: Make, name: str) -> None:
    path = film(name)
    before, looked = tracks(path), facts(path)
    write_settings(path, SETTINGS)
    assert read_settings(path) == SETTINGS
    assert tracks(path) == before
    assert facts(path) == looked
    assert tags(path)["major_brand"] == ("qt  " if name == "MOV" else "isom")


def test_a_cover_stays(sounding: Path) -> None:
    path = with_cover(sounding)
    before = tracks(path)
    write_settings(path, SETTINGS)
    assert tracks(path) == before
    assert len(before) > 3


def test_settings_are_replaced(silent: Path) -> None:
    write_settings(silent, SETTINGS)
    write_settings(silent, {"seed": 1})
    once = silent.read_bytes()
    write_settings(silent, {"seed": 1})
    assert silent.read_bytes() == once
    assert read_settings(silent) == {"seed": 1}


@pytest.mark.parametrize("movflags", ["+faststart", "+faststart+use_metadata_tags"])
def test_other_tags_stay(silent: Path, movflags: str) -> None:
    marks = {"title": "Gulls 图", "creation_time": "2026-01-02T03:04:05.000000Z"}
    if "use_metadata_tags" in movflags:
        marks["AIGC"] = '{"Label":"1","ContentProducer":"x"}'
    path = tagged(silent, {**marks, "comment": "another's"}, movflags)
    before = tracks(path)
    assert marks.items() <= tags(path).items()
    write_settings(path, SETTINGS)
    assert marks.items() <= tags(path).items()
    assert read_settings(path) == SETTINGS
    assert tracks(path) == before


def refused(path: Path, settings: Any = SETTINGS) -> None:
    before = path.read_bytes()
    with pytest.raises(ClipFailed, match="can't be written into this video"):
        write_settings(path, settings)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", NO_MP4)
def test_another_container_is_left_alone(film: Make, name: str) -> None:
    path = film(name)
    refused(path)
    assert left(path.parent) == [path.name]


@pytest.mark.parametrize(
    "settings",
    [{"x": object()}, {"x": "\ud800"}, {"x": float("nan")}, {"x": "x" * 100_000}, ["a", "list"]],
    ids=["no JSON", "half a character", "no number", "too long", "a list"],
)
def test_settings_that_would_not_read_back(silent: Path, settings: Any) -> None:
    refused(silent, settings)
    assert left(silent.parent) == [silent.name]


def test_a_full_disk(silent: Path) -> None:
    silent.with_name("silent.mp4.part").symlink_to("/dev/full")
    refused(silent)
    assert left(silent.parent) == [silent.name]


def test_something_in_the_way(silent: Path) -> None:
    silent.with_name("silent.mp4.part").mkdir()
    refused(silent)


def test_a_file_that_cannot_be_replaced(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "replace", fail)
    refused(silent)
    assert left(silent.parent) == [silent.name]


def test_a_copy_that_lost_a_packet(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remux = clip._remux

    def lose(source: Path, part: Path, *rest: Any) -> None:
        remux(source, part, *rest)
        data = part.read_bytes()
        part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

    monkeypatch.setattr(clip, "_remux", lose)
    refused(silent)
    assert left(silent.parent) == [silent.name]


COMMENTS = {
    "a sentence": "made on a rainy day",
    "a list": '[{"prompt": "x"}]',
    "a text": '"x"',
    "half an object": '{"prompt": "x"',
    "a long number": '{"seed": ' + "9" * 5000 + "}",
    "a deep nest": '{"a":' * 15_000 + "1" + "}" * 15_000,
    "too much": json.dumps({"prompt": "x" * 100_000}),
    "nothing": "",
}


@pytest.mark.parametrize("comment", COMMENTS.values(), ids=COMMENTS)
def test_a_comment_of_another_kind(silent: Path, comment: str) -> None:
    assert read_settings(tagged(silent, {"comment": comment})) is None


def test_a_comment_that_is_no_text(silent: Path) -> None:
    path = tagged(silent, {"comment": '{"prompt": "????"}'})
    path.write_bytes(path.read_bytes().replace(b"????", b"\xff\xfe\xff\xfe"))
    assert read_settings(path) == {"prompt": "\ufffd" * 4}
    assert facts(path).width == 960


def test_a_file_too_large_to_be_searched(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings(silent, SETTINGS)
    monkeypatch.setattr(video, "MAX_VIDEO_BYTES", silent.stat().st_size - 1)
    assert read_settings(silent) is None


def test_a_broken_file_does_no_harm(film: Make) -> None:
    path = film("B-frames")
    write_settings(path, {"seed": 7})
    whole = path.read_bytes()
    chance, read = random.Random(7), 0  # noqa: S311
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3, 10])):
            data[chance.randrange(len(data))] = chance.choice([0, 127, 255, chance.randrange(256)])
        path.write_bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data)
        found = read_settings(path)
        assert found is None or isinstance(found, dict)
        read += found == {"seed": 7}
        with suppress(ClipFailed):
            last_frame(path)
    assert 5 < read < 60


def test_many_tracks_of_pictures_are_refused_before_one_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "tracks.mp4"
    with av.open(path, "w", format="mp4") as film:
        tracks = [film.add_stream("mpeg4", 10) for _ in range(container.MAX_PICTURE_TRACKS + 1)]
        for track in tracks:
            track.width = track.height = 16
        for track in tracks:
            film.mux([*track.encode(av.VideoFrame(16, 16, "yuv420p")), *track.encode(None)])
    with path.open("rb") as file:
        assert not container.is_bounded(file)
    with pytest.raises(ClipFailed, match="too many parts"):
        facts(path)


def boxes(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


@pytest.mark.parametrize("where", ["behind", "in moov", "in udta", "in meta"])
def test_a_file_of_empty_boxes_is_refused_at_once(silent: Path, where: str) -> None:
    empty = boxes(b"free", b"") * (container.MAX_PARTS + 1)
    match where:
        case "in moov":
            empty = boxes(b"moov", empty)
        case "in udta":
            empty = boxes(b"moov", boxes(b"udta", empty))
        case "in meta":
            empty = boxes(b"moov", boxes(b"udta", boxes(b"meta", bytes(4) + empty)))
    with silent.open("ab") as file:
        file.write(empty)
    for look in (facts, first_frame, last_frame):
        with pytest.raises(ClipFailed, match="too many parts"):
            look(silent)
    assert read_settings(silent) is None


def test_an_ordinary_file_is_bounded(silent: Path) -> None:
    with silent.open("rb") as file:
        assert container.is_bounded(file)
