"""The data access service in SQL: pages by a keyset that no write can move.

A contact may begin earlier than was known, so its begin cannot order the pages by itself. But every begin
it was listed with before is on record, in `contact_revisions`; see `recorder.records.das.first_place`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Select,
    exists,
    select,
    tuple_,
    union_all,
)

from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import contact_of, media_of
from recorder.adapters.contact_db.rows import sort_us as sort_of
from recorder.adapters.contact_db.sql import POSTGRES, among, texts
from recorder.adapters.contact_db.tables import contact_revisions, contacts, items, media
from recorder.model import ItemState, Window
from recorder.records.contacts import ContactRow, MediaRow
from recorder.records.das import (
    ALWAYS,
    IDS_MAX,
    DasContact,
    DasItem,
    DasPage,
    DasQuery,
    first_place,
)


class SqlDas:
    """Implements recorder.ports.proof.Das over an engine of `open_engine`, after `migrate`. Any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def contacts(self, query: DasQuery) -> DasPage:
        """One page, read in one transaction that sees one instant."""
        with (
            translated("telling contacts"),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            if connection.dialect.name == POSTGRES:
                connection.exec_driver_sql(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                )
            rows, cursor = _by_ids(connection, query) if query.ids else _walk(connection, query)
            return DasPage(_told(connection, rows, query), cursor)


# --- by period -------------------------------------------------------------------------------------


def _walk(connection: Connection, query: DasQuery) -> tuple[list[ContactRow], str | None]:
    """So many places from the cursor on: those contacts have, and those they had."""
    window, limit = query.window or ALWAYS, bounded(query.limit)
    after = None if query.after is None else tuple(decode_cursor(query.after, int, str))
    here = {
        (found.sort_us, found.contact_id): contact_of(found)
        for found in connection.execute(_present(query, window, after, limit + 1))
    }
    past = [
        (found.sort_us, found.contact_id)
        for found in connection.execute(_past(query, window, after, limit + 1))
    ]
    places = sorted({*here, *past})
    walked = places[:limit]
    rows = {home: here[at, home] for at, home in walked if (at, home) in here}
    rows |= _rows(connection, {home for _, home in walked} - rows.keys())
    once = _first_places(connection, rows, window)
    told = [rows[home] for at, home in walked if home in rows and once[home] == at]
    return told, encode_cursor(*walked[-1]) if len(places) > limit else None


def _present(
    query: DasQuery, window: Window, after: tuple[int | str, ...] | None, limit: int
) -> Select[Any]:
    row = contacts.c
    where = _within(row.sort_us, row.contact_id, window, after)
    if query.source is not None:
        where.append(row.source == query.source)
    return select(contacts).where(*where).order_by(row.sort_us, row.contact_id).limit(limit)


def _past(
    query: DasQuery, window: Window, after: tuple[int | str, ...] | None, limit: int
) -> Select[Any, Any]:
    """Places contacts once had. Few: most contacts begin when they were first said to.

    Asked as EXISTS, so that what is walked are these few, and not all contacts of the source.
    """
    row, now = contact_revisions.c, contacts.c
    moved = [now.contact_id == row.contact_id, now.sort_us != row.sort_us]
    if query.source is not None:
        moved.append(now.source == query.source)
    where = [*_within(row.sort_us, row.contact_id, window, after), exists().where(*moved)]
    chosen = select(row.sort_us, row.contact_id).where(*where).distinct()
    return chosen.order_by(row.sort_us, row.contact_id).limit(limit)


def _within(
    at: ColumnElement[int],
    home: ColumnElement[str],
    window: Window,
    after: tuple[int | str, ...] | None,
) -> list[ColumnElement[bool]]:
    """In the window, and behind the cursor."""
    if after is None:
        return [at >= window.from_us, at < window.to_us]
    # The cursor is told as a lower bound as well: SQLite walks its index from the bound that comes first.
    begin_us = max(window.from_us, int(after[0]))
    return [at >= begin_us, at < window.to_us, tuple_(at, home) > tuple_(*after)]


def _rows(connection: Connection, homes: Iterable[str]) -> dict[str, ContactRow]:
    wanted = sorted(homes)
    if not wanted:
        return {}
    dialect = connection.dialect.name
    statement = select(contacts).where(among(dialect, contacts.c.contact_id, "homes"))
    found = connection.execute(statement, {"homes": texts(dialect, wanted)})
    return {row.contact_id: contact_of(row) for row in found}


def _first_places(
    connection: Connection, rows: dict[str, ContactRow], window: Window
) -> dict[str, int | None]:
    amended = sorted(home for home, row in rows.items() if row.revision > 1)
    places: dict[str, list[int]] = {home: [] for home in rows}
    if amended:
        dialect, row = connection.dialect.name, contact_revisions.c
        statement = (
            select(row.contact_id, row.sort_us)
            .where(among(dialect, row.contact_id, "homes"))
            .order_by(row.contact_id, row.revision)
        )
        for found in connection.execute(statement, {"homes": texts(dialect, amended)}):
            places[found.contact_id].append(found.sort_us)
    return {home: first_place([*places[home], _place(row)], window) for home, row in rows.items()}


def _place(row: ContactRow) -> int:
    return sort_of(row.started_us, row.ended_us)


# --- by ids ----------------------------------------------------------------------------------------


def _by_ids(connection: Connection, query: DasQuery) -> tuple[list[ContactRow], str | None]:
    """Ids of contacts never change: they are the order here."""
    row, dialect, limit = contacts.c, connection.dialect.name, bounded(query.limit)
    where: list[ColumnElement[bool]] = [row.contact_id.in_(_homes(dialect))]
    if query.window is not None:
        where += [row.sort_us >= query.window.from_us, row.sort_us < query.window.to_us]
    if query.source is not None:
        where.append(row.source == query.source)
    if query.after is not None:
        where.append(row.contact_id > decode_cursor(query.after, str)[0])
    statement = select(contacts).where(*where).order_by(row.contact_id).limit(limit + 1)
    given = {"ids": texts(dialect, query.ids[:IDS_MAX])}
    found = [contact_of(one) for one in connection.execute(statement, given)]
    told = found[:limit]
    return told, encode_cursor(told[-1].contact_id) if len(found) > limit else None


def _homes(dialect: str) -> CompoundSelect[str]:
    """Each kind of id from its own index; joined by OR, PostgreSQL would read every contact there is."""
    kinds = (
        (contacts, contacts.c.contact_id),
        (contacts, contacts.c.session_key),
        (items, items.c.item_key),
    )
    return union_all(
        *(
            select(table.c.contact_id).where(
                among(dialect, column, "ids"), table.c.contact_id.is_not(None)
            )
            for table, column in kinds
        )
    )


# --- what belongs to them --------------------------------------------------------------------------


def _told(
    connection: Connection, rows: Sequence[ContactRow], query: DasQuery
) -> tuple[DasContact, ...]:
    known = _items(connection, rows) if query.items and rows else {}
    files = _media(connection, rows) if query.media and rows else {}
    return tuple(
        DasContact(row, tuple(known.get(row.contact_id, ())), tuple(files.get(row.contact_id, ())))
        for row in rows
    )


def _items(connection: Connection, rows: Sequence[ContactRow]) -> dict[str, list[DasItem]]:
    row, dialect = items.c, connection.dialect.name
    statement = (
        select(row.contact_id, row.item_key, row.version, row.changed_us, row.archived_us)
        .where(
            among(dialect, row.session_key, "sessions"),
            row.contact_id.is_not(None),
            row.state == ItemState.ARCHIVED.value,
        )
        .order_by(row.item_key)
    )
    sessions = texts(dialect, sorted({one.session_key for one in rows}))
    found: dict[str, list[DasItem]] = {}
    for one in connection.execute(statement, {"sessions": sessions}):
        item = DasItem(one.item_key, one.version, one.changed_us, one.archived_us)
        found.setdefault(one.contact_id, []).append(item)
    return found


def _media(connection: Connection, rows: Sequence[ContactRow]) -> dict[str, list[MediaRow]]:
    row, dialect = media.c, connection.dialect.name
    statement = (
        select(media)
        .where(among(dialect, row.contact_id, "homes"))
        .order_by(row.started_us.is_(None), row.started_us, row.media_key)
    )
    homes = texts(dialect, [one.contact_id for one in rows])
    found: dict[str, list[MediaRow]] = {}
    for one in connection.execute(statement, {"homes": homes}):
        found.setdefault(one.contact_id, []).append(media_of(one))
    return found
