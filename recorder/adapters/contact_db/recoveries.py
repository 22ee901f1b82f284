"""Recoveries in the contact database: requests and lists; the work itself is in `recovery_work.py`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Update,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from cluster.ports import Clock
from recorder.adapters.contact_db import recovery_work
from recorder.adapters.contact_db.difference import difference
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.proof_tables import recoveries, recovery_items
from recorder.adapters.contact_db.recovery_ids import KnownIds
from recorder.adapters.contact_db.recovery_rows_sql import (
    recovery_item_of,
    recovery_of,
    recovery_values,
)
from recorder.adapters.contact_db.recovery_work import Hand
from recorder.adapters.contact_db.sql import in_sql
from recorder.adapters.contact_db.tables import items
from recorder.model import ItemRef, ItemState
from recorder.records.recoveries import (
    Difference,
    Forecast,
    ListedSection,
    RecoveryItem,
    RecoveryItemList,
    RecoveryItemQuery,
    RecoveryList,
    RecoveryQuery,
    RecoveryRow,
    RecoveryStatus,
    Stage,
    Tended,
    Tending,
)

_RUNNING = RecoveryStatus.RUNNING.value
_STOPPED = (RecoveryStatus.STOPPED.value, RecoveryStatus.FAILED.value)
_STOPPED_MAX = 100
_MEAN_OF = 1_000


class SqlRecoveryDb:
    """Implements recorder.ports.proof.RecoveryDb over an engine of `open_engine`, after `migrate`."""

    def __init__(self, engine: Engine, *, cluster: str, node: str, clock: Clock) -> None:
        self._engine = engine
        self._cluster = cluster
        self._node = node
        self._clock = clock
        self._ids = KnownIds()

    def request(self, row: RecoveryRow) -> RecoveryRow:
        """One that is the same and runs already is returned instead."""
        with translated("recording a recovery"), _writing(self._engine) as connection:
            same = connection.execute(select(recoveries).where(*_same(row))).first()
            known = (
                recovery_of(same) if same is not None else self._read(connection, row.recovery_id)
            )
            if known is not None:
                return known
            connection.execute(insert(recoveries), recovery_values(row))
            return self._read(connection, row.recovery_id) or row

    def cancel(self, recovery_id: str, reason: str) -> RecoveryRow | None:
        """Whoever works on it finds out with its next write."""
        now_us = self._clock.wall_us()
        statement = (
            update(recoveries)
            .where(
                recoveries.c.recovery_id == recovery_id,
                recoveries.c.status.in_([_RUNNING, *_STOPPED]),
            )
            .values(
                status=RecoveryStatus.CANCELLED.value,
                reason=reason,
                ended_us=now_us,
                updated_us=now_us,
            )
        )
        return self._change("cancelling a recovery", recovery_id, statement)

    def resume(self, recovery_id: str, *, cancelled: bool = True) -> RecoveryRow | None:
        """One that is completed stays so."""
        again = [*_STOPPED, *([RecoveryStatus.CANCELLED.value] if cancelled else [])]
        statement = (
            update(recoveries)
            .where(recoveries.c.recovery_id == recovery_id, recoveries.c.status.in_(again))
            .values(status=_RUNNING, reason="", ended_us=None, updated_us=self._clock.wall_us())
        )
        return self._change("resuming a recovery", recovery_id, statement)

    def recovery(self, recovery_id: str) -> RecoveryRow | None:
        """By its id."""
        with translated("reading a recovery"), self._engine.connect() as connection:
            return self._read(connection, recovery_id)

    def recoveries(self, query: RecoveryQuery) -> RecoveryList:
        """Newest request first."""
        row, limit = recoveries.c, bounded(query.limit)
        wanted: list[ColumnElement[bool]] = []
        if query.source is not None:
            wanted.append(row.source == query.source)
        if query.status is not None:
            wanted.append(row.status == query.status.value)
        if query.kind is not None:
            wanted.append(row.kind == query.kind.value)
        place = (row.requested_us, row.recovery_id)
        if query.after is not None:
            wanted.append(tuple_(*place) < tuple_(*decode_cursor(query.after, int, str)))
        statement = select(recoveries).where(*wanted).limit(limit + 1)
        statement = statement.order_by(*(column.desc() for column in place))
        with translated("listing recoveries"), self._engine.connect() as connection:
            rows = [recovery_of(found) for found in connection.execute(statement)]
        last = rows[limit - 1] if len(rows) > limit else None
        cursor = None if last is None else encode_cursor(last.requested_us, last.recovery_id)
        return RecoveryList(tuple(rows[:limit]), cursor)

    def recovery_items(self, query: RecoveryItemQuery) -> RecoveryItemList:
        """Oldest change first: a source deletes what is old."""
        row, limit = recovery_items.c, bounded(query.limit)
        wanted: list[ColumnElement[bool]] = [row.recovery_id == query.recovery_id]
        stages = query.stages or tuple(stage for stage in Stage if stage is not Stage.LISTED)
        wanted.append(row.state.in_([stage.value for stage in stages]))
        place = (row.changed_us, row.item_key)
        if query.after is not None:
            wanted.append(tuple_(*place) > tuple_(*decode_cursor(query.after, int, str)))
        statement = (
            select(recovery_items, recoveries.c.source)
            .join(recoveries, recoveries.c.recovery_id == row.recovery_id)
            .where(*wanted)
            .order_by(*place)
            .limit(limit + 1)
        )
        with translated("listing the items of a recovery"), self._engine.connect() as connection:
            found = [recovery_item_of(one, one.source) for one in connection.execute(statement)]
        last = found[limit - 1].ref if len(found) > limit else None
        cursor = None if last is None else encode_cursor(last.changed_us, last.key)
        return RecoveryItemList(tuple(found[:limit]), cursor)

    def running(self) -> tuple[RecoveryRow, ...]:
        """Oldest request first."""
        row = recoveries.c
        statement = recovery_work.small().where(row.status == _RUNNING)
        statement = statement.order_by(row.requested_us, row.recovery_id)
        with translated("asking for recoveries"), self._engine.connect() as connection:
            found = connection.execute(statement).all()
            return tuple(recovery_work.whole(connection, self._ids, one) for one in found)

    def stopped(self) -> tuple[RecoveryRow, ...]:
        """Newest request first."""
        with translated("asking for stopped recoveries"), self._engine.connect() as connection:
            return tuple(recovery_of(found) for found in connection.execute(_stopped()))

    def difference(self, refs: Sequence[ItemRef]) -> Difference:
        """One query, which answers with what is not archived."""
        with translated("comparing a listing"), self._engine.connect() as connection:
            return difference(connection, refs)

    def stage(self, items: Sequence[RecoveryItem], recovery_id: str, *, first: bool) -> None:
        """Counted by nobody, so whoever is primary by now may have them."""
        now_us = self._clock.wall_us()
        with translated("keeping missing items"), _writing(self._engine) as connection:
            recovery_work.stage(connection, items, recovery_id, now_us, first=first)

    def record_section(self, section: ListedSection, term: int) -> RecoveryRow:
        """Raises StaleTerm. A section that is on record, or a recovery that runs no more, changes nothing."""
        with self._at_work("recording what it listed", section.recovery_id, term) as hand:
            recovery_work.record_section(hand, section)
            return self._now(hand)

    def tend(self, tending: Tending, term: int) -> Tended:
        """Raises StaleTerm. One transaction."""
        with self._at_work("looking after its items", tending.recovery_id, term) as hand:
            give, in_hand = recovery_work.tend(hand, tending)
            return Tended(self._now(hand), give, in_hand)

    def end(
        self,
        recovery_id: str,
        status: RecoveryStatus,
        reason: str,
        term: int,
        forecast: Forecast | None = None,
    ) -> RecoveryRow:
        """Raises StaleTerm. One that runs no more stays as it is."""
        with self._at_work("ending it", recovery_id, term) as hand:
            recovery_work.end(hand, status, reason, forecast)
            return self._now(hand)

    def oldest_us(self, source: str) -> int | None:
        """From the end of an index."""
        statement = select(func.min(items.c.changed_us)).where(items.c.source == source)
        with translated("asking for the oldest item"), self._engine.connect() as connection:
            return connection.execute(statement).scalar()

    def mean_bytes(self, source: str) -> int:
        """Of the last thousand archived."""
        row = items.c
        archived = (row.source == source, row.state == ItemState.ARCHIVED.value, ~row.parked)
        lately = (
            select(row.size_bytes)
            .where(*archived)
            .order_by(row.updated_us.desc())
            .limit(_MEAN_OF)
            .subquery()
        )
        with translated("asking for sizes"), self._engine.connect() as connection:
            mean = connection.execute(select(func.avg(lately.c.size_bytes))).scalar()
        return round(mean or 0)

    @contextmanager
    def _at_work(self, doing: str, recovery_id: str, term: int) -> Generator[Hand]:
        """One transaction, in which nobody else changes the recovery."""
        what, now_us = f"{doing} for recovery {recovery_id}", self._clock.wall_us()
        with translated(what), _writing(self._engine) as connection:
            row = recovery_work.read(connection, self._ids, recovery_id, lock=True)
            assert row is not None, "recoveries are never deleted"
            yield Hand(connection, self._cluster, self._node, row, term, now_us)

    def _change(self, doing: str, recovery_id: str, statement: Update) -> RecoveryRow | None:
        with translated(doing), _writing(self._engine) as connection:
            connection.execute(statement)
            return self._read(connection, recovery_id)

    def _read(self, connection: Connection, recovery_id: str) -> RecoveryRow | None:
        return recovery_work.read(connection, self._ids, recovery_id)

    def _now(self, hand: Hand) -> RecoveryRow:
        return self._read(hand.connection, hand.recovery_id) or hand.row


@cache
def _stopped() -> Select[Any]:
    row, other = recoveries.c, recoveries.alias("other")
    since = exists().where(
        other.c.source == row.source,
        other.c.status == in_sql(RecoveryStatus.COMPLETED),
        ~other.c.dry_run,
        other.c.from_us <= row.from_us,
        other.c.to_us >= row.to_us,
        other.c.ended_us >= row.ended_us,
    )
    columns = [one for one in row if one is not row.details]
    return (
        select(*columns, literal("").label("details"))
        .where(row.status.in_(_STOPPED), ~row.dry_run, ~since)
        .order_by(row.requested_us.desc(), row.recovery_id.desc())
        .limit(_STOPPED_MAX)
    )


def _same(row: RecoveryRow) -> list[ColumnElement[bool]]:
    """Conditions for a recovery that runs and was asked for in the same words."""
    column, values = recoveries.c, recovery_values(row)
    alike = [column[name] == values[name] for name in ("source", "kind", "dry_run", "details")]
    alike += [column[name].is_not_distinct_from(values[name]) for name in ("from_us", "to_us")]
    return [*alike, column.status == _RUNNING]


@contextmanager
def _writing(engine: Engine) -> Generator[Connection]:
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        yield connection
