"""The supervisor among actors that answer, stay silent, or are paused with it."""

import pytest

from cluster.board import Board
from cluster.messages import (
    AlarmCleared,
    AlarmRaised,
    HealthChanged,
    Ping,
    PingDue,
    Pong,
    WorkProven,
)
from cluster.settings import PairSettings
from cluster.status import SupervisorStatus
from cluster.supervisor import Supervisor
from tests.by_hand import HandClock, Inbox


class Watched(Inbox):
    """Answers pings when `answers` is true; problems are what it reports."""

    answers = True
    problems = ()

    def tell(self, message):
        super().tell(message)
        assert isinstance(message, Ping)
        if self.answers:
            message.reply_to.tell(Pong(self.name, message.number, self.problems))


class World:
    def __init__(self, **settings):
        self.clock = HandClock()
        self.board = Board()
        self.own = Inbox("supervisor")
        self.poller, self.ingester = Watched("poller"), Watched("ingester")
        self.link, self.pair, self.observer = Inbox("link"), Inbox("pair"), Inbox("monitor")
        self.supervisor = Supervisor(
            clock=self.clock,
            settings=PairSettings(**settings),
            board=self.board,
            own=self.own,
            actors=(self.poller, self.ingester),
            link=self.link,
            pair=self.pair,
            observer=self.observer,
        )

    def start(self):
        self.supervisor.on_start()
        self.settle()
        return self

    def settle(self):
        while self.own.messages:
            self.supervisor.on_message(self.own.messages.pop(0))

    def run(self, seconds):
        self.clock.advance(seconds, then=self.settle)

    def pause(self, seconds):
        """Time passes, nobody runs; then the timer that was due is delivered late."""
        due = self.clock.timers
        self.clock.now_ns += round(seconds * 1e9)
        assert [timer.message for _, _, timer in due] == [PingDue()]
        self.run(0)

    @property
    def status(self):
        return self.board.read("supervisor", SupervisorStatus)


@pytest.fixture
def world():
    return World().start()


def test_every_actor_is_pinged_every_second(world):
    world.run(3.0)
    for actor in (world.poller, world.ingester):
        assert [ping.number for ping in actor.messages] == [1, 2, 3, 4]


def test_work_is_proven_at_once_after_the_start_and_then_every_second(world):
    assert world.link.take() == [WorkProven(healthy=True, problems=())]
    world.run(3.0)
    assert world.link.take() == [WorkProven(healthy=True, problems=())] * 3


def test_nothing_is_proven_while_an_actor_has_not_started():
    world = World()
    world.ingester.answers = False
    world.start()
    world.run(3.0)
    assert world.link.messages == world.pair.messages == []


def test_a_silent_actor_stops_the_proofs_raises_an_alarm_and_makes_the_node_unhealthy(world):
    world.ingester.answers = False
    world.run(5.0)
    assert len(world.link.take()) == 6
    world.pair.take()
    world.run(3.0)
    assert world.link.messages == []
    assert world.pair.messages == [
        HealthChanged(healthy=False, problems=("the actor ingester does not answer",))
    ]
    (alarm,) = world.observer.messages
    assert (alarm.code, alarm.subject, alarm.error) == ("actor_silent", "ingester", True)
    assert "SIGUSR1" in alarm.hint
    assert world.status.silent == ("ingester",)


def test_when_the_actor_answers_again_all_is_well(world):
    world.ingester.answers = False
    world.run(8.0)
    world.ingester.answers = True
    for inbox in (world.pair, world.observer, world.link):
        inbox.take()
    world.run(2.0)
    assert world.observer.messages == [AlarmCleared("actor_silent", "ingester")]
    assert world.pair.messages == [HealthChanged(healthy=True, problems=())]
    assert world.link.messages == [WorkProven(healthy=True, problems=())]
    assert world.status.silent == ()


def test_problems_travel_with_the_proof_and_reach_the_pair_once(world):
    assert world.pair.take() == [HealthChanged(healthy=True, problems=())]
    world.link.take()
    world.poller.problems = ("credentials refused",)
    world.run(3.0)
    ill = ("credentials refused",)
    assert world.link.take()[-1] == WorkProven(healthy=False, problems=ill)
    assert world.pair.take() == [HealthChanged(healthy=False, problems=ill)]
    assert world.status.problems == ill
    world.poller.problems = ()
    world.run(2.0)
    assert world.pair.take() == [HealthChanged(healthy=True, problems=())]


def test_a_pause_of_the_process_makes_nobody_silent_and_costs_one_answer_not_a_round(world):
    world.run(1.0)
    world.link.take()
    world.pause(30.0)
    assert world.link.take() == [WorkProven(healthy=True, problems=())]
    world.run(3.0)
    assert world.observer.of(AlarmRaised) == []
    assert len(world.link.take()) == 3


def test_after_a_pause_a_wedged_actor_keeps_the_heartbeat_silent(world):
    world.ingester.answers = False
    world.pause(30.0)
    world.link.take()
    world.run(1.0)
    assert world.observer.of(AlarmRaised) == []
    world.run(6.0)
    assert world.link.messages == []
    assert [alarm.subject for alarm in world.observer.of(AlarmRaised)] == ["ingester"]


def test_the_status_says_when_each_actor_answered_last(world):
    world.run(2.0)
    world.ingester.answers = False
    begin_ns = world.clock.now_ns
    world.run(2.0)
    assert world.status.answered_ns["poller"] > begin_ns
    assert world.status.answered_ns["ingester"] == begin_ns


def test_three_pings_fit_into_a_short_deadline():
    world = World(actor_deadline_s=0.3).start()
    world.run(0.35)
    assert [ping.number for ping in world.poller.messages] == [1, 2, 3, 4]


def test_it_pings_no_more_after_its_stop(world):
    world.supervisor.on_stop()
    world.poller.take()
    world.run(5.0)
    assert world.poller.messages == []
