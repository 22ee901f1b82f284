"""Files with ids, from being put down to their result: over the memory folder and recoveries in memory."""

import csv
import io

import pytest

from recorder.errors import RecorderError
from recorder.messages import FindingClosed, FindingOpened, RecoveriesChanged
from recorder.model import ItemRef
from recorder.records.drops import Claimed, Dropped, Foreign
from recorder.records.recoveries import (
    ListedSection,
    RecoveryItem,
    RecoveryKind,
    RecoveryQuery,
    RecoveryStatus,
    Stage,
)
from recorder.recover.drop_jobs import RESUME_AFTER_S, DropTools
from recorder.recover.drops import GONE_S, LOOK_S, STILL_S, Absence, Drops, DropsPorts, Stillness
from sim.stand_ins.drop_folder import MemoryDropFolder, MemoryDrops
from sim.tables.audit import ListedTrail
from sim.tables.data_center import MemoryContactStore
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock

BODY = b"meeting id\n1234567890\nnonsense row\n1234567891\n"


class Bench:
    """A node, and what outlives it."""

    def __init__(self, sources=("desk",), node="alpha"):
        self.drops = MemoryDrops()
        self.clock = HandClock()
        self.tables, self.store = RecoveryTables(), MemoryContactStore()
        self.db = MemoryRecoveryDb(self.tables, self.store, node=node, clock=self.clock)
        self.trail = ListedTrail()
        self.sources = tuple(sources)
        self.start(node)

    def start(self, node="alpha"):
        self.me, self.monitor, self.recovery = LoopAddress("drops"), Mailbox(), Mailbox()
        self.lane = HandWorkers()
        folder = MemoryDropFolder(self.drops, node=node)
        ports = DropsPorts(
            me=self.me,
            tools=DropTools(folder, self.db, self.trail),
            sources={"zoom": self.sources},
            lane=self.lane,
            clock=self.clock,
            monitor=self.monitor,
            recovery=self.recovery,
        )
        self.me.behaviour = Drops(ports=ports)
        self.me.behaviour.on_start()

    def put(self, name="ids.csv", body=BODY, at_us=0):
        self.drops.incoming["zoom", name] = (body, at_us or self.clock.wall_us())

    def work(self):
        while self.lane.waiting() or self.me.messages:
            self.me.pump()
            if self.lane.waiting():
                self.lane.run_all()
        self.me.pump()

    def run(self, seconds=STILL_S + 2 * LOOK_S):
        self.work()
        for _ in range(int(seconds / LOOK_S)):
            self.clock.advance(LOOK_S)
            self.work()

    @property
    def rows(self):
        return self.db.recoveries(RecoveryQuery()).rows

    def end(self, row, *missing, status=RecoveryStatus.COMPLETED):
        section = ListedSection(row.recovery_id, 0, len(row.ids), 0, 0, tuple(missing), 1)
        self.db.record_section(section, 1)
        self.db.end(
            row.recovery_id, status, "" if status is RecoveryStatus.COMPLETED else "away", 1
        )

    def result(self):
        (body,) = [body for (_, name), body in self.drops.processed.items() if "result" in name]
        rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
        return {row["id"]: row["outcome"] for row in rows}


def absent(asked):
    return RecoveryItem(ItemRef("", asked, "", 0, asked), None, Stage.GONE, "unknown: no", 0, asked)


def test_a_file_becomes_a_recovery_of_its_ids_and_then_a_result():
    bench = Bench()
    bench.put()
    bench.run()
    (row,) = bench.rows
    assert (row.kind, row.source, row.requested_by) == (
        RecoveryKind.SPECIFIC,
        "desk",
        "file:ids.csv",
    )
    assert row.ids == ("1234567890", "nonsense row", "1234567891")
    assert bench.recovery.of(RecoveriesChanged)
    assert [told[0] for told in bench.trail.told] == ["recovery_requested"]
    assert not bench.drops.processed
    bench.end(row, absent("1234567891"))
    bench.run()
    assert bench.result() == {
        "1234567890": "already_here",
        "nonsense row": "already_here",
        "1234567891": "not_found",
    }
    assert set(bench.drops.processed) == {
        ("zoom", f"ids.{row.recovery_id[2:]}.csv"),
        ("zoom", f"ids.{row.recovery_id[2:]}.result.csv"),
    }


def test_a_file_that_is_still_written_is_left_alone():
    bench = Bench()
    for size in range(1, 20):
        bench.put(body=BODY * size)
        bench.run(LOOK_S)
    assert bench.rows == ()
    assert bench.drops.incoming
    bench.run()
    assert len(bench.rows) == 1


@pytest.mark.parametrize("looks", range(1, 8))
def test_a_crash_anywhere_is_a_pause(looks):
    bench = Bench()
    bench.put()
    bench.run(STILL_S)
    for _ in range(looks):
        if bench.lane.waiting():
            bench.lane.run_one()
            bench.me.pump()
    bench.start()
    bench.run()
    (row,) = bench.rows
    bench.start()
    bench.end(row)
    bench.start()
    bench.run()
    assert len(bench.rows) == 1
    assert len(bench.drops.processed) == 2
    assert len(bench.trail.told) == 1


def test_two_nodes_that_share_the_folder_ask_once():
    bench = Bench()
    other = Bench()
    other.drops, other.db = bench.drops, bench.db
    other.start("beta")
    bench.put()
    for _ in range(6):
        bench.run(LOOK_S)
        other.run(LOOK_S)
    assert len(bench.rows) == 1


def pair():
    """Two nodes that share folder and Data Center."""
    bench, other = Bench(), Bench()
    other.drops, other.db, other.clock = bench.drops, bench.db, bench.clock
    other.start("beta")
    return bench, other


@pytest.mark.parametrize("looks", range(1, 8))
def test_what_a_node_took_before_it_died_is_finished_by_the_other_once(looks):
    bench, other = pair()
    bench.put()
    bench.run(STILL_S)
    for _ in range(looks):
        if bench.lane.waiting():
            bench.lane.run_one()
            bench.me.pump()
    other.run(GONE_S - 2 * LOOK_S)
    if bench.drops.taken:
        assert {node for node, _ in bench.drops.taken} == {"alpha"}, "it may come back"
    other.run(6 * LOOK_S)
    (row,) = bench.rows
    bench.end(row)
    other.run()
    assert not bench.drops.taken
    assert len(bench.drops.processed) == 2
    assert len(bench.rows) == 1


def test_what_a_node_that_lives_took_is_left_to_it():
    bench, other = pair()
    bench.put()
    bench.run()
    for _ in range(int(GONE_S / LOOK_S) + 9):
        bench.work()
        other.run(LOOK_S)
    assert {node for node, _ in bench.drops.taken} == {"alpha"}


def test_a_node_that_comes_back_leaves_what_was_taken_over():
    bench, other = pair()
    bench.put()
    bench.run()
    while bench.lane.waiting() == 0:
        bench.clock.advance(LOOK_S)
        bench.me.pump()
    bench.lane.run_one()  # it looked, and stops for long
    other.run(GONE_S + 3 * LOOK_S)
    assert {node for node, _ in bench.drops.taken} == {"beta"}
    bench.run()
    assert bench.monitor.of(FindingOpened) == []
    bench.end(bench.rows[0])
    bench.run()
    other.run()
    assert len(bench.drops.processed) == 2


def test_a_node_is_gone_when_it_gave_the_same_sign_for_long_enough():
    absence, second = Absence(), 10**9
    one = Foreign("alpha", Claimed("zoom", "a.csv", "", 7), 1)
    assert absence.left_behind([one], 0) == ()
    assert absence.left_behind([one], int(GONE_S) * second - 1) == ()
    lives = Foreign("alpha", one.claimed, 2)
    assert absence.left_behind([lives], int(GONE_S) * second) == ()
    assert absence.left_behind([lives], 2 * int(GONE_S) * second - 1) == ()
    assert absence.left_behind([lives], 2 * int(GONE_S) * second) == (lives,)


def test_a_large_file_is_not_read_again_while_its_recovery_runs(monkeypatch):
    bench = Bench()
    bench.put()
    bench.run()
    reads = []
    real = MemoryDropFolder.read
    monkeypatch.setattr(MemoryDropFolder, "read", lambda *args: reads.append(args) or real(*args))
    bench.run(10 * LOOK_S)
    assert reads == []
    bench.end(bench.rows[0])
    bench.run(LOOK_S)
    assert len(reads) == 1


def test_rows_added_after_the_file_was_taken_are_told_so():
    bench = Bench()
    bench.put()
    bench.run()
    ((place, body),) = bench.drops.taken.items()
    bench.drops.taken[place] = body + b"1234567899\n"
    bench.end(bench.rows[0])
    bench.run()
    assert bench.result()["1234567899"] == "not_looked_for"
    assert bench.result()["1234567891"] == "already_here"


def test_the_same_file_put_down_again_is_another_recovery():
    bench = Bench()
    bench.put(at_us=5)
    bench.run()
    bench.end(bench.rows[0])
    bench.run()
    bench.put(at_us=5)
    bench.run()
    assert len(bench.rows) == 2
    assert bench.rows[0].recovery_id != bench.rows[1].recovery_id


def test_a_file_without_a_single_id_is_answered_at_once():
    bench = Bench()
    bench.put(body=b"id\n8.5E+10\n")
    bench.run()
    assert bench.rows == ()
    assert bench.result() == {"8.5E+10": "bad_row"}


def test_ids_are_looked_for_at_every_source_of_the_kind():
    bench = Bench(sources=("desk", "sales"))
    bench.put()
    bench.run()
    assert {row.source for row in bench.rows} == {"desk", "sales"}
    for row in bench.rows:
        lost = [absent(one) for one in row.ids] if row.source == "sales" else ()
        bench.end(row, *lost)
    bench.run()
    assert set(bench.result().values()) == {"already_here"}


@pytest.mark.parametrize("status", [RecoveryStatus.STOPPED, RecoveryStatus.FAILED])
def test_a_recovery_that_the_source_ended_is_resumed_after_a_while(status):
    bench = Bench()
    bench.put()
    bench.run()
    (row,) = bench.rows
    bench.end(row, status=status)
    bench.run()
    assert bench.rows[0].status is status
    bench.clock.advance(RESUME_AFTER_S)
    bench.run()
    assert bench.rows[0].status is RecoveryStatus.RUNNING
    assert not bench.drops.processed


def test_a_folder_that_fails_is_a_finding_until_it_works():
    bench = Bench()
    bench.drops.broken = "no rights"
    bench.run()
    (finding, *_) = [told.finding for told in bench.monitor.of(FindingOpened)]
    assert finding.code == "id_files_failing"
    bench.monitor.take()
    bench.drops.broken = ""
    bench.run()
    assert isinstance(bench.monitor.messages[-1], FindingClosed)


def test_one_file_that_cannot_be_read_does_not_stop_the_others(monkeypatch):
    bench = Bench()
    bench.put("a.csv")
    bench.put("b.csv")
    real = MemoryDropFolder.read

    def read(self, claimed, bytes_max):
        if claimed.name == "a.csv":
            raise RecorderError("cannot be read")
        return real(self, claimed, bytes_max)

    monkeypatch.setattr(MemoryDropFolder, "read", read)
    bench.run()
    assert [row.requested_by for row in bench.rows] == ["file:b.csv"]
    assert isinstance(bench.monitor.messages[-1], FindingOpened)


def test_one_file_that_cannot_be_taken_does_not_stop_the_others(monkeypatch):
    bench = Bench()
    for name in ("a.csv", "b.csv"):
        bench.put(name)
    real = MemoryDropFolder.claim

    def claim(self, dropped):
        if dropped.name == "a.csv":
            raise RecorderError("belongs to somebody else", hint="Change its owner.")
        return real(self, dropped)

    monkeypatch.setattr(MemoryDropFolder, "claim", claim)
    bench.run()
    assert [row.requested_by for row in bench.rows] == ["file:b.csv"]
    told = bench.monitor.messages[-1]
    assert isinstance(told, FindingOpened)
    assert told.finding.what == "belongs to somebody else"


def test_a_data_center_that_is_away_is_waited_for_in_silence():
    bench = Bench()
    bench.put()
    bench.db.faults.down = True
    bench.run()
    assert bench.monitor.of(FindingOpened) == []
    bench.db.faults.down = False
    bench.run()
    assert len(bench.rows) == 1


def test_an_answer_that_is_lost_asks_nothing_twice():
    bench = Bench()
    bench.put()
    bench.db.faults.answers_lost = 2
    bench.run(60)
    assert len(bench.rows) == 1


def test_a_file_is_still_when_it_looked_the_same_for_long_enough():
    stillness, second = Stillness(), 10**9
    one = Dropped("zoom", "a.csv", 5, 7)
    assert stillness.still([one], 0) == ()
    assert stillness.still([one], int(STILL_S) * second - 1) == ()
    assert stillness.still([one], int(STILL_S) * second) == (one,)
    grown = Dropped("zoom", "a.csv", 6, 7)
    assert stillness.still([grown], 20 * second) == ()
    assert stillness.still([], 25 * second) == ()
    assert stillness.still([grown], 40 * second) == ()
