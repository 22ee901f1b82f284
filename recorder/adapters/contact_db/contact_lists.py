"""What people ask about contacts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Engine, select, tuple_, union

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import contact_of, media_of, sort_us
from recorder.adapters.contact_db.sessions import read_session
from recorder.adapters.contact_db.sql import prefixed
from recorder.adapters.contact_db.tables import clean
from recorder.consolidate.contact import consolidate
from recorder.rows import ContactDetail, ContactList, ContactQuery


def list_contacts(engine: Engine, query: ContactQuery) -> ContactList:
    """Newest start first; a window compares the start (else the end)."""
    row, limit = tables.contacts.c, bounded(query.limit)
    wanted: list[ColumnElement[bool]] = []
    if query.source is not None:
        wanted.append(row.source == query.source)
    if query.window is not None:
        wanted += [row.sort_us >= query.window.from_us, row.sort_us < query.window.to_us]
    if query.text:
        wanted.append(_mentions(clean(query.text)))
    place = (row.sort_us, row.contact_id)
    if query.after is not None:
        wanted.append(tuple_(*place) < tuple_(*decode_cursor(query.after, int, str)))
    statement = (
        select(tables.contacts)
        .where(*wanted)
        .order_by(*(column.desc() for column in place))
        .limit(limit + 1)
    )
    with engine.connect() as connection:
        rows = tuple(contact_of(found) for found in connection.execute(statement))
    if len(rows) <= limit:
        return ContactList(rows, None)
    last = rows[limit - 1]
    return ContactList(
        rows[:limit], encode_cursor(sort_us(last.started_us, last.ended_us), last.contact_id)
    )


def _mentions(text: str) -> ColumnElement[bool]:
    """Contacts with something that begins with `text`: each branch is a range of an index."""
    parties, media, items = tables.parties.c, tables.media.c, tables.items.c
    branches = (
        select(parties.contact_id).where(prefixed(parties.name_folded, text.casefold())),
        select(parties.contact_id).where(prefixed(parties.number, text)),
        select(media.contact_id).where(prefixed(media.media_key, text)),
        select(items.contact_id)
        .where(prefixed(items.item_key, text))
        .where(items.contact_id.is_not(None)),
        select(tables.contacts.c.contact_id).where(prefixed(tables.contacts.c.session_key, text)),
    )
    return tables.contacts.c.contact_id.in_(select(union(*branches).subquery().c.contact_id))


def read_contact(engine: Engine, contact_id: str) -> ContactDetail | None:
    """By contact id, else by session key; of several sources the first by name."""
    row = tables.contacts.c
    with engine.connect() as connection:
        for where in (row.contact_id == contact_id, row.session_key == contact_id):
            statement = select(tables.contacts).where(where).order_by(row.source)
            found = connection.execute(statement.limit(1)).one_or_none()
            if found is None:
                continue
            session = read_session(connection, found.contact_id, found.session_key)
            parts = session.interactions
            return ContactDetail(
                row=contact_of(found),
                interactions=consolidate(parts).interactions if parts else (),
                media=tuple(media_of(one) for one in session.media),
            )
    return None
