"""Joined videos: what is in them and when, and what is left of one that fails or is stopped."""

import os
import re
import signal
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clip_fixtures import left
from join_fixtures import Film, films, watch
from runner_fixtures import until

from vidu_demo import join_videos
from vidu_demo.media import clip
from vidu_demo.media.clip import ClipFailed
from vidu_demo.media.joining import picture as join_picture
from vidu_demo.media.joining.join import Source, join
from vidu_demo.media.joining.process import JoinProcess

STORY = {"model": "q2", "parts": [{"prompt": "图 “so” \0", "seed": 7}]}


def joined(folder: Path, *made: Film, parts: list[Source] | None = None) -> Path:
    given = parts or [Source(path) for path in films(folder, made)]
    join(given, folder / "joined.mp4", STORY)
    return folder / "joined.mp4"


def test_every_part_is_at_its_time_with_its_sound(tmp_path: Path) -> None:
    path = joined(
        tmp_path,
        Film(grey=40, tone=400, size=(160, 96)),
        Film(grey=80, tone=None, size=(96, 160), rate=25),
        Film(grey=120, tone=1000, size=(320, 192), rate=12, sound_rate=22_050, layout="mono"),
        Film(grey=160, tone=1600, rate=Fraction(30000, 1001), sound_rate=44_100),
    )
    seen = watch(path)
    assert seen.streams == {
        "codec": "h264",
        "format": "yuv420p",
        "rate": Fraction(30000, 1001),
        "size": (160, 96),
        "colours": 1,
        "sound": [("aac", 48_000, "stereo")],
    }
    step = 1001 / 30000
    assert seen.times == pytest.approx([n * step for n in range(120)])
    for number, (grey, tone) in enumerate([(40, 400), (80, None), (120, 1000), (160, 1600)]):
        start = number * 30 * step
        greys = seen.greys[30 * number : 30 * number + 30]
        assert sorted(greys)[15] == pytest.approx(grey, abs=4)
        assert seen.flashes()[number] == pytest.approx(start + 0.5, abs=1.5 * step)
        if tone:
            assert seen.pitch(start + 0.05, start + 0.95) == pytest.approx(tone, abs=5)
            assert seen.loudness(start + 0.1, start + 0.4) == pytest.approx(0.07, rel=0.2)
        else:
            assert seen.loudness(start + 0.02, start + 0.98) < 0.001
    assert seen.sound.shape[1] / 48_000 == pytest.approx(120 * step, abs=0.03)
    assert clip.read_settings(path) == STORY
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")
    assert left(tmp_path) == [*(f"film-{n}.mp4" for n in range(4)), "joined.mp4"]


def test_nothing_drifts_over_24_parts(tmp_path: Path) -> None:
    rate = Fraction(24000, 1001)
    parts = [
        Source(path) for path in films(tmp_path, [Film(rate=rate, seconds=1.04, sound_rate=44_100)])
    ] * 24
    seen = watch(joined(tmp_path, parts=parts))
    # The films end in the grey they begin with, so each joint loses one frame.
    starts = [0, *((25 + 24 * n) / float(rate) for n in range(23))]
    flashes = [start + (0.5 if n == 0 else 0.5 - 1 / float(rate)) for n, start in enumerate(starts)]
    assert seen.flashes() == pytest.approx(flashes, abs=0.6 / float(rate))
    assert seen.bangs() == pytest.approx(flashes, abs=0.012)
    assert len(seen.pictures) == 25 + 23 * 24


def test_sound_fades_at_the_joints_only(tmp_path: Path) -> None:
    seen = watch(joined(tmp_path, Film(grey=40), Film(grey=90)))
    assert seen.loudness(0.99, 1.0) < 0.5 * seen.loudness(0.9, 0.95)
    assert seen.loudness(0.997, 1.003) < 0.15 * seen.loudness(0.9, 0.95)
    assert seen.loudness(1.0, 1.01) < 0.5 * seen.loudness(1.1, 1.2)
    assert seen.loudness(0.96, 0.98) == pytest.approx(seen.loudness(0.9, 0.95), rel=0.1)
    assert seen.loudness(0.02, 0.04) == pytest.approx(seen.loudness(0.9, 0.95), rel=0.1)
    assert seen.loudness(1.97, 1.99) == pytest.approx(seen.loudness(1.8, 1.9), rel=0.1)


def test_without_any_sound_there_is_no_track(tmp_path: Path) -> None:
    path = joined(tmp_path, Film(tone=None), Film(grey=99, tone=None))
    assert watch(path).streams["sound"] == []
    assert clip.facts(path).audio is False


def test_parts_are_cut(tmp_path: Path) -> None:
    one, two = films(tmp_path, [Film(grey=40), Film(grey=99, tone=900)])
    path = joined(
        tmp_path, parts=[Source(one, 0.25), Source(two, end=0.75), Source(one, 0.25, 0.75)]
    )
    seen = watch(path)
    assert len(seen.pictures) == 18 + 18 + 12
    assert seen.flashes() == pytest.approx([0.25, 0.75 + 0.5, 1.5 + 0.25])
    assert seen.bangs() == pytest.approx([0.25, 1.25, 1.75], abs=0.012)
    for cut in (Source(one, 1.5), Source(one, 0.5, 0.5)):
        with pytest.raises(ClipFailed, match=r"Nothing is left of part 2\."):
            joined(tmp_path, parts=[Source(one), cut])


# The doubled frame


def test_a_repeated_first_frame_is_left_out_with_its_sound(tmp_path: Path) -> None:
    seen = watch(joined(tmp_path, Film(), Film(flash=0.25, tone=900)))
    assert len(seen.pictures) == 47
    assert seen.flashes() == pytest.approx([0.5, 1 + 0.25 - 1 / 24])
    assert seen.bangs() == pytest.approx([0.5, 1.25 - 1 / 24], abs=0.012)


def test_a_first_frame_that_only_resembles_the_last_is_kept(tmp_path: Path) -> None:
    assert len(watch(joined(tmp_path, Film(grey=60), Film(grey=66))).pictures) == 48


def test_a_frame_that_was_encoded_again_is_still_the_same() -> None:
    import av

    noise = np.random.default_rng(7)
    small = noise.integers(0, 255, (9, 16, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(small).reformat(640, 360, "yuv420p")
    worse = frame.reformat(512, 288).reformat(640, 360)
    assert join_picture.same(frame, worse)
    moved = av.VideoFrame.from_ndarray(np.roll(small, 1, axis=1)).reformat(640, 360, "yuv420p")
    assert not join_picture.same(frame, moved)


# Sizes and colours


def test_a_part_of_another_size_gets_bars(tmp_path: Path) -> None:
    wide, tall = films(tmp_path, [Film(size=(160, 96)), Film(grey=120, size=(96, 160))])
    picture = watch(joined(tmp_path, parts=[Source(wide), Source(tall)])).pictures[30]
    assert picture.size == (160, 96)
    for x, y, light in ((10, 48, False), (150, 48, False), (80, 48, True), (95, 90, True)):
        assert (picture.getpixel((x, y))[1] > 60) is light, (x, y)
    red, green, _ = picture.getpixel((56, 6))  # the corner that marks what is up and left
    assert red > 80 > green


@pytest.mark.parametrize("turned", [-90, 90, 180])
def test_a_turned_film_is_upright(tmp_path: Path, turned: int) -> None:
    [path] = films(tmp_path, [Film(turned=turned)])
    expected = clip.first_frame(path)
    [got, *_] = watch(joined(tmp_path, parts=[Source(path)])).pictures
    assert got.size == expected.size
    apart = abs(np.asarray(got, float) - np.asarray(expected, float))
    assert apart.mean() < 6  # also the corner is where it was


@pytest.mark.parametrize("height", [144, 720])
@pytest.mark.parametrize("tagged", [True, False])
def test_colours_are_those_of_a_browser(tmp_path: Path, height: int, tagged: bool) -> None:
    import av

    path = tmp_path / "colours.mp4"
    colours = [(200, 30, 40), (40, 180, 60), (30, 60, 210)]
    with av.open(path, "w", format="mp4") as file:
        video = file.add_stream("libx264", 10, options={"crf": "1", "preset": "ultrafast"})
        video.width, video.height = 256, height
        if tagged:
            video.codec_context.colorspace = 5  # BT.601
        pixels = np.zeros((height, 256, 3), np.uint8)
        for number, colour in enumerate(colours):
            pixels[:, number * 86 : number * 86 + 86] = colour
        matrix = "ITU601" if tagged or height < 720 else "ITU709"
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(pixels).reformat(
                format="yuv420p", dst_colorspace=matrix, dst_color_range=1
            )
            frame.pts, frame.time_base = number, Fraction(1, 10)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    shown = clip.first_frame(joined(tmp_path, parts=[Source(path)]))
    for number, colour in enumerate(colours):
        assert shown.getpixel((number * 86 + 43, height // 2)) == pytest.approx(colour, abs=6)


# What can go wrong


def test_a_part_that_is_no_video_is_named(tmp_path: Path) -> None:
    [good] = films(tmp_path, [Film()])
    words = tmp_path / "words.mp4"
    words.write_text("words")
    for bad in (words, tmp_path / "gone.mp4"):
        with pytest.raises(ClipFailed) as caught:
            joined(tmp_path, parts=[Source(good), Source(bad)])
        assert str(caught.value) == "Part 2: This file can't be read as a video."
    with pytest.raises(ClipFailed, match="Up to 24 videos"):
        join([Source(good)] * 25, tmp_path / "joined.mp4", {})
    with pytest.raises(ClipFailed, match="can't be written: No such file or directory"):
        join([Source(good)], tmp_path / "nowhere" / "joined.mp4", {})
    assert left(tmp_path) == ["film-0.mp4", "words.mp4"]


def test_an_old_video_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    [good] = films(tmp_path, [Film()])
    damaged = tmp_path / "damaged.mp4"
    data = bytearray(good.read_bytes())
    data[data.index(b"avc1") - 4 : data.index(b"avc1") + 90] = bytes(94)
    damaged.write_bytes(data)
    (tmp_path / "joined.mp4").write_text("old")
    with pytest.raises(ClipFailed, match="Part 2"):
        joined(tmp_path, parts=[Source(good), Source(damaged)])
    assert (tmp_path / "joined.mp4").read_text() == "old"
    joined(tmp_path, parts=[Source(good)])
    assert clip.facts(tmp_path / "joined.mp4").seconds == 1


# The process


@pytest.fixture
def long(tmp_path: Path) -> list[Source]:
    """Takes long enough to be interrupted."""
    [path] = films(tmp_path, [Film(size=(640, 360), seconds=10)])
    return [Source(path)] * 24


def test_a_process_joins_and_tells_how_far_it_is(tmp_path: Path) -> None:
    parts = [Source(path) for path in films(tmp_path, [Film(), Film(grey=99)])]
    said: list[int] = []
    JoinProcess(parts, tmp_path / "joined.mp4", STORY).run(said.append)
    assert said == sorted(set(said))
    assert said[-1] == 100
    assert len(said) > 10
    assert clip.read_settings(tmp_path / "joined.mp4") == STORY
    with pytest.raises(ClipFailed, match=r"^Part 1: This file can't be read"):
        JoinProcess([Source(tmp_path / "gone.mp4")], tmp_path / "other.mp4", {}).run(said.append)


def test_a_notebook_joins_whole_videos(tmp_path: Path) -> None:
    parts = films(tmp_path, [Film(grey=40), Film(grey=99)])
    said: list[int] = []
    path = join_videos([*map(str, parts)], str(tmp_path / "film.mp4"), report=said.append)
    assert path == tmp_path / "film.mp4"
    assert clip.facts(path).seconds == pytest.approx(2.0, abs=0.05)
    assert said[-1] == 100
    with pytest.raises(ClipFailed, match=r"^Up to 24 videos can be joined"):
        join_videos([], path)
    assert path.is_file()


@pytest.mark.parametrize("how", ["stopped", "killed", "too long"])
def test_what_is_ended_leaves_nothing(tmp_path: Path, long: list[Source], how: str) -> None:
    seconds = 2.0 / 24 if how == "too long" else 60
    joining = JoinProcess(long, tmp_path / "joined.mp4", {}, seconds=seconds)
    begun = threading.Event()

    def act() -> None:
        begun.wait(60)
        assert any(name.endswith(".part") for name in left(tmp_path))
        if how == "stopped":
            joining.stop()
        elif joining.process_id:
            os.kill(joining.process_id, signal.SIGKILL)

    thread = threading.Thread(target=act if how != "too long" else begun.wait)
    thread.start()
    with pytest.raises(ClipFailed, match="took too long"):
        joining.run(lambda percent: begun.set() if percent > 0 else None)
    begun.set()
    thread.join()
    assert left(tmp_path) == ["film-0.mp4"]
    assert not Path(f"/proc/{joining.process_id}").exists()


def test_one_that_is_stopped_before_it_starts_never_does(tmp_path: Path) -> None:
    joining = JoinProcess([Source(tmp_path / "a.mp4")], tmp_path / "joined.mp4", {})
    joining.stop()
    with pytest.raises(ClipFailed):
        joining.run(lambda _: None)
    assert joining.process_id is None


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_it_ends_with_the_app_and_leaves_nothing(tmp_path: Path, long: list[Source]) -> None:
    program = f"""
import sys
from pathlib import Path
from vidu_demo.media.joining.join import Source
from vidu_demo.media.joining.process import JoinProcess
parts = [Source(Path({str(long[0].path)!r}))] * 24
joining = JoinProcess(parts, Path({str(tmp_path / "j.mp4")!r}), {{}})
joining.run(lambda percent: print(percent, joining.process_id, flush=True))
"""
    app = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert app.stdout
    app.stdout.readline()
    _, worker = app.stdout.readline().split()
    app.kill()
    app.wait()
    app.stdout.close()
    until(lambda: not Path(f"/proc/{worker}").exists(), "it ends")
    assert left(tmp_path) == ["film-0.mp4"]


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux limits memory")
def test_it_gives_way_and_its_memory_is_limited(tmp_path: Path, long: list[Source]) -> None:
    joining = JoinProcess(long, tmp_path / "joined.mp4", {}, megabytes=320)
    seen: list[tuple[int, str]] = []

    def look(_: int) -> None:
        process = joining.process_id or 0
        limits = Path(f"/proc/{process}/limits").read_text()
        seen.append((os.getpriority(os.PRIO_PROCESS, process), limits))
        joining.stop()

    with pytest.raises(ClipFailed):
        joining.run(look)
    nice, limits = seen[0]
    assert nice == os.getpriority(os.PRIO_PROCESS, 0) + 10
    assert "320000000" in limits
    with pytest.raises(ClipFailed, match="too much memory"):
        JoinProcess(long, tmp_path / "joined.mp4", {}, megabytes=40).run(lambda _: None)
    assert left(tmp_path) == ["film-0.mp4"]


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux tells the peak")
def test_24_parts_stay_within_300_mb(tmp_path: Path) -> None:
    made = [Film(size=(1280, 720), seconds=0.5, grey=grey) for grey in (40, 120)]
    parts = [Source(path) for path in films(tmp_path, made)] * 12
    joining, peaks = JoinProcess(parts, tmp_path / "joined.mp4", STORY), [0]

    def look(_: int) -> None:
        status = Path(f"/proc/{joining.process_id}/status").read_text()
        peaks.extend(int(kb) for kb in re.findall(r"VmHWM:\s+(\d+) kB", status))

    joining.run(look)
    assert 50_000 < max(peaks) < 300_000
    assert clip.facts(tmp_path / "joined.mp4").seconds == pytest.approx(12, abs=0.01)
