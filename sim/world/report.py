"""What a run of the world found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.checkers.violation import Violation


@dataclass(frozen=True, slots=True)
class Broken:
    """A violation, and when it was seen: seconds since the start of the world."""

    at_s: float
    violation: Violation
    history: tuple[str, ...] = ()
    """What led there, in a few lines: lives, faults, roles, and what was done with the items."""

    def __str__(self) -> str:
        return f"{self.at_s:.3f} s  {self.violation}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        seen = self.violation
        return {
            "promise": seen.promise,
            "at_s": round(self.at_s, 6),
            "what": seen.what,
            "items": list(seen.items),
            "history": list(self.history),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one run. `digest` names the whole execution: equal digests, equal events."""

    seed: int
    digest: str
    simulated_s: float
    events: int
    violations: tuple[Broken, ...]
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Interesting situations that were reached, and how often."""

    @property
    def good(self) -> bool:
        """True when every promise was kept."""
        return not self.violations

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "seed": self.seed,
            "digest": self.digest,
            "simulated_seconds": round(self.simulated_s, 6),
            "events": self.events,
            "violations": [one.as_dict() for one in self.violations],
            "counts": dict(self.counts),
        }
