"""Nodes that start, return and start again: one of them is primary, and it knows the past."""

import pytest

from sim.checkers.liveness import Disruption
from sim.ucaas.clocks import monotonic_ns
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def running(make_module_world):
    return make_module_world(empty=True)


@pytest.fixture
def world(running):
    running.mend()
    return running


def last_primary(world):
    return [row for row in world.history() if row.new == "primary"][-1]


def test_two_nodes_started_at_once_agree_on_one_primary(world):
    def reigns():
        return [row.node for row in world.history() if row.new == "primary"]

    wait_until(reigns, 10.0, "the change of role is on record", every_s=0.1)
    assert reigns() == ["alpha"], "the lower node id goes first"
    world.calls(6, over_s=1.0)
    world.settle_and_check()


def test_a_node_that_returns_after_long_work_of_the_other_follows_with_its_term_and_marks(world):
    primary, secondary = world.primary_and_secondary()
    secondary.kill()
    world.calls(12, over_s=2.0)
    world.settle()
    returned_ns = monotonic_ns()
    secondary.start()
    secondary.wait_for_role("secondary")
    term = last_primary(world).term
    wait_until(
        lambda: (secondary.view() or {}).get("term") == term, 10.0, "it knows the term", every_s=0.1
    )
    world.wait_for_poll(primary, since_ns=monotonic_ns())
    mark = primary.get("/api/v1/sources")["sources"][0]["watermark"]
    assert mark
    wait_until(
        lambda: (secondary.get("/api/v1/sources")["sources"][0]["watermark"] or "") >= mark,
        10.0,
        "it knows the watermark",
        every_s=0.1,
    )
    assert not world.polls(secondary, since_ns=returned_ns)
    world.settle_and_check()
    assert world.primary_and_secondary() == (primary, secondary)


def test_a_primary_that_comes_back_before_its_lease_ended_leaves_one_primary(world):
    primary, _ = world.primary_and_secondary()
    world.calls(8, over_s=2.0)
    world.kill(primary)
    primary.start()
    world.primary_and_secondary()
    world.settle_and_check()


def test_a_lonely_primary_that_comes_back_before_its_lease_ended_goes_on(world):
    primary, secondary = world.primary_and_secondary()
    secondary.kill()
    primary.kill()
    world.calls(4, over_s=1.0)
    started_ns = monotonic_ns()
    primary.start()
    world.wait_for_poll(primary, since_ns=started_ns)
    secondary.start()
    secondary.wait_for_role("secondary")
    assert world.primary_and_secondary() == (primary, secondary)
    world.settle_and_check()


def test_both_killed_and_started_again_go_on_where_they_were(world):
    primary, secondary = world.primary_and_secondary()
    world.calls(10, over_s=1.0)
    world.wait_for_archived(world.archived() + 3)
    killed_ns = monotonic_ns()
    for node in (primary, secondary):
        node.kill()
    term = last_primary(world).term
    if world.start() != primary.name:
        world.disruptions.append(Disruption("operator", primary.name, killed_ns))
    world.settle_and_check()
    assert last_primary(world).term > term
