"""The page's words in English and Chinese. English is the key, so that code reads as the page does.

Labels and other fixed texts are translated by Gradio in the browser. What the server puts together
from several texts, such as a status card, is translated here, for the browser's first language.
"""

from collections.abc import Callable

import gradio as gr

from vidu_demo.ui.chinese import CHINESE

Say = Callable[[str], str]
"""Gives a text in the visitor's language; one that has no translation stays as it is."""

I18N = gr.I18n(en={text: text for text in CHINESE}, zh=CHINESE)


def speaker(accept_language: str) -> Say:
    """Choose the words by what a browser asks for, such as `zh-CN,zh;q=0.9`."""
    if accept_language.strip().lower().startswith("zh"):
        return lambda text: CHINESE.get(text, text)
    return lambda text: text
