"""The blocking work on files with ids: each step may be repeated, and a crash between two is a pause."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from recorder.errors import RecorderError
from recorder.instants import to_text
from recorder.ports.audit import AuditTrail
from recorder.ports.proof import DropFolder, RecoveryDb
from recorder.records.drops import Claimed, Dropped, Foreign
from recorder.records.recoveries import (
    RecoveryItem,
    RecoveryItemQuery,
    RecoveryKind,
    RecoveryRow,
    RecoveryStatus,
)
from recorder.recover.id_lists import BYTES_MAX, IdList, read_ids
from recorder.recover.id_results import as_csv, is_over, results

RESUME_AFTER_S = 3600.0
"""One that the source's absence ended is tried again after this."""
_AGAIN = frozenset({RecoveryStatus.STOPPED, RecoveryStatus.FAILED})
CAUSE = "file"
_US = 1_000_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class DropTools:
    """What the jobs work with."""

    folder: DropFolder
    db: RecoveryDb
    trail: AuditTrail
    resume_after_s: float = RESUME_AFTER_S


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies there."""

    incoming: tuple[Dropped, ...]
    claimed: tuple[Claimed, ...]
    foreign: tuple[Foreign, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of taking files."""

    files: int
    """That this node has now."""
    trouble: RecorderError | None = None
    """Why one could not be taken; the others were."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """How far a file is."""

    name: str
    requested: bool = False
    """A recovery was asked for just now."""
    result: str = ""
    """Where the result is; empty while it is waited for."""
    outcomes: tuple[tuple[str, int], ...] = ()


def look(folder: DropFolder) -> Folder:
    """And show that this node lives. Raises RecorderError."""
    folder.live()
    return Folder(folder.incoming(), folder.claimed(), folder.foreign())


def take(folder: DropFolder, found: Sequence[Dropped | Foreign]) -> Taken:
    """What was put down, and what nodes left behind. One that cannot be taken keeps none of the others."""
    files, trouble = 0, None
    for one in found:
        try:
            files += folder.claim(one) if isinstance(one, Dropped) else folder.take_over(one)
        except RecorderError as error:
            trouble = trouble or error
    return Taken(files, trouble)


def advance(tools: DropTools, claimed: Claimed, sources: Sequence[str], now_us: int) -> Advanced:
    """The next step of one file: ask for its recoveries, or finish it when they are over."""
    if claimed.token and _goes_on(tools, claimed, sources, now_us):
        return Advanced(claimed.name)
    body = tools.folder.read(claimed, BYTES_MAX)
    if not claimed.token:
        claimed = tools.folder.decide(claimed, _free_token(tools.folder, claimed, body))
    ids = read_ids(body)
    rows: list[RecoveryRow] = []
    requested = False
    for number, source in enumerate(sources if ids.ids else ()):
        recovery_id = _recovery_id(claimed, number)
        row = tools.db.recovery(recovery_id)
        if row is None:
            row = _request(tools, _asked(recovery_id, source, claimed, ids, now_us))
            requested = True
        elif _may_resume(tools, row, now_us):
            row = tools.db.resume(recovery_id, cancelled=False) or row
            requested = True
        rows.append(row)
    if not all(is_over(row) for row in rows):
        return Advanced(claimed.name, requested)
    found = results(ids, rows, {row.recovery_id: _items(tools.db, row) for row in rows})
    place = tools.folder.finish(claimed, as_csv(found))
    counts: dict[str, int] = {}
    for one in found:
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    return Advanced(claimed.name, requested, place, tuple(sorted(counts.items())))


def _recovery_id(claimed: Claimed, number: int) -> str:
    """Of the source number `number`."""
    return f"R-{claimed.token}" + (f"-{number + 1}" if number else "")


def _goes_on(tools: DropTools, claimed: Claimed, sources: Sequence[str], now_us: int) -> bool:
    """All is asked for and something runs: nothing to do, and no need to read a large file for it."""
    rows = [tools.db.recovery(_recovery_id(claimed, number)) for number in range(len(sources))]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows) or any(_may_resume(tools, row, now_us) for row in known):
        return False
    return not all(is_over(row) for row in known)


def _free_token(folder: DropFolder, claimed: Claimed, body: bytes) -> str:
    """The day it was changed, and a hash of what it is; with a number when it is put down once more."""
    about = hashlib.sha256(f"{claimed.kind}\0{claimed.changed_us}\0".encode() + body).hexdigest()
    token = f"{to_text(claimed.changed_us)[:10].replace('-', '')}-{about[:8]}"
    tried, number = token, 1
    while folder.has_result(claimed.kind, tried):
        number += 1
        tried = f"{token}-again{number}"
    return tried


def _asked(
    recovery_id: str, source: str, claimed: Claimed, ids: IdList, now_us: int
) -> RecoveryRow:
    return RecoveryRow(
        recovery_id=recovery_id,
        source=source,
        kind=RecoveryKind.SPECIFIC,
        cause=CAUSE,
        requested_us=now_us,
        requested_by=f"file:{claimed.name}",
        ids=ids.ids,
        updated_us=now_us,
    )


def _request(tools: DropTools, asked: RecoveryRow) -> RecoveryRow:
    """On record before it begins; telling the trail again tells it once."""
    row, name = tools.db.request(asked), asked.recovery_id
    detail = {"source": asked.source, "ids": len(asked.ids)}
    who = asked.requested_by
    tools.trail.record("recovery_requested", name, who, detail, once=f"{name}.requested")
    return row


def _may_resume(tools: DropTools, row: RecoveryRow, now_us: int) -> bool:
    rested = now_us - (row.ended_us or 0) >= tools.resume_after_s * _US
    return row.status in _AGAIN and rested


def _items(db: RecoveryDb, row: RecoveryRow) -> list[RecoveryItem]:
    found: list[RecoveryItem] = []
    after: str | None = None
    while True:
        page = db.recovery_items(RecoveryItemQuery(row.recovery_id, after=after, limit=_PAGE))
        found += page.items
        after = page.next
        if after is None:
            return found
