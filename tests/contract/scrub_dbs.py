"""The scrub databases a contract test runs against, each beside its contacts and holds."""

from __future__ import annotations

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.scrubs import SqlScrubDb
from sim.tables.scrub import MemoryScrubDb, ScrubTables
from tests.contract.retention_dbs import MemoryRetention, SqlRetention
from tests.databases import migrated


class MemoryScrub(MemoryRetention):
    """Both nodes over one store in memory."""

    def __init__(self):
        super().__init__()
        self._scrubs = ScrubTables()

    def scrub(self):
        return MemoryScrubDb(
            self._scrubs, self._store, retention=self._tables, screens=self._screens
        )

    def forget(self, contact_id):
        self._store.contacts.take_out(contact_id)


class SqlScrub(SqlRetention):
    """Both nodes with an engine each over one database."""

    def scrub(self):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return SqlScrubDb(engine, cluster="pair")

    def forget(self, contact_id):
        engine = open_engine(self.url)
        with engine.begin() as connection:
            for table in ("items", "media", "parties", "segments", "interactions", "contacts"):
                connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE contact_id = '{contact_id}'"  # noqa: S608 - ours
                )
        engine.dispose()


def scrub_world(kind, request, tmp_path):
    if kind == "memory":
        return MemoryScrub()
    if kind == "postgres":
        return SqlScrub(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    return SqlScrub(url)
