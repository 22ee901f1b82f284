"""The verdict over a run: every checker over ground truth, Data Center, polls and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from recorder.model import ItemState
from sim.checkers.contents import Contents
from sim.checkers.liveness import (
    LIMITS_S,
    Disruption,
    check_takeovers,
    takeovers,
)
from sim.checkers.media_intact import bytes_verified, check_media_intact
from sim.checkers.no_needless_failover import check_no_needless_failover
from sim.checkers.nothing_lost import check_nothing_lost, lost
from sim.checkers.nothing_twice import check_nothing_twice, duplicates
from sim.checkers.one_primary import check_one_polls
from sim.checkers.terms import check_terms
from sim.checkers.violation import Violation
from sim.checkers.watermark_never_ahead import check_watermark_never_ahead
from sim.truth import TruthItem
from sim.ucaas.statistics import Poll


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of a run. `nodes` maps client ids to node ids."""

    truth: Sequence[TruthItem]
    contents: Contents
    polls: Sequence[Poll] = ()
    nodes: Mapping[str, str] = field(default_factory=dict[str, str])
    disruptions: Sequence[Disruption] = ()
    settled: bool = True
    """Faults are over and all work is done."""
    limits_s: Mapping[str, float] | None = None
    """Allowed takeover times by kind of disruption; the promised ones by default."""
    slack_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures and everything that broke a promise."""

    offered: int
    archived: int
    lost: int
    duplicates: int
    bytes_verified: int
    takeover_ms: float | None
    """The slowest takeover; None when there was nothing to take over."""
    violations: tuple[Violation, ...]

    @property
    def good(self) -> bool:
        """True when every promise was kept."""
        return not self.violations

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"good": self.good}

    def as_text(self) -> str:
        """A few lines for people."""
        takeover = "none" if self.takeover_ms is None else f"{self.takeover_ms:.0f} ms"
        lines = [
            f"offered         {self.offered}",
            f"archived        {self.archived}",
            f"lost            {self.lost}",
            f"stored twice    {self.duplicates}",
            f"bytes verified  {self.bytes_verified:,}",
            f"takeover        {takeover}",
        ]
        lines += [f"BROKEN  {violation}" for violation in self.violations]
        return "\n".join([*lines, "verdict         " + ("good" if self.good else "BAD")])


def judge(run: Run) -> Verdict:
    """Run all checkers."""
    nodes = run.nodes
    seen = takeovers(run.disruptions, run.polls, nodes)
    limits_s = LIMITS_S if run.limits_s is None else run.limits_s
    history = run.contents.history
    violations = (
        *check_nothing_lost(run.truth, run.contents, settled=run.settled),
        *check_nothing_twice(run.contents),
        *check_media_intact(run.truth, run.contents),
        *check_watermark_never_ahead(run.truth, run.contents),
        *check_terms(history),
        *check_one_polls(history, run.polls, nodes),
        *check_takeovers(seen, limits_s, run.slack_s),
        *check_no_needless_failover(history, len(run.disruptions)),
    )
    offered = [item for item in run.truth if not item.absent and item.replaced_us is None]
    times = [takeover.seconds for takeover in seen if takeover.seconds is not None]
    return Verdict(
        offered=len(offered),
        archived=sum(row.state == ItemState.ARCHIVED for row in run.contents.items),
        lost=len(lost(run.truth, run.contents)),
        duplicates=duplicates(run.contents),
        bytes_verified=bytes_verified(run.truth, run.contents),
        takeover_ms=round(max(times) * 1000, 1) if times else None,
        violations=violations,
    )
