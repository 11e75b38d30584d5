"""The daily budget: how much can be spent, who is limited, and who gets the last cent."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from database_fixtures import database_url
from runner_fixtures import OTHER, OWNER, Bench, bench_over, shorten_waits
from test_ledger import job

from vidu_demo.jobs.budget import BudgetUsedUp, day_of, per_day
from vidu_demo.jobs.job import SIMULATOR, JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.settings import Settings
from vidu_demo.simulator import Fault

FIVE = Decimal(5)
TODAY = day_of(job().created)


def written(ledger: Ledger) -> list[str]:
    return [found.idempotency_key for found in ledger.for_owner("o" * 64, "there", most=99)]


@pytest.mark.parametrize(
    ("chosen", "local", "budget"),
    [
        (None, True, None),
        (None, False, FIVE),
        (Decimal(2), True, Decimal(2)),
        (Decimal(2), False, Decimal(2)),
        (Decimal(0), True, Decimal(0)),
    ],
)
def test_who_is_limited(chosen: Decimal | None, local: bool, budget: Decimal | None) -> None:
    assert per_day(chosen, local=local) == budget


def test_a_day_is_utcs() -> None:
    assert day_of(1_764_115_199.9) == "2025-11-25"
    assert day_of(1_764_115_200.0) == "2025-11-26"


@pytest.mark.parametrize(("text", "amount"), [("3.5", "3.5"), ("0", "0"), (" 12 ", "12")])
def test_the_setting_is_an_amount(text: str, amount: str) -> None:
    assert Settings.from_environment({"VIDU_BUDGET_PER_DAY": text}).budget_per_day == Decimal(
        amount
    )
    assert Settings.from_environment({}).budget_per_day is None


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "five", "1,5"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="VIDU_BUDGET_PER_DAY"):
        Settings.from_environment({"VIDU_BUDGET_PER_DAY": text})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(database_url(tmp_path / "ledger.db"))) as opened:
        yield opened


def test_what_fits_is_written_and_what_does_not_is_not(ledger: Ledger) -> None:
    ledger.add([job("1", price=3000)], FIVE)
    with pytest.raises(BudgetUsedUp, match=r"\$2.00 of \$5.00 is left, .* \$2.001") as refused:
        ledger.add([job("2", price=1000), job("3", price=1001)], FIVE)
    assert str(refused.value).startswith("This would exceed today's budget: ")
    assert "Nothing was charged." in str(refused.value)
    assert written(ledger) == ["click-1"]
    assert ledger.spent(TODAY) == 3
    ledger.add([job("4", price=2000)], FIVE)
    assert ledger.spent(TODAY) == 5


def test_without_a_limit_it_is_counted_all_the_same(ledger: Ledger) -> None:
    ledger.add([job("1", price=9000)])
    assert ledger.spent(TODAY) == 9
    with pytest.raises(BudgetUsedUp, match=r"\$0.00 of \$5.00 is left"):
        ledger.add([job("2", price=1)], FIVE)


def test_the_next_day_is_another_one(ledger: Ledger) -> None:
    ledger.add([job("1", price=5000)], FIVE)
    ledger.add([job("2", price=5000, created=86_400.0)], FIVE)
    assert ledger.spent("1970-01-02") == 5


def test_a_repeated_click_costs_nothing_again(ledger: Ledger) -> None:
    ledger.add([job("1", price=4000, idempotency_key="one")], FIVE)
    (found,) = ledger.add([job("2", price=500, idempotency_key="one")], FIVE)
    assert found.id == job("1").id
    assert ledger.spent(TODAY) == 4


def test_what_was_not_sent_gives_its_money_back_once(ledger: Ledger) -> None:
    (made,) = ledger.add([job("1", price=4000)], FIVE)
    for _ in range(2):
        ledger.change(made, state=JobState.NOT_SENT)
    assert ledger.spent(TODAY) == 0
    (claimed,) = ledger.add([job("2", price=4000)], FIVE)
    assert ledger.claim(claimed, state=JobState.NOT_SENT)
    assert not ledger.claim(claimed, state=JobState.NOT_SENT)
    assert ledger.spent(TODAY) == 0


@pytest.mark.parametrize("state", [JobState.UNKNOWN, JobState.FAILED, JobState.DONE])
def test_what_may_have_been_charged_does_not(ledger: Ledger, state: JobState) -> None:
    (made,) = ledger.add([job("1", price=4000)], FIVE)
    done = ledger.change(made, state=state)
    assert ledger.delete(done)
    assert ledger.spent(TODAY) == 4


def test_of_many_who_race_for_the_last_cents_as_many_win_as_fit(ledger: Ledger) -> None:
    ledger.add([job("0", price=4700)], FIVE)
    start = threading.Barrier(12)

    def race(number: int) -> bool:
        start.wait()
        try:
            ledger.add([job(f"{number:x}", price=100)], FIVE)
        except BudgetUsedUp:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        won = list(threads.map(race, range(1, 13)))
    assert sum(won) == 3
    assert ledger.spent(TODAY) == 5
    assert len(written(ledger)) == 4


@pytest.fixture
def bench(tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    with bench_over(tmp_path, clip) as made:
        yield made


def spend(bench: Bench, click: str, owner: str = OWNER, **asked: object) -> None:
    request = bench.request(prompt=click, **asked)
    made = bench.runner.start(request, owner=owner, idempotency_key=click, budget=Decimal("0.1"))
    bench.done(made)


def test_a_click_beyond_the_budget_sends_nothing_and_leaves_nothing(bench: Bench) -> None:
    spend(bench, "first")  # 540p for one second: 0.04
    spend(bench, "second", OTHER)
    with pytest.raises(BudgetUsedUp, match=r"\$0.02 of \$0.10 is left"):
        spend(bench, "third")
    assert bench.simulator.submit_count == 2
    assert len(list(bench.videos.iterdir())) == 2
    bench.reopen()
    with pytest.raises(BudgetUsedUp):
        spend(bench, "after a restart")


def test_all_videos_of_a_click_or_none(bench: Bench) -> None:
    requests = [bench.request(seed=seed) for seed in (1, 2, 3)]
    with pytest.raises(BudgetUsedUp, match=r"this would cost \$0.12"):
        bench.runner.start_all(
            requests, owner=OWNER, idempotency_key="three", budget=Decimal("0.1")
        )
    assert bench.simulator.submit_count == 0


def test_a_refused_request_gives_its_money_back(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(403, {"reason": "NOT_ENOUGH_BALANCE"})]
    made = bench.runner.start(
        bench.request(), owner=OWNER, idempotency_key="a", budget=Decimal("0.1")
    )
    bench.reaches(made, JobState.NOT_SENT)
    assert bench.ledger.spent(day_of(made.created)) == 0


def test_a_lost_answer_does_not(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True)]
    made = bench.runner.start(
        bench.request(), owner=OWNER, idempotency_key="a", budget=Decimal("0.1")
    )
    bench.reaches(made, JobState.UNKNOWN)
    assert bench.ledger.spent(day_of(made.created)) == Decimal("0.04")


def test_the_simulator_spends_nothing(bench: Bench) -> None:
    bench.reopen(backend=SIMULATOR)
    made = bench.runner.start(bench.request(), owner=OWNER, idempotency_key="a", budget=Decimal(0))
    bench.done(made)
    assert bench.ledger.spent(day_of(made.created)) == 0
