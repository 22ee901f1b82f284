"""What the parts of any fake share: faults, the ground truth, statistics and the service's clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.truth import GroundTruth
from sim.ucaas.faults import FaultKind, FaultSet
from sim.ucaas.statistics import Statistics

SECOND_US = 1_000_000


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """Not thread-safe: the service locks."""

    source: str
    """As the recorder's configuration names it."""
    seed: int
    skew_us: int
    truth: GroundTruth = field(default_factory=GroundTruth)
    faults: FaultSet = field(default_factory=FaultSet)
    statistics: Statistics = field(default_factory=Statistics)

    def service_us(self, now_us: int) -> int:
        """The service's own clock: off by a constant and by active clock faults."""
        skews = self.faults.of_kind(FaultKind.CLOCK_SKEW, now_us)
        return now_us + self.skew_us + sum(int(f.number("seconds", 600) * SECOND_US) for f in skews)

    def lateness_us(self, now_us: int) -> int:
        """How late recordings that are due now will appear."""
        late = self.faults.of_kind(FaultKind.LATE, now_us)
        return max((int(f.number("seconds", 60) * SECOND_US) for f in late), default=0)
