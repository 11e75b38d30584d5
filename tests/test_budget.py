"""The daily budget: how much can be spent, who is limited, and who gets the last cent."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from database_fixtures import database_url
from runner_fixtures import OTHER, OWNER, Bench, bench_over, shorten_waits
from test_ledger import job

from vidu_demo.jobs.buying.budget import (
    DEFAULTS,
    BudgetUsedUp,
    LimitReached,
    Paused,
    SpendingLimits,
    Spent,
    TooExpensive,
    TooManyAtOnce,
    VisitorBudgetUsedUp,
    day_of,
)
from vidu_demo.jobs.job import SIMULATOR, Job, JobState
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.sql.spending import UNWATCHED_SECONDS
from vidu_demo.settings import Settings
from vidu_demo.simulator import Fault
from vidu_demo.ui.browser.visitor import Visitors

FIVE = SpendingLimits(per_day=Decimal(5))
TEN_CENTS = SpendingLimits(per_day=Decimal("0.1"))


def spent(ledger: Ledger, created: float = job().created) -> Decimal:
    return ledger.spent(created, "", "", "there").all


def written(ledger: Ledger) -> list[str]:
    return [found.idempotency_key for found in ledger.for_owner("o" * 64, "there", most=99)]


def test_limits_that_are_set_hold_and_the_others_have_defaults() -> None:
    assert (
        SpendingLimits().or_defaults()
        == DEFAULTS
        == SpendingLimits(Decimal(5), Decimal(1), Decimal("0.60"), 2)
    )
    chosen = SpendingLimits(per_day=Decimal(0), max_jobs=7, paused=True)
    assert chosen.or_defaults() == SpendingLimits(
        Decimal(0), Decimal(1), Decimal("0.60"), 7, paused=True
    )


@pytest.mark.parametrize(
    ("limits", "spent", "price", "jobs", "refused"),
    [
        (SpendingLimits(), Spent(Decimal(99), Decimal(99), 99), "99", 99, None),
        (DEFAULTS, Spent(), "0.60", 2, None),
        (DEFAULTS, Spent(), "0.601", 1, TooExpensive),
        (DEFAULTS, Spent(running=1), "0.04", 1, None),
        (DEFAULTS, Spent(running=1), "0.04", 2, TooManyAtOnce),
        (DEFAULTS, Spent(running=2), "0.04", 1, TooManyAtOnce),
        (DEFAULTS, Spent(Decimal("0.96"), Decimal("0.96")), "0.04", 1, None),
        (DEFAULTS, Spent(Decimal("0.96"), Decimal("0.96")), "0.041", 1, VisitorBudgetUsedUp),
        (DEFAULTS, Spent(Decimal("4.96")), "0.04", 1, None),
        (DEFAULTS, Spent(Decimal("4.96")), "0.041", 1, BudgetUsedUp),
        (SpendingLimits(Decimal(0)), Spent(), "0.001", 1, BudgetUsedUp),
        (SpendingLimits(paused=True), Spent(), "0.001", 1, Paused),
        (SpendingLimits(paused=True), Spent(), "0", 1, Paused),  # nor in the simulator
        (SpendingLimits(*[Decimal(0)] * 3, 1), Spent(running=5), "0", 4, None),  # nobody pays
    ],
)
def test_what_is_allowed(
    limits: SpendingLimits, spent: Spent, price: str, jobs: int, refused: type[LimitReached] | None
) -> None:
    if not refused:
        limits.check(spent, Decimal(price), jobs)
        return
    with pytest.raises(LimitReached) as limit:
        limits.check(spent, Decimal(price), jobs)
    assert type(limit.value) is refused
    assert limit.value.label
    assert limit.value.charged.sentence == "Nothing was charged."


def test_what_is_left_is_what_the_visitor_or_all_can_still_spend() -> None:
    assert SpendingLimits().left(Spent(Decimal(9))) is None
    assert DEFAULTS.left(Spent()) == 1
    assert DEFAULTS.left(Spent(Decimal("4.7"), Decimal("0.2"))) == Decimal("0.3")
    assert DEFAULTS.left(Spent(Decimal(4), Decimal("0.9"))) == Decimal("0.1")
    assert DEFAULTS.left(Spent(Decimal(7), Decimal(7))) == 0


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
    assert spent(ledger) == 3
    ledger.add([job("4", price=2000)], FIVE)
    assert spent(ledger) == 5


def test_without_a_limit_it_is_counted_all_the_same(ledger: Ledger) -> None:
    ledger.add([job("1", price=9000)])
    assert spent(ledger) == 9
    with pytest.raises(BudgetUsedUp, match=r"\$0.00 of \$5.00 is left"):
        ledger.add([job("2", price=1)], FIVE)


def test_the_next_day_is_another_one(ledger: Ledger) -> None:
    ledger.add([job("1", price=5000)], FIVE)
    ledger.add([job("2", price=5000, created=86_400.0)], FIVE)
    assert spent(ledger, 86_400.0) == 5


def test_a_repeated_click_costs_nothing_again(ledger: Ledger) -> None:
    ledger.add([job("1", price=4000, idempotency_key="one")], FIVE)
    (found,) = ledger.add([job("2", price=500, idempotency_key="one")], FIVE)
    assert found.id == job("1").id
    assert spent(ledger) == 4


def test_what_was_not_sent_gives_its_money_back_once(ledger: Ledger) -> None:
    (made,) = ledger.add([job("1", price=4000)], FIVE)
    for _ in range(2):
        ledger.change(made, state=JobState.NOT_SENT)
    assert spent(ledger) == 0
    (claimed,) = ledger.add([job("2", price=4000)], FIVE)
    assert ledger.claim(claimed, state=JobState.NOT_SENT)
    assert not ledger.claim(claimed, state=JobState.NOT_SENT)
    assert spent(ledger) == 0


def test_a_colon_in_a_callers_own_key_is_not_a_number_of_a_video(ledger: Ledger) -> None:
    (made,) = ledger.add([job("1", idempotency_key="my: key", price=4000)], FIVE)
    assert ledger.change(made, state=JobState.NOT_SENT)
    assert spent(ledger) == 0


@pytest.mark.parametrize("state", [JobState.UNKNOWN, JobState.FAILED, JobState.DONE])
def test_what_may_have_been_charged_does_not(ledger: Ledger, state: JobState) -> None:
    (made,) = ledger.add([job("1", price=4000)], FIVE)
    done = ledger.change(made, state=state)
    assert ledger.delete(done)
    assert spent(ledger) == 4


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
    assert spent(ledger) == 5
    assert len(written(ledger)) == 4


@pytest.fixture
def bench(tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    with bench_over(tmp_path, clip) as made:
        yield made


def spend(bench: Bench, click: str, owner: str = OWNER, **asked: object) -> None:
    request = bench.request(prompt=click, **asked)
    made = bench.purchases.start(request, owner=owner, idempotency_key=click, limits=TEN_CENTS)
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
        bench.purchases.start_all(requests, owner=OWNER, idempotency_key="three", limits=TEN_CENTS)
    assert bench.simulator.submit_count == 0


def test_a_refused_request_gives_its_money_back(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(403, {"reason": "NOT_ENOUGH_BALANCE"})]
    made = bench.purchases.start(
        bench.request(), owner=OWNER, idempotency_key="a", limits=TEN_CENTS
    )
    bench.reaches(made, JobState.NOT_SENT)
    assert spent(bench.ledger, made.created) == 0


def test_a_lost_answer_does_not(bench: Bench) -> None:
    bench.simulator.faults["submit"] = [Fault(reset=True, after=True)]
    made = bench.purchases.start(
        bench.request(), owner=OWNER, idempotency_key="a", limits=TEN_CENTS
    )
    bench.reaches(made, JobState.UNKNOWN)
    assert spent(bench.ledger, made.created) == Decimal("0.04")


def test_the_simulator_spends_nothing(bench: Bench) -> None:
    bench.reopen(backend=SIMULATOR)
    nothing = SpendingLimits(per_day=Decimal())
    made = bench.purchases.start(bench.request(), owner=OWNER, idempotency_key="a", limits=nothing)
    bench.done(made)
    assert spent(bench.ledger, made.created) == 0


VISITOR = SpendingLimits(visitor_per_day=Decimal(1))


def test_a_visitor_counts_by_token_and_by_address(ledger: Ledger) -> None:
    ledger.add([job("1", price=900, owner="me", address="home")], VISITOR)
    for number, (owner, address) in enumerate((("me", "away"), ("other", "home"), ("me", ""))):
        new = job(f"a{number}", price=101, owner=owner, address=address)
        with pytest.raises(VisitorBudgetUsedUp, match=r"\$0.10 of \$1.00 is left"):
            ledger.add([new], VISITOR)
    ledger.add([job("2", price=1000, owner="other", address="away")], VISITOR)
    assert [(row.visitor, row.spent, row.videos) for row in ledger.spending()] == [
        ("", Decimal("1.9"), 2),
        ("address away", Decimal(1), 1),
        ("address home", Decimal("0.9"), 1),
        ("visitor me", Decimal("0.9"), 1),
        ("visitor other", Decimal(1), 1),
    ]


def test_videos_at_once_are_counted_by_token_and_by_address(ledger: Ledger) -> None:
    two = SpendingLimits(max_jobs=2)
    ledger.add([job("1", price=1, owner="me", address="home")], two)
    (second,) = ledger.add([job("2", price=1, owner="me", address="away")], two)
    for owner, address, allowed in (("me", "", False), ("x", "home", True), ("me", "home", False)):
        new = [job("3", price=1, owner=owner, address=address)]
        if allowed:
            ledger.change(ledger.add(new, two)[0], state=JobState.DONE)
            continue
        with pytest.raises(TooManyAtOnce, match="Yours not finished: 2"):
            ledger.add(new, two)
    ledger.change(second, state=JobState.FAILED)
    ledger.add([job("4", price=1, owner="me", address="away")], two)
    # Neither tasks from elsewhere nor another backend's count.
    ledger.add([job("5", price=0, owner="you")], two)
    ledger.add([job("6", price=1, owner="you", backend="elsewhere")], two)
    with pytest.raises(TooManyAtOnce, match=r"make up to 2 videos at once here\. N"):
        ledger.add([job(name, price=1, owner="you") for name in "789"], two)


def test_a_task_that_nobody_watches_still_runs(ledger: Ledger) -> None:
    one = SpendingLimits(max_jobs=1)
    (made,) = ledger.add([job("1", price=1, state=JobState.RUNNING, task_id="task-1")], one)
    stopped = ledger.change(made, state=JobState.STOPPED)
    for _ in range(2):
        with pytest.raises(TooManyAtOnce, match="Yours not finished: 1"):
            ledger.add([job("2", price=1)], one)
        ledger.delete(stopped)
    later = made.created + UNWATCHED_SECONDS
    ledger.add([job("2", price=1, created=later)], one)


def test_what_has_ended_does_not_run_once_it_is_deleted(ledger: Ledger) -> None:
    one = SpendingLimits(max_jobs=1)
    (made,) = ledger.add([job("1", price=1, state=JobState.RUNNING, task_id="task-1")], one)
    done = ledger.change(made, state=JobState.DONE, finished=made.created + 60)
    assert ledger.delete(done)
    ledger.add([job("2", price=1)], one)


def test_at_midnight_money_goes_back_to_the_day_it_was_counted_on(ledger: Ledger) -> None:
    midnight = 1_764_115_200.0
    jobs = [
        job("1", price=40, idempotency_key="click", created=midnight - 0.0005),
        job("2", price=40, idempotency_key="click:2", created=midnight + 0.0005),
    ]
    _, second = ledger.add(jobs, FIVE)
    ledger.add([job("3", price=40, created=midnight + 1)], FIVE)
    ledger.change(second, state=JobState.NOT_SENT)
    assert [(row.day, row.spent) for row in ledger.spending() if not row.visitor] == [
        ("2025-11-25", Decimal("0.04")),
        ("2025-11-26", Decimal("0.04")),
    ]


def test_clicks_and_refusals_at_once_do_not_wait_for_each_other(ledger: Ledger) -> None:
    """On PostgreSQL, which locks row by row, they could."""

    def buy(number: int) -> Job:
        new = job(id=f"{number:032x}", idempotency_key=f"{number}", price=1)
        return ledger.add([replace(new, owner=f"{number % 3}", address="home")])[0]

    def act(number: int) -> None:
        if number % 2:
            ledger.change(made[number], state=JobState.NOT_SENT)
        else:
            buy(100 + number)

    made = [buy(number) for number in range(90)]
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(act, range(90)))
    counted = {(row.spent, row.videos) for row in ledger.spending()}
    assert counted == {(Decimal("0.03"), 30), (Decimal("0.09"), 90)}


def test_money_goes_back_to_all_it_was_counted_for(ledger: Ledger) -> None:
    (made,) = ledger.add([job("1", price=900, owner="me", address="home")], VISITOR)
    ledger.change(made, state=JobState.NOT_SENT)
    assert {(row.spent, row.videos) for row in ledger.spending()} == {(0, 0)}
    ledger.add([job("2", price=1000, owner="me", address="home")], VISITOR)


def test_of_many_tokens_at_one_address_as_many_win_as_fit(ledger: Ledger) -> None:
    start = threading.Barrier(12)

    def race(number: int) -> bool:
        start.wait()
        try:
            ledger.add([job(f"{number:x}", price=300, owner=str(number), address="x")], VISITOR)
        except VisitorBudgetUsedUp:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(race, range(1, 13))) == 3
    assert spent(ledger) == Decimal("0.9")


def test_while_paused_nothing_starts_and_jobs_finish(bench: Bench) -> None:
    running = bench.purchases.start(bench.request(), owner=OWNER, idempotency_key="first")
    paused, another = SpendingLimits(paused=True), bench.request(seed=8)
    with pytest.raises(Paused) as refused:
        bench.purchases.start(another, owner=OWNER, idempotency_key="second", limits=paused)
    assert "Nothing was charged." in str(refused.value)
    bench.done(running)
    assert bench.simulator.submit_count == 1


def test_a_file_pauses_the_app_while_it_runs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert not settings.limits.paused
    (tmp_path / "PAUSED").touch()
    assert settings.limits.paused
    (tmp_path / "PAUSED").unlink()
    assert not settings.limits.paused
    assert Settings.from_environment({"VIDU_PAUSED": "1"}).limits.paused
    with pytest.raises(ValueError, match="VIDU_PAUSED must be 0 or 1"):
        Settings.from_environment({"VIDU_PAUSED": "maybe"})


@pytest.mark.parametrize("csv", [False, True])
def test_the_host_sees_what_was_spent(tmp_path: Path, csv: bool) -> None:
    with closing(Ledger(Settings(data_dir=tmp_path).ledger_url)) as opened:
        opened.add([job("1", price=1250, created=0.0, owner="a" * 64, address="b" * 64)])
        opened.add([job("2", price=40, created=86_400.0, owner="a" * 64)])
    command = [sys.executable, "-m", "vidu_demo", "spending", *(["--csv"] if csv else [])]
    environment = {**os.environ, "VIDU_DATA_DIR": str(tmp_path), "VIDU_DATABASE_URL": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    rows = [re.split(r",| {2,}", line.strip()) for line in done.stdout.splitlines()]
    expected = [
        ["1970-01-01", "", "1", "1.250" if csv else "$1.25"],
        ["1970-01-01", "address " + "b" * 32, "1", "1.250" if csv else "$1.25"],
        ["1970-01-01", "visitor " + "a" * 32, "1", "1.250" if csv else "$1.25"],
        ["1970-01-02", "", "1", "0.040" if csv else "$0.04"],
        ["1970-01-02", "visitor " + "a" * 32, "1", "0.040" if csv else "$0.04"],
    ]
    assert rows[1:] == [
        [day, (name if csv else name[:20]) or "all", *rest] for day, name, *rest in expected
    ]
    assert rows[0][-1] == "estimate"
    assert done.stderr == ""


def test_a_visitor_at_ipv6_is_a_network() -> None:
    visitors = Visitors(b"secret")

    def address(host: str | None) -> str:
        client = SimpleNamespace(host=host) if host else None
        return visitors.address(cast("Any", SimpleNamespace(client=client)))

    assert address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff::9") != ""
    assert address("2001:db8:1:3::1") != address("2001:db8:1:2::1")
    assert address("::ffff:192.0.2.1") == address("192.0.2.1") != address("192.0.2.2")
    assert address("127.0.0.1") == address("::1") == address(None) == ""
