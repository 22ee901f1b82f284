"""What people ask about one contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Engine, or_, select

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.revisions import (
    interactions_in,
    read_superseded,
    told_revisions,
)
from recorder.adapters.contact_db.rows import (
    AnyRow,
    contact_of,
    media_of,
    media_ref_of,
)
from recorder.adapters.contact_db.sessions import Session, read_sessions
from recorder.adapters.contact_db.sql import prefixed
from recorder.consolidate.contact import consolidate
from recorder.model import Interaction
from recorder.records.contacts import ContactDetail, ContactRow, RevisionRow

_FOUND_MAX = 10


def read_contact(
    engine: Engine, contact_id: str, revision: int | None = None
) -> ContactDetail | None:
    """By contact id, else by session key; of several sources the first by name."""
    with engine.connect() as connection:
        row = _named(connection, contact_id)
        if row is None:
            return None
        wanted = row.revision if revision is None else revision
        session = _session(connection, row)
        # Read last: what changed since the first question is taken back like any later revision.
        later = read_superseded(connection, row.contact_id, wanted)
    rows = {one.row.revision: one.row for one in later} | {row.revision: row}
    if wanted not in rows:
        return None
    return _detail(
        rows[wanted],
        interactions_in(wanted, session.interactions, later),
        [one for one in session.media if one.revision <= wanted],
    )


def find_contacts(engine: Engine, name: str) -> tuple[ContactRow, ...]:
    """The one whose id or session key is `name`, else those (at most 10) that begin with it."""
    row, name = tables.contacts.c, clean(name)
    if not name:
        return ()
    with engine.connect() as connection:
        exact = _named(connection, name)
        if exact is not None:
            return (exact,)
        begins = or_(prefixed(row.contact_id, name), prefixed(row.session_key, name))
        statement = select(tables.contacts).where(begins).order_by(row.contact_id)
        return tuple(map(contact_of, connection.execute(statement.limit(_FOUND_MAX))))


def read_revisions(engine: Engine, contact_id: str) -> tuple[RevisionRow, ...]:
    """Every revision, the first one first; `contact_id` as for `read_contact`."""
    with engine.connect() as connection:
        row = _named(connection, contact_id)
        if row is None:
            return ()
        session = _session(connection, row)
        superseded = read_superseded(connection, row.contact_id, 1)
    return told_revisions(row, superseded, session.interactions, session.media)


def _named(connection: Connection, name: str) -> ContactRow | None:
    row = tables.contacts.c
    for where in (row.contact_id == name, row.session_key == name):
        statement = select(tables.contacts).where(where).order_by(row.source).limit(1)
        found = connection.execute(statement).one_or_none()
        if found is not None:
            return contact_of(found)
    return None


def _session(connection: Connection, row: ContactRow) -> Session:
    return read_sessions(connection, {row.contact_id: row.session_key})[row.contact_id]


def _detail(
    row: ContactRow, interactions: Sequence[Interaction], media: Sequence[AnyRow]
) -> ContactDetail:
    """With the media where they belong."""
    parts = [
        replace(one, media=tuple(media_ref_of(m) for m in media if m.interaction_key == one.key))
        for one in interactions
    ]
    return ContactDetail(
        row=row,
        interactions=consolidate(parts).interactions if parts else (),
        media=tuple(media_of(one) for one in media),
    )
