"""The sheet: a widget for every setting, made from `VideoRequest`, or the same request as JSON."""

import re
from collections.abc import Sequence
from typing import Any

import gradio as gr

from vidu_demo.api.errors import Problem
from vidu_demo.api.request import VideoRequest
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.context import SHORT
from vidu_demo.ui.i18n.words import I18N, Say, named

FIRST = ("duration", "resolution", "audio", "voice_id")
"""The settings that are not in the fold."""


def widget(field: str, **options: Any) -> gr.components.Component:
    """Make the widget for a field; label, limits and default come from `VideoRequest`."""
    about = VideoRequest.describe(field)
    common = {
        "label": I18N(about["title"]),
        "info": I18N(about["description"]),
        "value": about.get("default"),
        "elem_id": field,
        **options,
    }
    match about:
        case {"enum": choices}:
            named_choices = [(I18N(named(choice)), choice) for choice in choices]
            return gr.Radio(named_choices, elem_classes="choices", **common)
        case {"type": "boolean"}:
            return gr.Checkbox(**common)
        case {"type": "integer", "default": int()}:
            return gr.Slider(about["minimum"], about["maximum"], step=1, **common)
        case {"type": "integer"}:
            # Without limits: with a minimum, Gradio turns an empty number into 0.
            return gr.Number(placeholder=str(I18N("Picked for you")), **common)
        case {"examples": voices}:
            choices = [(voice_name(voice), voice) for voice in voices]
            return gr.Dropdown(choices, allow_custom_value=True, **common)
        case _:
            return gr.Textbox(**common)


def voice_name(voice: str) -> str:
    """Name a voice by its id, such as `Optimistic Youth · Japanese_OptimisticYouth`."""
    name = voice.partition("_")[2].replace("_", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) + f" · {voice}"


class Sheet:
    """The settings in two columns, and the request body, of which one is shown.

    Attributes:
        settings: The widgets, by field.
        notices: The places below them for what has no effect, by field.
        more: The fold.
        body: The request body as the form has it.
        json: The same to edit; it stays as typed while it has the focus.
        typed: When someone last typed there; empty if nobody has.
        read: When what is in the form now was typed there.
        problems: What is wrong with it.
    """

    def __init__(self) -> None:
        self.settings: dict[str, gr.components.Component] = {}
        self.notices: dict[str, gr.Markdown] = {}
        self.folded = [f for f in VideoRequest.SETTINGS if f not in ("prompt", *FIRST)]
        gr.HTML(templates.render("names.html", fields=VideoRequest.SETTINGS), visible="hidden")
        with gr.Column(elem_id="sheet"):
            self.mode = gr.Radio(
                [(I18N("Form"), "form"), ("JSON", "json")],
                value="form",
                label=I18N("Settings"),
                interactive=True,
                elem_id="mode",
                elem_classes="choices",
            )
            with gr.Row(elem_classes="fields"):
                for field in FIRST:
                    self._add(field)
            with (
                gr.Accordion(
                    I18N("More settings"), open=False, elem_id="more", elem_classes="fold"
                ) as self.more,
                gr.Row(elem_classes="fields"),
            ):
                for field in self.folded:
                    self._add(field)
            self.json = gr.Textbox(
                label=I18N("Request body"),
                info=I18N("What is sent. Edit it, or paste a body from anywhere."),
                lines=14,
                max_lines=40,
                elem_id="json",
            )
            self.problems = gr.HTML(elem_id="problems", padding=False)
        self.body, self.typed, self.read = (gr.Textbox(visible=False) for _ in range(3))

    def discard_edits(self) -> Updates:
        """Let the JSON show the form again."""
        return {self.typed: "", self.read: "", self.problems: ""}

    def judge(self, problems: Sequence[Problem], typed: str, say: Say) -> Updates:
        """Say what is wrong with the JSON.

        Args:
            problems: What is wrong.
            typed: When it was typed.
            say: The visitor's language.
        """
        said = templates.render("problems.html", problems=problems, say=say) if problems else ""
        return {self.problems: said, self.read: "" if problems else typed}

    def listen(self, filling: gr.JSON, filled_at: gr.Textbox) -> None:
        """Keep the JSON like the form.

        Args:
            filling: Changes when the form is filled.
            filled_at: Has the form reviewed.
        """
        edits = [self.json, self.typed, self.read, self.problems, filled_at]
        self.json.change(None, None, self.typed, js="vidu.typed", **SHORT)
        self.mode.change(None, self.body, edits, js="vidu.dropEdits", **SHORT)
        gr.on(
            [self.body.change, self.json.blur, filling.change],
            None,
            [self.body, self.typed, self.read],
            self.json,
            js="vidu.showBody",
            **SHORT,
        )

    def _add(self, field: str) -> None:
        with gr.Column(min_width=0):
            self.settings[field] = widget(field)
            self.notices[field] = gr.Markdown(visible=False, elem_classes="notice")
