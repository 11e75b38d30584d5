"""Sentences that can be translated, because they keep their template and values."""

from collections.abc import Iterable
from functools import reduce
from typing import Any


class Text(str):
    """An English sentence with its gaps filled, which remembers its template and values.

    Attributes:
        template: The sentence with gaps, such as `Done in {time}`; the key of its translations.
        values: The values of the gaps. A `Text` is translated too; anything else, such as a name
            or a number, is left alone.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> "Text":
        """Fill the gaps of a template. Without values it has none, and braces are braces."""
        text = super().__new__(cls, template.format(**values) if values else template)
        text.template, text.values = template, values
        return text

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values  # so that it can be pickled


def own(sentence: str) -> Text:
    """Mark a sentence of this package as one that is translated where it fills a gap."""
    return sentence if isinstance(sentence, Text) else Text(sentence)


def joined(sentences: Iterable[str]) -> str:
    """Set sentences of this package one behind the other, those that are there."""
    there = [own(sentence) for sentence in sentences if sentence]
    return reduce(_followed, there) if there else ""


def _followed(before: Text, after: Text) -> Text:
    return Text("{before} {after}", before=before, after=after)


def to_json(text: str) -> Any:
    """Make JSON of a sentence; a `Text` keeps its template and values, any other is a string."""
    if not isinstance(text, Text):
        return text
    values = {
        gap: to_json(value) if isinstance(value, str) else value
        for gap, value in text.values.items()
    }
    return {"template": text.template, "values": values}


def from_json(plain: Any) -> Any:
    """Rebuild a sentence from what `to_json` returned."""
    if not isinstance(plain, dict):
        return plain
    values = {gap: from_json(value) for gap, value in plain["values"].items()}
    return Text(plain["template"], **values)
