"""The retention databases a contract test runs against, each beside its contacts."""

from __future__ import annotations

from recorder.adapters.contact_db import migrate, open_engine
from recorder.adapters.contact_db.retention import SqlRetentionDb
from sim.retention_tables import MemoryRetentionDb, RetentionTables
from tests.contract.contact_dbs import MemoryWorld, SqlWorld


class MemoryRetention(MemoryWorld):
    """Both nodes over one store in memory."""

    def __init__(self):
        super().__init__()
        self._tables = RetentionTables()

    def retention(self, name):
        return MemoryRetentionDb(self._tables, self._store, node=name, clock=self.clock)


class SqlRetention(SqlWorld):
    """Both nodes with an engine each over one database."""

    def retention(self, name):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return SqlRetentionDb(engine, cluster="pair", node=name, clock=self.clock)


def retention_world(kind, request, tmp_path):
    if kind == "memory":
        return MemoryRetention()
    if kind == "postgres":
        return SqlRetention(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrate(url)
    return SqlRetention(url)
