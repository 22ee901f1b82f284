"""The end of findings: those that no comparison sees any more, and those that ended long ago. Blocking work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from recorder.instants import to_text
from recorder.ports.proof import FindingsDb
from recorder.records.audit import SYSTEM, AuditEntry
from recorder.records.findings import KEPT_US, Closing, FindingRow, RunRow, Scope, Step, What
from recorder.recover.compare import why_over

_AT_ONCE: Final = 100
FORGOTTEN_MAX: Final = 20_000
"""In one run; the next one goes on."""


def close_unseen(db: FindingsDb, run: RunRow, opened: Iterable[FindingRow], term: int) -> None:
    """Close what is on no record and was seen by neither of the last two runs, from end to end.

    One run is not enough: an item that got another instant after the run had begun is listed where no run
    looked yet, and nothing tells the two apart but a run that reaches beyond that one's end. A period that somebody
    asked for is no such run.
    """
    if run.scope is Scope.ASKED:
        return
    before = next((one for one in db.runs(run.source, 50) if _is_whole(one, run)), None)
    if before is None:
        return
    unseen = (
        row for row in opened if row.what is What.NOT_HERE and row.seen_us < before.started_us
    )
    for some in _batched(unseen):
        known = {row.ref.key for row in db.known(run.source, [one.subject for one in some])}
        over = [
            Closing(one.finding_id, why_over(one, None, None))
            for one in some
            if one.subject not in known
        ]
        if over:
            db.settle(Step("", 0, 0, (), tuple(over)), term)


def _is_whole(one: RunRow, run: RunRow) -> bool:
    if one.ended_us is None or one.reason or one.scope is Scope.ASKED:
        return False
    return one.started_us < run.started_us and one.ended_us <= run.to_us


def forget(db: FindingsDb, node: str, now_us: int, term: int) -> int:
    """Delete findings that ended, and were seen last, longer ago than they are kept; how many.

    Each is in the audit trail from then on, wherever the process dies.
    """
    forgotten = 0
    while forgotten < FORGOTTEN_MAX and (rows := db.ended_findings(now_us - KEPT_US, _AT_ONCE)):
        names = [row.finding_id for row in rows]
        digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:16]
        told = AuditEntry(
            record_id=f"forgotten:{digest}",
            at_us=now_us,
            node=node,
            actor=SYSTEM,
            what="findings_forgotten",
            subject="findings",
            detail={"findings": [_told(row) for row in rows]},
        )
        gone = db.forget_findings(names, told, term)
        forgotten += gone
        if gone == 0:
            break  # the other node was quicker
    return forgotten


def _told(row: FindingRow) -> dict[str, object]:
    return {
        "finding": row.finding_id,
        "source": row.source,
        "what": row.what.value,
        "subject": row.subject,
        "cause": row.why.value,
        "opened": to_text(row.opened_us),
        "closed": to_text(row.closed_us or 0),
        "because": row.closed_because,
    }


def _batched(rows: Iterable[FindingRow]) -> Iterator[tuple[FindingRow, ...]]:
    left = iter(rows)
    while some := tuple(islice(left, _AT_ONCE)):
        yield some
