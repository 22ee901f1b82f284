"""Nodes that must not become part of the pair."""

import tomllib
from functools import partial

import pytest

from sim.served.local_pair import free_ports
from sim.served.node_process import NodeProcess
from sim.served.toml_text import toml_text
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def running(make_module_world):
    return make_module_world()


@pytest.fixture
def world(running):
    running.mend()
    return running


@pytest.fixture
def clone_of(world):
    """Makes a third node with the id of one of the pair and data of its own."""
    made = []

    def make(node, *, dials, **tables):
        clone = third_node(world, node, dials=dials, **tables)
        made.append(clone)
        return clone

    yield make
    for clone in made:
        clone.kill()
        clone.close()


def third_node(world, node, *, dials, **tables):
    """Configured as `node`, but with ports and data of its own."""
    web_port, peer_port = free_ports(2)
    config = tomllib.loads(node.config.read_text(encoding="utf-8"))
    source = config.pop("sources")["dynamics"]
    config["node"]["data"] = f"clone-{web_port}"
    config["web"]["listen"] = f"127.0.0.1:{web_port}"
    config["peer"]["listen"] = f"127.0.0.1:{peer_port}"
    config["peer"]["address"] = f"127.0.0.1:{world.pair.peer_ports[dials.name]}"
    for name, keys in tables.items():
        config.setdefault(name, {}).update(keys)
    path = world.directory / f"clone-{web_port}.toml"
    path.write_text(toml_text({**config, "sources.dynamics": source}), encoding="utf-8")
    secret = {"TANDEM_DYNAMICS_CLIENT_SECRET": f"secret-of-{node.name}"}
    return NodeProcess(node.name, path, f"http://127.0.0.1:{web_port}", world.pair.token, secret)


def is_refused(clone):
    """It ended as a usage error, or stays up as a node with a fault."""
    return clone.exit_status == 2 if not clone.running else clone.role() == "faulted"


@pytest.mark.parametrize("cloned", ["primary", "secondary"])
def test_a_cloned_node_id_is_refused_by_either_node_and_the_pair_goes_on(world, clone_of, cloned):
    nodes = dict(zip(("primary", "secondary"), world.primary_and_secondary(), strict=True))
    reigns = len([row for row in world.history() if row.new == "primary"])
    for asked in nodes.values():
        clone = clone_of(nodes[cloned], dials=asked)
        clone.start()
        refuse = f"{asked.name} refuses the clone"
        wait_until(partial(is_refused, clone), 20.0, refuse, every_s=0.1)
        assert "its own" in clone.tail(60)
    world.calls(6, over_s=1.0)
    world.settle()
    assert world.primary_and_secondary() == (nodes["primary"], nodes["secondary"])
    assert len([row for row in world.history() if row.new == "primary"]) == reigns
    world.settle_and_check()
