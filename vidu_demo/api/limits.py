"""How much is sent, read and waited for: the library's bounds, in one place.

They keep a mistake from becoming a purchase, and a hostile host from holding memory, disk or a
thread. The bounds of pictures are in `images`.
"""

MAX_BODY_BYTES = 14_000_000
"""Of a whole submit, as JSON: 9.5 MB of pictures in base64, and everything else. Vidu takes
20 MB (2026-11)."""
MAX_ADDRESS = 8_000
"""Characters of one picture's address, as much as common servers take."""
MAX_ADDRESSES = 200_000
"""Characters of all picture addresses and paths of a request together. The vendor names no number
of pictures, so their weight is bounded: some 2,000 ordinary addresses."""
MAX_VOICE = 200
"""Characters of a voice's id; the known ones have about 30."""
MAX_TASK_ID = 1_000
"""Characters of a task's id; the known ones have 36."""

MAX_ANSWER_BYTES = 1_000_000
"""What is read of an answer of the API; what is cut off by it can't be read as JSON, and counts
as that."""

MAX_VIDEO_BYTES = 200_000_000
"""Ten seconds of 1080p at 160 Mbit/s: four times the rate of a Blu-ray, and some ten times what a
model's encoder makes."""
START_SECONDS = 30.0
"""What a download may take before the first byte: names, connections, redirects, headers."""
SLOWEST_BYTES_PER_SECOND = 32_000
"""What a download must bring on average once these seconds are over."""
LONGEST_DOWNLOAD = 1_800.0
"""Seconds for the whole of a download, however steadily it comes."""


def download_seconds(received: int) -> float:
    """Say how long a download may have taken once so many bytes have come."""
    return min(LONGEST_DOWNLOAD, START_SECONDS + received / SLOWEST_BYTES_PER_SECOND)
