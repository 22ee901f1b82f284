"""Lists and searches of contacts, each question short however many contacts there are.

What is asked for by name, number or id is rare or frequent. Rare: an index has few places that begin so
(`RARE_MAX`), and these contacts are looked up and sorted. Frequent: contacts are walked newest first, and each is looked at; what
is frequent fills a page soon. In between (`SOME_MAX`) a short walk is tried, then all its places are looked up; of several
frequent words the rarest is looked up, and each of its contacts is asked for the others. Only words that are all very frequent
and seldom meet make a long walk: it goes on in steps, and `ContactQuery.rows_max` bounds how many contacts one question looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from recorder.records.contacts import ContactList, ContactQuery, ContactRow

RARE_MAX: Final = 4_000
SOME_MAX: Final = 25_000
"""So many places can still be looked up within a tenth of a second or two, where a walk would be long."""
LOOKED_FIRST: Final = 3_500
"""A walk through so many contacts is tried before: what is frequent and recent fills a page sooner."""
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
        driving, are_rare = _driving(connection, words)
        holds = [_C.contact_id.in_(_found(word)) for word in driving]
        frequent = [word.holds for word in words if word not in driving]
        if words and not are_rare and (len(words) == 1 or not driving):
            every = [word.holds for word in words]
            seen = _walk(connection, source, every, query if not driving else _begun(query))
            if not driving or seen.searched_us is None:
                return seen
        wanted = [*source, *holds, *frequent, *_between(query.window, after, None)]
        if driving:
            wanted = [_C.contact_id.in_(_newest(wanted, limit + 1))]
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


def _driving(connection: Connection, words: Sequence[_Word]) -> tuple[list[_Word], bool]:
    """The words whose contacts are looked up, and whether they are rare; each is asked for the other words.

    None: all of them are too frequent for that.
    """
    counts = [_places(connection, word, SOME_MAX) for word in words]
    rare = [word for word, count in zip(words, counts, strict=True) if count <= RARE_MAX]
    if rare or min(counts, default=SOME_MAX + 1) > SOME_MAX:
        return rare, bool(rare)
    return [words[counts.index(min(counts))]], False


def _begun(query: ContactQuery) -> ContactQuery:
    """The first contacts of it only."""
    return replace(query, rows_max=min(query.rows_max or LOOKED_FIRST, LOOKED_FIRST))


def _places(connection: Connection, word: _Word, most: int) -> int:
    """In how many places of the indexes something begins so; `most` + 1 for more."""
    count = 0
    for branch in word.branches:
        left = most + 1 - count
        some = branch.with_only_columns(in_sql("x").label("one")).limit(left).subquery()
        count += connection.execute(select(func.count()).select_from(some)).scalar_one()
        if count > most:
            break
    return count


def _found(word: _Word) -> Select[Any]:
    return select(union(*word.branches).subquery().c.contact_id)


def _newest(wanted: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """The ids of a page alone: many thousand are sorted without all else that is listed of a contact."""
    newest = (
        select(_C.contact_id)
        .where(*wanted)
        .order_by(_C.sort_us.desc(), _C.contact_id.desc())
        .limit(limit)
        .subquery()
    )
    return select(newest.c.contact_id)


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
