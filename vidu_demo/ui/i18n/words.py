"""The page's texts in English and Chinese. The English is the key, so code reads like the page.

Labels and other fixed texts are translated by Gradio in the browser. What the server puts together
from several texts, such as a status card, is translated here. Both follow the language that the
visitor has chosen on the page, else the browser's first language.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr
from markupsafe import Markup
from starlette.requests import HTTPConnection

from vidu_demo.api.text import Text
from vidu_demo.ui.i18n.chinese import CHINESE

Say = Callable[[str], str]
"""Translates a text to the visitor's language; one without a translation stays as it is."""

LANGUAGES = {"en": "English", "zh-CN": "中文"}
"""The languages of the page, by the tags that Gradio knows."""
LANGUAGE_COOKIE = "vidu-demo-language"
"""The cookie with the language that a visitor has chosen: one of `LANGUAGES`."""

I18N = gr.I18n(en={}, zh=CHINESE)
"""In another language the key itself is shown, which is the English text."""


def speaker(accept_language: Any) -> Say:
    """Choose the words by what a browser asks for, such as `zh-CN,zh;q=0.9`; any value will do.

    Gradio knows two kinds of Chinese by their names, and takes every other for English. The
    page must not speak both.
    """
    first = str(accept_language).partition(",")[0].strip().lower()
    return _chinese if first in ("zh-cn", "zh-tw") else str


def spellings(text: str) -> tuple[str, str]:
    """Return a text in English and in Chinese."""
    return text, CHINESE[text]


def marked(text: str) -> Markup:
    """Mark a text inside markup, so that Gradio translates it in the browser."""
    return Markup(I18N(text))  # noqa: S704 - the page's own words


def words_for(request: gr.Request | HTTPConnection) -> Say:
    """Choose the language of a request: the chosen one, or what the browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return speaker(chosen if chosen in LANGUAGES else request.headers.get("accept-language", ""))


def language(say: Say) -> str:
    """Return the tag of the language that a visitor reads."""
    return "en" if say is str else "zh-CN"


def other_language(say: Say) -> str:
    """Return the tag of the language that the page can switch to."""
    return "zh-CN" if say is str else "en"


def format_seconds(seconds: float) -> Text:
    """Format a length of time, such as `34 s` or `2 min 5 s`."""
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
