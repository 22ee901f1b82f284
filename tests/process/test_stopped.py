"""Nodes that are stopped for a while (SIGSTOP: a frozen machine, a paused virtual machine)."""

import signal

import pytest

from sim.ucaas.clocks import monotonic_ns
from tests.process.world import LONG
from tests.waiting import holds_for, wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def running(make_module_world):
    return make_module_world()


@pytest.fixture
def world(running):
    running.mend()
    return running


@pytest.mark.parametrize("seconds", [1, 3])
def test_a_primary_stopped_for_a_moment_stays_primary(world, seconds):
    primary, secondary = world.primary_and_secondary()
    world.calls(6, over_s=2.0)
    primary.signal(signal.SIGSTOP)
    stopped_ns = monotonic_ns()
    holds_for(seconds, lambda: secondary.role() == "secondary", "the other stays secondary")
    primary.signal(signal.SIGCONT)
    world.wait_for_poll(primary, since_ns=monotonic_ns())
    world.settle_and_check()
    assert world.primary_and_secondary() == (primary, secondary)
    assert not world.polls(secondary, since_ns=stopped_ns)


@pytest.mark.parametrize("seconds", [10, pytest.param(30, marks=LONG)])
def test_a_primary_stopped_for_long_is_replaced_and_wakes_up_as_secondary(world, seconds):
    primary, secondary = world.primary_and_secondary()
    world.calls(10, over_s=seconds)
    world.disrupted("silence", primary)
    primary.signal(signal.SIGSTOP)
    stopped_ns = monotonic_ns()
    world.wait_for_poll(secondary, since_ns=stopped_ns)
    holds_for(
        seconds - (monotonic_ns() - stopped_ns) / 1e9,
        lambda: secondary.role() == "primary",
        "the other is primary",
    )
    woken_ns = monotonic_ns()
    primary.signal(signal.SIGCONT)
    primary.wait_for_role("secondary")
    world.settle_and_check()
    assert world.primary_and_secondary() == (secondary, primary)
    assert len(world.polls(primary, since_ns=woken_ns)) <= 1, "a listing in hand, nothing more"
    assert not world.polls(primary, since_ns=woken_ns + 1_000_000_000)


def test_a_stopped_secondary_is_done_without_until_it_wakes(world):
    primary, secondary = world.primary_and_secondary()
    world.calls(12, over_s=3.0)
    secondary.signal(signal.SIGSTOP)
    wait_until(
        lambda: (primary.view() or {}).get("peer_link") == "dead",
        15.0,
        "the primary notices the silence",
        every_s=0.1,
    )
    since_ns = monotonic_ns()
    world.wait_for_poll(primary, since_ns=since_ns)
    secondary.signal(signal.SIGCONT)
    world.settle_and_check()
    assert world.primary_and_secondary() == (primary, secondary)
