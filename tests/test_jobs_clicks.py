"""One click buys at most what it asks for, however often it is made."""

import hashlib

import pytest
from runner_fixtures import (
    OTHER,
    OWNER,
    PATIENCE,
    PROCESSING,
    SUCCEED,
    Bench,
    Wall,
    locked,
    picture,
    together,
    until,
)

from vidu_demo.api.errors import Charged, PictureInvalid
from vidu_demo.jobs.buying.purchases import DOUBLE_CLICK_SECONDS
from vidu_demo.jobs.errors import DuplicateRequest, LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Fault

# One click, one task


def test_the_same_click_is_one_click(bench: Bench) -> None:
    first = bench.start("click")
    assert bench.start("click").id == first.id
    done = bench.done(first)
    assert bench.start("click") == done
    assert bench.start("click", prompt="something else") == done
    assert bench.start("click", again=True) == done
    assert bench.simulator.submit_count == 1


@pytest.mark.parametrize("again", [False, True])
def test_twenty_copies_of_a_click_are_one_click(bench: Bench, again: bool) -> None:
    made = together(20, lambda _: bench.start("click", again=again))
    assert {job.id for job in made} == {made[0].id}
    bench.done(made[0])
    assert bench.simulator.submit_count == bench.simulator.task_count == 1
    assert len(list(bench.videos.iterdir())) == 1


def test_clicks_that_follow_at_once_are_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty impatient fingers: each click is new, and all ask for the same."""
    monkeypatch.setattr("vidu_demo.jobs.buying.purchases.DOUBLE_CLICK_SECONDS", PATIENCE)
    made = together(20, lambda number: bench.start(f"click {number}"))
    assert {job.id for job in made} == {made[0].id}
    bench.done(made[0])
    assert bench.simulator.submit_count == 1


def test_the_very_same_request_asks_first(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    first = bench.reaches(bench.start("1"), JobState.RUNNING)
    wall.ahead = DOUBLE_CLICK_SECONDS + 1
    tries = together(8, lambda number: bench.start(f"again {number}"))
    assert all(isinstance(error, DuplicateRequest) for error in tries)
    assert [error.jobs for error in tries] == [(first,)] * 8
    assert tries[0].task_id == first.task_id
    assert tries[0].charged is Charged.NO
    assert bench.simulator.submit_count == 1
    assert [path.name for path in bench.videos.iterdir()] == [first.id]

    second = bench.start("2", again=True)
    assert second.id != first.id
    assert bench.start("again 0").id == first.id  # a refused click that is sent again
    bench.start("3", prompt="another prompt")
    bench.start("4", owner=OTHER)
    bench.start("5", images=[picture("red")])
    bench.simulator.statuses = [SUCCEED]
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.simulator.submit_count == 5
    wall.ahead *= 2
    assert bench.done(bench.start("6")).id != first.id  # it is finished, so this is a new wish
    assert bench.simulator.submit_count == 6


def test_a_lost_answer_asks_first_and_says_why(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True)]
    wall = Wall()
    bench.reopen(wall=wall)
    lost = bench.reaches(bench.start("1"), JobState.UNKNOWN)
    assert lost.charged is Charged.UNKNOWN
    wall.ahead = 3600
    with pytest.raises(DuplicateRequest, match="may be running and billed") as asked:
        bench.start("2")
    assert "buy it twice" in asked.value.next_step
    assert bench.simulator.submit_count == 1
    bench.done(bench.start("3", again=True))
    assert bench.simulator.submit_count == 2


def test_a_request_to_another_backend_is_another_one(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall, backend="elsewhere")
    elsewhere = bench.reaches(bench.start("1"), JobState.RUNNING)
    bench.reopen(wall=wall)
    wall.ahead = 60
    here = bench.start("2")
    assert here.id != elsewhere.id


def test_a_job_is_sent_by_one_runner_only(bench: Bench) -> None:
    """Two processes can share a ledger. What one marks as “not sent”, the other never sends."""
    first = bench.make()
    job = bench.start()  # it waits: its runner is not open yet
    bench.open()
    assert bench.reaches(job, JobState.NOT_SENT).charged is Charged.NO
    first._followers.open()
    until(lambda: first.open_jobs == 0)
    assert bench.row(job).state is JobState.NOT_SENT
    assert bench.simulator.submit_count == 0
    first.close()


# Takes


def test_takes_of_one_form_are_several_jobs(bench: Bench) -> None:
    made = bench.take("click", 3, seed=None)
    assert len({job.id for job in made}) == 3
    # The other half of a double click: its name is new, its takes are the same.
    assert [job.id for job in bench.take("another", 3, seed=None)] == [job.id for job in made]
    done = [bench.done(job) for job in made]
    assert len({job.request["seed"] for job in done}) == 3
    assert len({job.task_id for job in done}) == 3
    assert bench.runner.jobs(OWNER) == done[::-1]
    assert bench.take("click", 3) == done
    assert bench.simulator.submit_count == bench.simulator.task_count == 3


def test_a_click_that_is_sent_again_buys_nothing_whatever_it_asks_for(bench: Bench) -> None:
    (first,) = bench.take("click", 1)
    assert [job.id for job in bench.take("click", 4, prompt="something else")] == [first.id]
    bench.done(first)
    assert bench.take("click", 4, prompt="something else") == [bench.row(first)]
    assert bench.simulator.submit_count == 1


def test_takes_that_are_clicked_twice_at_once_are_bought_once(bench: Bench) -> None:
    made = together(12, lambda number: bench.take(f"click {number}", 4))
    assert {tuple(job.id for job in jobs) for jobs in made} == {tuple(job.id for job in made[0])}
    for job in made[0]:
        bench.done(job)
    assert bench.simulator.submit_count == 4


def test_a_take_that_runs_is_asked_about_like_any_request(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    made = bench.take("click", 2)
    until(lambda: bench.simulator.submit_count == 2)
    wall.ahead = DOUBLE_CLICK_SECONDS + 1
    with pytest.raises(DuplicateRequest) as asked:
        bench.take("another", 3)  # two of the three
    assert [job.id for job in asked.value.jobs] == [job.id for job in made]
    with pytest.raises(DuplicateRequest):
        bench.start("one", seed=8)  # by whichever way the same is asked for
    assert bench.simulator.submit_count == 2
    assert {path.name for path in bench.videos.iterdir()} == {job.id for job in made}


def test_of_one_click_the_very_same_may_be_asked_for_twice(bench: Bench) -> None:
    same = [bench.request(seed=7), bench.request(seed=7)]
    made = bench.purchases.start_all(same, owner=OWNER, idempotency_key="click")
    for job in made:
        bench.done(job)
    assert bench.simulator.submit_count == 2


def test_a_double_click_on_a_second_one_buys_one(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    first = bench.start("1")
    wall.ahead = DOUBLE_CLICK_SECONDS + 1

    def want_another(number: int) -> Job:
        request = bench.request()
        return bench.purchases.start(
            request, owner=OWNER, idempotency_key=f"{number} more", acknowledged=[first.id]
        )

    made = together(8, want_another)
    assert len({job.id for job in made} - {first.id}) == 1
    until(lambda: bench.simulator.submit_count == 2)


def test_of_a_click_with_one_bad_picture_nothing_is_bought(bench: Bench) -> None:
    good, bad = bench.request(), bench.request(images=[b"no picture"])
    with pytest.raises(PictureInvalid):
        bench.purchases.start_all([good, good, bad], owner=OWNER, idempotency_key="click")
    assert bench.simulator.submit_count == 0
    assert not bench.videos.exists()


def test_of_a_click_that_the_ledger_does_not_take_nothing_is_bought(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.ledger, "add", locked)
    with pytest.raises(LedgerFailed):
        bench.take("click", 3)
    assert list(bench.videos.iterdir()) == []
    monkeypatch.undo()
    for job in bench.take("click", 3):
        bench.done(job)
    assert bench.simulator.submit_count == 3


def test_a_first_take_is_known_by_the_request_alone(bench: Bench) -> None:
    """Else a request that ran when the app was updated could be bought again unasked."""
    request = bench.request(images=["https://example.com/a.jpg"])
    job = bench.purchases.start(request, owner=OWNER, idempotency_key="click")
    asked = hashlib.sha256(request.model_dump_json(exclude={"images"}).encode())
    asked.update(hashlib.sha256(b"https://example.com/a.jpg").digest())
    assert job.fingerprint == asked.hexdigest()
