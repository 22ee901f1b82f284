"""Nodes killed at random instants under load: nothing is lost, nothing is stored twice."""

import pytest

from sim.chance import stream

pytestmark = pytest.mark.process


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_doubled_when_nodes_are_killed_again_and_again(world, seed):
    chance = stream(seed, "kill")
    world.start()
    for victim in chance.sample(["primary", "secondary", "primary"], 3):
        primary, secondary = world.primary_and_secondary()
        done = world.archived()
        world.calls(12, over_s=2.0)
        world.wait_for_archived(done + chance.randint(0, 8))
        node = primary if victim == "primary" else secondary
        world.kill(node)
        node.start()
    world.primary_and_secondary()
    world.settle_and_check()
