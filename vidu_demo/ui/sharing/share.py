"""Sharing the shown video: a link to it that can be revoked, and the file without its settings."""

import time
from typing import Any

import gradio as gr

from vidu_demo.api.errors import ViduError
from vidu_demo.api.mp4.video import ClipFailed
from vidu_demo.ui import Updates, file_url, templates
from vidu_demo.ui.browser.tab import Tab
from vidu_demo.ui.context import SHORT, Context
from vidu_demo.ui.i18n.words import Say
from vidu_demo.ui.sharing.takeaway import Takeaway


class NothingToShare(ViduError):
    """The shown job has no video, or is not this visitor's."""

    what = "There is no video to share."
    next_step = "Open a finished video."


class Share:
    """The buttons, the dialog and what the server tells the browser for both.

    Attributes:
        told: A link for the dialog, or a file to download.
    """

    def __init__(self) -> None:
        self.told = gr.JSON(visible=False)

    def add_buttons(self) -> None:
        """Add the buttons here. The style hides them without a video."""
        self._buttons = gr.HTML(
            templates.render("share_buttons.html", say=str),
            js_on_load="vidu.share(element, trigger)",
            elem_id="share-buttons",
            padding=False,
        )

    def add_dialog(self) -> None:
        """Add the dialog here, outside the menu, which closes."""
        self._dialog = gr.HTML(
            templates.render("share.html", say=str),
            js_on_load="vidu.shareDialog(element, trigger)",
            elem_id="share",
            padding=False,
        )

    @property
    def translated(self) -> list[gr.blocks.Block]:
        """The outputs of `translate`."""
        return [self._buttons, self._dialog]

    def translate(self, say: Say) -> Updates:
        """Show both in the visitor's language."""
        return {
            self._buttons: templates.render("share_buttons.html", say=say),
            self._dialog: templates.render("share.html", say=say),
        }

    def listen(
        self, context: Context, takeaway: Takeaway, tab: dict[str, Any], *lists: gr.HTML
    ) -> None:
        """Wire the events.

        Args:
            context: What the handlers share.
            takeaway: Makes zips.
            tab: The inputs that make up a `Tab`, by name.
            lists: What has videos that can be taken along.
        """

        def act(request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
            return context.call(answer, request, {**values, "do": getattr(event, "do", "")})

        def answer(tab: Tab, *, do: Any) -> Updates:
            runner = context.runner
            view = runner.find(tab.shown, tab.owner)
            if not view:
                raise NothingToShare
            try:
                match do:
                    case "make":
                        if not runner.share(tab.shown, tab.owner):
                            raise NothingToShare
                    case "revoke":
                        runner.unshare(tab.shown, tab.owner)
                    case "plain":
                        if not (plain := runner.plain_video(view.job)):
                            raise NothingToShare
                        return self._tell(url=file_url(plain), name=plain.name)
            except ClipFailed as error:
                raise ViduError(error.args[0], next_step="Download it as it is.") from None
            return self._tell(link=runner.link(view.job) or "")

        def take(request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
            jobs = getattr(event, "jobs", None)
            return context.call(pack, request, {**values, "jobs": jobs})

        def pack(tab: Tab, *, jobs: Any) -> Updates:
            return self._tell(url=takeaway.url(jobs, tab.owner), name="")

        inputs: dict[str, Any] = {"inputs_kwargs": tab, "outputs": [self.told], **SHORT}
        clicks = [self._buttons.click, self._dialog.click]
        shared = gr.on(clicks, act, trigger_mode="multiple", api_name="share", **inputs)
        shared.failure(None, js="vidu.closeShare", **SHORT)
        for videos in lists:
            videos.take(take, trigger_mode="multiple", api_name="take_along", **inputs)
        self.told.change(None, self.told, None, js="vidu.tellShare", **SHORT)

    def _tell(self, **news: Any) -> Updates:
        return {self.told: {**news, "at": time.time()}}  # so that the same can come twice
