"""A crash after every single effect of a takeover and of a switchover, then a restart."""

import pytest

from cluster.messages import Switchover
from tests.cluster.pair_world import World

HEAL_S = 12.0


def settled_world(seed=7):
    world = World(seed=seed)
    world.run(5)
    assert world.primaries() == ["a"]
    return world


def effects_of(node, act, seconds):
    """How many effects `node` carries out while `act` plays."""
    world = settled_world()
    before = world.effect_counts[node]
    act(world)
    world.run(seconds)
    return world.effect_counts[node] - before


def with_crash(node, number, act):
    world = settled_world()
    world.crash_at[node] = world.effect_counts[node] + number
    act(world)
    world.run(1.9)
    world.run_until(world.is_well, HEAL_S, f"one primary after effect {number} of {node}")
    world.run(10)
    assert world.is_well()


def the_primary_dies(world):
    world.crash("a")
    world.at(6.0, lambda: world.start("a"))


def an_operator_switches_over(world):
    world.tell("a", Switchover("b", world.answers))


def test_a_takeover_may_be_interrupted_after_every_effect():
    count = effects_of("b", the_primary_dies, 0.5)
    assert count >= 5
    for number in range(1, count + 1):
        with_crash("b", number, the_primary_dies)


@pytest.mark.parametrize("node", ["a", "b"])
def test_a_switchover_may_be_interrupted_after_every_effect_of_either_node(node):
    count = effects_of(node, an_operator_switches_over, 1.0)
    assert count >= 5
    for number in range(1, count + 1):
        with_crash(node, number, an_operator_switches_over)


def test_uninterrupted_the_switchover_ends_well():
    world = settled_world()
    an_operator_switches_over(world)
    world.run(1.0)
    assert world.primaries() == ["b"]
    assert [answer.status for answer in world.answers.messages] == ["done"]
    assert all(ns - world.changes[-1][0] >= 0 for ns in (world.now_ns,))
