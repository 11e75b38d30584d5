"""Sentences that can be said in another language: they keep their template and their values."""

from typing import Any


class Text(str):
    """A sentence with its gaps filled in English, which remembers what it was made of.

    Attributes:
        template: The sentence with gaps, such as `Done in {time}`; what translations go by.
        values: What fills them. A value that is a `Text` is translated too; any other is
            somebody's own words, a name or a number, and stays as it is.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> "Text":
        """Fill the gaps of a template."""
        text = super().__new__(cls, template.format(**values))
        text.template, text.values = template, values
        return text

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values  # so that it can cross to another process
