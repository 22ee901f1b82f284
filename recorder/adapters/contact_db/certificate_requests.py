"""Certificates that were asked for, in SQL."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Update,
    bindparam,
    delete,
    select,
    tuple_,
    update,
)

from cluster.ports import Clock
from recorder.adapters.contact_db.certificates import add_certificate
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.fence import highest_term, not_stale, refuse_stale
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.proof_tables import certificate_requests as table
from recorder.adapters.contact_db.rows import AnyRow
from recorder.adapters.contact_db.sql import insert
from recorder.records.certificates import (
    REQUESTS_KEPT_US,
    CertificateRequest,
    Kept,
    Phase,
    RequestList,
    RequestQuery,
    RequestStatus,
    StoredCertificate,
)

_RUNNING = RequestStatus.RUNNING.value
_PROGRESS = ("reason", "started_us", "ended_us", "node", "pages", "items", "listed_us", "number")


class SqlCertificateWork:
    """Implements recorder.ports.certificates.CertificateWork over an engine of `open_engine`. Any thread."""

    def __init__(self, engine: Engine, *, cluster: str, clock: Clock) -> None:
        self._engine = engine
        self._cluster = cluster
        self._clock = clock

    def request(self, row: CertificateRequest) -> CertificateRequest:
        """The index allows one that runs for each source and day. Takes out those that are long over."""
        row_values = {
            **{name: getattr(row, name) for name in ("request_id", "source", "day", "updated_us")},
            **{name: getattr(row, name) for name in ("requested_us", "requested_by")},
            "status": _RUNNING,
            "phase": row.phase.value,
        }
        long_ago_us = self._clock.wall_us() - REQUESTS_KEPT_US
        with self._writing("recording a request for a certificate") as connection:
            over = delete(table).where(table.c.status != _RUNNING, table.c.ended_us < long_ago_us)
            connection.execute(over)
            statement = insert(connection.dialect.name, table).on_conflict_do_nothing()
            connection.execute(statement, row_values)
            same = select(table).where(
                table.c.source == row.source, table.c.day == row.day, table.c.status == _RUNNING
            )
            found = connection.execute(same).one_or_none()
            return _read(connection, row.request_id) or row if found is None else _request_of(found)

    def cancel(self, request_id: str, reason: str) -> CertificateRequest | None:
        """Whoever makes it finds out when it looks, or when it wants to keep it."""
        now_us = self._clock.wall_us()
        values = {
            "status": RequestStatus.CANCELLED.value,
            "phase": Phase.OVER.value,
            "reason": reason,
            "ended_us": now_us,
            "updated_us": now_us,
        }
        with self._writing("cancelling a certificate") as connection:
            connection.execute(_of_running(request_id), values)
            return _read(connection, request_id)

    def of_id(self, request_id: str) -> CertificateRequest | None:
        """By the primary key."""
        with (
            translated("reading a request for a certificate"),
            self._engine.connect() as connection,
        ):
            return _read(connection, request_id)

    def requests(self, query: RequestQuery) -> RequestList:
        """Newest first."""
        row, limit = table.c, bounded(query.limit)
        place = (row.requested_us, row.request_id)
        statement = select(table).order_by(*(column.desc() for column in place)).limit(limit + 1)
        if query.source is not None:
            statement = statement.where(row.source == query.source)
        if query.status is not None:
            statement = statement.where(row.status == query.status.value)
        if query.after is not None:
            cursor = decode_cursor(query.after, int, str)
            statement = statement.where(tuple_(*place) < tuple_(*cursor))
        with translated("listing requests"), self._engine.connect() as connection:
            rows = tuple(_request_of(found) for found in connection.execute(statement))
        if len(rows) <= limit:
            return RequestList(rows, None)
        last = rows[limit - 1]
        return RequestList(rows[:limit], encode_cursor(last.requested_us, last.request_id))

    def running(self) -> tuple[CertificateRequest, ...]:
        """Oldest request first."""
        row = table.c
        statement = select(table).where(row.status == _RUNNING)
        statement = statement.order_by(row.requested_us, row.request_id)
        with translated("asking for requests"), self._engine.connect() as connection:
            return tuple(_request_of(found) for found in connection.execute(statement))

    def note(self, row: CertificateRequest, term: int) -> None:
        """One that runs no more stays as it is. Raises StaleTerm."""
        what = f"how far {row.request_id} is"
        values = {
            **{name: getattr(row, name) for name in _PROGRESS},
            "status": row.status.value,
            "phase": row.phase.value,
            "updated_us": self._clock.wall_us(),
        }
        with self._writing(f"recording {what}") as connection:
            self._fenced(connection, what, row.request_id, values, term)

    def complete(self, request_id: str, certificate: StoredCertificate, term: int) -> Kept:
        """One transaction. Raises StaleTerm."""
        what, now_us = f"the certificate of {request_id}", self._clock.wall_us()
        head = certificate.head
        values = {
            "status": RequestStatus.COMPLETED.value,
            "phase": Phase.OVER.value,
            "reason": "",
            "ended_us": now_us,
            "updated_us": now_us,
            "node": head.made_by,
            "number": head.number,
        }
        with self._writing(f"keeping {what}") as connection:
            if not self._fenced(connection, what, request_id, values, term):
                return Kept.OVER
            if add_certificate(connection, certificate):
                return Kept.KEPT
            connection.rollback()
            return Kept.TAKEN

    def _fenced(
        self,
        connection: Connection,
        what: str,
        request_id: str,
        values: Mapping[str, object],
        term: int,
    ) -> bool:
        """Whether the row was written. Raises StaleTerm."""
        mine = bindparam("term", term, BigInteger)
        statement = _of_running(request_id).where(table.c.term <= mine, not_stale(mine))
        given = {**values, "of_cluster": self._cluster, "term": term}
        if connection.execute(statement.values(term=mine), given).rowcount:
            return True
        held = connection.execute(
            select(table.c.term).where(table.c.request_id == request_id)
        ).scalar()
        refuse_stale(what, term, max(held or 0, highest_term(connection, self._cluster)))
        return False

    @contextmanager
    def _writing(self, doing: str) -> Generator[Connection]:
        with (
            translated(doing),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            yield connection


def _of_running(request_id: str) -> Update:
    return update(table).where(table.c.request_id == request_id, table.c.status == _RUNNING)


def _read(connection: Connection, request_id: str) -> CertificateRequest | None:
    found = connection.execute(select(table).where(table.c.request_id == request_id))
    row = found.one_or_none()
    return None if row is None else _request_of(row)


def _request_of(row: AnyRow) -> CertificateRequest:
    return CertificateRequest(
        request_id=row.request_id,
        source=row.source,
        day=row.day,
        requested_us=row.requested_us,
        requested_by=row.requested_by,
        updated_us=row.updated_us,
        status=RequestStatus(row.status),
        phase=Phase(row.phase),
        reason=row.reason,
        started_us=row.started_us,
        ended_us=row.ended_us,
        node=row.node,
        pages=row.pages,
        items=row.items,
        listed_us=row.listed_us,
        number=row.number,
    )
