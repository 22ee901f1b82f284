"""A contact database with what is on record of findings, for the contract test of the three."""

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.findings import SqlFindingsDb
from sim.data_center import MemoryContactStore
from sim.finding_tables import FindingTables, MemoryFindingsDb
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world


class MemoryFindings(MemoryWorld):
    def __init__(self):
        super().__init__()
        self._tables = FindingTables()

    def findings(self, name):
        store: MemoryContactStore = self._store
        return MemoryFindingsDb(self._tables, store, node=name, clock=self.clock)


class SqlFindings(SqlWorld):
    def findings(self, name):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return SqlFindingsDb(engine, cluster="pair", node=name, clock=self.clock)


def findings_world(kind, request, tmp_path):
    if kind == "memory":
        return MemoryFindings()
    if kind == "postgres":
        return SqlFindings(request.getfixturevalue("postgres_url"))
    return SqlFindings(sqlite_world(tmp_path).url)
