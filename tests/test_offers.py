"""Offers: each is bought at most once, for what it said, whatever clicks, tabs and restarts do."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from runner_fixtures import (
    OTHER,
    OWNER,
    PROCESSING,
    SUCCEED,
    Bench,
    PowerCut,
    Wall,
    bench_over,
    shorten_waits,
    together,
    until,
)

from vidu_demo.api.errors import RequestInvalid, ViduError
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.variations import EACH_PICTURE, Variations
from vidu_demo.jobs import ledger as ledgers
from vidu_demo.jobs.buying.budget import BudgetUsedUp, SpendingLimits, Spent
from vidu_demo.jobs.buying.offers import OFFER_SECONDS, Offer
from vidu_demo.jobs.buying.orders import MAX_ORDER, Order
from vidu_demo.jobs.buying.purchases import DOUBLE_CLICK_SECONDS
from vidu_demo.jobs.errors import DuplicateRequest, OfferExpired, PriceChanged
from vidu_demo.jobs.job import Job, JobState

URLS = ["https://example.com/a.jpg", "https://example.com/b.jpg"]


def order(takes: int | str = 1, **changes: Any) -> Order:
    asked = {"images": URLS, "prompt": "slow push-in", "duration": 1, "resolution": "540p"}
    return Order(VideoRequest(**{**asked, **changes}), Variations.read(takes))


def offer(bench: Bench, asked: Order, owner: str = OWNER, *known: str) -> Offer:
    return bench.purchases.offer(asked, owner=owner, acknowledged=known)


def test_an_offer_is_bought_once_however_often_it_is_clicked(bench: Bench) -> None:
    made = offer(bench, order(takes=2))
    answers = together(20, lambda _: bench.purchases.buy(made.id, order(takes=2), owner=OWNER))
    assert {tuple(job.id for job in jobs) for jobs in answers} == {
        tuple(job.id for job in answers[0])
    }
    done = [bench.done(job) for job in answers[0]]
    assert [job.idempotency_key for job in done] == [made.id, f"{made.id}:2"]
    assert bench.purchases.buy(made.id, order(takes=1, prompt="else"), owner=OWNER) == done
    assert bench.simulator.submit_count == 2


@pytest.mark.parametrize("step", ["open_offer", "by_key"])
def test_an_offer_that_another_click_takes_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = offer(bench, order())
    find, bought = getattr(bench.ledger, step), []

    def found_before_it_is_taken(*values: Any) -> Any:
        found = find(*values)
        monkeypatch.setattr(bench.ledger, step, find)
        bought.extend(bench.purchases.buy(made.id, owner=OWNER))
        return found

    monkeypatch.setattr(bench.ledger, step, found_before_it_is_taken)
    (late,) = bench.purchases.buy(made.id, owner=OWNER)
    assert [job.id for job in bought] == [late.id]


def test_a_click_buys_what_the_form_says_unless_it_is_more(bench: Bench) -> None:
    made = offer(bench, order(takes=2, duration=3))
    for more in (order(takes=3, duration=1), order(takes=2, duration=4), order(resolution="1080p")):
        with pytest.raises(PriceChanged) as refused:
            bench.purchases.buy(made.id, more, owner=OWNER)
        assert refused.value.charged.sentence == "Nothing was charged."
    assert bench.simulator.submit_count == 0
    (job,) = bench.purchases.buy(made.id, order(prompt="else", duration=3), owner=OWNER)
    assert bench.done(job).request["prompt"] == "else"
    assert bench.simulator.submit_count == 1


def test_an_offer_alone_says_what_is_made(bench: Bench) -> None:
    made = offer(bench, order(EACH_PICTURE, seed=7, audio=False, off_peak=True, voice_id="x"))
    for job in bench.purchases.buy(made.id, owner=OWNER):
        bench.done(job)
    bodies = sorted(bench.simulator.submits, key=lambda body: body["images"])
    assert [body["images"] for body in bodies] == [[URLS[0]], [URLS[1]]]
    for body in bodies:
        assert (body["seed"], body["audio"], body["off_peak"]) == (7, False, True)
        assert (body["voice_id"], body["prompt"]) == ("x", "slow push-in")


@pytest.mark.parametrize("age", [OFFER_SECONDS, 10 * OFFER_SECONDS])
def test_an_expired_offer_buys_nothing(bench: Bench, age: float) -> None:
    wall = Wall()
    bench.reopen(wall=wall)
    made = offer(bench, order())
    wall.ahead = age
    with pytest.raises(OfferExpired):
        bench.purchases.buy(made.id, order(), owner=OWNER)
    assert bench.simulator.submit_count == 0
    new = offer(bench, order())
    assert new.id != made.id
    bench.done(bench.purchases.buy(new.id, order(), owner=OWNER)[0])


def test_an_offer_that_expires_while_pictures_are_prepared_buys_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall()
    bench.reopen(wall=wall)
    made = offer(bench, order())
    found = bench.ledger.open_offer

    def late(*about: Any) -> Offer | None:
        offered = found(*about)
        wall.ahead = OFFER_SECONDS
        return offered

    monkeypatch.setattr(bench.ledger, "open_offer", late)
    with pytest.raises(OfferExpired):
        bench.purchases.buy(made.id, order(), owner=OWNER)
    assert bench.simulator.submit_count == 0
    assert list(bench.videos.iterdir()) == []


@pytest.mark.parametrize("bought", [False, True])
def test_an_offer_is_for_its_visitor_alone(bench: Bench, bought: bool) -> None:
    made = offer(bench, order())
    if bought:
        bench.done(bench.purchases.buy(made.id, owner=OWNER)[0])
    for stranger, name in ((OTHER, made.id), (OWNER, "0" * 32), (OWNER, ""), (OWNER, "'; --")):
        with pytest.raises(OfferExpired):
            bench.purchases.buy(name, order(), owner=stranger)
    assert bench.simulator.submit_count == bought


def test_an_offer_is_for_its_backend_alone(bench: Bench) -> None:
    made = offer(bench, order())
    bench.reopen(backend="elsewhere")
    with pytest.raises(OfferExpired):
        bench.purchases.buy(made.id, order(), owner=OWNER)
    assert bench.simulator.submit_count == 0


def test_the_same_form_has_the_same_offer_until_it_is_bought(bench: Bench) -> None:
    wall = Wall()
    bench.reopen(wall=wall)
    first = offer(bench, order())
    assert offer(bench, order()).id == first.id
    assert offer(bench, order(prompt="else")).id != first.id
    assert offer(bench, order(takes=2)).id != first.id
    assert offer(bench, order(), OTHER).id != first.id
    assert offer(bench, order(), OWNER, "job").id != first.id
    wall.ahead = 0.6 * OFFER_SECONDS  # the page may stay open for as long again
    assert offer(bench, order()).id != first.id
    wall.ahead = 0
    bench.purchases.buy(first.id, owner=OWNER)
    assert offer(bench, order()).id != first.id


def test_a_refused_click_leaves_its_offer_open(bench: Bench) -> None:
    made = offer(bench, order())
    with pytest.raises(BudgetUsedUp):
        bench.purchases.buy(made.id, owner=OWNER, limits=SpendingLimits(Decimal("0.01")))
    assert bench.purchases.spent(OWNER, "") == Spent()
    bench.done(bench.purchases.buy(made.id, owner=OWNER, limits=SpendingLimits(Decimal(1)))[0])
    assert bench.simulator.submit_count == 1


def test_a_click_for_what_is_running_never_buys_and_offers_a_second_one(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    (first,) = bench.purchases.buy(offer(bench, order(seed=7)).id, owner=OWNER)
    wall.ahead = DOUBLE_CLICK_SECONDS + 1
    second = offer(bench, order(seed=7))
    asked = []
    for _ in range(2):  # a double click sees the question twice, with the same offer
        with pytest.raises(DuplicateRequest) as error:
            bench.purchases.buy(second.id, order(seed=7), owner=OWNER)
        assert [job.id for job in error.value.jobs] == [first.id]
        asked.append(error.value.another)
    assert asked[0] is not None
    assert asked[0] == asked[1]
    more = together(8, lambda _: bench.purchases.buy(asked[0].id, owner=OWNER)[0].id)
    assert len({*more, first.id}) == 2
    bench.simulator.statuses = [SUCCEED]
    until(lambda: bench.runner.open_jobs == 0)
    assert bench.purchases.buy(second.id, order(seed=7), owner=OWNER) == [bench.row(first)]
    assert bench.simulator.submit_count == 2


def test_a_third_one_knows_of_both_that_run(bench: Bench) -> None:
    bench.simulator.statuses = [PROCESSING]
    wall = Wall()
    bench.reopen(wall=wall)
    name = offer(bench, order(seed=7)).id
    for count in range(1, 4):
        bench.purchases.buy(name, owner=OWNER)
        until(lambda count=count: bench.simulator.submit_count == count)
        wall.ahead += DOUBLE_CLICK_SECONDS + 1
        with pytest.raises(DuplicateRequest) as asked:
            bench.purchases.buy(offer(bench, order(seed=7)).id, order(seed=7), owner=OWNER)
        assert len(asked.value.jobs) == count
        assert asked.value.another
        name = asked.value.another.id


def test_open_offers_are_few(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "MAX_OFFERS", 3)
    monkeypatch.setattr(ledgers, "MAX_ALL_OFFERS", 5)
    wall = Wall()
    bench.reopen(wall=wall)

    def offered(count: int, owner: str) -> list[str]:
        names = []
        for number in range(count):
            wall.ahead += 1
            names.append(offer(bench, order(prompt=f"{number}"), owner).id)
        return names

    def still_open(owner: str, names: list[str]) -> list[bool]:
        now = wall()
        return [bool(bench.ledger.open_offer(name, owner, now)) for name in names]

    mine = offered(5, OWNER)
    assert still_open(OWNER, mine) == [False, False, True, True, True]
    theirs = offered(3, OTHER)
    assert still_open(OTHER, theirs) == [True] * 3
    assert still_open(OWNER, mine[2:]) == [False, True, True]
    wall.ahead += OFFER_SECONDS
    offered(1, OWNER)
    wall.ahead -= OFFER_SECONDS
    assert still_open(OWNER, mine) + still_open(OTHER, theirs) == [False] * 8


def test_strangers_cannot_fill_the_disk_with_offers(bench: Bench) -> None:
    """Whatever fits into a form fits into the bounds of an offer and of all offers."""
    urls = [f"https://example.com/{number}/{'😀' * 1500}" for number in range(20)]
    with pytest.raises(RequestInvalid, match="together are too long"):
        order(images=urls)
    longest = "😀" * 2000
    full = order(prompt=longest)
    draft = replace(full, request=full.request.draft(), full=full.request)
    assert offer(bench, draft).id
    assert MAX_ORDER * ledgers.MAX_ALL_OFFERS <= 400_000_000


class Clicks(RuleBasedStateMachine):
    """Two visitors, several tabs, one app that is stopped, killed and started.

    Attributes:
        clip: The simulator's video.
    """

    clip: bytes
    offers = Bundle("offers")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        shorten_waits(self.patch)
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.bench = self.stack.enter_context(bench_over(Path(folder), self.clip, open_it=False))
        self.wall = Wall()
        self.limits = SpendingLimits(Decimal(2), Decimal(1))
        self.said: dict[str, Offer] = {}
        self.refused: set[str] = set()

    @initialize()
    def start(self) -> None:
        self.bench.open(wall=self.wall)

    @rule(
        target=offers,
        owner=st.sampled_from([OWNER, OTHER]),
        prompt=st.sampled_from(["a cat", "a dog"]),
        takes=st.sampled_from([1, 2, EACH_PICTURE]),
    )
    def review(self, owner: str, prompt: str, takes: int | str) -> Offer:
        made = offer(self.bench, order(takes, prompt=prompt, seed=7), owner)
        self.said[made.id] = made
        return made

    @rule(
        target=offers,
        clicked=offers,
        copies=st.integers(1, 3),
        takes=st.sampled_from([None, 1, 2, 3]),
        stranger=st.booleans(),
    )
    def click(self, clicked: Offer, copies: int, takes: int | None, stranger: bool) -> Offer:
        owner = (OTHER if clicked.owner == OWNER else OWNER) if stranger else clicked.owner
        form = None if takes is None else order(takes, prompt="the form has changed", seed=7)

        def once(_: int) -> list[Job]:
            return self.bench.purchases.buy(clicked.id, form, owner=owner, limits=self.limits)

        answers = together(copies, once)
        for answer in answers:
            if isinstance(answer, ViduError):
                assert answer.charged.sentence == "Nothing was charged."
                if isinstance(answer, DuplicateRequest) and answer.another:
                    self.said[answer.another.id] = answer.another
            else:
                assert {job.owner for job in answer} == {owner}
        if stranger:
            assert all(isinstance(answer, OfferExpired) for answer in answers)
        again = [a.another for a in answers if isinstance(a, DuplicateRequest) and a.another]
        return again[0] if again else clicked

    @rule(clicked=offers)
    def die_before_the_rows_are_there(self, clicked: Offer) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("vidu_demo.jobs.sql.spending.spend", _die)
            with suppress(ViduError, PowerCut):
                self.bench.purchases.buy(clicked.id, owner=clicked.owner, limits=self.limits)
        self.restart()

    @rule()
    def restart(self) -> None:
        self.bench.reopen(wall=self.wall)

    @rule(seconds=st.sampled_from([1.0, DOUBLE_CLICK_SECONDS + 1, 0.7 * OFFER_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.wall.ahead += seconds

    @rule(status=st.sampled_from([PROCESSING, SUCCEED]))
    def tasks_take(self, status: str) -> None:
        self.bench.simulator.statuses = [status]

    @rule(owner=st.sampled_from([OWNER, OTHER]))
    def delete_a_finished_job(self, owner: str) -> None:
        for job in self.bench.runner.jobs(owner):
            if not job.open:
                self.bench.runner.delete(job.id, owner)
                return

    @invariant()
    def no_offer_was_bought_for_more_than_it_said(self) -> None:
        if not self.bench.ledgers:
            return
        bought = 0
        for said in self.said.values():
            jobs = [
                job
                for job in self.bench.ledger.by_key(said.id)
                if job.idempotency_key.partition(":")[0] == said.id
            ]
            assert len(jobs) in range(len(said.order.requests) + 1)
            assert sum(job.price for job in jobs) <= said.price
            assert all(job.created < said.expires for job in jobs)
            bought += len(jobs)
        assert bought == len(self.bench.ledger.states())
        assert self.bench.simulator.submit_count <= bought

    def teardown(self) -> None:
        """Every job that was written is sent once, or says that it was not."""
        self.bench.simulator.statuses = [SUCCEED]
        self.restart()
        until(lambda: self.bench.runner.open_jobs == 0)
        states = list(self.bench.ledger.states().values())
        assert JobState.UNKNOWN not in states
        sent = len(states) - states.count(JobState.NOT_SENT)
        deleted = states.count(JobState.DELETED)
        assert sent - deleted <= self.bench.simulator.submit_count <= sent
        self.stack.close()


def _die(*_: Any) -> Iterator[None]:
    raise PowerCut


def test_whatever_happens_no_offer_is_bought_twice(clip: bytes) -> None:
    machine = type("Clicks", (Clicks,), {"clip": clip})
    few = settings(max_examples=25, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(machine, settings=few)
