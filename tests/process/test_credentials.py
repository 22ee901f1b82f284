"""Tokens, secrets and rights that fail on one node or on both, and are mended."""

import pytest

from sim.checkers.liveness import LIMITS_S
from sim.served.local_pair import NODES
from tests.process.looking import (
    as_json,
    finding,
    requests,
    source_of,
    tandem,
    wait_for_finding,
    wait_until_well,
)
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = pytest.mark.process

LIMITS = {**LIMITS_S, "refused": 20.0}


def client(node):
    return f"recorder-{node.name}"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("credentials")
    world = World(
        directory,
        tables={
            "pair": {"duty_failing_s": 2.0, "role_changes_per_hour_max": 100},
            "poll": {"canary_s": 1.0, "failing_s": 1.0},
            "retry": {"base_s": 0.2, "cap_s": 1.0, "park_after_tries": 1000},
        },
        of_node={
            name: {"sources.dynamics": {"client_secret": f"file:{name}.secret"}} for name in NODES
        },
    )
    try:
        for node in world.nodes:
            set_secret(world, node, f"secret-of-{node.name}")
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(autouse=True)
def well(world):
    """Every scenario begins with a whole pair without a finding, and ends without a fault."""
    world.pair.wait_for_pair()
    for node in world.nodes:
        wait_until_well(node)
    yield
    world.admin.clear_faults()
    for node in world.nodes:
        set_secret(world, node, f"secret-of-{node.name}")


def set_secret(world, node, text):
    (world.directory / f"{node.name}.secret").write_text(text + "\n")


def revoke(world, *nodes):
    for node in nodes:
        world.admin.add_fault("token_revoked", client=client(node))


def polls_after(world, node):
    seen = len(world.polls(node))
    wait_until(lambda: len(world.polls(node)) > seen + 1, 10.0, f"{node.name} polls", every_s=0.1)


@pytest.mark.parametrize("whose", ["both", "primary", "secondary"])
def test_a_revoked_token_is_replaced_without_a_word(world, whose):
    primary, secondary = world.primary_and_secondary()
    nodes = {"both": (primary, secondary), "primary": (primary,), "secondary": (secondary,)}[whose]
    given = {node: requests(world, client=client(node), kind="token", status=200) for node in nodes}
    revoke(world, *nodes)
    world.place(*[{}] * 6)
    world.settle_and_check(limits_s=LIMITS)
    for node in nodes:
        wait_until(
            lambda node=node: (
                requests(world, client=client(node), kind="token", status=200) > given[node]
            ),
            10.0,
            f"{node.name} has a new token",
        )
    primary.wait_for_role("primary")
    assert not world.findings(primary) | world.findings(secondary)


def test_a_standby_with_a_wrong_secret_is_a_finding_until_its_file_is_mended(world):
    primary, secondary = world.primary_and_secondary()
    set_secret(world, secondary, "wrong")
    revoke(world, secondary)
    found = wait_for_finding(secondary, "standby_credentials_failing")
    assert "secret" in found["hint"]
    polls_after(world, primary)
    set_secret(world, secondary, f"secret-of-{secondary.name}")
    wait_until_well(secondary)
    world.place({})
    world.settle_and_check(limits_s=LIMITS)
    primary.wait_for_role("primary")


def test_a_primary_with_a_wrong_secret_hands_over_and_heals_when_its_file_is_mended(world):
    primary, secondary = world.primary_and_secondary()
    world.disrupted("refused", primary)
    set_secret(world, primary, "wrong")
    revoke(world, primary)
    secondary.wait_for_role("primary")
    polls_after(world, secondary)
    assert "secret" in wait_for_finding(primary, "standby_credentials_failing")["hint"]
    set_secret(world, primary, f"secret-of-{primary.name}")
    wait_until_well(primary)
    world.place(*[{}] * 4)
    world.settle_and_check(limits_s=LIMITS)
    secondary.wait_for_role("primary")


def test_a_primary_whose_application_user_is_missing_hands_over(world):
    primary, secondary = world.primary_and_secondary()
    world.disrupted("refused", primary)
    world.admin.add_fault("forbidden", client=client(primary), why="no_user")
    secondary.wait_for_role("primary")
    polls_after(world, secondary)
    found = wait_for_finding(primary, "standby_credentials_failing")
    assert "application user" in found["hint"]
    world.admin.clear_faults()
    world.place(*[{}] * 4)
    world.settle_and_check(limits_s=LIMITS)


def test_when_both_nodes_are_refused_nobody_hands_over_and_all_heals_by_itself(world):
    primary, secondary = world.primary_and_secondary()
    for node in world.nodes:
        world.admin.add_fault("forbidden", client=client(node), why="no_user")
    wait_for_finding(secondary, "standby_credentials_failing")
    assert "application user" in wait_for_finding(primary, "poll_failing")["hint"]
    assert source_of(primary)["state"] == "stopped_by_error"
    assert "application user" in source_of(primary)["next_step"]
    world.place(*[{}] * 2)
    health = tandem(world, "health", "--json", url=primary.url)
    assert health.returncode == 1
    world.admin.clear_faults()
    for node in world.nodes:
        wait_until_well(node)
    assert as_json(tandem(world, "health", "--json", url=primary.url))["exit"] == 0
    world.settle_and_check(limits_s=LIMITS)
    primary.wait_for_role("primary")
    assert finding(secondary, "standby_credentials_failing") is None
