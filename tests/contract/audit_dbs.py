"""The audit trails a contract test runs against, and what else the database knows."""

from __future__ import annotations

from sqlalchemy import insert

from recorder.adapters.contact_db import SqlContactDb, open_engine
from recorder.adapters.contact_db.audit import SqlAuditDb
from recorder.adapters.contact_db.proof_tables import deletions
from recorder.adapters.contact_db.retention_rows_sql import deletion_values
from sim.tables.audit import MemoryAuditDb, MemoryAuditStore
from sim.tables.data_center import MemoryContactDb, MemoryContactStore
from tests.databases import migrated
from tests.recorder.hand_clock import HandClock


class MemoryAuditWorld:
    """Both nodes over one store in memory."""

    def __init__(self):
        self._store = MemoryAuditStore()
        self._contacts = MemoryContactStore()

    def node(self):
        return MemoryAuditDb(self._store, contacts=self._contacts)

    def contacts(self):
        return MemoryContactDb(self._contacts, node="alpha", clock=HandClock())

    def delete(self, one):
        self._contacts.deletions[one.contact_id, one.number] = one

    def close(self):
        pass


class SqlAuditWorld:
    """Both nodes with an engine each over one database."""

    def __init__(self, url):
        self.url = url
        self._engines = []

    def node(self):
        self._engines.append(open_engine(self.url))
        return SqlAuditDb(self._engines[-1])

    def contacts(self):
        self._engines.append(open_engine(self.url))
        return SqlContactDb(self._engines[-1], cluster="pair", node="alpha", clock=HandClock())

    def delete(self, one):
        """Put the end of a deletion on record."""
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(insert(deletions).values(deletion_values(one)))
        engine.dispose()

    def close(self):
        for engine in self._engines:
            engine.dispose()


def audit_world(kind, request, tmp_path):
    if kind == "memory":
        return MemoryAuditWorld()
    if kind == "postgres":
        return SqlAuditWorld(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    return SqlAuditWorld(url)
