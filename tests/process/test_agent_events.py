"""Two real nodes, and a service that tells them what its agents do: to both, to one, to none; and deaths in between."""

import pytest

from sim.served.kinds import DYNAMICS
from sim.ucaas.dynamics.people import agent_id
from sim.ucaas.webex.center import agent_of
from sim.ucaas.webex.people import owner
from tests.waiting import wait_until

pytestmark = pytest.mark.process

ANN, BOB = f"dynamics/{agent_id(1, 0)}", f"dynamics/{agent_id(1, 1)}"
ASK_OFTEN = {"screens": {"states_every_s": 1.0}}


def call(world, *legs, ends_in_s):
    """A call that is told to the nodes while it lasts; its conversation."""
    body = {"ends_in_s": ends_in_s, "legs": legs, "recordings": [{"audio": 0}]}
    (placed,) = world.served[DYNAMICS].admin.place_calls(body)
    return placed["conversation"]


def legs(node, agent):
    """What a node knows of an agent: (call, verdict, ended by)."""
    agents = node.get("/api/v1/agents")["agents"]
    known = next((one["legs"] for one in agents if one["agent"] == agent), [])
    return [(leg["call"], leg["verdict"], leg.get("ended_by")) for leg in known]


def both_say(world, agent, key, verdict, ended_by=None):
    """Sooner or later, and whatever is known besides: nothing here depends on how quick anybody is."""

    def says(node):
        known = [leg for leg in legs(node, agent) if leg[0] == key]
        return any(one == verdict and ended_by in {None, ended} for _, one, ended in known)

    wait_until(
        lambda: all(says(node) for node in world.pair.nodes.values()),
        60,
        f"both nodes say {verdict} {ended_by or ''} of {agent}",
    )


def test_both_nodes_follow_a_call_that_is_told_to_both(make_world):
    world = make_world(webhooks=True)
    world.pair.start()
    key = call(world, {"agent": 0, "seconds": 9.0}, ends_in_s=9.0)
    both_say(world, ANN, key, "kept")
    both_say(world, ANN, key, "kept", "available")
    counts = [node.get("/api/v1/agents") for node in world.pair.nodes.values()]
    assert sum(one["doubled"] for one in counts) > 0, "two addresses: every event came twice"
    assert all(one["lost"] == one["refused"] == 0 for one in counts)


def test_an_offer_that_is_refused_is_deleted_and_the_next_one_kept(make_world):
    world = make_world(webhooks=True)
    world.pair.start()
    refused = {"agent": 0, "seconds": 4.0, "answer": "rejected"}
    key = call(world, refused, {"agent": 1, "seconds": 6.0}, ends_in_s=10.0)
    both_say(world, ANN, key, "deleted", "not_responding")
    both_say(world, BOB, key, "kept")


def test_what_no_message_tells_is_found_by_asking(make_world):
    world = make_world(tables=ASK_OFTEN)
    world.pair.start()
    key = call(world, {"agent": 0, "seconds": 8.0}, ends_in_s=8.0)
    both_say(world, ANN, key, "kept")


def test_a_node_that_dies_in_mid_call_knows_it_again(make_world):
    world = make_world(webhooks=True, tables=ASK_OFTEN)
    primary = world.pair.start()
    key = call(world, {"agent": 0, "seconds": 14.0}, ends_in_s=14.0)
    both_say(world, ANN, key, "kept")
    dead = world.pair.nodes[primary]
    dead.kill()
    survivor = world.pair.other(primary)
    assert [leg[:2] for leg in legs(survivor, ANN)] == [(key, "kept")]
    wait_until(lambda: legs(survivor, ANN)[0][2] is not None, 60, "the end of the call")
    dead.start()
    world.pair.wait_for_pair()
    both_say(world, ANN, key, "kept", "available")


def test_a_contact_center_tells_both_nodes(make_world):
    world = make_world(kinds=("webex",), webhooks=True, tables=ASK_OFTEN)
    world.pair.start()
    body = {"ends_in_s": 8.0, "legs": [{"owner": 0, "seconds": 8.0}], "recordings": [{"audio": 0}]}
    (placed,) = world.served["webex"].admin.place_calls(body)
    agent = f"webex/{agent_of(owner(1, 0).key)}"
    both_say(world, agent, placed["session"], "kept", "available")
