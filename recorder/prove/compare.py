"""A certificate against the Data Center as it is now. Pure.

Faults are what nobody may have done. What may happen to a day after it was certified (a recovery, a deletion by
policy, another version at the source) is a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recorder.instants import to_text
from recorder.model import ItemState
from recorder.ports.recording import CLOCK_AHEAD_US
from recorder.prove.judge import ObjectFault
from recorder.prove.verify import Fault
from recorder.records.certificates import Cause, Leaf, LeafMedia, LeafState, ProofRow

_NEVER_ON_RECORD = (Cause.NOT_POLLED_YET, Cause.SHOWN_LATE, Cause.NEVER_POLLED)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, and what changed as it may."""

    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]


def compare(
    leaves: Sequence[Leaf],
    rows: Mapping[str, ProofRow],
    objects: Mapping[str, ObjectFault],
    made_us: int,
) -> Comparison:
    """`rows` by item: those of the day and those of every leaf; `objects` by object key.

    `made_us` is when the rows of the certificate were read, on the clock of one node; instants in rows are of
    either, so what is not a minute older than that counts as younger.
    """
    made_us -= CLOCK_AHEAD_US
    faults: list[Fault] = []
    notes: list[Fault] = []
    for leaf in leaves:
        row = rows.get(leaf.item)
        if leaf.state is LeafState.ARCHIVED:
            found = [*_archived(leaf, row, objects)]
        else:
            found = [*_absent(leaf, row, made_us)]
        for is_fault, one in found:
            (faults if is_fault else notes).append(one)
    certified = {leaf.item for leaf in leaves}
    for item in sorted(rows.keys() - certified):
        is_fault, one = _added(rows[item], made_us)
        (faults if is_fault else notes).append(one)
    return Comparison(tuple(faults), tuple(notes))


def _archived(
    leaf: Leaf, row: ProofRow | None, objects: Mapping[str, ObjectFault]
) -> Iterator[tuple[bool, Fault]]:
    if row is None:
        yield True, Fault("row_removed", leaf.item, "it is not in the contact database any more")
        return
    if row.deleted:
        yield False, Fault("deleted_since", leaf.item, f"deleted by {row.deleted}")
        return
    if row.version != leaf.version:
        what = f"the source replaced it; version {row.version} is {row.state}"
        yield False, Fault("replaced_since", leaf.item, what)
    elif row.state != ItemState.ARCHIVED:
        yield True, Fault("row_changed", leaf.item, f"it was archived, and is {row.state} now")
    elif row.archived_us != leaf.committed_us:
        said = "never" if row.archived_us is None else to_text(row.archived_us)
        yield True, Fault("row_changed", leaf.item, f"by its row it was archived {said}")
    held = {one.key: one for one in row.media}
    for one in leaf.media:
        yield from ((True, fault) for fault in _media(leaf.item, one, held.get(one.key)))
        wrong = objects.get(one.object_key)
        if wrong is not None:
            what = f"file {one.key}, object {one.object_key}: {wrong.reason}"
            yield True, Fault(wrong.cause, leaf.item, what)
    if row.version == leaf.version:
        for key in sorted(held.keys() - {one.key for one in leaf.media}):
            yield True, Fault("row_added", leaf.item, f"file {key} was not certified")


def _media(item: str, certified: LeafMedia, held: LeafMedia | None) -> Iterator[Fault]:
    if held is None:
        yield Fault("row_removed", item, f"file {certified.key} is not on record any more")
    elif held != certified:
        parts = [
            name
            for name in ("sha256", "size_bytes", "object_key")
            if getattr(held, name) != getattr(certified, name)
        ]
        yield Fault("row_changed", item, f"file {certified.key}: another {', '.join(parts)}")


def _absent(leaf: Leaf, row: ProofRow | None, made_us: int) -> Iterator[tuple[bool, Fault]]:
    if row is None:
        if leaf.cause not in _NEVER_ON_RECORD:
            yield True, Fault("row_removed", leaf.item, f"{leaf.state} is not on record any more")
        return
    if row.version != leaf.version:
        return  # the one on record says nothing of the one that was missing
    if row.archived_us is not None and not row.deleted and row.state == ItemState.ARCHIVED:
        if row.archived_us > made_us:
            what = f"archived {to_text(row.archived_us)}, after the certificate"
            yield False, Fault("archived_since", leaf.item, what)
        elif leaf.committed_us is None:
            what = f"certified as {leaf.state}; by its row it was archived before that"
            yield True, Fault("row_changed", leaf.item, what)


def _added(row: ProofRow, made_us: int) -> tuple[bool, Fault]:
    since = row.found_us if row.archived_us is None else row.archived_us
    if since > made_us:
        what = f"{row.state} since {to_text(since)}, after the certificate"
        return False, Fault("added_since", row.item, what)
    return True, Fault("row_added", row.item, f"{row.state}, and was not certified")
