"""The accounts of uploads: no address and not all together get more than they may."""

from collections import Counter

import pytest
from conftest import Clock
from hypothesis import given
from hypothesis import strategies as st

from vidu_demo.ui.guard.quota import Allowance, Quota, _Account

EACH = Allowance(size=100, files=3, seconds=60)
TOGETHER = Allowance(size=250, files=5, seconds=600)


def quota(clock: Clock) -> Quota:
    return Quota(EACH, TOGETHER, clock)


def test_an_address_gets_its_bytes_and_no_more(clock: Clock) -> None:
    uploads = quota(clock)
    assert uploads.spend("a", size=60)
    assert not uploads.spend("a", size=41)
    assert uploads.spend("a", size=40)
    assert uploads.spend("b", size=100)


def test_an_address_gets_its_files_and_no_more(clock: Clock) -> None:
    uploads = quota(clock)
    assert all(uploads.spend("a", files=1) for _ in range(3))
    assert not uploads.spend("a", files=1)


def test_it_resets_over_time(clock: Clock) -> None:
    uploads = quota(clock)
    assert uploads.spend("a", size=100)
    clock.now += 59
    assert not uploads.spend("a", size=1)
    clock.now += 1
    assert uploads.spend("a", size=100)


def test_all_together_have_a_bound_that_resets_too(clock: Clock) -> None:
    uploads = quota(clock)
    assert [uploads.spend(name, size=100) for name in "abc"] == [True, True, False]
    clock.now += 600
    assert uploads.spend("c", size=100)


def test_a_clock_that_is_set_back_locks_nobody_out(clock: Clock) -> None:
    uploads = quota(clock)
    assert uploads.spend("a", size=100)
    clock.now -= 10_000
    assert uploads.spend("a", size=100)


def test_accounts_that_are_over_are_dropped(clock: Clock) -> None:
    uploads = quota(clock)
    for number in range(100):
        uploads.spend(f"10.0.0.{number}")
    clock.now += 60
    uploads.spend("b")
    assert len(uploads) == 1


def test_an_upload_costs_the_same_however_many_addresses_there_are(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads, looked = quota(clock), Counter[str]()
    over = _Account.over

    def counted(account: _Account, now: float) -> bool:
        looked["accounts"] += 1
        return over(account, now)

    monkeypatch.setattr(_Account, "over", counted)
    for number in range(1000):
        clock.now += 0.01
        assert uploads.spend(f"10.0.{number % 256}.{number // 256}")
    clock.now += 60
    assert uploads.spend("b")
    assert len(uploads) == 1
    assert looked["accounts"] < 4 * 1000


def test_refused_addresses_take_no_memory(clock: Clock) -> None:
    uploads = quota(clock)
    for number in range(1000):
        uploads.spend(f"10.0.{number % 256}.{number // 256}", files=1)
    assert len(uploads) == TOGETHER.files


def test_an_ipv6_network_counts_as_one(clock: Clock) -> None:
    uploads = quota(clock)
    assert uploads.spend("2001:db8::1", size=100)
    assert not uploads.spend("2001:db8::2:3", size=1)
    assert uploads.spend("2001:db8:0:1::1", size=100)


def test_an_ipv4_address_in_ipv6_is_itself(clock: Clock) -> None:
    uploads = quota(clock)
    assert uploads.spend("::ffff:10.0.0.1", size=100)
    assert not uploads.spend("10.0.0.1", size=1)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 120), st.integers(0, 4), st.floats(0, 200))
    )
)
def test_nobody_ever_gets_more(steps: list[tuple[str, int, int, float]]) -> None:
    clock = Clock()
    start, uploads = clock.now, quota(clock)
    taken: dict[str, int] = {}
    for address, size, files, _wait in steps:
        if uploads.spend(address, size=size, files=files):
            taken[address] = taken.get(address, 0) + size
    assert clock.now == start
    assert all(size <= EACH.size for size in taken.values())
    assert sum(taken.values()) <= TOGETHER.size
