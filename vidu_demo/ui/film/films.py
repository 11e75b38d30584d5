"""The widgets of films, and what to draw in them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from vidu_demo.jobs.films.film import Film
from vidu_demo.jobs.job import Job
from vidu_demo.jobs.runner import JobRunner, JobView
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.browser.tab import Tab
from vidu_demo.ui.film import strip
from vidu_demo.ui.i18n.words import Say

_STILLS = 4
"""Pictures that a film of the list is shown with."""


class _Listed(NamedTuple):
    id: str
    open: bool
    stills: Sequence[Path]
    summary: Sequence[str]
    file: Path | None


class Drawn(NamedTuple):
    """What to draw.

    Attributes:
        updates: The widgets' updates.
        film: The open film, if any.
        running: True while any of the visitor's films is being joined.
    """

    updates: Updates
    film: Film | None
    running: bool


class FilmWidgets:
    """The widgets.

    Args:
        runner: Knows the films and the jobs' state.
        video: Returns a job's video, if the file exists.
    """

    def __init__(self, runner: JobRunner, video: Callable[[Job], Path | None]) -> None:
        self._runner, self._video = runner, video
        self.open = gr.Textbox(visible=False)
        self.arrangement = gr.JSON(visible=False)

    def add_strip(self) -> None:
        """Add the strip and the player here."""
        self.strip = gr.HTML(
            js_on_load="vidu.film(element, trigger, 'arrange', 'remake', 'take')",
            elem_id="film",
            padding=False,
        )
        self.player = gr.HTML(
            templates.render("film_player.html"),
            js_on_load="vidu.filmPlayer(element, trigger)",
            elem_id="film-player",
            padding=False,
        )

    def add_list(self) -> None:
        """Add the list of films here."""
        self.list = gr.HTML(
            js_on_load="vidu.films(element, trigger)", elem_id="films", padding=False
        )

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `draw` gives values for, besides `open`."""
        return [self.strip, self.list]

    def draw(self, tab: Tab, shown: Job | None, *, say: Say) -> Drawn:
        """Draw the film that the open job is in, else the one that the tab had open.

        Raises:
            LedgerFailed: The films can't be read.
        """
        films = self._runner.films
        found = films.all_of(tab.owner)
        ids = {part.job for film in found for part in film.parts}
        jobs = self._runner.among(ids, tab.owner) if ids else {}
        film = self._chosen(found, tab.film, shown)
        updates: Updates = {
            self.strip: self._strip(film, jobs, shown, say) if film else "",
            self.list: self._list(found, film, jobs, say),
        }
        return Drawn(updates, film, any(films.running(film) for film in found))

    @staticmethod
    def _chosen(films: Sequence[Film], open_: str, shown: Job | None) -> Film | None:
        last = next((film for film in films if film.id == open_), None)
        holding = [film for film in films if shown and film.place(shown.id) is not None]
        return last if last in holding else holding[0] if holding else last

    def _strip(self, film: Film, jobs: Mapping[str, JobView], shown: Job | None, say: Say) -> str:
        films = self._runner.films
        return strip.render(
            film,
            strip.clips(film, jobs, self._runner.still, self._video),
            shown,
            other=strip.rival(film, jobs, shown) if shown else None,
            addable=bool(shown and self._video(shown)),
            running=films.running(film),
            joinable=films.can_join,
            file=films.file(film),
            say=say,
        )

    def _list(
        self, films: Sequence[Film], open_: Film | None, jobs: Mapping[str, JobView], say: Say
    ) -> str:
        listed = []
        for film in films:
            # Many films have many parts: only what is shown is looked for on the disk.
            clips = strip.clips(film, jobs, lambda _: None, lambda _: None)
            seen = [clip.view.job for clip in clips if clip.view][:_STILLS]
            listed.append(
                _Listed(
                    film.id,
                    film is open_,
                    [still for still in map(self._runner.still, seen) if still],
                    strip.sum_up(clips, say),
                    self._runner.films.file(film),
                )
            )
        return templates.render("films.html", films=listed, say=say)
