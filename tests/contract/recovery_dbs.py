"""A contact database with what is on record of recoveries, for the contract test of the three."""

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.recoveries import SqlRecoveryDb
from sim.tables.data_center import MemoryContactStore
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world


class MemoryRecoveries(MemoryWorld):
    def __init__(self):
        super().__init__()
        self._tables = RecoveryTables()

    def recoveries(self, name):
        store: MemoryContactStore = self._store
        return MemoryRecoveryDb(self._tables, store, node=name, clock=self.clock)


class SqlRecoveries(SqlWorld):
    def recoveries(self, name):
        engine = open_engine(self.url)
        self._engines.append(engine)
        return SqlRecoveryDb(engine, cluster="pair", node=name, clock=self.clock)


def sqlite_recoveries(directory):
    return SqlRecoveries(sqlite_world(directory).url)
