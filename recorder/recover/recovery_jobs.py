"""The blocking work of recoveries, as plain functions for the workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from recorder.errors import ItemGone, NotAnId
from recorder.lookup import lookup_of
from recorder.model import ItemRef, Page, Window
from recorder.ports.proof import RecoveryDb
from recorder.ports.recording import ContactDb, DataSource
from recorder.records.recoveries import (
    Difference,
    Forecast,
    ListedSection,
    RecoveryItem,
    RecoveryItemQuery,
    RecoveryKind,
    RecoveryQuery,
    RecoveryRow,
    RecoveryStatus,
    Stage,
    Tended,
    Tending,
)
from recorder.recover.due import Known
from recorder.recover.estimate import Basis, Estimate
from recorder.recover.sections import Found

REFS_AT_ONCE = 10_000
"""Of one listing in one question: what was gathered, and a large page."""
RECENT = 100
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """Everything known of the sources' coverage, and what was done about it."""

    known: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """Recoveries that somebody has to do something about."""

    running: tuple[RecoveryRow, ...]
    stopped: tuple[RecoveryRow, ...]
    """Somebody else: they ended before their end."""


def look(db: RecoveryDb) -> Seen:
    """What is to be worked on, and what is to be told."""
    return Seen(db.running(), db.stopped())


def list_page(source: DataSource, window: Window, page: str | None) -> Page:
    """One page of a section."""
    return source.list_items(window, page)


def find_id(source: DataSource, identifier: str) -> Found:
    """What an id leads to."""
    lookup = lookup_of(source)
    if lookup is None:
        reason = f"not_supported: {source.name} cannot be asked by id"
        return Found(end=Stage.FAILED, reason=reason)
    try:
        refs = lookup.find(identifier)
    except NotAnId as error:
        return Found(end=Stage.FAILED, reason=f"{error.code}: {error}")
    except ItemGone as error:
        return Found(end=Stage.GONE, reason=f"{_not_known(source)} ({error})")
    if not refs:
        return Found(end=Stage.GONE, reason=_not_known(source))
    return Found(tuple(refs))


def _not_known(source: DataSource) -> str:
    """Nobody can tell the two from each other, so that people have to be told of both."""
    return f"unknown: not known to {source.name}: deleted there, or the id is wrong"


def compare(db: RecoveryDb, refs: Sequence[ItemRef]) -> Difference:
    """What of some pages is missing."""
    here = not_recordable = 0
    missing: list[ItemRef] = []
    for start in range(0, len(refs), REFS_AT_ONCE):
        found = db.difference(refs[start : start + REFS_AT_ONCE])
        here += found.already_here
        not_recordable += found.not_recordable
        missing += found.missing
    return Difference(here, not_recordable, tuple(missing))


def stage(
    db: RecoveryDb, items: tuple[RecoveryItem, ...], recovery_id: str, *, first: bool
) -> None:
    """Keep missing items until their section is whole."""
    db.stage(items, recovery_id, first=first)


def record_section(db: RecoveryDb, section: ListedSection, term: int) -> RecoveryRow:
    """Count a section."""
    return db.record_section(section, term)


def tend(db: RecoveryDb, tending: Tending, term: int) -> Tended:
    """Look after the items in hand."""
    return db.tend(tending, term)


def end(
    db: RecoveryDb, recovery_id: str, status: RecoveryStatus, reason: str, term: int
) -> RecoveryRow:
    """End a recovery."""
    return db.end(recovery_id, status, reason, term)


def forecast(
    db: RecoveryDb, source: DataSource, row: RecoveryRow, *, basis: Basis, now_us: int, term: int
) -> RecoveryRow:
    """Say what a dry run found, and end it."""
    estimate = Estimate(replace(basis, mean_bytes=db.mean_bytes(row.source)), now_us)
    query = RecoveryItemQuery(row.recovery_id, (Stage.PENDING,), limit=PAGE)
    while True:
        page = db.recovery_items(query)
        estimate.add((item, _size(source, item.ref)) for item in page.items)
        if page.next is None:
            break
        query = RecoveryItemQuery(row.recovery_id, (Stage.PENDING,), page.next, PAGE)
    said: Forecast = estimate.forecast
    return db.end(row.recovery_id, RecoveryStatus.COMPLETED, "", term, said)


def read_known(db: RecoveryDb, contacts: ContactDb, sources: Sequence[str]) -> Told:
    """What coverage, items and recoveries say of each source that has progress on record."""
    known: list[Known] = []
    for progress in contacts.load_progress():
        if progress.source in sources:
            query = RecoveryQuery(progress.source, kind=RecoveryKind.AUTOMATIC, limit=RECENT)
            recent = db.recoveries(query).rows
            known.append(Known(progress, db.oldest_us(progress.source), recent))
    return Told(tuple(known))


def ask(db: RecoveryDb, rows: tuple[RecoveryRow, ...], resume: tuple[str, ...]) -> None:
    """Put what the system wants on record."""
    for row in rows:
        db.request(row)
    for recovery_id in resume:
        db.resume(recovery_id, cancelled=False)


def _size(source: DataSource, ref: ItemRef) -> int | None:
    """What the source says of an item's size without being asked again: optional."""
    tell = getattr(source, "listed_bytes", None)
    return cast("int | None", tell(ref)) if callable(tell) else None
