"""The page's words in English and Chinese. English is the key, so that code reads as the page does.

Labels and other fixed texts are translated by Gradio in the browser. What the server puts together
from several texts, such as a status card, is translated here, for the browser's first language.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr
from markupsafe import Markup

from vidu_demo.api.text import Text
from vidu_demo.ui.i18n.chinese import CHINESE

Say = Callable[[str], str]
"""Gives a text in the visitor's language; one that has no translation stays as it is."""

GRADIOS = {
    "upload_text.drop_gallery": "Drop a picture, or a video made by this page",
    "common.webcam": "Take a photo",
}
"""What Gradio itself says of the pictures too vaguely, or not at all, by its own keys."""

I18N = gr.I18n(en=GRADIOS, zh=CHINESE)
"""In another language the key itself is shown, which is the English text."""


def speaker(accept_language: Any) -> Say:
    """Choose the words by what a browser asks for, such as `zh-CN,zh;q=0.9`; any value will do.

    Gradio knows two kinds of Chinese by their names, and takes every other for English. The
    page must not speak both.
    """
    first = str(accept_language).partition(",")[0].strip().lower()
    return _chinese if first in ("zh-cn", "zh-tw") else str


def marked(text: str) -> Markup:
    """Mark a text inside markup, so that Gradio translates it in the browser."""
    return Markup(I18N(text))  # noqa: S704 - the page's own words


def words_for(request: gr.Request) -> Say:
    """Choose the words for whoever sends a request: every browser says with it what it wants."""
    return speaker(request.headers.get("accept-language", ""))


def format_seconds(seconds: float) -> Text:
    """Write a length of time in words, such as `34 s` or `2 min 5 s`."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    if minutes:
        return Text("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return Text("{seconds} s", seconds=rest)


def named(choice: str) -> str:
    """Name an option by another text than its value: a value that is a key would be translated.

    Gradio would then send the translation.
    """
    return f"{choice} "


def _chinese(text: str) -> str:
    if not isinstance(text, Text):
        return CHINESE.get(text, text)
    said = {
        gap: _chinese(value) if isinstance(value, Text) else value
        for gap, value in text.values.items()
    }
    template = CHINESE.get(text.template, text.template)
    return template.format(**said) if said else template
