"""The page's markup: `*.html`, rendered by Jinja2 with autoescaping.

Line breaks next to a tag are dropped, so that templates can be laid out for reading: Gradio
compares markup node by node, and a space between two buttons would show.

It knows nothing of jobs, HTTP clients or SQL.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup, escape

from vidu_demo.ui import file_url
from vidu_demo.ui.i18n.words import language

_BESIDE_A_TAG = re.compile(r"(?<=[>}])\s*\n\s*(?=[<{])")
_LINE_BREAK = re.compile(r"\s*\n\s*")


class _Compact(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return _LINE_BREAK.sub(" ", _BESIDE_A_TAG.sub("", source.strip()))


def _fill(template: str, **values: Any) -> Markup:
    """Fill the gaps in a translated text; values that are markup already stay markup."""
    return escape(template).format(**values)


def _pixels(size: tuple[int, int]) -> str:
    return "{} × {}".format(*size)


ENVIRONMENT = Environment(
    loader=PackageLoader(__name__, ""),
    extensions=[_Compact],
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
)
ENVIRONMENT.filters.update(file_url=file_url, fill=_fill, language=language, pixels=_pixels)


def render(name: str, **values: Any) -> str:
    """Render a template.

    Args:
        name: The file's name.
        values: The template's variables; `say` is the visitor's language.

    Raises:
        jinja2.UndefinedError: The template uses a variable that is missing.
    """
    return ENVIRONMENT.get_template(name).render(values)
