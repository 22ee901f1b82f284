from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.frames import Hello, Role
from cluster.links.handshake import Accepted, Identity, Rejected, Side, judge, newer_stays
from tests.cluster.frame_strategies import frames_of

OWN = Identity(cluster="acme", node="a", instance="ia", boot="ba", build="1.0")
PEER = Hello(
    protocol_min=1,
    protocol_max=1,
    cluster="acme",
    node="b",
    instance="ib",
    boot="bb",
    build="1.0",
    listen_port=7400,
    web_url="",
    term=0,
    role=Role.STARTING,
)


def test_the_other_node_of_the_cluster_is_accepted():
    assert judge(OWN, PEER) == Accepted(1)


@pytest.mark.parametrize(
    ("own", "peer", "protocol"),
    [((1, 1), (1, 3), 1), ((2, 5), (1, 3), 3), ((1, 3), (3, 3), 3), ((1, 2), (3, 4), None),
     ((3, 4), (1, 2), None), ((1, 3), (2, 1), None)],
)  # fmt: skip
def test_the_newest_common_protocol_is_spoken(own, peer, protocol):
    us = replace(OWN, protocol_min=own[0], protocol_max=own[1])
    verdict = judge(us, replace(PEER, protocol_min=peer[0], protocol_max=peer[1]))
    if protocol is None:
        assert isinstance(verdict, Rejected)
        assert not verdict.cloned
        assert "upgrade" in verdict.reason
    else:
        assert verdict == Accepted(protocol)


def test_a_node_of_another_cluster_is_no_peer_and_no_clone():
    verdict = judge(OWN, replace(PEER, cluster="other", node="a"))
    assert isinstance(verdict, Rejected)
    assert not verdict.cloned


def test_a_connection_to_ourselves_is_rejected_and_no_clone():
    verdict = judge(OWN, replace(PEER, node="a", instance="ia", boot="ba"))
    assert verdict == Rejected("the address of the peer leads back to this node")


@pytest.mark.parametrize(("instance", "boot"), [("other", "other"), ("other", "ba"), ("ia", "bb")])
def test_our_node_id_in_another_process_is_a_clone(instance, boot):
    verdict = judge(OWN, replace(PEER, node="a", instance=instance, boot=boot))
    assert isinstance(verdict, Rejected)
    assert verdict.cloned


@given(frames_of(Hello))
def test_any_hello_gets_a_verdict_with_a_reason(hello):
    verdict = judge(OWN, hello)
    assert isinstance(verdict, Accepted) or verdict.reason


@given(st.booleans(), st.sampled_from([("a", "b"), ("b", "a")]))
def test_both_ends_keep_the_same_of_two_simultaneous_connections(first_inbound, nodes):
    own, peer = nodes

    def kept(us, them, current_inbound):
        current, newer = Side("boot", current_inbound), Side("boot", not current_inbound)
        stays = newer_stays(us, them, current, newer, simultaneous=True)
        inbound = newer.inbound if stays else current.inbound
        return them if inbound else us

    # Each end may have seen either connection first.
    assert {kept(own, peer, first_inbound), kept(peer, own, True), kept(peer, own, False)} == {"a"}


@pytest.mark.parametrize(
    ("current", "newer", "simultaneous"),
    [
        (Side("old", inbound=True), Side("new", inbound=False), True),
        (Side("x", inbound=True), Side("x", inbound=True), True),
        (Side("x", inbound=False), Side("x", inbound=True), False),
    ],
)
def test_a_connection_the_peer_made_anew_replaces_the_old_one(current, newer, simultaneous):
    assert newer_stays("a", "b", current, newer, simultaneous=simultaneous)
