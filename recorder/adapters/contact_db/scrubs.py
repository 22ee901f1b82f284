"""What the scrub found, in SQL. A census walks over all objects in the order of the archive's keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, tuple_

from recorder.adapters.contact_db.bulk import Shape, write_rows
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.fence import highest_term, refuse_stale
from recorder.adapters.contact_db.proof_tables import scrub_walks, scrubs
from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.scrub_objects import (
    held_contacts,
    keys_behind,
    objects_named,
    without_going,
)
from recorder.adapters.contact_db.sql import Upsert, among, texts
from recorder.records.scrub import (
    CENSUS,
    READS,
    CensusPage,
    Change,
    Outcome,
    Reading,
    ScrubObject,
    ScrubRow,
    ScrubSummary,
    Walk,
)
from recorder.scrub.ledger import enrolment, recorded

_HELD, _OTHERS, _WITHOUT_ROW = 0, 1, 2
_READ_BAD = (Outcome.DAMAGED.value, Outcome.MISSING.value)
_BAD = tuple(outcome.value for outcome in Outcome if outcome.is_bad)


class SqlScrubDb:
    """Implements recorder.ports.scrub.ScrubDb over an engine of `open_engine`. Any thread."""

    def __init__(self, engine: Engine, *, cluster: str) -> None:
        self._engine = engine
        self._cluster = cluster

    def census(self, after: str, limit: int) -> tuple[ScrubObject, ...]:
        """Objects in order of their keys, those behind `after`."""
        with translated("listing objects"), self._engine.connect() as connection:
            keys = keys_behind(connection, after, limit)
            found = objects_named(connection, keys)
            first = [found[key][0] for key in keys if key in found]
            held = held_contacts(connection, [one.contact_id for one in first])
        return tuple(replace(one, held=one.contact_id in held) for one in first)

    def enrol(self, page: CensusPage, term: int) -> tuple[Change, ...]:
        """Take what a range of keys holds into the scrub, and out of it what is no longer there."""
        row = scrubs.c
        there = select(scrubs).where(row.object_key > page.after)
        if page.upto is not None:
            there = there.where(row.object_key <= page.upto)
        with (
            translated("enrolling objects"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            self._fence(connection, term)
            before = {found.object_key: _row_of(found) for found in connection.execute(there)}
            new = enrolment(before, page)
            write_rows(connection, scrubs, _replace, [_values(one) for one in new.rows])
            _drop(connection, new.gone)
        return new.changes

    def due(self, before_us: int, bad_before_us: int, limit: int) -> tuple[ScrubObject, ...]:
        """Objects to read: bad ones, then held ones, then others; each time the longest unread first."""
        row = scrubs.c
        classes = (
            (row.outcome.in_(_READ_BAD), bad_before_us),
            (row.turn == _HELD, before_us),
            (row.turn == _OTHERS, before_us),
        )
        objects: dict[str, ScrubObject] = {}
        with translated("asking what to read"), self._engine.connect() as connection:
            for which, read_before_us in classes:
                conditions = (which, row.read_us < read_before_us)
                for one in _in_turn(connection, conditions, limit):
                    if len(objects) == limit:
                        break
                    objects.setdefault(one.object_key, one)
        return tuple(objects.values())

    def record(self, readings: Sequence[Reading], term: int) -> tuple[Change, ...]:
        """Put readings on record, of objects that are still as they were read."""
        keys = [reading.object.object_key for reading in readings]
        changes: list[Change] = []
        with (
            translated("recording what was read"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            self._fence(connection, term)
            there = without_going(connection, objects_named(connection, keys))
            now = {key: {(of.sha256, of.size_bytes) for of in some} for key, some in there.items()}
            before = _rows(connection, keys)
            rows: dict[str, Values] = {}
            for reading in readings:
                one = reading.object
                if (one.sha256, one.size_bytes) in now.get(one.object_key, ()):
                    row, change = recorded(before.get(one.object_key), reading)
                    rows[one.object_key] = _values(row)
                    changes += [change] if change is not None else []
            write_rows(connection, scrubs, _replace, list(rows.values()))
            _drop(connection, [key for key in keys if key not in now])
        return tuple(changes)

    def walk(self, name: str) -> Walk:
        """How far a walk has come."""
        with translated("reading how far the scrub is"), self._engine.connect() as connection:
            return _walk(connection, name)

    def save_walk(self, name: str, walk: Walk, term: int) -> None:
        """Where to go on."""
        values: Values = {
            "walk": name,
            "place": walk.place,
            "started_us": walk.started_us,
            "ended_us": walk.ended_us,
            "ended_started_us": walk.ended_started_us,
            "term": term,
        }
        with (
            translated("saving how far the scrub is"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            self._fence(connection, term)
            write_rows(connection, scrub_walks, _replace, [values])

    def summary(self) -> ScrubSummary:
        """The whole archive in numbers."""
        row = scrubs.c
        counts = select(row.outcome, row.turn, func.count()).group_by(row.outcome, row.turn)
        mine = row.turn != _WITHOUT_ROW
        with translated("counting what was read"), self._engine.connect() as connection:
            found = [tuple(one) for one in connection.execute(counts)]
            reads = _walk(connection, READS)
            oldest = connection.execute(select(func.min(row.read_us)).where(mine)).scalar()
            unread = _count(connection, mine, row.read_us == 0)
            in_pass = _count(connection, mine, row.read_us >= max(1, reads.started_us))
            census = _walk(connection, CENSUS)
        return ScrubSummary(
            objects=sum(number for _, turn, number in found if turn != _WITHOUT_ROW),
            held=sum(number for _, turn, number in found if turn == _HELD),
            unread=unread,
            read_in_pass=in_pass,
            damaged=_of(found, Outcome.DAMAGED),
            missing=_of(found, Outcome.MISSING),
            stray=_of(found, Outcome.STRAY),
            oldest_read_us=oldest or None,
            reads=reads,
            census=census,
        )

    def bad(self, limit: int) -> tuple[ScrubRow, ...]:
        """Damaged, missing and stray objects, the longest known first."""
        row = scrubs.c
        statement = (
            select(scrubs)
            .where(row.outcome.in_(_BAD))
            .order_by(row.since_us, row.object_key)
            .limit(limit)
        )
        with translated("listing what is bad"), self._engine.connect() as connection:
            return tuple(_row_of(found) for found in connection.execute(statement))

    def _fence(self, connection: Connection, term: int) -> None:
        refuse_stale("what was scrubbed", term, highest_term(connection, self._cluster))


def _in_turn(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], at_once: int
) -> Iterator[ScrubObject]:
    """Objects on record here, the longest unread first, that the database still has as they were."""
    row = scrubs.c
    place = (row.read_us, row.object_key)
    statement = select(scrubs).where(*conditions).order_by(*place).limit(at_once)
    found: Sequence[AnyRow] = connection.execute(statement).all()
    while found:
        named = objects_named(connection, [one.object_key for one in found])
        for one in map(_row_of, found):
            for of in named.get(one.object_key, ()):
                if (of.source, of.media_key) == (one.source, one.media_key):
                    yield replace(of, held=one.held)
        last: AnyRow = found[-1]
        behind = statement.where(tuple_(*place) > tuple_(last.read_us, last.object_key))
        found = connection.execute(behind).all() if len(found) == at_once else []


def _rows(connection: Connection, keys: Sequence[str]) -> Mapping[str, ScrubRow]:
    dialect = connection.dialect.name
    statement = select(scrubs).where(among(dialect, scrubs.c.object_key, "keys"))
    found = connection.execute(statement, {"keys": texts(dialect, keys)})
    return {row.object_key: _row_of(row) for row in found}


def _drop(connection: Connection, keys: Sequence[str]) -> None:
    if keys:
        dialect = connection.dialect.name
        statement = delete(scrubs).where(among(dialect, scrubs.c.object_key, "keys"))
        connection.execute(statement, {"keys": texts(dialect, keys)})


def _walk(connection: Connection, name: str) -> Walk:
    statement = select(scrub_walks).where(scrub_walks.c.walk == name)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return Walk()
    return Walk(row.place, row.started_us, row.ended_us, row.ended_started_us)


def _count(connection: Connection, *conditions: Any) -> int:
    statement = select(func.count()).select_from(scrubs).where(*conditions)
    return connection.execute(statement).scalar() or 0


def _of(counts: Sequence[tuple[Any, ...]], outcome: Outcome) -> int:
    return sum(number for found, _, number in counts if found == outcome.value)


def _row_of(row: AnyRow) -> ScrubRow:
    return ScrubRow(
        object_key=row.object_key,
        source=row.source,
        media_key=row.media_key,
        outcome=Outcome(row.outcome),
        detail=row.detail,
        since_us=row.since_us,
        read_us=row.read_us,
        times=row.times,
        held=row.turn == _HELD,
    )


def _values(row: ScrubRow) -> Values:
    turn = _WITHOUT_ROW if not row.media_key else _HELD if row.held else _OTHERS
    return {
        "object_key": row.object_key,
        "source": row.source,
        "media_key": row.media_key,
        "turn": turn,
        "read_us": row.read_us,
        "outcome": row.outcome.value,
        "detail": row.detail,
        "since_us": row.since_us,
        "times": row.times,
    }


def _replace(statement: Upsert, shape: Shape) -> Upsert:
    keys = [column.name for column in shape.table.primary_key.columns]
    new = {name: statement.excluded[name] for name in shape.names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=new)
