"""What time it is at the source, and how sure we are. Pure.

Windows are cut on the source's clock: a window that ends at our own idea of "now" skips recordings when our
clock runs ahead. One exchange says that at some instant between sending and receiving the source's clock
showed a whole second, so its time was in an interval of one second plus the round trip.
"""

from __future__ import annotations

from dataclasses import dataclass

from recorder.model import SourceTime

DRIFT_PPM = 100
"""How fast two clocks may drift apart; a sample gets worse by this as it ages."""
AGE_MAX_S = 900.0
"""A sample older than this says nothing any more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The source's time now, true within plus or minus `error_us`."""

    now_us: int
    error_us: int

    @property
    def surely_us(self) -> int:
        """The source's clock shows at least this."""
        return self.now_us - self.error_us


@dataclass(frozen=True, slots=True)
class _Sample:
    at_ns: int
    source_us: int
    error_us: int

    def read(self, now_ns: int) -> Reading:
        age_us = (now_ns - self.at_ns) // 1000
        return Reading(
            self.source_us + age_us, self.error_us + abs(age_us) * DRIFT_PPM // 1_000_000
        )


class SourceClock:
    """Keeps the sample that says most now. `resolution_us` is that of the source's clock header."""

    def __init__(self, *, resolution_us: int = 1_000_000) -> None:
        self._resolution_us = resolution_us
        self._best: _Sample | None = None

    def add(self, time: SourceTime) -> None:
        """Learn from one exchange. One that contradicts what is known (a clock was set) replaces it."""
        round_trip_us = max(0, time.received_ns - time.sent_ns) // 1000
        sample = _Sample(
            at_ns=(time.sent_ns + time.received_ns) // 2,
            source_us=time.source_us + self._resolution_us // 2,
            error_us=self._resolution_us // 2 + round_trip_us // 2 + 1,
        )
        if self._best is None or self._is_better(sample, self._best):
            self._best = sample

    def read(self, now_ns: int) -> Reading | None:
        """The source's time; None when nothing is known or what was known is too old."""
        if self._best is None or now_ns - self._best.at_ns > AGE_MAX_S * 1e9:
            return None
        return self._best.read(now_ns)

    @staticmethod
    def _is_better(new: _Sample, old: _Sample) -> bool:
        aged = old.read(new.at_ns)
        contradicts = abs(aged.now_us - new.source_us) > aged.error_us + new.error_us
        return contradicts or new.error_us <= aged.error_us
