"""The steps of one file with ids: what happens to its recovery between two of them is not undone."""

import pytest

from recorder.records.recoveries import RecoveryStatus
from recorder.recover.drop_jobs import RESUME_AFTER_S, DropTools, advance
from sim.stand_ins.drop_folder import MemoryDropFolder, MemoryDrops
from sim.tables.audit import ListedTrail
from sim.tables.data_center import MemoryContactStore
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from tests.recorder.hand_clock import HandClock


class Bench:
    """One file that was taken, and its recovery."""

    def __init__(self, resume_after_s=RESUME_AFTER_S):
        self.clock, self.drops = HandClock(), MemoryDrops()
        self.db = MemoryRecoveryDb(
            RecoveryTables(), MemoryContactStore(), node="alpha", clock=self.clock
        )
        self.folder = MemoryDropFolder(self.drops, node="alpha")
        self.tools = DropTools(self.folder, self.db, ListedTrail(), resume_after_s)
        self.drops.incoming["zoom", "ids.csv"] = (b"1234567890\n", self.clock.wall_us())
        assert self.folder.claim(self.folder.incoming()[0])
        self.advance()

    def advance(self):
        (claimed,) = self.folder.claimed()
        return advance(self.tools, claimed, ("desk",), self.clock.wall_us())

    @property
    def row(self):
        (claimed,) = self.folder.claimed()
        return self.db.recovery(f"R-{claimed.token}")

    def stop(self, status=RecoveryStatus.STOPPED):
        self.db.end(self.row.recovery_id, status, "away", 1)


@pytest.mark.parametrize("status", [RecoveryStatus.STOPPED, RecoveryStatus.FAILED])
def test_one_that_was_stopped_is_tried_again_after_a_while(status):
    bench = Bench(resume_after_s=20.0)
    bench.stop(status)
    bench.clock.advance(19.0)
    assert not bench.advance().requested
    assert bench.row.status is status
    bench.clock.advance(1.0)
    assert bench.advance().requested
    assert bench.row.status is RecoveryStatus.RUNNING


def test_what_is_cancelled_while_it_is_about_to_be_resumed_stays_cancelled(monkeypatch):
    bench, resume = Bench(), MemoryRecoveryDb.resume
    bench.stop()

    def late(db, recovery_id, **how):
        bench.db.cancel(recovery_id, "cancelled by ada")
        return resume(db, recovery_id, **how)

    monkeypatch.setattr(MemoryRecoveryDb, "resume", late)
    bench.clock.advance(RESUME_AFTER_S)
    assert bench.advance().outcomes == (("not_looked_for", 1),)
    assert bench.drops.processed
