"""The words in which it is told why something is not here, or what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from recorder.instants import to_text
from recorder.model import SourceProgress, Window
from recorder.records.contacts import ContactRow
from recorder.records.findings import NODE_UP, FindingRow, Span
from recorder.records.recoveries import RecoveryRow
from recorder.records.retention import Deletion


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known."""

    what: str
    """finding, recovery, role, outage, node, coverage, contact, item, hold, deletion or source."""
    text: str
    at_us: int | None = None
    subject: str = ""
    """An id to ask on with."""


def in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """By time; what has none comes first."""
    return tuple(sorted(facts, key=lambda fact: (fact.at_us or 0, fact.what, fact.subject)))


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where an instant lies among what is covered."""

    before_us: int | None = None
    after_us: int | None = None
    inside: Window | None = field(default=None)


def _gap(progress: SourceProgress, at_us: int) -> _Gap:
    for window in progress.coverage:
        if window.from_us <= at_us < window.to_us:
            return _Gap(inside=window)
    before = max((w.to_us for w in progress.coverage if w.to_us <= at_us), default=None)
    after = min((w.from_us for w in progress.coverage if w.from_us > at_us), default=None)
    return _Gap(before, after)


def covers(progress: SourceProgress, at_us: int) -> bool:
    """Whether a time is proven complete."""
    return _gap(progress, at_us).inside is not None


def coverage_at(progress: SourceProgress, at_us: int) -> Fact:
    """Where an instant lies among what was listed."""
    gap, name = _gap(progress, at_us), progress.source
    if gap.inside is not None:
        period = f"{to_text(gap.inside.from_us)} to {to_text(gap.inside.to_us)}"
        return Fact(
            "coverage", f"{name} is proven complete from {period}", gap.inside.from_us, name
        )
    if gap.after_us is None:
        until = to_text(progress.watermark_us)
        text = f"{name} is archived up to {until}, which lies before that time"
        return Fact("coverage", text, gap.before_us, name)
    if gap.before_us is None:
        text = f"{name} was first listed from {to_text(gap.after_us)} on, after that time"
        return Fact("coverage", text, gap.after_us, name)
    period = f"{to_text(gap.before_us)} and {to_text(gap.after_us)}"
    text = f"{name} is not proven complete between {period}"
    return Fact("coverage", text, gap.before_us, name)


def coverage_fact(progress: SourceProgress) -> Fact:
    """What was listed without it."""
    periods = [f"{to_text(w.from_us)} to {to_text(w.to_us)}" for w in progress.coverage]
    text = f"{progress.source} was listed without it: {'; '.join(periods) or 'never'}"
    return Fact("coverage", text, None, progress.source)


def lasts(span: Span, at_us: int) -> bool:
    """Whether it was so at an instant."""
    return span.opened_us <= at_us <= span.until_us


def span_fact(span: Span) -> Fact:
    """What was so."""
    end = f"until {to_text(span.closed_us)}" if span.closed_us is not None else "and on"
    if span.code == NODE_UP:
        return Fact("node", f"{span.node} ran from then {end}", span.opened_us, span.node)
    about = f" {span.subject}" if span.subject else ""
    detail = f": {span.detail}" if span.detail else ""
    text = f"{span.code}{about} on {span.node} {end}{detail}"
    return Fact("outage", text, span.opened_us, span.subject)


def finding_fact(row: FindingRow) -> Fact:
    """A finding with its times."""
    return Fact("finding", finding_text(row), row.opened_us, row.finding_id)


def finding_text(row: FindingRow) -> str:
    """In one line."""
    closed = ""
    if row.closed_us is not None:
        closed = f"; closed at {to_text(row.closed_us)}: {row.closed_because}"
    fetched = f"; fetched by {row.recovery_id}" if row.recovery_id else ""
    about = f"{row.finding_id}: {row.subject} of {row.source} {row.what}"
    return f"{about} ({row.severity}, {row.why}): {row.detail}{fetched}{closed}"


def recovery_fact(row: RecoveryRow) -> Fact:
    """A recovery with its counts."""
    return Fact("recovery", recovery_text(row), row.requested_us, row.recovery_id)


def recovery_text(row: RecoveryRow) -> str:
    """In one line."""
    counts = row.counts
    what = f"{len(row.ids)} ids"
    if row.window is not None:
        what = f"{to_text(row.window.from_us)} to {to_text(row.window.to_us)}"
    because = f": {row.reason}" if row.reason else ""
    return (
        f"Recovery {row.recovery_id} of {row.source} ({what}, asked for by {row.requested_by}: "
        f"{row.cause}) is {row.status.value}{because}: {counts.detected} detected, "
        f"{counts.already_here} already here, {counts.recovered} recovered, "
        f"{counts.not_recordable} not recordable, {counts.gone} gone, {counts.failed} failed, "
        f"{counts.pending} pending"
    )


def deletion_text(one: Deletion) -> str:
    """In one line."""
    at_us = one.decided_us if one.ended_us is None else one.ended_us
    because = f": {one.reason}" if one.reason else ""
    return (
        f"decision {one.contact_id}/{one.number} of policy {one.policy}, {one.state.value} at "
        f"{to_text(at_us)}{because}"
    )


def contact_text(row: ContactRow) -> str:
    """In one line."""
    who = ", ".join(row.parties) or "nobody named"
    began = "at an unknown time" if row.started_us is None else f"at {to_text(row.started_us)}"
    return f"{row.source} {row.channel} {began} with {who}, {row.media} files"
