"""Only complete videos are kept."""

import gzip
import io
from pathlib import Path

import pytest
from download_fixtures import SECRET, Host, failing, fetch, finished, left
from http_fixtures import answering, raw_server
from PIL import Image

from vidu_demo.api import download
from vidu_demo.api.errors import DownloadFailed
from vidu_demo.media.clip import write_settings
from vidu_demo.simulator.responses import Response as Answer

JUNK = {
    "a page": (Answer(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}), "text/html"),
    "an error in XML": (Answer(200, b"<E/>", {"Content-Type": "application/xml"}), "xml"),
    "no video": (Answer(200, b"junk" * 999, {"Content-Type": "video/mp4"}), "file can't be played"),
    "nothing": (Answer(200, b"", {"Content-Type": "video/mp4"}), "file can't be played"),
    "a playlist": (Answer(200, b"#EXTM3U\n#EXTINF:1,\nhttp://h/v.ts\n"), "file can't be played"),
    "a server error": (Answer(500), "HTTP 500"),
    "a part that does not say so": (Answer(206, b"x"), "file can't be played"),
    "nothing to say": (Answer(204), "HTTP 204"),
    "half of it": (
        Answer(206, b"x" * 9, {"Content-Range": "bytes 0-8/99"}),
        "HTTP 206",
    ),
    "the rest of it": (Answer(206, b"x" * 9, {"Content-Range": "bytes 1-9/10"}), "HTTP 206"),
    "the rest of something": (Answer(206, b"x", {"Content-Range": "Bytes=1-9/*"}), "HTTP 206"),
    "a reset": (Answer(0, reset=True), "was interrupted"),
}


@pytest.mark.parametrize(("answer", "words"), JUNK.values(), ids=JUNK)
def test_what_is_no_video_is_not_kept(
    host: Host, tmp_path: Path, answer: Answer, words: str
) -> None:
    host.always = answer
    path = tmp_path / "v.mp4"
    path.write_text("the old one")
    failing(lambda: fetch(finished(f"{host.url}/v.mp4?{SECRET}"), path), words)
    assert left(tmp_path) == ["v.mp4"]
    assert path.read_text() == "the old one"


def test_a_picture_is_no_video(host: Host, tmp_path: Path, picture: Image.Image) -> None:
    file = io.BytesIO()
    picture.save(file, "PNG")
    host.always = Answer(200, file.getvalue(), {"Content-Type": "application/octet-stream"})
    failing(
        lambda: fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4"), "file can't be played"
    )


@pytest.mark.parametrize(
    "kind",
    [
        *("binary/octet-stream", "application/octet-stream", "", "VIDEO/MP4; x=y", "text/plain"),
        *("text/html; charset=utf-8", "application/json", "application/xml"),
    ],
)
def test_the_name_of_the_type_matters_little(host: Host, tmp_path: Path, kind: str) -> None:
    host.always = Answer(200, host.always.body, {"Content-Type": kind})
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").exists()


def test_a_video_with_a_broken_comment_is_kept(host: Host, tmp_path: Path, clip: bytes) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(clip)
    write_settings(path, {"x": "spoil me"})
    spoiled = path.read_bytes().replace(b"spoil me", b"\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc")
    host.always = Answer(200, spoiled, {"Content-Type": "video/mp4"})
    assert fetch(finished(f"{host.url}/v.mp4"), path).read_bytes() == spoiled


def test_a_body_that_is_packed_all_the_same(host: Host, tmp_path: Path, clip: bytes) -> None:
    host.always = Answer(200, gzip.compress(clip), {"Content-Encoding": "gzip"})
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


def test_a_body_without_end(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 1000)
    failing(lambda: fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4"), "larger than")
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "said",
    [
        *("bytes 0-{last}/{size}", "bytes 0-{last}/*", "Bytes 0-{last}/{size}", ""),
        *("bytes=0-{last}/{size}", " bytes  0 - {last} / {size} ", "bytes 0-{size}/{size}"),
        *("bytes 0-{last}", "bytes */{size}", "items 1-2/3", "bytes 0-" + "9" * 5000),
    ],
)
def test_all_of_it_as_a_part_is_all_of_it(
    host: Host, tmp_path: Path, clip: bytes, said: str
) -> None:
    content_range = said.format(last=len(clip) - 1, size=len(clip))
    host.always = Answer(206, clip, {"Content-Range": content_range} if said else {})
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


def test_half_of_it_as_a_part_without_a_range(host: Host, tmp_path: Path, clip: bytes) -> None:
    host.always = Answer(206, clip[: len(clip) // 2])
    link = finished(f"{host.url}/v.mp4?{SECRET}")
    failing(lambda: fetch(link, tmp_path / "v.mp4"), "stopped before the end")
    assert left(tmp_path) == []


def test_a_video_that_a_proxy_has_touched(host: Host, tmp_path: Path, clip: bytes) -> None:
    host.always = Answer(203, clip)
    assert fetch(finished(f"{host.url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


@pytest.mark.parametrize("share", [0.6, 0.999])
def test_half_a_video_is_not_kept(tmp_path: Path, clip: bytes, share: float) -> None:
    half = b"HTTP/1.1 200 OK\r\n\r\n" + clip[: int(len(clip) * share)]
    with raw_server(answering(half)) as url:
        link = finished(f"{url}/v.mp4?{SECRET}")
        failing(lambda: fetch(link, tmp_path / "v.mp4"), "stopped before the end")
    assert left(tmp_path) == []


def test_a_video_without_a_length_is_kept(tmp_path: Path, clip: bytes) -> None:
    with raw_server(answering(b"HTTP/1.1 200 OK\r\n\r\n" + clip)) as url:
        assert fetch(finished(f"{url}/v.mp4"), tmp_path / "v.mp4").read_bytes() == clip


@pytest.mark.parametrize("whole", [True, False])
def test_a_video_in_chunks(tmp_path: Path, clip: bytes, whole: bool) -> None:
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(chunk), chunk)
        for chunk in (clip[at : at + 10_000] for at in range(0, len(clip), 10_000))
    )
    sent = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    with raw_server(answering(sent + b"0\r\n\r\n" if whole else sent)) as url:
        link = finished(f"{url}/v.mp4?{SECRET}")
        if whole:
            assert fetch(link, tmp_path / "v.mp4").read_bytes() == clip
        else:
            failing(lambda: fetch(link, tmp_path / "v.mp4"), "was interrupted")


def test_the_check_can_be_another(host: Host, tmp_path: Path) -> None:
    seen = []

    def no(path: Path, task_id: str) -> None:
        seen.append((path.name, task_id))
        raise DownloadFailed("The video is made, but not to my liking.")

    link = finished(f"{host.url}/v.mp4")
    failing(lambda: fetch(link, tmp_path / "v.mp4", check=no), "liking")
    assert (seen, left(tmp_path)) == ([("v.mp4.part", "t-1")], [])
    assert fetch(link, tmp_path / "v.mp4", check=lambda *_: None).exists()
