"""A budget of requests: a token bucket. Pure: the clock is an argument.

The law: in any period of `per_s` seconds at most `requests` are allowed, wherever it begins.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_BURST_SHARE = 5
"""A fifth of the budget may go at once; the rest trickles, so that the sum keeps the law."""
_NS = 1_000_000_000
_SLICES = 60


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests are allowed in any `per_s` seconds. `requests` must be at least 2."""

    requests: int
    per_s: float

    @property
    def burst(self) -> int:
        """Requests allowed at once after a rest; at least 1."""
        return max(1, self.requests // _BURST_SHARE)

    @property
    def refill_ns(self) -> int:
        """Nanoseconds in which one more request becomes allowed."""
        return -(-int(self.per_s * _NS) // max(1, self.requests - self.burst))


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a budget, as the instant at which the bucket is full again.

    That one number is the whole state: no rounding adds up, and a clock that stands still or an
    old `now_ns` only makes the answer stricter.
    """

    budget: Budget
    full_at_ns: int

    def take(self, now_ns: int, wait_max_s: float = 0.0) -> tuple[Bucket, float]:
        """Take one request: the bucket afterwards, and how many seconds to wait before making it.

        A longer wait than `wait_max_s` means that nothing was taken; ask again after it. Requests that
        wait have their turns one after the other, so that many waiters never crowd out a single one.
        """
        refill_ns = self.budget.refill_ns
        full_at_ns = max(self.full_at_ns, now_ns) + refill_ns
        wait_ns = max(0, full_at_ns - now_ns - self.budget.burst * refill_ns)
        if wait_ns > wait_max_s * _NS:
            return self, wait_ns / _NS
        return Bucket(self.budget, full_at_ns), wait_ns / _NS


class Recent:
    """How many requests were made in the last `per_s` seconds, known to a sixtieth of it."""

    def __init__(self, per_s: float) -> None:
        self._slice_ns = max(1, int(per_s * _NS) // _SLICES)
        self._counts: deque[tuple[int, int]] = deque()

    def add(self, now_ns: int) -> None:
        """One more."""
        at = now_ns // self._slice_ns
        count = self._counts.pop()[1] if self._counts and self._counts[-1][0] >= at else 0
        self._counts.append((at, count + 1))

    def count(self, now_ns: int) -> int:
        """Never more than there were in a period that is a sixtieth longer, never less than in `per_s`."""
        oldest = now_ns // self._slice_ns - _SLICES
        while self._counts and self._counts[0][0] < oldest:
            self._counts.popleft()
        return sum(count for _, count in self._counts)


def full_bucket(budget: Budget, now_ns: int) -> Bucket:
    """A bucket of which nothing was taken."""
    return Bucket(budget, now_ns)
