"""When a node may ask a service: within its own budget, and not while it was asked to wait."""

from __future__ import annotations

import threading

import httpx

from cluster.ports import Clock
from recorder.adapters.http.budget import Budget, full_bucket
from recorder.adapters.http.retry_after import retry_after_s
from recorder.errors import Throttled

_THROTTLED = 429
_NS = 1_000_000_000


class Patience:
    """The budget of one source on this node. Safe to use from several jobs at once.

    Call `spend` before each request, and let the client tell `heard` of the head of every answer: its
    body may be long in coming, or never come whole. `quiet_max_s` bounds how long a service can
    silence this node; `setting` is the name of the budget's setting, for the hint.
    """

    def __init__(self, *, budget: Budget, clock: Clock, quiet_max_s: float, setting: str) -> None:
        self._clock = clock
        self._quiet_max_s = quiet_max_s
        self._setting = setting
        self._lock = threading.Lock()
        self._quiet_until_ns = 0
        self._bucket = full_bucket(budget, clock.monotonic_ns())

    def spend(self) -> None:
        """Take one request from the budget. Raises Throttled with the time to wait."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            quiet_s = (self._quiet_until_ns - now_ns) / _NS
            if quiet_s > 0:
                raise Throttled("the service asked for patience", retry_after_s=quiet_s)
            self._bucket, wait_s = self._bucket.take(now_ns)
        if wait_s > 0:
            raise Throttled(
                "this node's own request budget for the source is spent",
                hint=f"It goes on by itself; raise `{self._setting}` if the service allows more.",
                retry_after_s=wait_s,
            )

    def heard(self, response: httpx.Response) -> None:
        """A response hook: whoever goes on asking while throttled is made to wait longer."""
        if response.status_code != _THROTTLED:
            return
        head = response.headers
        wait_s = retry_after_s(head.get("retry-after"), head.get("date")) or 0.0
        until_ns = self._clock.monotonic_ns() + int(min(wait_s, self._quiet_max_s) * _NS)
        with self._lock:
            self._quiet_until_ns = max(self._quiet_until_ns, until_ns)
