"""The calls of the API for the open job: the request, as JSON and as programs, and every answer."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from vidu_demo.jobs.answers import as_json
from vidu_demo.jobs.runner import Calls
from vidu_demo.snippets import SNIPPETS
from vidu_demo.ui import Updates
from vidu_demo.ui.i18n.words import I18N
from vidu_demo.ui.job.code import READS, code_block


class CallLog:
    """A tab for the request and one for the answers, filled when one of them is opened.

    Args:
        asked: Changes when an open tab has to be filled; empty while both are closed.
    """

    def __init__(self, asked: gr.Textbox) -> None:
        self.asked = asked
        with gr.Tab(I18N("Request")) as request, gr.Tabs():
            with gr.Tab("JSON"):
                note = "What was sent. The key, signatures and pictures are left out."
                gr.Markdown(I18N(note))
                self._request = code_block("json", elem_id="request")
            self._programs = []
            for snippet in SNIPPETS:
                with gr.Tab(snippet.label):
                    gr.Markdown(I18N(READS))
                    self._programs.append(code_block(snippet.language))
        with gr.Tab(I18N("Answers")) as answers:
            gr.Markdown(
                I18N("What the API answered. Identical answers in a row are grouped, with a count.")
            )
            self._answers = code_block("json", elem_id="answers")
        self._tabs = request, answers

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `show` gives values for."""
        return [self._request, *self._programs, self._answers]

    @property
    def unchanged(self) -> Updates:
        """What a closed tab gets: an editor would be loaded for any value."""
        return {self._request: gr.skip()}

    def show(self, calls: Calls | None) -> Updates:
        """Show a job's calls; without a job, nothing."""
        sent, asked, answers = calls or (None, None, ())
        programs = [snippet.write(asked) if asked else "" for snippet in SNIPPETS]
        return {
            self._request: _shown(_json(sent)),
            self._answers: _shown(_json(as_json(answers))),
            **dict(zip(self._programs, map(_shown, programs), strict=True)),
        }

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


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


def _shown(text: str) -> gr.Code:
    return gr.Code(value=text, visible=True)
