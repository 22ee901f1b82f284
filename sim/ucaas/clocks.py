"""The clocks of this machine, for fakes on a real port."""

from __future__ import annotations

import time


def wall_us() -> int:
    """The calendar clock of this machine."""
    return time.time_ns() // 1000  # noqa: TID251 - the real port's clock


def monotonic_ns() -> int:
    """The monotonic clock of this machine, the same in every process."""
    return time.monotonic_ns()  # noqa: TID251 - the real port's clock
