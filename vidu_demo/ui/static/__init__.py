"""The page's stylesheets and scripts.

Each script adds functions to one object, `vidu`. Gradio calls them by name: `js="vidu.endReview"`
names the function itself, `js_on_load="vidu.status(element)"` is a call.

They know nothing of jobs, HTTP clients or SQL.
"""

from pathlib import Path

from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import STORAGE_KEY

_HERE = Path(__file__).parent

_PARTS = (
    "page",
    "form",
    "bar",
    "cards",
    "parts",
    "stage",
    "film",
    "videos",
    "pictures",
    "prompt",
    "compare",
    "wall",
    "brought",
)
STYLES = [_HERE / f"{part}.css" for part in _PARTS]
"""The stylesheets, in their order: a later rule wins."""


def head() -> str:
    """Render the scripts for the page's head, which runs before Gradio makes any component."""
    scripts = [file.read_text() for file in sorted(_HERE.glob("*.js"))]
    return templates.render("head.html", scripts=scripts, visitor_key=STORAGE_KEY)
