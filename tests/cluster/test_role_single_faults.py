"""One fault at a time against a settled pair: how long nobody polls, and who is primary afterwards."""

import pytest

from cluster.frames import Role
from tests.cluster.pair_parts import Fault
from tests.cluster.pair_world import World

S = 1_000_000_000

STAYS = [
    (["cut"], "a", 20.0),
    (["reset"], "a", 1.0),
    (["mute"], "a", 20.0),
    (["loss"], "ab", 20.0),
    (["jitter"], "ab", 20.0),
    (["dc_cut"], "a", 4.0),
    (["dc_cut"], "b", 20.0),
    (["dc_cut"], "ab", 6.0),
    (["dc_cut"], "ab", 20.0),
    (["dc_slow"], "ab", 20.0),
    (["answer_lost"], "ab", 20.0),
    (["disk_full"], "a", 20.0),
    (["slow_disk"], "ab", 20.0),
    (["unhealthy"], "ab", 20.0),
    (["unhealthy"], "b", 20.0),
    (["pause"], "a", 20.0),
    (["failover"], "ab", 1.0),
]
"""No needless change: duty goes on as if nothing had happened."""

MOVES = [
    (["crash"], "a", 20.0, 0.3),
    (["exit"], "a", 20.0, 0.5),
    (["switchover"], "a", 1.0, 0.5),
    (["switchover"], "b", 1.0, 0.5),
    (["unhealthy"], "a", 20.0, 0.5),
    (["dc_cut"], "a", 20.0, 0.5),
    (["stop"], "a", 20.0, 7.0),
    (["cut", "dc_cut"], "a", 20.0, 0.3),
]
"""The other node takes over, and nobody polls for so many seconds at most. The last one polls on
alone for a while (`when_alone` is `record`), hence the short gap."""


def live_through(kinds, node, for_s, seed):
    """The world after the fault and the longest time without duty, in seconds."""
    at_s = 8.0 + seed / 10
    world = World(seed=seed, faults=[Fault(at_s, kind, node, for_s) for kind in kinds])
    world.run(7.9)
    assert world.primaries() == ["a"]
    longest_ns = idle_ns = 0
    for _ in range(round((for_s + 20) / 0.05)):
        world.run(0.05)
        awake = [name for name in world.on_duty() if not world.processes[name].stopped]
        idle_ns = 0 if awake else idle_ns + S // 20
        longest_ns = max(longest_ns, idle_ns)
    return world, longest_ns / S


def reigns(world):
    return sum(
        1
        for _, _, change in world.changes
        if change.old is Role.CANDIDATE and change.new is Role.PRIMARY
    )


@pytest.mark.parametrize("fault", STAYS, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_the_primary_stays(fault, seed):
    world, idle_s = live_through(*fault, seed)
    assert (world.primaries(), reigns(world)) == (["a"], 1)
    assert idle_s <= 0.3


@pytest.mark.parametrize("fault", MOVES, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_the_other_node_takes_over_once_and_soon(fault, seed):
    *fault, limit_s = fault
    world, idle_s = live_through(*fault, seed)
    assert (world.primaries(), reigns(world)) == (["b"], 2)
    assert idle_s <= limit_s
