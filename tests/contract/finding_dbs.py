"""A contact database with what is on record of findings, for the contract test of the three."""

from sqlalchemy import delete, insert

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.audit import SqlAuditDb
from recorder.adapters.contact_db.findings import SqlFindingsDb
from recorder.adapters.contact_db.proof_tables import deletions
from recorder.adapters.contact_db.retention_rows_sql import deletion_values
from recorder.records.audit import AuditQuery
from recorder.records.retention import Deletion
from sim.tables.data_center import MemoryContactStore
from sim.tables.findings import FindingTables, MemoryFindingsDb
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world


class MemoryFindings(MemoryWorld):
    def __init__(self):
        super().__init__()
        self._tables = FindingTables()

    def findings(self, name):
        store: MemoryContactStore = self._store
        return MemoryFindingsDb(self._tables, store, node=name, clock=self.clock)

    def trail(self):
        return self._tables.trail.records

    def decide(self, contact_id, state):
        self._store.deletions[contact_id, 1] = a_deletion(contact_id, state)


class SqlFindings(SqlWorld):
    def decide(self, contact_id, state):
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(delete(deletions))
            connection.execute(insert(deletions), deletion_values(a_deletion(contact_id, state)))
        engine.dispose()

    def trail(self):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return list(SqlAuditDb(engine).records(AuditQuery()))

    def findings(self, name):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return SqlFindingsDb(engine, cluster="pair", node=name, clock=self.clock)


def a_deletion(contact_id, state):
    """Decided on, and as far as `state`."""
    return Deletion(
        contact_id, 1, "dyn", "ses", "all", {}, state, "", 1, 1, None, "alpha", 1, 1, ()
    )


def findings_world(kind, request, tmp_path):
    if kind == "memory":
        return MemoryFindings()
    if kind == "postgres":
        return SqlFindings(request.getfixturevalue("postgres_url"))
    return SqlFindings(sqlite_world(tmp_path).url)
