"""What a visitor can look for in the list."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import JobState

LONGEST_SEARCH = int(VideoRequest.describe("prompt")["maxLength"])
"""Characters."""
MAX_WORDS = 16
"""Words used in a search; each is looked up in all of a visitor's prompts."""


class Mark(StrEnum):
    """What a card can say about a job besides its state."""

    DRAFT = "draft"
    SEED = "seed"
    SIMULATED = "simulated"
    WAITS = "waits for a key"
    STARRED = "starred"


class Search(NamedTuple):
    """What a visitor looks for.

    Attributes:
        text: Words, in any case. Each must be in a job's prompt or task id, or begin its seed, its
            resolution, or a word of a label that the page shows for it. Only the first `MAX_WORDS`
            different words count.
        labels: The page's labels, in every language, and which jobs it shows them for.
        starred: True to find only those that are starred.
    """

    text: str
    labels: Sequence[tuple[str, JobState | Mark]] = ()
    starred: bool = False


EVERYTHING = Search("")
