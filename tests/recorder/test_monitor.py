import pytest

from cluster.board import Board
from cluster.frames import Role
from cluster.messages import AlarmCleared, AlarmRaised, DescribeSelf, Ping, Pong, RoleChanged
from recorder.messages import FindingClosed, FindingOpened
from recorder.model import Finding, Level
from recorder.monitor import HISTORY_RETRY_S, HOOKS_WAITING_MAX, Monitor
from recorder.status import Findings
from sim.tables.audit import ListedTrail
from sim.tables.data_center import MemoryContactDb, MemoryContactStore
from tests.by_hand import HandClock, HandWorkers, Inbox
from tests.recorder.fake_node import source_status


class World:
    def __init__(self, run_hook=None):
        self.address, self.link = Inbox("monitor"), Inbox("link")
        self.board, self.clock, self.workers = Board(), HandClock(), HandWorkers()
        self.db = MemoryContactDb(MemoryContactStore(), node="alpha", clock=self.clock)
        self.monitor = Monitor(
            address=self.address,
            board=self.board,
            clock=self.clock,
            contact_db=self.db,
            workers=self.workers,
            link=self.link,
            run_hook=run_hook,
        )
        self.monitor.on_start()

    def tell(self, *messages):
        for message in messages:
            self.monitor.on_message(message)

    def pump(self):
        self.tell(*self.address.take())

    def work(self):
        """Run every job that waits, and what follows from it."""
        while self.workers.jobs:
            self.workers.run_one()
            self.pump()

    @property
    def open(self):
        return self.board.read("findings", Findings).open

    def history(self):
        return [(row.new, row.term) for row in self.db.role_history(100)]


def change(term=1, new=Role.PRIMARY):
    return RoleChanged("alpha", Role.SECONDARY, new, term, "the peer died", 5_000_000)


def finding(code="disk", what="full", level=Level.ERROR):
    return Finding(code, level, "buffer", what, "Make room.")


def alarm(*, error=True):
    return AlarmRaised("link_down", "beta", error, "beta is not heard", "Look.")


def test_a_node_begins_without_findings():
    assert World().open == ()


def test_findings_are_published_with_their_beginning_and_closed():
    world = World()
    world.tell(FindingOpened(finding()))
    began_us = world.clock.wall_us()
    world.clock.advance(60)
    world.tell(FindingOpened(finding(what="still full")))
    (shown,) = world.open
    assert (shown.what, shown.since_us) == ("still full", began_us)
    world.tell(FindingClosed("disk", "buffer"))
    assert world.open == ()


@pytest.mark.parametrize(("error", "level"), [(True, Level.ERROR), (False, Level.WARNING)])
def test_an_alarm_of_the_pair_is_a_finding(error, level):
    world = World()
    world.tell(alarm(error=error))
    assert [(f.code, f.subject, f.level) for f in world.open] == [("link_down", "beta", level)]
    world.tell(AlarmCleared("link_down", "beta"))
    assert world.open == ()


def test_a_ping_is_answered():
    world, supervisor = World(), Inbox()
    world.tell(Ping(7, supervisor))
    assert supervisor.messages == [Pong("monitor", 7)]


def test_role_changes_are_written_in_order():
    world = World()
    world.tell(change(1), change(2))
    world.work()
    assert world.history() == [("primary", 2), ("primary", 1)]


def test_the_history_waits_for_the_data_center():
    world = World()
    world.db.faults.down = True
    world.tell(change(1), change(2))
    for _ in range(3):
        world.work()
        world.clock.advance(HISTORY_RETRY_S)
        world.pump()
    assert world.history() if not world.db.faults.down else True
    world.db.faults.down = False
    world.work()
    world.clock.advance(HISTORY_RETRY_S)
    world.pump()
    world.work()
    assert world.history() == [("primary", 2), ("primary", 1)]


def test_a_lost_answer_of_the_data_center_writes_no_row_twice():
    world = World()
    world.db.faults.answers_lost = 1
    world.tell(change(1))
    world.work()
    world.clock.advance(HISTORY_RETRY_S)
    world.pump()
    world.work()
    assert world.history() == [("primary", 1)]


def test_one_write_of_the_history_is_under_way_at_a_time():
    world = World()
    world.tell(change(1), change(2), change(3))
    assert len(world.workers.jobs) == 1


def test_hooks_run_one_after_the_other_in_order():
    ran = []
    world = World(run_hook=lambda c: ran.append(c.term) or 0)
    world.tell(change(1), change(2), change(3))
    assert world.workers.waiting() == 2  # one hook and one row of the history
    world.work()
    assert ran == [1, 2, 3]
    assert world.open == ()


@pytest.mark.parametrize(
    ("fails", "text"),
    [
        (lambda: 3, "ended with status 3"),
        (lambda: -9, "ended with status -9"),
        (lambda: (_ for _ in ()).throw(TimeoutError("it was killed after 30 s")), "killed after"),
        (lambda: (_ for _ in ()).throw(FileNotFoundError("no such program")), "no such program"),
    ],
)
def test_a_hook_that_fails_is_a_finding_until_one_works(fails, text):
    outcomes = [fails, lambda: 0]
    world = World(run_hook=lambda _change: outcomes.pop(0)())
    world.tell(change(1))
    world.work()
    (shown,) = world.open
    assert (shown.code, shown.level) == ("hook_failed", Level.WARNING)
    assert text in shown.what
    world.tell(change(2))
    world.work()
    assert world.open == ()


def test_hooks_that_wait_are_bounded():
    ran = []
    world = World(run_hook=lambda c: ran.append(c.term) or 0)
    for term in range(HOOKS_WAITING_MAX + 50):
        world.tell(change(term))
    world.work()
    assert len(ran) == HOOKS_WAITING_MAX + 1
    assert ran[-1] == HOOKS_WAITING_MAX + 49


def test_figures_are_told_to_the_link_when_they_change():
    world = World()
    world.board.publish("source:zoom", source_status(lag_s=5.0))
    world.clock.advance(1, world.pump)
    world.clock.advance(3, world.pump)
    world.board.publish("source:zoom", source_status(lag_s=6.0))
    world.clock.advance(1, world.pump)
    told = [message.figures["lag_s"] for message in world.link.of(DescribeSelf)]
    assert told == [5.0, 6.0]


def test_a_change_of_figures_disturbs_no_other_fact_of_the_node():
    world = World()
    world.board.publish("source:zoom", source_status())
    world.clock.advance(1, world.pump)
    (told,) = world.link.messages
    assert told == DescribeSelf(figures=told.figures)


def test_a_role_change_goes_to_the_audit_trail_as_one_record_however_often_it_is_told():
    world, trail = World(), ListedTrail()
    world.monitor._trail = trail
    world.tell(change(), change())
    assert trail.told == [
        (
            "role_changed",
            "alpha",
            "system",
            {"old": "secondary", "new": "primary", "term": 1, "reason": "the peer died"},
        )
    ]
