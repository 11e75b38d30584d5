"""How long videos took here, by length and resolution. Only used for pacing; never raises."""

from statistics import median

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.errors import LedgerFailed
from vidu_demo.jobs.ledger import Ledger

DURATIONS_NEEDED = 3
"""How many are needed before there is a usual duration."""

_DURATION = VideoRequest.describe("duration")
_LENGTHS = range(_DURATION["minimum"], _DURATION["maximum"] + 1)
_RESOLUTIONS = VideoRequest.describe("resolution")["enum"]


class Durations:
    """How long each backend's videos took, reread when one is added.

    Args:
        ledger: Where jobs are kept.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[tuple[str, int, str], list[float]] = {}

    def of(self, request: VideoRequest, backend: str) -> list[float]:
        """List how long similar videos took, in seconds; empty for off-peak.

        Args:
            request: May be unchecked.
            backend: The API it is for.
        """
        kind = backend, request.duration, request.resolution
        if request.off_peak or kind[1] not in _LENGTHS or kind[2] not in _RESOLUTIONS:
            return []
        past = self._known.get(kind)
        if past is None:
            try:
                past = self._known[kind] = self._ledger.durations(*kind)
            except LedgerFailed:
                return []
        return past

    def usual(self, request: VideoRequest, backend: str) -> float | None:
        """Return the median of `of` in seconds; None if too few are known."""
        past = self.of(request, backend)
        return median(past) if len(past) >= DURATIONS_NEEDED else None

    def clear(self) -> None:
        """Forget what was read, because a video was added."""
        self._known.clear()
