"""Films without a browser: where a video goes, what is joined, and what a deletion leaves."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import Clock
from database_fixtures import database_url, write
from ledger_fixtures import VERSION_1
from runner_fixtures import (
    OTHER,
    OWNER,
    PROCESSING,
    Bench,
    bench_over,
    picture,
    shorten_waits,
    until,
)

from vidu_demo.api.text import Text
from vidu_demo.api.variations import Variations
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import FilmNotReady, TooManyFilms
from vidu_demo.jobs.films import films as module
from vidu_demo.jobs.films.film import MAX_PARTS, SILENT_SECONDS, Film, Part, Place
from vidu_demo.jobs.films.films import Films, mark, story
from vidu_demo.jobs.films.sequences import MAX_SEQUENCES
from vidu_demo.jobs.job import Job
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.media.joining.join import Source


@dataclass
class State:
    percent: float = 0.0
    done: bool = False
    error: str = ""


@dataclass
class FakeJoins:
    """Joins nothing until it is told to."""

    asked: dict[str, tuple[list[Source], Path, dict[str, Any]]] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def start(
        self,
        key: str,
        parts: Sequence[Source],
        target: Path,
        story: Mapping[str, Any],
        *,
        visitor: str,
    ) -> None:
        assert visitor
        self.asked[key] = list(parts), target, dict(story)
        self.states[key] = State()

    def state(self, key: str) -> State | None:
        return self.states.get(key)

    def stop(self, key: str) -> None:
        self.stopped.append(key)
        self.states.pop(key, None)

    def close(self) -> None:
        self.states.clear()

    def finish(self) -> Path:
        (key,) = self.states
        _, target, _ = self.asked[key]
        target.parent.mkdir()
        target.write_bytes(b"film")
        self.states[key].done = True
        return target


@pytest.fixture
def joins() -> FakeJoins:
    return FakeJoins()


@pytest.fixture
def bench(
    tmp_path: Path, clip: bytes, joins: FakeJoins, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    with bench_over(tmp_path / "data", clip, open_it=False) as made:
        made.open(joins=joins)
        yield made


@pytest.fixture
def films(bench: Bench) -> Films:
    return bench.runner.films


def video(bench: Bench, name: str, **asked: Any) -> Job:
    return bench.done(bench.start(name, prompt=name, **asked))


def bought(bench: Bench, place: Place | None, *, parent: str = "", takes: int = 1) -> list[Job]:
    """Buy what continues a video or replaces it."""
    request = bench.request(images=["https://example.com/frame.png"], seed=None)
    order = Order(request, Variations(takes), parent=parent, place=place)
    known = [job.id for job in bench.ledger.for_owner(OWNER, "there", most=99)]
    offer = bench.purchases.offer(order, owner=OWNER, acknowledged=known)
    return bench.purchases.buy(offer.id, owner=OWNER)


def only(films: Films, owner: str = OWNER) -> Film:
    (film,) = films.all_of(owner)
    return film


def order_of(film: Film) -> list[str]:
    return [part.job for part in film.parts]


# Where a video goes


def test_what_continues_a_video_begins_a_film_with_it(bench: Bench, films: Films) -> None:
    first = video(bench, "first")
    (second,) = bought(bench, Place(first.id, end=0.4), parent=first.id)
    assert bench.row(second).parent == first.id
    assert only(films).parts == (Part(first.id, end=0.4), Part(second.id))
    bench.done(second)
    (third,) = bought(bench, Place(second.id), parent=second.id)
    assert order_of(only(films)) == [first.id, second.id, third.id]


def test_it_goes_behind_what_it_continues(bench: Bench, films: Films) -> None:
    one, other = video(bench, "one"), video(bench, "other")
    films.begin(OWNER, [Part(one.id), Part(other.id)])
    (new,) = bought(bench, Place(one.id), parent=one.id)
    assert order_of(only(films)) == [one.id, new.id, other.id]


def test_the_first_of_several_takes_is_in_the_film_until_another_replaces_it(
    bench: Bench, films: Films
) -> None:
    first = video(bench, "first")
    one, two = bought(bench, Place(first.id), parent=first.id, takes=2)
    (three,) = bought(bench, Place(first.id), parent=first.id)
    film = only(films)
    assert order_of(film) == [first.id, one.id]
    films.replace(film.id, OWNER, one.id, two.id)
    assert order_of(only(films)) == [first.id, two.id]
    films.replace(film.id, OWNER, two.id, three.id)
    assert order_of(only(films)) == [first.id, three.id]


def test_a_part_that_is_made_again_is_replaced_where_it_stands(bench: Bench, films: Films) -> None:
    one, other = video(bench, "one"), video(bench, "other")
    film = films.begin(OWNER, [Part(one.id, 0.2, 0.8), Part(other.id)])
    (new,) = bought(bench, Place(one.id, instead=True, film=film.id), parent=one.id)
    assert only(films).parts == (Part(new.id), Part(other.id))
    (more,) = bought(bench, Place(one.id, instead=True, film=film.id), parent=one.id)
    assert order_of(only(films)) == [new.id, other.id]
    assert bench.row(more)


def test_a_drafts_full_video_takes_its_place(bench: Bench, films: Films, tmp_path: Path) -> None:
    (tmp_path / "teal.png").write_bytes(picture())
    full = bench.request(images=[tmp_path / "teal.png"], duration=5, resolution="720p", seed=None)
    offer = bench.purchases.offer(Order(full.draft(), full=full), owner=OWNER)
    (draft,) = bench.purchases.buy(offer.id, owner=OWNER)
    films.begin(OWNER, [Part(bench.done(draft).id)])
    order = bench.purchases.in_full(bench.row(draft))
    assert order
    (made,) = bench.purchases.buy(bench.purchases.offer(order, owner=OWNER).id, owner=OWNER)
    assert order_of(only(films)) == [made.id]
    assert bench.row(made).is_in_full(bench.row(draft))
    (continued,) = bought(bench, Place(draft.id), parent=draft.id)
    assert not bench.row(continued).is_in_full(bench.row(draft))


def test_nobody_can_use_another_visitors_film(bench: Bench, films: Films) -> None:
    mine = video(bench, "mine")
    film = films.begin(OWNER, [Part(mine.id)])
    request = bench.request(images=["https://example.com/frame.png"], prompt="theirs")
    order = Order(request, parent=mine.id, place=Place(mine.id, end=0.1))
    offer = bench.purchases.offer(order, owner=OTHER)
    (theirs,) = bench.purchases.buy(offer.id, owner=OTHER)
    assert bench.row(theirs).parent == ""
    assert films.all_of(OTHER) == []
    for change in (
        lambda: films.arrange(film.id, OTHER, [Part(mine.id, 0.3)]),
        lambda: films.add(film.id, OTHER, theirs.id),
        lambda: films.remove(film.id, OTHER, mine.id),
        lambda: films.replace(film.id, OTHER, mine.id, theirs.id),
        lambda: films.delete(film.id, OTHER),
        lambda: films.join(film.id, OTHER),
        lambda: films.stop(film.id, OTHER),
    ):
        change()
    assert films.all_of(OWNER) == [film]


# What it can be


def test_parts_are_put_in_order_trimmed_and_removed(bench: Bench, films: Films) -> None:
    jobs = [video(bench, name) for name in "abc"]
    a, b, c = (job.id for job in jobs)
    film = films.begin(OWNER, [Part(a), Part(b)])
    films.add(film.id, OWNER, c)
    films.add(film.id, OWNER, c)
    films.arrange(film.id, OWNER, [Part(c, 0.2, 0.7), Part("f" * 32), Part(a)])
    assert only(films).parts == (Part(c, 0.2, 0.7), Part(a), Part(b))
    films.remove(film.id, OWNER, a)
    assert order_of(only(films)) == [c, b]
    bench.reopen()
    assert order_of(only(bench.runner.films)) == [c, b]
    films.delete(film.id, OWNER)
    assert films.all_of(OWNER) == []
    assert bench.runner.find(b, OWNER)


def test_a_film_has_so_many_parts_and_a_visitor_so_many_films(bench: Bench, films: Films) -> None:
    one = video(bench, "one")
    many = [Part(f"{number:032x}") for number in range(MAX_PARTS + 1)]
    film = films.begin(OWNER, many)
    assert len(only(films).parts) == MAX_PARTS
    films.add(film.id, OWNER, one.id)
    bought(bench, Place(many[0].job))
    assert len(only(films).parts) == MAX_PARTS
    for _ in range(MAX_SEQUENCES - 1):
        films.begin(OWNER, [Part(one.id)])
    with pytest.raises(TooManyFilms):
        films.begin(OWNER, [Part(one.id)])
    films.begin(OTHER, [Part("e" * 32)])


def test_what_a_film_has_no_room_for_is_said_before(bench: Bench, films: Films) -> None:
    one, other = video(bench, "one"), video(bench, "other")
    parts = [Part(f"{number:032x}") for number in range(MAX_PARTS - 2)]
    film = films.begin(OWNER, [*parts, Part(one.id)])
    last, middle = Place(one.id, film=film.id), Place(parts[0].job)
    assert films.no_room(OWNER, one.id, last) == ""
    (next_,) = bought(bench, last, parent=one.id)
    full = "The film has 24 parts, which is the limit, so this will not be in it."
    assert len(only(films).parts) == MAX_PARTS
    assert films.no_room(OWNER, next_.id, Place(next_.id)) == full
    assert films.no_room(OWNER, "", middle) == full
    assert films.no_room(OWNER, one.id, last) == ""  # another take of the last part
    assert films.no_room(OWNER, one.id, Place(one.id, instead=True)) == ""
    assert films.no_room(OWNER, other.id, Place(other.id)) == ""
    assert films.no_room(OTHER, one.id, last) == ""
    for _ in range(MAX_SEQUENCES - 1):
        films.begin(OWNER, [Part(one.id)])
    many = films.no_room(OWNER, other.id, Place(other.id))
    assert many == "You have 20 films, which is the limit, so no new one will be started."


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"job": "a" * 32}, Part("a" * 32)),
        ({"job": "a" * 32, "start": 1, "end": 2.5}, Part("a" * 32, 1.0, 2.5)),
        ({"job": "a" * 32, "start": 3, "end": 1}, Part("a" * 32, 3.0, 3.1)),
        ({"job": "a" * 32, "start": -1, "end": float("nan")}, Part("a" * 32)),
        ({"job": "a" * 32, "start": True, "end": "2", "settings": {"x": 1}}, Part("a" * 32)),
        ({"job": "../x"}, None),
        ({"job": ["a"]}, None),
        ("a" * 32, None),
    ],
)
def test_what_a_browser_sends_is_a_part_or_nothing(sent: Any, read: Part | None) -> None:
    assert Part.read(sent) == read


def test_a_deleted_video_leaves_its_films(bench: Bench, films: Films, joins: FakeJoins) -> None:
    one, other = video(bench, "one"), video(bench, "other")
    film = films.begin(OWNER, [Part(one.id), Part(other.id)])
    films.join(film.id, OWNER)
    target = joins.finish()
    until(lambda: only(films).file)
    assert films.file(only(films)) == target
    assert bench.runner.delete(one.id, OWNER)
    assert order_of(only(films)) == [other.id]
    assert not target.exists()  # it shows what was deleted
    assert bench.runner.delete(other.id, OWNER)
    assert films.all_of(OWNER) == []


def test_what_a_foreign_film_said_is_forgotten_at_the_end_of_its_term(
    bench: Bench, films: Films
) -> None:
    one = video(bench, "one")
    gone = Part("e" * 32, settings={"prompt": "someone's"})
    films.begin(OWNER, [Part(one.id), gone])
    films.begin(OTHER, [gone])
    films.drop_unknown_parts(0.0)
    assert len(only(films).parts) == 2
    films.drop_unknown_parts(films._wall() + 1)
    assert order_of(only(films)) == [one.id]
    assert films.all_of(OTHER) == []


def test_an_old_ledger_gets_films(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path / "old.db", VERSION_1)
    with closing(Ledger(database_url(tmp_path / "old.db"))) as lifted:
        films = Films(lifted, tmp_path, None, clock)  # type: ignore[arg-type]
        assert films.all_of("me") == []
        with lifted.changing("me") as connection:
            assert connection is not None


# Joining


def test_a_film_is_joined_with_its_story(bench: Bench, films: Films, joins: FakeJoins) -> None:
    one, other = video(bench, "one"), video(bench, "other")
    film = films.begin(OWNER, [Part(one.id, 0.2), Part(other.id, end=0.5)])
    before = bench.runner.version(OWNER)
    films.join(film.id, OWNER)
    assert films.running(only(films))
    ((parts, target, told),) = joins.asked.values()
    assert parts == [Source(bench.file(one), 0.2), Source(bench.file(other), end=0.5)]
    assert [part["request"]["prompt"] for part in told["parts"]] == ["one", "other"]
    assert "images" not in json.dumps(told)
    assert one.id not in json.dumps(told)  # it opens the files of the job
    assert told["parts"][0] | {"request": {}} == {
        "job": mark(one.id),
        "start": 0.2,
        "end": None,
        "request": {},
    }
    (state,) = joins.states.values()
    state.percent = 41.7
    until(lambda: (joining := only(films).joining) and joining.percent == 41)
    assert bench.runner.version(OWNER) != before
    films.join(film.id, OWNER)  # again, while it runs
    assert len(joins.asked) == 1
    joins.finish()
    until(lambda: only(films).file == target.name)
    assert not films.running(only(films))


@pytest.mark.parametrize(
    "change",
    [
        lambda films, film: films.stop(film.id, OWNER),
        lambda films, film: films.delete(film.id, OWNER),
        lambda films, film: films.remove(film.id, OWNER, film.parts[0].job),
        lambda films, film: films.arrange(film.id, OWNER, film.parts[::-1]),
    ],
    ids=["stop", "delete", "remove", "arrange"],
)
def test_a_stop_or_a_change_ends_a_join(
    bench: Bench, films: Films, joins: FakeJoins, change: Callable[[Films, Film], None]
) -> None:
    jobs = [video(bench, name) for name in "ab"]
    film = films.begin(OWNER, [Part(job.id) for job in jobs])
    films.join(film.id, OWNER)
    change(films, film)
    until(lambda: joins.states == {})
    until(lambda: not films._watchers)
    assert all(left.joining is None and left.file is None for left in films.all_of(OWNER))


def test_a_join_that_fails_says_why_until_the_next(
    bench: Bench, films: Films, joins: FakeJoins
) -> None:
    film = films.begin(OWNER, [Part(video(bench, "one").id)])
    films.join(film.id, OWNER)
    (state,) = joins.states.values()
    state.error = Text("The disk is {how}.", how="full")
    until(lambda: (joining := only(films).joining) and joining.fault)
    failed = only(films)
    assert failed.joining
    assert isinstance(failed.joining.fault, Text)
    assert failed.joining.fault == "The disk is full."
    assert not films.running(failed)
    joins.states.clear()
    films.join(film.id, OWNER)
    assert films.running(only(films))


def test_only_videos_are_joined(bench: Bench, films: Films, joins: FakeJoins) -> None:
    done = video(bench, "done")
    bench.simulator.statuses = [PROCESSING]
    running = bench.start("running", prompt="running")
    for part in (Part(running.id), Part("f" * 32)):
        film = films.begin(OWNER, [Part(done.id), part])
        with pytest.raises(FilmNotReady):
            films.join(film.id, OWNER)
    assert not joins.asked


def test_a_join_whose_process_is_gone_can_be_begun_again(
    bench: Bench, films: Films, joins: FakeJoins, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = films.begin(OWNER, [Part(video(bench, "one").id)])
    token = films._rows.begin_join(film, films._wall())
    assert token
    assert films.running(only(films))
    assert films._rows.begin_join(film, films._wall()) is None
    later = films._wall() + 2 * SILENT_SECONDS
    monkeypatch.setattr(films, "_wall", lambda: later)
    assert not films.running(only(films))
    films.join(film.id, OWNER)
    assert len(joins.asked) == 1
    assert not films._rows.end_join(film, token, "late.mp4")


def test_the_app_is_closed_while_it_joins(bench: Bench, films: Films, joins: FakeJoins) -> None:
    film = films.begin(OWNER, [Part(video(bench, "one").id)])
    films.join(film.id, OWNER)
    bench.reopen(joins=joins)
    assert only(bench.runner.films).joining is None


@pytest.mark.database("sqlite")  # with several processes, another one may be joining
def test_a_join_of_an_app_that_was_killed_is_forgotten(bench: Bench, films: Films) -> None:
    film = films.begin(OWNER, [Part(video(bench, "one").id)])
    assert films._rows.begin_join(film, films._wall())
    bench.reopen()
    assert only(bench.runner.films).joining is None


def test_folders_of_films_that_are_gone_are_deleted_at_the_start(
    bench: Bench, films: Films
) -> None:
    film = films.begin(OWNER, [Part(video(bench, "one").id)])
    kept, gone = (bench.videos / f"film-{name}" for name in (film.id, "f" * 32))
    for folder in (kept, gone):
        folder.mkdir()
        (folder / "film.mp4").write_bytes(b"film")
    bench.reopen()
    assert kept.exists()
    assert not gone.exists()


def test_a_story_is_never_too_long_to_be_read(bench: Bench) -> None:
    job = bench.done(bench.start("long", prompt="x" * 2000))
    parts = tuple(Part(job.id) for _ in range(MAX_PARTS))
    told = story(Film("f" * 32, OWNER, parts, 0.0), {job.id: bench.row(job)})
    assert len(json.dumps(told, ensure_ascii=False)) <= module.MAX_SETTINGS
    assert len(told["parts"]) == MAX_PARTS
