"""By which ids people find interactions: the values of their attributes that look like one, in an index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, delete, select

from recorder.adapters.contact_db.rows import Values, looks_like_id, names_in
from recorder.adapters.contact_db.sql import strings
from recorder.adapters.contact_db.tables import contacts, interaction_names, interactions, media

NEWEST: Final = 10_000
"""Words (a queue, a topic) are looked for in so many contacts, the newest."""


def name_values(value: str, source: str, interaction_key: str) -> Values:
    """A row of `interaction_names`."""
    return {"value": value, "source": source, "interaction_key": interaction_key}


def forget_names(connection: Connection, rows: Sequence[Values]) -> None:
    """Take rows out, by their keys."""
    if not rows:
        return
    column = interaction_names.c
    mine = and_(*(column[name] == bindparam(f"the_{name}") for name in rows[0]))
    given = [{f"the_{name}": value for name, value in row.items()} for row in rows]
    connection.execute(delete(interaction_names).where(mine), given)


def forget_names_of(connection: Connection, contact_id: str) -> None:
    """The contact is about to go."""
    row = interactions.c
    found = connection.execute(
        select(row.source, row.interaction_key, row.attributes).where(row.contact_id == contact_id)
    )
    rows = [
        name_values(value, one.source, one.interaction_key)
        for one in found
        for value in sorted(names_in(strings(one.attributes)))
    ]
    forget_names(connection, rows)


def items_called(text: str) -> Select[Any, Any]:
    """Source and key of the items of interactions with this value in an attribute: from the index, or the newest."""
    column, its = media.c, interactions.c
    same = and_(
        its.contact_id == column.contact_id,
        its.source == column.source,
        its.interaction_key == column.interaction_key,
    )
    chosen = select(column.source, column.item_key).join(interactions, same)
    if looks_like_id(text):
        row = interaction_names.c
        here = and_(row.source == its.source, row.interaction_key == its.interaction_key)
        return chosen.join(interaction_names, here).where(row.value == text)
    newest = (
        select(contacts.c.contact_id)
        .order_by(contacts.c.sort_us.desc(), contacts.c.contact_id.desc())
        .limit(NEWEST)
        .subquery()
    )
    wanted = its.attributes.contains(f":{json.dumps(text)}", autoescape=True)
    return chosen.join(newest, newest.c.contact_id == column.contact_id).where(wanted)
