"""What reconciliation says is so, it says all that is so, each thing once, and not a moment too long.

A second telling of what differs, from the ground truth: nothing here is taken from the comparison itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from recorder.model import ItemState
from recorder.records.contacts import ItemRow
from recorder.records.findings import FindingRow, RunRow, What, stays_closed
from sim.checkers.violation import Violation
from sim.truth import TruthItem

PROMISE: Final = "findings_true"
_ENDED: Final = frozenset({ItemState.ARCHIVED.value, ItemState.NOT_RECORDABLE.value})
_ITEMS: Final = (What.NOT_HERE, What.DIFFERS, What.OBJECT_MISSING)
_REMEMBERED_US: Final = 120_000_000
"""An adapter may answer from what its service told so long ago."""

Span: TypeAlias = tuple[int, int | None]
"""From when to when in microseconds of true time; None: still."""
Period: TypeAlias = tuple[int, int]
"""Within which a comparison looked; its end is now."""
Place: TypeAlias = tuple[str, str]
"""Source, and key of an item or an object."""


@dataclass(frozen=True, slots=True)
class Thing:
    """All that is known of an item, or of an object that no row ought to name."""

    place: Place
    versions: tuple[TruthItem, ...] = ()
    """Of the item at the source, the oldest first."""
    row: ItemRow | None = None
    here_us: Mapping[str, int] = field(default_factory=dict[str, int])
    """When each version was archived first."""
    lost_us: int | None = None
    """When somebody took what was on record of it."""
    broken: Sequence[Span] = ()
    """When an object of it was not there, or not whole."""
    misnamed: Sequence[Span] = ()
    """When its service told another size of it."""
    stray: Sequence[Span] = ()
    """When somebody had put it into the archive, and no row named it."""
    is_named: bool = False
    """A row names the object, now."""
    is_going: bool = False
    """A policy is deleting it just now."""
    slack_us: int = 0
    """By so much the clock of its service may be off."""


def check_opened(finding: FindingRow, thing: Thing, period: Period) -> Iterator[Violation]:
    """It was opened just now, by a comparison that looked within `period`."""
    about = (finding.subject,)
    if not finding.detail or finding.why.value in {"", "unknown"}:
        yield Violation(PROMISE, "a finding has no cause", about)
    if not may_be(finding.what, thing, period):
        yield Violation(PROMISE, f"a finding says {finding.what.value} of what is not so", about)


def check_closed(finding: FindingRow, thing: Thing, period: Period) -> Iterator[Violation]:
    """It was closed just now."""
    if not stays_closed(finding.closed_because) and must_be(finding.what, thing, period):
        what = f"a finding of {finding.what.value} was closed, and it was so all the time"
        yield Violation(PROMISE, what, (finding.subject,))


def check_once(findings: Iterable[FindingRow]) -> Iterator[Violation]:
    """One open finding for each thing, and none for what somebody accepted."""
    rows = sorted(findings, key=lambda row: row.opened_us)
    places = Counter((row.source, row.what, row.subject) for row in rows if row.is_open)
    twice = tuple(subject for (_, _, subject), number in places.items() if number > 1)
    if twice:
        yield Violation(PROMISE, "a finding was opened twice", twice)
    accepted = {
        (row.source, row.what, row.subject) for row in rows if stays_closed(row.closed_because)
    }
    again = tuple(place[2] for place in places if place in accepted)
    if again:
        yield Violation(PROMISE, "what was accepted was opened again", again)


def check_told(
    run: RunRow, began_us: int, now_us: int, things: Iterable[Thing], findings: Iterable[FindingRow]
) -> Iterator[Violation]:
    """A run came to its end just now: what was so all the time since it began is on record, open or accepted."""
    told = {
        (row.what, row.subject)
        for row in findings
        if row.source == run.source and (row.is_open or stays_closed(row.closed_because))
    }
    untold: dict[What, list[str]] = {}
    for thing in things:
        for what in _ITEMS if thing.versions else (What.OBJECT_WITHOUT_ROW,):
            if (what, thing.place[1]) in told or not _is_compared(thing, run):
                continue
            # Sizes are asked for by and by.
            if must_be(what, replace(thing, misnamed=()), (began_us, now_us)):
                untold.setdefault(what, []).append(thing.place[1])
    for what, keys in untold.items():
        text = f"a whole comparison did not tell of {what.value}"
        yield Violation(PROMISE, text, tuple(sorted(keys)))


def check_left(finding: FindingRow, thing: Thing, now_us: int) -> Iterator[Violation]:
    """All is well again, and was compared: is what is still open still so?"""
    if finding.is_open and not may_be(finding.what, thing, (now_us, now_us)):
        what = f"a finding of {finding.what.value} stays open when nothing differs"
        yield Violation(PROMISE, what, (finding.subject,))


def may_be(what: What, thing: Thing, period: Period) -> bool:
    """Whether it was so at some instant of the period."""
    since_us = period[0] - thing.slack_us
    match what:
        case What.NOT_HERE:
            making = not thing.versions and (thing.row is None or thing.row.state not in _ENDED)
            return making or any(_is_missing(one, thing, since_us) for one in thing.versions)
        case What.LOST | What.NOT_AT_SOURCE:
            gone = thing.row is not None and thing.row.state == ItemState.GONE
            unmade = not thing.versions and gone
            return unmade or any(one.deleted_us is not None or one.absent for one in thing.versions)
        case What.DIFFERS:
            told = (period[0] - _REMEMBERED_US, period[1])
            return len(thing.versions) > 1 or any(_meets(one, told) for one in thing.misnamed)
        case What.OBJECT_MISSING:
            return any(_meets(one, period) for one in thing.broken)
        case What.OBJECT_WITHOUT_ROW:
            return not thing.is_named or any(_meets(one, period) for one in thing.stray)


def must_be(what: What, thing: Thing, period: Period) -> bool:
    """Whether it was so at every instant of the period, and is."""
    newest = thing.versions[-1] if thing.versions else None
    row = thing.row
    state = None if row is None else row.state
    since_us = period[0] - thing.slack_us
    offered = newest is not None and newest.must_be_archived and newest.offered_us < since_us
    match what:
        case What.NOT_HERE:
            kept = thing.lost_us is None or thing.lost_us < since_us
            return offered and kept and state not in _ENDED
        case What.LOST:
            gone_us = None if newest is None else newest.deleted_us
            return gone_us is not None and gone_us < since_us and state not in {None, *_ENDED}
        case What.NOT_AT_SOURCE:
            return False
        case What.DIFFERS:
            replaced = row is not None and newest is not None and _is_older(row, newest)
            renamed = any(_covers(one, period) for one in thing.misnamed)
            return offered and state == ItemState.ARCHIVED and (replaced or renamed)
        case What.OBJECT_MISSING:
            kept = row is not None and row.contact_id is not None and not thing.is_going
            held = state == ItemState.ARCHIVED and kept
            return held and any(_covers(one, period) for one in thing.broken)
        case What.OBJECT_WITHOUT_ROW:
            return not thing.is_named and any(_covers(one, period) for one in thing.stray)


def _is_missing(one: TruthItem, thing: Thing, since_us: int) -> bool:
    over = [at_us for at_us in (one.deleted_us, one.replaced_us) if at_us is not None]
    here_us = thing.here_us.get(one.version)
    came = thing.lost_us is not None or here_us is None or here_us >= since_us
    return came and all(at_us + thing.slack_us >= since_us for at_us in over)


def _is_older(row: ItemRow, newest: TruthItem) -> bool:
    return row.ref.version != newest.version and row.ref.changed_us <= newest.changed_us


def _is_compared(thing: Thing, run: RunRow) -> bool:
    """Of the run's time; what was found a moment ago is on its way."""
    if not thing.versions:
        return True
    row, at_us = thing.row, thing.versions[-1].changed_us
    inside = run.from_us <= at_us < run.to_us
    waits = row is not None and row.state not in _ENDED
    if not inside or not waits:
        return inside
    return row is not None and row.found_us < run.to_us


def _meets(span: Span, period: Period) -> bool:
    return span[0] <= period[1] and (span[1] is None or span[1] >= period[0])


def _covers(span: Span, period: Period) -> bool:
    return span[0] < period[0] and span[1] is None
