"""Faults that a test can have the simulator produce."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .responses import Response


@dataclass(frozen=True)
class Fault:
    """A fault in one response.

    Attributes:
        status: An HTTP status to send instead of the true response; 0 keeps the true one.
        body: The body that goes with `status`; a dict is sent as JSON.
        headers: Added to the response, overriding its own.
        reset: Send nothing and reset the connection.
        delay: Seconds to wait first.
        truncate: Send half of the promised body, then close.
        after: Do the work first, so that a submit makes (and bills) its task and only the
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
        """True if none of the true response is sent."""
        return self.reset or self.status != 0

    def applied(self, response: Response | None) -> Response:
        """Apply the fault to a response, which can be None if none of it would be sent."""
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
