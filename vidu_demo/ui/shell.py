"""The page's shell: what its HTML holds before Gradio's script has made the page.

It shows the header at once, sets the language before Gradio picks one, and replaces Gradio's words
in the preview that other sites show for a link.
"""

import re
from functools import cache
from pathlib import Path

from starlette.requests import HTTPConnection

from vidu_demo.ui import templates
from vidu_demo.ui.i18n.words import LANGUAGE_COOKIE, LANGUAGES, Say, words_for

TITLE = "Vidu Q2 Pro"
ABOUT = "Turn a picture and a sentence into a video."

_STATIC = Path(__file__).parent / "static"
_PREVIEW = re.compile(rb"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>\s*")


def complete(page: bytes, request: HTTPConnection) -> bytes:
    """Complete the HTML of the page, or of the form to sign in.

    Args:
        page: What Gradio, or the form, answers.
        request: What asks for it: the header is in the visitor's language.
    """
    page = _PREVIEW.sub(b"", page).replace(b"<head>", b"<head>" + _head(), 1)
    return page.replace(b"<gradio-app", _body(words_for(request)) + b"<gradio-app", 1)


@cache
def _head() -> bytes:
    return templates.render(
        "shell_head.html",
        script="".join((_STATIC / name).read_text() for name in ("language.js", "loader.js")),
        cookie=LANGUAGE_COOKIE,
        languages=list(LANGUAGES),
        title=TITLE,
        about=ABOUT,
    ).encode()


@cache
def _body(say: Say) -> bytes:
    style = (_STATIC / "shell.css").read_text()
    html = templates.render("shell_body.html", style=style, title=TITLE, about=ABOUT, say=say)
    return html.encode()
