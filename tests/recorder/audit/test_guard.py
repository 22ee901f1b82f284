"""The guard of the audit trail: what is new, what is old, what somebody did to it, and what it remembers."""

from dataclasses import replace

import pytest

from cluster.board import Board
from cluster.messages import Ping, Pong
from recorder.audit.guard import PAGE, AuditGuard, GuardSettings
from recorder.errors import RecorderError
from recorder.messages import FindingClosed, FindingOpened
from recorder.records.audit import AuditEntry, AuditGuardStatus
from sim.tables.audit import MemoryAuditAnchor, MemoryAuditDb, MemoryAuditStore
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock

DAY_S = 86_400.0


class World:
    def __init__(self):
        self.clock = HandClock()
        self.store = MemoryAuditStore()
        self.db = MemoryAuditDb(self.store)
        self.anchor = MemoryAuditAnchor()
        self.start()

    def start(self):
        self.clock.timers.clear()
        self.me = LoopAddress("audit_guard")
        self.monitor = Mailbox()
        self.board = Board()
        self.lane = HandWorkers()
        self.me.behaviour = AuditGuard(
            me=self.me,
            monitor=self.monitor,
            board=self.board,
            database=self.lane,
            clock=self.clock,
            db=self.db,
            anchor=self.anchor,
            settings=GuardSettings(),
        )
        self.me.behaviour.on_start()

    def record(self, count, actor="anna"):
        first = len(self.store.records)
        self.db.append(
            [
                AuditEntry(f"r{number}", 5, "alpha", actor, "hold", f"c{number}")
                for number in range(first, first + count)
            ]
        )

    def later(self, seconds):
        """Let so much time pass, a second at a time."""
        for _ in range(int(seconds)):
            self.clock.advance(1.0)
            while self.me.messages or self.lane.jobs:
                self.me.pump()
                if self.lane.jobs:
                    self.lane.run_one()

    def status(self):
        return self.board.read("audit_guard", AuditGuardStatus)

    def findings(self):
        codes = {}
        for message in self.monitor.messages:
            match message:
                case FindingOpened(finding):
                    codes[finding.code] = finding.what
                case FindingClosed(code, _):
                    codes.pop(code, None)
        return codes

    def tamper(self, at, **kwargs):
        record = self.store.records[at]
        self.store.records[at] = replace(record, entry=replace(record.entry, **kwargs))


@pytest.fixture
def world():
    world = World()
    world.record(5)
    world.later(70)
    return world


def test_what_is_whole_is_remembered_on_the_disk(world):
    assert world.anchor.load() == world.db.head()
    assert world.status().anchor.number == 5
    assert world.status().broken == ""
    assert world.status().checked_us is not None
    assert world.findings() == {}


def test_what_is_new_is_verified_within_a_minute(world):
    world.record(3)
    world.later(61)
    assert world.anchor.load().number == 8


def test_a_record_that_was_exchanged_at_the_end_is_found_within_a_minute(world):
    world.tamper(4, actor="mallory")
    world.later(61)
    assert "record 5" in world.findings()["audit_broken"]


def test_a_cut_tail_is_found_though_others_came_after_it(world):
    del world.store.records[3:]
    world.later(61)
    assert (
        "ends with record 3, and this node's disk remembers record 5"
        in world.findings()["audit_broken"]
    )
    world.record(9, actor="mallory")
    world.later(200)
    assert "audit_broken" in world.findings()
    assert world.anchor.load().number == 5


def test_the_remembered_record_removed_from_the_middle_is_found(world):
    world.record(4)
    del world.store.records[4]
    world.later(61)
    assert "missing" in world.findings()["audit_broken"]


def test_an_old_record_that_was_changed_is_found_with_the_next_verification_of_all(world):
    world.tamper(1, actor="mallory")
    world.later(61)
    assert world.findings() == {}
    world.clock.advance(DAY_S)
    world.later(70)
    assert "record 2 was changed" in world.findings()["audit_broken"]
    assert "record 2" in world.status().broken


def test_a_new_life_verifies_everything(world):
    world.tamper(1, actor="mallory")
    world.start()
    world.later(5)
    assert "record 2 was changed" in world.findings()["audit_broken"]


def test_the_finding_closes_when_the_trail_is_as_it_was(world):
    before = list(world.store.records)
    world.tamper(4, actor="mallory")
    world.later(61)
    assert world.findings()
    world.store.records[:] = before
    world.later(125)
    assert world.findings() == {}
    assert world.status().broken == ""


def test_it_stays_open_while_it_is_broken_and_names_the_first_broken_record(world):
    world.tamper(4, actor="mallory")
    world.tamper(0, actor="mallory")
    world.later(200)
    assert "record 1 was changed" in world.findings()["audit_broken"]


def test_a_long_trail_is_verified_page_by_page(world):
    world.record(3 * PAGE)
    world.start()
    world.later(30)
    assert world.anchor.load().number == 3 * PAGE + 5
    world.tamper(2 * PAGE, actor="mallory")
    world.start()
    world.later(30)
    assert f"record {2 * PAGE + 1} was changed" in world.findings()["audit_broken"]


def test_an_outage_of_the_data_center_is_no_break(world):
    world.db.faults.down = True
    world.later(120)
    assert world.findings() == {}
    world.db.faults.down = False
    world.record(1)
    world.later(61)
    assert world.anchor.load().number == 6


def test_an_anchor_that_cannot_be_written_is_a_finding_until_it_can(world):
    world.anchor.full = True
    world.record(1)
    world.later(61)
    assert list(world.findings()) == ["audit_anchor_failing"]
    world.anchor.full = False
    world.later(61)
    assert world.findings() == {}


def test_a_damaged_anchor_is_a_finding(world, monkeypatch):
    def damaged():
        raise RecorderError("the file is damaged", hint="Restore it.")

    monkeypatch.setattr(world.anchor, "load", damaged)
    world.later(61)
    assert "damaged" in world.findings()["audit_anchor_failing"]


def test_an_empty_trail_is_whole():
    world = World()
    world.later(61)
    assert world.status().checked_us is not None
    assert world.findings() == {}


def test_it_answers_pings(world):
    asker = Mailbox()
    world.me.tell(Ping(7, asker))
    world.me.pump()
    assert asker.messages == [Pong("audit_guard", 7)]
