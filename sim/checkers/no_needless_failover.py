"""L3: nobody fails over without need."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cluster.frames import Role
from recorder.records.contacts import HistoryRow
from sim.checkers.liveness import PROMISE
from sim.checkers.violation import Violation

QUIET_S = 45.0
"""What a fault may still cause so long after its end."""


def check_no_needless_failover(
    history: Sequence[HistoryRow], disruptions: int
) -> tuple[Violation, ...]:
    """Beyond the first primary, at most one change of primary for each disruption."""
    holders = [row.node for row in history if row.new == Role.PRIMARY]
    changes = sum(a != b for a, b in pairwise(holders))
    if changes <= disruptions:
        return ()
    return (
        Violation(
            PROMISE, f"{changes} changes of primary for {disruptions} disruptions", tuple(holders)
        ),
    )


class Needless:
    """While a run goes on: without a fault that may cost the role, the primary stays.

    Jitter, a little loss, a slow disk, a long download and a wrong calendar may not; whoever tells of
    faults knows which.
    """

    def __init__(self, quiet_s: float = QUIET_S) -> None:
        self._quiet_ns = round(quiet_s * 1e9)
        self._primary = ""
        self._grave = 0
        self._last_ns: int | None = None

    def begins(self, at_ns: int) -> None:
        """A fault that may cost the role."""
        self._grave += 1
        self._last_ns = at_ns

    def ends(self, at_ns: int) -> None:
        """It is over."""
        self._grave -= 1
        self._last_ns = at_ns

    def reign(self, node: str, at_ns: int) -> tuple[Violation, ...]:
        """`node` is primary from now on."""
        before, self._primary = self._primary, node
        if before in {"", node} or self._grave:
            return ()
        if self._last_ns is not None and at_ns - self._last_ns <= self._quiet_ns:
            return ()
        return (Violation(PROMISE, f"{node} took over from {before} without need", (node,)),)
