"""The page's words in English and Chinese. English is the key, so that code reads as the page does.

Labels and other fixed texts are translated by Gradio in the browser. What the server puts together
from several texts, such as a status card, is translated here, for the browser's first language.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import gradio as gr
from markupsafe import Markup

from vidu_demo.api.text import Text
from vidu_demo.ui.i18n.chinese import CHINESE

Say = Callable[[str], str]
"""Gives a text in the visitor's language; one that has no translation stays as it is."""

GRADIOS = {
    "upload_text.drop_gallery": "Drop a picture, or a video that this page made",
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


def joined(sentences: Iterable[str], say: Say) -> str:
    """Set sentences one behind the other, those that are there. Chinese has no space between."""
    said = (say(sentence) for sentence in sentences if sentence)
    return ("" if say is _chinese else " ").join(said)


def format_seconds(seconds: float, say: Say = str) -> str:
    """Write a length of time in words, such as `34 s` or `2 min 5 s`."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    words = say("{minutes} min {seconds} s" if minutes else "{seconds} s")
    return words.format(minutes=minutes, seconds=rest)


def named(choice: str) -> str:
    """Name an option by another text than its value: a value that is a key would be translated.

    Gradio would then send the translation.
    """
    return f"{choice} "


def _chinese(text: str) -> str:
    """Translate a text of the table.

    Errors, and what the ledger has kept of them, are plain text whose gaps are filled already.
    There, what stands in a gap is translated unless it is in quotation marks, which hold
    somebody's own words.
    """
    if isinstance(text, Text):
        said = {
            gap: _chinese(value) if isinstance(value, Text) else value
            for gap, value in text.values.items()
        }
        return CHINESE.get(text.template, text.template).format(**said)
    if text in CHINESE:
        return CHINESE[text]
    for template, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(text):
            filled = {
                gap: part if f"“{{{gap}}}”" in template else _chinese(part)
                for gap, part in found.groupdict().items()
            }
            return CHINESE[template].format(**filled)
    return text


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(template)), re.DOTALL)


_PATTERNS = {text: _pattern(text) for text in CHINESE if "{" in text}
