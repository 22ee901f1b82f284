from dataclasses import replace

from cluster.frames import Share
from cluster.messages import PeerGone, PeerListens, PeerSaid, SendFrame, ShareHeard
from cluster.sharing import Sharing
from tests.cluster.link_node import Node
from tests.cluster.links.test_handshake import OWN, PEER
from tests.cluster.mailbox import Mailbox

NEWER = replace(PEER, protocol_max=2)


class SharingNode(Node):
    """A link that knows shares, with somebody who shares under the topic `news`."""

    def __init__(self):
        super().__init__()
        self.sharer = Mailbox("sharer")
        self.link._sharing = Sharing({"news": self.sharer})
        self.link._state._own = replace(OWN, protocol_max=2)

    def up(self, peer=NEWER):
        wire = self.open()
        self.hear(wire, peer)
        return wire


def test_who_shares_is_told_when_the_peer_listens():
    node = SharingNode()
    node.up()
    assert node.sharer.messages == [PeerListens()]
    node.link._sharing.told(PeerGone("gone"), 2)
    assert node.sharer.messages == [PeerListens()]


def test_a_share_goes_to_the_peer_and_to_who_shares_its_topic():
    node = SharingNode()
    wire = node.up()
    node.tell(SendFrame(Share("news", b"here")))
    assert wire.frames[-1] == Share("news", b"here")
    node.hear(wire, Share("news", b"there"), Share("unknown", b"nobody"))
    assert node.sharer.messages[1:] == [ShareHeard("news", b"there")]
    said = [one.frame for one in node.pair.messages if isinstance(one, PeerSaid)]
    assert not any(isinstance(frame, Share) for frame in said), "it concerns nobody's role"


def test_an_older_peer_is_sent_no_share():
    node = SharingNode()
    wire = node.up(PEER)
    node.tell(SendFrame(Share("news", b"here")))
    assert not any(isinstance(frame, Share) for frame in wire.frames)
    assert node.sharer.messages == []


def test_a_share_too_large_is_not_sent_and_harms_nothing():
    node = SharingNode()
    wire = node.up()
    node.tell(SendFrame(Share("news", b"x" * 600_000)))
    node.tell(SendFrame(Share("news", b"small")))
    assert [one.body for one in wire.frames if isinstance(one, Share)] == [b"small"]
