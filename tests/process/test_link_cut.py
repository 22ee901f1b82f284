"""The link between the nodes fails while both see the Data Center: nobody takes over needlessly."""

import pytest

from tests.process.cut_proxy import Network
from tests.process.looking import wait_for_finding
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def network():
    network = Network()
    yield network
    network.close()


@pytest.fixture(scope="module")
def linked(make_module_world, network):
    """A running pair whose links all run through `network`."""
    world = make_module_world(peer_ports=network.ports)
    network.connect(world.pair.peer_ports)
    return world


@pytest.fixture
def world(linked, network):
    network.heal()
    linked.mend()
    wait_until_linked(linked)
    return linked


def peer_link(node):
    view = node.view()
    return view and view["peer_link"]


def wait_until_linked(world, timeout_s=15.0):
    wait_until(
        lambda: all(peer_link(node) == "alive" for node in world.nodes),
        timeout_s,
        "both nodes hear each other",
        every_s=0.1,
    )


def roles(world):
    return world.pair.roles()


def test_nobody_takes_over_when_the_link_is_cut_and_the_data_center_is_seen(world, network):
    primary, secondary = world.primary_and_secondary()
    before = roles(world)
    network.cut()
    world.calls(6, over_s=1.0)
    wait_until(
        lambda: "link_down" in world.findings(secondary),
        15.0,
        "the secondary finds that the link is down",
        every_s=0.1,
    )
    wait_until(
        lambda: peer_link(primary) == peer_link(secondary) == "dead",
        15.0,
        "the silence is noticed",
        every_s=0.1,
    )
    world.settle()
    assert roles(world) == before
    network.heal()
    wait_until_linked(world)
    wait_until(lambda: "link_down" not in world.findings(secondary), 5.0, "the finding is closed")
    assert roles(world) == before
    world.settle_and_check()


@pytest.mark.parametrize("muted", ["primary", "secondary"])
def test_nobody_takes_over_when_only_one_direction_of_the_link_is_cut(world, network, muted):
    primary, secondary = world.primary_and_secondary()
    before = roles(world)
    sender, hearer = (primary, secondary) if muted == "primary" else (secondary, primary)
    network.cut(sender.name)
    world.calls(6, over_s=1.0)
    wait_until(lambda: peer_link(hearer) == "dead", 15.0, "the silence is noticed", every_s=0.1)
    told = wait_for_finding(sender, "link_one_way")["what"]
    assert f"{hearer.name} does not hear {sender.name}" in told
    world.settle()
    assert roles(world) == before
    network.heal()
    wait_until_linked(world)
    wait_until(lambda: "link_one_way" not in world.findings(sender), 5.0, "the finding is closed")
    assert roles(world) == before
    world.settle_and_check()


def test_a_link_that_is_reset_again_and_again_comes_back_without_a_role_change(world, network):
    before = roles(world)
    world.calls(8, over_s=2.0)
    for _ in range(5):
        network.reset()
        wait_until_linked(world)
    world.settle()
    assert roles(world) == before
    world.settle_and_check()


def test_a_slow_link_delays_work_but_changes_no_role(world, network):
    before = roles(world)
    network.delay(0.7)
    world.calls(6, over_s=1.0)
    world.settle()
    assert roles(world) == before
    world.settle_and_check()


def test_a_firewall_that_rejects_looks_like_death_but_leaves_one_primary(world, network):
    primary, secondary = world.primary_and_secondary()
    world.disrupted("silence", primary)
    network.reject()
    world.calls(6, over_s=1.0)
    wait_until(
        lambda: (
            sorted(map(str, roles(world).values())) == ["primary", "secondary"]
            and peer_link(primary) == peer_link(secondary) == "dead"
        ),
        20.0,
        "one node is primary",
        every_s=0.1,
    )
    network.heal()
    wait_until_linked(world)
    world.primary_and_secondary()
    world.settle_and_check()
