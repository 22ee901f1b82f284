import pytest

from cluster.ports import Closed, DialFailed, Endpoint, Opened
from sim.clockwork.kernel import Kernel
from sim.stand_ins.network import SimNetwork
from sim.stand_ins.transport import SEND_QUEUE_BYTES_MAX, SimTransport
from tests.cluster.mailbox import Mailbox

B = Endpoint("b", 7400)


class World:
    """Hosts a and b, connected by a stream dialled by a."""

    def __init__(self, seed=1):
        self.kernel = Kernel(seed=seed)
        self.net = SimNetwork(kernel=self.kernel)
        self.a = SimTransport(network=self.net, host="a")
        self.b = SimTransport(network=self.net, host="b", port=7400)
        self.at_a, self.at_b = Mailbox("a"), Mailbox("b")
        self.b.listen(self.at_b)
        self.a.dial(B, self.at_a)
        self.kernel.run_for(1)
        self.from_a = self.at_a.of(Opened)[0].connection
        self.from_b = self.at_b.of(Opened)[0].connection

    def heard_at_b(self):
        return self.at_b.bytes_of(self.from_b)

    def dial(self):
        at = Mailbox()
        self.a.dial(B, at)
        self.kernel.run_for(5)
        return at


@pytest.fixture
def world():
    return World()


def test_bytes_sent_into_a_cut_arrive_when_it_heals(world):
    world.net.cut("a", "b")
    world.from_a.send(b"x")
    world.from_b.send(b"y")
    world.kernel.run_for(5)
    assert world.heard_at_b() == b""
    assert world.at_a.bytes_of(world.from_a) == b"y", "the other direction is open"
    world.net.heal("a", "b")
    world.kernel.run_for(1)
    assert world.heard_at_b() == b"x"
    world.kernel.run_for(20)
    assert not world.at_a.of(Closed) + world.at_b.of(Closed)


@pytest.mark.parametrize("direction", [("a", "b"), ("b", "a")])
def test_a_sender_without_answers_gives_up_alone(world, direction):
    world.net.cut(*direction)
    world.from_a.send(b"x")
    world.kernel.run_for(9)
    assert [event.reason for event in world.at_a.of(Closed)] == ["timed out"]
    assert not world.at_b.of(Closed), "half open"
    world.net.heal(*direction)
    world.from_b.send(b"y")
    world.kernel.run_for(1)
    assert [event.reason for event in world.at_b.of(Closed)] == ["connection reset by peer"]
    assert len(world.at_a.of(Closed)) == 1


def test_a_quiet_stream_survives_any_cut(world):
    world.net.cut_both("a", "b")
    world.kernel.run_for(600)
    world.net.heal_both("a", "b")
    world.from_a.send(b"still here")
    world.kernel.run_for(1)
    assert world.heard_at_b() == b"still here"


@pytest.mark.parametrize("direction", [("a", "b"), ("b", "a")])
def test_a_dial_into_a_cut_times_out_and_is_no_refusal(world, direction):
    world.net.cut(*direction)
    assert [(event.refused, event.reason) for event in world.dial().of(DialFailed)] == [
        (False, "timed out")
    ]


def test_a_dead_process_resets_its_streams_and_refuses(world):
    world.net.crash("b")
    world.kernel.run_for(1)
    assert [event.reason for event in world.at_a.of(Closed)] == ["connection reset by peer"]
    assert not world.at_b.of(Closed)
    assert [event.refused for event in world.dial().of(DialFailed)] == [True]
    SimTransport(network=world.net, host="b", port=7400).listen(Mailbox())
    assert world.dial().of(Opened)


def test_a_host_without_power_says_nothing_and_knows_nothing_afterwards(world):
    world.net.power_off("b")
    world.kernel.run_for(5)
    assert not world.at_a.of(Closed)
    assert [event.refused for event in world.dial().of(DialFailed)] == [False]
    world.from_a.send(b"x")
    world.net.power_on("b")
    world.kernel.run_for(1)
    assert [event.reason for event in world.at_a.of(Closed)] == ["connection reset by peer"]


def test_a_stopped_process_sees_everything_when_it_goes_on(world):
    world.net.stall("b")
    for word in (b"one ", b"two ", b"three"):
        world.from_a.send(word)
    dialled = world.dial()
    assert dialled.of(Opened), "its host still takes connections"
    assert world.heard_at_b() == b""
    world.kernel.run_for(60)
    world.net.resume("b")
    assert world.heard_at_b() == b"one two three"
    assert len(world.at_b.of(Opened)) == 2
    assert not world.at_a.of(Closed)


def test_a_reset_ends_the_stream_at_both_ends(world):
    world.net.reset("a", "b")
    world.kernel.run_for(1)
    assert len(world.at_a.of(Closed)) == len(world.at_b.of(Closed)) == 1


def test_a_peer_that_does_not_take_bytes_is_cut_off(world):
    world.net.cut("a", "b")
    world.from_a.send(b"x" * (SEND_QUEUE_BYTES_MAX - 1))
    world.from_a.send(b"xx")
    world.kernel.run_for(1)
    assert "does not read" in world.at_a.of(Closed)[0].reason


@pytest.mark.parametrize("seed", range(5))
def test_loss_and_jitter_never_reorder_or_lose_bytes(seed):
    world = World(seed)
    world.net.shape("a", "b", latency_s=(0.01, 0.5), loss=0.3)
    sent = b""
    for n in range(200):
        piece = n.to_bytes(2, "big") * (n % 7 + 1)
        world.from_a.send(piece)
        sent += piece
        world.kernel.run_for(0.01)
    world.from_a.close("done")
    world.kernel.run_for(60)
    assert world.heard_at_b() == sent
    assert isinstance(world.at_b.messages[-1], Closed)


def test_the_same_seed_gives_the_same_instants():
    def instants(seed):
        seen = []
        kernel = Kernel(seed=seed, trace=lambda now_ns, label: seen.append((now_ns, label)))
        net = SimNetwork(kernel=kernel)
        here, there = (SimTransport(network=net, host=host, port=1) for host in "ab")
        there.listen(Mailbox())
        here.dial(Endpoint("b", 1), at := Mailbox())
        kernel.run_for(1)
        at.of(Opened)[0].connection.send(b"x" * 100)
        kernel.run_for(1)
        return seen

    assert instants(1) == instants(1) != instants(2)
