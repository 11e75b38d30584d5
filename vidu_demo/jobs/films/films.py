"""A visitor's films: changes their sequences, and has them joined to one file in the background."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text
from vidu_demo.jobs import files
from vidu_demo.jobs.changes import Changes
from vidu_demo.jobs.errors import FilmNotReady, LedgerFailed
from vidu_demo.jobs.films.film import (
    MAX_PARTS,
    Edit,
    Film,
    JoinAttempt,
    Part,
    Place,
    arranged,
    with_place,
)
from vidu_demo.jobs.films.joins import Joins
from vidu_demo.jobs.films.sequences import MAX_SEQUENCES, Sequences
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.ledger import Ledger, digest
from vidu_demo.media.clip import MAX_SETTINGS
from vidu_demo.media.joining.join import Source

LOOK_SECONDS = 0.3
"""How often the progress of a film is looked at."""
BEAT_SECONDS = 5.0
"""How often it is written that a film is still being joined, if its percentage stays the same."""
_FOLDER = "film-"
_FULL = Text(
    "The film has {number} parts, which is the limit, so this will not be in it.", number=MAX_PARTS
)
_MANY = Text(
    "You have {number} films, which is the limit, so no new one will be started.",
    number=MAX_SEQUENCES,
)

log = logging.getLogger(__name__)


class Films:
    """Changes and joins films. Thread-safe.

    Args:
        ledger: Stores the sequences.
        videos: The folder that gets a folder for each film, as for each job.
        changes: Is told whose pages change.
        wall: Returns Unix seconds.
        joins: Writes the films; None if this app can't.
    """

    def __init__(
        self,
        ledger: Ledger,
        videos: Path,
        changes: Changes,
        wall: Callable[[], float],
        joins: Joins | None = None,
    ) -> None:
        self._ledger, self._rows = ledger, Sequences(ledger)
        self._videos, self._changes, self._wall = videos, changes, wall
        self._joins = joins
        self._closing = threading.Event()
        self._watchers: set[threading.Thread] = set()

    def tidy(self) -> None:
        """Clear up after an earlier run of the app: films of sequences that are gone, and joins."""
        if not self._ledger.shared:  # otherwise another process may be joining
            self._rows.clear_joins()
        folders = [*self._videos.glob(f"{_FOLDER}*")]  # first: a newer one has a newer sequence
        known = self._rows.names()
        for folder in folders:
            if folder.name.removeprefix(_FOLDER) not in known:
                files.delete(folder)
            elif not self._ledger.shared:
                files.delete_parts(folder)

    def close(self) -> None:
        """Stop joining."""
        self._closing.set()
        for watcher in list(self._watchers):
            watcher.join()
        if self._joins:
            self._joins.close()

    @property
    def can_join(self) -> bool:
        """True if this app can join films."""
        return self._joins is not None

    def any_of(self, owner: str) -> bool:
        """Tell whether a visitor has a film: to read them all takes a while."""
        return self._rows.any_of(owner)

    def all_of(self, owner: str) -> list[Film]:
        """List a visitor's films, newest first."""
        return self._rows.all_of(owner)

    def find(self, film_id: str, owner: str) -> Film | None:
        """Find a visitor's film by its id."""
        return next((film for film in self.all_of(owner) if film.id == film_id), None)

    def running(self, film: Film) -> bool:
        """Tell whether a film is being joined."""
        return film.running(self._wall())

    def file(self, film: Film) -> Path | None:
        """Return a joined film, if the file exists."""
        path = self._folder(film) / film.file if film.file else None
        return path if path and path.is_file() else None

    def begin(self, owner: str, parts: Sequence[Part]) -> Film:
        """Begin a film.

        Raises:
            TooManyFilms: The visitor has too many.
        """
        with self._ledger.one_click(owner):
            begun = self._rows.add(owner, parts, self._wall())
        self._changes.mark(owner)
        return begun

    def edit(self, film_id: str, owner: str, edit: Edit) -> Film | None:
        """Change the parts of a film.

        Args:
            film_id: The film.
            owner: The visitor.
            edit: Returns its other parts; without any, the film is deleted.

        Returns:
            The film as it is now; None if there is none.
        """
        with self._ledger.one_click(owner):
            film = self.find(film_id, owner)
            parts = tuple(edit(film)) if film else ()
            if film and parts != film.parts:
                self._arrange(film, parts)
                self._changes.mark(owner)
        return self.find(film_id, owner)

    def arrange(self, film_id: str, owner: str, wanted: Sequence[Part]) -> Film | None:
        """Put the parts of a film into an order, with other ends."""
        return self.edit(film_id, owner, lambda film: arranged(film, wanted))

    def add(self, film_id: str, owner: str, job_id: str) -> Film | None:
        """Add a job to the end of a film, unless it is there already or there is no room."""

        def add(film: Film) -> Sequence[Part]:
            there = film.place(job_id) is not None or len(film.parts) >= MAX_PARTS
            return film.parts if there else (*film.parts, Part(job_id))

        return self.edit(film_id, owner, add)

    def remove(self, film_id: str, owner: str, job_id: str) -> Film | None:
        """Take a part out of a film."""
        return self.edit(
            film_id, owner, lambda film: [part for part in film.parts if part.job != job_id]
        )

    def replace(self, film_id: str, owner: str, job_id: str, by: str) -> Film | None:
        """Let another job take the place of a part, from its beginning to its end."""
        place = Place(job_id, instead=True)
        return self.edit(film_id, owner, lambda film: with_place(film.parts, Part(by), place))

    def put(self, job: Job, place: Place) -> None:
        """Put a job that was just bought where its visitor wants it.

        What it follows need not be in a film: then the two begin one. If the part that it follows
        has been continued already, this is another take, and it is left out.

        Raises:
            LedgerFailed, TooManyFilms: It can't be put there; the job is not affected.
        """
        owner = job.owner
        film = _meant(self.all_of(owner), place)
        if film:
            self.edit(film.id, owner, lambda film: self._placed(film, job, place))
        elif not place.instead and self._ledger.among(owner, [place.part]):
            self.begin(owner, with_place([Part(place.part)], Part(job.id), place))

    def _placed(self, film: Film, job: Job, place: Place) -> Sequence[Part]:
        if self._is_take(film, job.owner, job.parent, place):
            return film.parts
        return with_place(film.parts, Part(job.id), place)

    def _is_take(self, film: Film, owner: str, parent: str, place: Place) -> bool:
        """Tell whether the part that a video would follow has been continued already."""
        at = film.place(place.part)
        after = film.parts[at + 1 : at + 2] if at is not None and not place.instead else ()
        known = self._ledger.among(owner, [part.job for part in after])
        return bool(parent) and any(other.parent == parent for other in known.values())

    def no_room(self, owner: str, parent: str, place: Place) -> str:
        """Say why `put` would have to leave out what is bought now; empty if it would not.

        Args:
            owner: The visitor.
            parent: The id of the job that it would be made from.
            place: Where it would go.

        Raises:
            LedgerFailed: The ledger can't be read.
        """
        if place.instead:
            return ""
        films = self.all_of(owner)
        film = _meant(films, place)
        if not film:
            return _MANY if len(films) >= MAX_SEQUENCES else ""
        full = len(film.parts) >= MAX_PARTS and not self._is_take(film, owner, parent, place)
        return _FULL if full else ""

    def delete(self, film_id: str, owner: str) -> None:
        """Delete a visitor's film. The videos that it is made of stay."""
        self.edit(film_id, owner, lambda _: ())

    def drop_unknown_parts(self, than: float) -> None:
        """Drop the parts that their visitor has no video of, from films begun before a time.

        Args:
            than: Unix seconds.
        """
        for film in self._rows.begun_before(than):
            if any(part.settings is not None for part in film.parts):
                self.edit(
                    film.id,
                    film.owner,
                    lambda film: [part for part in film.parts if part.settings is None],
                )

    def deletion_with(self, job_id: str, owner: str) -> Callable[[], None]:
        """Return what deletes the film that a job is in, once the job is deleted."""
        found = [film for film in self.all_of(owner) if film.place(job_id) is not None]

        def delete() -> None:
            for film in found:
                if film.joining and self._joins:
                    self._joins.stop(film.joining.token)
                self._drop(film)

        return delete

    def join(self, film_id: str, owner: str) -> None:
        """Begin to join a film.

        Raises:
            FilmNotReady: A part of it is no video.
            LedgerFailed: The ledger can't be written.
        """
        film = self.find(film_id, owner)
        if not film or not self._joins or self.running(film):
            return
        jobs = self._ledger.among(owner, [part.job for part in film.parts])
        parts = [self._source(part, jobs.get(part.job)) for part in film.parts]
        token = self._rows.begin_join(film, self._wall())
        if not token:
            return
        self._drop(film)
        target = self._folder(film) / _name(self._wall())
        visitor = jobs[film.parts[0].job].turn
        try:
            self._joins.start(token, parts, target, story(film, jobs), visitor=visitor)
        except Exception:
            self._rows.end_join(film, token, None)
            raise
        watcher = threading.Thread(
            target=self._watch,
            args=(self._joins, film, token, target),
            name=f"film {film.id}",
            daemon=True,
        )
        self._watchers.add(watcher)
        watcher.start()
        self._changes.mark(owner)

    def stop(self, film_id: str, owner: str) -> None:
        """Stop joining a film. If another process does, it notices."""
        film = self.find(film_id, owner)
        if film and film.joining:
            self._rows.end_join(film, film.joining.token, None)
            if self._joins:
                self._joins.stop(film.joining.token)
            self._changes.mark(owner)

    def _arrange(self, film: Film, parts: Sequence[Part]) -> None:
        self._rows.arrange(film, parts)
        if film.joining and self._joins:
            self._joins.stop(film.joining.token)
        self._drop(film)

    def _drop(self, film: Film) -> None:
        files.delete(self._folder(film))

    def _folder(self, film: Film) -> Path:
        return self._videos / f"{_FOLDER}{film.id}"

    def _source(self, part: Part, job: Job | None) -> Source:
        video = self._videos / job.id / job.video if job and job.video else None
        if not job or job.state is not JobState.DONE or not video or not video.is_file():
            raise FilmNotReady
        return Source(video, part.start, part.end)

    def _watch(self, joins: Joins, film: Film, token: str, target: Path) -> None:
        """Write the progress of a film until it is joined, fails or is stopped."""
        try:
            self._follow(joins, film, token, target)
        except Exception:
            log.exception("film %s was not joined", film.id)
            joins.stop(token)
        finally:
            self._watchers.discard(threading.current_thread())

    def _follow(self, joins: Joins, film: Film, token: str, target: Path) -> None:
        joining, wanted = JoinAttempt(token, at=self._wall()), True
        while wanted and not self._closing.wait(LOOK_SECONDS):
            state = joins.state(token)
            if state is None:
                wanted = self._rows.end_join(film, token, None)
                break
            if state.done or state.error:
                self._finish(film, joining, target, state.error)
                joins.stop(token)  # so that it is forgotten
                return
            percent, now = min(100, max(0, int(state.percent))), self._wall()
            if percent != joining.percent or now - joining.at > BEAT_SECONDS:
                joining = replace(joining, percent=percent, at=now)
                with suppress(LedgerFailed):  # the next look writes it
                    wanted = self._rows.note_join(film, joining)
                self._changes.mark(film.owner)
        joins.stop(token)
        if wanted:  # the app is closing
            self._rows.end_join(film, token, None)
        self._changes.mark(film.owner)

    def _finish(self, film: Film, joining: JoinAttempt, target: Path, error: str) -> None:
        if error:
            self._rows.note_join(film, replace(joining, fault=error))
        elif not self._rows.end_join(film, joining.token, target.name):
            target.unlink(missing_ok=True)  # it has changed meanwhile
        self._changes.mark(film.owner)


def _meant(films: Sequence[Film], place: Place) -> Film | None:
    """Find the film that a place is in: the one that it names, else the newest with its part."""
    found = [film for film in films if film.place(place.part) is not None]
    return min(found, key=lambda film: film.id != place.film, default=None)


def story(film: Film, jobs: Mapping[str, Job]) -> dict[str, Any]:
    """Tell what a film was made of, for its metadata.

    Settings that would make it too long are left out, from the end.

    Args:
        film: The film.
        jobs: The jobs of its parts, by id.
    """
    parts: list[dict[str, Any]] = [
        {"job": mark(part.job), "start": part.start, "end": part.end} for part in film.parts
    ]
    metadata = {"model": VideoRequest.MODEL, "parts": parts}
    for kept, part in zip(film.parts, parts, strict=True):
        part["request"] = jobs[kept.job].settings
        if len(json.dumps(metadata, ensure_ascii=False)) > MAX_SETTINGS:
            del part["request"]
            break
    return metadata


def mark(job_id: str) -> str:
    """Mark a job so that only its owner knows it again: a film is passed on, and ids open files."""
    return digest("film", job_id)[: len(job_id)]


def _name(now: float) -> str:
    """Name a film by its time (UTC), so that a browser never takes an earlier one for it."""
    return datetime.fromtimestamp(now, UTC).strftime("vidu-film-%Y%m%d-%H%M%S.mp4")
