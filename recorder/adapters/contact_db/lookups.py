"""Rows by many keys, each by a look into an index.

A planner that knows nothing of a table yet (after a restore, before the first ANALYZE) takes a list of keys for
half of the table, and reads all of it. So the keys come as a table of their own, and each is looked up for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, true

from recorder.adapters.contact_db.proof_tables import deletions
from recorder.adapters.contact_db.rows import AnyRow
from recorder.adapters.contact_db.sql import POSTGRES, among, each, texts
from recorder.adapters.contact_db.tables import items, media
from recorder.records.retention import DeletionState

_KEYS = "given_keys"
_SOURCE = "of_source"
_FILE = ("item_key", "media_key", "object_key", "size_bytes", "sha256")


def items_by_key(
    connection: Connection, source: str, keys: Sequence[str], columns: Sequence[str] = ()
) -> Sequence[AnyRow]:
    """Items of a source, in no order; all columns unless some are named."""
    dialect = connection.dialect.name
    chosen = select(*(items.c[name] for name in columns or items.c.keys()))
    statement = _each_in(
        dialect, chosen.where(items.c.source == bindparam(_SOURCE)), items.c.item_key
    )
    return connection.execute(statement, _given(dialect, keys, source)).all()


def media_by_contact(
    connection: Connection, source: str, contact_ids: Sequence[str]
) -> Sequence[AnyRow]:
    """Files of these contacts, but for those that a deletion has begun to take away; in no order."""
    dialect, row, one = connection.dialect.name, media.c, deletions.c
    goes = select(one.number).where(
        one.contact_id == row.contact_id, one.state == DeletionState.DELETING.value
    )
    mine = select(*(row[name] for name in _FILE)).where(
        row.source == bindparam(_SOURCE), ~goes.exists()
    )
    statement = _each_in(dialect, mine, row.contact_id)
    return connection.execute(statement, _given(dialect, contact_ids, source)).all()


def _each_in(dialect: str, rows: Select[Any], column: ColumnElement[str]) -> Select[Any]:
    """`rows` whose `column` is one of the keys given."""
    if dialect != POSTGRES:
        return rows.where(among(dialect, column, _KEYS))
    given = each(dialect, _KEYS)
    # OFFSET keeps the planner from making a join of it, which it would begin with the whole table.
    found = rows.where(column == given.c.value).correlate(given).offset(0).lateral()
    return select(found).select_from(given.join(found, true()))


def _given(dialect: str, keys: Sequence[str], source: str) -> dict[str, object]:
    """A key that is there twice would be found twice."""
    return {_KEYS: texts(dialect, list(dict.fromkeys(keys))), _SOURCE: source}
