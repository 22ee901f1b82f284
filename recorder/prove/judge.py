"""What each item of a day is: the source's listing against the Data Center. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from recorder.model import ItemRef, ItemState, SourceProgress
from recorder.prove.canonical import plain
from recorder.records.certificates import Cause, Leaf, LeafMedia, LeafState, ProofRow

_CODE: Final = re.compile(r"([a-z][a-z0-9_]{0,62})(?=:|$)")
_NO_CAUSE: Final = frozenset({"", "unknown"})
REASON_CHARS_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class ObjectFault:
    """What is wrong with the object of a media file."""

    cause: str
    reason: str


def judged(
    listed: Iterable[ItemRef],
    rows: Mapping[str, ProofRow],
    progress: SourceProgress | None,
) -> tuple[Leaf, ...]:
    """One leaf for each item listed, and for each row of `rows` that is not; by item.

    `rows` by item key: those of the day, and those of everything listed.
    """
    newest: dict[str, ItemRef] = {}
    for ref in listed:
        key = plain(ref.key)
        known = newest.get(key)
        if known is None or ref.changed_us >= known.changed_us:
            newest[key] = ref
    leaves = [_listed(key, ref, rows.get(key), progress) for key, ref in newest.items()]
    leaves += [_unlisted(row) for key, row in rows.items() if key not in newest]
    return tuple(sorted(leaves, key=lambda leaf: leaf.item))


def with_objects(leaves: Iterable[Leaf], faults: Mapping[str, ObjectFault]) -> tuple[Leaf, ...]:
    """Archived items whose object is not there, or is another, are missing. `faults` by object key."""
    return tuple(_with_objects(leaf, faults) for leaf in leaves)


def cause_of(reason: str, state: str) -> str:
    """The code a reason begins with; never `unknown`, which is none."""
    found = _CODE.match(reason.strip())
    code = "" if found is None else found.group(1)
    return f"{state}_without_a_reason" if code in _NO_CAUSE else code


def _listed(key: str, ref: ItemRef, row: ProofRow | None, progress: SourceProgress | None) -> Leaf:
    version = plain(ref.version)
    if row is None:
        cause, reason = _never_found(ref.changed_us, progress)
        return Leaf(key, version, LeafState.MISSING, ref.changed_us, cause=cause, reason=reason)
    if row.version != version and row.changed_us <= ref.changed_us:
        return Leaf(
            key,
            version,
            LeafState.MISSING,
            ref.changed_us,
            cause=Cause.NEWER_VERSION,
            reason=f"on record is version {row.version}, {row.state}",
        )
    return _of_row(row)


def _unlisted(row: ProofRow) -> Leaf:
    leaf = replace(_of_row(row), listed=False)
    if leaf.state is LeafState.MISSING and leaf.cause == Cause.UNDER_WAY:
        return replace(
            leaf,
            cause=Cause.LEFT_LISTING,
            reason="it was found, is not archived yet, and is no longer listed",
        )
    return leaf


def _of_row(row: ProofRow) -> Leaf:
    reason = row.reason[:REASON_CHARS_MAX]
    if row.deleted:
        told = f"deleted by {row.deleted}"[:REASON_CHARS_MAX]
        return _leaf(row, LeafState.DELETED, Cause.RETENTION, told)
    match row.state:
        case ItemState.ARCHIVED if row.media:
            return _leaf(row, LeafState.ARCHIVED, "", "")
        case ItemState.ARCHIVED:
            told = "it is said to be archived, and no media file of it is on record"
            return _leaf(row, LeafState.MISSING, Cause.MEDIA_NOT_ON_RECORD, told)
        case ItemState.NOT_RECORDABLE | ItemState.GONE | ItemState.FAILED:
            return _leaf(row, LeafState(row.state), cause_of(reason, row.state), reason)
        case _:
            told = "it was found and is on its way"
            return _leaf(row, LeafState.MISSING, Cause.UNDER_WAY, told)


def _leaf(row: ProofRow, state: LeafState, cause: str, reason: str) -> Leaf:
    was_archived = row.deleted or row.state == ItemState.ARCHIVED
    return Leaf(
        item=row.item,
        version=row.version,
        state=state,
        changed_us=row.changed_us,
        committed_us=row.archived_us if was_archived else None,
        cause=cause,
        reason=reason,
        recovery=row.recovery,
        media=tuple(sorted(row.media, key=lambda one: one.key)) if was_archived else (),
    )


def _with_objects(leaf: Leaf, faults: Mapping[str, ObjectFault]) -> Leaf:
    if leaf.state is not LeafState.ARCHIVED:
        return leaf
    found = next((faults[one.object_key] for one in leaf.media if one.object_key in faults), None)
    if found is None:
        return leaf
    return replace(leaf, state=LeafState.MISSING, cause=found.cause, reason=found.reason)


def _never_found(changed_us: int, progress: SourceProgress | None) -> tuple[str, str]:
    """Why the ledger has never heard of an item that the source lists."""
    if progress is None or changed_us >= progress.horizon_us:
        return Cause.NOT_POLLED_YET, "no poll has come so far yet"
    covered = [(one.from_us, one.to_us) for one in progress.coverage]
    if any(begin <= changed_us < end for begin, end in covered):
        return Cause.SHOWN_LATE, "its period was polled, and the source did not show it then"
    return Cause.NEVER_POLLED, "its period was never polled"


def object_keys(leaves: Sequence[Leaf]) -> dict[str, LeafMedia]:
    """Every object that archived items name, by key."""
    return {
        one.object_key: one
        for leaf in leaves
        if leaf.state is LeafState.ARCHIVED
        for one in leaf.media
    }
