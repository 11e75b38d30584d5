"""The handlers of films: starting, arranging, joining, and restoring one that is dropped."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.images import is_url
from vidu_demo.api.mp4.video import ClipFailed
from vidu_demo.jobs.films.film import MAX_PARTS, Film, Part, Place, is_id
from vidu_demo.jobs.films.films import mark
from vidu_demo.jobs.job import Job
from vidu_demo.ui import Updates
from vidu_demo.ui.browser.tab import Tab
from vidu_demo.ui.browser.visitor import host_of
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.film import restoring
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.form import Form
from vidu_demo.ui.form.link import Link
from vidu_demo.ui.form.uploads import UploadedFile
from vidu_demo.ui.form.values import FormValues
from vidu_demo.ui.guard.quota import Quota
from vidu_demo.ui.job.panel import Panel

MAX_JOBS = 1000
"""The visitor's latest jobs, in which the parts of a dropped film are looked for."""


class FilmEvents:
    """Handlers.

    Args:
        context: What the handlers share.
        form: Is filled to make a part again.
        panel: Shows the film.
    """

    def __init__(self, context: Context, form: Form, panel: Panel) -> None:
        self._context, self._runner = context, context.runner
        self._films, self._form, self._panel = context.runner.films, form, panel
        self._restored = Quota(restoring.ONE_ADDRESS, restoring.ALL, time.monotonic)

    def listen(self, does: Callable[..., Any]) -> None:
        """Wire the events.

        Args:
            does: Calls a handler with the tab.
        """
        panel, filled = self._panel, [self._form.pictures.news, *self._form.filled]
        films, view, form = panel.films, panel.outputs, self._form.inputs
        using: dict[str, Any] = {"inputs_kwargs": panel.tab, "outputs": view, **SHORT}
        gr.on([films.strip.click, films.list.click], self.use, api_name="film", **using)
        # When the last of several waits, Gradio sends the event of the first: so the script reads
        # what to send when it is sent.
        options = {"js": "vidu.arrangement", "trigger_mode": "always_last"}
        asked = {"arrangement": films.arrangement}
        does(films.strip.arrange, self.arrange, "arrange", films.outputs, asked, **options)
        remaking = {"inputs_kwargs": {**form, **panel.tab}, "outputs": filled, **SHORT, **RAW}
        films.strip.remake(self.remake, js="vidu.showing('#pictures')", **remaking)
        does(panel.stage.film.click, self.start, "start_film", view)
        dropped = {"dropped": self._form.film, **form}
        does(self._form.film.change, self.restore, "restore_film", [*filled, *view], dropped, **RAW)

    # The strip and the list

    def use(self, request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
        """Do what a button of the strip or the list says."""
        do, job, film = (str(getattr(event, name, "")) for name in ("do", "job", "film"))
        values |= {"do": do, "job": job, "film_id": film}
        return self._context.call(self._use, request, values)

    def _use(self, tab: Tab, *, do: str, job: str, film_id: str) -> Updates:
        films, owner, shown = self._films, tab.owner, tab.shown
        here = tab._replace(film=film_id)
        match do:
            case "open" if is_id(job):
                shown = job
            case "open":
                found = films.find(film_id, owner)
                shown = (self._first(found, owner) if found else "") or shown
            case "close":
                here = tab._replace(film="")
            case "remove":
                films.remove(film_id, owner, job)
            case "add" if self._is_video(shown, owner):
                films.add(film_id, owner, shown)
            case "use" if self._is_video(shown, owner):
                films.replace(film_id, owner, job, shown)
            case "join":
                films.join(film_id, owner)
            case "stop":
                films.stop(film_id, owner)
            case "delete":
                films.delete(film_id, owner)
        return self._panel.show(here, shown, fault=tab.fault)

    def _first(self, film: Film, owner: str) -> str:
        """Return the id of a film's first job that the visitor has; empty if there is none."""
        jobs = self._runner.among([part.job for part in film.parts], owner)
        return next((part.job for part in film.parts if part.job in jobs), "")

    def _is_video(self, job_id: str, owner: str) -> bool:
        return self._video(job_id, owner) is not None

    def _video(self, job_id: str, owner: str) -> Path | None:
        view = self._runner.find(job_id, owner) if is_id(job_id) else None
        return self._panel.video(view.job) if view else None

    def arrange(self, tab: Tab, *, arrangement: Any) -> Updates:
        """Put the parts in another order, or cut off their ends."""
        wanted = arrangement if isinstance(arrangement, dict) else {}
        film_id = str(wanted.get("film", ""))
        self._films.arrange(film_id, tab.owner, _parts(wanted.get("parts")))
        return self._panel.show_films(tab._replace(film=film_id))

    def start(self, tab: Tab) -> Updates:
        """Start a film with the open video."""
        if self._panel.video(self._panel.job(tab)):
            tab = tab._replace(film=self._films.begin(tab.owner, [Part(tab.shown)]).id)
        return self._panel.show(tab, tab.shown)

    # The form

    def remake(self, request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
        """Fill the form with what a part was made of. What it then makes takes the part's place."""
        job, film = (str(getattr(event, name, "")) for name in ("job", "film"))
        return self._context.call(self._remake, request, {**values, "job": job, "film_id": film})

    def _remake(self, tab: Tab, *, job: str, film_id: str, **values: Any) -> Updates:
        film = self._films.find(film_id, tab.owner)
        place = film.place(job) if film else None
        if not film or place is None:
            return {self._form.more: gr.skip()}
        before = FormValues.read(values, self._context.opener(tab.request))
        if not (view := self._runner.find(job, tab.owner)):
            return self._fill_unknown(film, place, tab, before)
        request = view.job.request
        images = request.get("images", [])
        files = self._copies(view.job, [name for name in images if not is_url(name)], before)
        return self._fill(
            request,
            files,
            "\n".join(filter(is_url, images)),
            before=before,
            link=self._link(film, place, images, files, view.job.parent or view.job.id),
        )

    def _copies(self, job: Job, names: Sequence[str], form: FormValues) -> list[UploadedFile]:
        """Copy a job's pictures; none if one is gone."""
        with suppress(OSError):
            return [form.opener.copied(self._runner.file(job, name)) for name in names]
        return []  # the form asks for a picture

    @staticmethod
    def _link(
        film: Film, place: int, images: Sequence[str], files: Sequence[UploadedFile], parent: str
    ) -> Link:
        first = str(files[0]) if files else next(filter(is_url, images), "")
        return Link(first, parent, Place(film.parts[place].job, instead=True, film=film.id))

    def _fill_unknown(
        self,
        film: Film,
        place: int,
        tab: Tab,
        before: FormValues,
        dropped: UploadedFile | None = None,
    ) -> Updates:
        """Fill the form for a part that the visitor has no job of.

        Its picture is the frame before it: of the part before, or of the film that was dropped.
        """
        files: list[UploadedFile] = []
        part, opener = film.parts[place], before.opener
        with suppress(ClipFailed, PictureInvalid):  # the form asks for a picture
            if place and (video := self._video(film.parts[place - 1].job, tab.owner)):
                end = film.parts[place - 1].end
                files = [opener.last_frame(video) if end is None else opener.frame_at(video, end)]
            elif not place and dropped:
                files = [opener.first_frame(dropped)]
        link = self._link(film, place, [], files, "")
        return self._fill(part.settings or {}, files, "", before=before, link=link)

    def _fill(
        self,
        settings: dict[str, Any],
        files: Sequence[UploadedFile],
        urls: str,
        *,
        before: FormValues,
        link: Link,
    ) -> Updates:
        return {
            **self._form.fill(settings, files, urls, before=before, link=link),
            **self._form.pictures.tell(""),
        }

    # A film that is dropped

    def restore(self, tab: Tab, *, dropped: Any, **values: Any) -> Updates:
        """Restore the strip of a film that was dropped on the page.

        The file, and with it everything that it says, can come from anyone.
        """
        before = FormValues.read(values, self._context.opener(tab.request))
        try:
            file = uploads.check(dropped.get("path") if isinstance(dropped, dict) else None)
            story = before.opener.story(file) or {}
        except PictureInvalid:
            return {self._form.more: gr.skip()}
        jobs = {mark(job.id): job.id for job in self._runner.jobs(tab.owner, most=MAX_JOBS)}
        has_video = partial(self._is_video, owner=tab.owner)
        parts = restoring.own_parts(story.get("parts"), jobs, has_video)
        if not parts:
            return {self._form.more: gr.skip()}
        restored = self._same(parts, tab.owner)
        if not restored:
            if not self._restored.spend(host_of(tab.request), files=1):
                raise restoring.TooManyRestored
            restored = self._films.begin(tab.owner, parts)
        gone = [place for place, part in enumerate(parts) if part.settings is not None]
        filled = self._fill_unknown(restored, gone[0], tab, before, file) if gone else {}
        said = restoring.summary(len(gone), len(parts))
        tab = tab._replace(film=restored.id)
        return {
            **filled,
            **self._form.pictures.tell(tab.say(said)),
            **self._panel.show(tab, self._first(restored, tab.owner) or tab.shown),
        }

    def _same(self, parts: Sequence[Part], owner: str) -> Film | None:
        """Find the visitor's film of the same parts, and arrange it as they are."""
        jobs = {part.job for part in parts}
        for film in self._films.all_of(owner):
            if jobs == {part.job for part in film.parts}:
                return self._films.arrange(film.id, owner, parts)
        return None


def _parts(sent: Any) -> list[Part]:
    """Read the parts that a browser sends, which can be anything."""
    listed = sent[:MAX_PARTS] if isinstance(sent, list) else []
    return [part for each in listed if (part := Part.read(each))]
