"""When a node may ask a service: within its own budget, and not while it was asked to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx

from cluster.ports import Clock
from recorder.adapters.http.budget import Budget, Recent, full_bucket
from recorder.adapters.http.retry_after import retry_after_s
from recorder.budgets import BudgetFigures
from recorder.errors import Throttled

WAIT_MAX_S = 2.0
"""How long a call waits for its turn; a longer queue is told to its caller instead.

Giving up at once would waste the calls that an item has cost already: a budget that is nearly spent
would be spent on beginnings.
"""
_THROTTLED = 429
_NS = 1_000_000_000


class Patience:
    """The budget of one source on this node. Safe to use from several jobs at once.

    Call `spend` before each request, and let the client tell `heard` of the head of every answer: its
    body may be long in coming, or never come whole. `quiet_max_s` bounds how long a service can
    silence this node; `setting` is the name of the budget's setting, for the hint. `wait(seconds)` blocks
    the job that asks; without it a call never waits for its turn.
    """

    def __init__(
        self,
        *,
        budget: Budget,
        clock: Clock,
        quiet_max_s: float,
        setting: str,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._quiet_max_s = quiet_max_s
        self._setting = setting
        self._lock = threading.Lock()
        self._quiet_until_ns = 0
        self._bucket = full_bucket(budget, clock.monotonic_ns())
        self._recent = Recent(budget.per_s)
        self._waits = 0
        self._throttled = 0

    def spend(self) -> None:
        """Take one request from the budget, waiting for its turn up to WAIT_MAX_S.

        Raises Throttled with the time to wait when that is longer, or the service asks for patience.
        """
        wait_s = self._take()
        if wait_s > 0.0:
            assert self._wait is not None, (
                "nothing is taken ahead of its time without a way to wait"
            )
            self._wait(wait_s)
            with self._lock:
                self._heed(self._clock.monotonic_ns())

    def _take(self) -> float:
        now_ns = self._clock.monotonic_ns()
        wait_max_s = 0.0 if self._wait is None else WAIT_MAX_S
        with self._lock:
            self._heed(now_ns)
            self._bucket, wait_s = self._bucket.take(now_ns, wait_max_s)
            self._waits += wait_s > 0
            if wait_s <= wait_max_s:
                self._recent.add(now_ns)
        if wait_s <= wait_max_s:
            return wait_s
        raise Throttled(
            "this node's own request budget for the source is spent",
            hint=f"It goes on by itself; raise `{self._setting}` if the service allows more.",
            retry_after_s=wait_s,
        )

    def _heed(self, now_ns: int) -> None:
        quiet_s = (self._quiet_until_ns - now_ns) / _NS
        if quiet_s > 0:
            raise Throttled("the service asked for patience", retry_after_s=quiet_s)

    def heard(self, response: httpx.Response) -> None:
        """A response hook: whoever goes on asking while throttled is made to wait longer."""
        if response.status_code != _THROTTLED:
            return
        head = response.headers
        wait_s = retry_after_s(head.get("retry-after"), head.get("date")) or 0.0
        until_ns = self._clock.monotonic_ns() + int(min(wait_s, self._quiet_max_s) * _NS)
        with self._lock:
            self._quiet_until_ns = max(self._quiet_until_ns, until_ns)
            self._throttled += 1

    def figures(self) -> BudgetFigures:
        """How the budget is spent. Any thread; never waits for a request."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            budget = self._bucket.budget
            return BudgetFigures(
                used=self._recent.count(now_ns),
                limit=budget.requests,
                per_s=budget.per_s,
                waits=self._waits,
                throttled=self._throttled,
                quiet_s=max(0.0, (self._quiet_until_ns - now_ns) / _NS),
            )
