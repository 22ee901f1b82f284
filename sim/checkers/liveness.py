"""L1 and L3: takeovers are quick, and nobody fails over without need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cluster.frames import Role
from recorder.rows import HistoryRow
from sim.checkers.violation import Violation
from sim.ucaas.statistics import Poll

PROMISE = "liveness"
LIMITS_S: Mapping[str, float] = {"death": 2.0, "silence": 8.0, "switchover": 1.0}


@dataclass(frozen=True, slots=True)
class Disruption:
    """What was done to the node that polled: `kind` is death, silence or switchover."""

    kind: str
    node: str
    at_ns: int
    """System-wide monotonic clock."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """How long it took until the other node polled; None: it never did."""

    disruption: Disruption
    seconds: float | None


def takeovers(
    disruptions: Sequence[Disruption], polls: Sequence[Poll], nodes: Mapping[str, str]
) -> tuple[Takeover, ...]:
    """For each disruption the first poll of another node after it. `nodes`: client id to node id."""
    ordered = sorted(polls, key=lambda poll: poll.monotonic_ns)
    found: list[Takeover] = []
    for disruption in disruptions:
        first = next(
            (
                poll.monotonic_ns
                for poll in ordered
                if poll.monotonic_ns >= disruption.at_ns
                and nodes.get(poll.client, poll.client) != disruption.node
            ),
            None,
        )
        seconds = None if first is None else (first - disruption.at_ns) / 1e9
        found.append(Takeover(disruption, seconds))
    return tuple(found)


def check_takeovers(
    seen: Sequence[Takeover], limits_s: Mapping[str, float] = LIMITS_S, slack_s: float = 0.0
) -> tuple[Violation, ...]:
    """Each within its limit, plus `slack_s` for the poll interval or a slow machine."""
    found: list[Violation] = []
    for takeover in seen:
        kind, limit_s = takeover.disruption.kind, limits_s[takeover.disruption.kind] + slack_s
        if takeover.seconds is None:
            found.append(
                Violation(PROMISE, f"nobody polled after {kind}", (takeover.disruption.node,))
            )
        elif takeover.seconds > limit_s:
            what = f"takeover after {kind} took {takeover.seconds:.2f} s, allowed {limit_s:.2f} s"
            found.append(Violation(PROMISE, what, (takeover.disruption.node,)))
    return tuple(found)


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
