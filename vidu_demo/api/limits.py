"""The library's limits on what it sends, reads and waits for.

They keep a mistake from becoming a purchase, and a hostile host from tying up memory, disk or
threads. The limits for pictures are in `images`.
"""

MAX_BODY_BYTES = 14_000_000
"""A whole submit, as JSON: 9.5 MB of pictures in base64, and everything else. Vidu accepts
20 MB (2026-11)."""
MAX_ADDRESS = 8_000
"""Characters in a picture URL, as many as common servers accept."""
MAX_ADDRESSES = 200_000
"""Characters in all picture URLs and paths of a request: about 2,000 ordinary URLs. The vendor
gives no maximum number of pictures, so their total length is limited instead."""
MAX_VOICE = 200
"""Characters in a voice id; the known ones have about 30."""
MAX_TASK_ID = 1_000
"""Characters in a task id; the known ones have 36."""

MAX_ANSWER_BYTES = 1_000_000
"""How much of an API answer is read; a longer one is cut off and so is not valid JSON."""

MAX_VIDEO_BYTES = 200_000_000
"""Ten seconds of 1080p at 160 Mbit/s: four times the bit rate of a Blu-ray, and about ten times
what a model's encoder produces."""
START_SECONDS = 30.0
"""Time for a download to start: name lookups, connections, redirects, headers."""
SLOWEST_BYTES_PER_SECOND = 32_000
"""Minimum average speed of a download after those seconds."""
LONGEST_DOWNLOAD = 1_800.0
"""Seconds for a whole download, however steady it is."""


def download_seconds(received: int) -> float:
    """Return how long a download may have taken, given the number of bytes received."""
    return min(LONGEST_DOWNLOAD, START_SECONDS + received / SLOWEST_BYTES_PER_SECOND)
