"""S1, nothing lost: what was offered is archived, or there is a reason on record why not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from recorder.model import ItemState
from sim.checkers.contents import Contents
from sim.checkers.violation import Violation
from sim.truth import TruthItem

PROMISE = "nothing_lost"
TRACE_US = 10_000_000
_ENDED = (ItemState.ARCHIVED, ItemState.GONE, ItemState.NOT_RECORDABLE)


def lost(truth: Sequence[TruthItem], contents: Contents) -> tuple[TruthItem, ...]:
    """After a settled run: recordings without a trace, or ended without the bytes they need.

    FAILED with a reason is visible and tried on, hence not lost.
    """
    return tuple(item for _, item in _losses(truth, contents))


def check_nothing_lost(
    truth: Sequence[TruthItem], contents: Contents, *, settled: bool = True
) -> tuple[Violation, ...]:
    """`settled`: faults are over and all work is done, so nothing may still be under way.

    While a run goes on only wrong ends are found; what is not there yet may still come.
    """
    found: dict[str, list[str]] = {}
    for what, item in _losses(truth, contents):
        if settled or what != _UNKNOWN:
            found.setdefault(what, []).append(item.key)
    for row in contents.items:
        if row.state in {ItemState.FAILED, *_ENDED[1:]} and not row.reason:
            found.setdefault("ended without a reason", []).append(row.ref.key)
        if settled and row.state not in {ItemState.FAILED, *_ENDED}:
            found.setdefault("still under way", []).append(row.ref.key)
    if settled:
        failed = {
            (row.ref.source, row.ref.key) for row in contents.items if row.state == ItemState.FAILED
        }
        held = [
            item.key
            for item in truth
            if item.must_be_archived and (item.source, item.key) in failed
        ]
        if held:
            found["failed for good, although still offered"] = held
    return tuple(Violation(PROMISE, what, tuple(keys)) for what, keys in found.items())


def check_newest(truth: Sequence[TruthItem], contents: Contents) -> Iterator[Violation]:
    """After a settled run: what is archived is on record as the version that is offered.

    The bytes may be the newer ones already, where a file was replaced between listing and download: the next
    listing says of which version they are.
    """
    rows = {(row.ref.source, row.ref.key): row for row in contents.items}
    behind = [
        item.key
        for item in truth
        if item.must_be_archived
        if (row := rows.get((item.source, item.key))) is not None
        if row.state == ItemState.ARCHIVED and row.ref.version != item.version
    ]
    if behind:
        yield Violation(PROMISE, "archived as another version than is offered", tuple(behind))


_UNKNOWN = "offered, and unknown to the Data Center"


def _losses(truth: Sequence[TruthItem], contents: Contents) -> Iterator[tuple[str, TruthItem]]:
    rows = {(row.ref.source, row.ref.key): row for row in contents.items}
    stored = {media.sha256 for contact in contents.contacts for media in contact.media}
    for item in truth:
        row = rows.get((item.source, item.key))
        if row is None:
            if item.must_be_archived or _was_heard_of(item):
                yield _UNKNOWN, item
        elif item.must_be_archived:
            if row.state == ItemState.ARCHIVED and item.sha256 not in stored:
                yield "archived, but not with the bytes offered", item
            elif row.state in {ItemState.GONE, ItemState.NOT_RECORDABLE}:
                yield f"recorded as {row.state}, although still offered", item


def _was_heard_of(item: TruthItem) -> bool:
    """A deleted recording that was listed some time before must have left a trace.

    Not one deleted at once: a node may die between hearing of it and writing that down.
    """
    if item.absent or item.replaced_us is not None or item.first_listed_us is None:
        return False
    return item.deleted_us is None or item.deleted_us - item.first_listed_us >= TRACE_US


Place: TypeAlias = tuple[str, str, str]
"""Source, key and version of an item."""


class CommittedFirst:
    """While a run goes on: nothing is called archived, or leaves the call buffer, before its commit."""

    def __init__(self) -> None:
        self._ended: set[Place] = set()
        self._ended_once: set[tuple[str, str]] = set()
        """In some version: two versions may have had the same file, when it was replaced in between."""
        self._held: dict[tuple[str, str], Place] = {}
        """What the files in the call buffers of nodes are of."""

    def ended(self, place: Place) -> None:
        """It is committed, or its end without media is on record."""
        self._ended.add(place)
        self._ended_once.add(place[:2])

    def has_ended(self, place: Place) -> bool:
        """Whether `ended` was heard of it."""
        return place in self._ended

    def holds(self, node: str, place: Place, files: Iterable[str]) -> None:
        """`node` has all files of the item in its call buffer, and is to commit it."""
        for file in files:
            self._held[node, file] = place

    def lets_go(self, node: str, kept: Collection[Place]) -> None:
        """The process of `node` died: it is bound by what its journal has, and by nothing else."""
        for owner, file in [*self._held]:
            if owner == node and self._held[owner, file] not in kept:
                del self._held[owner, file]

    def refuses(self, node: str, place: Place) -> None:
        """`node` cannot commit it and says so."""
        for one in [one for one, held in self._held.items() if one[0] == node and held == place]:
            del self._held[one]

    def called_archived(self, node: str, place: Place) -> tuple[Violation, ...]:
        """`node` tells somebody that the item is archived."""
        if place in self._ended:
            return ()
        return (
            Violation(PROMISE, f"{node} called an item archived before its commit", (place[1],)),
        )

    def discarded(self, node: str, file: str) -> tuple[Violation, ...]:
        """A file left the call buffer of `node`."""
        place = self._held.pop((node, file), None)
        if place is None or place[:2] in self._ended_once:
            return ()
        what = f"{node} deleted a file from its call buffer before the commit"
        return (Violation(PROMISE, what, (place[1],)),)
