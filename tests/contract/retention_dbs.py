"""The retention databases a contract test runs against, each beside its contacts."""

from __future__ import annotations

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.agent_events import SqlAgentEventDb
from recorder.adapters.contact_db.retention import SqlRetentionDb
from recorder.adapters.contact_db.screens import SqlScreenDb
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from sim.tables.retention import MemoryRetentionDb, RetentionTables
from sim.tables.screens import MemoryScreenDb, ScreenTables
from sim.tables.screens_of_contacts import ScreensOfContacts
from tests.contract.contact_dbs import MemoryWorld, SqlWorld
from tests.databases import migrated


class MemoryRetention(MemoryWorld):
    """Both nodes over one store in memory."""

    def __init__(self):
        super().__init__()
        self._tables = RetentionTables()
        self._screens, self._events = ScreenTables(), AgentEventStore()

    def retention(self, name):
        screens = ScreensOfContacts(self._screens, self._events)
        return MemoryRetentionDb(
            self._tables, self._store, node=name, clock=self.clock, screens=screens
        )

    def screens(self):
        return MemoryScreenDb(self._screens)

    def events(self):
        return MemoryAgentEventDb(self._events)


class SqlRetention(SqlWorld):
    """Both nodes with an engine each over one database."""

    def retention(self, name):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return SqlRetentionDb(engine, cluster="pair", node=name, clock=self.clock)

    def screens(self):
        return SqlScreenDb(self._opened())

    def events(self):
        return SqlAgentEventDb(self._opened())

    def _opened(self):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return engine


def retention_world(kind, request, tmp_path):
    if kind == "memory":
        return MemoryRetention()
    if kind == "postgres":
        return SqlRetention(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    return SqlRetention(url)
