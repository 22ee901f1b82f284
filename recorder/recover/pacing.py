"""How fast recoveries of a source may go, so that live capture never waits for them. Pure.

They have a share of the source's request budget, spread evenly, and use none of it while the rest is nearly
spent or the source asked for patience. Items are given only while what was found live is nearly done.
"""

from __future__ import annotations

from dataclasses import dataclass

from recorder.budgets import BudgetFigures
from recorder.status import SourceStatus

BUSY_SHARE = 0.8
"""Of the whole budget: above it recoveries ask nothing."""
LOOK_AGAIN_S = 1.0
_NS = 1_000_000_000
_ILL = frozenset({"failing", "waiting", "stopped_by_error"})


@dataclass(frozen=True, slots=True)
class Pace:
    """What recoveries of one source may use."""

    share: float
    """Of the source's own budget."""
    calls_per_s: float
    """Where the source tells of no budget."""

    def per_s(self, figures: BudgetFigures | None) -> float:
        """Requests a second, in the long run."""
        if figures is None or figures.per_s <= 0:
            return self.calls_per_s
        return max(self.share * figures.limit / figures.per_s, 1 / figures.per_s)


class Pacer:
    """Says when the next request may be made. Instants are monotonic nanoseconds."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._next_ns = 0

    def wait_s(self, now_ns: int, figures: BudgetFigures | None) -> float:
        """Seconds until a request may be made; zero when it may be made now."""
        own_s = max(0.0, (self._next_ns - now_ns) / _NS)
        if figures is None:
            return own_s
        busy = figures.used >= BUSY_SHARE * figures.limit
        return max(own_s, figures.quiet_s, LOOK_AGAIN_S if busy else 0.0)

    def asked(self, now_ns: int, figures: BudgetFigures | None) -> None:
        """A request was made."""
        self._next_ns = now_ns + round(_NS / self._pace.per_s(figures))


def is_well(source: SourceStatus) -> bool:
    """What the poller asks is answered."""
    return source.state not in _ILL


def yields_because(
    source: SourceStatus | None, figures: BudgetFigures | None, in_hand_max: int
) -> str:
    """Why nothing is given now; empty while there is nothing in the way.

    What waits for another try keeps nobody from being served: it is not counted as busy.
    """
    if source is None or source.watermark_us is None:
        return "it is not known yet how far this source is archived"
    if not is_well(source):
        return f"the source is {source.state}"
    if source.pending - source.failed >= in_hand_max:
        return f"live capture has {source.pending} items in hand"
    if figures is not None and figures.quiet_s > 0:
        return "the source asked for patience"
    if figures is not None and figures.used >= BUSY_SHARE * figures.limit:
        return "the request budget is nearly spent"
    return ""
