"""How far a desktop's clock is ahead of the node's, from questions and answers. Pure."""

from __future__ import annotations

from typing import Final

from recorder.scn.model import ClockOffset

KEPT: Final = 64
GOOD_FOR_NS: Final = 600 * 10**9
DRIFT_PPM: Final = 100
"""So much two clocks may move against each other, beyond what both think."""


class OffsetMeter:
    """The best of the last ten minutes. The true offset lies within its error, but for a clock that is set."""

    def __init__(self) -> None:
        self._samples: list[tuple[int, ClockOffset]] = []

    def answered(
        self, *, asked_ns: int, heard_ns: int, heard_wall_us: int, desktop_us: int
    ) -> None:
        """A question asked and answered on the node's monotonic clock; `heard_wall_us`: its calendar at the answer.

        The desktop looked at its clock somewhere in between; its answer is told to the microsecond.
        """
        trip_us = (heard_ns - asked_ns) // 1000
        middle_us = heard_wall_us - trip_us // 2
        sample = ClockOffset(desktop_us - middle_us, trip_us // 2 + 2)
        if self._jumped(heard_ns, sample):
            self._samples.clear()
        self._samples = [*self._samples[-(KEPT - 1) :], (heard_ns, sample)]

    def best(self, now_ns: int) -> ClockOffset | None:
        """The sample with the smallest error as it is now; None when nothing was answered lately."""
        fresh = [one for one in self._samples if now_ns - one[0] <= GOOD_FOR_NS]
        aged = [ClockOffset(one.ahead_us, _error_us(at, one, now_ns)) for at, one in fresh]
        return min(aged, key=lambda one: one.error_us, default=None)

    def _jumped(self, now_ns: int, sample: ClockOffset) -> bool:
        """Whether the sample cannot be so if what was known is: somebody set a clock."""
        known = self.best(now_ns)
        if known is None:
            return False
        return abs(sample.ahead_us - known.ahead_us) > sample.error_us + known.error_us


def _error_us(at_ns: int, sample: ClockOffset, now_ns: int) -> int:
    return sample.error_us + (now_ns - at_ns) * DRIFT_PPM // 10**9
