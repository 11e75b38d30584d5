"""Whether a file reaches its own end, with real files of every make, cut anywhere."""

import io
import random
import struct
import tempfile
import time
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from vidu_demo.api.mp4.boxes import MAX_INDEX_BYTES
from vidu_demo.api.mp4.container import is_whole

MAKES = {
    "moov at the end": ("mp4", {}),
    "moov at the start": ("mp4", {"movflags": "+faststart"}),
    "MOV": ("mov", {}),
    "fragments": ("mp4", {"movflags": "+frag_keyframe+empty_moov"}),
    "fragments with their own base": (
        "mp4",
        {"movflags": "+frag_keyframe+empty_moov+default_base_moof"},
    ),
    "fragments behind samples": ("mp4", {"movflags": "+frag_keyframe"}),
    "fragments with an index": ("mp4", {"movflags": "+dash+frag_keyframe+global_sidx"}),
    "Matroska": ("matroska", {}),
    "Matroska of unknown length": ("matroska", {"live": "1"}),
    "WebM": ("webm", {}),
}


@cache
def made(name: str) -> bytes:
    """Two seconds of noise, with sound where it is MP4."""
    kind, options = MAKES[name]
    with tempfile.TemporaryDirectory(prefix="vidu-test-") as folder:
        path = Path(folder) / name
        _make(path, kind, options)
        return path.read_bytes()


def _make(path: Path, kind: str, options: dict[str, str]) -> None:
    noise = np.random.default_rng(1)
    with av.open(str(path), "w", format=kind, options=options) as file:
        video = file.add_stream("libvpx" if kind == "webm" else "libx264", 12)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.gop_size = 6
        audio = file.add_stream("aac", 8000, layout="mono") if kind in ("mp4", "mov") else None
        for at in range(24):
            pixels = noise.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts = at
            file.mux(video.encode(frame))
            if audio and at % 12 == 0:
                samples = noise.random((1, 8000), dtype=np.float32)
                sound = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
                sound.sample_rate, sound.pts = 8000, at // 12 * 8000
                file.mux(audio.encode(sound))
        file.mux(video.encode(None))
        if audio:
            file.mux(audio.encode(None))


def whole(data: bytes) -> bool:
    return is_whole(io.BytesIO(data))


@pytest.mark.parametrize("name", MAKES)
def test_a_whole_file_is_whole_and_each_cut_is_seen(name: str) -> None:
    data = made(name)
    assert whole(data)
    some = random.Random(1).sample(range(8, len(data)), 300)  # noqa: S311
    unseen = {at for at in {*some, len(data) * 6 // 10, len(data) - 1} if whole(data[:at])}
    # Between two fragments nothing says that there were more.
    between = (
        {at for kind, at, _ in boxes(data) if kind in (b"moof", b"mfra")}
        if b"moof" in data
        else set()
    )
    assert unseen <= between


RESTS = [bytes(1000), b"junkjunkjunk", b"<!-- cached -->"]


@pytest.mark.parametrize("name", [name for name in MAKES if "unknown" not in name])
def test_what_stands_behind_a_whole_file_does_no_harm(name: str) -> None:
    # A few bytes could be half the head of a further fragment.
    for rest in RESTS if "fragments" in name else [*RESTS, b"\n"]:
        assert whole(made(name) + rest)


def boxes(data: bytes) -> list[tuple[bytes, int, int]]:
    found, at = [], 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, at, at + length))
        at += length
    return found


def test_boxes_of_64_bits_and_of_no_length() -> None:
    data = made("moov at the start")
    ((at, end),) = [(at, end) for kind, at, end in boxes(data) if kind == b"mdat"]
    assert end == len(data)
    open_end = data[:at] + struct.pack(">I4s", 0, b"mdat") + data[at + 8 :]
    assert whole(open_end)
    assert not whole(open_end[: len(data) * 6 // 10])
    assert not whole(open_end[:-1])
    data = made("moov at the end")
    at, end = next((at, end) for kind, at, end in boxes(data) if kind == b"mdat")
    assert data[at - 8 : at - 4] == struct.pack(">I", 8)  # an empty box, kept for this
    wide = data[: at - 8] + struct.pack(">I4sQ", 1, b"mdat", end - at + 8) + data[at + 8 :]
    assert whole(wide)
    assert not whole(wide[: end - 1])
    assert not whole(wide[:end])


def test_fragments_that_stop_between_two_are_seen_by_what_the_file_promises() -> None:
    data = made("fragments")
    parts = boxes(data)
    last = [at for kind, at, _ in parts if kind == b"moof"][-2]
    assert whole(data[:last])  # nothing in it says that there were more
    moov, end = next((at, end) for kind, at, end in parts if kind == b"moov")
    mvex = data.index(b"mvex", moov) - 4
    mehd = struct.pack(">I4sII", 16, b"mehd", 0, 2000)
    for at, more in ((mvex, len(mehd)), (moov, len(mehd))):
        (length,) = struct.unpack_from(">I", data, at)
        data = data[:at] + struct.pack(">I", length + more) + data[at + 4 :]
    data = data[: mvex + 8] + mehd + data[mvex + 8 :]
    assert whole(data)
    assert end < last
    assert not whole(data[: last + len(mehd)])


@pytest.mark.parametrize("data", [b"", b"junk", b"\x89PNG" + bytes(99), b"<html>", b"#EXTM3U\n"])
def test_other_files_are_for_others_to_judge(data: bytes) -> None:
    assert whole(data)


@pytest.mark.parametrize("name", MAKES)
def test_any_bytes_can_be_judged(name: str) -> None:
    data, chance = made(name), random.Random(2)  # noqa: S311
    for _ in range(300):
        spoiled = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            spoiled[at : at + 4] = chance.randbytes(4)
        assert whole(bytes(spoiled)) in (True, False)


def hostile() -> dict[str, bytes]:
    many = (1 << 32) - 1
    table = struct.pack(">I4sIII", 20, b"stsz", 0, 0, many)
    each = struct.pack(">I4sIII", 20, b"stsz", 0, 9, many)
    chunk = struct.pack(">I4sIIII", 28, b"stsc", 0, 1, 1, many) + struct.pack(">I", 1)
    offset = struct.pack(">I4sIII", 20, b"stco", 0, 1, 0)

    def held(*kinds: bytes, body: bytes) -> bytes:
        for kind in kinds:
            body = struct.pack(">I4s", len(body) + 8, kind) + body
        return body

    index = (b"stbl", b"minf", b"mdia", b"trak", b"moov")
    return {
        "a million boxes": struct.pack(">I4s", 8, b"free") * 1_000_000,
        "four billion sizes": held(*index, body=table + chunk + offset),
        "four billion samples": held(*index, body=each + chunk + offset),
        "a large index": held(b"moov", body=bytes(MAX_INDEX_BYTES + 1)),
        "a million elements": b"\x1a\x45\xdf\xa3\x80" + b"\xec\x80" * 1_000_000,
        "a million open elements": b"\x1a\x45\xdf\xa3\xff" * 1_000_000,
        "no segment": b"\x1a\x45\xdf\xa3\x80",
        "2 to the 64": struct.pack(">I4sQ", 1, b"mdat", (1 << 64) - 1),
    }


@pytest.mark.parametrize("name", hostile())
def test_the_work_is_bounded(name: str) -> None:
    data = hostile()[name]
    start = time.process_time()
    assert not whole(data)
    assert time.process_time() - start < 1
