"""Certificates that were asked for, in memory."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from cluster.ports import Clock
from recorder.adapters.contact_db.fence import refuse_stale
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.errors import DataCenterDown
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
from sim.tables.certificates import MemoryCertificateStore
from sim.tables.data_center import DataCenterFaults, MemoryContactStore


class MemoryCertificateWork:
    """Implements `recorder.ports.certificates.CertificateWork`. Any thread."""

    def __init__(
        self,
        contacts: MemoryContactStore,
        store: MemoryCertificateStore,
        *,
        clock: Clock,
        faults: DataCenterFaults | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._contacts = contacts
        self._store = store
        self._clock = clock

    def request(self, row: CertificateRequest) -> CertificateRequest:
        """See CertificateWork."""
        with self._call("certificate_request"):
            rows = self._store.requests
            long_ago_us = self._clock.wall_us() - REQUESTS_KEPT_US
            for name, one in list(rows.items()):
                if not _runs(one) and one.ended_us is not None and one.ended_us < long_ago_us:
                    del rows[name]
                    self._store.terms.pop(name, None)
            for one in rows.values():
                if _runs(one) and (one.source, one.day) == (row.source, row.day):
                    return one
            return rows.setdefault(row.request_id, row)

    def cancel(self, request_id: str, reason: str) -> CertificateRequest | None:
        """See CertificateWork."""
        with self._call("certificate_cancel"):
            row = self._store.requests.get(request_id)
            if row is not None and _runs(row):
                row = self._put(row, RequestStatus.CANCELLED, reason=reason)
            return row

    def of_id(self, request_id: str) -> CertificateRequest | None:
        """See CertificateWork."""
        with self._call("certificate_of_id"):
            return self._store.requests.get(request_id)

    def requests(self, query: RequestQuery) -> RequestList:
        """See CertificateWork."""
        with self._call("certificate_requests"):
            place = None if query.after is None else decode_cursor(query.after, int, str)
            rows = [
                row
                for row in self._store.requests.values()
                if query.source in {None, row.source}
                and query.status in {None, row.status}
                and (place is None or list(_place(row)) < place)
            ]
            rows.sort(key=_place, reverse=True)
            limit = bounded(query.limit)
            more = len(rows) > limit
            cursor = encode_cursor(*_place(rows[limit - 1])) if more else None
            return RequestList(tuple(rows[:limit]), cursor)

    def running(self) -> tuple[CertificateRequest, ...]:
        """See CertificateWork."""
        with self._call("certificates_running"):
            rows = [row for row in self._store.requests.values() if _runs(row)]
            return tuple(sorted(rows, key=_place))

    def note(self, row: CertificateRequest, term: int) -> None:
        """See CertificateWork."""
        with self._call("certificate_note"):
            self._fence(f"how far {row.request_id} is", row.request_id, term)
            if _runs(self._store.requests[row.request_id]):
                now_us = self._clock.wall_us()
                self._store.requests[row.request_id] = replace(row, updated_us=now_us)

    def complete(self, request_id: str, certificate: StoredCertificate, term: int) -> Kept:
        """See CertificateWork."""
        with self._call("certificate_complete"):
            self._fence(f"the certificate of {request_id}", request_id, term)
            row, head = self._store.requests[request_id], certificate.head
            place = (head.source, head.day, head.number)
            if not _runs(row):
                return Kept.OVER
            if place in self._store.certificates:
                return Kept.TAKEN
            self._store.certificates[place] = certificate
            row = replace(row, number=head.number, node=head.made_by)
            self._put(row, RequestStatus.COMPLETED, reason="")
            return Kept.KEPT

    def _put(
        self, row: CertificateRequest, status: RequestStatus, *, reason: str
    ) -> CertificateRequest:
        now_us = self._clock.wall_us()
        ended = replace(
            row,
            status=status,
            phase=Phase.OVER,
            reason=reason,
            ended_us=now_us,
            updated_us=now_us,
        )
        self._store.requests[row.request_id] = ended
        return ended

    def _fence(self, what: str, request_id: str, term: int) -> None:
        highest = max(self._contacts.highest_term(), self._store.terms.get(request_id, 0))
        self._contacts.refused += term < highest
        refuse_stale(what, term, highest)
        self._store.terms[request_id] = term

    @contextmanager
    def _call(self, name: str) -> Generator[None]:
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._contacts.lock, self._store.lock:
            yield
        self.faults.on_done(name)


def _runs(row: CertificateRequest) -> bool:
    return row.status is RequestStatus.RUNNING


def _place(row: CertificateRequest) -> tuple[int, str]:
    return (row.requested_us, row.request_id)
