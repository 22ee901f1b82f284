"""What an operator does to the pair while it works."""

from itertools import pairwise

import pytest

from sim.ucaas.clocks import monotonic_ns
from tests.process.looking import command, tandem
from tests.waiting import holds_for, wait_until

pytestmark = pytest.mark.process

INTERVAL_S = 0.5
GAP_S = INTERVAL_S + 1.0
"""The longest time without a poll around a planned change, on a machine that does other things."""
LEASE_S = 6.0


@pytest.fixture(scope="module")
def running(make_module_world):
    return make_module_world()


@pytest.fixture
def world(running):
    running.mend()
    return running


def gap_s(world, since_ns):
    """The longest time between two polls since then."""
    instants = [poll.monotonic_ns for poll in world.admin.polls() if poll.first_page]
    instants = [since_ns, *(at_ns for at_ns in instants if at_ns >= since_ns), monotonic_ns()]
    return max((b - a) / 1e9 for a, b in pairwise(instants))


def paused(world):
    return [(node.view() or {}).get("paused") for node in world.nodes]


def test_a_planned_switchover_by_the_api_skips_no_poll(world):
    primary, secondary = world.primary_and_secondary()
    world.calls(10, over_s=2.0)
    since_ns = monotonic_ns()
    world.disrupted("switchover", primary)
    answer = primary.post("/api/v1/switchover")
    assert (answer.status_code, answer.json()["status"]) == (200, "done")
    assert world.primary_and_secondary() == (secondary, primary)
    world.settle_and_check()
    assert gap_s(world, since_ns) < GAP_S


def test_a_planned_switchover_by_command_and_back_skips_no_poll(world):
    primary, secondary = world.primary_and_secondary()
    world.calls(20, over_s=4.0)
    since_ns = monotonic_ns()
    for old, new in ((primary, secondary), (secondary, primary)):
        world.disrupted("operator", old)
        done = tandem(world, "switchover", "--yes")
        assert done.returncode == 0, done.stderr
        assert f"primary {new.name}" in done.stdout
        assert world.primary_and_secondary() == (new, old)
    world.settle_and_check()
    assert gap_s(world, since_ns) < GAP_S


def test_a_switchover_to_the_node_that_is_primary_already_changes_nothing(world):
    primary, secondary = world.primary_and_secondary()
    done = tandem(world, "switchover", "--yes", "--to", primary.name)
    assert done.returncode == 0, done.stderr
    assert world.primary_and_secondary() == (primary, secondary)
    world.settle_and_check()


def test_a_switchover_without_a_peer_is_refused_and_the_primary_goes_on(world):
    primary, secondary = world.primary_and_secondary()
    secondary.kill()
    wait_until(
        lambda: (primary.view() or {}).get("peer_link") == "dead", 10.0, "the death is noticed"
    )
    done = tandem(world, "switchover", "--yes")
    assert done.returncode == 6, done.stderr
    primary.wait_for_role("primary")
    world.mend()
    world.settle_and_check()


def test_a_paused_pair_waits_for_an_operator_to_fail_over(world):
    primary, secondary = world.primary_and_secondary()
    assert tandem(world, "pause").returncode == 0
    assert paused(world) == [True, True]
    world.calls(6, over_s=2.0)
    world.disrupted("operator", primary)
    killed_ns = monotonic_ns()
    primary.kill()
    holds_for(
        LEASE_S + 1.0,
        lambda: secondary.role() == "secondary" and not world.polls(secondary, since_ns=killed_ns),
        "nobody polls",
        every_s=0.25,
    )
    done = command(
        *("failover", "--yes", "--without-peer", "--url", secondary.url),
        TANDEM_TOKEN_FILE=str(world.pair.token_file),
    )
    assert done.returncode == 0, done.stderr
    world.wait_for_poll(secondary, since_ns=killed_ns)
    primary.start()
    primary.wait_for_role("secondary")
    assert paused(world) == [True, True], "a node that returns learns that the pair is paused"
    assert tandem(world, "resume").returncode == 0
    assert paused(world) == [False, False]
    world.settle_and_check()
    assert world.primary_and_secondary() == (secondary, primary)
