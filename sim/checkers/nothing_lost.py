"""S1, nothing lost: what was offered is archived, or there is a reason on record why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
        failed = {row.ref.key for row in contents.items if row.state == ItemState.FAILED}
        held = [item.key for item in truth if item.must_be_archived and item.key in failed]
        if held:
            found["failed for good, although still offered"] = held
    return tuple(Violation(PROMISE, what, tuple(keys)) for what, keys in found.items())


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
