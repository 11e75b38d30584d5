"""The calls of the API for the open job: the request and every answer, as JSON."""

import json
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from vidu_demo.jobs.answers import as_json
from vidu_demo.jobs.runner import Calls
from vidu_demo.ui import Updates
from vidu_demo.ui.i18n.words import I18N


class CallLog:
    """A fold that is filled when it is opened.

    Attributes:
        asked: Changes when the open fold has to be filled; empty while it is closed.
    """

    def __init__(self) -> None:
        self._fold = gr.Accordion(
            I18N("Request and answers"), open=False, elem_classes="fold", elem_id="calls"
        )
        with self._fold:
            gr.Markdown(
                I18N(
                    "What was sent and what the API answered. Equal answers in a row are one, with "
                    "a count. The key, signatures and pictures are left out."
                )
            )
            self._request = _json(I18N("Request"))
            self._answers = _json(I18N("Answers"))
        self.asked = gr.Textbox("", visible=False)

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self._request, self._answers]

    @property
    def unchanged(self) -> Updates:
        """What a closed fold gets: an editor would be loaded for any value."""
        return {self._request: gr.skip()}

    def show(self, calls: Calls | None) -> Updates:
        """Show a job's calls; without a job, nothing."""
        sent, answers = (calls.request, as_json(calls.answers)) if calls else (None, [])
        return {self._request: _shown(sent), self._answers: _shown(answers)}

    def listen(self, seen: gr.Textbox) -> None:
        """Ask for the calls when the fold is opened, and when the open job changes meanwhile.

        Args:
            seen: Changes with the open job and its state.
        """
        self._fold.expand(None, None, [self.asked], js="vidu.now")
        self._fold.collapse(None, None, [self.asked], js="vidu.nothing")
        seen.change(None, [self.asked], [self.asked], js="vidu.askAgain")


def _json(label: I18nData) -> gr.Code:
    return gr.Code(
        label=label,
        language="json",
        visible=False,  # so that the page loads no editor
        interactive=False,
        buttons=["copy"],
        max_lines=24,
    )


def _shown(value: Any) -> gr.Code:
    text = json.dumps(value, indent=2, ensure_ascii=False) if value else ""
    return gr.Code(value=text, visible=True)
