"""The peer link as between two hosts: certificates on both sides, or found without an address."""

import tomllib

import pytest

from sim.served.toml_text import toml_text
from tests.cluster.multicast import multicast_works
from tests.process.looking import command_here, wait_for_finding
from tests.process.world import LONG
from tests.waiting import holds_for, wait_until

pytestmark = pytest.mark.process


def make_certificates(folder):
    done = command_here(
        *("certs", "--cluster", "demo", "--node", "alpha=127.0.0.1", "--node", "beta=127.0.0.1"),
        *("--out", folder),
    )
    assert done.returncode == 0, done.stderr
    return folder


def tls_of(folder, node):
    return {
        "ca": str(folder / "authority.pem"),
        "certificate": str(folder / f"{node}.pem"),
        "key": str(folder / f"{node}.key"),
    }


def with_certificates(make_world, **folders):
    """A pair in which each node has its certificate from the folder given."""
    return make_world(
        of_node={name: {"peer.tls": tls_of(folder, name)} for name, folder in folders.items()}
    )


def peer_links(world):
    return [(node.view() or {}).get("peer_link") for node in world.nodes]


def linked(world):
    return peer_links(world) == ["alive", "alive"]


def test_two_nodes_with_certificates_of_one_authority_are_a_pair(make_world, tmp_path):
    folder = make_certificates(tmp_path / "certs")
    world = with_certificates(make_world, alpha=folder, beta=folder)
    world.start()
    assert linked(world)
    world.calls(8, over_s=1.0)
    primary, _ = world.primary_and_secondary()
    world.kill(primary)
    primary.start()
    world.settle_and_check()
    wait_until(lambda: linked(world), 10.0, "they hear each other again", every_s=0.1)


def test_a_node_with_a_certificate_of_another_authority_never_becomes_a_peer(make_world, tmp_path):
    ours, theirs = make_certificates(tmp_path / "ours"), make_certificates(tmp_path / "theirs")
    world = with_certificates(make_world, alpha=ours, beta=theirs)
    world.start()
    holds_for(2.0, lambda: "alive" not in peer_links(world), "they are strangers")
    for node in world.nodes:
        told = wait_for_finding(node, "tls_mismatch")
        assert "authority" in told["what"]
        assert "tandem certs" in told["hint"]
        assert node.tail(200).count("do not agree on TLS") <= 2, "once per change"
    world.calls(4)
    world.settle_and_check()


@LONG
def test_a_node_without_a_certificate_never_becomes_a_peer(make_world, tmp_path):
    world = with_certificates(make_world, alpha=make_certificates(tmp_path / "certs"))
    world.start()
    holds_for(2.0, lambda: "alive" not in peer_links(world), "they are strangers")
    assert "speaks without TLS" in wait_for_finding(world["alpha"], "tls_mismatch")["what"]
    assert "speaks TLS" in wait_for_finding(world["beta"], "tls_mismatch")["what"]
    world.calls(4)
    world.settle_and_check()


@pytest.mark.skipif(not multicast_works(), reason="no multicast over loopback on this machine")
def test_two_nodes_without_fixed_addresses_find_each_other(make_world):
    world = make_world()
    for node in world.nodes:
        config = tomllib.loads(node.config.read_text(encoding="utf-8"))
        source = config.pop("sources")["dynamics"]
        del config["peer"]["address"]
        config["peer"]["discovery"] = True
        text = toml_text({**config, "sources.dynamics": source})
        node.config.write_text(text, encoding="utf-8")
    world.start()
    wait_until(lambda: linked(world), 20.0, "they found each other", every_s=0.1)
    world.calls(4)
    world.settle_and_check()
