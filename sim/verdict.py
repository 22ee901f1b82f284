"""The verdict over a run: every checker over ground truth, Data Center, polls and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from recorder.model import ItemState
from sim.checkers.contents import Contents
from sim.checkers.liveness import (
    LIMITS_S,
    Disruption,
    Takeover,
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
    """Of all sources."""
    polls_of: Mapping[str, Sequence[Poll]] = field(default_factory=dict[str, Sequence[Poll]])
    """The same source by source, where there are several."""
    nodes: Mapping[str, str] = field(default_factory=dict[str, str])
    disruptions: Sequence[Disruption] = ()
    settled: bool = True
    """Faults are over and all work is done."""
    limits_s: Mapping[str, float] | None = None
    """Allowed takeover times by kind of disruption; the promised ones by default."""
    slack_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What became of one source. `takeover_ms`: until this source was polled again, the slowest."""

    offered: int
    archived: int
    lost: int
    duplicates: int
    bytes_verified: int
    takeover_ms: float | None


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
    sources: Mapping[str, SourceFigures] = field(default_factory=dict[str, SourceFigures])
    """The same figures source by source; the violations are over all."""

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
        if len(self.sources) > 1:
            lines += [_line(name, figures) for name, figures in self.sources.items()]
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
    return Verdict(
        **asdict(_figures(run.truth, run.contents, seen)),
        violations=violations,
        sources={name: _of_source(run, name) for name in _names(run)},
    )


def _figures(
    truth: Sequence[TruthItem], contents: Contents, seen: Sequence[Takeover]
) -> SourceFigures:
    offered = [item for item in truth if not item.absent and item.replaced_us is None]
    times = [takeover.seconds for takeover in seen if takeover.seconds is not None]
    return SourceFigures(
        offered=len(offered),
        archived=sum(row.state == ItemState.ARCHIVED for row in contents.items),
        lost=len(lost(truth, contents)),
        duplicates=duplicates(contents),
        bytes_verified=bytes_verified(truth, contents),
        takeover_ms=round(max(times) * 1000, 1) if times else None,
    )


def _names(run: Run) -> tuple[str, ...]:
    return tuple(sorted({item.source for item in run.truth}))


def _of_source(run: Run, name: str) -> SourceFigures:
    contacts = tuple(one for one in run.contents.contacts if one.source == name)
    own = {media.object_key for contact in contacts for media in contact.media}
    contents = replace(
        run.contents,
        items=tuple(row for row in run.contents.items if row.ref.source == name),
        contacts=contacts,
        objects=tuple(stored for stored in run.contents.objects if stored.key in own),
    )
    polls = run.polls_of.get(name, run.polls if len(_names(run)) == 1 else ())
    return _figures(
        [item for item in run.truth if item.source == name],
        contents,
        takeovers(run.disruptions, polls, run.nodes),
    )


def _line(name: str, figures: SourceFigures) -> str:
    return (
        f"{name:<14}  {figures.archived} of {figures.offered} archived, {figures.lost} lost, "
        f"{figures.duplicates} stored twice"
    )
