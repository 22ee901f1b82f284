"""The audit trails a contract test runs against, with a way to tamper with each."""

from __future__ import annotations

from sqlalchemy import text

from recorder.adapters.contact_db import migrate, open_engine
from recorder.adapters.contact_db.audit import SqlAuditDb
from sim.audit import MemoryAuditDb, MemoryAuditStore


class MemoryAuditWorld:
    """Both nodes over one store in memory."""

    def __init__(self):
        self._store = MemoryAuditStore()

    def node(self):
        return MemoryAuditDb(self._store)

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

    def run(self, statement, **values):
        """Tamper."""
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text(statement), values)
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
    migrate(url)
    return SqlAuditWorld(url)
