"""A platform that tells nothing of its agents while their calls go on is told; silence alone is not."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cluster.board import Board
from cluster.messages import DutyGranted, DutyWithdrawn
from recorder.messages import FindingClosed, FindingOpened
from recorder.scn.ris_status import AgentAtHand, RisStatus
from recorder.screen.quiet import CLOCKS_US, LOOK_EVERY_S, QuietWatch, asked_of
from recorder.screen.states import StatesAsker, StatesPorts
from recorder.settings.screens import ScreenSettings
from sim.tables.data_center import MemoryContactDb, MemoryContactStore
from tests.calls import a_party, an_interaction, an_item, names_of
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock

US = 1_000_000


class Platform:
    """Asked what agents did it says nothing."""

    def agent_events(self, _window):
        return ()


class World:
    """A node on duty; times are in seconds after its start."""

    def __init__(self):
        self.clock, self.lane, self.database = HandClock(), HandWorkers(), HandWorkers()
        self.start_us = self.clock.wall_us()
        self.me, self.monitor, self.board = LoopAddress("states"), Mailbox(), Board()
        self.db = MemoryContactDb(
            MemoryContactStore(highest_term=lambda: 0), node="alpha", clock=self.clock
        )
        quiet = QuietWatch(
            me=self.me,
            monitor=self.monitor,
            clock=self.clock,
            database=self.database,
            contact_db=self.db,
            board=self.board,
            settings=ScreenSettings(quiet_s=1800),
            sources=("dyn",),
        )
        self.me.behaviour = StatesAsker(
            StatesPorts(
                me=self.me,
                ris=Mailbox(),
                monitor=self.monitor,
                sources={"dyn": Platform()},
                lanes={"dyn": self.lane},
                clock=self.clock,
                every_s=30.0,
                quiet=quiet,
            )
        )
        self.me.behaviour.on_start()

    def heard(self, at_s):
        """The newest event of the source."""
        agent = AgentAtHand("dyn/ag-1", (), 0, False, "available", self.start_us + at_s * US)
        counts = dict.fromkeys(RisStatus.__dataclass_fields__, 0)
        self.board.publish("ris", RisStatus(**{**counts, "agents": {"dyn/ag-1": agent}}))

    def call(self, at_s, name="ses-1", *, role="agent"):
        """A call that is archived."""
        parties = (a_party(1, role=role),)
        interaction = an_interaction(
            name, session=name, started_us=self.start_us + at_s * US, parties=parties
        )
        item = an_item(name, session=name, source="dyn")
        item = replace(item, interaction=interaction)
        self.db.commit([item], names_of(item))

    def until(self, at_s, *, duty=True):
        while self.clock.wall_us() < self.start_us + at_s * US:
            if duty:
                until_ns = self.clock.monotonic_ns() + 60 * 10**9
                self.me.tell(DutyGranted(1, until_ns, leased=True, peer_marks={}))
            self.clock.advance(10)
            self.work()

    def work(self):
        self.me.pump()
        for lane in (self.lane, self.database):
            while lane.jobs:
                lane.run_one()
                self.me.pump()

    @property
    def open(self):
        found = {}
        for one in self.monitor.of((FindingOpened, FindingClosed)):
            if isinstance(one, FindingOpened):
                found[one.finding.code] = one.finding
            else:
                found.pop(one.code, None)
        return found


def test_a_call_with_an_agent_of_whom_nobody_told_is_a_finding_with_the_next_command():
    world = World()
    world.heard(100)
    world.call(900, "ses-7")
    world.until(1700)
    assert world.open == {}, "not silent for long enough"
    world.until(2400)
    finding = world.open["agent_events_quiet"]
    assert finding.subject == "dyn"
    assert "ses-7" in finding.what
    assert "tandem source check dyn" in finding.hint


def test_it_is_over_with_the_next_event():
    world = World()
    world.heard(100)
    world.call(900)
    world.until(2400)
    world.heard(2390)
    world.until(2400 + LOOK_EVERY_S + 20)
    assert world.open == {}


def test_a_source_of_which_nothing_was_ever_heard_is_silent():
    world = World()
    world.call(10)
    world.until(LOOK_EVERY_S + 20)
    assert "nothing at all was heard" in world.open["agent_events_quiet"].what


def test_nothing_follows_from_silence_without_calls_or_from_calls_without_agents():
    world = World()
    world.heard(1000)
    world.call(900, "told")
    world.call(1030, "the same call on the clock of another service")
    world.call(1500, "a bot", role="customer")
    world.until(6000)
    assert world.open == {}


def test_only_the_node_on_duty_tells():
    world = World()
    world.call(10)
    world.until(2400, duty=False)
    assert world.open == {}
    world.until(2400 + LOOK_EVERY_S + 20)
    assert set(world.open) == {"agent_events_quiet"}
    world.me.tell(DutyWithdrawn(Mailbox()))
    world.work()
    assert world.open == {}


def test_a_database_that_is_away_says_nothing_and_is_asked_again():
    world = World()
    world.call(10)
    world.db.faults.down = True
    world.until(2 * LOOK_EVERY_S)
    assert world.open == {}
    world.db.faults.down = False
    world.until(4 * LOOK_EVERY_S)
    assert set(world.open) == {"agent_events_quiet"}


@given(st.none() | st.integers(0, 10**12), st.integers(0, 10**12))
def test_evidence_is_later_than_what_was_heard_and_not_older_than_what_is_at_hand(heard_us, now_us):
    asked = asked_of("dyn", heard_us, now_us, quiet_us=1800 * US, back_us=86_400 * US)
    if asked is None:
        assert heard_us is not None
        assert now_us - heard_us < max(1800 * US, CLOCKS_US + 1)
    else:
        assert asked.window.from_us >= now_us - 86_400 * US
        assert heard_us is None or asked.window.from_us >= heard_us + CLOCKS_US
