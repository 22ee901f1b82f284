"""The audit trail is whole, and what happened is in it; and the scrub says nothing that is not so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from recorder.audit.chain import Anchor, verify
from recorder.records.audit import AuditHead, AuditRecord, deletion_once, role_once
from recorder.records.contacts import HistoryRow, MediaRow
from recorder.records.retention import Deletion, DeletionState
from recorder.records.scrub import Outcome, ScrubRow
from sim.checkers.violation import Violation

PROMISE = "audit_kept"
_ENDED = {DeletionState.DELETED, DeletionState.WITHDRAWN}


def check_trail(
    records: Sequence[AuditRecord],
    anchors: Sequence[Anchor],
    history: Iterable[HistoryRow],
    deletions: Iterable[Deletion],
) -> Iterator[Violation]:
    """After a settled run. `anchors` are what the nodes' disks remember."""
    broken = verify(records, after=AuditHead(), anchors=anchors).broken
    if broken is not None:
        yield Violation(PROMISE, f"the trail is broken: {broken.what}")
    told = {record.entry.record_id for record in records}
    for row in sorted(history, key=lambda row: (row.at_us, row.node, row.term)):
        if role_once(row.node, row.at_us, row.term, row.new) not in told:
            yield Violation(PROMISE, f"a change to {row.new} is not in the trail", (row.node,))
    for one in deletions:
        once = deletion_once(one.contact_id, one.number, one.state.value, one.ended_us)
        if one.state in _ENDED and once not in told:
            what = f"a deletion that ended as {one.state.value} is not in the trail"
            yield Violation(PROMISE, what, (one.contact_id,))


def check_scrub(
    rows: Iterable[ScrubRow], media: Iterable[MediaRow], objects: Mapping[str, bytes]
) -> Iterator[Violation]:
    """What the scrub calls damaged, missing or whole is so."""
    wanted = {row.object_key: row.sha256 for row in media}
    for row in rows:
        if row.object_key not in wanted:
            continue  # deleted since
        body = objects.get(row.object_key)
        if body is None:
            so = Outcome.MISSING
        else:
            same = hashlib.sha256(body).hexdigest() == wanted[row.object_key]
            so = Outcome.WHOLE if same else Outcome.DAMAGED
        if row.outcome in {Outcome.WHOLE, Outcome.DAMAGED, Outcome.MISSING} and row.outcome != so:
            what = f"the scrub says {row.outcome.value} of what is {so.value}"
            yield Violation(PROMISE, what, (row.object_key,))
