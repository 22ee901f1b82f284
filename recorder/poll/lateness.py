"""How late a source shows its items, and what only a look-back found. Pure.

Lateness is `first seen - changed`. It includes our own waiting, so an item in ground not listed before counts
at most as late as polling itself makes it; one in ground listed before was truly late. The overlap of
every poll follows the 99.9th percentile.
"""

from __future__ import annotations

import math
from collections import deque

STEPS_PER_DOUBLING = 4
BUCKETS = 96
"""Up to 2**24 seconds, over half a year."""
FORGET_AT = 20_000
"""At this many observations all counts are halved, so that an improvement shows."""
OVERLAP_MAX_S = 1800.0
SAFETY = 1.5
RECENT_ESCAPES = 5


class Lateness:
    """A histogram in logarithmic buckets: bounded memory, an estimate within a fifth."""

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS
        self._total = 0
        self.escapes = 0
        """Items that only a look-back found: the overlap alone would have lost them."""
        self.escaped: deque[str] = deque(maxlen=RECENT_ESCAPES)
        """Keys of the newest of them."""

    def observe(self, late_s: float) -> None:
        """One item was first seen so many seconds after its change."""
        step = math.ceil(math.log2(max(1.0, late_s)) * STEPS_PER_DOUBLING)
        self._counts[min(step, BUCKETS - 1)] += 1
        self._total += 1
        if self._total >= FORGET_AT:
            self._counts = [(count + 1) // 2 for count in self._counts]
            self._total = sum(self._counts)

    def escape(self, key: str, late_s: float) -> None:
        """An item that every earlier poll of its instant had missed."""
        self.observe(late_s)
        self.escapes += 1
        self.escaped.append(key)

    def p999_s(self) -> float | None:
        """An upper estimate of the 99.9th percentile; None before the first item."""
        if self._total == 0:
            return None
        wanted = math.ceil(self._total * 0.999)
        seen = 0
        for step, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return 2.0 ** (step / STEPS_PER_DOUBLING)
        raise AssertionError("the counts add up to the total")

    def overlap_s(self, *, floor_s: float, settle_s: float) -> float:
        """How far every poll looks back: one and a half times what `settle_s` does not hide."""
        late_s = self.p999_s()
        if late_s is None:
            return floor_s
        return max(floor_s, min(OVERLAP_MAX_S, SAFETY * (late_s - settle_s)))
