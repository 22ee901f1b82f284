"""What a commit does about rows that are there already, table by table."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table, and_, or_

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
    kept = {"source", "item_key", "found_us", "found_by"}
    values = {name: new[name] for name in shape.names if name not in kept}
    fresh = or_(row.version != new.version, row.state != in_sql(ItemState.ARCHIVED))
    mine = or_(row.version == new.version, row.changed_us <= new.changed_us)
    return statement.on_conflict_do_update(
        index_elements=_keys(shape), set_=values, where=and_(fresh, mine)
    )


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
