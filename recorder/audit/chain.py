"""Whether a chain of records is whole, and if not, which record is the first that is not as it was. Pure.

A chain that verifies from its first record to one whose hash is known from elsewhere (an anchor) is the
chain that was written: a hash stands for everything before it. Without an anchor nobody can tell that the
end was cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from recorder.audit.canonical import hash_of
from recorder.records.audit import AuditHead, AuditRecord

_SHIFT_MAX: Final = 100
"""By how many numbers records may have been moved for us to still tell."""


class BreakKind(StrEnum):
    """What was done to a trail."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    """Whole in itself, but not the chain that was written."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no record."""

    line: int
    why: str


Link: TypeAlias = AuditRecord | Unreadable


@dataclass(frozen=True, slots=True)
class Anchor:
    """A record that is remembered somewhere else: on a node's disk, in a certificate."""

    number: int
    hash: str
    where: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is wrong."""

    number: int
    """Of the first record that is not as it was written."""
    kind: BreakKind
    what: str
    """For people: one sentence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found."""

    first: int
    """Number of the first record; 0 when there was none."""
    last: AuditHead
    """The last record that is proven to be whole."""
    records: int
    broken: Break | None
    anchors: int
    """Anchors that were met, and agree."""


def verify(
    links: Iterable[Link], *, after: AuditHead | None = None, anchors: Sequence[Anchor] = ()
) -> Verdict:
    """Read a chain to its end. `after` is the record before its first, where that is known.

    AuditHead() means that the chain must begin at 1; None accepts an excerpt from anywhere.
    """
    chain = _Chain(after, anchors)
    for link in links:
        chain.add(link)
    return chain.verdict()


class _Chain:
    """What was read so far. Once broken it only looks for what tells more of how."""

    def __init__(self, after: AuditHead | None, anchors: Sequence[Anchor]) -> None:
        self._anchors = sorted(anchors, key=lambda anchor: anchor.number)
        self._excerpt = after is None
        self._before = AuditHead() if after is None else after
        self._first = 0
        self._records = 0
        self._met = 0
        self._broken: Break | None = None

    def add(self, link: Link) -> None:
        self._records += 1
        if self._broken is not None:
            self._broken = self._told_more(self._broken, link)
            return
        if isinstance(link, AuditRecord):
            if self._records == 1:
                self._begin(link)
            self._broken = self._wrong(link) or self._not_anchored(link)
            if self._broken is None:
                self._before = AuditHead(link.number, link.hash)
        else:
            due = self._before.number + 1
            what = f"line {link.line}, where record {due} is due, is no record: {link.why}"
            self._broken = Break(due, BreakKind.CHANGED, what)

    def verdict(self) -> Verdict:
        broken = self._broken or self._cut_off()
        return Verdict(self._first, self._before, self._records, broken, self._met)

    def _begin(self, record: AuditRecord) -> None:
        if self._excerpt:
            self._before = AuditHead(record.number - 1, record.previous)
        self._first = record.number

    def _wrong(self, record: AuditRecord) -> Break | None:
        """What is wrong with the record that comes next."""
        due = self._before.number + 1
        if record.number > due:
            last = record.number - 1
            which = f"record {due} is" if last == due else f"records {due} to {last} are"
            return Break(due, BreakKind.REMOVED, f"{which} missing before record {record.number}")
        if record.number < self._first:
            what = f"record {record.number} comes after record {due - 1}"
            return Break(record.number, BreakKind.REORDERED, what)
        if record.number < due:
            what = f"there is another record {record.number}: one of them was put in"
            return Break(record.number, BreakKind.ADDED, what)
        if hash_of(record) != record.hash:
            return self._not_as_sealed(record)
        if record.previous != self._before.hash:
            return self._other_before(record)
        return None

    def _not_as_sealed(self, record: AuditRecord) -> Break:
        due, sealed = record.number, _sealed_as(record)
        if sealed is None:
            what = f"record {due} was changed: it does not have the hash it was sealed with"
            return Break(due, BreakKind.CHANGED, what)
        if sealed > due:
            what = f"record {due} is missing: what has its number was sealed as record {sealed}"
            return Break(due, BreakKind.REMOVED, what)
        what = f"what has the number {due} was sealed as record {sealed}: a record was put in before it"
        return Break(sealed, BreakKind.ADDED, what)

    def _other_before(self, record: AuditRecord) -> Break:
        if record.number == 1:
            what = "record 1 names a record before it: it was not the first"
            return Break(1, BreakKind.CHANGED, what)
        number = record.number - 1
        what = f"record {number} was changed and sealed anew: record {number + 1} was sealed after another one"
        return Break(number, BreakKind.CHANGED, what)

    def _not_anchored(self, record: AuditRecord) -> Break | None:
        for anchor in self._anchors:
            if anchor.number != record.number:
                continue
            if anchor.hash != record.hash:
                what = (
                    f"record {record.number} is not the one that {anchor.where} remembers: the trail "
                    f"up to here was written anew"
                )
                return Break(record.number, BreakKind.REWRITTEN, what)
            self._met += 1
        return None

    def _cut_off(self) -> Break | None:
        last = self._before.number
        for anchor in self._anchors:
            if anchor.number > last:
                what = f"the trail ends with record {last}, and {anchor.where} remembers record {anchor.number}"
                return Break(last + 1, BreakKind.TRUNCATED, what)
        return None

    def _told_more(self, broken: Break, link: Link) -> Break:
        """A later record may show that the missing one is there, but elsewhere, or what pushed it away."""
        due = self._before.number + 1
        if broken.number != due or not isinstance(link, AuditRecord):
            return broken
        genuine = replace(link, number=due)
        if link.previous != self._before.hash or hash_of(genuine) != link.hash:
            return broken
        if broken.kind is BreakKind.REMOVED:
            what = f"record {due} comes after later ones"
            return Break(due, BreakKind.REORDERED, what)
        if broken.kind is BreakKind.CHANGED:
            what = f"something was put in before record {due}: {broken.what}"
            return Break(due, BreakKind.ADDED, what)
        return broken


def _sealed_as(record: AuditRecord) -> int | None:
    """The number with which its hash is right, where it is near; None when it was changed otherwise."""
    for distance in range(1, _SHIFT_MAX + 1):
        for number in (record.number - distance, record.number + distance):
            if number > 0 and hash_of(replace(record, number=number)) == record.hash:
                return number
    return None
