"""The audit trail in memory, and the anchor of a node on a disk that exists only in memory."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from recorder.adapters.contact_db.audit_untold import ENDED, deletion_told, role_told
from recorder.adapters.contact_db.pages import bounded
from recorder.audit.canonical import chained, plain
from recorder.errors import CallBufferError, DataCenterDown
from recorder.records.audit import AuditEntry, AuditHead, AuditQuery, AuditRecord, Untold
from sim.tables.data_center import DataCenterFaults, MemoryContactStore


@dataclass
class MemoryAuditStore:
    """What the database keeps; may be tampered with. Outlives the nodes."""

    records: list[AuditRecord] = field(default_factory=list[AuditRecord])
    lock: threading.RLock = field(default_factory=threading.RLock)

    def append(self, entries: Sequence[AuditEntry]) -> AuditHead:
        """See AuditDb."""
        with self.lock:
            known = {record.entry.record_id for record in self.records}
            for entry in map(plain, entries):
                if entry.record_id not in known:
                    known.add(entry.record_id)
                    head = _head(self.records)
                    self.records.append(chained(entry, head.number + 1, head.hash))
            return _head(self.records)


class MemoryAuditDb:
    """Implements `recorder.ports.audit.AuditDb`. Any thread."""

    def __init__(
        self,
        store: MemoryAuditStore,
        *,
        contacts: MemoryContactStore | None = None,
        faults: DataCenterFaults | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._store = store
        self._contacts = contacts or MemoryContactStore()

    def append(self, entries: Sequence[AuditEntry]) -> AuditHead:
        """See AuditDb."""
        with self._call("audit_append"):
            return self._store.append(entries)

    def head(self) -> AuditHead:
        """See AuditDb."""
        with self._call("audit_head") as records:
            return _head(records)

    def records(self, query: AuditQuery) -> tuple[AuditRecord, ...]:
        """See AuditDb."""
        with self._call("audit_records") as records:
            found = sorted(
                (record for record in records if _matches(record, query)),
                key=lambda record: record.number,
                reverse=query.newest_first,
            )
            return tuple(found[: bounded(query.limit)])

    def span(self, from_us: int | None, to_us: int | None) -> tuple[int, int] | None:
        """See AuditDb."""
        query = AuditQuery(from_us=from_us, to_us=to_us)
        with self._call("audit_span") as records:
            numbers = [record.number for record in records if _matches(record, query)]
            return (min(numbers), max(numbers)) if numbers else None

    def untold(self, since_us: int, limit: int) -> tuple[Untold, ...]:
        """See AuditDb."""
        with self._call("audit_untold") as records:
            told = {record.entry.record_id for record in records}
            roles = [role_told(row) for row in self._contacts.history]
            ended = [
                deletion_told(one)
                for one in self._contacts.deletions.values()
                if one.state in ENDED
            ]
            chosen = [
                one for one in (*roles, *ended) if one.at_us >= since_us and one.once not in told
            ]
            return tuple(sorted(chosen, key=lambda one: (one.at_us, one.once))[:limit])

    @contextmanager
    def _call(self, name: str) -> Generator[list[AuditRecord]]:
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._store.lock:
            yield self._store.records
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            raise DataCenterDown(f"the contact database did not answer {name}")


def _head(records: Sequence[AuditRecord]) -> AuditHead:
    newest = max(records, key=lambda record: record.number, default=None)
    return AuditHead() if newest is None else AuditHead(newest.number, newest.hash)


def _matches(record: AuditRecord, query: AuditQuery) -> bool:
    entry = record.entry
    return (
        record.number > query.after
        and (query.before is None or record.number < query.before)
        and (query.from_us is None or entry.at_us >= query.from_us)
        and (query.to_us is None or entry.at_us < query.to_us)
        and query.subject in {None, entry.subject}
        and query.actor in {None, entry.actor}
        and query.what in {None, entry.what}
    )


class MemoryAuditAnchor:
    """Implements `recorder.ports.audit.AuditAnchor`; outlives the node, as a disk does."""

    def __init__(self) -> None:
        self.full = False
        """Every save fails."""
        self._head = AuditHead()

    def load(self) -> AuditHead:
        """See AuditAnchor."""
        return self._head

    def save(self, head: AuditHead) -> None:
        """See AuditAnchor."""
        if self.full:
            raise CallBufferError("the anchor of the audit trail cannot be written")
        if head.number > self._head.number:
            self._head = head


@dataclass
class ListedTrail:
    """An AuditTrail that only lists what it was told, for tests and worlds without a writer."""

    told: list[tuple[str, str, str, dict[str, object]]] = field(
        default_factory=list[tuple[str, str, str, dict[str, object]]]
    )
    """What, subject, actor, detail."""
    once: list[str] = field(default_factory=list[str])

    def record(
        self,
        what: str,
        subject: str,
        actor: str,
        detail: Mapping[str, object] | None = None,
        *,
        once: str = "",
    ) -> None:
        """See AuditTrail."""
        if once and once in self.once:
            return
        if once:
            self.once.append(once)
        self.told.append((what, subject, actor, dict(detail or {})))
