"""S6, one primary: at most one node polls, but for a bounded overlap.

Judged by the role history (what the nodes say) and by the polls the source saw (what they did).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.frames import Role
from recorder.records.contacts import HistoryRow
from sim.checkers.violation import Violation
from sim.ucaas.statistics import Poll

PROMISE = "one_primary"
OVERLAP_S = 8.0


@dataclass(frozen=True, slots=True)
class Reign:
    """A node polled from one instant to another, without another node between."""

    node: str
    first_ns: int
    last_ns: int


def reigns_seen(
    polls: Sequence[Poll], nodes: Mapping[str, str], overlap_s: float = OVERLAP_S
) -> tuple[Reign, ...]:
    """Runs of polls by one node; polls of the one before within the overlap do not interrupt.

    `nodes` maps client ids to node ids.
    """
    reigns: list[Reign] = []
    for poll in sorted(polls, key=lambda poll: poll.monotonic_ns):
        node, now_ns = nodes.get(poll.client, poll.client), poll.monotonic_ns
        last = reigns[-1] if reigns else None
        if last is not None and last.node == node:
            reigns[-1] = Reign(node, last.first_ns, now_ns)
        elif last is None or not _is_tail(reigns, node, now_ns, overlap_s):
            reigns.append(Reign(node, now_ns, now_ns))
    return tuple(reigns)


def _is_tail(reigns: Sequence[Reign], node: str, now_ns: int, overlap_s: float) -> bool:
    before = [reign for reign in reigns[-2:-1] if reign.node == node]
    return bool(before) and now_ns - reigns[-1].first_ns <= overlap_s * 1e9


def check_one_polls(
    history: Sequence[HistoryRow],
    polls: Sequence[Poll],
    nodes: Mapping[str, str],
    overlap_s: float = OVERLAP_S,
) -> tuple[Violation, ...]:
    """Every run of polls needs a reign of its own: interleaved polls have too few."""
    found: list[Violation] = []
    seen = reigns_seen(polls, nodes, overlap_s)
    for node in dict.fromkeys(reign.node for reign in seen):
        runs = sum(reign.node == node for reign in seen)
        granted = sum(row.node == node and row.new == Role.PRIMARY for row in history)
        if runs > granted:
            what = f"polled in {runs} stretches, was primary {granted} times"
            found.append(Violation(PROMISE, what, (node,)))
    return tuple(found)


class Pollers:
    """The same, poll by poll: whoever is relieved polls on for the overlap at most.

    Longer only while the nodes reach neither each other nor both the witness, and right after that, or
    after waking from a stop: then what was begun before may still come. What left a node while it was
    primary was right, however late the source hears it.
    """

    def __init__(self, overlap_s: float = OVERLAP_S) -> None:
        self._overlap_ns = round(overlap_s * 1e9)
        self._polls = ""
        """Who took over last."""
        self._since_ns = 0
        self._primary: set[str] = set()
        self._crowned: set[str] = set()
        """May take over: became primary, or is left as the only one, and did not poll since."""
        self._excused_ns: dict[str, int] = {}
        self._apart = False
        self._since_primary_ns: dict[str, int] = {}
        self._reigned: dict[str, tuple[int, int]] = {}
        """Of each node its last reign that is over."""

    def reign(self, node: str, at_ns: int) -> None:
        """`node` is primary from now on."""
        self._primary.add(node)
        self._since_primary_ns.setdefault(node, at_ns)
        if node != self._polls:
            self._crowned.add(node)

    def relieved(self, node: str, at_ns: int) -> None:
        """`node` is primary no more, or is no more."""
        self._primary.discard(node)
        since_ns = self._since_primary_ns.pop(node, None)
        if since_ns is not None:
            self._reigned[node] = (since_ns, at_ns)
        self._crowned.discard(node)
        if node == self._polls:
            self._crowned |= self._primary

    def stopped(self, node: str) -> None:
        """`node` is stopped: whoever else is primary may go on, as if `node` were no more."""
        if node == self._polls:
            self._crowned |= self._primary - {node}

    def apart(self, at_ns: int, *, begins: bool) -> None:
        """The nodes reach neither each other nor both the witness, or do again."""
        self._apart = begins
        self._excused_ns[""] = at_ns

    def woke(self, node: str, at_ns: int) -> None:
        """`node` was stopped until now."""
        self._excused_ns[node] = at_ns

    def polled(self, node: str, at_ns: int) -> tuple[Violation, ...]:
        """`node` asked for a listing, which left it at `at_ns`."""
        first_ns, last_ns = self._reigned.get(node, (0, -1))
        if first_ns <= at_ns <= last_ns:
            return ()
        if node in self._crowned:
            self._crowned.discard(node)
            self._polls, self._since_ns = node, at_ns
        if node == self._polls or self._apart:
            return ()
        since_ns = max(self._since_ns, self._excused_ns.get("", -1), self._excused_ns.get(node, -1))
        if self._polls and at_ns - since_ns <= self._overlap_ns:
            return ()
        if not self._polls:
            return (Violation(PROMISE, "polled without ever being primary", (node,)),)
        what = f"polled long after {self._polls} had taken over"
        return (Violation(PROMISE, what, (node, self._polls)),)
