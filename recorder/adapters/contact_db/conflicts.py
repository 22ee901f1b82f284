"""What a commit does about rows that are there already, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, or_

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.bulk import Conflict, Shape
from recorder.adapters.contact_db.sql import Upsert, in_sql
from recorder.model import ItemState


def only_lock(statement: Upsert, shape: Shape) -> Upsert:
    """Rows that exist stay as they are, and locked until the end of the transaction."""
    del shape
    same = {"contact_id": statement.excluded.contact_id}
    return statement.on_conflict_do_update(index_elements=["contact_id"], set_=same)


def first_stays(statement: Upsert, shape: Shape) -> Upsert:
    """Rows that exist stay as they are."""
    return statement.on_conflict_do_nothing(index_elements=_keys(shape))


def _last_stays(statement: Upsert, shape: Shape) -> Upsert:
    kept = {*_keys(shape), "contact_id"}
    new = {name: statement.excluded[name] for name in shape.names if name not in kept}
    return statement.on_conflict_do_update(index_elements=_keys(shape), set_=new)


def _owner_writes(statement: Upsert, shape: Shape) -> Upsert:
    """What is in another contact stays as it is: a contact changes by its own revisions only."""
    kept = {*_keys(shape), "contact_id"}
    new = {name: statement.excluded[name] for name in shape.names if name not in kept}
    mine = shape.table.c.contact_id == statement.excluded.contact_id
    return statement.on_conflict_do_update(index_elements=_keys(shape), set_=new, where=mine)


def _archive_item(statement: Upsert, shape: Shape) -> Upsert:
    """Archived is the end: but a version found later must not be ended by the one before it."""
    row, new = tables.items.c, statement.excluded
    not_yet = and_(row.version == new.version, row.state != in_sql(ItemState.ARCHIVED))
    return statement.on_conflict_do_update(
        index_elements=_keys(shape),
        set_=item_values(statement, shape.names),
        where=or_(not_yet, takes_its_place(new)),
    )


def takes_its_place(new: Any) -> ColumnElement[bool]:
    """Whether `new` is of a version that came after the one of the row in `items`.

    A source may replace a file and leave its instant of change alone: then the one found later came later.
    """
    row = tables.items.c
    later = or_(
        row.changed_us < new.changed_us,
        and_(row.changed_us == new.changed_us, row.found_us <= new.found_us),
    )
    return and_(row.version != new.version, later)


def item_values(statement: Upsert, names: Iterable[str]) -> dict[str, Any]:
    """What becomes of a row of `items`: a version stays found when and by whom it was found first."""
    row, new = tables.items.c, statement.excluded
    values: dict[str, Any] = {
        name: new[name] for name in names if name not in {"source", "item_key"}
    }
    for name in ("found_us", "found_by"):
        values[name] = case((row.version == new.version, row[name]), else_=new[name])
    return values


def _keys(shape: Shape) -> list[str]:
    return [column.name for column in shape.table.primary_key.columns]


IN_ORDER: Mapping[Table, Conflict] = {
    tables.contacts: _last_stays,
    tables.contact_revisions: first_stays,
    tables.interactions: _owner_writes,
    tables.interaction_names: first_stays,
    tables.parties: _owner_writes,
    tables.segments: _owner_writes,
    tables.media: first_stays,
    tables.items: _archive_item,
    tables.item_events: first_stays,
}
"""The tables of a commit, in an order that satisfies the foreign keys."""
