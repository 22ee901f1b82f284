"""The audit trail in SQL: numbers without a gap, each record chained to the one before.

Who appends holds the trail alone: SQLite locks its file from the beginning of a transaction that
writes, PostgreSQL takes a lock of its own. So two nodes number one after the other, and a transaction
that ends in the middle leaves no number behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, select, text

from recorder.adapters.contact_db.audit_untold import untold
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.pages import bounded
from recorder.adapters.contact_db.proof_tables import audit
from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.sql import POSTGRES, among, texts
from recorder.audit.canonical import chained, detail_of, detail_text, plain
from recorder.records.audit import AuditEntry, AuditHead, AuditQuery, AuditRecord, Untold

_LOCK = 0x7A9DE4
"""Any number, but the same on every node, and another one than that of migrations."""


class SqlAuditDb:
    """Implements recorder.ports.audit.AuditDb over an engine of `open_engine`. Any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, entries: Sequence[AuditEntry]) -> AuditHead:
        """Chain entries to the newest record; those on record already are passed over."""
        with (
            translated("appending to the audit trail"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            return append_within(connection, entries)

    def head(self) -> AuditHead:
        """The newest record; number 0 while there is none."""
        with translated("reading the audit trail"), self._engine.connect() as connection:
            return _head(connection)

    def records(self, query: AuditQuery) -> tuple[AuditRecord, ...]:
        """Records in order of number, as they lie there."""
        row = audit.c
        order = row.number.desc() if query.newest_first else row.number
        statement = (
            select(audit).where(*_matches(query)).order_by(order).limit(bounded(query.limit))
        )
        with translated("reading the audit trail"), self._engine.connect() as connection:
            return tuple(_record_of(found) for found in connection.execute(statement))

    def span(self, from_us: int | None, to_us: int | None) -> tuple[int, int] | None:
        """The lowest and highest number of records made in [from_us, to_us)."""
        row = audit.c
        statement = select(func.min(row.number), func.max(row.number)).where(
            *_matches(AuditQuery(from_us=from_us, to_us=to_us))
        )
        with translated("reading the audit trail"), self._engine.connect() as connection:
            low, high = connection.execute(statement).one()
        return None if low is None else (low, high)

    def untold(self, since_us: int, limit: int) -> tuple[Untold, ...]:
        """Changes of role and ends of deletions that are not in the trail."""
        with (
            translated("comparing with the audit trail"),
            self._engine.connect() as connection,
        ):
            return untold(connection, since_us, limit)


def append_within(connection: Connection, entries: Sequence[AuditEntry]) -> AuditHead:
    """As `SqlAuditDb.append`, as a part of a transaction that writes: what else it does is on record or not done."""
    if connection.dialect.name == POSTGRES:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    return _append(connection, [plain(entry) for entry in entries])


def _append(connection: Connection, entries: Sequence[AuditEntry]) -> AuditHead:
    """Inside a transaction that holds the trail."""
    head = _head(connection)
    known = _known(connection, entries)
    rows: list[Values] = []
    for entry in entries:
        if entry.record_id in known:
            continue
        known.add(entry.record_id)
        record = chained(entry, head.number + 1, head.hash)
        rows.append(_values(record))
        head = AuditHead(record.number, record.hash)
    if rows:
        connection.execute(insert(audit), rows)
    return head


def _known(connection: Connection, entries: Sequence[AuditEntry]) -> set[str]:
    dialect = connection.dialect.name
    statement = select(audit.c.record_id).where(among(dialect, audit.c.record_id, "ids"))
    given = {"ids": texts(dialect, [entry.record_id for entry in entries])}
    return set(connection.execute(statement, given).scalars())


def _head(connection: Connection) -> AuditHead:
    statement = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
    newest = connection.execute(statement).one_or_none()
    return AuditHead() if newest is None else AuditHead(newest.number, newest.hash)


def _matches(query: AuditQuery) -> list[ColumnElement[bool]]:
    row = audit.c
    wanted: list[ColumnElement[bool]] = [row.number > query.after] if query.after else []
    if query.before is not None:
        wanted.append(row.number < query.before)
    if query.from_us is not None:
        wanted.append(row.at_us >= query.from_us)
    if query.to_us is not None:
        wanted.append(row.at_us < query.to_us)
    for column, value in (
        (row.subject, query.subject),
        (row.actor, query.actor),
        (row.what, query.what),
    ):
        if value is not None:
            wanted.append(column == clean(value))
    return wanted


def _values(record: AuditRecord) -> Values:
    entry = record.entry
    return {
        "number": record.number,
        "record_id": entry.record_id,
        "at_us": entry.at_us,
        "node": entry.node,
        "actor": entry.actor,
        "what": entry.what,
        "subject": entry.subject,
        "detail": detail_text(entry),
        "previous": record.previous,
        "hash": record.hash,
    }


def _record_of(row: AnyRow) -> AuditRecord:
    return AuditRecord(
        number=row.number,
        entry=AuditEntry(
            record_id=row.record_id,
            at_us=row.at_us,
            node=row.node,
            actor=row.actor,
            what=row.what,
            subject=row.subject,
            detail=detail_of(row.detail),
        ),
        previous=row.previous,
        hash=row.hash,
    )
