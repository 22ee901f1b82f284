"""S5, terms: each has one primary, a node's terms only grow, none is used before it is kept, and a stale one changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.frames import Role
from recorder.records.contacts import HistoryRow
from sim.checkers.violation import Violation

PROMISE = "one_primary"


def check_terms(history: Sequence[HistoryRow]) -> tuple[Violation, ...]:
    """Of a whole role history, oldest first."""
    terms = Terms()
    return tuple(
        violation
        for row in history
        if row.new == Role.PRIMARY
        for violation in terms.reign(row.node, row.term, resumed=row.old == Role.HANDING_OVER)
    )


class Terms:
    """The same, event by event. Keeping is judged of nodes whose disks were ever heard of."""

    def __init__(self) -> None:
        self._holders: dict[int, str] = {}
        self._highest: dict[str, int] = {}
        self._kept: dict[str, int] = {}

    def kept(self, node: str, term: int) -> tuple[Violation, ...]:
        """`term` is durable on the disk of `node`."""
        before = self._kept.get(node, 0)
        self._kept[node] = max(term, before)
        if term < before:
            return (Violation(PROMISE, f"kept term {term} over term {before}", (node,)),)
        return ()

    def reign(self, node: str, term: int, *, resumed: bool = False) -> tuple[Violation, ...]:
        """`node` is primary in `term` from now on. `resumed`: it was, and its offer came to nothing."""
        if resumed and term == self._highest.get(node):
            return ()
        found: list[Violation] = []
        holder = self._holders.setdefault(term, node)
        if holder != node:
            found.append(Violation(PROMISE, f"two primaries in term {term}", (holder, node)))
        if term <= self._highest.get(node, 0):
            found.append(Violation(PROMISE, f"took term {term} again", (node,)))
        if node in self._kept and self._kept[node] < term:
            found.append(Violation(PROMISE, f"used term {term} before it was kept", (node,)))
        self._highest[node] = max(term, self._highest.get(node, 0))
        return tuple(found)

    def wrote(self, node: str, term: int, seen: int) -> tuple[Violation, ...]:
        """The Data Center accepted a fenced write of `term`, having granted `seen` before."""
        if term >= seen:
            return ()
        what = f"a write of term {term} was accepted after term {seen} was granted"
        return (Violation(PROMISE, what, (node,)),)
