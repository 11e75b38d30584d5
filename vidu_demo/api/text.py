"""Sentences that can be translated, because they keep their template and values."""

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

    def __new__(cls, template: str, **values: Any) -> "Text":
        """Fill the gaps of a template."""
        text = super().__new__(cls, template.format(**values))
        text.template, text.values = template, values
        return text

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values  # so that it can be pickled
