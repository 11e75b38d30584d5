"""The page's look and its scripts.

Each script adds functions to one object, `vidu`. Gradio calls them by name: `js="vidu.copyLink"`
gives it the function itself, `js_on_load="vidu.status(element)"` calls one.
"""

from pathlib import Path

from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import STORAGE_KEY

_HERE = Path(__file__).parent

CSS_FILE = _HERE / "style.css"


def head() -> str:
    """Write the scripts for the page's head. Gradio runs it before it makes any component."""
    scripts = [file.read_text() for file in sorted(_HERE.glob("*.js"))]
    return templates.render("head.html", scripts=scripts, visitor_key=STORAGE_KEY)
