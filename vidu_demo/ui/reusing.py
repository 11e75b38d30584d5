"""The handlers that fill the form with a job's settings, or as it was before."""

from typing import Any

import gradio as gr

from vidu_demo.api.errors import PictureInvalid, ViduError
from vidu_demo.api.images import is_url
from vidu_demo.api.mp4.video import ClipFailed
from vidu_demo.jobs.films.film import Place, seconds
from vidu_demo.ui import Updates
from vidu_demo.ui.browser.tab import Tab
from vidu_demo.ui.context import Context
from vidu_demo.ui.form.form import Form
from vidu_demo.ui.form.link import Link
from vidu_demo.ui.form.values import FormValues
from vidu_demo.ui.job.panel import Panel

_NOT_KEPT = "This job was not submitted, so its pictures were not kept. The ones in the form stay."


class Reusing:
    """Handlers. Each gets the form's values as well, so that it can be undone.

    Args:
        context: What the handlers share.
        form: What is filled.
        panel: Shows the job.
    """

    def __init__(self, context: Context, form: Form, panel: Panel) -> None:
        self._context, self._runner = context, context.runner
        self._form, self._panel = form, panel

    def use_settings(
        self, tab: Tab, *, new_seed: bool = False, pictures: bool = True, **values: Any
    ) -> Updates:
        """Fill the form with the shown job's settings and, optionally, its pictures.

        Raises:
            JobDeleted: The shown job is gone.
        """
        job = self._panel.job(tab)
        images = job.request.get("images", []) if pictures else []
        files = [self._runner.file(job, name) for name in images if not is_url(name)]
        there = [file for file in files if file.is_file()]
        filled = self._form.fill(
            {**job.request, "seed": None} if new_seed else job.request,
            there,
            "\n".join(filter(is_url, images)),
            before=FormValues.read(values, self._context.opener(tab.request)),
        )
        gone = there != files
        if gone:
            del filled[self._form.pictures.files]  # the form may hold these very pictures
        return {**filled, **self._form.pictures.tell(tab.say(_NOT_KEPT) if gone else "")}

    def undo(self, tab: Tab, **values: Any) -> Updates:
        """Fill the form as it was before it was filled last."""
        return self._form.undo(FormValues.read(values, self._context.opener(tab.request)))

    def go_on_from(self, request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
        """Fill the form to continue a video on the wall, or the part in sight of a film."""
        known = {**values, "shown": getattr(event, "job", ""), "at": getattr(event, "at", None)}
        return self._context.call(self.go_on, request, known)

    def go_on(self, tab: Tab, *, at: Any = None, **values: Any) -> Updates:
        """Fill the form to continue the shown video, from a paused frame or the last one.

        Args:
            tab: The tab.
            at: When the frame is shown, in seconds of the video; anything else is the last frame.
            values: The form's.

        Raises:
            JobDeleted: The shown video is gone.
        """
        job = self._panel.job(tab)
        if not (video := self._panel.video(job)):
            return {self._form.more: gr.skip()}
        opener, end = self._context.opener(tab.request), seconds(at)
        try:
            picture = opener.last_frame(video) if end is None else opener.frame_at(video, end)
        except (ClipFailed, PictureInvalid):
            raise ViduError(
                "This frame of the video can't be read.", next_step="Use another picture."
            ) from None
        self._runner.note_copy(job, picture.path)
        before = FormValues.read(values, opener)
        place = Place(job.id, end=end or None, film=tab.film)
        link = Link(str(picture), job.id, place)
        return self._form.go_on(job.settings, picture, before=before, link=link)
