"""The clock of a desktop: the calendar as it was at the start, carried on by a clock that never jumps."""

from __future__ import annotations

from cluster.ports import Clock


class DesktopClock:
    """Frame times and what a node is told of the clock come from here, so that they agree. Any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_us = clock.wall_us() - clock.monotonic_ns() // 1000

    def now_us(self) -> int:
        """Microseconds since 1970, never going back, whatever becomes of the calendar meanwhile."""
        return self._clock.monotonic_ns() // 1000 + self._ahead_us
