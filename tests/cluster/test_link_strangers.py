"""What someone who merely reaches the port of a node can and cannot do."""

from dataclasses import replace

import pytest

from cluster.frames import (
    Goodbye,
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverRefuse,
    Heartbeat,
    Hello,
    JobCancel,
    Refusal,
    Role,
)
from cluster.links.effects import Close, Deliver, SendHello
from cluster.links.state import S
from cluster.messages import DescribeSelf, PeerRejected, PeerSaid, PeerUp
from cluster.ports import PeerSeen
from tests.cluster.link_node import Node
from tests.cluster.link_story import THERE, Story, up_by_dialling
from tests.cluster.links.test_handshake import PEER


def test_who_dials_in_hears_nothing_before_it_said_an_acceptable_hello():
    story = Story()
    assert story.state.opened(1, inbound=True, remote_host="x", now_ns=0) == []
    assert story.said(1, replace(PEER, cluster="other"))[0] == Close(
        1, "rejected: it belongs to cluster 'other', this node to 'acme'"
    )
    assert story.state.opened(2, inbound=True, remote_host="x", now_ns=0) == []
    effects = story.said(2, PEER)
    assert effects[0] == SendHello(2)
    assert effects.count(SendHello(2)) == 1


def test_a_dialler_of_our_cluster_hears_who_we_are_although_it_cannot_be_the_peer():
    story = Story()
    for hello in (replace(PEER, node="a"), replace(PEER, protocol_min=9, protocol_max=9)):
        number = story.open(inbound=True)
        effects = story.said(number, hello)
        assert effects[0] == SendHello(number)
        assert isinstance(effects[1], Close)


def test_a_refusal_counts_where_we_were_told_to_dial_and_nobody_is_connected():
    fixed, discovered = Story(), Story(fixed=None)
    fixed.start()
    discovered.state.seen(PeerSeen("b", THERE), 0)
    for story in (fixed, discovered):
        assert story.said(story.open(inbound=False), Refusal("no")) == [Deliver(Refusal("no"))]


def test_a_refusal_from_whoever_dialled_in_ends_only_its_own_connection():
    story = Story()
    story.start()
    stranger = story.open(inbound=True)
    effects = story.said(stranger, Refusal("no"))
    assert Close(stranger, "Refusal before hello") in effects
    impostor = story.open(inbound=True)
    story.said(impostor, PEER)
    effects = story.said(impostor, Refusal("no"))
    assert Close(impostor, "Refusal after hello") in effects
    assert Deliver(Refusal("no")) not in effects


def test_a_refusal_never_counts_while_a_peer_is_connected_or_after_its_hello():
    story = Story()
    story.start()
    story.up(inbound=True)
    dialled = story.open(inbound=False)
    assert Close(dialled, "Refusal before hello") in story.said(dialled, Refusal("no"))
    alone, number = up_by_dialling()
    assert Close(number, "Refusal after hello") in alone.said(number, Refusal("no"))


def test_a_refusal_from_an_address_that_only_a_stranger_named_does_not_count():
    story = Story(fixed=None)
    number = story.up(inbound=True, hello=replace(PEER, listen_port=7999))
    story.refused()
    story.after(10 * S).closed(number)
    dialled = story.open(inbound=False)
    assert Close(dialled, "Refusal before hello") in story.said(dialled, Refusal("no"))


FAR = 2**53 - 1
LEAPS = [
    replace(PEER, term=FAR),
    replace(PEER, paused=True, paused_revision=FAR),
    Heartbeat(FAR, Role.SECONDARY, True, (), True, 3, {}, 1, 0, 0),
    Goodbye(FAR, "x"),
    HandOverOffer(FAR, {}),
    HandOverCommit(FAR, {}, True),
    HandOverAccept(FAR),
    HandOverRefuse(FAR, "x"),
    HandOverAbort(FAR, "x"),
]


@pytest.mark.parametrize("frame", LEAPS, ids=lambda frame: type(frame).__name__)
def test_a_term_or_revision_far_above_all_known_is_not_learnt_and_told_to_the_operator(frame):
    node = Node()
    node.tell(DescribeSelf(term=40, paused_revision=2))
    wire = node.open(inbound=True)
    node.hear(wire, *([] if isinstance(frame, Hello) else [PEER]), frame, JobCancel("late"))
    assert "absurdly far above" in wire.reason
    assert PeerRejected(wire.reason, cloned=False) in node.pair.messages
    assert PeerUp(frame, restarted=False) not in node.pair.messages
    assert not any(isinstance(said, PeerSaid) for said in node.pair.messages)
    assert node.distributor.messages == []


def test_a_term_within_reach_is_learnt():
    node = Node()
    node.tell(DescribeSelf(term=40))
    node.hear(node.open(inbound=True), replace(PEER, term=900_000))
    assert PeerUp(replace(PEER, term=900_000), restarted=False) in node.pair.messages
