"""Worker processes: what they return, what they are held to, and who is next."""

import builtins
import io
import json
import os
import pickle
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from runner_fixtures import OWNER, bench_over, shorten_waits, until

from vidu_demo import VideoRequest
from vidu_demo.api import errors, images
from vidu_demo.api.errors import (
    Charged,
    DownloadFailed,
    PictureInvalid,
    Problem,
    RequestInvalid,
    ViduError,
)
from vidu_demo.api.images import Picture, PictureTooLong, prepare, prepare_all
from vidu_demo.api.refusals import ApiRefused, TaskFailed
from vidu_demo.api.text import Text
from vidu_demo.media import clip, framing
from vidu_demo.media.codec import Unreadable, pack, unpack
from vidu_demo.media.fair_semaphore import FairSemaphore, TooManyWaiting
from vidu_demo.media.framing import Frame
from vidu_demo.media.pool import OpeningFailed, WorkerPool
from vidu_demo.settings import Settings
from vidu_demo.studio import Studio


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(workers=2, seconds=60)
    yield made
    made.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.effect_noise((64, 48), 60).save(path)
    return path


@pytest.fixture
def film(tmp_path: Path, clip: bytes) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(clip)
    return path


# It is as if it ran here


def test_a_worker_gives_what_the_function_gives(pool: WorkerPool, photo: Path) -> None:
    assert prepare(photo, run=pool.run) == prepare(photo)
    assert pool.run(images.prepare, photo) == prepare(photo)
    assert pool.run(framing.frame, str(photo)) == framing.frame(photo)
    here, there = images.flatten(photo), pool.run(images.flatten, photo)
    assert (here.format, here.size, here.tobytes()) == (there.format, there.size, there.tobytes())
    assert prepare_all([photo, "https://example.com/a"], run=pool.run, visitor="a") == prepare_all(
        [photo, "https://example.com/a"]
    )


def test_a_video_is_opened_there_too(pool: WorkerPool, film: Path) -> None:
    assert pool.run(clip.facts, film) == clip.facts(film)
    assert pool.run(clip.first_frame, film).tobytes() == clip.first_frame(film).tobytes()
    assert pool.run(clip.read_settings, film) is None
    assert pool.run(clip.write_settings, film, {"seed": 7, "of": [1.5, None, True]}) is None
    assert pool.run(clip.read_settings, film) == {"seed": 7, "of": [1.5, None, True]}
    film.write_bytes(b"words")
    with pytest.raises(clip.ClipFailed, match="can't be read as a video"):
        pool.run(clip.first_frame, film)


def test_it_raises_what_the_function_raises(pool: WorkerPool, tmp_path: Path) -> None:
    with pytest.raises(PictureTooLong, match="too wide") as caught:
        pool.run(images.prepare, Image.new("RGB", (50, 10)))
    assert caught.value.problems == (Problem("images", caught.value.what),)
    assert caught.value.charged is Charged.NO
    with pytest.raises(PictureInvalid, match=r"^There is no picture file “gone"):
        framing.frame(tmp_path / "gone.jpg", run=pool.run)
    with pytest.raises(PictureInvalid, match="damaged"):
        pool.run(images.prepare, b"\x89PNG\r\n\x1a\n" + bytes(99))
    with pytest.raises(ValueError, match="invalid literal"):
        pool.run(int, "seven")


def test_a_picture_is_decoded_once_for_the_page_and_the_click(photo: Path) -> None:
    asked: list[Any] = []

    def run(function: Any, /, *args: Any, visitor: str = "") -> Any:
        asked.append((function.__name__, visitor))
        return function(*args)

    for _ in range(3):
        framing.frame(photo, run=run, visitor="a")
        prepare(photo, run=run, visitor="a")
    assert asked == [("inspect", "a")]  # which has prepared it, here


# What it is held to


def test_a_worker_starts_when_it_is_needed_and_stays() -> None:
    pool = WorkerPool()
    try:
        assert pool.processes == []
        first = pool.run(os.getpid)
        assert pool.processes == [first] == [pool.run(os.getpid)]
        assert first != os.getpid()
    finally:
        pool.close()
    until(lambda: not Path(f"/proc/{first}").exists(), "it ends")


def test_what_takes_too_long_is_ended_and_the_next_call_runs() -> None:
    pool = WorkerPool(workers=1, seconds=0.5)
    try:
        first = pool.run(os.getpid)
        with pytest.raises(OpeningFailed, match="Try again") as caught:
            pool.run(time.sleep, 60)
        assert caught.value.charged is Charged.NO
        assert pool.run(os.getpid) != first
        assert len(pool.processes) == 1
    finally:
        pool.close()


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux limits memory")
def test_what_takes_too_much_memory_fails() -> None:
    pool = WorkerPool(workers=1, megabytes=120)
    try:
        with pytest.raises(OpeningFailed, match="too much memory"):
            pool.run(bytearray, 500_000_000)
        assert pool.run(len, b"four") == 4
        file = io.BytesIO()
        Image.new("L", (9_000, 9_000)).save(file, "PNG")
        with pytest.raises(PictureInvalid, match="not enough memory"):
            pool.run(images.prepare, file.getvalue())
    finally:
        pool.close()


def test_a_worker_that_ends_is_replaced() -> None:
    pool = WorkerPool(workers=1)
    try:
        with pytest.raises(OpeningFailed):
            pool.run(os._exit, 3)
        idle = pool.run(os.getpid)
        os.kill(idle, 9)
        until(lambda: Path(f"/proc/{idle}/stat").read_text().split()[2] == "Z", "it has ended")
        assert pool.run(os.getpid) != idle
    finally:
        pool.close()


def test_a_worker_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVITA_API_KEY", "k-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy")
    pool = WorkerPool(workers=1)
    try:
        assert pool.run(os.getenv, "NOVITA_API_KEY") is None
        assert pool.run(os.getenv, "HTTPS_PROXY") is None
        assert pool.run(os.getenv, "PATH") == os.environ["PATH"]
    finally:
        pool.close()


def test_what_is_printed_there_is_no_answer() -> None:
    pool = WorkerPool(workers=1)
    try:
        assert pool.run(print, "words") is None
        assert pool.run(os.write, 1, b"words") == 5
        assert pool.run(os.getenv, "HOME") is None
    finally:
        pool.close()


def test_closing_ends_what_is_under_way() -> None:
    pool = WorkerPool(workers=1)
    pool.run(os.getpid)
    with ThreadPoolExecutor() as threads:
        calls = [threads.submit(pool.run, time.sleep, 60) for _ in range(3)]
        pool.close()
        for call in calls:
            with pytest.raises(OpeningFailed):
                call.result(timeout=20)
    with pytest.raises(OpeningFailed, match="shutting down"):
        pool.run(os.getpid)
    assert pool.processes == []


# Who is next


def test_places_go_round_the_visitors() -> None:
    semaphore, order = FairSemaphore(1, 50), list[str]()
    go = threading.Event()

    def take(visitor: str) -> None:
        with semaphore.slot(visitor):
            go.wait()
            order.append(visitor)

    with ThreadPoolExecutor(20) as threads:
        for place, visitor in enumerate(["a"] * 8 + ["b", "c", "b"]):
            threads.submit(take, visitor)
            until(lambda: waiting(semaphore) == place, "they wait in this order")  # noqa: B023
        go.set()
    assert order == ["a", "a", "b", "c", "a", "b", *"aaaaa"]


def waiting(semaphore: FairSemaphore) -> int:
    return sum(map(len, semaphore._waiting.values()))


def test_one_visitor_may_have_only_so_many_waiting() -> None:
    semaphore = FairSemaphore(1, 2)
    with semaphore.slot("a"), ThreadPoolExecutor() as threads:

        def take(visitor: str) -> None:
            with semaphore.slot(visitor):
                pass

        for _ in range(2):
            threads.submit(take, "a")
        until(lambda: waiting(semaphore) == 2, "two wait")
        with pytest.raises(TooManyWaiting, match="Too many"):
            take("a")
        other = threads.submit(take, "b")
        until(lambda: waiting(semaphore) == 3, "another may")
        semaphore._release()
        other.result(timeout=20)
        semaphore._acquire("z")


def test_fifty_hostile_pictures_are_not_before_another_visitors_one(photo: Path) -> None:
    pool = WorkerPool(workers=2, seconds=0.5, most_waiting=50)
    try:
        pool.run(os.getpid)
        with ThreadPoolExecutor(50) as threads:
            hostile = [threads.submit(pool.run, time.sleep, 60, visitor="a") for _ in range(50)]
            until(lambda: waiting(pool._turns) == 48, "they wait")
            assert pool.run(images.prepare, photo, visitor="b").width == 64
            assert sum(call.done() for call in hostile) <= 6
            pool.close()
    finally:
        pool.close()


# What crosses


def pickled(error: Any) -> Any:
    return pickle.loads(pickle.dumps(error))  # noqa: S301


def crossed(value: Any) -> Any:
    return unpack(io.BytesIO(b"".join(pack(value))).read)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        "é\ud800",
        b"\0\xff",
        [1, [2, b"x"]],
        (1, (b"y",)),
        {"a": {"b": [None]}, "": ()},
        Charged.YES,
        Text("It is {size}: {text}", size=2.5, text=Text("no {x}")),
        Picture(b"data", "image/png", 3, 4),
        Frame((3, 4), "data:,"),
        framing.TooLong("why", Frame((3, 4), ""), Frame((4, 3), "")),
        clip.Facts(3, 4, 1.0, 24.0, True),
    ],
)
def test_results_cross(value: Any) -> None:
    made = crossed(value)
    assert made == value
    assert type(made) is type(value)


ERRORS = [
    ViduError("what", charged=Charged.UNKNOWN, next_step="do", task_id="t-1", reason="R"),
    RequestInvalid(Problem("prompt", "It is empty."), Problem("seed", "It is odd.")),
    PictureInvalid("It is blue."),
    PictureTooLong(Text("Picture {number}: {text}", number=2, text=Text("It is long."))),
    DownloadFailed("It broke.", task_id="t-1"),
    TaskFailed("t-1", "AuditFailed"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("way", [crossed, pickled])
def test_errors_cross(error: ViduError, way: Any) -> None:
    made = way(error)
    assert type(made) is type(error)
    assert str(made) == str(error)
    for name in ("what", "charged", "next_step", "task_id", "reason", "problems"):
        assert getattr(made, name, None) == getattr(error, name, None)
    if isinstance(error.what, Text):
        assert (made.what.template, made.what.values) == (error.what.template, error.what.values)
        assert {*map(type, made.what.values.values())} == {*map(type, error.what.values.values())}


def test_every_error_survives_pickling() -> None:
    def all_of(kind: type[ViduError]) -> Iterator[type[ViduError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from all_of(child)

    for kind in all_of(ViduError):
        error = kind.__new__(kind, "what")
        ViduError.__init__(error, "what", task_id="t-1")
        made = pickled(error)
        assert (type(made), made.what, made.task_id) == (kind, "what", "t-1")
    assert pickled(ApiRefused("x")).retry_after is None


def answer(head: Any, *blobs: bytes) -> Any:
    text = json.dumps(head).encode()
    sizes = json.dumps([len(text), *map(len, blobs)]).encode()
    return unpack(io.BytesIO(b"".join([len(sizes).to_bytes(4), sizes, text, *blobs])).read)


@pytest.mark.parametrize(
    "head",
    [
        {"Popen": [["touch", "taken"]]},
        {"error": ["os", "system", {"dict": [["what", "true"]]}]},
        {"error": ["builtins", "eval", {"dict": []}]},
        {"error": ["vidu_demo.api.errors", "redact", {"dict": [["what", "x"]]}]},
        {"error": ["vidu_demo.api.errors", "re", {"dict": [["what", "x"]]}]},
        {"error": ["vidu_demo.api.errors", "ViduError", {"dict": [["what", 7]]}]},
        {
            "error": [
                "vidu_demo.api.errors",
                "ViduError",
                {"dict": [["what", "x"], ["__class__", "y"]]},
            ]
        },
        {"Picture": [{"bytes": 0}, "image/png", "wide", 4]},
        {"Picture": ["text", "image/png", 3, 4]},
        {"Picture": [3, 4]},
        {"Frame": [[3, 4], "x"]},
        {"Frame": [{"tuple": [3, 4, 5]}, "x"]},
        {"image": [900_000, 900_000, None, {"bytes": 0}]},
        {"image": [-1, -1, None, {"bytes": 0}]},
        {"bytes": 9},
        {"charged": "maybe"},
        {"text": ["{x:999999999}", {"dict": [["x", 1]]}]},
        {"text": ["{x.__class__}", {"dict": [["x", 1]]}]},
        {"text": ["{x!r}", {"dict": [["x", 1]]}]},
        {"text": ["{0}{}", {"dict": [["x", 1]]}]},
        {"text": ["{y}", {"dict": [["x", 1]]}]},
        {"text": ["{x}", {"dict": [["x", ["y"]]]}]},
        {"text": ["{x}" * 1000, {"dict": [["x", "y" * 4000]]}]},
        {"text": [7, {"dict": []}]},
        {"a": [], "b": []},
        {},
    ],
)
def test_a_worker_that_was_taken_over_can_say_nothing_else(head: Any) -> None:
    with pytest.raises(Unreadable):
        answer(head, b"abc")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\xff\xff\xff\xff",
        b"\0\0\0\2{}",
        b"\0\0\0\3[1]x",
        b"\0\0\0\4[-1]",
        b"\0\0\0\x0d[99999999999]",
        b"\0\0\0\6[1e99]",
        b"\0\0\0\2[]",
        pickle.dumps(builtins.print),
        len(b"[" * 99_999).to_bytes(4) + b"[" * 99_999,
    ],
)
def test_nonsense_is_no_answer(data: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(io.BytesIO(data).read)


def test_what_has_no_place_in_an_answer_is_not_sent() -> None:
    for value in (object(), {1, 2}, errors):
        with pytest.raises(TypeError, match="can't return"):
            list(pack(value))


# A job's files


class Counting:
    """A pool's `run` that remembers what was asked of it."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self.asked: list[tuple[str, str]] = []
        self.fails: list[str] = []

    def __call__(self, function: Any, /, *args: Any, visitor: str = "") -> Any:
        self.asked.append((function.__name__, visitor))
        if function.__name__ in self.fails:
            self.fails.remove(function.__name__)
            raise OpeningFailed
        return self._pool.run(function, *args, visitor=visitor)


def test_a_job_opens_what_comes_from_outside_in_workers(
    pool: WorkerPool, clip: bytes, tmp_path: Path
) -> None:
    run = Counting(pool)
    with bench_over(tmp_path, clip, open_it=False) as bench:
        bench.open(run=run)
        done = bench.done(bench.start())
        assert done.facts is not None
        thumbnail = bench.runner.thumbnail(done)
        assert thumbnail is not None
        with Image.open(thumbnail) as small:
            assert small.size == (64, 48)
    expected = ["_prepare", "thumbnail", "check", "facts", "write_settings", "still"]
    assert run.asked == [(name, OWNER) for name in expected]


def test_takes_of_one_form_share_their_pictures(
    pool: WorkerPool, clip: bytes, tmp_path: Path
) -> None:
    run = Counting(pool)
    with bench_over(tmp_path, clip, open_it=False) as bench:
        bench.open(run=run)
        for job in bench.take("click", 3):
            bench.done(job)
    assert [name for name, _ in run.asked].count("_prepare") == 1


def test_a_video_that_was_too_much_to_open_is_fetched_again(
    pool: WorkerPool, clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_waits(monkeypatch)
    run = Counting(pool)
    run.fails = ["check", "facts"]
    with bench_over(tmp_path, clip, open_it=False) as bench:
        bench.open(run=run)
        job = bench.start()
        says = bench.says(job, "opening it took too long or too much memory")
        assert says.charged is Charged.YES
        done = bench.done(job)
        assert done.facts is None
        assert bench.simulator.submit_count == 1
        assert bench.simulator.download_count == 2
    assert [name for name, _ in run.asked].count("check") == 2


def test_a_picture_that_is_too_much_buys_nothing(
    pool: WorkerPool, clip: bytes, tmp_path: Path
) -> None:
    run = Counting(pool)
    run.fails = ["_prepare"]
    with bench_over(tmp_path, clip, open_it=False) as bench:
        bench.open(run=run)
        with pytest.raises(OpeningFailed):
            bench.start()
        assert bench.simulator.submit_count == 0
        assert list(bench.videos.glob("*")) == []
        bench.done(bench.start())


def test_the_app_has_a_pool(tmp_path: Path) -> None:
    studio = Studio(Settings(data_dir=tmp_path))
    try:
        long = VideoRequest(images=[Image.new("RGB", (640, 48))], prompt="x", duration=1)
        with pytest.raises(PictureInvalid, match="too wide"):
            studio.runner.purchases.start(long, owner=OWNER, idempotency_key="click")
        assert len(studio.pool.processes) == 1
    finally:
        studio.close()
    assert studio.pool.processes == []
