"""The writer of the audit trail: order, crashes, outages of the disk and of the Data Center."""

from dataclasses import replace

import pytest

from cluster.board import Board
from cluster.messages import Ping, Pong
from recorder.audit.audit_messages import Record, Recorded
from recorder.audit.trail import NoTrail, Trail
from recorder.audit.writer import AuditWriter
from recorder.errors import DataCenterError
from recorder.messages import FindingClosed, FindingOpened
from recorder.records.audit import AuditQuery, AuditStatus
from recorder.records.contacts import HistoryRow
from sim.stand_ins.buffer import SimJournal
from sim.tables.audit import MemoryAuditDb, MemoryAuditStore
from sim.tables.data_center import MemoryContactStore
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock


class World:
    """A disk and a Data Center, and a node that can be started again."""

    def __init__(self):
        self.clock = HandClock()
        self.store = MemoryAuditStore()
        self.contacts = MemoryContactStore()
        self.db = MemoryAuditDb(self.store, contacts=self.contacts)
        self.journal = SimJournal()
        self.boots = 0
        self.start()

    def start(self):
        self.boots += 1
        self.clock.timers.clear()
        self.me = LoopAddress("audit")
        self.monitor = Mailbox()
        self.board = Board()
        self.disk, self.database = HandWorkers(), HandWorkers()
        self.me.behaviour = AuditWriter(
            node="alpha",
            boot=f"boot{self.boots}",
            me=self.me,
            monitor=self.monitor,
            board=self.board,
            disk=self.disk,
            database=self.database,
            clock=self.clock,
            journal=self.journal,
            db=self.db,
        )
        self.me.behaviour.on_start()
        self.trail = Trail(writer=self.me, clock=self.clock)

    def work(self):
        self.me.pump()
        while self.disk.jobs or self.database.jobs:
            for lane in (self.disk, self.database):
                if lane.jobs:
                    lane.run_one()
                    self.me.pump()

    def later(self, seconds):
        end_ns = self.clock.now_ns + int(seconds * 1e9)
        while self.clock.now_ns < end_ns:
            self.clock.advance(min(5.0, (end_ns - self.clock.now_ns) / 1e9))
            self.work()

    def subjects(self):
        return [record.entry.subject for record in self.db.records(AuditQuery())]

    def findings(self):
        codes = {}
        for message in self.monitor.messages:
            match message:
                case FindingOpened(finding):
                    codes[finding.code] = finding
                case FindingClosed(code, _):
                    codes.pop(code, None)
        return list(codes)

    def status(self):
        return self.board.read("audit", AuditStatus)


@pytest.fixture
def world():
    world = World()
    world.work()
    return world


def test_what_is_recorded_comes_into_the_data_center_in_order(world):
    world.trail.record("switchover", "beta", "admin", {"to": "beta"})
    world.trail.record("pause", "pair", "anna")
    world.work()
    first, second = world.db.records(AuditQuery())
    assert (first.entry.what, first.entry.actor, first.entry.detail) == (
        "switchover",
        "admin",
        {"to": "beta"},
    )
    assert (second.entry.what, second.entry.subject, second.entry.node) == (
        "pause",
        "pair",
        "alpha",
    )
    assert world.status() == AuditStatus(2, 0, world.db.head(), "")


def test_the_disk_is_emptied_when_everything_is_appended(world):
    world.trail.record("pause", "pair", "anna")
    world.work()
    assert world.journal.read() == ()


def test_what_was_told_while_the_data_center_was_away_comes_in_afterwards_in_order(world):
    world.db.faults.down = True
    for name in ("a", "b", "c"):
        world.trail.record("hold", name, "anna")
        world.work()
    assert world.status().waiting == 3
    world.db.faults.down = False
    world.later(2.1)
    assert world.subjects() == ["a", "b", "c"]
    assert world.status().waiting == 0


def test_a_crash_loses_nothing_that_was_called_durable(world):
    heard = Mailbox()
    world.db.faults.down = True
    world.me.tell(Record("hold", "c1", "anna", 5, reply_to=heard))
    world.work()
    assert [type(message) for message in heard.messages] == [Recorded]
    world.db.faults.down = False
    world.journal.crash(power=True)
    world.start()
    world.work()
    assert world.subjects() == ["c1"]


def test_an_append_whose_answer_was_lost_is_one_record(world):
    world.db.faults.answers_lost = 1
    world.trail.record("hold", "c1", "anna")
    world.work()
    world.later(2.1)
    assert world.subjects() == ["c1"]
    assert world.journal.read() == ()


def test_a_crash_between_append_and_compaction_makes_no_second_record(world):
    world.trail.record("hold", "c1", "anna")
    world.me.pump()
    world.disk.run_one()
    world.me.pump()
    world.database.run_one()
    world.start()
    world.work()
    assert world.subjects() == ["c1"]


def test_a_deed_that_is_told_again_after_a_crash_is_one_record(world):
    world.trail.record("contact_deleted", "c1", "system", once="deleted:c1")
    world.work()
    world.start()
    world.trail.record("contact_deleted", "c1", "system", once="deleted:c1")
    world.trail.record("contact_deleted", "c1", "system", once="deleted:c1")
    world.work()
    assert world.subjects() == ["c1"]


def test_a_disk_that_takes_nothing_does_not_keep_records_from_the_data_center(world):
    heard = Mailbox()
    world.journal.full = "no space left"
    world.me.tell(Record("hold", "c1", "anna", 5, reply_to=heard))
    world.work()
    assert world.subjects() == ["c1"]
    assert [type(message) for message in heard.messages] == [Recorded]
    assert world.findings() == ["audit_disk_failing"]
    world.journal.full = ""
    world.later(2.1)
    assert world.findings() == []


def test_nothing_is_called_durable_while_neither_takes_it(world):
    heard = Mailbox()
    world.journal.full = "no space left"
    world.db.faults.down = True
    world.me.tell(Record("hold", "c1", "anna", 5, reply_to=heard))
    world.work()
    assert heard.messages == []
    world.journal.full = ""
    world.later(2.1)
    assert [type(message) for message in heard.messages] == [Recorded]
    assert len(world.journal.read()) == 1


def test_an_unreadable_spool_does_not_keep_new_records_and_is_read_when_it_can_be(world):
    world.db.faults.down = True
    world.trail.record("hold", "old", "anna")
    world.work()
    world.db.faults.down = False
    world.journal.failing = "input/output error"
    world.start()
    world.trail.record("hold", "new", "anna")
    world.work()
    assert world.subjects() == ["new"]
    world.journal.failing = ""
    world.later(2.1)
    assert world.subjects() == ["new", "old"]


def test_records_of_another_version_are_kept_on_disk(world):
    world.journal.append([b"from the future"])
    world.start()
    world.trail.record("hold", "c1", "anna")
    world.work()
    assert world.journal.read() == (b"from the future",)
    assert world.subjects() == ["c1"]


def test_a_refusal_of_the_database_is_a_finding_until_it_takes_them(world, monkeypatch):
    def refuse(_entries):
        raise DataCenterError("no such column")

    monkeypatch.setattr(world.db, "append", refuse)
    world.trail.record("hold", "c1", "anna")
    world.work()
    assert world.findings() == ["audit_refused"]
    assert "no such column" in world.status().last_error
    monkeypatch.undo()
    world.later(2.1)
    assert world.findings() == []
    assert world.subjects() == ["c1"]


def test_many_records_are_appended_in_batches_and_none_twice(world):
    world.db.faults.down = True
    for number in range(450):
        world.trail.record("media_read", f"c{number}", "anna")
    world.work()
    world.db.faults.down = False
    world.later(2.1)
    assert world.subjects()[:100] == [f"c{number}" for number in range(100)]
    assert world.db.head().number == 450


def test_it_answers_pings(world):
    asker = Mailbox()
    world.me.tell(Ping(7, asker))
    world.me.pump()
    assert asker.messages == [Pong("audit", 7)]


def test_a_node_without_a_trail_records_nothing():
    NoTrail().record("hold", "c1", "anna", {"a": 1}, once="x")


def test_what_a_node_died_before_telling_is_told_by_whoever_looks_and_once(world):
    row = HistoryRow(30, "beta", "secondary", "primary", 7, "beta died after this")
    world.contacts.history.add(replace(row, at_us=world.clock.wall_us()))
    world.later(11)
    (record,) = world.db.records(AuditQuery())
    assert (record.entry.what, record.entry.subject, record.entry.actor) == (
        "role_changed",
        "beta",
        "system",
    )
    world.later(2000)
    world.start()
    world.later(30)
    assert world.db.head().number == 1


def test_looking_for_it_waits_for_the_data_center(world):
    world.db.faults.down = True
    world.later(30)
    row = HistoryRow(world.clock.wall_us(), "beta", "secondary", "primary", 7, "why")
    world.contacts.history.add(row)
    world.db.faults.down = False
    world.later(15)
    assert world.db.head().number == 1
