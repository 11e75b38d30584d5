"""The settings that travel in a video file."""

import json
import random
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import pytest
from clip_fixtures import (
    MP4,
    NO_MP4,
    SETTINGS,
    Make,
    left,
    tagged,
    tags,
    tracks,
    with_cover,
)

from vidu_demo.api.mp4 import container, video
from vidu_demo.media import clip
from vidu_demo.media.clip import (
    ClipFailed,
    facts,
    first_frame,
    last_frame,
    read_settings,
    write_settings,
)


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
    [{"x": object()}, {"x": "\ud800"}, {"x": float("nan")}, {"x": "x" * 400_000}, ["a", "list"]],
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
    "too much": json.dumps({"prompt": "x" * 400_000}),
    "nothing": "",
}


@pytest.mark.parametrize("comment", COMMENTS.values(), ids=COMMENTS)
def test_a_comment_of_another_kind(silent: Path, comment: str) -> None:
    assert read_settings(tagged(silent, {"comment": comment})) is None


def test_a_comment_that_is_no_text(silent: Path) -> None:
    path = tagged(silent, {"comment": '{"prompt": "????"}'})
    path.write_bytes(path.read_bytes().replace(b"????", b"\xff\xfe\xff\xfe"))
    assert read_settings(path) == {"prompt": "\ufffd" * 4}
    assert facts(path) == facts(silent)


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
