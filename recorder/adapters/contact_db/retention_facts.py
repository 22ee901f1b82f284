"""Reading contacts as rules and holds see them, and taking them out of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from sqlalchemy import Connection, Table, case, delete, func, insert, select, update

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.names import forget_names_of
from recorder.adapters.contact_db.proof_tables import deletions, holds
from recorder.adapters.contact_db.retention_rows_sql import hold_of
from recorder.adapters.contact_db.rows import AnyRow, event_values
from recorder.adapters.contact_db.screen_tables import renditions
from recorder.adapters.contact_db.sql import POSTGRES, among, strings, texts
from recorder.keep.facts import ContactRecord, facts_from
from recorder.model import ItemEvent, ItemState
from recorder.records.retention import Deletion, DeletionState, Facts, Hold, KeptMedia, Part

OPEN: Final = tuple(state.value for state in DeletionState if state.is_open)
_BELOW: Final = (
    tables.media,
    tables.parties,
    tables.segments,
    tables.interactions,
    tables.contact_revisions,
    renditions,
    tables.contacts,
)
"""What a contact is made of, in an order that satisfies the foreign keys."""


def holds_in_force(connection: Connection) -> tuple[Hold, ...]:
    """By id."""
    statement = select(holds).where(holds.c.released_us.is_(None)).order_by(holds.c.hold_id)
    return tuple(map(hold_of, connection.execute(statement)))


def facts_without_deletion(
    connection: Connection, contact_ids: Sequence[str], *, named: bool = True
) -> tuple[Facts, ...]:
    """Those of these contacts that are there and have no open deletion, in order of their ids.

    `named`: with the names, numbers and keys that a hold may be about.
    """
    if not contact_ids:
        return ()
    dialect, row, one = connection.dialect.name, tables.contacts.c, deletions.c
    given = {"ids": texts(dialect, contact_ids)}
    is_open = one.state.in_((DeletionState.DUE.value, DeletionState.DELETING.value))
    going = select(one.contact_id).where(among(dialect, one.contact_id, "ids"), is_open)
    hidden = set(connection.execute(going, given).scalars())
    statement = select(tables.contacts).where(among(dialect, row.contact_id, "ids"))
    rows = connection.execute(statement.order_by(row.contact_id), given).all()
    free = [found for found in rows if found.contact_id not in hidden]
    return _facts(connection, free, named=named)


def lock_contact(connection: Connection, contact_id: str) -> None:
    """A commit that extends the contact comes before or after this transaction. SQLite keeps all out anyway."""
    if connection.dialect.name == POSTGRES:
        mine = tables.contacts.c.contact_id == contact_id
        connection.execute(select(tables.contacts.c.contact_id).where(mine).with_for_update())


def facts_of(connection: Connection, contact_id: str) -> Facts | None:
    """None when the contact is not there."""
    found = facts_among(connection, [contact_id])
    return found[0] if found else None


def facts_among(connection: Connection, contact_ids: Sequence[str]) -> tuple[Facts, ...]:
    """Those of these contacts that are there, in order of their ids."""
    dialect, row = connection.dialect.name, tables.contacts.c
    statement = select(tables.contacts).where(among(dialect, row.contact_id, "ids"))
    given = {"ids": texts(dialect, contact_ids)}
    return _facts(connection, connection.execute(statement.order_by(row.contact_id), given).all())


def _facts(
    connection: Connection, contacts: Sequence[AnyRow], *, named: bool = True
) -> tuple[Facts, ...]:
    if not contacts:
        return ()
    ids = [row.contact_id for row in contacts]
    parts = _below(connection, tables.interactions, ids)
    parties = _below(connection, tables.parties, ids if named else ())
    media = _below(connection, tables.media, ids)
    items = _below(connection, tables.items, ids if named else ())
    return tuple(
        facts_from(
            contact_record(row),
            parts=(
                Part(one.channel, one.direction, strings(one.attributes))
                for one in parts.get(row.contact_id, ())
            ),
            names=(one.name_folded for one in parties.get(row.contact_id, ())),
            numbers=(one.number for one in parties.get(row.contact_id, ())),
            item_keys=(one.item_key for one in items.get(row.contact_id, ())),
            media=tuple(
                KeptMedia(one.media_key, one.object_key, one.size_bytes, one.sha256)
                for one in media.get(row.contact_id, ())
            ),
        )
        for row in contacts
    )


def contact_record(row: AnyRow) -> ContactRecord:
    """A row of `contacts` has every column that facts are made from."""
    return cast("ContactRecord", row)


def _below(connection: Connection, table: Table, ids: Sequence[str]) -> dict[str, list[AnyRow]]:
    if not ids:
        return {}
    dialect = connection.dialect.name
    statement = (
        select(table)
        .where(among(dialect, table.c.contact_id, "ids"))
        .order_by(*table.primary_key.columns)
    )
    grouped: dict[str, list[AnyRow]] = {}
    for row in connection.execute(statement, {"ids": texts(dialect, ids)}):
        grouped.setdefault(row.contact_id, []).append(row)
    return grouped


def next_numbers(connection: Connection, contact_ids: Sequence[str]) -> dict[str, int]:
    """Of the next decision on each."""
    dialect = connection.dialect.name
    statement = (
        select(deletions.c.contact_id, func.max(deletions.c.number).label("newest"))
        .where(among(dialect, deletions.c.contact_id, "ids"))
        .group_by(deletions.c.contact_id)
    )
    given = {"ids": texts(dialect, contact_ids)}
    found = {row.contact_id: row.newest for row in connection.execute(statement, given)}
    return {one: found.get(one, 0) + 1 for one in contact_ids}


def own_objects(connection: Connection, one: Deletion) -> tuple[str, ...]:
    """Objects of its files that no other contact's file rests in; after it is deleted, no file at all."""
    keys = list(dict.fromkeys(media.object_key for media in one.media))
    if not keys:
        return ()
    dialect = connection.dialect.name
    row = tables.media.c
    statement = select(row.object_key).where(among(dialect, row.object_key, "keys"))
    if one.state is not DeletionState.AGAIN:
        statement = statement.where(row.contact_id != one.contact_id)
    shared = set(connection.execute(statement, {"keys": texts(dialect, keys)}).scalars())
    return tuple(key for key in keys if key not in shared)


def take_out(connection: Connection, one: Deletion, reason: str, node: str, now_us: int) -> None:
    """Every row of the contact goes; its items stay archived, and say why there is nothing of them."""
    items = tables.items.c
    statement = select(items.source, items.item_key).where(items.contact_id == one.contact_id)
    found = connection.execute(statement.order_by(items.source, items.item_key)).all()
    keys = [(source, key) for source, key in found]
    is_archived = items.state == ItemState.ARCHIVED.value
    connection.execute(
        update(tables.items)
        .where(items.contact_id == one.contact_id)
        .values(
            contact_id=None,
            reason=case((is_archived, reason), else_=items.reason),
            updated_us=case((is_archived, now_us), else_=items.updated_us),
        )
    )
    forget_names_of(connection, one.contact_id)
    for table in _BELOW:
        connection.execute(delete(table).where(table.c.contact_id == one.contact_id))
    events = [event_values(event) for event in deletion_events(one, keys, node, now_us)]
    if events:
        connection.execute(insert(tables.item_events), events)


def deletion_events(
    one: Deletion, keys: Sequence[tuple[str, str]], node: str, now_us: int
) -> tuple[ItemEvent, ...]:
    """The last step of the story of each of its items; `keys` are sources and item keys."""
    return tuple(
        ItemEvent(
            source=source,
            item_key=key,
            node=node,
            boot=f"deletion.{one.contact_id}.{one.number}",
            number=number,
            at_us=now_us,
            what="deleted",
            term=one.term,
            detail=f"retention policy {one.policy}, decision {one.contact_id}/{one.number}",
        )
        for number, (source, key) in enumerate(keys)
    )


def deleted_reason(one: Deletion) -> str:
    """What an item of a deleted contact says."""
    return f"deleted: retention policy {one.policy}, decision {one.contact_id}/{one.number}"
