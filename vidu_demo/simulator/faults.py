"""What goes over the wire, and how a test can spoil it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    Attributes:
        status: The HTTP status.
        body: The bytes to send.
        headers: Sent as they are; the length is added on the way out.
        truncate: Promise the whole body, send half of it, then close.
        reset: Send nothing and reset the connection.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    truncate: bool = False
    reset: bool = False

    @classmethod
    def of(cls, status: int, body: object) -> Self:
        """Make an answer whose body is JSON."""
        return cls(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Fault:
    """A misbehaviour of one answer.

    Attributes:
        status: An HTTP status to answer instead of the true answer; 0 keeps the true one.
        body: The body that goes with `status`; a dict is sent as JSON.
        headers: Added to the answer, over its own.
        reset: Answer nothing and reset the connection.
        delay: Seconds to wait first.
        truncate: Send half of the promised body, then close.
        after: Do the work first, so that a submit makes its task (and bills it) and only its
            answer is spoiled.
    """

    status: int = 0
    body: bytes | str | dict[str, object] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    delay: float = 0
    truncate: bool = False
    after: bool = False

    @property
    def hides_truth(self) -> bool:
        """Whether nothing of the true answer is seen."""
        return self.reset or self.status != 0

    def spoil(self, truth: Answer | None) -> Answer:
        """Turn the true answer, which is only needed where it shows, into the spoiled one."""
        if self.reset:
            return Answer(0, reset=True)
        if self.status:
            truth = self._instead()
        assert truth is not None, "a fault that shows the true answer needs one"  # noqa: S101
        headers = {**truth.headers, **self.headers}
        return replace(truth, headers=headers, truncate=self.truncate)

    def _instead(self) -> Answer:
        if isinstance(self.body, dict):
            return Answer.of(self.status, self.body)
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return Answer(self.status, body, {"Content-Type": "text/html"})
