"""The videos that the simulator renders."""

import base64
import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from simulator_fixtures import Make, body, data_uri

from vidu_demo.media.clip import last_frame
from vidu_demo.simulator.video.overlay import overlays, without
from vidu_demo.simulator.video.placeholder import placeholder
from vidu_demo.simulator.video.render import SHORT_SIDES, StoppedError, render
from vidu_demo.simulator.video.sound import RATE, soundtrack


def rendered(folder: Path, **changes: Any) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.mp4"
    render(body(**changes), path)
    return path


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make small videos of what shows in any."""
    monkeypatch.setitem(SHORT_SIDES, "540p", 180)


def uri_of(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("picture", "resolution", "size"),
    [
        ((320, 240), "540p", (720, 540)),
        ((240, 320), "540p", (540, 720)),
        ((300, 211), "720p", (1024, 720)),
        ((100, 100), "1080p", (1080, 1080)),
        ((400, 100), "540p", (2160, 540)),
    ],
)
def test_the_video_is_as_asked(
    tmp_path: Path, picture: tuple[int, int], resolution: str, size: tuple[int, int]
) -> None:
    path = rendered(tmp_path, images=[data_uri(*picture)], resolution=resolution)
    with av.open(path) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == size
        assert (video.average_rate, video.frames) == (24, 24)
        assert container.duration == 1_000_000
        assert len(list(container.decode(video=0))) == 24
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert min(size) == int(resolution[:-1])
    assert abs(size[0] - size[1] * picture[0] / picture[1]) <= 1


def test_over_http_it_is_the_same_video(make: Make, tmp_path: Path) -> None:
    caller = make(seconds=0)
    assert caller.video(caller.task()) == rendered(tmp_path).read_bytes()


def test_same_request_same_bytes(tmp_path: Path) -> None:
    for changes in ({"seed": 7, "audio": True}, {"images": [data_uri(540, 722)]}):
        files = {rendered(tmp_path, **changes).read_bytes() for _ in range(3)}
        assert len(files) == 1


@pytest.mark.usefixtures("_small")
def test_what_changes_the_video(tmp_path: Path) -> None:
    variants: list[dict[str, Any]] = [
        {"seed": 7},
        {"seed": 8},
        {"seed": 7, "movement_amplitude": "small"},
        {"seed": 7, "movement_amplitude": "high"},
        {"seed": 7, "watermark": True},
        {},
        {"prompt": "another"},
    ]
    made = [rendered(tmp_path, **variant).read_bytes() for variant in variants]
    assert len(set(made)) == 7
    same: list[dict[str, Any]] = [{"seed": 7, "movement_amplitude": "medium"}, {"seed": 0}]
    medium, zero = (rendered(tmp_path, **variant).read_bytes() for variant in same)
    assert medium == made[0]
    assert zero == made[5]


def frames(path: Path) -> list[np.ndarray[Any, Any]]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


@pytest.mark.usefixtures("_small")
def test_the_move_is_as_strong_as_asked(tmp_path: Path) -> None:
    changes = []
    for amplitude in ("small", "medium", "high"):
        path = rendered(tmp_path, seed=3, movement_amplitude=amplitude)
        first, *_, last = frames(path)
        changes.append(np.abs(first - last).mean())
    assert changes[0] < changes[1] < changes[2]


def test_colours_are_kept(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 60)).save(buffer, "PNG")
    uri = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    with av.open(rendered(tmp_path, images=[uri])) as container:
        pixel = next(container.decode(video=0)).to_ndarray(format="rgb24")[100, 200]
    assert np.abs(pixel.astype(int) - (200, 30, 60)).max() <= 4


def test_what_is_written(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 90, 90)).save(buffer, "PNG")
    grey = [f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"]
    plain = frames(rendered(tmp_path, images=grey))
    marked = frames(rendered(tmp_path, images=grey, watermark=True))
    for frame in (plain[0], plain[-1], marked[0], marked[-1]):
        assert np.ptp(frame[480:, :200]) > 60, "the label is at the bottom left"
        assert np.ptp(frame[:480]) < 10
    assert np.ptp(plain[0][480:, 300:]) < 10
    assert np.ptp(marked[0][480:, 300:]) > 60, "the watermark is at the bottom right"


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("wish", ["audio", "bgm"])
def test_sound_only_when_asked(tmp_path: Path, wish: str) -> None:
    with av.open(rendered(tmp_path, **{wish: True})) as container:
        sound = container.streams.audio[0]
        assert sound.codec_context.name == "aac"
        assert sound.duration is not None
        assert sound.time_base is not None
        assert sound.duration * sound.time_base == 1
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], 1)
    assert 0.02 < np.sqrt((samples**2).mean()) < 0.5


def test_music_has_no_effect_on_long_videos() -> None:
    for duration in (1, 8):
        music = soundtrack({"duration": duration, "bgm": True}, 1)
        assert music is not None
        assert music.shape == (2, duration * RATE)
        assert np.abs(music).max() < 1
    for duration in (9, 10):
        assert soundtrack({"duration": duration, "bgm": True}, 1) is None
        assert soundtrack({"duration": duration, "bgm": True, "audio": True}, 1) is not None
    assert soundtrack({"duration": 5}, 1) is None


def test_a_picture_by_address_gets_a_card(tmp_path: Path) -> None:
    path = rendered(tmp_path, images=["https://pictures.example.com/a.jpg?b=c"])
    with av.open(path) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (960, 540)
    assert placeholder("https://a.example").tobytes() != placeholder("https://b.example").tobytes()
    assert placeholder("http://" + "long-name." * 20 + "example/").size == (1920, 1080)


def test_rendering_can_be_called_off(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        render(body(duration=10), tmp_path / "x.mp4", lambda: True)


def test_a_continued_video_bears_its_drawings_once(tmp_path: Path) -> None:
    plain = Image.new("RGB", (720, 540), (150, 110, 70))
    clip = rendered(tmp_path, images=[uri_of(plain)], resolution="540p", watermark=True)
    last = last_frame(clip)
    assert np.ptp(np.asarray(last)[-60:].astype(int)) > 150  # the drawings are there
    again = rendered(tmp_path, images=[uri_of(last)], resolution="540p", movement_amplitude="high")
    label = overlays(plain.size, watermark=False)[0]
    (x, y), (width, height) = label.corner, label.grey.size
    for picture in frames(again):
        beside = picture.astype(int)
        beside[y - 8 : y + height + 8, x - 8 : x + width + 8] = beside[0, 0]
        assert np.ptp(beside) < 40  # what encoding twice changes


def test_a_picture_without_drawings_is_left_as_it_is() -> None:
    photo = Image.effect_noise((720, 540), 80).convert("RGB")
    for picture in (photo, Image.new("RGB", (1, 1)), placeholder("https://example.com/a.png")):
        assert without(picture) is picture
