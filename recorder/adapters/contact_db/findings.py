"""Findings, runs of reconciliation and spans of time in the contact database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from cluster.ports import Clock
from recorder.adapters.contact_db.bulk import Shape, write_rows
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.finding_ends import SqlEndedFindings
from recorder.adapters.contact_db.finding_work import (
    Pen,
    added,
    finding_of,
    move_run,
    open_totals,
    read_run,
    run_of,
    run_values,
    write_findings,
    writing,
)
from recorder.adapters.contact_db.lookups import items_by_key, media_by_contact
from recorder.adapters.contact_db.names import items_called
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.proof_tables import findings, reconciliations, spans
from recorder.adapters.contact_db.rows import AnyRow, item_of
from recorder.adapters.contact_db.sql import Upsert, each, texts, to_json
from recorder.adapters.contact_db.tables import items, media
from recorder.model import Window
from recorder.records.contacts import ItemRow
from recorder.records.findings import (
    ACCEPTED,
    FindingList,
    FindingQuery,
    FindingRow,
    HeldMedia,
    OpenItem,
    RunRow,
    Span,
    Step,
    What,
)

_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")


class SqlFindingsDb(SqlEndedFindings):
    """Implements recorder.ports.proof.FindingsDb over an engine of `open_engine`, after `migrate`."""

    def __init__(self, engine: Engine, *, cluster: str, node: str, clock: Clock) -> None:
        super().__init__(engine, cluster=cluster)
        self._node = node
        self._clock = clock

    # -- any node ----

    def findings(self, query: FindingQuery) -> FindingList:
        """Newest first."""
        limit, column = bounded(query.limit), findings.c
        place = (column.opened_us, column.finding_id)
        statement = select(findings).where(*_wanted(query)).limit(limit + 1)
        if query.after is not None:
            statement = statement.where(
                tuple_(*place) < tuple_(*decode_cursor(query.after, int, str))
            )
        statement = statement.order_by(*(one.desc() for one in place))
        with translated("listing findings"), self._engine.connect() as connection:
            rows = [finding_of(row) for row in connection.execute(statement)]
        last = rows[limit - 1] if len(rows) > limit else None
        cursor = None if last is None else encode_cursor(last.opened_us, last.finding_id)
        return FindingList(tuple(rows[:limit]), cursor)

    def finding(self, finding_id: str) -> FindingRow | None:
        """By its id."""
        statement = select(findings).where(findings.c.finding_id == clean(finding_id))
        with translated("reading a finding"), self._engine.connect() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else finding_of(row)

    def close_finding(self, finding_id: str, because: str) -> FindingRow | None:
        """By an operator."""
        column = findings.c
        statement = (
            update(findings)
            .where(column.finding_id == clean(finding_id), column.closed_us.is_(None))
            .values(closed_us=self._clock.wall_us(), closed_because=clean(because))
        )
        with translated("closing a finding"), writing(self._engine) as connection:
            connection.execute(statement)
        return self.finding(finding_id)

    def open_counts(self, source: str | None = None) -> Mapping[tuple[str, str, str], int]:
        """By (source, severity, cause)."""
        with translated("counting findings"), self._engine.connect() as connection:
            return open_totals(connection, source)

    def runs(self, source: str | None, limit: int) -> tuple[RunRow, ...]:
        """Newest first."""
        column = reconciliations.c
        statement = select(reconciliations).limit(bounded(limit))
        if source is not None:
            statement = statement.where(column.source == source)
        statement = statement.order_by(column.started_us.desc(), column.run_id.desc())
        with translated("listing reconciliations"), self._engine.connect() as connection:
            return tuple(run_of(row) for row in connection.execute(statement))

    def note_spans(self, spans: Sequence[Span]) -> None:
        """A span is told again under its node, code, subject and begin."""
        rows = {(one.code, one.subject, one.opened_us, one.node): one for one in spans}
        values = [_span_values(one) for one in rows.values()]
        with translated("noting what was so"), writing(self._engine) as connection:
            write_rows(connection, _spans, _extend, values)

    def close_spans(self, node: str, from_us: int) -> None:
        """Those of an earlier life of the node."""
        column = _spans.c
        statement = (
            update(_spans)
            .where(column.node == node, column.opened_us < from_us, column.closed_us.is_(None))
            .values(closed_us=column.seen_us)
        )
        with translated("closing what was so"), writing(self._engine) as connection:
            connection.execute(statement)

    def spans(self, window: Window, limit: int) -> tuple[Span, ...]:
        """In order of time."""
        column = _spans.c
        ends = or_(
            column.closed_us >= window.from_us,
            and_(column.closed_us.is_(None), column.seen_us >= window.from_us),
        )
        order = (column.opened_us, column.node, column.code, column.subject)
        statement = (
            select(_spans)
            .where(column.opened_us < window.to_us, ends)
            .order_by(*(one.desc() for one in order))
            .limit(bounded(limit))
        )
        with translated("asking what was so"), self._engine.connect() as connection:
            found = [_span_of(row) for row in connection.execute(statement)]
        return tuple(reversed(found))

    # -- to compare ----

    def held(
        self, source: str, window: Window, after: tuple[int, str] | None, limit: int
    ) -> tuple[ItemRow, ...]:
        """From an index."""
        column = items.c
        place = (column.changed_us, column.item_key)
        statement = (
            select(items)
            .where(column.source == source, column.changed_us >= window.from_us)
            .where(column.changed_us < window.to_us)
            .order_by(*place)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(tuple_(*place) > tuple_(after[0], clean(after[1])))
        with translated("reading what is on record"), self._engine.connect() as connection:
            return tuple(item_of(row) for row in connection.execute(statement))

    def known(self, source: str, keys: Sequence[str]) -> tuple[ItemRow, ...]:
        """From an index."""
        with translated("looking items up"), self._engine.connect() as connection:
            rows = items_by_key(connection, clean(source), [clean(key) for key in keys])
            return tuple(item_of(row) for row in rows)

    def held_media(self, source: str, item_keys: Sequence[str]) -> tuple[HeldMedia, ...]:
        """Through the contacts of the items, by index; without what a deletion has begun to take away."""
        wanted, of_source = {clean(key) for key in item_keys}, clean(source)
        with translated("reading files on record"), self._engine.connect() as connection:
            owners = items_by_key(connection, of_source, sorted(wanted), ("contact_id",))
            homes = [row.contact_id for row in owners if row.contact_id is not None]
            rows = media_by_contact(connection, of_source, homes)
        return tuple(
            HeldMedia(row.item_key, row.media_key, row.object_key, row.size_bytes, row.sha256)
            for row in rows
            if row.item_key in wanted
        )

    def objects_without_row(self, object_keys: Sequence[str]) -> tuple[str, ...]:
        """One query, from an index."""
        dialect = self._engine.dialect.name
        given = each(dialect, "object_keys")
        statement = select(given.c.value).where(
            ~select(media.c.object_key).where(media.c.object_key == given.c.value).exists()
        )
        parameters = {"object_keys": texts(dialect, object_keys)}
        with translated("asking for files on record"), self._engine.connect() as connection:
            missing = set(connection.execute(statement, parameters).scalars())
        return tuple(key for key in object_keys if clean(key) in missing)

    def open_items(self, source: str, after: str, limit: int) -> tuple[OpenItem, ...]:
        """Two queries."""
        column = findings.c
        statement = (
            select(findings)
            .where(column.source == source, column.closed_us.is_(None))
            .where(column.finding_id > after, column.what != What.OBJECT_WITHOUT_ROW.value)
            .order_by(column.finding_id)
            .limit(limit)
        )
        with translated("reading open findings"), self._engine.connect() as connection:
            rows = [finding_of(row) for row in connection.execute(statement)]
        found = self.known(source, [row.subject for row in rows]) if rows else ()
        by_key = {row.ref.key: row for row in found}
        return tuple(OpenItem(row, by_key.get(row.subject)) for row in rows)

    def items_behind(self, text: str, limit: int) -> tuple[ItemRow, ...]:
        """By the hash of a file or an id in an attribute from an index; by words among the newest contacts."""
        column = media.c
        if _HASH.fullmatch(text):
            chosen = select(column.source, column.item_key).where(column.sha256 == text.lower())
        else:
            chosen = items_called(clean(text))
        chosen = chosen.distinct().order_by(column.source, column.item_key)
        pairs = chosen.limit(limit).subquery()
        statement = (
            select(items)
            .join(
                pairs,
                and_(pairs.c.source == items.c.source, pairs.c.item_key == items.c.item_key),
            )
            .order_by(items.c.source, items.c.item_key)
        )
        with translated("looking for what is called so"), self._engine.connect() as connection:
            return tuple(item_of(row) for row in connection.execute(statement))

    # -- the primary ----

    def begin_run(self, run: RunRow, term: int) -> RunRow:
        """Raises StaleTerm."""
        column = reconciliations.c
        running = select(reconciliations).where(
            column.source == run.source, column.ended_us.is_(None)
        )
        with translated("beginning a reconciliation"), writing(self._engine) as connection:
            self._pen(connection, term).fence("a reconciliation")
            found = connection.execute(running.order_by(column.started_us)).first()
            if found is not None:
                return run_of(found)
            same = read_run(connection, run.run_id)
            if same is None:
                connection.execute(insert(reconciliations), run_values(run))
            return read_run(connection, run.run_id) or run

    def record_step(self, step: Step, term: int) -> RunRow:
        """Raises StaleTerm."""
        with translated("recording findings"), writing(self._engine) as connection:
            pen = self._pen(connection, term)
            run = read_run(connection, step.run_id, lock=True)
            assert run is not None, "runs are never deleted"
            pen.fence(f"a step of reconciliation {run.run_id}")
            if run.ended_us is None and run.reached_us == step.begin_us:
                write_findings(pen, step)
                counts = to_json(added(run.counts, step.counts))
                move_run(pen, run, {"reached_us": step.reached_us, "counts": counts})
            return read_run(connection, step.run_id) or run

    def end_run(self, run_id: str, reason: str, term: int) -> RunRow:
        """Raises StaleTerm."""
        with translated("ending a reconciliation"), writing(self._engine) as connection:
            pen = self._pen(connection, term)
            run = read_run(connection, run_id, lock=True)
            assert run is not None, "runs are never deleted"
            pen.fence(f"the end of reconciliation {run_id}")
            if run.ended_us is None:
                move_run(pen, run, {"ended_us": pen.now_us, "reason": clean(reason)})
            return read_run(connection, run_id) or run

    def settle(self, step: Step, term: int) -> int:
        """Raises StaleTerm."""
        with translated("recording findings"), writing(self._engine) as connection:
            pen = self._pen(connection, term)
            pen.fence("findings")
            return write_findings(pen, step)

    def set_recovery(self, source: str, window: Window, recovery_id: str, term: int) -> None:
        """Raises StaleTerm."""
        column = findings.c
        statement = (
            update(findings)
            .where(column.source == source, or_(column.closed_us.is_(None), _ACCEPTED))
            .where(column.what.in_([What.NOT_HERE.value, What.DIFFERS.value]))
            .where(column.at_us >= window.from_us, column.at_us < window.to_us)
            .values(recovery_id=bindparam("by_recovery"))
        )
        with translated("noting a recovery"), writing(self._engine) as connection:
            self._pen(connection, term).fence("the recovery of findings")
            connection.execute(statement, {"by_recovery": recovery_id})

    def _pen(self, connection: Connection, term: int) -> Pen:
        return Pen(connection, self._cluster, self._node, term, self._clock.wall_us())


_spans = spans


_ACCEPTED: Final = findings.c.closed_because.startswith(ACCEPTED, autoescape=True)


def _wanted(query: FindingQuery) -> list[ColumnElement[bool]]:
    column = findings.c
    wanted: list[ColumnElement[bool]] = []
    if query.source is not None:
        wanted.append(column.source == query.source)
    if query.subject is not None:
        wanted.append(column.subject == clean(query.subject))
    if query.is_open is not None:
        closed = column.closed_us
        wanted.append(closed.is_(None) if query.is_open else closed.is_not(None))
    if query.accepted_since_us is not None:
        wanted.append(and_(_ACCEPTED, column.seen_us >= query.accepted_since_us))
    from_us, to_us = query.from_us, query.to_us
    if from_us is not None and to_us is not None:
        about = and_(column.at_us >= from_us, column.at_us < to_us)
        lasted = or_(column.closed_us.is_(None), column.closed_us >= from_us)
        was_open = and_(column.opened_us < to_us, lasted)
        wanted.append(about if query.about_only else or_(about, was_open))
    return wanted


def _span_values(span: Span) -> dict[str, object]:
    return {
        "node": span.node,
        "code": span.code,
        "subject": span.subject,
        "opened_us": span.opened_us,
        "seen_us": span.seen_us,
        "closed_us": span.closed_us,
        "detail": span.detail,
    }


def _span_of(row: AnyRow) -> Span:
    return Span(
        row.node, row.code, row.subject, row.opened_us, row.seen_us, row.closed_us, row.detail
    )


def _extend(statement: Upsert, shape: Shape) -> Upsert:
    keys = ["node", "code", "subject", "opened_us"]
    new = {name: statement.excluded[name] for name in shape.names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=new)
