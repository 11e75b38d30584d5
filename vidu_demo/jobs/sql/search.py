"""The conditions of a search, in SQL."""

import sqlalchemy as sa

from vidu_demo.jobs.job import SIMULATOR, JobState
from vidu_demo.jobs.search import LONGEST_SEARCH, MAX_WORDS, Mark, Search
from vidu_demo.jobs.sql.tables import MAY_WAIT, job_table

_job = job_table.c

_MARKED = {
    Mark.DRAFT: _job.full.is_not(None),
    Mark.SIMULATED: _job.backend == SIMULATOR,
    Mark.SEED: _job.request["seed"].as_string().is_not(None),
    Mark.WAITS: MAY_WAIT,
    Mark.STARRED: _job.starred,
}


def conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a job must meet to be found."""
    if len(search.text) > LONGEST_SEARCH:  # no prompt has it, and SQLite refuses such a pattern
        return [sa.false()]
    words = list(dict.fromkeys(search.text.lower().split()))[:MAX_WORDS]
    starred = [_job.starred] if search.starred else []
    return [*starred, *(_condition(word, search) for word in words)]


def _condition(word: str, search: Search) -> sa.ColumnElement[bool]:
    meant = {
        shown_for
        for label, shown_for in search.labels
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
