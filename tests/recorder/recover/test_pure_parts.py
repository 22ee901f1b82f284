"""Pace, estimates, progress, names: the small pure parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.budgets import BudgetFigures
from recorder.model import ItemRef, Window
from recorder.records.recoveries import (
    Counts,
    RecoveryItem,
    RecoveryKind,
    RecoveryRow,
    RecoveryStatus,
)
from recorder.recover.estimate import KEYS_TOLD, Basis, Estimate
from recorder.recover.pacing import LOOK_AGAIN_S, Pace, Pacer
from recorder.recover.progress import progress_of
from recorder.recover.request import new_id, why_not

US = 1_000_000
NS = 1_000_000_000


def figures(used=0, limit=100, per_s=10.0, quiet_s=0.0):
    return BudgetFigures(used, limit, per_s, 0, 0, quiet_s)


# -- pace ----


def test_a_share_of_the_budget_is_spread_evenly():
    pacer = Pacer(Pace(0.25, 2.0))
    assert pacer.wait_s(0, figures()) == 0
    pacer.asked(0, figures())
    assert pacer.wait_s(0, figures()) == pytest.approx(0.4)
    assert pacer.wait_s(400_000_000, figures()) == 0


def test_without_a_budget_the_setting_counts():
    pacer = Pacer(Pace(0.25, 2.0))
    pacer.asked(0, None)
    assert pacer.wait_s(0, None) == pytest.approx(0.5)


def test_patience_that_was_asked_for_and_a_budget_nearly_spent_come_first():
    pacer = Pacer(Pace(0.25, 2.0))
    assert pacer.wait_s(0, figures(quiet_s=30.0)) == 30.0
    assert pacer.wait_s(0, figures(used=80)) == LOOK_AGAIN_S
    assert pacer.wait_s(0, figures(used=79)) == 0


@given(st.floats(0.01, 0.9), st.integers(1, 1000), st.floats(0.1, 600.0))
def test_in_no_period_are_more_requests_made_than_the_share_and_one(share, limit, per_s):
    pacer = Pacer(Pace(share, 2.0))
    budget = figures(limit=limit, per_s=per_s)
    now_ns, made = 0, 0
    while now_ns < per_s * NS and made < 2000:
        wait_s = pacer.wait_s(now_ns, budget)
        if wait_s > 0:
            now_ns += max(1, round(wait_s * NS))
            continue
        pacer.asked(now_ns, budget)
        made += 1
    assert made <= max(1.0, share * limit) + 1.01


# -- estimates ----


def an_item(key, expires_us=None):
    return RecoveryItem(ItemRef("zoom", key, "v", 0, key), expires_us)


def test_an_estimate_says_bytes_calls_and_minutes():
    estimate = Estimate(Basis(3.0, calls_per_s=6.0, items_per_s=5.0, mean_bytes=100), 0)
    estimate.add((an_item(str(number)), None) for number in range(120))
    said = estimate.forecast
    assert (said.size_bytes, said.is_estimate, said.api_calls) == (12_000, True, 360)
    assert said.minutes == 1.0


def test_the_slower_of_budget_and_road_counts():
    slow = Basis(3.0, calls_per_s=100.0, items_per_s=2.0)
    assert slow.item_s == 0.5


def test_sizes_that_the_source_tells_are_no_estimate():
    estimate = Estimate(Basis(3.0, 6.0, 5.0, mean_bytes=100), 0)
    estimate.add([(an_item("a"), 7), (an_item("b"), 8)])
    assert (estimate.forecast.size_bytes, estimate.forecast.is_estimate) == (15, False)


def test_what_is_deleted_before_its_turn_is_counted_and_the_first_are_named():
    estimate = Estimate(Basis(1.0, calls_per_s=1.0, items_per_s=1.0), 1000 * US)
    late = [(an_item(f"k{n}", (1000 + n) * US), None) for n in range(KEYS_TOLD + 50)]
    estimate.add(late)
    said = estimate.forecast
    assert said.too_late == KEYS_TOLD + 50
    assert said.too_late_keys[:2] == ("k0", "k1")
    assert len(said.too_late_keys) == KEYS_TOLD


def test_items_in_time_are_not_named():
    estimate = Estimate(Basis(1.0, 1.0, 1.0), 0)
    estimate.add([(an_item("a", 2 * US), None), (an_item("b"), None)])
    assert estimate.forecast.too_late == 0


# -- progress ----


def a_row(**more):
    facts = {"window": Window(0, 100 * US), "started_us": 0, "listed": 50 * US}
    return RecoveryRow(
        "R-1", "zoom", RecoveryKind.MANUAL, "operator", 0, "ada", **{**facts, **more}
    )


def test_a_recovery_that_waits_for_its_turn_has_no_rate():
    assert progress_of(a_row(started_us=None), 5).phase == "waiting"


def test_while_listing_the_rate_is_that_of_the_listing():
    said = progress_of(a_row(counts=Counts(40, already_here=40)), 10 * US)
    assert (said.phase, said.share, said.per_s, said.left_s) == ("listing", 0.5, 4.0, 10.0)


def test_while_fetching_it_is_that_of_the_fetching():
    counts = Counts(100, already_here=60, recovered=10, pending=30)
    row = a_row(listed=100 * US, fetching_us=10 * US, counts=counts)
    said = progress_of(row, 15 * US)
    assert (said.phase, said.share, said.per_s, said.left_s) == ("fetching", 0.25, 2.0, 15.0)


def test_before_anything_happened_and_with_odd_clocks_nothing_is_said():
    row = a_row(listed=100 * US, fetching_us=10 * US, counts=Counts(3, pending=3))
    assert progress_of(row, 5 * US).left_s is None
    assert progress_of(a_row(listed=0), 0).left_s is None


def test_what_is_over_is_over():
    assert progress_of(a_row(status=RecoveryStatus.CANCELLED), 5).phase == "over"


# -- requests ----


def test_an_id_says_the_day():
    assert new_id(1_795_000_000 * US, "7f3a00ff") == "R-20261118-7f3a"


@pytest.mark.parametrize(
    ("window", "part"),
    [
        (Window(-1, 5), "1970"),
        (Window(5, 5), "ends before"),
        (Window(200, 300), "future"),
        (Window(1, 300), ""),
    ],
)
def test_a_period_must_make_sense(window, part):
    assert part in why_not(window, 100)
    assert bool(why_not(window, 100)) == bool(part)
