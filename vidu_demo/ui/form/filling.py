"""What filled the form last: a click, a link, a clip or JSON. It can be undone."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Self

from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text
from vidu_demo.ui.form.variations import recall

_ONE = "1 setting changed"


class By(StrEnum):
    """What filled the form."""

    CHOICE = "choice"
    JSON = "json"
    UNDO = "undo"


def settings(kept: Any, *, typed: bool = False) -> dict[str, Any]:
    """Read the settings and the takes that a browser sends; what is invalid gets its default.

    Args:
        kept: What the browser sends.
        typed: True if the visitor has typed them: then a prompt stays, even if it is too long.
    """
    kept = kept if isinstance(kept, Mapping) else {}
    known = {f: VideoRequest.valid_or_default(f, kept.get(f)) for f in VideoRequest.SETTINGS}
    prompt = kept.get("prompt")
    if typed and prompt and isinstance(prompt, str):
        known["prompt"] = prompt
    return {**known, "takes": recall(kept.get("takes")).plain}


class Filling(NamedTuple):
    """The form before and after.

    Attributes:
        before: The whole form before, as `FormValues.keep` gives it.
        after: The settings after.
        by: What filled it.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    by: str = By.CHOICE

    @classmethod
    def read(cls, sent: Any) -> Self | None:
        """Read what a browser sends, which can be anything; None if nothing filled the form."""
        match sent:
            case {"before": dict(before), "after": dict(after), "by": str(by)}:
                return cls(before, settings(after), by)
        return None

    @property
    def fields(self) -> list[str]:
        """The settings that were changed."""
        before = settings(self.before)
        return [field for field, value in self.after.items() if before[field] != value]

    def marked(self, now: Mapping[str, Any]) -> list[str]:
        """List the settings that were changed and have not been edited since.

        Args:
            now: The form, as `FormValues.keep` gives it.
        """
        current = settings(now)
        return [field for field in self.fields if current[field] == self.after[field]]

    def summary(self, now: Mapping[str, Any]) -> str:
        """Say what was changed; empty if all of it has been edited since."""
        number = len(self.fields)
        if self.marked(now):
            return Text("{number} settings changed", number=number) if number > 1 else _ONE
        before, after = (
            (form.get("files") or [], form.get("urls") or "") for form in (self.before, now)
        )
        return "Pictures changed" if before != after else ""
