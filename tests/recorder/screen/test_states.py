"""Asking platforms what agents did: on duty, on hints, and when they do not answer."""

from cluster.messages import DutyEnded, DutyGranted, DutyWithdrawn, HintsHeard, Ping, Pong
from recorder.errors import Throttled, Unreachable
from recorder.messages import FindingClosed, FindingOpened
from recorder.scn.messages import AgentEventsHeard, AskStates
from recorder.screen.states import StatesAsker, StatesPorts, can_tell
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock
from tests.recorder.screen.agents import START, K, S, event


class Platform:
    """A source that can be asked."""

    def __init__(self):
        self.windows, self.events, self.error = [], (), None

    def agent_events(self, window):
        self.windows.append(window)
        if self.error is not None:
            raise self.error
        return self.events


class World:
    def __init__(self, every_s=30.0):
        self.clock, self.lane = HandClock(), HandWorkers()
        self.me, self.ris, self.monitor = LoopAddress("agent_states"), Mailbox(), Mailbox()
        self.platform = Platform()
        self.me.behaviour = StatesAsker(
            StatesPorts(
                me=self.me,
                ris=self.ris,
                monitor=self.monitor,
                sources={"crm": self.platform},
                lanes={"crm": self.lane},
                clock=self.clock,
                every_s=every_s,
            )
        )
        self.me.behaviour.on_start()

    def tell(self, message):
        self.me.tell(message)
        self.work()

    def work(self):
        self.me.pump()
        while self.lane.jobs:
            self.lane.run_one()
            self.me.pump()

    def later(self, seconds, *, duty=True):
        for _ in range(seconds):
            if duty:
                self.grant()
            self.clock.advance(1)
            self.work()

    def grant(self, term=1):
        self.tell(DutyGranted(term, self.clock.now_ns + 5 * 10**9, leased=True, peer_marks={}))

    @property
    def asked(self):
        return len(self.platform.windows)


def test_nobody_is_asked_without_the_duty():
    world = World()
    world.later(100, duty=False)
    assert world.asked == 0


def test_on_duty_the_platform_is_asked_regularly():
    world = World()
    world.later(91)
    assert world.asked == 4
    first, second = world.platform.windows[:2]
    assert START - first.from_us == 900 * S
    assert second.from_us < first.to_us, "a little of the period before is asked again"


def test_what_it_tells_goes_to_the_ris():
    world = World()
    world.platform.events = (event(K.AVAILABLE, 0, ""),)
    world.grant()
    assert world.ris.messages == [AgentEventsHeard(world.platform.events)]


def test_without_the_duty_it_stops_and_says_so():
    world, pair = World(), Mailbox()
    world.grant()
    world.tell(DutyWithdrawn(pair))
    world.later(100, duty=False)
    assert world.asked == 1
    assert pair.messages == [DutyEnded("agent_states", {})]


def test_a_duty_that_ran_out_asks_nobody():
    world = World()
    world.grant()
    world.later(100, duty=False)
    assert world.asked == 1


def test_a_hint_is_asked_about_at_once_by_whoever_heard_it():
    world = World()
    world.tell(AskStates("crm"))
    assert world.asked == 1


def test_many_hints_cost_one_question_a_second():
    world = World()
    for _ in range(50):
        world.tell(AskStates("crm"))
    assert world.asked == 1
    world.later(3, duty=False)
    assert world.asked == 2


def test_a_hint_while_it_asks_is_not_forgotten():
    world = World()
    world.me.tell(AskStates("crm"))
    world.me.pump()
    world.me.tell(AskStates("crm"))
    world.work()
    world.later(3, duty=False)
    assert world.asked == 2


def test_a_hint_of_a_source_that_cannot_be_asked_is_nothing():
    world = World()
    world.tell(AskStates("zoom"))
    world.tell(HintsHeard(("crm",)))
    assert world.asked == 0


def test_a_platform_that_does_not_answer_is_a_finding_until_it_does():
    world = World()
    world.platform.error = Unreachable("no route", hint="Look at the network.")
    world.later(31)
    assert world.monitor.of(FindingOpened) == []
    world.later(60)
    (opened,) = world.monitor.of(FindingOpened)
    assert (opened.finding.code, opened.finding.subject) == ("agent_states_failing", "crm")
    assert "Look at the network." in opened.finding.hint
    world.platform.error = None
    world.later(31)
    assert world.monitor.of(FindingClosed) == [FindingClosed("agent_states_failing", "crm")]
    long_ago = world.platform.windows[-1]
    assert long_ago.to_us - long_ago.from_us >= 120 * S, "the whole outage is asked about"


def test_a_platform_that_wants_patience_gets_it():
    world = World()
    world.platform.error = Throttled("too many", retry_after_s=200.0)
    world.later(190)
    assert world.asked == 1


def test_only_sources_that_can_tell_are_asked():
    assert can_tell(Platform())
    assert not can_tell(object())


def test_it_answers_pings():
    world, pinger = World(), Mailbox()
    world.tell(Ping(3, pinger))
    assert pinger.messages == [Pong("agent_states", 3)]
