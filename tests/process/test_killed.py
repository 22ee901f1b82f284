"""Nodes that die under load, at random instants and at the worst ones: nothing lost or doubled."""

import signal

import pytest

from recorder.traps import POINTS
from sim.clockwork.chance import stream
from tests.process.world import LONG
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def running(make_module_world):
    return make_module_world()


@pytest.fixture
def world(running):
    running.mend()
    return running


def call_until(world, condition):
    """Calls end all the time until `condition()` is true."""

    def is_true_after_calls():
        world.calls(3)
        return condition()

    wait_until(is_true_after_calls, 40.0, "the trap springs", every_s=0.4)


def trap(point):
    return {"TANDEM_TRAPS_ALLOWED": "1", "TANDEM_TRAP": point}


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=LONG) for seed in range(2, 12))])
def test_nothing_is_lost_or_doubled_when_nodes_are_killed_again_and_again(world, seed):
    chance = stream(seed, "kill")
    victims = ["primary", "secondary", "primary"]
    for victim in chance.sample(victims, len(victims)):
        primary, secondary = world.primary_and_secondary()
        done = world.archived()
        world.calls(12, over_s=2.0)
        world.wait_for_archived(done + chance.randint(0, 8))
        node = primary if victim == "primary" else secondary
        world.kill(node)
        node.start()
    world.primary_and_secondary()
    world.settle_and_check()


@pytest.mark.parametrize("point", POINTS)
def test_a_node_that_dies_just_before_writing_loses_and_doubles_nothing(world, point):
    chance = stream(POINTS.index(point), "trap")
    _, victim = world.primary_and_secondary()
    victim.kill()
    victim.start(extra_env=trap(f"{point}:{chance.randint(1, 4)}"))
    call_until(world, lambda: not victim.running)
    assert victim.exit_status == -signal.SIGKILL
    victim.start()
    world.settle_and_check()


@pytest.mark.parametrize(("actor", "message"), [("pair", 45), ("poller:dynamics", 45)])
def test_an_actor_that_fails_ends_the_process_and_the_peer_takes_over(world, actor, message):
    primary, victim = world.primary_and_secondary()
    victim.kill()
    victim.start(extra_env=trap(f"raise_in:{actor}:{message}"))
    victim.wait_for_role("secondary")
    world.switch_over_from(primary)
    world.calls(12, over_s=2.0)
    assert victim.wait(20.0) == 70
    world.disrupted("death", victim)
    assert f"the actor {actor} failed: TrapSprung" in victim.tail(60)
    assert primary.wait_for_role("primary")
    victim.start()
    world.settle_and_check()
