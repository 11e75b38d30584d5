"""The page's stylesheet and scripts.

Each script adds functions to one object, `vidu`. Gradio calls them by name: `js="vidu.endReview"`
names the function itself, `js_on_load="vidu.status(element)"` is a call.
"""

from pathlib import Path

from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import STORAGE_KEY
from vidu_demo.ui.i18n.words import LANGUAGE_COOKIE, LANGUAGES

_HERE = Path(__file__).parent

CSS_FILE = _HERE / "style.css"


def head() -> str:
    """Render the scripts for the page's head, which runs before Gradio makes any component."""
    scripts = [file.read_text() for file in sorted(_HERE.glob("*.js"))]
    return templates.render("head.html", scripts=scripts, visitor_key=STORAGE_KEY)


def with_early_script(page: bytes) -> bytes:
    """Add the script that sets the language: Gradio picks one before it adds the page's head."""
    script = templates.render(
        "early.html",
        script=(_HERE / "language.js").read_text(),
        cookie=LANGUAGE_COOKIE,
        languages=list(LANGUAGES),
    )
    return page.replace(b"<head>", b"<head>" + script.encode(), 1)
