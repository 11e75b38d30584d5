"""What a card offers, for every state of a job and every meaning of a refusal."""

from dataclasses import replace

import pytest
from test_status import JOB

from vidu_demo.api import refusals
from vidu_demo.api.refusals import MEANINGS, ApiRefused, TaskFailed
from vidu_demo.api.responses import refusal
from vidu_demo.jobs.follower import summary
from vidu_demo.jobs.job import FOLLOWED, Job, JobState
from vidu_demo.ui.job.reuse import Action, actions, meaning

SAME, EITHER = (Action.SAME,), (Action.SAME, Action.NEW_SEED)
CHANGED: dict[type[ApiRefused], tuple[Action, ...]] = {
    refusals.PromptBlocked: (Action.PROMPT,),
    refusals.PictureBlocked: (Action.PICTURE,),
    refusals.PictureRejected: (Action.PICTURE,),
    refusals.VideoBlocked: (Action.PROMPT, Action.PICTURE),
}
CODES = [(known, code) for known in MEANINGS for code in sorted(known.reasons)]
STATUSES = [(known, status) for known in MEANINGS for status in sorted(known.statuses)]


def ended(state: JobState, message: str = "") -> Job:
    return replace(JOB, state=state, message=message)


@pytest.mark.parametrize("state", JobState)
def test_by_state_where_nothing_was_refused(state: JobState) -> None:
    fitting = {
        JobState.DONE: (*EITHER, Action.GO_ON),
        JobState.STOPPED: EITHER,
        JobState.FAILED: EITHER,
        JobState.NOT_SENT: SAME,
        JobState.UNKNOWN: (),
        JobState.NOT_FOUND: (),
        JobState.DELETED: (),
        **dict.fromkeys(FOLLOWED, ()),
    }
    assert actions(ended(state), video=True) == fitting[state]


def test_what_is_not_known_or_gone_is_not_offered() -> None:
    done = ended(JobState.DONE)
    assert actions(None, video=False) == ()
    assert actions(done, video=False) == EITHER
    assert actions(replace(done, request={}), video=True) == (Action.GO_ON,)


@pytest.mark.parametrize(("known", "code"), CODES, ids=[code for _, code in CODES])
def test_by_meaning(known: type[ApiRefused], code: str) -> None:
    refused = refusal(400, f'{{"reason": "{code}", "message": "Something else, ILLEGAL_X."}}')
    row = ended(JobState.NOT_SENT, summary(refused)["message"])
    assert meaning(row) is known
    assert actions(row, video=False) == CHANGED.get(known, SAME)
    failed = ended(JobState.FAILED, TaskFailed("task-1", code).what)
    assert meaning(failed) is known
    assert actions(failed, video=False) == CHANGED.get(known, EITHER)


@pytest.mark.parametrize(("known", "status"), STATUSES)
def test_by_meaning_where_no_code_is_given(known: type[ApiRefused], status: int) -> None:
    said = refusal(status, "<html>")
    assert type(said) is (ApiRefused if status == 403 else known)  # a firewall's, not the API's
    assert meaning(ended(JobState.NOT_SENT, said.what)) is type(said)


def test_a_reason_nobody_knows() -> None:
    for message in ("", "The task failed at the vendor. It said “the prompt was refused”."):
        assert meaning(ended(JobState.FAILED, message)) is ApiRefused
