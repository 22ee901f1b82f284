"""S5 and S6: terms are unique and only grow; at most one node polls, but for a bounded overlap.

Judged by the role history (what the nodes say) and by the polls the source saw (what they did).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.frames import Role
from recorder.rows import HistoryRow
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


def check_terms(history: Sequence[HistoryRow]) -> tuple[Violation, ...]:
    """Each term has one primary; the terms a node reigns in only grow."""
    found: list[Violation] = []
    reigns = [row for row in history if row.new == Role.PRIMARY]
    holders: dict[int, str] = {}
    for row in reigns:
        if holders.setdefault(row.term, row.node) != row.node:
            nodes = (holders[row.term], row.node)
            found.append(Violation(PROMISE, f"two primaries in term {row.term}", nodes))
    highest: dict[str, int] = {}
    for row in reigns:
        if row.term <= highest.get(row.node, 0):
            found.append(Violation(PROMISE, f"took term {row.term} again", (row.node,)))
        highest[row.node] = max(row.term, highest.get(row.node, 0))
    return tuple(found)


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
