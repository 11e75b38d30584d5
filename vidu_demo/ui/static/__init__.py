"""The page's look and its scripts.

Each script adds functions to one object, `vidu`. Gradio calls them by name: `js="vidu.copyLink"`
gives it the function itself, `js_on_load="vidu.status(element)"` calls one.
"""

import json
from pathlib import Path

from vidu_demo.ui.browser.visitor import STORAGE_KEY

_HERE = Path(__file__).parent

CSS_FILE = _HERE / "style.css"


def head() -> str:
    """Write the scripts for the page's head. Gradio runs it before it makes any component."""
    scripts = [
        "window.vidu = {};",
        *(file.read_text() for file in sorted(_HERE.glob("*.js"))),
        f"vidu.standInForStorage({json.dumps(STORAGE_KEY)});",
    ]
    return "".join(f"<script>{script}</script>" for script in scripts)
