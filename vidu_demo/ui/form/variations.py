"""What one click makes of the form: takes, and the fold of what else differs between videos."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from vidu_demo.api.errors import RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.variations import EACH_PICTURE, MAX_TAKES, MAX_VIDEOS, VARIED, Variations
from vidu_demo.jobs.buying.orders import ONE
from vidu_demo.ui import Updates
from vidu_demo.ui.i18n.words import I18N, named

LINES = "prompts"
"""The name of the input for the prompts. Those of settings have the setting's and `_values`."""
_LONGEST = MAX_VIDEOS * int(VideoRequest.describe("prompt")["maxLength"])
INSTEAD = "The values under Variations are used instead."


def _takes(most: int) -> list[Any]:
    """List the choices for the number of takes."""
    return [*range(1, most + 1), (I18N("one per picture"), EACH_PICTURE)]


def _choices(field: str) -> list[Any]:
    """List the values that a setting can have."""
    match VideoRequest.describe(field):
        case {"enum": values}:
            return [(I18N(named(value)), value) for value in values]
        case {"type": "boolean"}:
            return [(I18N("off"), False), (I18N("on"), True)]
        case about:
            return [*range(about["minimum"], about["maximum"] + 1)]


class VariationsFold:
    """The widgets."""

    def __init__(self) -> None:
        with gr.Column(elem_id="variations"):
            self.takes = gr.Radio(
                _takes(MAX_TAKES),
                value=1,
                label=I18N("Takes"),
                info=I18N("How many videos one click makes. Each take has a different seed."),
                elem_id="takes",
                elem_classes="choices",
            )
            with gr.Accordion(
                I18N("Variations"), open=False, elem_id="vary", elem_classes="fold"
            ) as self.fold:
                gr.Markdown(
                    I18N(
                        "One click makes every combination, up to 12 videos; at most two of these "
                        "can vary at once. What you choose here replaces the form's own value."
                    )
                )
                self.prompts = gr.Textbox(
                    label=I18N("Prompts, one per line"),
                    info=I18N("With “one per picture”, the first line is for the first picture."),
                    lines=2,
                    max_lines=12,
                    max_length=_LONGEST,
                    elem_id="prompts",
                )
                self.values = {
                    field: gr.CheckboxGroup(
                        _choices(field),
                        label=I18N(VideoRequest.describe(field)["title"]),
                        elem_id=f"{field}-values",
                        elem_classes="values",
                    )
                    for field in VARIED
                }

    @property
    def inputs(self) -> dict[str, gr.components.Component]:
        """The widgets by the names that `read` expects."""
        named = {f"{field}_values": widget for field, widget in self.values.items()}
        return {"takes": self.takes, LINES: self.prompts, **named}

    def show(self, variations: Variations) -> Updates:
        """Fill the widgets, and open the fold if any is in use: nothing paid for stays hidden."""
        return {
            self.takes: EACH_PICTURE if variations.each_picture else variations.takes,
            self.prompts: "\n".join(variations.prompts),
            **{widget: list(getattr(variations, f)) for f, widget in self.values.items()},
            **({self.fold: gr.Accordion(open=True)} if variations.varied else {}),
        }

    def restore(self, variations: Variations, most: int) -> Updates:
        """Fill those widgets that are in use, as `show` does.

        Args:
            variations: What differs.
            most: How many takes can be chosen.
        """
        shown = {widget: value for widget, value in self.show(variations).items() if value}
        takes = shown.pop(self.takes)
        value = {"value": takes} if takes in (EACH_PICTURE, *range(2, most + 1)) else {}
        return {**shown, self.takes: gr.update(choices=_takes(most), **value)}


def read(values: Mapping[str, Any]) -> Variations:
    """Read the widgets' raw values, which can be anything.

    Raises:
        RequestInvalid: They can't be used.
    """
    each = values["takes"] == EACH_PICTURE
    lines = values[LINES] if isinstance(values[LINES], str) else ""
    return Variations(
        takes=1 if each else values["takes"],
        each_picture=each,
        prompts=[line.strip() for line in lines.splitlines() if line.strip()],
        **{field: values[f"{field}_values"] or () for field in VARIED},
    )


def recall(kept: Any) -> Variations:
    """Read what the browser kept; one video if that can't be used."""
    try:
        return Variations.read(kept)
    except RequestInvalid:
        return ONE
