"""A source's request budget on this node, and its ear for a service that asks to be left alone."""

import httpx
import pytest

from recorder.adapters.http.budget import Budget
from recorder.adapters.http.patience import WAIT_MAX_S, Patience
from recorder.budgets import BudgetFigures
from recorder.errors import Throttled

NS = 1_000_000_000
BUDGET = Budget(requests=10, per_s=8.0)
"""Two at once, then one a second."""


class HandClock:
    def __init__(self):
        self.now_ns = 0
        self.waits = []

    def monotonic_ns(self):
        return self.now_ns

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now_ns += round(seconds * NS)


def patience(clock, wait=None):
    return Patience(
        budget=BUDGET, clock=clock, quiet_max_s=300.0, setting="requests_per_5min", wait=wait
    )


def test_without_a_way_to_wait_a_spent_budget_is_told_at_once():
    budget = patience(HandClock())
    budget.spend()
    budget.spend()

    with pytest.raises(Throttled, match="request budget") as caught:
        budget.spend()

    assert caught.value.retry_after_s == 1.0
    assert "requests_per_5min" in caught.value.hint


def test_a_call_waits_for_its_turn_instead_of_wasting_those_before_it():
    clock = HandClock()
    budget = patience(clock, clock.wait)

    for _ in range(12):
        budget.spend()

    assert clock.waits == [1.0] * 10


def test_a_queue_that_is_too_long_is_told_to_the_caller():
    clock = HandClock()
    budget = patience(clock, lambda _seconds: None)
    for _ in range(2 + int(WAIT_MAX_S)):
        budget.spend()

    with pytest.raises(Throttled) as caught:
        budget.spend()

    assert caught.value.retry_after_s > WAIT_MAX_S


def test_what_was_heard_while_waiting_is_heeded():
    clock = HandClock()

    def wait(seconds):
        clock.wait(seconds)
        budget.heard(httpx.Response(429, headers={"Retry-After": "30"}))

    budget = patience(clock, wait)
    budget.spend()
    budget.spend()

    with pytest.raises(Throttled, match="patience") as caught:
        budget.spend()

    assert caught.value.retry_after_s == 30.0


def test_a_service_cannot_silence_a_node_for_longer_than_the_bound():
    clock = HandClock()
    budget = patience(clock)
    budget.heard(httpx.Response(429, headers={"Retry-After": "86400"}))

    with pytest.raises(Throttled) as caught:
        budget.spend()

    assert caught.value.retry_after_s == 300.0


def test_what_was_spent_put_off_and_refused_is_told():
    clock = HandClock()
    budget = patience(clock)
    for _ in range(2):
        budget.spend()
    with pytest.raises(Throttled):
        budget.spend()
    assert budget.figures() == BudgetFigures(used=2, limit=10, per_s=8.0, waits=1, throttled=0)
    budget.heard(httpx.Response(429, headers={"Retry-After": "5"}))
    with pytest.raises(Throttled):
        budget.spend()
    told = budget.figures()
    assert (told.used, told.waits, told.throttled, told.quiet_s) == (2, 1, 1, 5.0)
    clock.now_ns += 20 * NS
    assert (budget.figures().used, budget.figures().quiet_s) == (0, 0.0)


def test_a_request_that_waited_for_its_turn_was_made():
    clock = HandClock()
    budget = patience(clock, clock.wait)
    for _ in range(3):
        budget.spend()
    assert (budget.figures().used, budget.figures().waits) == (3, 1)
