"""One node's retention over a Data Center in memory, for tests of its actor."""

from cluster.board import Board
from cluster.messages import DutyGranted
from recorder.keep.retention import Retention
from recorder.keep.retention_parts import RetentionPorts, RetentionStatus
from recorder.messages import FindingOpened
from recorder.records.retention import (
    DeletionQuery,
    Hold,
    Plan,
    Scope,
    Surveyed,
)
from recorder.settings.retention import RetentionPolicy, RetentionSettings
from sim.tables.audit import ListedTrail
from sim.tables.data_center import (
    DataCenterFaults,
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from sim.tables.retention import MemoryRetentionDb, RetentionTables
from tests.calls import an_item
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock

DAY_S = 86_400.0


class Desk:
    """One node's retention over a Data Center in memory."""

    def __init__(self, **settings):
        self.clock, self.board = HandClock(), Board()
        self.me, self.monitor = LoopAddress("retention"), Mailbox()
        self.lane, self.trail = HandWorkers(), ListedTrail()
        self.term = 3
        self.faults = DataCenterFaults()
        self.tables = RetentionTables()
        self.contacts = MemoryContactStore(highest_term=lambda: self.term)
        self.objects = MemoryArchiveStore()
        self.db = MemoryRetentionDb(
            self.tables, self.contacts, node="alpha", clock=self.clock, faults=self.faults
        )
        self.archive = MemoryArchive(self.objects)
        policy = RetentionPolicy(name="all", keep_days=30)
        given = {"policies": (policy,), "recycle_days": 5, "first_s": 1.0, **settings}
        self.settings = RetentionSettings(**given)
        self.behaviour = self.begin()

    def begin(self):
        ports = RetentionPorts(
            node="alpha",
            me=self.me,
            db=self.db,
            archive=self.archive,
            lane=self.lane,
            clock=self.clock,
            board=self.board,
            monitor=self.monitor,
            trail=self.trail,
            settings=self.settings,
        )
        self.me.behaviour = behaviour = Retention(ports=ports)
        behaviour.on_start()
        return behaviour

    def commit(self, *keys):
        db = MemoryContactDb(self.contacts, node="alpha", clock=self.clock)
        for key in keys:
            name = f"dyn/{key}"
            self.objects.objects[name] = b"x"
            db.commit([an_item(key, session=f"ses-{key}")], [[name]])

    def confirm(self, contacts=0):
        rules = self.settings.rules()
        name = f"P-{contacts}"
        self.db.save_plan(Plan(name, 1, "ada", rules, Surveyed(contacts=contacts)))
        self.db.confirm_plan(name, "bob")

    def grant(self, term=3, for_s=10_000_000.0):
        until_ns = self.clock.now_ns + int(for_s * 1e9)
        self.tell(DutyGranted(term, until_ns, leased=True, peer_marks={}))

    def tell(self, message):
        self.me.tell(message)
        self.me.pump()

    def live(self, seconds=1.0, step_s=1.0):
        """Let time pass; jobs run as they come."""
        left = seconds
        while left > 0:
            self.clock.advance(min(step_s, left))
            left -= step_s
            self.me.pump()
            self.lane.run_all()
            self.me.pump()

    def deletions(self, *states):
        return self.db.deletions(DeletionQuery(states=states)).rows

    def hold(self, key):
        self.db.place_hold(Hold("H-1", "case 7", Scope(contact_id=f"ses-{key}"), 1, "ada"))

    @property
    def status(self):
        return self.board.read("retention", RetentionStatus)

    def findings(self):
        return [message.finding.code for message in self.monitor.of(FindingOpened)]


def ready_to_decide(**settings):
    desk = Desk(**settings)
    desk.confirm()
    desk.commit("a", "b")
    desk.clock.advance(31 * DAY_S)
    desk.grant()
    return desk
