"""The calls of the API for the open job: the request and every answer, as JSON."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from vidu_demo.jobs.answers import as_json
from vidu_demo.jobs.runner import Calls
from vidu_demo.ui import Updates
from vidu_demo.ui.i18n.words import I18N


class CallLog:
    """A tab for the request and one for the answers, filled when one of them is opened.

    Args:
        asked: Changes when an open tab has to be filled; empty while both are closed.
    """

    def __init__(self, asked: gr.Textbox) -> None:
        self.asked = asked
        with gr.Tab(I18N("Request")) as request:
            gr.Markdown(I18N("What was sent. The key, signatures and pictures are left out."))
            self._request = _json("request")
        with gr.Tab(I18N("Answers")) as answers:
            gr.Markdown(
                I18N("What the API answered. Equal answers in a row are one, with a count.")
            )
            self._answers = _json("answers")
        self._tabs = request, answers

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self._request, self._answers]

    @property
    def unchanged(self) -> Updates:
        """What a closed tab gets: an editor would be loaded for any value."""
        return {self._request: gr.skip()}

    def show(self, calls: Calls | None) -> Updates:
        """Show a job's calls; without a job, nothing."""
        sent, answers = (calls.request, as_json(calls.answers)) if calls else (None, [])
        return {self._request: _shown(sent), self._answers: _shown(answers)}

    def listen(self, seen: gr.Textbox, *, leaving: Sequence[gr.Tab]) -> None:
        """Ask for the calls when a tab is opened, and when the open job changes meanwhile.

        Args:
            seen: Changes with the open job and its state.
            leaving: The other tabs.
        """
        for tab in self._tabs:
            tab.select(None, None, [self.asked], js="vidu.now")
        for tab in leaving:
            tab.select(None, None, [self.asked], js="vidu.nothing")
        seen.change(None, [self.asked], [self.asked], js="vidu.askAgain")


def _json(place: str) -> gr.Code:
    return gr.Code(
        show_label=False,
        elem_id=place,
        language="json",
        visible=False,  # so that the page loads no editor
        interactive=False,
        buttons=["copy"],
        max_lines=24,
    )


def _shown(value: Any) -> gr.Code:
    text = json.dumps(value, indent=2, ensure_ascii=False) if value else ""
    return gr.Code(value=text, visible=True)
