"""The ledger of items: found, failed, gone, parked, tried again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from recorder.adapters.contact_db.bulk import Shape, write_rows
from recorder.adapters.contact_db.columns import CleanText
from recorder.adapters.contact_db.commit import Stamp
from recorder.adapters.contact_db.conflicts import first_stays, item_values, takes_its_place
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.fence import highest_term, not_stale, refuse_stale
from recorder.adapters.contact_db.known import is_final, known_items
from recorder.adapters.contact_db.rows import Values, event_values, item_of, ref_values
from recorder.adapters.contact_db.sql import Upsert, in_sql, insert
from recorder.adapters.contact_db.tables import item_events, items
from recorder.model import ItemEvent, ItemOutcome, ItemRef, ItemState
from recorder.ports.recording import CLOCK_AHEAD_US
from recorder.records.contacts import ItemRow

_FAILED = ItemState.FAILED.value


def unfinished_items(engine: Engine, refs: Sequence[ItemRef]) -> tuple[ItemRef, ...]:
    """Those that are neither final nor parked in this version, in the given order."""
    if not refs:
        return ()
    with engine.connect() as connection:
        known = known_items(connection, refs)
    return tuple(
        ref
        for ref in refs
        if (row := known.get((ref.source, ref.key))) is None or not row.finishes(ref)
    )


def found_items(
    engine: Engine,
    refs: Sequence[ItemRef],
    events: Sequence[ItemEvent],
    stamp: Stamp,
    *,
    late: bool,
) -> None:
    """Insert as FOUND; an existing row changes only for a version that is not older, if `late` for a newer one."""
    found_us = {(event.source, event.item_key): event.at_us for event in reversed(events)}
    rows: list[Values] = [
        {
            **ref_values(ref),
            "state": ItemState.FOUND.value,
            "found_us": found_us.get((ref.source, ref.key), stamp.now_us),
            "found_by": stamp.node,
            "updated_us": stamp.now_us,
            "reason": "",
            "attempts": 0,
            "retry_at_us": None,
            "parked": False,
        }
        for _, ref in sorted({(ref.source, ref.key): ref for ref in refs}.items())
    ]
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        write_rows(connection, items, _found_late if late else _found, rows)
        _add_events(connection, events)


def add_events(engine: Engine, events: Sequence[ItemEvent]) -> None:
    """A repeated event is the same event."""
    if not events:
        return
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        _add_events(connection, events)


def record_outcome(
    engine: Engine, cluster: str, outcome: ItemOutcome, term: int, stamp: Stamp
) -> None:
    """Write the outcome, unless the item is archived, or final and the outcome is a failure.

    Raises StaleTerm. The check and the write are one statement.
    """
    values: Values = {
        **ref_values(outcome.ref),
        "state": outcome.state.value,
        "reason": outcome.reason,
        "attempts": outcome.attempts,
        "found_us": outcome.found_us,
        "found_by": stamp.node,
        "updated_us": stamp.now_us,
        "retry_at_us": outcome.retry_at_us,
        "parked": outcome.parked,
        "term": term,
    }
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        written = connection.execute(
            _outcome(connection.dialect.name), {**values, "of_cluster": cluster}
        )
        if written.rowcount == 0:  # stale, or nothing to change
            refuse_stale("the outcome of an item", term, highest_term(connection, cluster))
        _add_events(connection, outcome.events)


def due_items(engine: Engine, source: str, now_us: int, limit: int) -> tuple[ItemRow, ...]:
    """Parked items whose time has come, the longest due first; see the port for clocks that were ahead."""
    row = items.c
    due = or_(row.retry_at_us <= now_us, row.updated_us > now_us + CLOCK_AHEAD_US)
    statement = (
        select(items)
        .where(row.source == source, row.parked, due)
        .order_by(row.retry_at_us, row.item_key)
        .limit(limit)
    )
    with engine.connect() as connection:
        return tuple(item_of(found) for found in connection.execute(statement))


def retry_item(engine: Engine, source: str, key: str, now_us: int) -> bool:
    """Park a FAILED or GONE item and make it due at once: parked items are what is tried again."""
    row = items.c
    statement = (
        update(items)
        .where(row.source == source, row.item_key == key)
        .where(row.state.in_((_FAILED, ItemState.GONE.value)))
        .values(state=_FAILED, parked=True, retry_at_us=now_us, updated_us=now_us)
    )
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        return connection.execute(statement).rowcount > 0


def _add_events(connection: Connection, events: Sequence[ItemEvent]) -> None:
    rows = [event_values(event) for event in events]
    write_rows(connection, item_events, first_stays, rows)


# --- the statements ----------------------------------------------------------------------------------


def _found(statement: Upsert, shape: Shape) -> Upsert:
    return _found_where(statement, shape, items.c.changed_us <= statement.excluded.changed_us)


def _found_late(statement: Upsert, shape: Shape) -> Upsert:
    return _found_where(statement, shape, items.c.changed_us < statement.excluded.changed_us)


def _found_where(statement: Upsert, shape: Shape, came_later: ColumnElement[bool]) -> Upsert:
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["source", "item_key"],
        set_={name: new[name] for name in shape.names if name not in {"source", "item_key"}},
        where=and_(items.c.version != new.version, came_later),
    )


_OUTCOME_TYPES: dict[str, Any] = {
    "source": CleanText,
    "item_key": CleanText,
    "version": CleanText,
    "changed_us": BigInteger,
    "session_key": CleanText,
    "hints": CleanText,
    "state": CleanText,
    "reason": CleanText,
    "attempts": Integer,
    "found_us": BigInteger,
    "found_by": CleanText,
    "updated_us": BigInteger,
    "retry_at_us": BigInteger,
    "parked": Boolean,
    "term": BigInteger,
}


@cache
def _outcome(dialect: str) -> Upsert:
    given = [bindparam(name, type_=kind) for name, kind in _OUTCOME_TYPES.items()]
    fenced = select(*given).where(not_stale(bindparam("term", type_=BigInteger)))
    statement = insert(dialect, items).from_select(list(_OUTCOME_TYPES), fenced)
    row, new = items.c, statement.excluded
    overrules = and_(
        row.state != in_sql(ItemState.ARCHIVED),
        or_(~is_final, new.state != in_sql(_FAILED)),
    )
    return statement.on_conflict_do_update(
        index_elements=["source", "item_key"],
        set_=item_values(statement, _OUTCOME_TYPES),
        where=or_(and_(row.version == new.version, overrules), takes_its_place(new)),
    ).execution_options(preserve_rowcount=True)
