"""What a commit has to know of its contacts before it changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    Select,
    Table,
    bindparam,
    literal_column,
    select,
    union_all,
)

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.rows import contact_of
from recorder.adapters.contact_db.sessions import Session, read_sessions
from recorder.adapters.contact_db.sql import among, each, in_sql, texts
from recorder.model import BufferedItem
from recorder.records.contacts import ContactRow

_NOTHING = Session((), ())


@dataclass(frozen=True, slots=True)
class Group:
    """The items of a batch that belong to one contact, each with its archive keys."""

    source: str
    session_key: str
    members: list[tuple[BufferedItem, Sequence[str]]] = field(
        default_factory=list[tuple[BufferedItem, Sequence[str]]]
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there already of a contact."""

    row: ContactRow | None
    """None for a contact that is not there yet."""
    stored: Session
    other_interactions: frozenset[str]
    """Keys of what the batch brings for this contact, and another contact has already."""
    other_media: frozenset[str]


def read_standing(connection: Connection, groups: Mapping[str, Group]) -> dict[str, Standing]:
    """By contact id. A query for all, and one for each source; four more when a contact is there."""
    rows = _rows(connection, list(groups))
    stored = read_sessions(connection, {home: groups[home].session_key for home in rows})
    owned: dict[str, _Owners] = {}
    for source in dict.fromkeys(group.source for group in groups.values()):
        members = [m for group in groups.values() if group.source == source for m in group.members]
        owned[source] = _owners(connection, source, [item for item, _ in members])
    return {
        home: Standing(
            row=rows.get(home),
            stored=stored.get(home, _NOTHING),
            other_interactions=_not_of(home, owned[group.source].interactions),
            other_media=_not_of(home, owned[group.source].media),
        )
        for home, group in groups.items()
    }


def _rows(connection: Connection, contact_ids: Sequence[str]) -> dict[str, ContactRow]:
    dialect = connection.dialect.name
    given = {"contact_ids": texts(dialect, contact_ids)}
    rows = map(contact_of, connection.execute(_select_contacts(dialect), given))
    return {row.contact_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class _Owners:
    """Ids of contacts, by the keys of what they have."""

    interactions: Mapping[str, str]
    media: Mapping[str, str]


def _owners(connection: Connection, source: str, items: Sequence[BufferedItem]) -> _Owners:
    dialect = connection.dialect.name
    given = {
        "of_source": clean(source),
        "interactions": texts(dialect, [item.interaction.key for item in items]),
        "media": texts(dialect, [one.ref.key for item in items for one in item.media]),
    }
    found: dict[str, dict[str, str]] = {"interactions": {}, "media": {}}
    for kind, key, contact_id in connection.execute(_select_owners(dialect), given):
        if contact_id is not None:
            found[kind][key] = contact_id
    return _Owners(found["interactions"], found["media"])


def _not_of(home: str, owned: Mapping[str, str]) -> frozenset[str]:
    return frozenset(key for key, contact_id in owned.items() if contact_id != home)


@cache
def _select_contacts(dialect: str) -> Executable:
    row = tables.contacts.c
    # A row of revision 0 was only just made, to be locked.
    there = row.revision > literal_column("0", BigInteger)
    return select(tables.contacts).where(among(dialect, row.contact_id, "contact_ids"), there)


@cache
def _select_owners(dialect: str) -> Executable:
    # One look into the primary key for each: a planner that knows nothing of the table yet would take
    # all rows of the source, and throw most of them away.
    def of(table: Table, key: str) -> Select[str, Any, Any]:
        given = each(dialect, table.name)
        found = select(table.c.contact_id).where(
            table.c.source == bindparam("of_source"), table.c[key] == given.c.value
        )
        return select(in_sql(table.name), given.c.value, found.scalar_subquery())

    return union_all(of(tables.interactions, "interaction_key"), of(tables.media, "media_key"))
