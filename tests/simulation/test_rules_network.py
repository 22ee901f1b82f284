"""Frames that are late, lost, said twice, overtaken, cut off or torn."""

import itertools

import pytest

from cluster.links.wire import FrameDecoder
from cluster.ports import Closed, Opened, Received
from cluster.status import PeerStatus
from sim.clockwork.kernel import Kernel
from sim.stand_ins.network import SimNetwork, Weather
from sim.world.incident import Fault
from tests.simulation.rule_worlds import live


def _trip_ms(world):
    status = world.machines["alpha"].board.read("peer", PeerStatus)
    return status.round_trip_ms


def _heard(lived, node, start_s, end_s):
    """Bytes a node received within a period."""
    return [
        at
        for at, whose, _, message in lived.heard
        if whose == node and isinstance(message, Received) and start_s < at < end_s
    ]


def test_a_cut_in_one_direction_leaves_the_other():
    lived = live(Fault("cut", "alpha>beta", at_s=30, for_s=6), minutes=1)
    assert not _heard(lived, "beta", 30.1, 36)
    assert _heard(lived, "alpha", 30.1, 36)


def test_a_cut_both_ways_lets_nothing_through_and_takeover_and_healing_lose_nothing():
    lived = live(Fault("cut", at_s=30, for_s=20), minutes=1.2)
    assert not _heard(lived, "beta", 30.1, 50)
    assert not _heard(lived, "alpha", 30.1, 50)
    assert _heard(lived, "alpha", 50, 70)


def test_frames_take_longer_while_the_link_is_slow():
    lived = live(
        Fault("link_slow", at_s=20, for_s=20, options={"delay_s": 0.3, "jitter_s": 0.1}),
        minutes=1,
        looks={19: _trip_ms, 35: _trip_ms, 55: _trip_ms},
    )
    assert lived.seen[19] < 10
    assert 500 <= lived.seen[35] <= 900
    assert lived.seen[55] < lived.seen[35] / 4, "the figure is a running mean"


def test_faults_on_one_link_add_up_and_end_each_for_itself():
    network = SimNetwork(kernel=Kernel(seed=1), latency_s=(0.001, 0.001))
    far, farther = Weather(delay_s=0.2), Weather(delay_s=0.3, is_cut=True)

    def state():
        return network.delay_ns("a", "b") / 1e9, network.is_open("a", "b")

    network.begin("a", "b", far)
    network.begin("a", "b", farther)
    assert state() == (pytest.approx(0.501), False)
    network.end("a", "b", far)
    assert state() == (pytest.approx(0.301), False)
    network.end("a", "b", farther)
    assert state() == (pytest.approx(0.001), True)


def test_spikes_delay_a_few_frames_and_what_is_behind_them():
    options = {"share": 0.1, "seconds": 2.0}
    lived = live(Fault("link_spikes", at_s=20, for_s=30, options=options), minutes=1)
    came = _heard(lived, "beta", 20, 50)
    gaps = [later - earlier for earlier, later in itertools.pairwise(came)]
    assert max(gaps) > 1.5


def test_lost_segments_are_sent_again_and_the_stream_waits():
    lived = live(Fault("link_loss", at_s=20, for_s=30, options={"share": 0.5}), minutes=1)
    assert lived.world.network.lost > 10


def test_a_frame_said_twice_does_nothing_twice():
    lived = live(Fault("link_doubled", at_s=10, for_s=40, options={"share": 0.5}), minutes=1)
    assert lived.world.network.doubled > 10


def test_frames_overtaken_by_others_do_no_harm():
    options = {"share": 0.3, "seconds": 2.0}
    lived = live(Fault("link_reordered", at_s=10, for_s=40, options=options), minutes=1)
    assert lived.world.network.overtaken > 10


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_reset_tears_a_frame_and_the_nodes_connect_again(share):
    lived = live(Fault("link_reset", "alpha>beta", at_s=30, options={"share": share}), minutes=1)
    connections = {}
    for at, node, _, message in lived.heard:
        if node == "beta" and isinstance(message, (Received, Closed)) and at < 32:
            connections.setdefault(message.connection.number, []).append(message)
    (torn,) = [
        messages
        for messages in connections.values()
        if any(isinstance(one, Closed) for one in messages) and len(messages) > 20
    ]
    decoder = FrameDecoder()
    for one in torn:
        if isinstance(one, Received):
            decoder.feed(one.data)
    assert decoder._waiting, "a frame came half"
    assert lived.messages(Opened, "beta", 30)


def test_the_last_frames_of_an_old_stream_arrive_beside_those_of_the_new_one():
    options = {"hold_s": 1.0, "late_s": 0.005}
    met = 0
    for seed in range(6):
        lived = live(
            Fault("old_frames", "alpha>beta", at_s=30, options=options), minutes=0.8, seed=seed
        )
        newest = 0
        for at, node, _, message in lived.heard:
            if node == "beta" and at > 30:
                if isinstance(message, Opened):
                    newest = max(newest, message.connection.number)
                if isinstance(message, Received):
                    met += message.connection.number < newest
    assert met > 0
