"""Zips of takes: what goes into one, and that a dropped one can do no harm."""

import io
import json
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from runner_fixtures import OTHER, OWNER, Bench, picture

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.jobs import takeaway
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.takeaway import NothingToTake, TakeawayTooLarge
from vidu_demo.media import archive
from vidu_demo.media.clip import facts
from vidu_demo.ui.form import brought
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.sharing.takeaway import Takeaway, index

HOSTILE = "</p><script>alert(1)</script>"


def packed(bench: Bench, *jobs: Job) -> zipfile.ZipFile:
    file = bench.runner.file
    taken = takeaway.pack(jobs, file)
    chunks = list(takeaway.stream(taken, file, index(taken, str)))
    assert max(map(len, chunks)) < 400_000
    return zipfile.ZipFile(io.BytesIO(b"".join(chunks)))


def test_a_zip_has_videos_pictures_requests_and_a_page(bench: Bench) -> None:
    one = bench.done(bench.start("a", prompt=f"first {HOSTILE}"))
    two = bench.done(
        bench.start("b", prompt="second", images=[picture(), "https://example.com/b.jpg"], seed=8)
    )
    made = packed(bench, one, two)
    assert made.testzip() is None
    assert made.namelist()[:2] == ["takes.json", "index.html"]
    assert set(made.namelist()[2:]) == {
        "takes/01/request.json",
        "takes/02/request.json",
        f"takes/01/{one.video}",
        f"takes/02/{two.video}",
        f"takes/01/{one.request['images'][0]}",
        f"takes/02/{two.request['images'][0]}",
    }
    assert made.read(f"takes/01/{one.video}") == bench.file(one).read_bytes()
    assert made.getinfo(f"takes/01/{one.video}").compress_type == zipfile.ZIP_STORED
    page = made.read("index.html").decode()
    assert HOSTILE not in page
    assert "script" not in page.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")
    assert f'src="takes/01/{one.video}"' in page
    named = "http-equiv", "http://www.w3.org/2000/svg"  # neither is a link
    assert "http" not in page.replace(named[0], "").replace(named[1], "")
    assert json.loads(made.read("takes/02/request.json")) == two.settings


def test_a_zip_tells_nothing_that_is_secret(bench: Bench) -> None:
    signed = "https://example.com/a.jpg?X-Signature=secret"
    job = bench.done(bench.start(images=[picture(), signed, "https://me:pw@example.com/b.jpg"]))
    made = packed(bench, job)
    texts = b"".join(made.read(n) for n in made.namelist() if n.endswith((".json", ".html")))
    for secret in (signed, "me:pw", job.owner, job.task_id or "?", job.id, bench.simulator.key):
        assert secret.encode() not in texts


def test_only_videos_that_are_there_are_taken(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.done(bench.start())
    with pytest.raises(TakeawayTooLarge):
        takeaway.pack([job] * 101, bench.runner.file)
    monkeypatch.setattr(takeaway, "MAX_BYTES", 1000)
    with pytest.raises(TakeawayTooLarge):
        takeaway.pack([job], bench.runner.file)
    bench.file(job).unlink()
    with pytest.raises(NothingToTake):
        takeaway.pack([job], bench.runner.file)


def test_a_ticket_is_for_its_visitors_own_videos(bench: Bench) -> None:
    job = bench.done(bench.start())
    desk = Takeaway(bench.runner, b"secret")
    assert desk.url([job.id, job.id, "x", 7], OWNER).startswith("take-along/")
    for jobs, owner in (([job.id], OTHER), ([], OWNER), ("nonsense", OWNER), (None, OWNER)):
        with pytest.raises(NothingToTake):
            desk.url(jobs, owner)
    with pytest.raises(TakeawayTooLarge):
        desk.url(["x"] * 101, OWNER)


# Dropped back


@pytest.fixture
def dropped(bench: Bench, tmp_path: Path) -> Path:
    jobs = [
        bench.done(bench.start(f"{n}", prompt=f"take {n}", seed=n, images=[picture()]))
        for n in (1, 2)
    ]
    path = tmp_path / "takes.zip"
    path.write_bytes(packed(bench, *jobs).fp.getvalue())  # type: ignore[union-attr]
    return path


def test_a_dropped_zip_gives_its_takes(
    dropped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vidu_demo.ui.form import uploads
    from vidu_demo.ui.form.uploads import UploadedFile

    monkeypatch.setattr(uploads, "folder", lambda: tmp_path)
    assert archive.is_archive(dropped)
    first = brought.bring(UploadedFile(dropped), 0, Opener(), str)
    second = brought.bring(UploadedFile(dropped), 1, Opener(), str)
    assert first
    assert second
    assert (first.settings["prompt"], first.settings["seed"]) == ("take 1", 1)
    assert (second.settings["prompt"], second.settings["seed"]) == ("take 2", 2)
    with Image.open(first.pictures[0]) as came, Image.open(io.BytesIO(picture())) as sent:
        assert came.size == sent.size
    assert first.offer.count("data-take") == 2
    assert brought.bring(UploadedFile(dropped), 2, Opener(), str) is None


def entry(name: str, **changes: Any) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    for field, value in changes.items():
        setattr(made, field, value)
    return made


LINK = (stat.S_IFLNK | 0o777) << 16
GOOD = {"format": "vidu-takes", "takes": [{"settings": {"prompt": "x"}, "pictures": []}]}
Write = Callable[[zipfile.ZipFile], object]


def zipped(path: Path, *more: Write, manifest: Any = GOOD) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("takes.json", json.dumps(manifest))
        for write in more:
            write(made)
    return path


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda z: z.writestr("../../evil.html", "x"), "not safe"),
        (lambda z: z.writestr("takes/../../evil", "x"), "not safe"),
        (lambda z: z.writestr("/etc/passwd", "x"), "not safe"),
        (lambda z: z.writestr("C:evil", "x"), "not safe"),
        (lambda z: z.writestr("takes\\..\\evil", "x"), "not safe"),
        (lambda z: z.writestr(entry("takes/01/link", external_attr=LINK), "/etc/passwd"), "safe"),
        (lambda z: z.writestr("inner.zip", "PK"), "not safe"),
        (lambda z: z.writestr("zeros", bytes(50_000_000)), "not safe"),
        (lambda z: z.writestr(entry("x", compress_type=zipfile.ZIP_LZMA), "x" * 99), "not safe"),
        (lambda z: [z.writestr(f"{n}", "") for n in range(5_001)], "more than 5000 files"),
    ],
    ids=[
        "up", "up inside", "absolute", "drive", "backslash", "link", "zip in zip", "bomb",
        "compression", "entries",
    ],
)  # fmt: skip
def test_a_hostile_zip_is_refused_as_a_whole(tmp_path: Path, write: Write, reason: str) -> None:
    path = zipped(tmp_path / "hostile.zip", write)
    with pytest.raises(PictureInvalid, match=reason):
        archive.takes(path)
    with pytest.raises(PictureInvalid, match=reason):
        archive.picture(path, "takes/01/picture-1.jpg")


def test_pictures_that_are_named_twice_are_taken_once(tmp_path: Path) -> None:
    name = "takes/01/picture-1.png"
    told = {"settings": {"prompt": "x"}, "pictures": [name] * 20}
    manifest = {"format": "vidu-takes", "takes": [told]}
    path = zipped(tmp_path / "takes.zip", lambda z: z.writestr(name, picture()), manifest=manifest)
    (take,) = archive.takes(path)
    assert take["pictures"] == [name]


def test_the_pictures_of_a_take_are_no_larger_than_one_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["takes/01/picture-1.png", "takes/01/picture-2.png"]
    manifest = {"format": "vidu-takes", "takes": [{"settings": {}, "pictures": names}]}
    path = zipped(
        tmp_path / "takes.zip",
        *(lambda z, name=name: z.writestr(name, picture()) for name in names),
        manifest=manifest,
    )
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 2 * len(picture()) - 1)
    with pytest.raises(PictureInvalid, match="too large"):
        archive.takes(path)


def test_texts_of_equal_prompts_can_be_packed_small(tmp_path: Path) -> None:
    take = {"settings": {"prompt": "long " * 900}, "pictures": []}
    manifest = {"format": "vidu-takes", "takes": [take] * 100}
    path = zipped(tmp_path / "takes.zip", manifest=manifest)
    assert len(archive.takes(path)) == 100


def test_numbers_of_64_bits_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "takes.zip")
    data = path.read_bytes()
    end = data.rindex(b"PK\5\6")
    path.write_bytes(data[:end] + b"PK\6\7" + bytes(16) + data[end:])
    with pytest.raises(PictureInvalid, match="not safe"):
        archive.takes(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "two.zip", lambda z: z.writestr("takes.json", "{}"))
    with pytest.raises(PictureInvalid, match="not safe"):
        archive.takes(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\1\2")
    struct.pack_into("<H", data, at + 8, 1)
    path.write_bytes(data)
    with pytest.raises(PictureInvalid, match="not safe"):
        archive.takes(path)


def test_what_an_entry_says_of_its_size_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_MANIFEST", 10_000)
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("takes.json", json.dumps(GOOD) + " " * 5_000_000)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\1\2")
    struct.pack_into("<L", data, at + 24, 100)  # unpacked size
    path.write_bytes(data)
    with pytest.raises(PictureInvalid, match=r"too large|damaged"):
        archive.takes(path)


@pytest.mark.parametrize(
    "manifest",
    [
        [], {}, "x", {"format": "vidu-takes", "takes": []}, {"format": "vidu-takes", "takes": [7]},
        {"format": "other", "takes": [{}]}, {"format": "vidu-takes", "takes": [{}] * 101},
    ],
)  # fmt: skip
def test_another_zip_is_no_zip_of_takes(tmp_path: Path, manifest: Any) -> None:
    with pytest.raises(PictureInvalid, match="not a zip of videos"):
        archive.takes(zipped(tmp_path / "other.zip", manifest=manifest))


def test_only_what_a_form_can_hold_is_read_from_the_list(tmp_path: Path) -> None:
    take = {
        "settings": {"prompt": "x", "seed": {"a": 1}, "images": ["/etc/passwd"], "evil": 1},
        "pictures": [
            "../x.jpg",
            "takes/01/picture-1.jpg",
            "index.html",
            7,
            "takes/01/picture-2.py",
        ],
        "urls": ["file:///etc/passwd", "https://example.com/a.jpg", None],
    }
    path = zipped(
        tmp_path / "odd.zip",
        lambda z: z.writestr("takes/01/picture-1.jpg", b"no picture"),
        lambda z: z.writestr("index.html", HOSTILE),
        manifest={"format": "vidu-takes", "takes": [take]},
    )
    assert archive.takes(path) == [
        {
            "settings": {"prompt": "x"},
            "pictures": ["takes/01/picture-1.jpg"],
            "urls": ["https://example.com/a.jpg"],
        }
    ]
    for name in ("index.html", "takes.json", "../x", "takes/01/picture-9.jpg"):
        with pytest.raises(PictureInvalid):
            archive.picture(path, name)


@pytest.mark.parametrize("size", [4, 30, 100, -30, -1])
def test_half_a_zip_is_damaged(tmp_path: Path, size: int) -> None:
    path = zipped(tmp_path / "half.zip")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(PictureInvalid):
        archive.takes(path)


def test_a_million_entries_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    one = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    directory = (one + b"x") * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), 0, 0)
    path.write_bytes(directory + end)
    begun = time.monotonic()
    with pytest.raises(PictureInvalid):
        archive.takes(path)
    assert time.monotonic() - begun < 2


# Without settings


def test_a_plain_copy_has_no_settings_and_the_same_frames(bench: Bench) -> None:
    job = bench.done(bench.start())
    plain = bench.runner.plain_video(job)
    assert plain
    data = plain.read_bytes()
    assert b"slow push-in" in bench.file(job).read_bytes()
    assert b"slow push-in" not in data
    assert (job.task_id or "?").encode() not in data
    assert facts(plain) == facts(bench.file(job))
    assert bench.row(job).state is JobState.DONE
    assert not list(plain.parent.glob("*.part"))
