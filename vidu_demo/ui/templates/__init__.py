"""The page's markup: `*.html`, filled in by Jinja2, which escapes whatever it is given.

A line break beside a tag is nothing, so that templates can be laid out as they read best: Gradio
compares what it is sent node by node, and a space between two buttons can be seen.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup, escape

from vidu_demo.ui import file_url

_BESIDE_A_TAG = re.compile(r"(?<=[>}])\s*\n\s*(?=[<{])")
_LINE_BREAK = re.compile(r"\s*\n\s*")


class _Compact(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return _LINE_BREAK.sub(" ", _BESIDE_A_TAG.sub("", source.strip()))


def _fill(template: str, **values: Any) -> Markup:
    """Fill the gaps of a translated text; what is markup already stays so."""
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
ENVIRONMENT.filters.update(file_url=file_url, fill=_fill, pixels=_pixels)


def render(name: str, **values: Any) -> str:
    """Fill in a template.

    Args:
        name: The file's.
        values: What it asks for; `say` is the visitor's language.

    Raises:
        jinja2.UndefinedError: It asks for something else.
    """
    return ENVIRONMENT.get_template(name).render(values)
