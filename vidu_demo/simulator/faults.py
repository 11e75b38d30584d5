"""Misbehaviour that a test can ask of the simulator."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .responses import Response


@dataclass(frozen=True)
class Fault:
    """A misbehaviour of one response.

    Attributes:
        status: An HTTP status to respond with instead of the true response; 0 keeps the true one.
        body: The body that goes with `status`; a dict is sent as JSON.
        headers: Added to the response, over its own.
        reset: Send nothing and reset the connection.
        delay: Seconds to wait first.
        truncate: Send half of the promised body, then close.
        after: Do the work first, so that a submit makes its task (and bills it) and only the
            response is lost.
    """

    status: int = 0
    body: bytes | str | dict[str, object] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    delay: float = 0
    truncate: bool = False
    after: bool = False

    @property
    def hides_response(self) -> bool:
        """Whether nothing of the true response is seen."""
        return self.reset or self.status != 0

    def applied(self, response: Response | None) -> Response:
        """Spoil a response, which may be None if nothing of it would be seen."""
        if self.reset:
            return Response(0, reset=True)
        if self.status:
            response = self._instead()
        assert response is not None, "a fault that shows the response needs one"  # noqa: S101
        headers = {**response.headers, **self.headers}
        return replace(response, headers=headers, truncate=self.truncate)

    def _instead(self) -> Response:
        if isinstance(self.body, dict):
            return Response.of(self.status, self.body)
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return Response(self.status, body, {"Content-Type": "text/html"})
