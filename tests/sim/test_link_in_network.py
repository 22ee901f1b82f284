"""Two links on the simulated network, among faults."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cluster.board import Board
from cluster.frames import Heartbeat
from cluster.link import Link
from cluster.links.handshake import Identity
from cluster.messages import (
    BeatDue,
    PeerGone,
    PeerRefused,
    PeerSaid,
    PeerUp,
    StopLink,
    WorkProven,
)
from cluster.ports import Endpoint
from cluster.settings import PairSettings
from cluster.status import PeerStatus
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Kernel
from sim.clockwork.randomness import SimRandomness
from sim.clockwork.runtime import SimRuntime
from sim.stand_ins.discovery import SimDiscovery, SimLan
from sim.stand_ins.network import SimNetwork
from sim.stand_ins.transport import SimTransport
from tests.cluster.mailbox import Mailbox

PORT = 7400
HEAL_S = 30.0
"""Longer than everything that may be under way: a hello awaited, a silence, a back-off."""


class Supervisor:
    """Proves work every second, so that the link beats."""

    def __init__(self, own, clock, link):
        self._own, self._clock, self._link = own, clock, link

    def on_start(self):
        self.on_message(None)

    def on_message(self, _):
        self._link.tell(WorkProven(healthy=True, problems=()))
        self._clock.call_later(1.0, self._own, BeatDue())

    def on_stop(self):
        pass


class World:
    def __init__(self, seed, *, fixed=True):
        self.crashes = []
        self.kernel = Kernel(seed=seed)
        self.net = SimNetwork(kernel=self.kernel)
        self.lan = SimLan(self.net)
        self.fixed = fixed
        self.boots = 0
        self.pairs = {}
        self.boards = {}
        self.links = {}
        for node in "ab":
            self.boot(node)

    def boot(self, node):
        self.boots += 1
        epoch = self.kernel.begin_epoch(node)
        runtime = SimRuntime(
            kernel=self.kernel, epoch=epoch, on_crash=lambda *crash: self.crashes.append(crash)
        )
        clock = SimClock(kernel=self.kernel, epoch=epoch)
        own, supervisor = runtime.reserve("link"), runtime.reserve("supervisor")
        here, peer = Endpoint(node, PORT), Endpoint("b" if node == "a" else "a", PORT)
        discovery = SimDiscovery(lan=self.lan, cluster="acme", node=node, endpoint=here)
        self.pairs[node], self.boards[node], self.links[node] = Mailbox(), Board(), own
        link = Link(
            own=own,
            identity=Identity("acme", node, f"i-{node}", f"boot-{self.boots}", "test"),
            settings=PairSettings(),
            transport=SimTransport(network=self.net, host=node, port=PORT),
            discovery=None if self.fixed else discovery,
            clock=clock,
            randomness=SimRandomness(kernel=self.kernel, node=node),
            board=self.boards[node],
            pair=self.pairs[node],
            distributor=Mailbox(),
            observer=Mailbox(),
            duties=[],
            fixed_peer=peer if self.fixed else None,
        )
        runtime.start(own, link)
        runtime.start(supervisor, Supervisor(supervisor, clock, own))

    def crash(self, node):
        self.kernel.end_epoch(node)
        self.net.crash(node)

    def news(self, node):
        kinds = PeerUp | PeerGone | PeerRefused
        return [type(one) for one in self.pairs[node].messages if isinstance(one, kinds)]

    def connected(self, node):
        return self.boards[node].read("peer", PeerStatus).connected

    def beats(self, node):
        said = self.pairs[node].of(PeerSaid)
        return [one for one in said if isinstance(one.frame, Heartbeat)]

    def check_connected(self):
        for node in "ab":
            assert self.connected(node), f"{node} is not connected"
            before = len(self.beats(node))
            self.kernel.run_for(3)
            assert len(self.beats(node)) >= before + 2, f"{node} hears no beats"
        assert self.crashes == []


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("fixed", [True, False])
def test_two_links_that_start_together_meet_once_and_stay(seed, fixed):
    world = World(seed, fixed=fixed)
    world.kernel.run_for(5)
    world.check_connected()
    world.kernel.run_for(60)
    for node in "ab":
        assert world.news(node) == [PeerUp]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("dies", ["a", "b"])
def test_the_death_of_either_process_is_proven_within_half_a_second(seed, dies):
    world = World(seed)
    world.kernel.run_for(10)
    world.crash(dies)
    world.kernel.run_for(0.5)
    stays = "b" if dies == "a" else "a"
    assert world.news(stays) == [PeerUp, PeerGone, PeerRefused]
    world.boot(dies)
    world.kernel.run_for(HEAL_S)
    world.check_connected()
    assert world.pairs[stays].of(PeerUp)[-1].restarted


@pytest.mark.parametrize("ms", range(0, 400, 10))
def test_a_death_while_the_link_comes_up_does_not_confuse_the_survivor(ms):
    world = World(5)
    world.kernel.run_for(ms / 1000)
    world.crash("b")
    world.kernel.run_for(20)
    world.boot("b")
    world.kernel.run_for(HEAL_S)
    world.check_connected()


@pytest.mark.parametrize("stops", ["a", "b"])
def test_a_goodbye_is_evidence_without_any_dial(stops):
    world = World(1)
    world.kernel.run_for(10)
    world.links[stops].tell(StopLink("upgrade"))
    world.kernel.run_for(0.1)
    stays = "b" if stops == "a" else "a"
    assert world.news(stays) == [PeerUp, PeerGone, PeerRefused]


@pytest.mark.parametrize("fault", ["cut", "power"])
def test_silence_is_never_evidence_of_death(fault):
    world = World(1)
    world.kernel.run_for(10)
    if fault == "cut":
        world.net.cut_both("a", "b")
    else:
        world.kernel.end_epoch("b")
        world.net.power_off("b")
    world.kernel.run_for(60)
    assert world.news("a") == [PeerUp, PeerGone]


FAULTS = [
    "cut a b",
    "cut b a",
    "heal",
    "reset",
    "stall a",
    "stall b",
    "resume",
    "loss",
    "crash a",
    "crash b",
]
PLAN = st.lists(st.tuples(st.integers(0, 12_000), st.sampled_from(FAULTS)), max_size=12)


def inject(world, fault):
    match fault.split():
        case ["cut", source, target]:
            world.net.cut(source, target)
        case ["heal"]:
            world.net.heal_both("a", "b")
        case ["reset"]:
            world.net.reset("a", "b")
        case ["stall", node]:
            world.net.stall(node)
        case ["resume"]:
            world.net.resume("a")
            world.net.resume("b")
        case ["loss"]:
            world.net.shape("a", "b", latency_s=(0.001, 0.3), loss=0.2)
        case ["crash", node]:
            world.crash(node)
            world.boot(node)


@settings(max_examples=60, deadline=None)
@given(PLAN, st.booleans(), st.integers(0, 2**32))
# The hello of a dead process arrived after its successor's, which was then locked out for ever:
@example(plan=[(1, "loss"), (1, "crash a")], fixed=False, seed=0)
def test_whatever_happens_the_links_meet_again_and_never_invent_a_death(plan, fixed, seed):
    world = World(seed, fixed=fixed)
    for after_ms, fault in plan:
        world.kernel.run_for(after_ms / 1000)
        inject(world, fault)
    for fault in ("heal", "resume"):
        inject(world, fault)
    world.net.shape("a", "b", latency_s=(0.001, 0.01))
    world.kernel.run_for(HEAL_S)
    world.check_connected()
    nobody_died = not any(fault.startswith("crash") for _, fault in plan)
    for node in "ab":
        news = world.news(node)
        assert not nobody_died or PeerRefused not in news
        turns = [one for one in news if one is not PeerRefused]
        assert turns == [PeerUp, PeerGone] * (len(turns) // 2) + [PeerUp]
