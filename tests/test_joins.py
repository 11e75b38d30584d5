"""Whose join is next, what the page is told of it, and how it is stopped."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from join_fixtures import Film, films
from runner_fixtures import until

from vidu_demo.jobs import files
from vidu_demo.jobs.films import joins as module
from vidu_demo.jobs.films.joins import Join, Joins, Source
from vidu_demo.jobs.room import Room
from vidu_demo.media.clip import ClipFailed
from vidu_demo.media.joining.process import JoinProcess

HERE = Path("joined.mp4")


class Held:
    """A join that goes on when the test says so."""

    made: "list[Held]"

    def __init__(self, _: Sequence[Source], __: Path, story: Mapping[str, Any]) -> None:
        self.story, self._error = story, ""
        self.begun, self._over = threading.Event(), threading.Event()
        self.report: Callable[[int], None]
        self.made.append(self)

    def run(self, report: Callable[[int], None]) -> None:
        self.report = report
        self.begun.set()
        self._over.wait(60)
        if self._error:
            raise ClipFailed(self._error)

    def end(self, error: str = "") -> None:
        self._error = error
        self._over.set()

    def stop(self) -> None:
        self.end("Stopped.")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Held]:
    monkeypatch.setattr(Held, "made", [], raising=False)
    monkeypatch.setattr(module, "JoinProcess", Held)
    return Held.made


@pytest.fixture
def joins() -> Iterator[Joins]:
    made = Joins()
    yield made
    made.close()


def begin(joins: Joins, folder: Path, key: str, visitor: str = "a") -> None:
    target = folder / f"{key}.mp4"
    joins.start(key, [Source(folder / "x.mp4")], target, {"key": key}, visitor=visitor)


def running(held: list[Held]) -> set[str]:
    return {each.story["key"] for each in held if each.begun.is_set() and not each._over.is_set()}


def test_a_join_is_made_and_found(tmp_path: Path) -> None:
    told: list[str] = []
    joins = Joins(told.append)
    parts = [Source(path) for path in films(tmp_path, [Film(), Film(grey=99)])]
    target = tmp_path / "joins" / "joined.mp4"
    assert joins.state("k") is None
    joins.start("k", parts, target, {}, visitor="a")
    until(lambda: (joins.state("k") or Join(HERE)).over, "it ends")
    assert joins.state("k") == Join(target, 100, waiting=False, done=True)
    assert target.is_file()
    assert set(told) == {"a"}
    assert len(told) <= 6
    joins.close()
    assert joins.state("k") == Join(target, 100, waiting=False, done=True)


def test_a_join_that_fails_says_why(tmp_path: Path, joins: Joins) -> None:
    begin(joins, tmp_path, "k")
    until(lambda: (joins.state("k") or Join(HERE)).over, "it ends")
    state = joins.state("k")
    assert state
    assert (state.error, state.done) == ("Part 1: This file can't be read as a video.", False)
    [path] = films(tmp_path, [Film()])
    joins.start("k", [Source(path)], tmp_path / "k.mp4", {}, visitor="a")
    until(lambda: (joins.state("k") or Join(HERE)).done, "it is made after all")


def test_visitors_take_turns(tmp_path: Path, joins: Joins, held: list[Held]) -> None:
    for number in range(3):
        begin(joins, tmp_path, f"a{number}", "a")
    for visitor in "bc":
        begin(joins, tmp_path, visitor, visitor)
    until(lambda: running(held) == {"a0", "b"}, "one of each visitor, two in all")
    assert [joins.state(key).waiting for key in ("a0", "a1", "a2", "b", "c")] == [0, 1, 1, 0, 1]
    held[0].end()
    until(lambda: running(held) == {"a1", "b"}, "a came before c")
    held[1].end()
    until(lambda: running(held) == {"b", "c"}, "c comes before a's next")
    assert joins.state("a2").waiting


def test_a_second_click_begins_no_second_join(
    tmp_path: Path, joins: Joins, held: list[Held]
) -> None:
    begin(joins, tmp_path, "k")
    begin(joins, tmp_path, "k")
    until(lambda: running(held) == {"k"}, "it runs")
    begin(joins, tmp_path, "k")
    assert len(held) == 1


def test_too_many_are_refused(tmp_path: Path, joins: Joins, held: list[Held]) -> None:
    for number in range(6):
        begin(joins, tmp_path, f"k{number}")
    state = joins.state("k5")
    assert state
    assert "Too many of your videos are waiting" in state.error
    assert joins.state("k4").waiting
    assert len(held) == 5
    begin(joins, tmp_path, "other", "b")
    until(lambda: "other" in running(held), "others are not held up")


def test_a_stopped_join_is_forgotten(tmp_path: Path, joins: Joins, held: list[Held]) -> None:
    begin(joins, tmp_path, "k")
    begin(joins, tmp_path, "next")
    until(lambda: running(held) == {"k"}, "it runs")
    joins.stop("k")
    assert joins.state("k") is None
    until(lambda: running(held) == {"next"}, "the next one runs")
    begin(joins, tmp_path, "k")
    assert joins.state("k").waiting
    joins.stop("k")  # also while it waits
    joins.stop("unknown")
    held[1].end()
    until(lambda: joins.state("next").done, "it ends")
    assert joins.state("k") is None
    assert not held[2].begun.is_set()


def test_the_old_run_says_nothing_of_a_new_one(
    tmp_path: Path, joins: Joins, held: list[Held]
) -> None:
    begin(joins, tmp_path, "k")
    until(lambda: running(held) == {"k"}, "it runs")
    held[0].stop = lambda: None  # it takes its time
    joins.stop("k")
    begin(joins, tmp_path, "k")
    held[0].report(70)
    assert joins.state("k").percent == 0
    held[0].end("Stopped.")
    until(held[1].begun.is_set, "the new one runs")
    assert joins.state("k").error == ""


def test_the_page_hears_of_it_once_a_second(tmp_path: Path, held: list[Held]) -> None:
    told: list[str] = []
    now = [0.0]
    joins = Joins(told.append, clock=lambda: now[0])
    begin(joins, tmp_path, "k")
    until(held[0].begun.is_set, "it runs")
    told.clear()
    for percent in range(1, 31):
        now[0] += 0.1
        held[0].report(percent)
        assert joins.state("k").percent == percent
    assert len(told) in (3, 4)
    told.clear()
    held[0].end()
    until(lambda: told == ["a"], "the end is told at once")
    joins.close()


def test_closing_ends_all(tmp_path: Path, held: list[Held]) -> None:
    joins = Joins()
    for visitor in "abc":
        begin(joins, tmp_path, visitor, visitor)
    until(lambda: running(held) == {"a", "b"}, "they run")
    joins.close()
    assert running(held) == set()
    assert not held[2].begun.is_set()
    begin(joins, tmp_path, "d")
    assert joins.state("d") is None


@pytest.mark.parametrize("limited", [True, False])
def test_a_join_that_fills_the_disk_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limited: bool
) -> None:
    free, now = [files.FREE_BYTES_NEEDED], [0.0]

    class Filling(JoinProcess):
        """Fills the disk while it runs, as a long film does."""

        def run(self, report: Callable[[int], None]) -> None:
            def fill(percent: int) -> None:
                filler = target.parent / "filler"
                filler.write_bytes(bytes(50_000))
                if not limited:
                    free[0] -= 1
                now[0] += 1.0
                report(percent)

            super().run(fill)

    monkeypatch.setattr(module, "JoinProcess", Filling)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    parts = [Source(path) for path in films(tmp_path, [Film(), Film(grey=99)])]
    target = tmp_path / "videos" / "film" / "joined.mp4"
    most = files.FREE_BYTES_NEEDED + 49_999 if limited else None
    room = Room(tmp_path / "videos", tmp_path / "copies", most=most)
    joins = Joins(room=room, clock=lambda: now[0])
    joins.start("k", parts, target, {}, visitor="a")
    until(lambda: (joins.state("k") or Join(HERE)).over, "it ends")
    joins.close()
    state = joins.state("k")
    assert state
    assert state.error == "There is no disk space left for the joined video."
    assert not state.done
    assert [file.name for file in target.parent.iterdir()] == ["filler"]


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    room = Room(tmp_path / "videos", tmp_path / "copies", most=1)
    joins = Joins(room=room)
    begin(joins, tmp_path, "k")
    until(lambda: joins.state("k").over, "it ends")
    assert joins.state("k").error == "There is no disk space left for the joined video."
    joins.close()
