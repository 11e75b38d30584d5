"""Searches in a visitor's list, for what its cards show."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import SIMULATOR, JobState
from vidu_demo.jobs.tables import MAY_WAIT, job_table

LONGEST_SEARCH = int(VideoRequest.describe("prompt")["maxLength"])
"""Characters."""
MAX_WORDS = 16
"""Words used in a search; each is looked up in all of a visitor's prompts."""

_job = job_table.c


class Mark(StrEnum):
    """What a card can say about a job besides its state."""

    DRAFT = "draft"
    SEED = "seed"
    SIMULATED = "simulated"
    WAITS = "waits for a key"
    STARRED = "starred"


_MARKED = {
    Mark.DRAFT: _job.full.is_not(None),
    Mark.SIMULATED: _job.backend == SIMULATOR,
    Mark.SEED: _job.request["seed"].as_string().is_not(None),
    Mark.WAITS: MAY_WAIT,
    Mark.STARRED: _job.starred,
}


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

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The conditions that a job must meet."""
        if len(self.text) > LONGEST_SEARCH:  # no prompt has it, and SQLite refuses such a pattern
            return [sa.false()]
        words = list(dict.fromkeys(self.text.lower().split()))[:MAX_WORDS]
        return [*([_job.starred] if self.starred else []), *map(self._condition, words)]

    def _condition(self, word: str) -> sa.ColumnElement[bool]:
        meant = {
            shown_for
            for label, shown_for in self.labels
            if any(part.startswith(word) for part in label.lower().split())
        }
        return sa.or_(
            _job.request["prompt"].as_string().icontains(word, autoescape=True),
            _job.task_id.icontains(word, autoescape=True),
            _job.request["seed"].as_string().istartswith(word, autoescape=True),
            _job.request["resolution"].as_string().istartswith(word, autoescape=True),
            _job.state.in_([state for state in JobState if state in meant]),
            *(_MARKED[mark] for mark in Mark if mark in meant),
        )


EVERYTHING = Search("")
