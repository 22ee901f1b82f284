"""What people ask about items."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, tuple_

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import event_of, item_of
from recorder.adapters.contact_db.sql import prefixed
from recorder.adapters.contact_db.tables import item_events, items, media
from recorder.model import ItemEvent
from recorder.records.contacts import ItemList, ItemQuery, ItemRow
from recorder.why.story import in_order

_ROWS_MAX = 100


def list_items(engine: Engine, query: ItemQuery) -> ItemList:
    """Newest change first. `states` may name `parked`, which is a FAILED item that is parked."""
    row, limit = items.c, bounded(query.limit)
    wanted: list[ColumnElement[bool]] = []
    if query.source is not None:
        wanted.append(row.source == query.source)
    if query.states:
        wanted.append(_in_states(query.states))
    if query.parked is not None:
        wanted.append(row.parked == query.parked)
    place = (row.updated_us, row.source, row.item_key)
    if query.after is not None:
        wanted.append(tuple_(*place) < tuple_(*decode_cursor(query.after, int, str, str)))
    statement = (
        select(items).where(*wanted).order_by(*(column.desc() for column in place)).limit(limit + 1)
    )
    with engine.connect() as connection:
        rows = tuple(item_of(found) for found in connection.execute(statement))
    if len(rows) <= limit:
        return ItemList(rows, None)
    last = rows[limit - 1]
    return ItemList(rows[:limit], encode_cursor(last.updated_us, last.ref.source, last.ref.key))


def _in_states(states: tuple[str, ...]) -> ColumnElement[bool]:
    plain = [state for state in states if state != "parked"]
    choices: list[ColumnElement[bool]] = []
    if plain:
        choices.append(and_(items.c.state.in_(plain), ~items.c.parked))
    if "parked" in states:
        choices.append(items.c.parked)
    return or_(*choices)


def find_items(engine: Engine, source: str | None, key: str) -> tuple[ItemRow, ...]:
    """By item, session or media key; by prefix only when none is exactly so. At most 100."""
    with engine.connect() as connection:
        for match in (_exactly(clean(key)), _beginning(clean(key))):
            statement = select(items).where(match)
            if source is not None:
                statement = statement.where(items.c.source == source)
            statement = statement.order_by(items.c.source, items.c.item_key).limit(_ROWS_MAX)
            rows = tuple(item_of(found) for found in connection.execute(statement))
            if rows:
                return rows
    return ()


def _exactly(key: str) -> ColumnElement[bool]:
    row = items.c
    owner = select(media.c.source, media.c.item_key).where(media.c.media_key == key)
    return or_(
        row.item_key == key,
        row.session_key == key,
        tuple_(row.source, row.item_key).in_(owner),
    )


def _beginning(key: str) -> ColumnElement[bool]:
    row = items.c
    owner = select(media.c.source, media.c.item_key).where(prefixed(media.c.media_key, key))
    return or_(
        prefixed(row.item_key, key),
        prefixed(row.session_key, key),
        tuple_(row.source, row.item_key).in_(owner),
    )


def read_story(engine: Engine, source: str, key: str) -> tuple[ItemEvent, ...]:
    """Every step of an item, in the order of `recorder.why.story`."""
    row = item_events.c
    statement = select(item_events).where(row.source == source, row.item_key == key)
    with engine.connect() as connection:
        return in_order(event_of(found) for found in connection.execute(statement))


def count_items(engine: Engine) -> dict[tuple[str, str], int]:
    """Items by (source, state), parked ones as `parked`."""
    row = items.c
    statement = select(row.source, row.state, row.parked, func.count()).group_by(
        row.source, row.state, row.parked
    )
    counts: dict[tuple[str, str], int] = {}
    with engine.connect() as connection:
        for source, state, parked, number in connection.execute(statement):
            place = (source, "parked" if parked else state)
            counts[place] = counts.get(place, 0) + number
    return {place: counts[place] for place in sorted(counts)}
