"""What time it is at the source, and how sure we are. Pure.

Windows are cut on the source's clock: a window that ends at our own idea of "now" skips recordings when our
clock runs ahead. One exchange says that at some instant between sending and receiving the source's clock
showed a whole second, so its time was in an interval of one second plus the round trip.

Nor is every answer true: one server of many with a wrong clock, or an old answer out of a cache, would move the
horizon into the future, and a horizon never goes back. So a leap counts only when a later exchange says the
same; until then the old reckoning goes on, and nothing is listed beyond what both allow.
"""

from __future__ import annotations

from dataclasses import dataclass

from recorder.model import SourceTime

DRIFT_PPM = 100
"""How fast two clocks may drift apart; a sample gets worse by this as it ages."""
AGE_MAX_S = 900.0
"""A sample older than this says nothing any more."""
LEAP_S = 5.0
"""A contradiction beyond the errors by more than this is doubted."""
CONFIRM_S = 10.0
"""A leap is believed when an exchange so much later agrees, and none between contradicted it."""
FIRST_EXCHANGES = 3
"""So many are compared before a first time ahead of our own clock is believed."""
AHEAD_S = 60.0


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
        self._doubted: _Sample | None = None
        self._exchanges = 0

    def add(self, time: SourceTime) -> None:
        """Learn from one exchange. One that contradicts what is known must be confirmed."""
        round_trip_us = max(0, time.received_ns - time.sent_ns) // 1000
        sample = _Sample(
            at_ns=(time.sent_ns + time.received_ns) // 2,
            source_us=time.source_us + self._resolution_us // 2,
            error_us=self._resolution_us // 2 + round_trip_us // 2 + 1,
        )
        self._exchanges += 1
        best = self._best
        if best is None:
            self._best = sample
        elif _leap_us(best, sample) == 0:
            self._doubted = None
            if _is_better(sample, best) or sample.at_ns - best.at_ns > AGE_MAX_S * 1e9:
                self._best = sample
        elif self._is_believed(best, sample):
            self._best, self._doubted = sample, None

    def read(self, now_ns: int) -> Reading | None:
        """The source's time; None when nothing is known or what was known is too old."""
        if self._best is None:
            return None
        if self._doubted is None and now_ns - self._best.at_ns > AGE_MAX_S * 1e9:
            return None
        return self._best.read(now_ns)

    def surely_us(self, now_ns: int) -> int | None:
        """The source's clock shows at least this, whichever of two contradicting answers is true."""
        reading = self.read(now_ns)
        if reading is None or self._doubted is None:
            return None if reading is None else reading.surely_us
        return min(reading.surely_us, self._doubted.read(now_ns).surely_us)

    @property
    def leap_s(self) -> float:
        """How far a doubted answer is from what was reckoned; 0 when nothing is in doubt."""
        if self._best is None or self._doubted is None:
            return 0.0
        return _leap_us(self._best, self._doubted) / 1e6

    def wants_more(self, now_ns: int, wall_us: int) -> bool:
        """Nothing is known, or it is in doubt, or a first answer is well ahead of our own clock."""
        reading = self.read(now_ns)
        if reading is None:
            return True
        ahead = reading.now_us - wall_us > AHEAD_S * 1e6
        return ahead and self._exchanges < FIRST_EXCHANGES

    def _is_believed(self, best: _Sample, sample: _Sample) -> bool:
        if self._exchanges <= FIRST_EXCHANGES and _leap_us(best, sample) < 0:
            return True
        doubted = self._doubted
        if doubted is None or _leap_us(doubted, sample) != 0:
            self._doubted = sample
            return False
        return sample.at_ns - doubted.at_ns >= CONFIRM_S * 1e9


def _leap_us(old: _Sample, new: _Sample) -> int:
    """How far `new` is from what `old` reckons; 0 within the errors and the tolerance."""
    aged = old.read(new.at_ns)
    leap_us = new.source_us - aged.now_us
    return leap_us if abs(leap_us) > aged.error_us + new.error_us + LEAP_S * 1e6 else 0


def _is_better(new: _Sample, old: _Sample) -> bool:
    aged = old.read(new.at_ns)
    contradicts = abs(aged.now_us - new.source_us) > aged.error_us + new.error_us
    return contradicts or new.error_us <= aged.error_us
