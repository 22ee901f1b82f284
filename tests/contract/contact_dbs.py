"""The three contact databases a contract test runs against."""

from __future__ import annotations

from sqlalchemy import text

from recorder.adapters.contact_db import SqlContactDb, open_engine
from sim.tables.data_center import MemoryContactDb, MemoryContactStore
from tests.databases import migrated
from tests.recorder.hand_clock import HandClock


class MemoryWorld:
    """Both nodes over one store in memory."""

    def __init__(self):
        self.clock = HandClock()
        self._term = 0
        self._store = MemoryContactStore(highest_term=lambda: self._term)

    def node(self, name):
        return MemoryContactDb(self._store, node=name, clock=self.clock)

    def see_term(self, term):
        self._term = term

    def close(self):
        pass


class SqlWorld:
    """Both nodes with an engine each over one database."""

    def __init__(self, url):
        self.clock = HandClock()
        self.url = url
        self._engines = []

    def node(self, name):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return SqlContactDb(engine, cluster="pair", node=name, clock=self.clock)

    def see_term(self, term):
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM leases"))
            connection.execute(
                text(
                    "INSERT INTO leases (cluster, term, holder, expires_us) VALUES ('pair', :term, 'beta', 0)"
                ),
                {"term": term},
            )
        engine.dispose()

    def close(self):
        for engine in self._engines:
            engine.dispose()


def sqlite_world(directory):
    url = f"sqlite:///{directory / 'contacts.db'}"
    migrated(url)
    return SqlWorld(url)
