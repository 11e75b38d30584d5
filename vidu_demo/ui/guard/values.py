"""Checks the values of widgets, and the data of events, that come over plain HTTP."""

import inspect
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.blocks import Block
from gradio.data_classes import FileData, ListFiles
from pydantic import BaseModel, ValidationError

from vidu_demo.ui.form import uploads


def misfit(listener: BlockFunction, data: list[Any], event: Any) -> str:
    """Say why values do not fit a listener; empty if they do.

    For a listener that takes raw values, only their shape is checked: it reports bad values itself,
    in words.

    Args:
        listener: The listener that is called.
        data: A value for each of its inputs.
        event: The event's data.
    """
    for block, value in zip(listener.inputs, data, strict=True):
        if not _fits(block, value, raw=not listener.preprocess):
            return f"This is not a value for a {type(block).__name__}."
    if not _tells(listener, event):
        return "The event's data is incomplete."
    store = uploads.folder().resolve()
    for value in every([data, event]):
        if not isinstance(value, dict):
            continue
        if "path" in value and not _stored(value["path"], store):
            return "This is not an uploaded file."
        if value.keys() >= {"path", "meta"} and not _valid(FileData, value):
            return "This is not a file description."
    return ""


def every(value: Any) -> Iterator[Any]:
    """Go through a JSON value and everything in it."""
    todo = [value]
    while todo:
        yield (here := todo.pop())
        if isinstance(here, dict):
            todo.extend(here.values())
        elif isinstance(here, list):
            todo.extend(here)


def _fits(block: Block, value: Any, *, raw: bool) -> bool:
    if value is None or isinstance(block, (gr.State, gr.BrowserState, gr.JSON)):
        return True
    if isinstance(block, (gr.HTML, gr.File)):  # the form's pictures, or a file picker
        return _valid(ListFiles, value)
    if isinstance(block, gr.CheckboxGroup):
        known = [choice for _name, choice in block.choices]
        return isinstance(value, list) and all(each in known for each in value)
    if not isinstance(block, (gr.Radio, gr.Number, gr.Slider, gr.Checkbox)):
        return isinstance(value, str)
    if raw:
        return isinstance(value, (str, bool)) or _is_number(value)
    if isinstance(block, gr.Radio):
        return value in [choice for _name, choice in block.choices or ()]
    if isinstance(block, gr.Checkbox):
        return isinstance(value, bool)
    return _is_number(value) and _within(block, value)


def _valid(model: type[BaseModel], value: Any) -> bool:
    """Tell whether Gradio will accept a value; it validates the same way."""
    try:
        model.model_validate(value, context={"validate_meta": True})
    except (ValidationError, AttributeError):  # the latter if `meta` is not an object
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15


def _within(block: Any, value: float) -> bool:
    low, high = block.minimum, block.maximum
    return (low is None or low <= value) and (high is None or value <= high)


def _tells(listener: BlockFunction, event: Any) -> bool:
    parameters = inspect.signature(listener.fn).parameters.values() if listener.fn else ()
    kinds = [kind for p in parameters if isinstance(kind := p.annotation, type)]
    return isinstance(event, dict) or not any(issubclass(kind, gr.EventData) for kind in kinds)


def _stored(path: Any, store: Path) -> bool:
    try:
        place = Path(path).resolve()
        if stored := place.is_relative_to(store):
            with suppress(FileNotFoundError):  # a file that is gone is reported later, in words
                place.stat()
    except (OSError, ValueError, TypeError):
        return False
    return stored
