"""Lists and searches of contacts, each question short however many contacts there are.

What is asked for by name, number or id is rare or frequent. Rare: an index has few places that begin so
(`RARE_MAX`), and these contacts are looked up and sorted. Frequent: contacts are walked newest first, and each is looked at; what
is frequent fills a page soon. Only what is frequent somewhere and absent for long makes a long walk: it goes
on in steps, and `ContactQuery.rows_max` bounds how many contacts one question looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    func,
    or_,
    select,
    tuple_,
    union,
)

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import contact_of, sort_us
from recorder.adapters.contact_db.sql import in_sql, prefixed
from recorder.model import Window
from recorder.rows import ContactList, ContactQuery, ContactRow

RARE_MAX: Final = 4_000
_STEP: Final = 500
_STEP_MAX: Final = 8_000

_Place: TypeAlias = tuple[int, str]
_C = tables.contacts.c


@dataclass(frozen=True, slots=True)
class _Word:
    """One thing asked for: `branches` find contacts from it by index, `holds` says whether a contact has it."""

    branches: tuple[Select[Any], ...]
    holds: ColumnElement[bool]


def list_contacts(engine: Engine, query: ContactQuery) -> ContactList:
    """Newest start first; a window compares the start (else the end)."""
    limit = bounded(query.limit)
    after = None if query.after is None else _place(query.after)
    source = [] if query.source is None else [_C.source == query.source]
    words = _words(query)
    with engine.connect() as connection:
        rare = [word for word in words if _is_rare(connection, word)]
        holds = [_C.contact_id.in_(_found(word)) for word in rare]
        frequent = [word.holds for word in words if word not in rare]
        if frequent and not rare:
            return _walk(connection, [*source], frequent, query)
        wanted = [*source, *holds, *frequent, *_between(query.window, after, None)]
        return _listed(_page(connection, wanted, limit + 1), limit)


def _walk(
    connection: Connection,
    source: list[ColumnElement[bool]],
    frequent: list[ColumnElement[bool]],
    query: ContactQuery,
) -> ContactList:
    limit = bounded(query.limit)
    after = None if query.after is None else _place(query.after)
    rows: list[ContactRow] = []
    looked_at = 0
    for step in _steps():
        last = _nth(connection, [*source, *_between(query.window, after, None)], step)
        here = [*source, *frequent, *_between(query.window, after, last)]
        rows += _page(connection, here, limit + 1 - len(rows))
        looked_at, after = looked_at + step, last
        if len(rows) > limit or last is None:
            return _listed(rows, limit)
        if query.rows_max is not None and looked_at >= query.rows_max:
            return ContactList(tuple(rows), encode_cursor(*last), searched_us=last[0])
    raise AssertionError("steps never end")


def _steps() -> Iterator[int]:
    step = _STEP
    while True:
        yield step
        step = min(2 * step, _STEP_MAX)


def _words(query: ContactQuery) -> list[_Word]:
    words: list[_Word] = []
    if query.text:
        words.append(_mentions(clean(query.text)))
    parties = tables.parties.c
    if query.agent:
        name = prefixed(parties.name_folded, clean(query.agent).casefold())
        words.append(_party(and_(name, parties.role != in_sql("customer"))))
    if query.number:
        words.append(_party(prefixed(parties.number, clean(query.number))))
    return words


def _party(condition: ColumnElement[bool]) -> _Word:
    parties = tables.parties.c
    own = select(1).where(parties.contact_id == _C.contact_id, condition)
    return _Word((select(parties.contact_id).where(condition),), own.exists())


def _mentions(text: str) -> _Word:
    """Something that begins with `text`: each branch is a range of an index."""
    parties, media, items = tables.parties.c, tables.media.c, tables.items.c
    party = or_(prefixed(parties.name_folded, text.casefold()), prefixed(parties.number, text))
    file, item = prefixed(media.media_key, text), prefixed(items.item_key, text)
    session, contact = prefixed(_C.session_key, text), prefixed(_C.contact_id, text)
    return _Word(
        (
            select(parties.contact_id).where(prefixed(parties.name_folded, text.casefold())),
            select(parties.contact_id).where(prefixed(parties.number, text)),
            select(media.contact_id).where(file),
            select(items.contact_id).where(item).where(items.contact_id.is_not(None)),
            select(_C.contact_id).where(session),
            select(_C.contact_id).where(contact),
        ),
        or_(
            select(1).where(parties.contact_id == _C.contact_id, party).exists(),
            session,
            contact,
            select(1).where(media.contact_id == _C.contact_id, file).exists(),
            select(1).where(items.contact_id == _C.contact_id, item).exists(),
        ),
    )


def _is_rare(connection: Connection, word: _Word) -> bool:
    left = RARE_MAX
    for branch in word.branches:
        some = branch.with_only_columns(in_sql("x").label("one")).limit(left + 1).subquery()
        left -= connection.execute(select(func.count()).select_from(some)).scalar_one()
        if left < 0:
            return False
    return True


def _found(word: _Word) -> Select[Any]:
    return select(union(*word.branches).subquery().c.contact_id)


def _page(
    connection: Connection, wanted: Sequence[ColumnElement[bool]], limit: int
) -> list[ContactRow]:
    statement = (
        select(tables.contacts)
        .where(*wanted)
        .order_by(_C.sort_us.desc(), _C.contact_id.desc())
        .limit(limit)
    )
    return [contact_of(found) for found in connection.execute(statement)]


def _nth(
    connection: Connection, wanted: Sequence[ColumnElement[bool]], number: int
) -> _Place | None:
    """The place of the contact so far on; None when there are not so many. Reads an index only."""
    statement = (
        select(_C.sort_us, _C.contact_id)
        .where(*wanted)
        .order_by(_C.sort_us.desc(), _C.contact_id.desc())
        .limit(1)
        .offset(number - 1)
    )
    found = connection.execute(statement).one_or_none()
    return None if found is None else (found.sort_us, found.contact_id)


def _between(
    window: Window | None, after: _Place | None, last: _Place | None
) -> list[ColumnElement[bool]]:
    """In the window, behind `after` and up to `last`.

    One bound on each side, the tighter one: SQLite reads its index by one and only checks the others.
    """
    place, here = tuple_(_C.sort_us, _C.contact_id), list[ColumnElement[bool]]()
    lows = [] if window is None else [window.from_us]
    highs = [] if window is None else [window.to_us - 1]
    if after is not None:
        highs.append(after[0])
        here.append(place < tuple_(*after))
    if last is not None:
        lows.append(last[0])
        here.append(place >= tuple_(*last))
    here += [_C.sort_us >= max(lows)] if lows else []
    here += [_C.sort_us <= min(highs)] if highs else []
    return here


def _place(cursor: str) -> _Place:
    at_us, contact_id = decode_cursor(cursor, int, str)
    assert isinstance(at_us, int)
    return at_us, str(contact_id)


def _listed(rows: Sequence[ContactRow], limit: int) -> ContactList:
    if len(rows) <= limit:
        return ContactList(tuple(rows), None)
    last = rows[limit - 1]
    place = encode_cursor(sort_us(last.started_us, last.ended_us), last.contact_id)
    return ContactList(tuple(rows[:limit]), place)
