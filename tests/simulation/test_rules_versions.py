"""One node that is not like the other."""

from cluster.frames import PROTOCOL_MAX
from cluster.ports import Received
from cluster.status import PeerStatus
from sim.world.incident import Fault
from sim.world.newer import UNKNOWN
from tests.simulation.rule_worlds import live


def _intervals(world):
    return [machine.config.poll.interval_s for machine in world.machines.values()]


def _peer(world):
    status = world.machines["alpha"].board.read("peer", PeerStatus)
    return status.build, status.protocol


def test_one_node_runs_with_other_settings_for_a_while():
    lived = live(
        Fault("settings", "beta", at_s=15, for_s=20, options={"poll.interval_s": 2.0}),
        minutes=1,
        looks={20: _intervals, 50: _intervals},
    )
    assert lived.seen == {20: [5.0, 2.0], 50: [5.0, 5.0]}
    assert lived.world.machines["beta"].starts == 3


def test_changes_of_settings_overlap_and_end_each_for_itself():
    lived = live(
        Fault("settings", "beta", at_s=15, for_s=20, options={"poll.interval_s": 2.0}),
        Fault("settings", "beta", at_s=20, for_s=20, options={"poll.settle_s": 2.0}),
        minutes=1,
        looks={
            at: lambda w: (
                w.machines["beta"].config.poll.interval_s,
                w.machines["beta"].config.poll.settle_s,
            )
            for at in (25, 38, 50)
        },
    )
    assert lived.seen == {25: (2.0, 2.0), 38: (5.0, 2.0), 50: (5.0, 5.0)}


def test_a_node_of_the_next_version_says_more_than_this_one_knows_and_is_understood():
    lived = live(
        Fault("newer_version", "beta", at_s=15, for_s=25),
        Fault("crash", "alpha", at_s=25, for_s=5),
        minutes=1,
        looks={24: _peer, 55: _peer},
    )
    assert lived.seen[24] == (f"world-{PROTOCOL_MAX + 1}", PROTOCOL_MAX)
    assert lived.seen[55] == (f"world-{PROTOCOL_MAX}", PROTOCOL_MAX)
    heard = b"".join(one.data for one in lived.messages(Received, "alpha"))
    assert UNKNOWN.encode() in heard


def test_both_nodes_are_upgraded_one_after_the_other():
    live(
        Fault("newer_version", "beta", at_s=10, for_s=60),
        Fault("newer_version", "alpha", at_s=20, for_s=60),
        minutes=1.5,
    )
