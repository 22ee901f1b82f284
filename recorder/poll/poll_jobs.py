"""The blocking work of a poller, as plain functions for the workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.errors import StaleTerm
from recorder.errors import (
    CallBufferError,
    DataCenterDown,
    DataCenterError,
    RecorderError,
    SchemaTooNew,
)
from recorder.model import (
    Finding,
    ItemEvent,
    ItemOutcome,
    ItemRef,
    ItemState,
    Page,
    SourceProgress,
    SourceTime,
    Window,
)
from recorder.poll.ledger import speaks_of_the_item
from recorder.ports.recording import ContactDb, DataSource, ProgressStore
from recorder.records.contacts import ItemQuery, ItemRow

REFS_AT_ONCE = 500
LOST_MAX = 10_000
"""More lost items are not counted: each is listed by `tandem item list`."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Progress of one source; an error text where it could not be asked."""

    disk: SourceProgress | None
    center: SourceProgress | None
    disk_error: str = ""
    center_error: str = ""
    center_empty: bool = False
    """The Data Center answered, and knows neither the source nor a single item of it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save. `row` is what the Data Center has now; None when it was not asked."""

    epoch: int
    """Of the progress that was to be saved."""
    row: SourceProgress | None
    stale: StaleTerm | None = None
    """The Data Center refused the term this save carried."""
    disk_error: str = ""
    center_error: str = ""
    events_written: int = 0

    @property
    def lasts(self) -> bool:
        """Whether a crash now would find it again, on the own disk or in the Data Center."""
        return self.row is not None or not self.disk_error


def load_progress(store: ProgressStore, db: ContactDb, source: str) -> Loaded:
    """Ask both; neither stops the other."""
    disk, center, disk_error, center_error, empty = None, None, "", "", False
    try:
        disk = _of(source, store.load())
    except RecorderError as error:
        disk_error = _text(error)
    try:
        center = _of(source, db.load_progress())
        if center is None:
            empty = all(name != source for name, _ in db.item_counts())
    except DataCenterError as error:
        center_error = _text(error)
    return Loaded(disk, center, disk_error, center_error, empty)


def save_progress(
    store: ProgressStore,
    db: ContactDb,
    progress: SourceProgress,
    events: Sequence[ItemEvent],
    term: int | None,
) -> Saved:
    """Save on the own disk, and with a term in the Data Center too. Never raises for either."""
    disk_error = ""
    try:
        store.save(progress)
    except CallBufferError as error:
        disk_error = _text(error)
    if term is None:
        return Saved(progress.epoch, None, disk_error=disk_error)
    try:
        row = db.save_progress(progress, term)
        if events:
            db.record_events(events)
    except StaleTerm as error:
        return Saved(progress.epoch, None, stale=error, disk_error=disk_error)
    except DataCenterError as error:
        return Saved(progress.epoch, None, disk_error=disk_error, center_error=_text(error))
    return Saved(progress.epoch, row, disk_error=disk_error, events_written=len(events))


def server_time(source: DataSource) -> SourceTime:
    """What time it is at the source."""
    return source.server_time()


def list_page(source: DataSource, window: Window, page: str | None) -> Page:
    """One page of a window."""
    return source.list_items(window, page)


def unfinished(db: ContactDb, refs: Sequence[ItemRef]) -> tuple[ItemRef, ...]:
    """Those neither final nor parked, in the given order."""
    found: list[ItemRef] = []
    for start in range(0, len(refs), REFS_AT_ONCE):
        found.extend(db.unfinished(refs[start : start + REFS_AT_ONCE]))
    return tuple(found)


def record_found(db: ContactDb, refs: Sequence[ItemRef], events: Sequence[ItemEvent]) -> None:
    """Put new items on record; `events` has one for each."""
    for start in range(0, len(refs), REFS_AT_ONCE):
        end = start + REFS_AT_ONCE
        db.record_found(refs[start:end], events[start:end])


def record_seen(db: ContactDb, refs: Sequence[ItemRef], events: Sequence[ItemEvent]) -> None:
    """Put items on record that were listed a while ago: what is on record by now may be newer.

    One whose values the database refuses is left out, for it would keep all others off the record.
    """
    try:
        db.record_found(refs, events, late=True)
    except (DataCenterDown, SchemaTooNew):
        raise  # it is about none of them
    except DataCenterError:
        if len(refs) > 1:
            half = len(refs) // 2
            record_seen(db, refs[:half], events[:half])
            record_seen(db, refs[half:], events[half:])


@dataclass(frozen=True, slots=True)
class Taken:
    """Items that a recovery found missing, as they are on record now; those with an end are in neither."""

    unfinished: tuple[ItemRef, ...]
    parked: tuple[ItemRef, ...]


def take_in(db: ContactDb, refs: Sequence[ItemRef], events: Sequence[ItemEvent]) -> Taken:
    """Put items on record and see what is to be done about each; `events` has one for each."""
    record_found(db, refs, events)
    rows = {row.ref.key: row for ref in refs for row in db.item(ref.source, ref.key)}
    current = [ref for ref in refs if not _is_replaced(ref, rows.get(ref.key))]
    left = unfinished(db, current)
    others = [ref for ref in current if ref not in left]
    return Taken(left, tuple(ref for ref in others if ref.key in rows and rows[ref.key].parked))


def _is_replaced(ref: ItemRef, row: ItemRow | None) -> bool:
    """Another version is on record that is not older."""
    if row is None or row.ref.version == ref.version:
        return False
    return row.ref.changed_us >= ref.changed_us


def record_outcome(db: ContactDb, outcome: ItemOutcome, term: int) -> None:
    """Put an end, or a failure for now, on record."""
    db.record_outcome(outcome, term)


def due_retries(db: ContactDb, source: str, now_us: int, limit: int) -> tuple[ItemRow, ...]:
    """Parked items to be tried again."""
    return db.due_retries(source, now_us, limit)


def due_because_of_outage(
    db: ContactDb, source: str, until_us: int, limit: int
) -> tuple[ItemRow, ...]:
    """Parked items due by `until_us` whose failure did not speak of the item itself."""
    rows = db.due_retries(source, until_us, limit)
    return tuple(row for row in rows if not speaks_of_the_item(row.reason.partition(":")[0]))


def unended(db: ContactDb, source: str) -> tuple[ItemRow, ...]:
    """Items that are neither final nor parked, oldest change last."""
    rows: list[ItemRow] = []
    states = (ItemState.FOUND.value, ItemState.FAILED.value)
    after: str | None = None
    while True:
        query = ItemQuery(
            source=source, states=states, parked=False, after=after, limit=REFS_AT_ONCE
        )
        page = db.items(query)
        rows += page.rows
        if page.next is None:
            return tuple(rows)
        after = page.next


@dataclass(frozen=True, slots=True)
class Left:
    """What earlier work left: items without an end, and how many ended lately as lost."""

    rows: tuple[ItemRow, ...]
    lost: int


def left(db: ContactDb, source: str, lost_since_us: int) -> Left:
    """Both at once, so that they are asked for together."""
    return Left(unended(db, source), lost_since(db, source, lost_since_us))


def lost_since(db: ContactDb, source: str, since_us: int) -> int:
    """Items that the source had no more when they were fetched, put on record since then; `LOST_MAX` at most."""
    lost = 0
    after: str | None = None
    while lost < LOST_MAX:
        query = ItemQuery(source, (ItemState.GONE.value,), after=after, limit=REFS_AT_ONCE)
        page = db.items(query)
        late = sum(row.updated_us >= since_us for row in page.rows)
        lost += late
        if page.next is None or late < len(page.rows):
            break
        after = page.next
    return min(lost, LOST_MAX)


def try_credentials(source: DataSource) -> tuple[Finding, ...]:
    """The canary of a standby."""
    return source.check()


def _of(source: str, rows: Sequence[SourceProgress]) -> SourceProgress | None:
    return next((row for row in rows if row.source == source), None)


def _text(error: RecorderError) -> str:
    return f"{error}. {error.hint}" if error.hint else str(error)
