"""L1: takeovers are quick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.checkers.violation import Violation
from sim.ucaas.statistics import Poll

PROMISE = "liveness"
LIMITS_S: Mapping[str, float] = {"death": 2.0, "silence": 8.0, "switchover": 1.0}
SLACK_S = 1.0
"""For the first poll after a takeover to reach the service."""


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


class Takeovers:
    """While a run goes on: after the end of the primary the other polls within its limit.

    Judged only where nothing else is wrong: whoever tells of a disruption vouches for that.
    """

    def __init__(self, limits_s: Mapping[str, float] = LIMITS_S, slack_s: float = SLACK_S) -> None:
        self._limits_s = limits_s
        self._slack_s = slack_s
        self._waiting: Disruption | None = None
        self.seconds: list[float] = []
        """How long each took."""

    def disrupted(self, disruption: Disruption) -> None:
        """The node that polls is gone; the other is well."""
        self._waiting = disruption

    def polled(self, node: str, at_ns: int) -> tuple[Violation, ...]:
        """`node` asked for a listing."""
        waiting = self._waiting
        if waiting is None or node == waiting.node or at_ns < waiting.at_ns:
            return ()
        self._waiting = None
        seconds = (at_ns - waiting.at_ns) / 1e9
        self.seconds.append(seconds)
        return check_takeovers((Takeover(waiting, seconds),), self._limits_s, self._slack_s)

    def disturbed(self, at_ns: int) -> tuple[Violation, ...]:
        """Something else goes wrong, the node is back, or the run is over: too late by now?"""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return ()
        limit_s = self._limits_s[waiting.kind] + self._slack_s
        if at_ns - waiting.at_ns <= limit_s * 1e9:
            return ()
        return check_takeovers((Takeover(waiting, None),), self._limits_s, self._slack_s)
